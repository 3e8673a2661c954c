"""`watchbill approve`: an answer to what the executor asks."""

import click

from watchbill.cli.stored import database_option, fail, person_option, recovered
from watchbill.cli.told import found, taken
from watchbill.source.codes import executor


@click.command("approve")
@click.argument("incident")
@person_option
@database_option
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
        asked = [standing.id for standing in one.questions if question in (None, standing.id)]
        if len(asked) != 1:
            known = ", ".join(standing.id for standing in one.questions) or "none"
            fail(
                executor.NO_INCIDENT,
                f"{one.id}: one question must be meant, and its questions are: {known}",
                "--question ID",
            )
        taken(engine, Answered(incident=one.id, question=asked[0], person=person, yes=not refuse, note=note))
        click.echo(f"{person} answered {'no' if refuse else 'yes'} to {asked[0]}.")
