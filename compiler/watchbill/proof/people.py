"""Whom a page reaches, at every second of the time that is looked at."""

from collections.abc import Iterable, Iterator

import msgspec

from watchbill.checks.contacts import has_address
from watchbill.oncall import Schedule
from watchbill.oncall.calendar import Stretch, joined, rest
from watchbill.oncall.clock import DAY
from watchbill.oncall.shifts import spans
from watchbill.spec.kinds.people import Notified, Team
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.rota import FIRST_MONDAY, Rota

Page = tuple[str, str, str]  # team, escalation, severity
_DAYS = 366  # without any coverage time and any schedule


class Audience(msgspec.Struct, frozen=True):
    """Who may hear of one kind of page, and when nobody does: stretches of instants, sorted and disjoint."""

    people: frozenset[str]
    offices: frozenset[str]
    nobody: tuple[Stretch, ...]


def audience(
    workspace: Workspace, rota: Rota, time: Stretch, page: Page, known: dict[str, list[tuple[int, int, str]]]
) -> Audience:
    """Everybody whom the steps of an escalation name, seen from a team; a step that comes late counts like the first.

    Whoever has no channel for the severity does not count. `known` keeps the shifts of schedules between calls.
    """
    team, escalation, severity = page
    policy = workspace.documents["Escalation"].get(escalation)
    steps = policy.body.steps if policy is not None and policy.body is not None else ()
    people: set[str] = set()
    offices: set[str] = set()
    there: list[Stretch] = []
    for target in (target for step in steps for target in step.notify):
        for who, stretches in _of(workspace, rota, time, team, target, known):
            if who is None:
                offices.add(target.role or "")
            elif not _reachable(workspace, who, severity):
                continue
            else:
                people.add(who)
            there.extend(stretches)
    return Audience(frozenset(people), frozenset(offices), tuple(rest(joined(there), *time)))


def _of(
    workspace: Workspace,
    rota: Rota,
    time: Stretch,
    team: str,
    target: Notified,
    known: dict[str, list[tuple[int, int, str]]],
) -> Iterator[tuple[str | None, list[Stretch]]]:
    """Who a target is, and when; None for an office that has a number or an address of its own. A channel is nobody."""
    owner = workspace.documents.get("Team", {}).get(target.of or team)
    body: Team | None = owner.body if owner is not None else None
    if target.person is not None:
        yield qualified(workspace.documents, "Person", target.person, team) or target.person, [time]
    elif body is None:
        return
    elif target.role is not None:
        role = body.roles.get(target.role) or workspace.settings.roles.get(target.role)
        if role is not None and role.person is not None:
            yield qualified(workspace.documents, "Person", role.person, team) or role.person, [time]
        elif role is not None:
            yield None, [time]
    elif target.on_call is not None and target.on_call in body.on_call:
        name = qualified(workspace.documents, "Schedule", body.on_call[target.on_call], target.of or team)
        schedule = rota.schedules.get(name or "")
        if schedule is not None:
            yield from _turns(schedule, time, known)


def _turns(
    schedule: Schedule, time: Stretch, known: dict[str, list[tuple[int, int, str]]]
) -> Iterator[tuple[str, list[Stretch]]]:
    if schedule.name not in known:
        found = spans(schedule, *time)
        known[schedule.name] = [(start, end, duty.person) for start, end, duty in found if duty.person is not None]
    by_person: dict[str, list[Stretch]] = {}
    for start, end, person in known[schedule.name]:
        by_person.setdefault(person, []).append((start, end))
    yield from by_person.items()


def _reachable(workspace: Workspace, name: str, severity: str) -> bool:
    """Whether a person says no more than that they are there, or has an address for one of the channels they name."""
    policy = workspace.documents.get("Person", {}).get(name)
    if policy is None or policy.body is None:
        return False
    if not policy.body.notify:
        return True  # PagerDuty knows them by their mail
    contacts = policy.body.notify.get(severity, policy.body.notify.get("default", ()))
    return any(has_address(policy.body, contact) for contact in contacts)


def time_of(coverage: Iterable[Stretch]) -> Stretch:
    """What all schedules' clocks agree on; where there are none, a year that has all that years have."""
    known = list(coverage)
    if not known:
        start = FIRST_MONDAY.toordinal() - 719_163
        return start * DAY, (start + _DAYS) * DAY
    start, end = max(start for start, _ in known), min(end for _, end in known)
    return start, max(end, start + DAY)
