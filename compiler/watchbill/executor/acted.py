"""The history of actions: what the machine ran, on what, who let it, how it ended, and what it was held back from.

Made of decisions alone, so that the log is enough, whatever retention has taken from beside it.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from watchbill.executor.core import decisions as said
from watchbill.executor.core.events import Instant
from watchbill.executor.words import Part

Outcome = Literal["succeeded", "failed", "not-started", "unknown", "running", "refused", "held"]


class Acted(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run, or one refusal. `at` is when it began, or was refused; `risk` is 0 to 100; `undo`: it took a run back.

    `helped` is what the alert's own expression said afterwards; None where nobody looked yet.
    """

    at: Instant
    incident: str
    remediation: str
    targets: tuple[str, ...]
    outcome: Outcome
    detail: str = ""
    run: str | None = None
    ended_at: Instant | None = None
    risk: int | None = None
    requested_by: str | None = None
    approved_by: tuple[str, ...] = ()
    undo: bool = False
    helped: bool | None = None


class _Attempt(msgspec.Struct):
    """What is known of an incident's attempt so far."""

    remediation: str
    targets: tuple[str, ...] = ()
    risk: int | None = None
    requested_by: str | None = None
    approved_by: tuple[str, ...] = ()


def history(parts: Iterable[Part]) -> list[Acted]:
    """In the order of the log."""
    attempts: dict[str, _Attempt] = {}
    requested: dict[tuple[str, str], str] = {}
    rows: dict[str, Acted] = {}
    for part in parts:
        for one in part.decisions:
            if one.incident is None:
                continue
            attempt = attempts.get(one.incident)
            if isinstance(one, said.Told) and one.what == "remedy requested" and one.person is not None:
                requested[one.incident, one.detail] = one.person
            elif isinstance(one, said.Weighed):
                by = requested.pop((one.incident, one.remediation), None)
                attempts[one.incident] = _Attempt(one.remediation, one.targets, one.risk, by)
            elif isinstance(one, said.Refused | said.Held):
                if one.remediation is not None and getattr(one, "run", None) is None:
                    rows[f"{one.incident} {len(rows)}"] = _kept_back(part.at, one, attempt)
            elif attempt is None:
                continue
            elif isinstance(one, said.Approval) and one.yes:
                attempt.approved_by = (*attempt.approved_by, one.person)
            elif isinstance(one, said.Passed):
                attempt.targets = one.targets
            elif isinstance(one, said.Permitted):
                rows[one.run] = _run(part.at, one.incident, attempt, one.run, one.target)
            elif isinstance(one, said.Ran):
                begun = rows.get(one.run) or _run(part.at, one.incident, attempt, one.run, _target(attempt, one.run))
                rows[one.run] = msgspec.structs.replace(begun, outcome=one.outcome, detail=one.detail, ended_at=part.at)
            elif isinstance(one, said.Verified) and one.helped is not None:
                last = next((run for run in reversed(rows) if run.startswith(f"{one.incident}/act/")), "")
                for run, row in rows.items():
                    if run.rpartition(".")[0] == last.rpartition(".")[0]:
                        rows[run] = msgspec.structs.replace(row, helped=one.helped)
    return list(rows.values())


def _run(at: Instant, incident: str, attempt: _Attempt, run: str, target: str) -> Acted:
    return Acted(
        at=at,
        incident=incident,
        remediation=attempt.remediation,
        targets=(target,),
        outcome="running",
        run=run,
        risk=attempt.risk,
        requested_by=attempt.requested_by,
        approved_by=attempt.approved_by,
        undo="/undo/" in run,
    )


def _target(attempt: _Attempt, run: str) -> str:
    """Runs of an attempt are numbered as its targets are, from 1."""
    number = run.rpartition(".")[2]
    return attempt.targets[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(attempt.targets) else "-"


def _kept_back(at: Instant, one: said.Refused | said.Held, attempt: _Attempt | None) -> Acted:
    mine = attempt if attempt is not None and attempt.remediation == one.remediation else None
    why = one.detail if isinstance(one, said.Refused) else ""
    return Acted(
        at=at,
        incident=one.incident or "",
        remediation=one.remediation or "",
        targets=mine.targets if mine is not None else (),
        outcome="held" if isinstance(one, said.Held) else "refused",
        detail=f"{one.reason}: {why}" if why else one.reason,
        risk=mine.risk if mine is not None else None,
        requested_by=mine.requested_by if mine is not None else None,
        approved_by=mine.approved_by if mine is not None else (),
    )
