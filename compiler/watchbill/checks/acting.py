"""What may act and on what: the alerts that lead to each remediation, and the values in each action."""

from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.checks.procedures import Use, started, steps_of
from watchbill.spec.kinds.actions import Action, Value
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.shapes import fields_of


def uses_of_alerts(workspace: Workspace) -> dict[str, list[Use]]:
    """The alerts that name each remediation."""
    found: dict[str, list[Use]] = {}
    for place in workspace.places.values():
        for alert in place.alerts:
            for index, name in enumerate(alert.remediate):
                found.setdefault(name, []).append(Use(alert, place.name, alert.at.at("remediate", index)))
    return found


def uses_of_procedures(workspace: Workspace) -> dict[str, list[Use]]:
    """For each remediation that is a step of a procedure, the alerts that can start it; `at` is the step."""
    found: dict[str, list[Use]] = {}
    for policy in workspace.documents.get("Procedure", {}).values():
        steps = steps_of(policy.body.steps) if policy.body is not None else ()
        for name, at in [(step.remediate, policy.at.at(*path, "remediate")) for step, path in steps if step.remediate]:
            remediation = qualified(workspace.documents, "Remediation", name, policy.team) or name
            uses = [Use(use.alert, use.place, at) for use in started(workspace, policy)]
            found.setdefault(remediation, []).extend(uses)
    return found


def chosen(action: Action) -> tuple[str, msgspec.Struct | None]:
    """The name of the action and its parameters; nothing when they are broken, which is told elsewhere."""
    for field in fields_of(Action):
        parameters: msgspec.Struct | None = getattr(action, field.attribute)
        if parameters is not None:
            return field.key, parameters
    return "", None


def values(action: Action) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    """Every value of the action that may come from an input, with its path below `action`."""
    name, parameters = chosen(action)
    for field in fields_of(type(parameters)) if parameters is not None else ():
        yield from _values_in(getattr(parameters, field.attribute), (name, field.key))


def _values_in(held: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    if isinstance(held, Value):
        yield path, held
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from _values_in(value, (*path, key))
    elif isinstance(held, tuple):
        for index, value in enumerate(held):
            yield from _values_in(value, (*path, index))
