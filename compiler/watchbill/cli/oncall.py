"""`watchbill oncall`: who is on call, since when and until when, in whose time; the week; and calendars to subscribe to."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from watchbill.cli.instant import Instant
from watchbill.cli.shared import Read, plural, read, show, summary, workspace_option
from watchbill.cli.show.duty import HEADS, because, iso, shift_record, swap_reason, table_row, wrapped
from watchbill.source.diagnostic import did_you_mean, has_errors

COMING = 28  # days ahead that `--person` looks


class Asked(NamedTuple):
    """What the command line asks of a workspace."""

    at: datetime
    now: datetime
    schedule: str | None
    person: str | None
    week: bool


@click.command("oncall")
@workspace_option
@click.option("--at", type=Instant(), metavar="T", help="An instant: 2026-12-25T03:00+01:00 or '… Europe/Berlin'.")
@click.option(
    "--week", is_flag=True, help="Draw the week of that instant, with its hand-offs and who carries how much."
)
@click.option("--schedule", metavar="NAME", help="One schedule.")
@click.option("--person", metavar="NAME", help="One person: now, and in the next four weeks.")
@click.option(
    "--ics", type=click.Path(path_type=Path), metavar="DIR", help="Write iCalendar files of the coverage time."
)
@click.option("--now", type=Instant(), metavar="T", help="What to take for the present.")
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), help="How it is shown.")
def command(
    folder: Path,
    at: datetime | None,
    week: bool,
    schedule: str | None,
    person: str | None,
    ics: Path | None,
    now: datetime | None,
    form: str,
) -> None:
    """Who is on call, for each team and role: now, or at any instant.

    Exit 1 when the policies have errors; what they say is shown all the same.
    """
    result = read(folder)
    if result.workspace is None:
        show(form, result.found, result.sources)
        sys.exit(1)
    now = now or datetime.now(UTC)
    answer = _Answer(result, Asked(at or now, now, schedule, person, week))
    files = answer.write(ics) if ics is not None else []
    if form == "json":
        click.echo(json.dumps({**answer.document(), "files": files}, ensure_ascii=False, indent=2))
    else:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo("\n".join(_painted(line, color) for line in answer.lines()))
        if ics is not None:
            click.echo(f"\n{plural(len(files), 'calendar')} written below {ics}", err=True)
    if has_errors(result.found):
        if form == "text":
            count = len(result.policies.files) if result.policies else 0
            click.echo(f"{summary(result.found, result.sources, count)} `watchbill check` shows them.", err=True)
        sys.exit(1)


def _painted(line: str, color: bool) -> str:
    """On a terminal: heads bold, nobody red, whoever is on call green."""
    if not color:
        return line
    line = re.sub("█+|▌+", lambda match: f"\x1b[32m{match[0]}\x1b[0m", line)
    line = re.sub(r"NOBODY|!+", lambda match: f"\x1b[31m{match[0]}\x1b[0m", line)
    return f"\x1b[1m{line}\x1b[0m" if line and line[0] not in " \x1b" else line


class _Role(NamedTuple):
    """One line: a team's role, or a schedule that no team names."""

    team: str | None
    role: str | None
    schedule: str


