"""The document as text, for a terminal of 80 columns."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from watchbill.cli.show.rows import Row, paragraph, table
from watchbill.oncall.localtime import DAYS, moment
from watchbill.promql import format_duration
from watchbill.targets.wording import EVERYWHERE

Record = dict[str, Any]
LONG = 40  # of a text: where it holds then stands above it


def render(story: Record, *, color: bool = False) -> str:
    """With `color` heads are bold, and nobody is red."""
    return "\n".join(_painted(line) if color else line for line in _lines(story))


def _painted(line: str) -> str:
    line = line.replace("NOBODY", "\x1b[31mNOBODY\x1b[0m")
    return f"\x1b[1m{line}\x1b[0m" if line and line[0] not in " \x1b" else line


def _lines(story: Record) -> Iterator[str]:
    kind = "" if story["kind"] == "Service" else " (rules of others)"
    tier = f", tier {story['tier']}" if story["tier"] is not None else ""
    yield story["alert"]
    yield from paragraph(f"{story['service']}{kind}{tier} · team {story['team']} · {story['where']}")
    yield from paragraph(story["summary"])
    if story["no_data_of"]:
        yield from paragraph(f"It fires when the series that {story['no_data_of']} watches are gone.")
    yield from _section("Written in", table(Row(one["what"], _at(one)) for one in story["files"]))
    yield from _section("Compiled to", (f"  {path}" for path in story["compiled"]))
    yield from _section("What is in force, and who says so", table(_values(story["values"])))
    yield from _section("Where it goes", _goes(story))
    yield from _section("Who answers", _answers(story["on_call"]))
    yield from _section("What to do", _what_to_do(story))
    yield from _section("Tests", _tests(story["tests"]))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    held = list(lines)
    if held:
        yield ""
        yield title
        yield from held


def _at(record: Record) -> str:
    return f"{record['file']}:{record['line']}" if record["file"] is not None else ""


def _values(values: list[Record]) -> Iterator[Row]:
    for held in values:
        code = held["key"] == "expr"
        for one in held["values"]:
            text = one["value"].strip()
            if one["where"] and one["where"] != text:
                long = code or len(text) > LONG
                text = f"{one['where']}:\n{text}" if long else f"{text}   {one['where']}"
            yield Row(held["key"].removeprefix("params."), text, _origin(one), code)
            if (before := one["before"]) is not None:
                was = f"was {before['value'].strip()}"
                yield Row(held["key"].removeprefix("params."), was, _origin(before), code)


def _origin(one: Record) -> str:
    """`team defaults :10`: a line of the file that the list above gives for these words."""
    by = f", by {one['by']}" if one["by"] else ""
    line = f" :{one['line']}" if one["line"] is not None else ""
    return f"{one['from']}{by}{line}"


def _goes(story: Record) -> Iterator[str]:
    yield from table(_leads_to(story["leads_to"]))
    for owner in story["owners"]:
        found = f"{owner['label']} {', '.join(owner['patterns'])}: {owner['words']}"
        yield from paragraph(f"{found} ({owner['severity']})", 2, 4)
    yield from paragraph(f"one incident for each {', '.join(story['incident'])}", 2, 4)
    for one in story["quieter"]:
        effect = "the machine does nothing" if one["effect"] == "no-remediation" else f"at most a {one['effect']}"
        yield from paragraph(f"window {one['window']}, {one['where']}: {effect}: {one['reason']} ({_at(one)})", 2, 4)
    for one in story["inhibited_by"]:
        at = f" ({_at(one)})" if one["file"] else ""
        yield from paragraph(f"{', '.join(one['severities'])} is silenced by {one['by']}{at}", 2, 4)


def _leads_to(outcomes: list[Record]) -> Iterator[Row]:
    """What each severity leads to, and when it is told; at the right who says so."""
    for one in outcomes:
        said = {reason["key"]: _origin({**reason, "by": None}) for reason in one["because"]}
        where = "" if one["where"] == EVERYWHERE else f"   in {one['where']}"
        yield Row(one["severity"], f"{one['words']}{where}", said["severity"])
        if "at_most" in said:
            yield Row(one["severity"], f"nothing there is more than a {one['at_most']}", said["at_most"])
        if one["outcome"] != "drop":
            timing = one["timing"]
            words = f"told after {timing['first']}, more after {timing['more']}, again after {timing['again']}"
            yield Row(one["severity"], words, said["timing"])
        for receiver in one["receivers"] if one["outcome"] != "drop" else ():
            muted = f", muted now by {', '.join(receiver['muted_by'])}" if receiver["muted_by"] else ""
            yield Row(one["severity"], f"receiver {receiver['name']}{muted}")


def _answers(on_call: list[Record]) -> Iterator[str]:
    for number, one in enumerate(on_call):
        at = moment(datetime.fromisoformat(one["at"]), UTC)
        seconds = one["acknowledge_within_seconds"]
        within = f", acknowledge within {_length(seconds)}" if seconds else ""
        yield from [""] if number else []
        yield from paragraph(f"{one['severity']} of {one['team']} by {one['escalation']}{within}; {at} UTC", 2, 4)
        rows = []
        for step in one["steps"]:
            after = f"after {_length(step['after_seconds'])}" if step["after_seconds"] else "at once"
            resort = ", the last resort" if step["last_resort"] else ""
            rows += [Row(after, _who(reached) + resort) for reached in step["reaches"]]
        yield from table(rows, 4)
        tail = [f"again {one['repeat']} times" if one["repeat"] > 1 else "once again"] if one["repeat"] else []
        tail += [f"told at once: {', '.join(one['also'])}"] if one["also"] else []
        if tail:
            yield from paragraph("; ".join(tail), 4, 2)


def _length(seconds: float) -> str:
    return format_duration(round(seconds * 1000))


def _who(reached: Record) -> str:
    who = reached["name"] or reached["channel"] or "NOBODY"
    if reached["local_time"]:
        there = datetime.fromisoformat(reached["local_time"])
        who += f" ({DAYS[there.weekday()]} {there:%H:%M} there)"
    schedule = f" by {reached['schedule']}" if reached["schedule"] else ""
    return f"{who} · {reached['as']}{schedule}"


def _what_to_do(story: Record) -> Iterator[str]:
    book = story["runbook"]
    if book is not None:
        yield from paragraph(
            f"runbook {book['name'] or 'elsewhere'} {f'({_at(book)})' if book['file'] else ''}".rstrip()
        )
        if book["url"]:
            yield f"    {book['url']}"
        for number, step in enumerate(book["first"], 1):
            yield from paragraph(f"{number}. {step}", 4, 3)
    if story["diagnose"]:
        yield "  first collected"
        yield from table((Row(one["name"], _at(one)) for one in story["diagnose"]), 4)
    for number, remedy in enumerate(story["remediate"], 1):
        yield from paragraph(f"remedy {number}: {remedy['name']}, risk {remedy['risk']} ({_at(remedy)})", 2, 4)
        yield from paragraph(remedy["action"], 4, 2)
        for gate in remedy["gates"]:
            yield from paragraph(f"- {gate}", 6, 2)
    for one in story["procedures"]:
        yield from paragraph(f"procedure {one['name']}, for {one['when']} ({_at(one)})", 2, 4)


def _tests(tests: list[Record]) -> Iterator[str]:
    for one in tests:
        where = f" · {one['where']}" if one["where"] else ""
        yield from paragraph(f"{one['name']}{where} ({_at(one)})", 2, 4)
