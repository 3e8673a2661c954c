"""What the compiler proves, in sentences: one for each promise, with what was counted and with what breaks it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from watchbill.proof.proving import Proof
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.model import ResolvedAlert, Workspace

Verdict = Literal["proven", "broken", "not shown"]
Counts = dict[str, int]


class Claim(msgspec.Struct, frozen=True):
    """A promise, in words and in numbers. `broken_by` are the codes of the findings against it."""

    name: str
    verdict: Verdict
    says: str
    counts: Counts
    broken_by: tuple[str, ...] = ()


class _Promise(msgspec.Struct, frozen=True):
    """How one claim is made: `says` is filled with the counts, `against` are beginnings of the codes that break it."""

    name: str
    says: str
    count: Callable[[Workspace, Proof], Counts]
    against: tuple[str, ...]


def claims(workspace: Workspace, proof: Proof, found: Iterable[Diagnostic]) -> list[Claim]:
    """The claims that follow from the policies alone. `found` is all that was found, whatever level it was given."""
    codes = sorted({one.code.id for one in found if "error" in (one.level, one.code.severity)})
    made = []
    for promise in _PROMISES:
        counts = promise.count(workspace, proof)
        against = tuple(code for code in codes if code.startswith(promise.against))
        broken = bool(against) or counts.get("unguarded", 0) > 0
        verdict: Verdict = "broken" if broken else "proven"
        made.append(Claim(promise.name, verdict, promise.says.format(**_Numbers(counts)), counts, against))
    return made


class _Numbers(dict[str, str]):
    def __init__(self, counts: Counts) -> None:
        super().__init__({name: f"{number:,}" for name, number in counts.items()})


def days(proof: Proof) -> tuple[str, str]:
    """The first and the last day of the time that was looked at, in UTC."""
    start, end = proof.time
    return f"{datetime.fromtimestamp(start, UTC):%Y-%m-%d}", f"{datetime.fromtimestamp(end - 1, UTC):%Y-%m-%d}"


def _alerts(workspace: Workspace) -> Sequence[ResolvedAlert]:
    return [alert for place in workspace.places.values() for alert in place.alerts]


def _reach(workspace: Workspace, proof: Proof) -> Counts:
    reached = proof.reached.values()
    return {
        "alerts": sum(one.alerts for one in reached),
        "places": len(workspace.places),
        "label_sets": sum(one.label_sets for one in reached),
        "days": (proof.time[1] - proof.time[0]) // 86_400,
        "dropped": sum(one.dropped for one in reached),
    }


def _runbooks(workspace: Workspace, proof: Proof) -> Counts:  # noqa: ARG001
    pages = [alert for alert in _alerts(workspace) if any(outcome.kind == "page" for _, outcome in alert.takers)]
    return {"pages": len(pages), "runbooks": len({alert.runbook_url for alert in pages})}


def _people(workspace: Workspace, proof: Proof) -> Counts:  # noqa: ARG001
    used = [proof.audiences[page] for one in proof.reached.values() for page in one.paging]
    people = {name for one in used for name in one.people}
    offices = {name for one in used for name in one.offices}
    return {"people": len(people), "offices": len(offices), "pages": len(used)}


def _no_data(workspace: Workspace, proof: Proof) -> Counts:  # noqa: ARG001
    worst = next(iter(workspace.severities), "")
    watched = ignored = absent = 0
    for place in workspace.places.values():
        for service in place.services:
            guarded = {alert.no_data_of for alert in service.alerts}
            for alert in service.alerts:
                if alert.severity != worst or alert.no_data_of is not None:
                    continue
                analysis = analyse(alert.expr)
                if alert.name in guarded:
                    watched += 1
                elif isinstance(analysis, Analysis) and analysis.watched:
                    ignored += 1
                else:
                    absent += 1
    return {"watched": watched, "ignored": ignored, "absent": absent}


def _silence(workspace: Workspace, proof: Proof) -> Counts:
    hours = {alert.outcome.hours for alert in _alerts(workspace) if alert.outcome.hours is not None}
    windows = [window for window in workspace.windows.values() if window.effect != "no-remediation"]
    return {"rules": proof.inhibitions, "windows": len(windows), "hours": len(hours)}


def _remedies(workspace: Workspace, proof: Proof) -> Counts:  # noqa: ARG001
    used = {name for alert in _alerts(workspace) for name in alert.remediate}
    approved = [
        policy
        for name, policy in workspace.documents.get("Remediation", {}).items()
        if name in used and policy.body.approvals
    ]
    return {"remediations": len(used), "approved": len(approved)}


def _texts(workspace: Workspace, proof: Proof) -> Counts:  # noqa: ARG001
    alerts = _alerts(workspace)
    records = sum(len(service.records) for place in workspace.places.values() for service in place.services)
    return {
        "expressions": len({alert.expr for alert in alerts}) + records,
        "templates": len({text for alert in alerts for text in alert.annotations.values() if "{{" in text}),
    }


_PROMISES = (
    _Promise(
        "reach",
        "{alerts} alerts in {places} places, {label_sets} label sets, every minute of {days} days: each reaches a person, "
        "or the policy says that it need not ({dropped} dropped on purpose)",
        _reach,
        (
            "WB40",
            "WB41",
            "WB455",
            "WB456",
            "WB459",
            "WB47",
            "WB501",
            "WB502",
            "WB503",
            "WB504",
            "WB505",
            "WB506",
            "WB52",
        ),
    ),
    _Promise(
        "runbooks",
        "{pages} pages lead to {runbooks} runbooks with something to do",
        _runbooks,
        ("WB207", "WB601", "WB602", "WB603", "WB608"),
    ),
    _Promise(
        "people",
        "{people} people and {offices} offices can be paged, each by a channel that their step can use",
        _people,
        ("WB202", "WB502", "WB503", "WB51"),
    ),
    _Promise(
        "no data",
        "{watched} critical alerts notice when their data disappears ({ignored} say why they need not, {absent} ask for "
        "absence themselves)",
        _no_data,
        ("WB36",),
    ),
    _Promise(
        "silence",
        "{rules} inhibit rules, {windows} windows and {hours} calendars can silence nothing that outranks them, and "
        "nothing of another environment",
        _silence,
        ("WB42", "WB43", "WB457", "WB458"),
    ),
    _Promise(
        "remediation",
        "{remediations} remediations have guardrails and inputs that their alerts carry; {approved} ask people who exist "
        "and are on call",
        _remedies,
        ("WB209", "WB7"),
    ),
    _Promise(
        "texts",
        "{expressions} expressions parse, {templates} templates render, every pattern is RE2",
        _texts,
        ("WB30", "WB604", "WB650", "WB706"),
    ),
)
