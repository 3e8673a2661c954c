"""An answer held against what a test expects of it."""

from collections.abc import Iterator
from typing import NamedTuple

from watchbill.promql import format_duration
from watchbill.routing import Config
from watchbill.routing.building.answer import Answer
from watchbill.routing.building.asking import NOBODY, Asked
from watchbill.spec.scalars import seconds


class Wrong(NamedTuple):
    """An expectation that does not come out: the key of the case, what it expects, what happens."""

    key: str
    expected: str
    happens: str


def wrong(asked: Asked, config: Config, answer: Answer) -> list[Wrong]:
    """Everything that does not come out as the case expects, in the order of its keys."""
    timed = asked.at is None and _asks_of_the_time(asked) and not answer.followed.inhibited_by
    if timed and (names := _intervals(answer)):
        return [Wrong("in", "the same at any time", f"its route depends on {_listed(names)}: give `at`")]
    return [
        *_reached(asked, config, answer),
        *_receivers(asked, config, answer),
        *_outcome(asked, answer),
        *_inhibited(asked, answer),
        *_remedies(asked, answer),
    ]


def _asks_of_the_time(asked: Asked) -> bool:
    case = asked.case
    return bool(case.reaches) or case.receivers is not None or case.outcome is not None or case.remedies is not None


def _intervals(answer: Answer) -> list[str]:
    arrivals = answer.followed.arrivals
    return list(dict.fromkeys(name for one in arrivals for name in (*one.route.active, *one.route.muted)))


def _reached(asked: Asked, config: Config, answer: Answer) -> Iterator[Wrong]:
    case = asked.case
    if NOBODY in case.reaches:
        told = telling(config, answer)
        if told:
            yield Wrong("reaches", "nobody", _are(told, "told"))
        return
    when = reached(answer)
    limit = seconds(case.within) if case.within is not None else None
    for name in asked.people:
        within = f"{name} within {case.within}" if limit is not None else name
        if name not in when:
            yield Wrong(
                "reaches", within, f"{_listed(who(answer)) or 'nobody'} {'are' if len(when) > 1 else 'is'} reached"
            )
        elif limit is not None and when[name] > limit:
            yield Wrong("within", within, f"{name} is reached after {length(when[name])}")


def _receivers(asked: Asked, config: Config, answer: Answer) -> Iterator[Wrong]:
    """Receivers that have no way to tell anything are as good as none."""
    wanted = asked.case.receivers
    if wanted is None:
        return
    expected = {name for name in wanted if name not in config.receivers or config.receivers[name].integrations}
    told = [name for name in answer.followed.told if config.receivers[name].integrations]
    if expected != set(told):
        yield Wrong("receivers", _listed(sorted(expected)) or "none", _are(told, "told"))


def _outcome(asked: Asked, answer: Answer) -> Iterator[Wrong]:
    wanted = asked.case.outcome
    if wanted is not None and answer.outcome != wanted:
        silent = "it is inhibited" if answer.followed.inhibited_by else "no policy says what it leads to"
        yield Wrong("outcome", wanted, f"it leads to {answer.outcome}" if answer.outcome else silent)


def _inhibited(asked: Asked, answer: Answer) -> Iterator[Wrong]:
    wanted, by = asked.case.inhibited, answer.followed.inhibited_by
    if wanted is True and not by:
        perhaps = answer.followed.may_be_inhibited_by
        yield Wrong("inhibited", "inhibited", "nothing inhibits it" + (" in this order of arrival" if perhaps else ""))
    elif wanted is False and by:
        yield Wrong("inhibited", "not inhibited", "it is inhibited")


def _remedies(asked: Asked, answer: Answer) -> Iterator[Wrong]:
    if asked.case.remedies is None:
        return
    run = [one.name for one in answer.remedies if one.runs] if answer.followed.told else []
    if run != list(asked.remedies):
        yield Wrong("remedies", _listed(asked.remedies) or "none", f"{_listed(run) or 'none'} may run")


def telling(config: Config, answer: Answer) -> list[str]:
    """The receivers by which somebody hears of it now."""
    if answer.followed.inhibited_by:
        return []
    found = []
    for arrival, receiver in zip(answer.followed.arrivals, answer.receivers, strict=True):
        name = arrival.route.receiver
        if arrival.active and (receiver is None or receiver.kind != "drop") and config.receivers[name].integrations:
            found.append(name)
    return list(dict.fromkeys(found))


def reached(answer: Answer) -> dict[str, float]:
    """Everybody who is paged, and after how many seconds at the earliest, the wait for the first message with it."""
    found: dict[str, float] = {}
    if answer.followed.inhibited_by:
        return found
    for chain, first in zip(answer.chains, answer.first, strict=True):
        for step in chain.steps:
            for one in step.told:
                if one.person is not None:
                    found[one.person] = min(found.get(one.person, first + step.after), first + step.after)
    return found


def who(answer: Answer) -> list[str]:
    """`ana after 15s`, in the order in which they are reached."""
    return [f"{name} after {length(after)}" for name, after in sorted(reached(answer).items(), key=lambda one: one[1])]


def length(number: float) -> str:
    return format_duration(round(number * 1000))


def _are(names: list[str], what: str) -> str:
    return f"{_listed(names) or 'none'} {'are' if len(names) > 1 else 'is'} {what}"


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)
