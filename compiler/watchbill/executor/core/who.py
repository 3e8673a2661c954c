"""Who is meant, at this moment: on-call roles, offices, persons and channels of a plan as recipients."""

from collections.abc import Iterable

from watchbill.executor.core.effects import Recipient
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident
from watchbill.executor.plan import Plan
from watchbill.executor.plan.people import Notified, Role
from watchbill.oncall.duty import duty_at

SHADOW = "shadow of "


def named(notified: Notified, team: str) -> str:
    """In words: `primary of payments`, `role cto`, `person kim`, `#incidents`."""
    if notified.on_call is not None:
        return f"{notified.on_call} of {notified.of or team}"
    if notified.role is not None:
        return f"role {notified.role}"
    return f"person {notified.person}" if notified.person is not None else notified.slack or "nobody"


def meant(plan: Plan, notified: Notified, team: str, now: Instant) -> tuple[Recipient, ...]:
    """Those whom one entry means now; shadows of a schedule come last, and count for nobody. Perhaps none."""
    document, why = plan.document, named(notified, team)
    if notified.on_call is not None:
        known = document.teams.get(notified.of or team)
        schedule = plan.schedules.get(known.on_call.get(notified.on_call, "")) if known is not None else None
        if schedule is None:
            return ()
        there = duty_at(schedule, now // 1000).people
        return (
            *(Recipient(why, person) for person in there),
            *(Recipient(SHADOW + why, person) for person in schedule.shadow if person not in there),
        )
    if notified.role is not None:
        known = document.teams.get(notified.of or team)
        role = known.roles.get(notified.role) if known is not None else None
        return _role(why, role or document.roles.get(notified.role))
    if notified.person is not None:
        return (Recipient(why, notified.person),) if notified.person in document.people else ()
    return (Recipient(why, slack=notified.slack),) if notified.slack is not None else ()


def _role(why: str, role: Role | None) -> tuple[Recipient, ...]:
    if role is None:
        return ()
    phone = None
    if role.phone is not None:
        phone = {key: value for key in ("file", "env") if (value := getattr(role.phone, key)) is not None}
    return (Recipient(why, role.person, phone, role.email, role.slack),)


def all_meant(plan: Plan, notified: Iterable[Notified], team: str, now: Instant) -> tuple[Recipient, ...]:
    """Everybody whom a list of entries means, each once."""
    found: dict[tuple[str | None, ...], Recipient] = {}
    for one in notified:
        for recipient in meant(plan, one, team, now):
            phone = str(recipient.phone) if recipient.phone is not None else None
            found.setdefault((recipient.person, phone, recipient.email, recipient.slack), recipient)
    return tuple(found.values())


def counts(recipient: Recipient) -> bool:
    """Whether it is a human being who can be woken: no channel, and nobody who only listens."""
    return recipient.slack is None and not recipient.why.startswith(SHADOW)


def last_resort(plan: Plan, now: Instant) -> tuple[Recipient, ...]:
    """Never empty: whoever is on call for it; else everybody of that team; else everybody there is."""
    team, role = plan.document.last_resort.team, plan.document.last_resort.on_call
    found = [one for one in meant(plan, Notified(on_call=role, of=team), team, now) if counts(one)]
    if not found:
        people = plan.document.people
        names = [name for name, person in people.items() if person.team == team] or list(people)
        found = [Recipient("last resort", name) for name in names]
    return tuple(found)


def on_duty(plan: Plan, team: str, now: Instant) -> tuple[Recipient, ...]:
    """Whoever is on call for a team in the first of its roles that has somebody; else the last resort."""
    known = plan.document.teams.get(team)
    for role in known.on_call if known is not None else ():
        found = tuple(one for one in meant(plan, Notified(on_call=role), team, now) if counts(one))
        if found:
            return found
    return last_resort(plan, now)


def responders(plan: Plan, incident: Incident, now: Instant) -> tuple[Recipient, ...]:
    """Those who have the incident in hand: its owner; else those told last; else whoever is on duty. Never empty."""
    if incident.owner is not None:
        return (Recipient("has it in hand", incident.owner),)
    reached = incident.escalation.reached if incident.escalation is not None and incident.paging else ()
    return reached or on_duty(plan, incident.facts.team, now)
