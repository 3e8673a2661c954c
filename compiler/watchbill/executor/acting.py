"""The `act` effect: reads what is there before, and runs an action or takes it back. Whether it may is the core's to say.

What came from labels is looked at once more: the plan's own parameters and the inputs must give what is to be done.
"""

from watchbill.executor.action import Action, Done, Run, Unfit, checked
from watchbill.executor.actions import action
from watchbill.executor.core.effects import Act
from watchbill.executor.core.events import ActionFinished, ActionUnknown, Events
from watchbill.executor.core.targets import parameters as with_inputs
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.outgoing import NoAnswer
from watchbill.executor.process import NotRun
from watchbill.executor.redaction import redactor, words


def record(work: Work, outside: Outside) -> str | Again:
    """What an inverse will need. `Again` gives the action up before it has begun."""
    try:
        found, run = _prepared(work, outside)
        if found.record is None:
            return Again("the action has nothing that can be taken back")
        return found.record(run)
    except (Unfit, NotRun, NoAnswer) as error:
        return Again(_told(outside, f"what is there cannot be recorded: {error}"))
    except Exception as error:  # noqa: BLE001  (it may be anybody's)
        return Again(_told(outside, f"what is there cannot be recorded: {type(error).__name__}: {error}"))


def handle(work: Work, outside: Outside) -> Events | Again:
    """A mistake in an action is `unknown`: nobody can say what it touched before."""
    try:
        found, run = _prepared(work, outside)
        done = _done(found, run, work.body)
    except (Unfit, NotRun) as error:
        done = Done("not-started", str(error))
    except NoAnswer as error:
        done = Done("unknown" if error.sent else "not-started", str(error))
    except Exception as error:  # noqa: BLE001  (it may be anybody's)
        done = Done("unknown", f"{type(error).__name__}: {error}")
    detail = _told(outside, done.detail)
    if done.outcome == "unknown":
        return ActionUnknown(key=work.key, detail=detail)
    return ActionFinished(key=work.key, outcome=done.outcome, detail=detail)


def _done(found: Action, run: Run, body: object) -> Done:
    assert isinstance(body, Act)  # noqa: S101  (see `_prepared`)
    if body.undo is None:
        return found.run(run)
    if found.undo is None or body.recorded is None:
        raise Unfit("it cannot be taken back")
    return found.undo(run, body.recorded)


def _prepared(work: Work, outside: Outside) -> tuple[Action, Run]:
    """Raises Unfit."""
    body = work.body
    if not isinstance(body, Act):
        raise Unfit("this is no action")
    plan = outside.plan(body.plan)
    remediation = plan.document.remediations.get(body.remediation) if plan is not None else None
    if remediation is None or remediation.action.name != body.action:
        raise Unfit("its plan does not know it")
    if with_inputs(remediation, body.inputs) != body.parameters:
        raise Unfit("its parameters are not what its plan says")
    found = action(body.action)
    return found, Run(
        parameters=checked(found, body.parameters, body.inputs),
        inputs=body.inputs,
        connections=outside.connections,
        key=work.key,
        recorded=work.recorded,
        held=work.held,
        redact=redactor(outside.connections.secrets()),
    )


def _told(outside: Outside, text: str) -> str:
    return words(redactor(outside.connections.secrets()), text)
