"""Reading a plan: strict, and whatever is wrong with it becomes a `Fault`, never an exception."""

import hashlib
from collections.abc import Iterator

import msgspec

from watchbill.executor.plan.documents import VERSION, Document, Step
from watchbill.executor.plan.indexed import Plan, in_place, is_pattern
from watchbill.executor.plan.people import Notified, Role
from watchbill.executor.plan.rota import Broken, Rota
from watchbill.executor.plan.times import milliseconds
from watchbill.executor.plan.windows import holding


class Fault(msgspec.Struct, frozen=True):
    """Why a plan is refused. `path` are the keys from the top of the file to what is wrong, perhaps none."""

    message: str
    path: tuple[str, ...] = ()
    help: str = "compile it again: watchbill compile"

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}" if self.path else self.message


class _Head(msgspec.Struct):
    version: int


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def read(text: bytes) -> Plan | Fault:
    """The plan in a file's bytes, or the first thing that is wrong with it."""
    try:
        version = msgspec.json.decode(text, type=_Head).version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Fault(f"this is not a plan: {error}")
    if version != VERSION:
        newer = version > VERSION
        return Fault(
            f"the plan is of version {version}, and this executor reads version {VERSION}",
            ("version",),
            "install the watchbill that compiled it" if newer else "compile it again: watchbill compile",
        )
    try:
        document = msgspec.json.decode(text, type=Document)
        wrong = next(_problems(document), None)
        if wrong is not None:
            return Fault(wrong[1], wrong[0])
        return Plan(digest_of(text), text, document, Rota(document))
    except Broken as broken:
        return Fault(broken.what, broken.path)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        return Fault(what, tuple(part for part in path.rstrip("`").split(".") if part))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Fault(f"this is not a plan: {error}")


Problem = tuple[tuple[str, ...], str]


def _problems(document: Document) -> Iterator[Problem]:
    """What no type says: names that are defined nowhere, durations, patterns and hours that are none."""
    if not document.severities or not document.places or not document.people:
        yield (), "it has no severities, no places or no people"
    yield from _durations(document)
    yield from _names(document)
    for name, window in document.windows.items():
        try:
            holding(name, window)
        except ValueError as error:
            yield ("windows", name), str(error)
    for name, remediation in document.remediations.items():
        for key, given in remediation.inputs.items():
            if (given.connection is None) == (not given.allow):
                yield ("remediations", name, "inputs", key), "it needs either `allow` or `connection`"
            for pattern in given.allow:
                if not is_pattern(pattern):
                    yield ("remediations", name, "inputs", key, "allow"), f"`{pattern}` is not an RE2 pattern"
        rails = remediation.guardrails
        if min(rails.max_per_hour, rails.max_targets, rails.stop_after_failures) < 1:
            yield ("remediations", name, "guardrails"), "a bound below 1 bounds nothing"
        if remediation.approvals is not None and remediation.approvals.count < 1:
            yield ("remediations", name, "approvals", "count"), "a bound below 1 bounds nothing"
    for name, owners in document.owners.items():
        for pattern in (pattern for owner in owners for pattern in owner.patterns):
            if not is_pattern(pattern):
                yield ("owners", name), f"`{pattern}` is not an RE2 pattern"
    for key, alert in document.alerts.items():
        if key.count("/") != 2:
            yield ("alerts", key), "an alert is named service/alertname/severity"
        for place in alert.by:
            try:
                in_place(alert, place)
            except msgspec.ValidationError as error:
                yield ("alerts", key, "by", place), str(error)


