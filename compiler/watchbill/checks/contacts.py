"""Whether a page gets through: people have addresses for their channels, and an escalation does not end in silence."""

from collections.abc import Iterator

from watchbill.source.codes import contacts as codes
from watchbill.source.diagnostic import Diagnostic, Related
from watchbill.spec.kinds.people import Contact, Escalation, Notified, Person, Schedule
from watchbill.spec.kinds.workspace import Role
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, Workspace, qualified
from watchbill.spec.scalars import seconds

CHANNELS = ("push", "sms", "phone", "slack", "email")


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    pages = _pages(workspace)
    for policy in workspace.documents.get("Person", {}).values():
        if policy.body is not None:
            yield from _addresses(policy)
    yield from _unreachable(workspace, pages)
    yield from _silence(workspace, pages)
    yield from _late(workspace, pages)


Pages = dict[tuple[str, str, str], ResolvedAlert]  # by team, escalation and severity, one alert that pages so


def _pages(workspace: Workspace) -> Pages:
    found: Pages = {}
    for place in workspace.places.values():
        for alert in place.alerts:
            for team, outcome in alert.takers:
                if outcome.escalation is not None:
                    found.setdefault((team, outcome.escalation, alert.severity), alert)
    return found


def _channel(contact: Contact) -> str:
    return next(name for name in CHANNELS if getattr(contact, name) is not None)


def has_address(person: Person, contact: Contact) -> bool:
    """Whether there is an address for it. Slack knows people by their mail too, and an app's is never written down."""
    return _channel(contact) not in ("sms", "phone") or person.phone is not None


def _addresses(policy: Policy) -> Iterator[Diagnostic]:
    person: Person = policy.body
    for severity, contacts in person.notify.items():
        none_left = not any(has_address(person, contact) for contact in contacts)
        for index, contact in enumerate(contacts):
            if has_address(person, contact):
                continue
            channel = _channel(contact)
            yield Diagnostic(
                codes.CONTACT_MISSING,
                f"`{policy.name}` is to be told by {channel}, and has no `phone:`",
                policy.at.at("notify", severity, index),
                "no address",
                "add `phone: {env: …}`, or another channel",
                severity="error" if none_left else None,
                notes=(f"nothing else is left for `{severity}`",) if none_left else (),
            )


def _unreachable(workspace: Workspace, pages: Pages) -> Iterator[Diagnostic]:
    told: set[tuple[str, str]] = set()
    for (team, escalation, severity), alert in pages.items():
        steps = workspace.documents["Escalation"].get(escalation)
        if steps is None or steps.body is None:
            continue
        for target in (target for step in steps.body.steps for target in step.notify):
            for name in people_of(workspace, team, target):
                policy = workspace.documents.get("Person", {}).get(name)
                notify = policy.body.notify if policy is not None and policy.body is not None else {}
                if policy is None or not notify or (name, severity) in told:
                    continue
                told.add((name, severity))
                if not notify.get(severity, notify.get("default", ())):
                    yield Diagnostic(
                        codes.NO_WAY,
                        f"`{name}` can be paged for `{severity}`, and does not say how",
                        policy.at.at("notify"),
                        f"neither `{severity}` nor `default`",
                        "add `default: [{push: 0m}, {phone: 2m}]`",
                        related=(Related(alert.at.at("name"), f"`{alert.name}` pages so"),),
                    )


def people_of(workspace: Workspace, team: str, target: Notified) -> Iterator[str]:
    """Everybody who may ever be the one that a target names."""
    owner = workspace.documents.get("Team", {}).get(target.of or team)
    if owner is None or owner.body is None:
        return
    if target.person is not None:
        yield qualified(workspace.documents, "Person", target.person, team) or target.person
    elif target.role is not None:
        role: Role | None = owner.body.roles.get(target.role) or workspace.settings.roles.get(target.role)
        if role is not None and role.person is not None:
            yield qualified(workspace.documents, "Person", role.person, team) or role.person
    elif target.on_call is not None and target.on_call in owner.body.on_call:
        name = qualified(workspace.documents, "Schedule", owner.body.on_call[target.on_call], target.of or team)
        if name is not None:
            yield from people_in(workspace, workspace.documents["Schedule"][name])


def people_in(workspace: Workspace, schedule: Policy) -> Iterator[str]:
    """Everybody who has turns in a schedule."""
    body: Schedule | None = schedule.body
    eras = [era.people for layer in body.layers for era in layer.eras] if body is not None else []
    for person in dict.fromkeys(
        person for people in (body.people if body is not None else (), *eras) for person in people
    ):
        yield qualified(workspace.documents, "Person", person, schedule.team) or person


def _silence(workspace: Workspace, pages: Pages) -> Iterator[Diagnostic]:
    for name in dict.fromkeys(escalation for _, escalation, _ in pages):
        policy = workspace.documents["Escalation"].get(name)
        body: Escalation | None = policy.body if policy is not None else None
        if policy is None or body is None or body.repeat > 0 or not body.steps:
            continue
        last = body.steps[-1].notify
        if all(target.slack is not None for target in last):
            message = f"`{name}` ends with a message in a channel, which wakes nobody"
            where, label = policy.at.at("steps", len(body.steps) - 1, "notify"), "no person"
        elif len(body.steps) == 1:
            message = f"`{name}` pages once, and then never again"
            where, label = policy.at.at("steps"), "one step only"
        else:
            continue
        advice = "add a step that pages somebody, or `repeat: 2`"
        yield Diagnostic(codes.ENDS_IN_SILENCE, message, where, label, advice)


def _late(workspace: Workspace, pages: Pages) -> Iterator[Diagnostic]:
    settings = next(iter(workspace.documents["Workspace"].values()))
    for severity, escalation in dict.fromkeys((severity, escalation) for _, escalation, severity in pages):
        timing = workspace.timing.get(severity)
        policy = workspace.documents["Escalation"].get(escalation)
        within = policy.body.acknowledge_within if policy is not None and policy.body is not None else None
        if timing is None or policy is None or within is None or seconds(timing.first) < seconds(within):
            continue
        own = severity in workspace.settings.timing
        yield Diagnostic(
            codes.TOLD_TOO_LATE,
            f"`{severity}` is told after {timing.first}, and is to be acknowledged within {within}",
            settings.at.at("timing", severity, "first") if own else policy.at.at("acknowledge_within"),
            "too late" if own else "too soon",
            f"let `first` of `{severity}` be shorter than {within}",
            related=(Related(policy.at.at("acknowledge_within"), f"by `{escalation}`"),) if own else (),
        )
