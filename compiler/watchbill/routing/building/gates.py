"""What the machine would do about an alert, and what stands before it: which gates are shut for these labels, now."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from watchbill.oncall.zones import zone
from watchbill.promql.regex import matches
from watchbill.spec.kinds.answers import Remediation
from watchbill.spec.kinds.people import Notified
from watchbill.spec.model import Place, ResolvedAlert, ResolvedWindow, Workspace, qualified
from watchbill.spec.windows import matching

Labels = Mapping[str, str]


class Remedy(msgspec.Struct, frozen=True):
    """A remediation of an alert. `shut` says why the machine would not run it; `asks` are those of whom somebody must
    agree first, as policies name them, and `within` how long they have. `mode` is the executor's, None without one.
    """

    name: str
    body: Remediation
    mode: str | None
    shut: tuple[str, ...]
    asks: tuple[Notified, ...]

    @property
    def runs(self) -> bool:
        return not self.shut


def remedies(workspace: Workspace, place: Place, alert: ResolvedAlert, labels: Labels, at: datetime) -> list[Remedy]:
    """In the order in which they are tried."""
    found = []
    executor = workspace.environments[place.environment].executor
    mode = executor.mode if executor is not None else None
    for name in alert.remediate:
        policy = workspace.documents["Remediation"].get(name)
        if policy is None or policy.body is None:
            continue
        body: Remediation = policy.body
        shut = [
            *_by_executor(place, mode),
            *_by_inputs(body, labels),
            *_by_windows(workspace, place, alert, body, policy.team, labels, at),
        ]
        asked = body.approvals
        needed = asked is not None and all(labels.get(label, "") == value for label, value in asked.when.items())
        asks = asked.from_ if asked is not None and (needed or mode == "approve") else ()
        found.append(Remedy(name, body, mode, tuple(shut), asks))
    return found


def _by_executor(place: Place, mode: str | None) -> Iterator[str]:
    if mode is None:
        yield f"{place.environment} has no executor"
    elif mode == "observe":
        yield f"the executor of {place.environment} only observes"


def _by_inputs(body: Remediation, labels: Labels) -> Iterator[str]:
    for given in body.inputs.values():
        value = labels.get(given.label, "")
        if not value:
            yield f"the alert has no label `{given.label}`"
        elif given.connection is None and not any(matches(pattern, value) for pattern in given.allow):
            yield f"`{given.label}` is `{value}`, and may be {' or '.join(given.allow) or 'nothing'}"


def _by_windows(
    workspace: Workspace,
    place: Place,
    alert: ResolvedAlert,
    body: Remediation,
    team: str | None,
    labels: Labels,
    at: datetime,
) -> Iterator[str]:
    named = {qualified(workspace.documents, "Window", one, team) for one in body.guardrails.not_during}
    for window in workspace.windows.values():
        about = window.effect == "no-remediation" and window in matching((window,), alert, place)
        about = about and all(labels.get(label, "") == value for label, value in window.match.items())
        about = about and window.team in (None, labels.get("team"))
        if (window.name in named or about) and holds(window, at):
            yield f"`{window.name}` holds: {window.reason}"


def holds(window: ResolvedWindow, at: datetime) -> bool:
    """Whether a window holds at an instant: weekly ones by their wall clock."""
    if window.span is not None:
        return window.span[0] <= at < window.span[1]
    local = at.astimezone(zone(window.timezone))
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in (window.week or ((),) * 7)[local.weekday()])
