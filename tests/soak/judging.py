"""What must hold after a storm, counted anew: from the log, the tables, the answers that were had, and the file of actions.

Nothing that the executor says of itself is believed: the log is folded again, and the laws of `executor/laws.py` judge it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from executor import laws
from soak.watching import Takeover
from watchbill.executor.core import State, effects, reduce
from watchbill.executor.core import decisions as said
from watchbill.executor.core import events as came
from watchbill.executor.entries import EVENT, event_of
from watchbill.executor.store import log
from watchbill.executor.store.chain import Head, to_micros, verify
from watchbill.executor.store.connect import Store

HOUR = 3600.0
HELD = [
    laws.runs_within_an_hour_never_exceed_any_limit,
    laws.between_two_runs_on_a_target_lies_the_cooldown,
    laws.a_target_is_touched_by_one_run_at_a_time,
    laws.a_breaker_that_is_open_stops_everything_until_a_person_closes_it,
    laws.right_before_acting_prometheus_was_asked_and_gave_a_good_answer,
    laws.no_run_is_begun_twice_and_none_is_begun_unasked,
    laws.what_is_unknown_is_told_to_a_person_and_never_repeated,
    laws.effects_have_keys_of_their_own,
    laws.every_refusal_reaches_a_person,
    laws.deadlines_in_the_store_are_the_deadlines_of_the_state,
]
_SETTLES = (came.ActionFinished, came.ActionUnknown, came.MessageSettled, came.Collected, came.QueryAnswered)
_SETTLES = (*_SETTLES, came.Reconciled)


class Findings(msgspec.Struct, frozen=True):
    """All of them are empty, or something was broken. Each names what it is about.

    `lost`: deliveries that were answered with 200. `deadlines`: rows that are not those of the log; served twice, or
    never set. `overdue`, `unserved`: left lying though their time has come. `effects`: wanted by the log, and in no row.
    `untold`: rows that have ended, and the log knows no result.
    `twice`: actions that were done again. `unasked`: actions that the log did not permit before, or that came after
    nobody knew. `told_twice`: effects with two results. `above`: limits. `slow`: takeovers. `laws`: what they say.
    """

    lost: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    unserved: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    told_twice: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


class Figures(msgspec.Struct, frozen=True):
    """What it was that held.

    Of takeovers that nothing disturbed at most `slowest` seconds lay between a death and another's claim; of all of them
    at most `latest` after the lease's end. No deadline was served more than `tardy` seconds late.
    """

    answered: int = 0
    entries: int = 0
    incidents: int = 0
    deadlines: int = 0
    effects: int = 0
    acted: int = 0
    unknown: int = 0
    pages: int = 0
    takeovers: int = 0
    slowest: float = 0.0
    latest: float = 0.0
    tardy: float = 0.0
    refused: dict[str, int] = {}


def judged(
    folder: Path,
    database: str,
    *,
    answered: set[str],
    head: Head,
    left: tuple[Sequence[str], Sequence[str]],
    takeovers: Sequence[Takeover],
    grace: float,
    limits: dict[str, int],
) -> tuple[Findings, Figures]:
    """`head` is one that was seen on the way; `left` are deadlines and effects that waited too long; `limits` are an hour's."""
    store = Store(database)
    with store.read() as tx:
        verdict = verify(lambda: log.raw(tx), head=head)
        entries = list(log.entries(tx, prefix=EVENT))
        rows = {row.key: row.due for row in tx.connection.execute(text("SELECT key, due FROM deadlines"))}
        outbox = {row.key: row.state for row in tx.connection.execute(text("SELECT key, state FROM outbox"))}
    store.close()
    story, other = _story(entries)
    state = story.entries[-1].step.state
    acts = _acts(folder / "effects.jsonl")
    begun = [act for act in acts if act["undo"] is None]
    wanted = [effect for entry in story.entries for effect in entry.step.effects]
    taken = {one.event.delivery for one in story.entries if isinstance(one.event, came.Delivered)}
    settled = Counter(entry.event.key for entry in story.entries if isinstance(entry.event, _SETTLES))
    findings = Findings(
        lost=tuple(sorted(answered - taken)),
        deadlines=(*_differences(story, rows), *_served_wrongly(story)),
        overdue=tuple(left[0]),
        effects=tuple(sorted(effect.key for effect in wanted if effect.key not in outbox)),
        unserved=tuple(left[1]),
        untold=tuple(sorted(_untold(story, outbox, set(settled)))),
        twice=_more(Counter(act["key"] for act in acts), 1),
        unasked=tuple(_unasked(story, acts)),
        told_twice=_more(settled, 1),
        above=(
            *_above(begun, "remediation", limits["remediation"]),
            *_above(begun, "target", limits["target"]),
            *_above([{**act, "all": "all"} for act in begun], "all", limits["overall"]),
        ),
        slow=tuple(f"{one.key}: {one.late:.1f} s" for one in takeovers if one.late > grace),
        laws=(*other, *(f"{law.__name__}: {broken}" for law in HELD for broken in law(story))),
        broken=() if verdict.broken is None else (str(verdict.broken),),
    )
    refused = Counter(one.reason for entry in story.entries for one in entry.decided(said.Refused))
    reached = [(one.now, one.event.due) for one in story.entries if isinstance(one.event, came.DeadlineReached)]
    served = [(now - due) / 1000 for now, due in reached]
    figures = Figures(
        answered=len(answered),
        entries=verdict.head.seq,
        incidents=state.opened,
        deadlines=len(served),
        effects=len(wanted),
        acted=len(acts),
        unknown=sum(one.outcome == "unknown" for entry in story.entries for one in entry.decided(said.Ran)),
        pages=sum(len(entry.effects(effects.Page)) for entry in story.entries),
        takeovers=len(takeovers),
        slowest=round(max((one.after for one in takeovers if not one.disturbed), default=0.0), 1),
        latest=round(max((one.late for one in takeovers), default=0.0), 1),
        tardy=round(max(served, default=0.0), 1),
        refused=dict(refused.most_common()),
    )
    return findings, figures


