"""Windows as everything downstream reads them, and what is wrong with them before any alert is looked at."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from watchbill.source.codes import paging, structure
from watchbill.source.codes import windows as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.windows import When, Window
from watchbill.spec.load import Policy
from watchbill.spec.model import (
    OUTCOMES,
    Outcome,
    OutcomeKind,
    Place,
    ResolvedAlert,
    ResolvedWindow,
    qualify,
)
from watchbill.spec.scalars import WEEKDAYS, local_time, weekday_numbers
from watchbill.spec.words import Context, Told, check_place

DAY = 1440  # minutes


def resolve_windows(context: Context) -> tuple[dict[str, ResolvedWindow], list[Diagnostic]]:
    """Every window by its qualified name; one with an impossible time is told, and left out."""
    found: dict[str, ResolvedWindow] = {}
    told = Told()
    for policy in context.documents.get("Window", {}).values():
        if policy.body is None:
            continue
        body: Window = policy.body
        wrong = list(_check_time(body.when, policy.at.at("when")))
        for one in (*wrong, *_check_match(policy, context)):
            told.say(one)
        for index, place in enumerate(body.in_):
            check_place(place, policy.at.at("in", index), context, told)
        if not wrong:
            found[qualify(policy)] = _resolved(policy, body, context)
    return found, list(told)


def _resolved(policy: Policy, body: Window, context: Context) -> ResolvedWindow:
    places = tuple(
        place.name
        for place in context.places.values()
        if not body.in_ or place.name in body.in_ or place.environment in body.in_
    )
    when = body.when
    span = None
    if when.from_ is not None and when.until is not None:
        start, end = local_time(when.from_, when.timezone)[0], local_time(when.until, when.timezone)[0]
        assert start is not None  # noqa: S101  (checked before)
        assert end is not None  # noqa: S101
        span = (start.astimezone(UTC), end.astimezone(UTC))
    return ResolvedWindow(
        name=qualify(policy),
        team=policy.team,
        match=body.match,
        places=places,
        effect=body.effect,
        reason=body.reason,
        timezone=when.timezone if span is None else "UTC",
        week=_week(when) if span is None else None,
        span=span,
        at=policy.at,
    )


def _week(when: When) -> tuple[tuple[tuple[int, int], ...], ...]:
    days = weekday_numbers(when.every or "monday-sunday")
    spans = tuple(sorted(_minutes(text) for text in when.hours)) or ((0, DAY),)
    return tuple(spans if day in days else () for day in range(len(WEEKDAYS)))


def _minutes(hours: str) -> tuple[int, int]:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end


def _check_time(when: When, at: Location) -> Iterator[Diagnostic]:
    if when.every is not None:
        if when.until is not None:
            yield _impossible("`until` belongs to `from`", at.at("until"), "remove it")
        return
    if when.hours:
        advice = "write the hours into `from` and `until`, or `every:` for hours that come again"
        yield _impossible("`hours` belong to `every`", at.at("hours"), advice)
    if when.until is None:
        yield _impossible("this window never ends", at.at("from"), "add `until:`")
        return
    instants: list[datetime] = []
    for key, text in (("from", when.from_ or ""), ("until", when.until)):
        instant, problem = local_time(text, when.timezone)
        if instant is None:
            advice = "choose another time, or write it with an offset such as +01:00"
            yield Diagnostic(paging.BAD_TIME, problem or "", at.at(key), "here", advice)
        elif instant.second:
            yield _impossible("Alertmanager knows whole minutes only", at.at(key), "leave the seconds out")
        else:
            instants.append(instant)
    if len(instants) == 2 and instants[0] >= instants[1]:
        yield _impossible("this ends before it starts", at.at("until"), "exchange the two times")


def _impossible(message: str, where: Location, advice: str) -> Diagnostic:
    return Diagnostic(codes.BAD_WINDOW, message, where, "here", advice)


def _check_match(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """What a window names must be there, and must be its team's own."""
    body: Window = policy.body
    at = policy.at.at("match")
    for label, value in body.match.items():
        if value == "":
            message = f"an alert without `{label}` cannot be matched"
            yield Diagnostic(structure.BAD_VALUE, message, at.at(label), "empty", "name a value")
    service = body.match.get("service")
    if service is not None:
        owner = _owner(service, context)
        if policy.team is not None and owner is not None and owner.team != policy.team:
            message = f"service `{service}` belongs to team `{owner.team}`, and this window to `{policy.team}`"
            related = (Related(owner.at.at("team"), "its team"),) if owner.kind == "Service" else ()
            yield _beyond(message, at.at("service"), related)
    team = body.match.get("team")
    if policy.team is not None and team not in (None, policy.team):
        yield _beyond(f"this window belongs to team `{policy.team}`", at.at("team"), ())


def _owner(service: str, context: Context) -> Policy | None:
    """The Service of this name. Foreign alerts may be anybody's: only those of the window's team are reached."""
    return context.documents.get("Service", {}).get(service)


def _beyond(message: str, where: Location, related: tuple[Related, ...]) -> Diagnostic:
    advice = "let the other team declare the window, or make it a shared one, without `team:`"
    return Diagnostic(codes.BEYOND_TEAM, message, where, "another team's", advice, related=related)


def lowers(window: ResolvedWindow, outcome: Outcome) -> bool:
    """Whether a window makes an outcome quieter, at some hour."""
    return window.effect != "no-remediation" and OUTCOMES.index(outcome.kind) < OUTCOMES.index(window.effect)


def lowered(window: ResolvedWindow, outcome: Outcome) -> OutcomeKind | None:
    """What an outcome becomes in a window; None when it stays as it is."""
    if window.effect == "no-remediation" or not lowers(window, outcome):
        return None
    return window.effect


def reaches(window: ResolvedWindow, alert: ResolvedAlert, place: Place, team: str) -> bool:
    """Whether an alert, when it is this team's, can carry all the labels that a window matches."""
    return is_about(window, team) and bool(matching((window,), alert, place))


def is_about(window: ResolvedWindow, team: str) -> bool:
    """Whether a window may be about alerts of a team at all."""
    return window.team in (None, team) and window.match.get("team", team) == team


def matching(windows: Iterable[ResolvedWindow], alert: ResolvedAlert, place: Place) -> tuple[ResolvedWindow, ...]:
    """The windows of a place whose labels an alert can carry, whichever team's it is."""
    return tuple(
        window
        for window in windows
        if place.name in window.places
        and all(label == "team" or _may_be(alert, place, label, value) for label, value in window.match.items())
    )


def _may_be(alert: ResolvedAlert, place: Place, label: str, value: str) -> bool:
    if label == "alertname":
        return alert.name == value
    if label in alert.labels:
        return alert.labels[label] == value
    if place.series and label in place.labels:
        return place.labels[label] == value
    if place.series and label == place.held:
        return value in place.holds
    return alert.may_have(label)
