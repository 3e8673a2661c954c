"""`watchbill handover`: an incident goes from one person to another."""

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import found, taken


@click.command("handover")
@click.argument("incident")
@click.option("--to", required=True, metavar="PERSON", help="Who has it from now on, as the policies say.")
@person_option
@database_option
@form_option
def command(incident: str, to: str, person: str, database: str) -> None:
    """Give INCIDENT to somebody else: its id, or how it begins. They are woken, and it counts as acknowledged by them."""
    with recovered(database) as engine:
        from watchbill.executor.core.events import HandedOver  # noqa: PLC0415

        one = found(engine.state, incident)
        taken(engine, HandedOver(incident=one.id, person=person, to=to))
        say(f"{to} has {one.id} now, and is told.", "handed-over", incident=one.id, person=person, to=to)
