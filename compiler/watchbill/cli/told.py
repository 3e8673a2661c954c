"""What a person tells the executor through the log: which incident is meant, and whether it was taken."""

from typing import TYPE_CHECKING

from watchbill.cli.stored import fail
from watchbill.source.codes import executor

if TYPE_CHECKING:
    from watchbill.executor.core.events import Events
    from watchbill.executor.core.state import Incident, State
    from watchbill.executor.engine import Engine


def found(state: "State", name: str) -> "Incident":
    """The open incident of this id, or the only one whose id begins so."""
    fitting = [one for one in state.incidents.values() if one.open and one.id.startswith(name)]
    exact = [one for one in fitting if one.id == name]
    if len(exact or fitting) != 1:
        several = f"fits {len(fitting)} incidents" if fitting else "is not an open incident"
        fail(executor.NO_INCIDENT, f"`{name}` {several}", "watchbill incidents shows what is open")
    return (exact or fitting)[0]


def taken(engine: "Engine", event: "Events") -> None:
    """Write it, with all that follows; a finding when the core did not take it."""
    from watchbill.executor.core.decisions import Ignored  # noqa: PLC0415
    from watchbill.executor.engine import Unit  # noqa: PLC0415

    (done,) = engine.take(Unit(event))
    if done.step is None:
        fail(executor.NOT_TAKEN, f"nothing could be made of it: {done.failed}")
    ignored = next((one for one in done.step.decisions if isinstance(one, Ignored)), None)
    if ignored is not None:
        fail(executor.NOT_TAKEN, f"it was not taken: {ignored.reason.replace('-', ' ')}", "the attempt is in the log")
