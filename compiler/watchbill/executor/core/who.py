"""Who is meant, at this moment: on-call roles, offices, persons and channels as recipients.

An incident keeps the plan that it began with: what is done, and whom its policies name. Who that is, is asked of the plan
in force, and of the incident's own only for a team, role, schedule or calendar that the plan in force does not know any
more. Whoever has left is not meant by either.
"""

from collections.abc import Iterable

from watchbill.executor.core.effects import Recipient
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident, State
from watchbill.executor.plan import Plan
from watchbill.executor.plan.people import Notified, Role, Team
from watchbill.oncall import Calendar, Schedule
from watchbill.oncall.duty import duty_at

SHADOW = "shadow of "
Plans = tuple[Plan, ...]  # the first that knows a name is asked about it; the first of them is in force


def to_ask(state: State, own: Plan) -> Plans:
    """The plan in force, then the one that an incident began with."""
    now = state.library.get(state.plan or "", own)
    return (now,) if now is own else (now, own)


def team_of(plans: Plans, name: str) -> Team | None:
    return next((plan.document.teams[name] for plan in plans if name in plan.document.teams), None)


def calendar_of(plans: Plans, name: str | None) -> Calendar | None:
    return next((plan.calendars[name] for plan in plans if name in plan.calendars), None) if name is not None else None


def _schedule_of(plans: Plans, team: str, role: str) -> Schedule | None:
    teams = [plan.document.teams[team] for plan in plans if team in plan.document.teams]
    name = next((one.on_call[role] for one in teams if role in one.on_call), None)
    return next((plan.schedules[name] for plan in plans if name in plan.schedules), None) if name is not None else None


def _role_of(plans: Plans, team: str, name: str) -> Role | None:
    for plan in plans:
        known = plan.document.teams.get(team)
        role = (known.roles if known is not None else {}).get(name) or plan.document.roles.get(name)
        if role is not None:
            return role
    return None


def there(plans: Plans, person: str | None) -> bool:
    """Whether somebody is still among the people; a channel or a number is nobody who could leave."""
    return person is None or person in plans[0].document.people


def named(notified: Notified, team: str) -> str:
    """In words: `primary of payments`, `role cto`, `person kim`, `#incidents`."""
    if notified.on_call is not None:
        return f"{notified.on_call} of {notified.of or team}"
    if notified.role is not None:
        return f"role {notified.role}"
    return f"person {notified.person}" if notified.person is not None else notified.slack or "nobody"


def meant(plans: Plans, notified: Notified, team: str, now: Instant) -> tuple[Recipient, ...]:
    """Those whom one entry means now; shadows of a schedule come last, and count for nobody. Perhaps none."""
    found = _found(plans, notified, notified.of or team, named(notified, team), now)
    return tuple(one for one in found if there(plans, one.person))


def _found(plans: Plans, notified: Notified, team: str, why: str, now: Instant) -> tuple[Recipient, ...]:
    if notified.on_call is not None:
        schedule = _schedule_of(plans, team, notified.on_call)
        if schedule is None:
            return ()
        on_duty = duty_at(schedule, now // 1000).people
        return (
            *(Recipient(why, person) for person in on_duty),
            *(Recipient(SHADOW + why, person) for person in schedule.shadow if person not in on_duty),
        )
    if notified.role is not None:
        return _role(why, _role_of(plans, team, notified.role))
    if notified.person is not None:
        return (Recipient(why, notified.person),)
    return (Recipient(why, slack=notified.slack),) if notified.slack is not None else ()


def _role(why: str, role: Role | None) -> tuple[Recipient, ...]:
    if role is None:
        return ()
    phone = None
    if role.phone is not None:
        phone = {key: value for key in ("file", "env") if (value := getattr(role.phone, key)) is not None}
    return (Recipient(why, role.person, phone, role.email, role.slack),)


def all_meant(plans: Plans, notified: Iterable[Notified], team: str, now: Instant) -> tuple[Recipient, ...]:
    """Everybody whom a list of entries means, each once."""
    found: dict[tuple[str | None, ...], Recipient] = {}
    for one in notified:
        for recipient in meant(plans, one, team, now):
            phone = str(recipient.phone) if recipient.phone is not None else None
            found.setdefault((recipient.person, phone, recipient.email, recipient.slack), recipient)
    return tuple(found.values())


def counts(recipient: Recipient) -> bool:
    """Whether it is a human being who can be woken: no channel, and nobody who only listens."""
    return recipient.slack is None and not recipient.why.startswith(SHADOW)


def last_resort(plans: Plans, now: Instant) -> tuple[Recipient, ...]:
    """Of the plan in force. Never empty: whoever is on call for it; else everybody of that team; else everybody there is."""
    document = plans[0].document
    team, role = document.last_resort.team, document.last_resort.on_call
    found = [one for one in meant(plans, Notified(on_call=role, of=team), team, now) if counts(one)]
    if not found:
        people = document.people
        names = [name for name, person in people.items() if person.team == team] or list(people)
        found = [Recipient("last resort", name) for name in names]
    return tuple(found)


def on_duty(plans: Plans, team: str, now: Instant) -> tuple[Recipient, ...]:
    """Whoever is on call for a team in the first of its roles that has somebody; else the last resort."""
    known = team_of(plans, team)
    for role in known.on_call if known is not None else ():
        found = tuple(one for one in meant(plans, Notified(on_call=role), team, now) if counts(one))
        if found:
            return found
    return last_resort(plans, now)


def responders(plans: Plans, incident: Incident, now: Instant) -> tuple[Recipient, ...]:
    """Those who have the incident in hand: its owner; else those told last; else whoever is on duty. Never empty."""
    if incident.owner is not None and there(plans, incident.owner):
        return (Recipient("has it in hand", incident.owner),)
    told = incident.escalation.reached if incident.escalation is not None and incident.paging else ()
    return tuple(one for one in told if there(plans, one.person)) or on_duty(plans, incident.facts.team, now)
