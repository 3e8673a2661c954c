"""`watchbill note`: something that belongs to an incident is written down."""

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import found, taken


@click.command("note")
@click.argument("incident")
@click.argument("text")
@person_option
@database_option
@form_option
def command(incident: str, text: str, person: str, database: str) -> None:
    """TEXT beside INCIDENT: its id, or how it begins. It stands in its story, and cannot be taken out."""
    with recovered(database) as engine:
        from watchbill.executor.core.events import Noted  # noqa: PLC0415

        one = found(engine.state, incident, ended=True)
        taken(engine, Noted(incident=one.id, person=person, text=text))
        say(f"{person}'s note stands beside {one.id}.", "noted", incident=one.id, person=person, text=text)
