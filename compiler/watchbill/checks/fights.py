"""Remediations that undo each other: on one target, for alerts that can fire together."""

import re
from collections.abc import Iterator
from itertools import combinations

from watchbill.checks.acting import chosen, uses_of_alerts, uses_of_procedures
from watchbill.checks.procedures import Use
from watchbill.regex import TooLarge, overlaps
from watchbill.source.codes import safety as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.actions import Action, HttpCall, Isolate, RolloutRestart, RolloutUndo, Scale, Value
from watchbill.spec.kinds.answers import Remediation
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, Workspace

_Target = dict[str, Value]


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    direct, through = uses_of_alerts(workspace), uses_of_procedures(workspace)
    known = [
        (policy, [*direct.get(name, ()), *through.get(name, ())])
        for name, policy in workspace.documents.get("Remediation", {}).items()
        if policy.body is not None
    ]
    for (policy, uses), (other, others) in combinations(known, 2):
        why = _undo(policy.body.action, other.body.action)
        if why is None:
            continue
        met = _meet(workspace, (policy.body, uses), (other.body, others))
        if met is not None:
            where, one, two = met
            yield Diagnostic(
                codes.FIGHT,
                f"`{policy.name}` and `{other.name}` {why}{f' {where}' if where else ''}",
                _place(other),
                "undone by the other",
                "let them have different targets, or name both in one alert, in their order",
                related=(
                    Related(_place(policy), "the other"),
                    Related(one.at, f"`{one.alert.name}` leads to `{policy.name}`"),
                    Related(two.at, f"and `{two.alert.name}` to `{other.name}`"),
                ),
            )


def _place(policy: Policy) -> Location:
    """What bounds its targets: the allow-list of an input that names one, else the action."""
    body: Remediation = policy.body
    target = _target(body.action)
    for name in sorted(target, key=("namespace", "cluster").count):
        one = body.inputs.get(target[name].input or "")
        if one is not None and one.allow:
            return policy.at.at("inputs", target[name].input or "", "allow", 0)
    return policy.at.at("action")


def _undo(one: Action, other: Action) -> str | None:
    """What two actions would do to each other's work on one target; None when they can stand beside each other.

    A restart and more replicas can: the executor does one thing at a time to a target, and both leave it whole.
    """
    first, second = chosen(one)[1], chosen(other)[1]
    if isinstance(first, Scale) and isinstance(second, Scale):
        both_ways = [scale.to if scale.by is None else scale.by for scale in (first, second)]
        if first.by is not None and second.by is not None:
            return "scale up and down" if (both_ways[0] or 0) * (both_ways[1] or 0) < 0 else None
        return "set different numbers of replicas of" if both_ways[0] != both_ways[1] else None
    if isinstance(first, RolloutUndo) and isinstance(second, RolloutUndo):
        return "both roll back, the second to where the first came from,"
    for here, there in ((first, second), (second, first)):
        if isinstance(here, Isolate) and isinstance(there, RolloutRestart | RolloutUndo | Scale):
            return "cut off and start again"
    if (
        isinstance(first, HttpCall)
        and isinstance(second, HttpCall)
        and (first.method, first.url) == (second.method, second.url)
    ):
        same = first.body.keys() & second.body.keys()
        literal = [(first.body[key].literal, second.body[key].literal) for key in same]
        if any(a is not None and b is not None and a != b for a, b in literal):
            return "call one address with two values for"
    return None


def _target(action: Action) -> _Target:
    """What says which object an action is about; a workload is known by its deployment's name or its `app` label."""
    parameters = chosen(action)[1]
    if isinstance(parameters, HttpCall):
        return {key: value for key, value in parameters.body.items() if value.input is not None}
    target = {"cluster": parameters.cluster, "namespace": parameters.namespace}  # type: ignore[union-attr]
    workload = parameters.app if isinstance(parameters, Isolate) else parameters.deployment  # type: ignore[union-attr]
    return {**target, "workload": workload}


_Side = tuple[Remediation, list[Use]]


def _meet(workspace: Workspace, one: _Side, other: _Side) -> tuple[str, Use, Use] | None:
    """A target in common of two remediations, and two alerts of one environment that lead there."""
    seen: set[tuple[object, ...]] = set()
    targets = _target(one[0].action), _target(other[0].action)
    for here in one[1]:
        for there in other[1]:
            environment = workspace.places[here.place].environment
            same_place = environment == workspace.places[there.place].environment
            executor = workspace.environments[environment].executor
            if executor is None or executor.mode != "auto" or (_asks(one[0], here) and _asks(other[0], there)):
                continue  # somebody decides
            key = (here.alert.name, here.alert.service, there.alert.name, there.alert.service)
            if not same_place or key in seen or here.alert.at == there.alert.at:
                continue
            seen.add(key)
            shared: list[str] = []
            for name in targets[0].keys() & targets[1].keys():
                allowed = (
                    _allowed(targets[0][name], one[0], here.alert),
                    _allowed(targets[1][name], other[0], there.alert),
                )
                if allowed[0] is None or allowed[1] is None:
                    continue
                try:
                    common = overlaps({0: allowed[0], 1: allowed[1]})
                except TooLarge:
                    break
                if not common:
                    break
                if name not in ("cluster", "namespace"):
                    shared.append(f"`{next(iter(common.values()))}`")
            else:
                return " ".join(sorted(shared)), here, there
    return None


def _asks(body: Remediation, use: Use) -> bool:
    """Whether somebody is always asked before this is done for an alert."""
    return body.approvals is not None and all(
        use.alert.labels.get(label) == value for label, value in body.approvals.when.items()
    )


def _allowed(value: Value, body: Remediation, alert: ResolvedAlert) -> list[str] | None:
    """Patterns of what a value can be for an alert; None for any text at all."""
    if value.literal is not None:
        return [re.escape(value.literal)]
    one = body.inputs.get(value.input or "")
    if one is None:
        return None
    if one.label in alert.labels:
        return [re.escape(alert.labels[one.label])]
    return list(one.allow) if one.allow else None
