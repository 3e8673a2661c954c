"""`watchbill incidents`: what is open, since when, whose it is, and what waits for an answer; or one of them, whole."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from watchbill.cli.stored import as_json, database_option, fail, form_option, recovered, text_of
from watchbill.cli.story import iso, line_record, plain, record, story_text, table
from watchbill.source.codes import executor

if TYPE_CHECKING:
    from watchbill.executor.core.state import Incident, State
    from watchbill.executor.engine import Engine

_COLUMNS = ("id", "state", "severity", "service", "team", "opened", "alert")


@click.command("incidents")
@click.argument("incident", default="")
@database_option
@click.option("--all", "everything", is_flag=True, help="Also those that ended within the last day.")
@form_option
def command(incident: str, database: str, everything: bool) -> None:
    """Incidents, the worst first. With INCIDENT, its id or how it begins, the whole story of that one from the log, also when
    it has long ended: what was decided and why, who was told and when, what was done, what was not, and what came of it.
    """
    with recovered(database) as engine:
        state = engine.state
        if incident:
            _whole(engine, incident)
            return
    plan = state.library.get(state.plan or "")
    chosen = [one for one in state.incidents.values() if everything or one.open]
    chosen.sort(key=lambda one: (plan.rank(one.facts.severity) if plan else 0, one.opened_at, one.id))
    if as_json():
        click.echo(text_of({"version": 1, "incidents": [_record(one) for one in chosen], **_held(state)}))
        return
    if not chosen:
        click.echo("No incident is open.")
        return
    rows = [_COLUMNS, *(_row(one) for one in chosen)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(_COLUMNS))]
    for row, one in zip(rows, [None, *chosen], strict=True):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for question in one.questions if one is not None else ():
            click.echo(f"    asks {question.id}: watchbill approve {one.id if one else ''} --as PERSON")
    click.echo(_summary(state, len(chosen)), err=True)


def _record(one: "Incident") -> dict[str, Any]:
    record = {
        "id": one.id,
        "key": one.key,
        "state": one.phase,
        "severity": one.facts.severity,
        "service": one.key.get("service"),
        "team": one.facts.team,
        "opened_at": _iso(one.opened_at),
        "alert": one.key.get("alertname"),
        "title": one.title,
        "risk": one.facts.risk,
        "class": one.facts.class_,
        "alerts": len(one.alerts),
        "owner": one.owner,
        "acknowledged_at": _iso(one.acknowledged_at),
        "resolved_at": _iso(one.resolved_at),
        "questions": [{"id": question.id, "expires_at": _iso(question.expires_at)} for question in one.questions],
    }
    return {name: value for name, value in record.items() if value is not None}


def _row(one: "Incident") -> tuple[str, ...]:
    found = _record(one)
    opened = found["opened_at"].replace("T", " ").removesuffix(":00Z")
    values = (one.id, one.phase, one.facts.severity, found.get("service"), one.facts.team, opened, found.get("alert"))
    return tuple(plain(value or "-") for value in values)


def _summary(state: "State", shown: int) -> str:
    mode = f", mode {state.mode}" if state.mode else ""
    stopped = f", stopped: {', '.join(sorted(state.switches))}" if state.switches else ""
    breakers = sorted(_open_breakers(state))
    broken = f", breakers open: {', '.join(breakers)}" if breakers else ""
    return f"{shown:,} shown, {state.open:,} open{mode}{stopped}{broken}."


def _open_breakers(state: "State") -> dict[str, int]:
    """Each with the instant at which it opened."""
    return {name: one.opened_at for name, one in state.ledger.breakers.items() if one.opened_at is not None}


def _held(state: "State") -> dict[str, Any]:
    """What people and breakers hold back now."""
    return {
        "open": state.open,
        "mode": state.mode,
        "stopped": {
            scope: {"by": one.person, "since": iso(one.since), "reason": one.reason}
            for scope, one in sorted(state.switches.items())
        },
        "breakers": {name: {"opened_at": iso(at)} for name, at in sorted(_open_breakers(state).items())},
    }


def _iso(millis: int | None) -> str | None:
    return iso(millis) if millis is not None else None


# One of them


def _whole(engine: "Engine", name: str) -> None:
    from watchbill.executor.acted import history as acted  # noqa: PLC0415
    from watchbill.executor.core.decisions import Classified, Moved, Opened  # noqa: PLC0415
    from watchbill.executor.history import stories  # noqa: PLC0415
    from watchbill.executor.words import lines  # noqa: PLC0415

    with engine.store.read() as tx:
        found = stories(tx, name)
    if len(found) != 1:
        several = f"fits {len(found)} incidents" if found else "is not an incident that the log tells of"
        fail(executor.NO_INCIDENT, f"`{name}` {several}", "watchbill incidents --all")
    (story,) = found
    plan = engine.state.library.get(engine.state.plan or "")
    told, done = list(lines(plan, story.parts)), acted(story.parts)
    opened, facts, moved = story.last(Opened), story.last(Classified), story.last(Moved)
    if as_json():
        about = {
            name: value
            for name, value in (msgspec.to_builtins(facts) or {}).items()
            if name not in ("type", "incident")
        }
        document = {
            "version": 1,
            "incident": {
                "id": story.incident,
                "key": opened.key if opened is not None else None,
                "alert": opened.alert if opened is not None else None,
                "state": moved.after if moved is not None else None,
                **about,
            },
            "story": [line_record(line) for line in told],
            "actions": [record(one) for one in done],
            "erased_entries": story.erased,
        }
        click.echo(text_of(document))
        return
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    phase = moved.after if moved is not None else "known in part"
    what = f", {opened.alert or 'an alert that no policy claims'}" if opened is not None else ""
    head = f"{story.incident}{what}: {phase}"
    click.echo(f"\x1b[1m{head}\x1b[0m" if color else head)
    click.echo("\n".join(["", *story_text(told, lambda line: iso(line.at), [], color=color)]))
    if done:
        click.echo("\n".join(["", "Actions", *table(done)]))
    if story.erased:
        click.echo(f"{story.erased:,} entries of the log have lost their bodies to retention.", err=True)