class _Answer:
    def __init__(self, result: Read, asked: Asked) -> None:
        from watchbill.spec.model import qualified  # noqa: PLC0415
        from watchbill.spec.rota import rota  # noqa: PLC0415

        assert result.workspace is not None  # noqa: S101  (the command ends before, otherwise)
        self._workspace = workspace = result.workspace
        self._asked = asked
        self._rota, _ = rota(workspace)
        self._schedules = self._chosen(asked.schedule)
        if asked.person is not None and asked.person not in self._rota.people:
            raise _unknown("person", asked.person, self._rota.people)
        roles = []
        for team, policy in workspace.documents.get("Team", {}).items():
            for role, reference in (policy.body.on_call if policy.body is not None else {}).items():
                name = qualified(workspace.documents, "Schedule", reference, team)
                if name in self._schedules:
                    roles.append(_Role(team, role, str(name)))
        named = {role.schedule for role in roles}
        roles += [_Role(None, None, name) for name in self._schedules if name not in named]
        self._roles = [role for role in roles if asked.person in (None, *self._people(role))]

    def _chosen(self, name: str | None) -> list[str]:
        known = self._rota.schedules
        if name is None:
            return list(known)
        found = [name] if name in known else [other for other in known if other.rpartition("/")[2] == name]
        if not found:
            raise _unknown("schedule", name, known)
        return found

    def _people(self, role: _Role) -> tuple[str, ...]:
        from watchbill.oncall import on_call  # noqa: PLC0415

        schedule = self._rota.schedules[role.schedule]
        return (*on_call(schedule, self._asked.at).people, *schedule.shadow)

    # As text

    def lines(self) -> Iterator[str]:
        if self._asked.week:
            yield from self._week_lines()
        else:
            yield from self._now_lines()
        if self._asked.person is not None and not self._asked.week:
            yield from self._coming_lines(self._asked.person)

    def _now_lines(self) -> Iterator[str]:
        from watchbill.oncall.localtime import moment  # noqa: PLC0415

        yield f"On call at {moment(self._asked.at, UTC)} UTC"
        rows: list[tuple[str, ...]] = []
        for role in self._roles:
            entry = self._entry(role)
            who = entry["people"][0] if entry["people"] else "NOBODY" if entry["kind"] == "hole" else "nobody"
            there = self._local(who)
            until, then = "no hand-off", ""
            if entry["until"] is not None:
                schedule = self._rota.schedules[role.schedule]
                until = (
                    f"{moment(datetime.fromisoformat(entry['until']), schedule.zone, year=False)} {entry['timezone']}"
                )
                then = entry["then"][0] if entry["then"] else "nobody"
            rows.append((role.team or "", role.role or role.schedule, who, there, until, then, because(entry)))
        if not rows:
            yield ""
            yield "  nobody that was asked for is on call" if self._asked.person else "  there is no schedule"
            return
        widths = [max(len(head), *(len(row[index]) for row in rows)) for index, head in HEADS]
        yield ""
        yield table_row([head for _, head in HEADS], widths)
        team = None
        for row in rows:
            if row[0] != team:
                team = row[0]
                yield team or "(no team's role)"
            yield table_row(list(row[1:6]), widths)
            if row[6]:
                yield f"      {row[6]}"

    def _local(self, person: str) -> str:
        from watchbill.oncall.localtime import DAYS  # noqa: PLC0415

        known = self._rota.people.get(person)
        if known is None:
            return ""
        local = self._asked.at.astimezone(known.zone)
        return f"{DAYS[local.weekday()]} {local:%H:%M}"

    def _coming_lines(self, person: str) -> Iterator[str]:
        from watchbill.oncall.localtime import length, stretch  # noqa: PLC0415

        zone = self._rota.people[person].zone
        yield ""
        yield f"{person} in the next {COMING} days, by the clock of {zone}"
        coming = self._coming(person)
        for name, shift in coming:
            why = f", for {shift.duty.giver}" if shift.duty.giver else ""
            lasts = length(int(shift.length.total_seconds()))
            yield f"  {stretch(shift.start, shift.end, zone)}  {name}{why}  ({lasts})"
        if not coming:
            yield "  nothing"

    def _week_lines(self) -> Iterator[str]:
        from watchbill.oncall.localtime import day  # noqa: PLC0415
        from watchbill.oncall.week import LEGEND, by_day, drawn  # noqa: PLC0415

        shown = False
        for name in self._schedules:
            schedule = self._rota.schedules[name]
            first, found = self._week(name)
            if self._asked.person is not None and all(duty.person != self._asked.person for _, _, duty in found):
                continue
            if shown:
                yield ""
            shown = True
            monday, sunday = (datetime.fromtimestamp(number * 86_400, UTC) for number in (first, first + 6))
            yield f"{name}   {day(monday, year=False)} to {day(sunday)}, {schedule.zone}"
            yield from drawn(schedule, found, first, int(self._asked.now.timestamp() // 1))
            handoffs = by_day(schedule, found)
            yield ""
            for when, changes in handoffs:
                yield from wrapped(f"  {when:<10}  ", changes)
            if not handoffs:
                yield "  no hand-off this week"
            yield ""
            yield from self._fairness_lines(name)
        if shown:
            yield ""
            yield LEGEND
        else:
            yield "nobody that was asked for is on call in this week" if self._asked.person else "there is no schedule"

    def _fairness_lines(self, name: str) -> Iterator[str]:
        from watchbill.oncall.localtime import moment  # noqa: PLC0415

        fairness = self._fairness(name)
        zone = self._rota.schedules[name].zone
        start, until = (moment(datetime.fromisoformat(fairness[key]), zone) for key in ("from", "until"))
        yield f"  from {start} until {until}"
        width = max([6, *(len(person["person"]) for person in fairness["people"])])
        yield f"  {'':<{width}}  {'hours':>7}  {'nights':>6}  {'weekend hours':>13}"
        for one in fairness["people"]:
            numbers = f"{one['hours']:>7,.0f}  {one['nights']:>6,}  {one['weekend_hours']:>13,.0f}"
            yield f"  {one['person']:<{width}}  {numbers}"

    # As data

    def document(self) -> dict[str, Any]:
        asked = self._asked
        found: dict[str, Any] = {
            "version": 1,
            "workspace": self._workspace.name,
            "at": iso(asked.at),
            "on_call": [self._entry(role) for role in self._roles],
        }
        if asked.week:
            found["week"] = [self._week_document(name) for name in self._schedules]
        if asked.person is not None:
            shifts = [{**shift_record(shift), "schedule": name} for name, shift in self._coming(asked.person)]
            found["person"] = {"name": asked.person, "shifts": shifts}
        return found

    def _entry(self, role: _Role) -> dict[str, Any]:
        from watchbill.oncall import next_handoff, on_call  # noqa: PLC0415

        at = self._asked.at
        schedule = self._rota.schedules[role.schedule]
        duty = on_call(schedule, at)
        until = next_handoff(schedule, at)
        then = on_call(schedule, until).people if until is not None else ()
        policy = self._workspace.documents["Schedule"][role.schedule]
        return {
            "team": role.team,
            "role": role.role,
            "schedule": role.schedule,
            "timezone": policy.body.timezone,
            "people": list(duty.people),
            "local_times": {
                name: iso(at, self._rota.people[name].zone) for name in duty.people if name in self._rota.people
            },
            "kind": duty.kind,
            "layer": duty.layer,
            "by_schedule": duty.schedule,
            "for": duty.giver,
            "reason": policy.body.gaps[duty.gap].reason if duty.gap is not None else swap_reason(policy, duty),
            "absent": [{"person": one.person, "layer": one.layer, "why": one.why} for one in duty.absent],
            "shadow": list(schedule.shadow),
            "until": iso(until) if until is not None else None,
            "then": list(then),
        }

    def _week(self, name: str) -> tuple[int, list[Any]]:
        """The day number of the week's Monday, and the week's spans."""
        from watchbill.oncall.clock import day_number  # noqa: PLC0415
        from watchbill.oncall.shifts import spans  # noqa: PLC0415

        schedule = self._rota.schedules[name]
        local = self._asked.at.astimezone(schedule.zone)
        first = day_number(local.date()) - local.weekday()
        start, end = schedule.clock.midnight(first), schedule.clock.midnight(first + 7)
        return first, spans(schedule, start, end)

    def _week_document(self, name: str) -> dict[str, Any]:
        from watchbill.oncall import shifts  # noqa: PLC0415
        from watchbill.oncall.clock import instant_of  # noqa: PLC0415

        schedule = self._rota.schedules[name]
        _, found = self._week(name)
        first, last = instant_of(found[0][0]), instant_of(found[-1][1])
        return {
            "schedule": name,
            "timezone": str(schedule.zone),
            "from": iso(first),
            "until": iso(last),
            "shifts": [shift_record(shift) for shift in shifts(schedule, first, last)],
            "fairness": self._fairness(name),
        }

    def _fairness(self, name: str) -> dict[str, Any]:
        from watchbill.oncall import fairness  # noqa: PLC0415

        start, end = self._horizon(name)
        loads = fairness(self._rota.schedules[name], start, end)
        people = [
            {
                "person": person,
                "hours": round(load.seconds / 3600, 2),
                "nights": load.nights,
                "weekend_hours": round(load.weekend / 3600, 2),
                "stints": load.stints,
            }
            for person, load in loads.items()
        ]
        return {"from": iso(start), "until": iso(end), "people": people}

    def _horizon(self, name: str) -> tuple[datetime, datetime]:
        """The coverage time; without any, a year from the instant that was asked for."""
        from datetime import timedelta  # noqa: PLC0415

        from watchbill.checks.covered import coverage_of  # noqa: PLC0415
        from watchbill.oncall.clock import instant_of  # noqa: PLC0415

        if self._workspace.settings.coverage is None:
            return self._asked.at, self._asked.at + timedelta(days=366)
        start, end = coverage_of(self._workspace, self._rota.schedules[name])
        return instant_of(start), instant_of(end)

    def _coming(self, person: str) -> list[tuple[str, Any]]:
        from datetime import timedelta  # noqa: PLC0415

        from watchbill.oncall import shifts  # noqa: PLC0415

        at = self._asked.at
        found = [
            (name, shift)
            for name in self._schedules
            for shift in shifts(self._rota.schedules[name], at, at + timedelta(days=COMING))
            if shift.person == person and self._is_own(shift)
        ]
        return sorted(found, key=lambda one: (one[1].start, one[0]))

    def _is_own(self, shift: Any) -> bool:
        """Whether a shift stands for itself, and is not what another schedule that is shown has too."""
        return shift.kind != "fallback" or shift.duty.schedule not in self._schedules

    # As iCalendar

    def write(self, folder: Path) -> list[str]:
        """A calendar for each schedule and each person that was asked for. The paths, in order."""
        from watchbill.oncall import shifts  # noqa: PLC0415
        from watchbill.oncall.ical import calendar  # noqa: PLC0415

        every = {name: shifts(self._rota.schedules[name], *self._horizon(name)) for name in self._schedules}
        texts: dict[str, str] = {}
        if self._asked.person is None:
            for name, found in every.items():
                texts[f"schedules/{name}.ics"] = calendar(
                    name, self._workspace.name, [(name, shift) for shift in found]
                )
        people = [self._asked.person] if self._asked.person is not None else sorted(self._rota.people)
        for person in people if self._asked.schedule is None or self._asked.person is not None else ():
            own = [
                (name, shift)
                for name, found in every.items()
                for shift in found
                if shift.person == person and self._is_own(shift)
            ]
            if own or self._asked.person is not None:
                own.sort(key=lambda one: (one[1].start, one[0]))
                texts[f"people/{person}.ics"] = calendar(person, self._workspace.name, own)
        try:
            for path, text in texts.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(text.encode())
        except OSError as error:
            raise click.ClickException(f"cannot write {error.filename}: {(error.strerror or '').lower()}") from None
        return [str(folder / path) for path in sorted(texts)]


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> click.UsageError:
    close = did_you_mean(name, known) or did_you_mean(name, [other.rpartition("/")[2] for other in known])
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(sorted(known)[:8]) or 'none'}"
    return click.UsageError(f"there is no {what} `{name}`: {hint}")
