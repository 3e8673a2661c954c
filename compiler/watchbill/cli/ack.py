"""`watchbill ack`: somebody has the incident; escalation stops."""

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import found, taken


@click.command("ack")
@click.argument("incident")
@person_option
@database_option
@form_option
def command(incident: str, person: str, database: str) -> None:
    """Acknowledge INCIDENT: its id, or how it begins. It goes through the log, so a running executor sees it at once."""
    with recovered(database) as engine:
        from watchbill.executor.core.events import Acknowledged  # noqa: PLC0415

        one = found(engine.state, incident)
        taken(engine, Acknowledged(incident=one.id, person=person))
        say(f"{one.id} is acknowledged by {person}.", "acknowledged", incident=one.id, person=person)
