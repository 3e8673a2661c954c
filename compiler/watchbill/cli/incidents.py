"""`watchbill incidents`: what is open, since when, whose it is, and what waits for an answer."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from watchbill.cli.stored import database_option, recovered, text_of

if TYPE_CHECKING:
    from watchbill.executor.core.state import Incident, State

_COLUMNS = ("id", "state", "severity", "service", "team", "opened", "alert")


@click.command("incidents")
@database_option
@click.option("--all", "everything", is_flag=True, help="Also those that ended within the last day.")
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), help="How it is shown.")
def command(database: str, everything: bool, form: str) -> None:
    """Incidents, the worst first."""
    with recovered(database, form) as engine:
        state = engine.state
    plan = state.library.get(state.plan or "")
    chosen = [one for one in state.incidents.values() if everything or one.open]
    chosen.sort(key=lambda one: (plan.rank(one.facts.severity) if plan else 0, one.opened_at, one.id))
    if form == "json":
        click.echo(text_of({"version": 1, "incidents": [_record(one) for one in chosen]}))
        return
    if not chosen:
        click.echo("No incident is open.")
        return
    rows = [_COLUMNS, *(_row(one) for one in chosen)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(_COLUMNS))]
    for row, incident in zip(rows, [None, *chosen], strict=True):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for question in incident.questions if incident is not None else ():
            click.echo(f"    asks {question.id}: watchbill approve {incident.id if incident else ''} --as PERSON")
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
    return tuple("".join(c if c.isprintable() else "·" for c in value or "-") for value in values)


def _summary(state: "State", shown: int) -> str:
    mode = f", mode {state.mode}" if state.mode else ""
    stopped = f", stopped: {', '.join(sorted(state.switches))}" if state.switches else ""
    return f"{shown:,} shown, {state.open:,} open{mode}{stopped}."


def _iso(millis: int | None) -> str | None:
    if millis is None:
        return None
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
