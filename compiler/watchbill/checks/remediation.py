"""Remediations and procedures: what the machine may do can be done, is bounded, and asks somebody who is there."""

import re
from collections.abc import Iterator

from watchbill import promql
from watchbill.checks import procedures
from watchbill.checks.acting import chosen, uses_of_alerts, uses_of_procedures, values
from watchbill.checks.procedures import Use, lack
from watchbill.source.codes import remediation as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related, did_you_mean
from watchbill.spec.kinds.actions import HttpCall, Isolate, RedisFlush, RolloutUndo
from watchbill.spec.kinds.answers import Approvals, Remediation
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.scalars import seconds

SHOWN = 5  # alerts named beside a finding
NO_NAME = "\u2042 no name that anybody would give \u2042"


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    uses, steps = uses_of_alerts(workspace), uses_of_procedures(workspace)
    for name, policy in workspace.documents.get("Remediation", {}).items():
        if policy.body is None:
            continue
        direct, through = uses.get(name, []), steps.get(name, [])
        found.extend(_inputs(policy, direct, through))
        found.extend(_action(policy))
        found.extend(_floor(policy))
        found.extend(_approvals(workspace, policy, [*direct, *through]))
        found.extend(_bounds(policy))
    found.extend(procedures.check(workspace))
    return found


# Inputs


def _inputs(policy: Policy, direct: list[Use], through: list[Use]) -> Iterator[Diagnostic]:
    body: Remediation = policy.body
    used = dict(values(body.action))
    unknown = [(path, value.input) for path, value in used.items() if value.input and value.input not in body.inputs]
    for path, name in unknown:
        close = did_you_mean(name, body.inputs)
        known = f"declared: {', '.join(body.inputs)}" if body.inputs else "declare it under `inputs:`"
        yield Diagnostic(
            codes.UNKNOWN_INPUT,
            f"unknown input `{name}`",
            policy.at.at("action", *path, "input"),
            "not declared",
            f"did you mean `{close}`?" if close else known,
        )
    for name, one in body.inputs.items():
        at = policy.at.at("inputs", name)
        lacking = _distinct(use for use in direct if not use.alert.may_have(one.label))
        if lacking:
            yield _label_missing(name, one.label, at, lacking)
        for step in dict.fromkeys(use.at for use in through):
            if not any(use.alert.may_have(one.label) for use in through if use.at == step):
                yield Diagnostic(
                    codes.INPUT_LABEL_MISSING,
                    f"input `{name}` takes label `{one.label}`, which no alert that starts the procedure can have",
                    at.at("label"),
                    "never there",
                    "let the alerts keep it, or leave the step out",
                    related=(Related(step, "in this step"),),
                )
        for index, pattern in enumerate(one.allow):
            if _matches(pattern, NO_NAME):
                yield Diagnostic(
                    codes.ALLOWS_EVERYTHING,
                    f"input `{name}` allows any value of label `{one.label}`",
                    at.at("allow", index),
                    "matches everything",
                    "list the names, or a pattern of them",
                )
        if not unknown and not any(value.input == name for value in used.values()):
            yield Diagnostic(
                codes.UNUSED_INPUT,
                f"input `{name}` is never used by the action",
                policy.at.at("inputs", name, key=True),
                "unused",
                f"use {{input: {name}}}, or remove it",
            )


def _label_missing(name: str, label: str, at: Location, lacking: list[Use]) -> Diagnostic:
    first = lacking[0]
    others = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    expression = promql.parse(first.alert.expr)
    reason = promql.why_not(expression, label) if not isinstance(expression, promql.Fault) else None
    return Diagnostic(
        codes.INPUT_LABEL_MISSING,
        f"input `{name}` takes label `{label}`, which `{first.alert.name}`{others} can never have",
        at.at("label"),
        "never there",
        f"keep `{label}` in the expression, or leave the remediation out",
        (f"{reason.text} (in {first.place})",) if reason is not None else (),
        tuple(Related(use.at, f"`{use.alert.name}` has this remediation") for use in lacking[:SHOWN]),
    )


def _distinct(uses: Iterator[Use]) -> list[Use]:
    """Each alert once, whatever the number of its places and levels."""
    return list({use.at: use for use in reversed(list(uses))}.values())[::-1]


def _matches(pattern: str, text: str) -> bool:
    from watchbill.routing.patterns import matches  # noqa: PLC0415  (4 ms, and most policies name no pattern)

    return matches(pattern, text)


# The action


def _action(policy: Policy) -> Iterator[Diagnostic]:
    body: Remediation = policy.body
    name, action = chosen(body.action)
    if action is None:
        return
    if body.undo == "inverse":
        if isinstance(action, HttpCall):
            if action.undo is None:
                yield Diagnostic(
                    codes.NO_INVERSE,
                    "this call has no `undo` body, so it cannot be taken back",
                    policy.at.at("undo"),
                    "no way back",
                    "add `undo:` to the action with what takes it back, or write `undo: none`",
                    related=(Related(policy.at.at("action", name), "this action"),),
                )
        elif not getattr(action, "__inverse__", False):
            yield Diagnostic(
                codes.NO_INVERSE,
                f"`{name}` cannot be taken back",
                policy.at.at("undo"),
                "no way back",
                "write `undo: none`",
                related=(Related(policy.at.at("action", name, key=True), "it has no inverse"),),
            )
    if isinstance(action, RedisFlush) and re.sub(r"\[[^\]]*\]|[*?]", "", action.pattern) == "":
        yield Diagnostic(
            codes.FLUSH_EVERYTHING,
            f"the pattern `{action.pattern}` names no key in particular",
            policy.at.at("action", name, "pattern"),
            "every key",
            'begin it with the keys\' common prefix, such as "catalogue:*"',
        )
    if body.approvals is None and (isinstance(action, Isolate | RolloutUndo) or body.risk == "high"):
        why = "`risk: high`" if body.risk == "high" else f"`{name}`"
        yield Diagnostic(
            codes.DESTRUCTIVE,
            f"{why}, and nobody is asked",
            policy.at.at("risk") if body.risk == "high" else policy.at.at("action", name, key=True),
            "asks nobody",
            "add `approvals: {from: [{on_call: primary}]}`",
        )


