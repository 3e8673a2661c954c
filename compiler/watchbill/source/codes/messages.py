"""65: messages to people."""

from watchbill.source.codes import Code

BAD_TEMPLATE = Code(
    "WB650",
    "message-template",
    "error",
    finds="A Message whose body is not a Jinja template, or that names something an incident does not have.",
    why="In the middle of an incident the text to customers would be an error message, or nothing.",
    example="""\
kind: Message
name: status
audience: customers
body: We are working on {{ ⟦incident.titel⟧ }}.""",
    instead="""\
kind: Message
name: status
audience: customers
body: We are working on {{ incident.title }}.""",
)
ALL = (BAD_TEMPLATE,)
