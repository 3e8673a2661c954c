"""Who is worn out by a schedule: uneven nights and weekends, too little rest."""

from collections.abc import Iterator

from watchbill.checks.covered import Covered, listed
from watchbill.oncall.clock import DAY, instant_of
from watchbill.oncall.fairness import LineUp, line_ups, strains
from watchbill.oncall.localtime import length, stretch
from watchbill.source.codes import Code
from watchbill.source.codes import coverage as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec import kinds

YEAR = 366 * DAY


def fairness(one: Covered) -> Iterator[Diagnostic]:
    if not one.policy.body.layers and len(one.policy.body.people) < 2:
        return
    for line_up in line_ups(one.schedule, one.spans):
        nights = {name: load.nights for name, load in line_up.loads.items()}
        hours = {name: load.weekend // 3600 for name, load in line_up.loads.items()}
        yield from _uneven(one, line_up, codes.UNFAIR_NIGHTS, nights, line_up.nights_of_a_turn, "nights")
        yield from _uneven(
            one, line_up, codes.UNFAIR_WEEKENDS, hours, line_up.weekend_of_a_turn // 3600, "weekend hours"
        )


def _uneven(
    one: Covered, line_up: LineUp, code: Code, counts: dict[str, int], of_a_turn: int, what: str
) -> Iterator[Diagnostic]:
    most, total = max(counts.values()), sum(counts.values())
    if most - min(counts.values()) <= 2 * of_a_turn or most * len(counts) * 2 <= total * 3:
        return
    shares = ", ".join(
        f"`{name}` {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    body: kinds.Schedule = one.policy.body
    where = one.policy.at.at("people")
    if body.layers:
        number = next(index for index, layer in enumerate(body.layers) if layer.name == line_up.layer)
        order = sorted(range(len(body.layers[number].eras)), key=lambda index: body.layers[number].eras[index].from_)
        where = one.policy.at.at("layers", number, "eras", order[line_up.era], "people")
    yield Diagnostic(
        code,
        f"{what} are shared unevenly in `{one.schedule.name}`: {shares}",
        where,
        "not the same for all",
        "choose turns that do not always fall on the same days or hours, such as weekly",
        notes=(f"counted {'at 03:00 ' if code is codes.UNFAIR_NIGHTS else ''}by the clock where each of them lives",),
    )


def rest(one: Covered) -> Iterator[Diagnostic]:
    found = strains(one.schedule, one.spans)
    for stint in (True, False):
        all_ = [strain for strain in found if strain.stint is stint]
        if not all_:
            continue
        first = all_[0]
        when = stretch(instant_of(first.start), instant_of(first.end), one.schedule.zone)
        when = f"{when} ({one.policy.body.timezone})"
        if len(all_) > 1:
            when += f", and {'once more' if len(all_) == 2 else f'{len(all_) - 1} more times'}"
            others = sorted({strain.person for strain in all_} - {first.person})
            when += f" ({listed(others)} too)" if others else ""
        long = length(first.end - first.start)
        if stint:
            message = f"`{first.person}` is on call for `{one.schedule.name}` without a break for {long}, {when}"
            help_ = "let somebody else take a turn between, by a swap or by `first:`"
        else:
            message = f"`{first.person}` has {long} of rest after a night on call for `{one.schedule.name}`, {when}"
            help_ = "choose longer turns or other hand-offs, so that eleven hours lie between"
        yield Diagnostic(codes.REST, message, one.policy.at.at("name"), "too little rest", help_)


# Teams
