"""`watchbill mode`: the most that the executor may do."""

from typing import Literal

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import in_force, taken


@click.command("mode")
@click.argument("mode", type=click.Choice(["observe", "approve", "auto", "plan"]))
@person_option
@database_option
@form_option
def command(mode: Literal["observe", "approve", "auto", "plan"], person: str, database: str) -> None:
    """OBSERVE: nothing is done. APPROVE: everything is asked for. AUTO: as the policies say. PLAN: as the plan says.

    Never more than the plan says: the more careful of the two holds. A running executor keeps to it at once.
    """
    with recovered(database) as engine:
        from watchbill.executor.core.events import ModeSet  # noqa: PLC0415
        from watchbill.executor.core.gates import mode_of  # noqa: PLC0415

        plan = in_force(engine, person)
        taken(engine, ModeSet(mode=None if mode == "plan" else mode, person=person))
        said = f"the plan says {plan.mode}" if mode == "plan" else f"{person} says {mode}, the plan {plan.mode}"
        now = mode_of(engine.state, plan)
        say(f"The mode is {now}: {said}.", "mode-set", person=person, mode=now, plan_mode=plan.mode)
