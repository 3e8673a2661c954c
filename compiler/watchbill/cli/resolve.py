"""`watchbill resolve`: a person says that an incident is over."""

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import found, taken


@click.command("resolve")
@click.argument("incident")
@click.option("--false-positive", is_flag=True, help="It never was one: the alert is to blame.")
@click.option("--note", default="", metavar="TEXT", help="Why; it stands in the log.")
@person_option
@database_option
@form_option
def command(incident: str, person: str, database: str, note: str, *, false_positive: bool) -> None:
    """INCIDENT is over: its id, or how it begins. What waits for approval lapses; what runs is seen to its end.

    Its alert may go on firing: the incident comes back when Alertmanager repeats it.
    """
    with recovered(database) as engine:
        from watchbill.executor.core.events import ResolvedByHand  # noqa: PLC0415

        one = found(engine.state, incident)
        taken(engine, ResolvedByHand(incident=one.id, person=person, false_positive=false_positive, note=note))
        said = f"{one.id} is over, says {person}{': a false positive' if false_positive else ''}."
        about = {"false_positive": false_positive, "note": note}
        say(said, "resolved-by-hand", incident=one.id, person=person, **about)