def _story(entries: Sequence[log.Entry]) -> tuple[laws.Story, list[str]]:
    """The log folded again by one who was not there, and where a replica decided otherwise."""
    state, made, other = State(), [], []
    for entry in entries:
        assert entry.body is not None
        now = to_micros(entry.time) // 1000
        step = reduce(state, event_of(entry.body), now)
        if msgspec.json.decode(entry.body).get("decisions", []) != msgspec.json.decode(
            msgspec.json.encode(step.decisions)
        ):
            other.append(f"entry {entry.seq}: a replica decided otherwise")
        made.append(laws.Entry(len(made), event_of(entry.body), now, step))
        state = step.state
    return laws.Story(State(), state.library[state.plan], made), other


def _differences(story: laws.Story, rows: dict[str, int]) -> list[str]:
    """Between the deadlines of the state that the log gives and the rows of the store, in microseconds."""
    state = story.entries[-1].step.state
    known = {f"executor/{name}": due * 1000 for name, due in state.deadlines.items()}
    for one in state.incidents.values():
        known |= {f"{one.id}/{name}": due * 1000 for name, due in one.deadlines.items()}
    return sorted(
        f"{key}: {rows.get(key)} for {known.get(key)}" for key in {key for key, _ in known.items() ^ rows.items()}
    )


def _served_wrongly(story: laws.Story) -> list[str]:
    """Each deadline that was served was set to that instant and not served before."""
    rows: dict[str, int] = {}
    wrong = []
    for entry in story.entries:
        if isinstance(entry.event, came.DeadlineReached) and rows.pop(entry.event.key, None) != entry.event.due:
            wrong.append(f"entry {entry.number}: {entry.event.key} was not set to {entry.event.due}")
        for one in entry.step.deadlines:
            if isinstance(one, effects.SetDeadline):
                rows[one.key] = one.due
            else:
                rows.pop(one.key, None)
    return wrong


def _untold(story: laws.Story, rows: dict[str, str], told: set[str]) -> set[str]:
    """Of an action that was not permitted nothing needs to be told."""
    permitted = {one.run for entry in story.entries for one in entry.decided(said.Permitted)}
    refused = {one.run for entry in story.entries for one in entry.decided(said.Refused)} - permitted
    return {key for key, state in rows.items() if state in ("done", "unknown")} - told - refused


def _acts(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _unasked(story: laws.Story, acts: Sequence[dict[str, Any]]) -> list[str]:
    """Done without an intent that was committed before, or after somebody was told that nobody knows."""
    permitted = {one.run: entry.now for entry in story.entries for one in entry.decided(said.Permitted)}
    unknown = {
        one.run: entry.now for entry in story.entries for one in entry.decided(said.Ran) if one.outcome == "unknown"
    }
    found = []
    for act in acts:
        at, key = act["at"] * 1000, act["key"]
        if key not in permitted or at < permitted[key]:
            found.append(f"{key}: nobody had permitted it")
        if key in unknown and at > unknown[key] + 1:
            found.append(f"{key}: it was unknown by then")
    return found


def _above(acts: Sequence[dict[str, Any]], by: str, limit: int) -> list[str]:
    """Of what more than `limit` were begun within some hour."""
    found = []
    for name in sorted({act[by] for act in acts}):
        times = sorted(act["at"] for act in acts if act[by] == name)
        if any(later - first < HOUR for first, later in zip(times, times[limit:], strict=False)):
            found.append(f"{by} {name}: {len(times)}")
    return found


def _more(counted: Counter[str], most: int) -> tuple[str, ...]:
    return tuple(sorted(f"{key}: {number}" for key, number in counted.items() if number > most))
