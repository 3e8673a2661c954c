"""A test of who is told that does not come out: what was expected, what happens, and why."""

import shlex
from collections.abc import Iterator
from datetime import UTC

from watchbill.routing import Arrival, Config, Route
from watchbill.routing.building.answer import Answer
from watchbill.routing.building.asking import Asked, described
from watchbill.routing.building.paged import Told
from watchbill.routing.matchers import written
from watchbill.source.codes import cases as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.trial.judging import Wrong, length


def finding(asked: Asked, config: Config, answer: Answer, wrong: list[Wrong]) -> Diagnostic:
    """One finding for one case in one place, at the first key that does not come out."""
    first = wrong[0]
    notes = [f"also `{one.key}`: expected {one.expected}, but {one.happens}" for one in wrong[1:]]
    return Diagnostic(
        codes.CASE_FAILED,
        f"{_title(asked)}: expected {first.expected}, but {first.happens}",
        asked.where.at(first.key),
        "does not come out",
        f"the whole way: {command(asked)}",
        notes=(*notes, *_why(config, answer)),
    )


def _title(asked: Asked) -> str:
    name, place = asked.name, asked.meant.place.name
    return name if name.endswith(f" in {place}") else f"{name} (in {place})"


def command(asked: Asked) -> str:
    """The call of `watchbill route` that tells all of it."""
    labels = {**asked.case.alert}
    name = labels.pop("alertname", None)
    words = ["watchbill", "route", *([name] if name is not None else [])]
    words += [f"{label}={value}" for label, value in labels.items()]
    words += ["--in", asked.meant.place.name]
    if asked.at is not None:
        words += ["--at", asked.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")]
    for one in asked.case.firing:
        words += ["--firing", described(one)]
    return shlex.join(words)


def _why(config: Config, answer: Answer) -> Iterator[str]:
    for arrival in answer.followed.arrivals:
        path = " › ".join(str(one) for one in _above(config, arrival.route))
        yield f"route: {path} → {arrival.route.receiver}{_muted(arrival)}"
    for one in answer.followed.inhibited_by:
        equal = f", with the same {', '.join(one.rule.equal)}" if one.rule.equal else ""
        by = described(dict(one.source))
        yield f"inhibited by {by}: {written(one.rule.sources)} silences {written(one.rule.targets)}{equal}"
    for chain, first in zip(answer.chains, answer.first, strict=True):
        would = "would page" if answer.followed.inhibited_by else "pages"
        steps = "; ".join(
            f"after {length(first + step.after)} {', '.join(map(_told, step.told)) or 'nobody'}" for step in chain.steps
        )
        yield f"{would} {chain.team} by {chain.escalation}: {steps}"
    for remedy in answer.remedies:
        if remedy.shut:
            yield f"{remedy.name} does not run: {'; '.join(remedy.shut)}"


def _above(config: Config, route: Route) -> list[Route]:
    return [config.route(route.path[:depth]) for depth in range(1, len(route.path) + 1)] or [config.root]


def _muted(arrival: Arrival) -> str:
    if arrival.inactive:
        return f", active only in {', '.join(arrival.inactive)}"
    return f", muted by {', '.join(arrival.muted)}" if arrival.muted else ""


def _told(one: Told) -> str:
    who = one.person or one.channel or "NOBODY"
    duty = f" for {one.duty.giver}" if one.duty is not None and one.duty.kind == "swap" else ""
    return f"{who} ({one.said}{duty})"
