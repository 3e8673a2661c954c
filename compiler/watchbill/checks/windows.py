"""Windows: each has something to make quieter, and nobody is told less than somebody can hear."""

from collections.abc import Iterator

from watchbill.source.codes import windows as codes
from watchbill.source.diagnostic import Diagnostic, did_you_mean
from watchbill.spec.model import ResolvedWindow, Workspace
from watchbill.spec.windows import is_about, lowered, matching


def check(workspace: Workspace) -> list[Diagnostic]:
    waited_for = _named(workspace)
    return [
        diagnostic
        for window in workspace.windows.values()
        for diagnostic in _effect(workspace, window, named=window.name in waited_for)
    ]


def _named(workspace: Workspace) -> set[str]:
    """The windows that a remediation names under `not_during`: they have an effect there."""
    return {
        workspace.resolve("Window", name, policy.team)
        for policy in workspace.documents.get("Remediation", {}).values()
        for name in (policy.body.guardrails.not_during if policy.body is not None else ())
        if name in workspace.windows or f"{policy.team}/{name}" in workspace.windows
    }


def _effect(workspace: Workspace, window: ResolvedWindow, *, named: bool) -> Iterator[Diagnostic]:
    if (named and window.effect == "no-remediation") or not _own(workspace, window):
        return
    matched = False
    for place in workspace.places.values():
        for alert in place.alerts:
            if not matching((window,), alert, place):
                continue
            for team, outcome in alert.takers:
                if is_about(window, team):
                    matched = True
                    if window.effect == "no-remediation" or lowered(window, outcome):
                        return
    if not matched:
        yield _nothing(workspace, window, "no alert there can match this window", "matches nothing")
    else:
        message = f"every alert that this window matches is a {window.effect} or less already"
        yield _nothing(workspace, window, message, "changes nothing")


def _own(workspace: Workspace, window: ResolvedWindow) -> bool:
    """Whether a team's window keeps to the team's own alerts; one that does not is told by itself."""
    service = workspace.documents.get("Service", {}).get(window.match.get("service", ""))
    return window.team in (None, service.team if service is not None else window.team) and (
        window.team in (None, window.match.get("team", window.team))
    )


def _nothing(workspace: Workspace, window: ResolvedWindow, message: str, label: str) -> Diagnostic:
    service = window.match.get("service")
    services = [*workspace.documents.get("Service", {}), *workspace.documents.get("Foreign", {})]
    if service is not None and service not in services:
        close = did_you_mean(service, services)
        advice = f"did you mean `{close}`?" if close else "name a service that is there"
        return Diagnostic(
            codes.NOTHING_TO_DO, f"unknown service `{service}`", window.at.at("match", "service"), label, advice
        )
    where = window.at.at("match") if window.match and "less already" not in message else window.at.at("effect")
    return Diagnostic(codes.NOTHING_TO_DO, message, where, label, "mend the match, or remove the window")