def _floor(policy: Policy) -> Iterator[Diagnostic]:
    floor = policy.body.guardrails.keep_healthy
    if floor is None:
        return
    at = policy.at.at("guardrails", "keep_healthy", "expr")
    parsed = promql.parse(floor.expr)
    if isinstance(parsed, promql.Fault):
        where, problem = at.within(parsed.start, parsed.end), f"PromQL: {parsed.message}"
    elif parsed.type in ("scalar", "vector"):
        return
    else:
        where, problem = at, "the floor needs a number or an instant vector"
    yield Diagnostic(codes.FLOOR_PROMQL, problem, where, "here", "mend it: without an answer the machine never acts")


# Approvals and bounds


def _approvals(workspace: Workspace, policy: Policy, uses: list[Use]) -> Iterator[Diagnostic]:
    approvals: Approvals | None = policy.body.approvals
    if approvals is None:
        return
    at = policy.at.at("approvals")
    for index, target in enumerate(approvals.from_):
        where = at.at("from", index)
        if target.slack is not None:
            yield Diagnostic(
                codes.NO_APPROVER,
                "a channel cannot approve",
                where,
                "no person",
                "name an on-call role, a role or a person",
            )
        elif (lacking := lack(workspace, target, uses)) is not None:
            missing, team, use = lacking
            yield Diagnostic(
                codes.NO_APPROVER,
                f"approval is asked of {missing}, which team `{team}` does not have",
                where,
                "nobody",
                f"add it to team `{team}`, or ask somebody else",
                related=(Related(use.at, f"for `{use.alert.name}`"),),
            )
    if approvals.count > len(approvals.from_):
        yield Diagnostic(
            codes.NO_APPROVER,
            f"{approvals.count} must approve, and {len(approvals.from_)} can",
            at.at("count" if approvals.from_ else "from"),
            "never enough",
            "name more approvers, or ask for fewer",
        )
    if approvals.when and uses and not any(_can_be(use.alert, approvals.when) for use in uses):
        label = next((label for label in approvals.when if not any(use.alert.may_have(label) for use in uses)), None)
        yield Diagnostic(
            codes.NEVER_ASKED,
            f"approval is asked only where {_told(approvals.when)}, and no alert with this remediation is",
            at.at("when") if label is None else at.at("when", label, key=True),
            "never so" if label is None else "no such label",
            "write the labels that the alerts carry; `when: {}` always asks",
        )


def _can_be(alert: ResolvedAlert, labels: dict[str, str]) -> bool:
    """Whether the alert can carry all these labels with these values."""
    return all(
        alert.labels[label] == value if label in alert.labels else alert.may_have(label)
        for label, value in labels.items()
    )


def _told(labels: dict[str, str]) -> str:
    return " and ".join(f"`{label}` is `{value}`" for label, value in labels.items())


def _bounds(policy: Policy) -> Iterator[Diagnostic]:
    body: Remediation = policy.body
    rails, approvals = body.guardrails, body.approvals
    at = policy.at.at("guardrails")
    numbers: list[tuple[int, Location, str]] = [
        (rails.max_per_hour, at.at("max_per_hour"), "it never acts"),
        (rails.max_targets, at.at("max_targets"), "it never acts"),
        (rails.stop_after_failures, at.at("stop_after_failures"), "it never acts"),
    ]
    if rails.keep_healthy is not None:
        numbers.append((rails.keep_healthy.at_least, at.at("keep_healthy", "at_least"), "it keeps nothing"))
    if approvals is not None:
        numbers.append((approvals.count, policy.at.at("approvals", "count"), "nobody is asked"))
    if body.action.scale is not None:
        at_most = policy.at.at("action", "kubernetes.scale", "at_most")
        numbers.append((body.action.scale.at_most, at_most, "it would scale to nothing"))
    for number, where, means in numbers:
        if number < 1:
            yield _bound(f"{number} bounds nothing: {means}", where, "write 1 or more")
    if seconds(rails.cooldown) == 0:
        yield _bound(
            "a cooldown of no time bounds nothing", at.at("cooldown"), "write the time between two runs, such as 15m"
        )
    if seconds(body.verify.quiet_for) * 1.5 > seconds(body.verify.within):  # looks are a quarter of `quiet_for` apart
        verify = body.verify
        message = (
            f"it can never be quiet for {verify.quiet_for} within {verify.within}: no run would count as a success"
        )
        yield _bound(message, policy.at.at("verify"), "make `within` at least half as long again as `quiet_for`")


def _bound(message: str, where: Location, hint: str) -> Diagnostic:
    return Diagnostic(codes.BOUNDS_NOTHING, message, where, "here", hint)
