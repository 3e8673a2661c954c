"""`watchbill killswitch`: nothing is done any more, of all, of a team, or of a remediation."""

import click

from watchbill.cli.stored import database_option, fail, form_option, person_option, recovered, say
from watchbill.cli.told import in_force, known, taken
from watchbill.source.codes import executor


@click.command("killswitch")
@click.argument("position", type=click.Choice(["on", "off"]))
@click.option("--team", metavar="TEAM", help="Only what is done for this team's incidents.")
@click.option("--remediation", metavar="NAME", help="Only this remediation.")
@click.option("--reason", default="", metavar="TEXT", help="Why; whoever is refused something reads it.")
@person_option
@database_option
@form_option
def command(position: str, team: str | None, remediation: str | None, reason: str, person: str, database: str) -> None:
    """Stop every action: ON. Those of a team or of one remediation, when you name it. OFF lets them go again.

    It goes through the log: a running executor begins nothing from that moment, not even what was approved before. People
    are paged as ever.
    """
    if team is not None and remediation is not None:
        raise click.UsageError("name a team or a remediation, not both: turn two switches")
    with recovered(database) as engine:
        from watchbill.executor.core.events import Switched  # noqa: PLC0415

        plan = in_force(engine, person)
        switches = engine.state.switches
        scope = f"team:{team}" if team is not None else f"remediation:{remediation}" if remediation else "all"
        on = position == "on"
        if not on and scope not in switches:
            told = f"on are: {', '.join(sorted(switches))}" if switches else "no switch is on"
            fail(executor.NOT_TAKEN, f"the switch `{scope}` is not on", told)
        if on and team is not None:
            known("team", team, plan.document.teams)
        if on and remediation is not None:
            known("remediation", remediation, plan.document.remediations)
        taken(engine, Switched(on=on, scope=scope, person=person, reason=reason))
        left = sorted(engine.state.switches)
        what = {"all": "Everything"}.get(scope, scope.replace(":", " "))
        said = f"{what} {'is stopped' if on else 'may be done again'}, says {person}."
        if not on and left:
            said += f"\nStill stopped: {', '.join(left)}."
        say(said, "switched", person=person, scope=scope, on=on, reason=reason, stopped=left)
