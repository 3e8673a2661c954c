"""Which things a remediation would touch: the values that the alert's labels put in, through the allow-list, and the target."""

from typing import Any

import msgspec

from watchbill.executor.core.decisions import Refusal
from watchbill.executor.core.state import Incident
from watchbill.executor.plan.documents import Input, Remediation
from watchbill.executor.plan.indexed import matches

CONNECTION = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"  # the shape of a connection's name; which there are, the runner knows
_ADDRESS = {
    "kubernetes": ("cluster", "namespace", "deployment", "node", "app"),
    "systemd": ("host", "unit"),
    "redis": ("server",),
}
_CANONICAL = msgspec.json.Encoder(order="deterministic")

Targets = dict[str, dict[str, str]]  # the values of the inputs, by target


class NotAllowed(msgspec.Struct, frozen=True):
    reason: Refusal
    detail: str


def targets_of(remediation: Remediation, incident: Incident) -> Targets | NotAllowed:
    """What the firing alerts of an incident name; the first value that may not be used refuses all of it."""
    found: Targets = {}
    for fingerprint in sorted(incident.alerts):
        alert = incident.alerts[fingerprint]
        if alert.ends_at is not None:
            continue
        inputs: dict[str, str] = {}
        for name, given in remediation.inputs.items():
            value = alert.labels.get(given.label, "")
            if not value:
                return NotAllowed("input-missing", f"the alert has no label {given.label}")
            if not _allowed(given, value):
                return NotAllowed("input-not-allowed", f"{given.label} has a value that is not on the list")
            inputs[name] = value
        found[target(remediation, inputs)] = inputs
    return dict(sorted(found.items()))


def _allowed(given: Input, value: str) -> bool:
    if given.connection is not None:
        return matches(CONNECTION, value)
    return any(matches(pattern, value) for pattern in given.allow)


def target(remediation: Remediation, inputs: dict[str, str]) -> str:
    """The name of what is touched, the same for every remediation that touches it.

    For an action whose address is not known, a user's own or a command, it is all that its parameters say.
    """
    action = remediation.action
    family = action.name.partition(".")[0]
    values = {name: put_in(value, inputs) for name, value in action.parameters.items()}
    if action.name == "http":
        address: dict[str, Any] = {"url": values.get("url"), **inputs}
    else:
        names = _ADDRESS.get(family, tuple(values))
        address = {name: values[name] for name in names if name in values}
    return f"{family} {_CANONICAL.encode(address).decode()}"


def put_in(value: Any, inputs: dict[str, str]) -> Any:
    """A parameter with the inputs in it; plain JSON stays as it is."""
    if isinstance(value, dict):
        if set(value) == {"literal"}:
            return value["literal"]
        if set(value) == {"input"}:
            return inputs.get(value["input"])
        return {key: put_in(one, inputs) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [put_in(one, inputs) for one in value]
    return value


def parameters(remediation: Remediation, inputs: dict[str, str]) -> dict[str, Any]:
    return {name: put_in(value, inputs) for name, value in remediation.action.parameters.items()}
