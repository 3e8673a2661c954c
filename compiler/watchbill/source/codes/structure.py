"""1: the shape of a document."""

from watchbill.source.codes import Code

UNKNOWN_KEY = Code(
    "WB101",
    "unknown-key",
    "error",
    finds="A key that the language does not have at this place.",
    why="A misspelt `keep_firing_for` that is skipped in silence is an alert that flaps all night.",
    example="⟦severtiy⟧: critical",
    instead="severity: critical",
)
WRONG_TYPE = Code(
    "WB102",
    "wrong-type",
    "error",
    finds="A value of another shape than the key takes: a list where one value belongs, text where a mapping belongs.",
    why="Guessing what was meant would page by guess.",
    example="page_per: ⟦provider⟧",
    instead="page_per: [provider]",
)
BAD_VALUE = Code(
    "WB103",
    "bad-value",
    "error",
    finds="A value that is not of the kind the key takes: a duration, a ratio, a name, a day, a URL, one of a list of words.",
    why="promtool reports a bad duration without a position and hides every other error of the file behind it.",
    example="for: ⟦5 mins⟧",
    instead="for: 5m",
)
MISSING_KEY = Code(
    "WB104",
    "missing-key",
    "error",
    finds="A key that must be there and is not.",
    why="There is no safe guess for it.",
    example="""\
⟦k⟧ind: Person
name: dan""",
    instead="""\
kind: Person
name: dan
email: dan@shop.example""",
)
EXACTLY_ONE = Code(
    "WB105",
    "exactly-one",
    "error",
    finds="None, or more than one, of several keys of which exactly one belongs here.",
    why="Two answers to one question: which of them pages?",
    example="""\
kind: Escalation
name: level-1
steps:
- notify: [⟦{on_call: primary, role: cto}⟧]""",
    instead="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}, {role: cto}]""",
)
UNKNOWN_KIND = Code(
    "WB106",
    "unknown-kind",
    "error",
    finds="A document whose `kind` is missing or is not one of the language's.",
    why="A document that nobody reads looks like policy and is not.",
    example="""\
kind: ⟦Servise⟧
name: ledger""",
    instead="""\
kind: Service
name: ledger
team: payments""",
)
NOT_YET = Code(
    "WB107",
    "not-yet",
    "error",
    finds="A kind or key of the language that this version does not compile yet.",
    why="It would be accepted and do nothing; better to be told now.",
    example="""\
kind: Team
name: payments
paging: ⟦native⟧""",
    instead="""\
kind: Team
name: payments
paging: pagerduty""",
)
WORKSPACE = Code(
    "WB108",
    "no-workspace",
    "error",
    finds="No `policies/watchbill.yaml`, no Workspace in it, more than one Workspace, or an `apiVersion` this compiler does not know.",
    why="Without it nothing says where alerts run or who takes what nobody claims.",
    example="""\
kind: Workspace
name: shop
apiVersion: ⟦watchbill/v2⟧""",
    instead="""\
kind: Workspace
name: shop
apiVersion: watchbill/v1""",
)
SECRET_IN_TEXT = Code(
    "WB109",
    "secret-in-policy",
    "error",
    finds="A secret written out where a reference belongs. The finding does not repeat it.",
    why="Whoever reads the repository can send pages, or read your chat; git keeps it for ever.",
    example="""\
kind: Workspace
name: shop
channels:
  slack: {bot_token: ⟦"xoxb-…"⟧}""",
    instead="""\
kind: Workspace
name: shop
channels:
  slack: {bot_token: {file: /run/secrets/slack}}""",
)
EMPTY = Code(
    "WB110",
    "empty-value",
    "error",
    finds="A key without a value, an empty list or an empty text where something must stand.",
    why="It is usually an indentation that slipped, and then the real value belongs to something else.",
    example="expr:⟦⟧",
    instead="expr: payment_queue_length > 100",
)
ALL = (
    UNKNOWN_KEY,
    WRONG_TYPE,
    BAD_VALUE,
    MISSING_KEY,
    EXACTLY_ONE,
    UNKNOWN_KIND,
    NOT_YET,
    WORKSPACE,
    SECRET_IN_TEXT,
    EMPTY,
)