def _durations(document: Document) -> Iterator[Problem]:
    told: list[tuple[tuple[str, ...], str]] = []
    for name, severity in document.severities.items():
        told.append((("severities", name, "again"), severity.again))
    limits = document.limits
    for key, value in (
        ("reopen", limits.reopen),
        ("answer", limits.answer),
        ("action", limits.action),
        ("reconcile", limits.reconcile),
        ("last_resort", limits.last_resort),
        ("storm", limits.storm.within),
        ("storm", limits.storm.hold),
    ):
        told.append((("limits", key), value))
    for name, escalation in document.escalations.items():
        told.extend((("escalations", name, "steps"), step.wait) for step in escalation.steps)
        if escalation.acknowledge_within is not None:
            told.append((("escalations", name, "acknowledge_within"), escalation.acknowledge_within))
    told.extend((("diagnostics", name, "timeout"), one.timeout) for name, one in document.diagnostics.items())
    for name, one in document.remediations.items():
        told.append((("remediations", name, "guardrails", "cooldown"), one.guardrails.cooldown))
        told.append((("remediations", name, "verify", "quiet_for"), one.verify.quiet_for))
        told.append((("remediations", name, "verify", "within"), one.verify.within))
        if one.approvals is not None:
            told.append((("remediations", name, "approvals", "within"), one.approvals.within))
    told.extend((("messages", name, "every"), one.every) for name, one in document.messages.items() if one.every)
    for name, procedure in document.procedures.items():
        if procedure.when.within is not None:
            told.append((("procedures", name, "when", "within"), procedure.when.within))
    for path, text in told:
        try:
            milliseconds(text)
        except ValueError as error:
            yield path, str(error)


def _names(document: Document) -> Iterator[Problem]:
    for path, section, name in _references(document):
        known = getattr(document, section)
        if name not in known:
            yield path, f"there is no `{name}` in `{section}`"
    last = document.last_resort
    if last.team in document.teams and last.on_call not in document.teams[last.team].on_call:
        yield ("last_resort",), f"team `{last.team}` has no on-call role `{last.on_call}`"


Reference = tuple[tuple[str, ...], str, str]


def _references(document: Document) -> Iterator[Reference]:
    yield ("catch_all", "team"), "teams", document.catch_all.team
    yield ("last_resort", "team"), "teams", document.last_resort.team
    if document.catch_all.escalation is not None:
        yield ("catch_all", "escalation"), "escalations", document.catch_all.escalation
    for name, team in document.teams.items():
        for schedule in team.on_call.values():
            yield ("teams", name, "on_call"), "schedules", schedule
        yield from _roles(("teams", name, "roles"), team.roles)
    yield from _roles(("roles",), document.roles)
    for name, escalation in document.escalations.items():
        for step in escalation.steps:
            yield from _notified(("escalations", name, "steps"), step.notify)
        yield from _notified(("escalations", name, "also"), escalation.also)
    for name, remediation in document.remediations.items():
        if remediation.approvals is not None:
            yield from _notified(("remediations", name, "approvals", "from"), remediation.approvals.from_)
        for window in remediation.guardrails.not_during:
            yield ("remediations", name, "guardrails", "not_during"), "windows", window
    for name, procedure in document.procedures.items():
        yield from _steps(("procedures", name), procedure.steps)
    for key, alert in document.alerts.items():
        path = ("alerts", key)
        yield path, "teams", alert.team
        for section, names in (
            ("messages", alert.communicate),
            ("diagnostics", alert.diagnose),
            ("remediations", alert.remediate),
            ("escalations", (alert.escalation,)),
            ("calendars", (alert.hours,)),
            ("owners", (alert.owners,)),
        ):
            yield from ((path, section, name) for name in names if name is not None)
    for name, owners in document.owners.items():
        for owner in owners:
            yield ("owners", name), "teams", owner.team
            if owner.escalation is not None:
                yield ("owners", name), "escalations", owner.escalation
            if owner.hours is not None:
                yield ("owners", name), "calendars", owner.hours


def _roles(path: tuple[str, ...], roles: dict[str, Role]) -> Iterator[Reference]:
    for name, role in roles.items():
        if role.person is not None:
            yield (*path, name), "people", role.person


def _notified(path: tuple[str, ...], notified: tuple[Notified, ...]) -> Iterator[Reference]:
    for one in notified:
        if one.person is not None:
            yield path, "people", one.person
        if one.of is not None:
            yield path, "teams", one.of


def _steps(path: tuple[str, ...], steps: tuple[Step, ...]) -> Iterator[Reference]:
    for step in steps:
        for section, names in (
            ("diagnostics", (*step.preserve, *step.diagnose)),
            ("remediations", (step.remediate,)),
            ("messages", (step.communicate,)),
        ):
            yield from ((path, section, name) for name in names if name is not None)
        yield from _notified(path, (*step.notify, *((step.of,) if step.of is not None else ())))
        yield from _steps(path, step.yes)
