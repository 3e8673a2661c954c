"""What a person tells the executor through the log: which incident is meant, and whether it was taken."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from watchbill.cli.stored import fail
from watchbill.source.codes import executor
from watchbill.source.diagnostic import did_you_mean

if TYPE_CHECKING:
    from watchbill.executor.core.events import Events
    from watchbill.executor.core.state import Incident, State, Step
    from watchbill.executor.engine import Engine
    from watchbill.executor.plan import Plan


def found(state: "State", name: str, *, ended: bool = False) -> "Incident":
    """The open incident of this id, or the only one whose id begins so; with `ended`, one that is over but not forgotten."""
    if not name:  # a variable of the shell that is not set means nobody's incident
        fail(executor.NO_INCIDENT, "no incident is named", "watchbill incidents shows what is open")
    fitting = [one for one in state.incidents.values() if (one.open or ended) and one.id.startswith(name)]
    exact = [one for one in fitting if one.id == name]
    if len(exact or fitting) != 1:
        what = "an incident that is known" if ended else "an open incident"
        several = f"fits {len(fitting)} incidents" if fitting else f"is not {what}"
        fail(executor.NO_INCIDENT, f"`{name}` {several}", "watchbill incidents shows what is open")
    return (exact or fitting)[0]


def in_force(engine: "Engine", person: str) -> "Plan":
    """The plan in force; a finding when it does not know the person."""
    plan = engine.state.library.get(engine.state.plan or "")
    if plan is None:
        fail(executor.NOT_TAKEN, "no executor has ever run on this store: there is no plan that could know anybody")
    if person not in plan.document.people:
        close = did_you_mean(person, plan.document.people)
        help_ = f"did you mean {close}?" if close else "a person is named as the policies name them"
        fail(executor.NOT_TAKEN, f"`{person}` is nobody whom the plan knows", help_)
    return plan


def known(what: str, name: str, names: Iterable[str]) -> None:
    """A finding when there is no such name, with the one that is nearest, or all of a few."""
    names = sorted(names)
    if name in names:
        return
    close = did_you_mean(name, names)
    help_ = f"did you mean {close}?" if close else f"there are: {', '.join(names) or 'none'}"
    fail(executor.UNKNOWN_NAME, f"there is no {what} `{name}`", help_)


def taken(engine: "Engine", event: "Events") -> "Step":
    """Write it, with all that follows; a finding when the core did not take it."""
    from watchbill.executor.core.decisions import Ignored  # noqa: PLC0415
    from watchbill.executor.engine import Unit  # noqa: PLC0415

    (done,) = engine.take(Unit(event))
    if done.step is None:
        fail(executor.NOT_TAKEN, f"nothing could be made of it: {done.failed}")
    ignored = next((one for one in done.step.decisions if isinstance(one, Ignored)), None)
    if ignored is not None:
        help_ = "the attempt is in the log"
        incident = engine.state.find(ignored.incident or "")
        if ignored.reason == "no-such-person" and incident is not None:
            close = did_you_mean(ignored.what, engine.state.library[incident.plan].document.people)
            help_ = f"did you mean {close}? {help_}" if close else help_
        fail(executor.NOT_TAKEN, f"it was not taken: {ignored.reason.replace('-', ' ')} `{ignored.what}`", help_)
    return done.step
