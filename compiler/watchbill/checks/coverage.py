"""Who is on call at every minute of the coverage time: nobody forgotten, nobody away, nobody worn out."""

from collections.abc import Iterator
from itertools import combinations

import msgspec

from watchbill.checks.covered import SHOWN, Covered, listed, over_coverage
from watchbill.checks.strain import fairness, rest
from watchbill.oncall import Era, Schedule
from watchbill.oncall.calendar import Stretch
from watchbill.oncall.clock import day_number
from watchbill.oncall.coverage import same_person
from watchbill.oncall.shifts import has_turns, spans
from watchbill.source.codes import coverage as codes
from watchbill.source.codes import schedules
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec import kinds
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.rota import complete, rota


def check(workspace: Workspace) -> list[Diagnostic]:
    made, found = rota(workspace)
    covered = over_coverage(workspace, made.schedules.values())
    for one in covered.values():
        found.extend(_holes(workspace, one, covered))
        found.extend(_layers(one))
        found.extend(_swaps(one))
        found.extend(fairness(one))
        found.extend(rest(one))
    for name, policy in workspace.documents.get("Team", {}).items():
        if policy.body is not None:
            found.extend(_same_person(workspace, name, policy, covered))
    return found


# Holes


def _holes(workspace: Workspace, one: Covered, covered: dict[str, Covered]) -> Iterator[Diagnostic]:
    open_: list[Stretch] = []  # nobody has the turn, or whoever has it does not work then
    absent: dict[str, list[Stretch]] = {}  # somebody has the turn, and is away
    excused: dict[str, None] = {}
    for start, end, duty in one.spans:
        if duty.kind == "hole":
            other = covered.get(duty.schedule, one)
            if other is not one and other.start <= start and end <= other.end:
                continue  # a gap falls there, and there it is told
            if not complete(workspace.documents["Schedule"][duty.schedule].body):
                continue
            away = next((absence.person for absence in duty.absent if absence.why == "away"), None)
            times = open_ if away is None else absent.setdefault(away, [])
            if times and times[-1][1] == start:
                times[-1] = (times[-1][0], end)
            else:
                times.append((start, end))
            if away is None:
                excused |= dict.fromkeys(absence.person for absence in duty.absent)
        elif duty.kind == "swap" and duty.person is not None and duty.schedule == one.schedule.name:
            yield from _taken_while_away(workspace, one, duty.person, duty.swap or 0, start, end)
    if open_:
        yield _hole(one, open_, list(excused))
    for name, times in absent.items():
        yield _away(workspace, one, name, times)


def _hole(one: Covered, times: list[Stretch], excused: list[str]) -> Diagnostic:
    body: kinds.Schedule = one.policy.body
    where, label = one.policy.at.at("layers" if body.layers else "people", key=True), "nobody then"
    help_ = "let the last layer take every hour (no `only:`), or declare a gap with its reason"
    late = _begins_late(one, times[0])
    if late is not None:
        number, era = late
        where, label = one.policy.at.at("layers", number, "eras", 0, "from"), "the first hand-off comes later"
        help_ = f"let the first era begin a turn earlier than {era.start}"
    notes = one.others(times)
    if excused:
        who = ", ".join(f"`{name}`" for name in excused)
        notes = (*notes, f"the turns are {who}'s, outside the hours they work: add a layer below, or a swap")
    return Diagnostic(
        codes.HOLE,
        f"nobody is on call for `{one.schedule.name}` {one.words(times)}",
        where,
        label,
        help_,
        notes=(*notes, "a page in this time would reach nobody"),
    )


def _begins_late(one: Covered, first: Stretch) -> tuple[int, Era] | None:
    """The layer whose first hand-off ends a hole at the very start of the coverage."""
    if first[0] != one.start or not one.policy.body.layers:
        return None
    for number, (layer, turns) in enumerate(zip(one.schedule.layers, one.schedule.turns, strict=True)):
        if layer.eras and turns.handoff(0) == first[1]:
            return number, layer.eras[0]
    return None


def _away(workspace: Workspace, one: Covered, name: str, times: list[Stretch]) -> Diagnostic:
    return Diagnostic(
        codes.AWAY,
        f"`{name}` is away and has the turn in `{one.schedule.name}` {one.words(times)}",
        _absence(workspace, one.schedule, name, times[0][0]),
        "nobody stands in",
        f"agree on a swap for `{name}`, or add a layer below",
        notes=(*one.others(times), "a page in this time would reach nobody"),
        related=(Related(one.policy.at.at("name"), "on this schedule"),),
    )


def _taken_while_away(
    workspace: Workspace, one: Covered, name: str, swap: int, start: int, end: int
) -> Iterator[Diagnostic]:
    person = one.schedule.part_time.get(name)
    if person is None or not person.away:
        return
    for at, until, why in person.absences(start, end):
        if why == "away":
            times = [(max(at, start), min(until, end))]
            yield Diagnostic(
                codes.AWAY,
                f"`{name}` takes over a turn in `{one.schedule.name}` and is away {one.words(times)}",
                one.policy.at.at("swaps", swap, "take"),
                "away then",
                "let somebody else take it, or correct the days away",
                related=(Related(_absence(workspace, one.schedule, name, at), "away by this"),),
            )
            return


