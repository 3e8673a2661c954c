"""`watchbill approve`: an answer to what the executor asks."""

from typing import TYPE_CHECKING

import click

from watchbill.cli.stored import database_option, fail, form_option, person_option, recovered, say
from watchbill.cli.told import found, taken
from watchbill.source.codes import executor

if TYPE_CHECKING:
    from watchbill.executor.core.state import Incident


@click.command("approve")
@click.argument("incident")
@person_option
@database_option
@form_option
@click.option("--question", metavar="ID", help="Which question, when the incident has several.")
@click.option("--no", "refuse", is_flag=True, help="Answer no.")
@click.option("--note", default="", metavar="TEXT", help="Why; it stands in the log.")
def command(incident: str, person: str, database: str, question: str | None, refuse: bool, note: str) -> None:
    """Answer yes (or no) to the question of INCIDENT: its id, or how it begins.

    Only whom it asks may answer. A remediation that needs two waits for the second.
    """
    with recovered(database) as engine:
        from watchbill.executor.core.events import Answered  # noqa: PLC0415

        one = found(engine.state, incident)
        asked = _meant(one, question)
        taken(engine, Answered(incident=one.id, question=asked, person=person, yes=not refuse, note=note))
        said = f"{person} answered {'no' if refuse else 'yes'} to {asked}."
        about = {"question": asked, "yes": not refuse, "note": note}
        say(said, "answered", incident=one.id, person=person, **about)


def _meant(one: "Incident", question: str | None) -> str:
    """The question that is answered: the one that is named, or the only one."""
    asked = [standing.id for standing in one.questions]
    if not asked:
        fail(
            executor.NO_QUESTION, f"{one.id} has no open question", "watchbill incidents shows what waits for an answer"
        )
    if question in asked:
        return question
    if question is not None:
        fail(executor.NO_QUESTION, f"{one.id} has no open question `{question}`", f"open are: {', '.join(asked)}")
    if len(asked) > 1:
        fail(executor.NO_QUESTION, f"{one.id} has {len(asked)} open questions: {', '.join(asked)}", "--question ID")
    return asked[0]
