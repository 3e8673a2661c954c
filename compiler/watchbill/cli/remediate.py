"""`watchbill remediate`: a person asks for a remediation."""

import click

from watchbill.cli.stored import database_option, fail, form_option, person_option, recovered, say
from watchbill.cli.story import line_record, plain
from watchbill.cli.told import found, in_force, known, taken
from watchbill.source.codes import executor


@click.command("remediate")
@click.argument("incident")
@click.argument("remediation")
@person_option
@database_option
@form_option
def command(incident: str, remediation: str, person: str, database: str) -> None:
    """Ask for REMEDIATION of INCIDENT: its id, or how it begins. Every gate holds as if the machine had chosen it.

    Prints what was decided at once; the rest is in `watchbill incidents INCIDENT`. Exit 1 when a gate said no.
    """
    with recovered(database) as engine:
        from watchbill.executor.core.decisions import Refused  # noqa: PLC0415
        from watchbill.executor.core.events import RemedyRequested  # noqa: PLC0415
        from watchbill.executor.words import Part, lines  # noqa: PLC0415

        one = found(engine.state, incident)
        in_force(engine, person)
        plan = engine.state.library[one.plan]
        known("remediation", remediation, plan.document.remediations)
        event = RemedyRequested(incident=one.id, person=person, remediation=remediation)
        step = taken(engine, event)
        effects = {effect.key: effect.body for effect in step.effects}
        story = list(lines(plan, [Part(engine.last, event, step.decisions, effects)]))
        told = [f"{line.kind:<10}  {plain(line.text)}" for line in story]
        no = next((one for one in step.decisions if isinstance(one, Refused) and one.remediation == remediation), None)
        if no is not None:
            said = f"{remediation} is held back ({no.reason}): {no.detail}"
            fail(executor.NOT_TAKEN, said, "it is in the log", told)
        about = {"remediation": remediation, "story": [line_record(line) for line in story]}
        say("\n".join(told), "remedy-requested", incident=one.id, person=person, **about)