def _absence(workspace: Workspace, schedule: Schedule, name: str, instant: int) -> Location:
    """Where a person's policy says that they are away at an instant."""
    policy = workspace.documents["Person"][name]
    person = schedule.persons[name]
    midnight = person.clock.midnight
    for index, (first, last) in enumerate(person.away):
        if midnight(day_number(first)) <= instant < midnight(day_number(last) + 1):
            return policy.at.at("away", index)
    return policy.at.at("away")


# Layers and swaps that come to nothing


def _layers(one: Covered) -> Iterator[Diagnostic]:
    asked = {duty.layer for _, _, duty in one.spans if duty.schedule == one.schedule.name}
    asked |= {absence.layer for _, _, duty in one.spans for absence in duty.absent}
    for number, layer in enumerate(one.schedule.layers):
        if layer.name in asked or not any(era.people for era in layer.eras) or not one.policy.body.layers:
            continue
        where = one.policy.at.at("layers", number, "name")
        if not has_turns(one.schedule, number, one.start, one.end):
            yield Diagnostic(
                codes.NEVER_ON,
                f"layer `{layer.name}` of `{one.schedule.name}` never has anyone in the coverage time",
                where,
                "never on call",
                "look at its calendar and at the days of its eras, or remove it",
            )
        else:
            yield Diagnostic(
                codes.NEVER_REACHED,
                f"layer `{layer.name}` of `{one.schedule.name}` is never asked: a layer above it always has somebody",
                where,
                "never on call",
                "the first layer that has somebody wins: put it higher, or remove it",
            )


def _swaps(one: Covered) -> Iterator[Diagnostic]:
    body: kinds.Schedule = one.policy.body
    for index, swap in enumerate(one.schedule.swaps):
        start, end = one.schedule.exchanged[index]
        if start >= end:
            continue  # told where times are looked at
        where = one.policy.at.at("swaps", index, "for")
        if swap.take == swap.giver:
            message = f"`{swap.take}` takes this time over from themselves"
        elif not _has_turn(one.schedule, swap.giver, index, start, end):
            message = f"`{swap.giver}` has no turn in `{one.schedule.name}` from {body.swaps[index].from_} until {body.swaps[index].until}"
        else:
            continue
        before = spans(msgspec.structs.replace(one.schedule, swaps=one.schedule.swaps[:index]), start, end)
        people = list(dict.fromkeys(duty.person for _, _, duty in before if duty.person is not None))
        who = ", ".join(f"`{name}`" for name in people[:SHOWN]) or "nobody"
        yield Diagnostic(
            schedules.NO_EFFECT,
            message,
            where,
            "nothing changes",
            f"on call then: {who}{', …' * (len(people) > SHOWN)}",
        )


def _has_turn(schedule: Schedule, name: str, index: int, start: int, end: int) -> bool:
    """Whether somebody has anything to give in a time, before the swap at an index."""
    before = spans(msgspec.structs.replace(schedule, swaps=schedule.swaps[:index]), start, end)
    return any(
        duty.kind in ("rotation", "swap", "hole")
        and duty.gap is None
        and (duty.person == name or any(absence.person == name for absence in duty.absent))
        for _, _, duty in before
    )


# Fairness and rest


def _same_person(workspace: Workspace, team: str, policy: Policy, covered: dict[str, Covered]) -> Iterator[Diagnostic]:
    roles = [
        (role, one)
        for role, reference in policy.body.on_call.items()
        if (one := covered.get(qualified(workspace.documents, "Schedule", reference, team) or "")) is not None
    ]
    for (role, one), (other_role, other) in combinations(roles, 2):
        where = policy.at.at("on_call", other_role)
        if one is other:
            yield Diagnostic(
                codes.SAME_PERSON,
                f"{role} and {other_role} of team `{team}` are one schedule",
                where,
                "the same person, always",
                "give it a schedule of its own, a turn behind",
            )
            continue
        both: dict[str, list[Stretch]] = {}
        for start, end, person in same_person(one.spans, other.spans):
            both.setdefault(person, []).append((start, end))
        if not both:
            continue
        times = sorted(time for all_ in both.values() for time in all_)
        person = next(name for name, all_ in both.items() if times[0] in all_)
        others = f" (at other times {listed(sorted(set(both) - {person}))})" if len(both) > 1 else ""
        yield Diagnostic(
            codes.SAME_PERSON,
            f"`{person}` is {role} and {other_role} of team `{team}` at once {other.words(times)}{others}",
            where,
            "the same person",
            "let the two schedules be a turn apart",
            notes=other.others(times),
        )
