"""By which connections somebody is reached: those of their own team; else the incident's team's; else `default`; else
those of the team that takes what nobody claims; else the last resort's. Each of these is a tier.

Anybody may also have connections by name: a channel of Slack (`#incidents`), and an audience of messages (`customers`).
"""

from collections.abc import Iterable

import msgspec

from watchbill.executor.connections import Connections, Outward
from watchbill.executor.core.effects import Ask, Note, Page, Recipient
from watchbill.executor.outward.channels import CHANNELS, channel
from watchbill.executor.outward.content import Content
from watchbill.executor.plan import Plan

DEFAULT = "default"


class Target(msgspec.Struct, frozen=True):
    """One connection: `[outward.<channel>.<name>]`."""

    channel: str
    name: str

    def __str__(self) -> str:
        return f"{self.channel}.{self.name}"


Tier = tuple[Target, ...]
Tiers = tuple[Tier, ...]


def routes(plan: Plan, connections: Connections, content: Content, body: object) -> tuple[Tiers, ...]:
    """The tiers of everybody whom it is for; those who are reached alike are one."""
    outward = connections.outward
    match body:
        case Page():
            people: tuple[Recipient, ...] = (body.to,)
        case Note() | Ask():
            people = body.to
        case _:
            people = ()
    found = {_fit(content, _tiers(plan, outward, content.team, one)): None for one in people}
    if not people:
        names = (content.audience,) if content.audience is not None else ()
        found = {_fit(content, _named(outward, (*names, *_fallback(plan, content.team)))): None}
    return tuple(found)


def unreached(plan: Plan, connections: Connections) -> dict[str, list[str]]:
    """Teams that may be paged, and what no connection of this installation does for them: `reaches`, or `wakes`.

    Those whom Alertmanager pages by PagerDuty are woken by that.
    """
    found: dict[str, list[str]] = {"reaches": [], "wakes": []}
    for team in sorted(_paged(plan)):
        tiers = _named(connections.outward, _fallback(plan, team))
        known = plan.document.teams.get(team)
        if not tiers:
            found["reaches"].append(team)
        elif not any(wakes(tier) for tier in tiers) and (known is None or known.paging != "pagerduty"):
            found["wakes"].append(team)
    return found


def wakes(tier: Tier) -> bool:
    return any(channel(one.channel).wakes for one in tier)


def _paged(plan: Plan) -> set[str]:
    document = plan.document
    found = {document.last_resort.team}
    if document.catch_all.outcome == "page":
        found.add(document.catch_all.team)
    found |= {alert.team for alert in document.alerts.values() if alert.outcome == "page"}
    return found | {one.team for owners in document.owners.values() for one in owners if one.outcome == "page"}


def _tiers(plan: Plan, outward: Outward, team: str | None, to: Recipient) -> Tiers:
    person = plan.document.people.get(to.person or "")
    own = (person.team,) if person is not None and person.team is not None else ()
    tiers = _named(outward, (*own, *_fallback(plan, team)))
    if to.slack is None:
        return tiers
    owners = [name for name, one in plan.document.teams.items() if to.slack in one.slack.values()]
    first = next((name for name in (to.slack, *owners) if name in outward.slack), None)
    return tiers if first is None else ((Target("slack", first),), *tiers)


def _fallback(plan: Plan, team: str | None) -> tuple[str, ...]:
    own = (team,) if team is not None else ()
    return (*own, DEFAULT, plan.document.catch_all.team, plan.document.last_resort.team)


def _named(outward: Outward, names: Iterable[str]) -> Tiers:
    tiers = []
    for name in dict.fromkeys(names):
        tier = tuple(Target(one, name) for one in CHANNELS if name in getattr(outward, one))
        if tier:
            tiers.append(tier)
    return tuple(tiers)


def _fit(content: Content, tiers: Tiers) -> Tiers:
    """What is only to be read goes where it can be read, where there is such a place."""
    if content.wakes or content.topic in ("refused", "question"):
        return tiers
    return tuple(tuple(one for one in tier if channel(one.channel).reads) or tier for tier in tiers)
