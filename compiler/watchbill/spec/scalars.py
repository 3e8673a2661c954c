"""The scalars of the language: what each looks like, said once for the decoder, the JSON Schema and the error message."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from watchbill.oncall.zones import zone, zone_names
from watchbill.source.diagnostic import did_you_mean


class Scalar(msgspec.Struct, frozen=True):
    """A kind of scalar. `noun` completes "this should be …"; `pattern` is anchored, in the subset ECMA and Python share.

    `problem` says what is wrong with a text that matches the pattern, or returns None. `to` is the kind of document
    that a reference names.
    """

    noun: str
    pattern: str = ""
    problem: Callable[[str], str | None] | None = None
    to: str = ""


class Hidden(msgspec.Struct, frozen=True):
    """Marks an attribute that no key of a policy stands for."""


class OneOrMore(msgspec.Struct, frozen=True):
    """Marks a list that may be written as its only item."""


class NotYet(msgspec.Struct, frozen=True):
    """Words of a choice that the language has and this version does not compile."""

    values: tuple[str, ...]


def _regex_problem(text: str) -> str | None:
    from watchbill.promql.regex import problem  # noqa: PLC0415  (4 ms, and most policies name no pattern)

    wrong = problem(text)
    return f"not an RE2 pattern: {wrong}" if wrong is not None else None


def _zone_problem(text: str) -> str | None:
    return None if text in zone_names() else f"`{text}` is not a time zone of the tz database"


def _date_problem(text: str) -> str | None:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        return f"no such day: {error}"
    return None


def _local_time_problem(text: str) -> str | None:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        return f"no such time: {error}"
    return None


def _hours_problem(text: str) -> str | None:
    start, end = text.split("-")
    return (
        None
        if start < end
        else "the end must come after the start; hours past midnight are two entries, one for each day"
    )


def _glob_problem(text: str) -> str | None:
    return "a path may not lead out of the folder with `..`" if ".." in text.split("/") else None


def _url_problem(text: str) -> str | None:
    if re.match(r"https?://[^/@]*:[^/@]*@", text):
        return "a URL that carries a password is a secret: use {file: …}"
    try:
        split = urlsplit(text)
        host, port = split.hostname, split.port
    except ValueError:  # a port that is no number, half an IPv6 address
        return "a URL whose host or port is none"
    return None if host and port != 0 else "a URL without a host or a port"


_UNIT = r"([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?"
_SECONDS = (31_536_000, 604_800, 86_400, 3_600, 60, 1, 0.001)


def _duration_problem(text: str) -> str | None:
    return "a duration of more than 100 years" if len(text) > 256 or seconds(text) > 100 * _SECONDS[0] else None


@lru_cache(maxsize=4096)
def seconds(duration: str) -> float:
    """Seconds of a Prometheus duration (a year is 365 days, a day is 24 hours: model.ParseDuration)."""
    match = re.fullmatch(_UNIT, duration)
    if duration == "0" or not match:
        return 0.0
    return float(
        sum(int(re.sub("[a-z]", "", part)) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)
    )


def ratio(text: str) -> float:
    """`5%` and `0.05` are the same ratio."""
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


_BYTE_UNITS = {
    "": 1,
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}


def byte_count(text: str) -> float:
    number = re.match(r"[0-9.]+", text)
    return float(number.group()) * _BYTE_UNITS[text[number.end() :]] if number else 0.0


def local_time(text: str, zone_name: str) -> tuple[datetime | None, str | None]:
    """An instant from local time in a zone, or what is wrong: a time that does not exist, or exists twice.

    A text with an offset is an instant already and the zone is not asked.
    """
    when = datetime.fromisoformat(text)
    if when.tzinfo is not None:
        return when, None
    first = when.replace(tzinfo=zone(zone_name), fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first, None
    if first.utcoffset() < second.utcoffset():  # type: ignore[operator]
        return None, f"{text} does not exist in {zone_name}: clocks go forward over it"
    return None, f"{text} exists twice in {zone_name}: clocks go back over it; write it with an offset"


_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?(?: +([A-Za-z][\w+/-]*))?")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000  # a calendar's days before and after it can still be counted


def instant(text: str) -> tuple[datetime | None, str | None]:
    """An instant with an offset, or with a zone beside it; or what is wrong with it."""
    match = _INSTANT.fullmatch(text)
    if match is None or (match.group(3) is None) == (match.group(4) is None):
        return None, f"`{text}` is no instant: write 2026-12-25T03:00+01:00 or '2026-12-25T03:00 Europe/Berlin'"
    day, time, offset, name = match.groups()
    if name is not None and name not in zone_names():
        close = did_you_mean(name, zone_names())
        return None, f"`{name}` is not a time zone{f': did you mean {close}?' if close else ''}"
    try:
        when, problem = local_time(f"{day}T{time}{offset or ''}", name or "UTC")
    except ValueError as error:
        return None, f"`{text}` is no instant: {error}"
    if when is not None and not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        return None, f"`{text}` is too far away: write a year from {_FIRST_YEAR} to {_LAST_YEAR}"
    return when, problem


def _instant_problem(text: str) -> str | None:
    return instant(text)[1]


T = TypeVar("T")


class Placed(msgspec.Struct, Generic[T], frozen=True):
    """A scalar that may differ by place: `2m`, or `{default: 2m, by: {staging: 15m, production/eu: 5m}}`."""

    default: T
    by: dict[str, T] | None = None

    def at(self, environment: str, place: str) -> T:
        """The value in a place: the most exact key wins."""
        if self.by is None:
            return self.default
        if place in self.by:
            return self.by[place]
        return self.by.get(environment, self.default)


NAME = r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?"
Text = Annotated[str, Scalar("text")]
Name = Annotated[str, Scalar("a name of lower-case letters, digits, `-`, `_` and `.`", NAME)]
_REF = rf"({NAME}/)?{NAME}"
TeamRef = Annotated[str, Scalar("the name of a Team", NAME, to="Team")]
PersonRef = Annotated[str, Scalar("the name of a Person, or `team/name`", _REF, to="Person")]
ScheduleRef = Annotated[str, Scalar("the name of a Schedule, or `team/name`", _REF, to="Schedule")]
CalendarRef = Annotated[str, Scalar("the name of a Calendar, or `team/name`", _REF, to="Calendar")]
EscalationRef = Annotated[str, Scalar("the name of an Escalation, or `team/name`", _REF, to="Escalation")]
ServiceRef = Annotated[str, Scalar("the name of a Service, or `team/name`", _REF, to="Service")]
RunbookName = Annotated[str, Scalar("the name of a Runbook, or `team/name`", _REF, to="Runbook")]
AlertSetRef = Annotated[str, Scalar("the name of an AlertSet, or `team/name`", _REF, to="AlertSet")]
DiagnosticRef = Annotated[str, Scalar("the name of a Diagnostic, or `team/name`", _REF, to="Diagnostic")]
RemediationRef = Annotated[str, Scalar("the name of a Remediation, or `team/name`", _REF, to="Remediation")]
MessageRef = Annotated[str, Scalar("the name of a Message, or `team/name`", _REF, to="Message")]
OwnershipRef = Annotated[str, Scalar("the name of an Ownership", NAME, to="Ownership")]
WindowRef = Annotated[str, Scalar("the name of a Window, or `team/name`", _REF, to="Window")]
HoursRef = Annotated[str, Scalar("`team`, or the name of a Calendar", _REF)]
OwnAction = Annotated[
    str,
    Scalar(
        "the name of an action of your own, such as acme.drain, that does not begin as one of Watchbill's does",
        r"(?!(kubernetes|systemd|redis)\.)[a-z0-9_-]+(\.[a-z0-9_-]+)+",
    ),
]
PlaceName = Annotated[str, Scalar("an environment, or `environment/source`", rf"{NAME}(/{NAME})?")]
Reached = Annotated[str, Scalar("the name of a Person, or `nobody`", _REF)]
ReceiverName = Annotated[str, Scalar("the name of a receiver in the compiled alertmanager.yml")]
AlertName = Annotated[
    str, Scalar("an alert name of letters, digits and `_`, such as PaymentFailureRateHigh", r"[A-Za-z_][A-Za-z0-9_]*")
]
RecordName = Annotated[
    str,
    Scalar(
        "a metric name such as job:requests:rate5m",
        r"([A-Za-z_:]|\$\{[a-z][a-z0-9_]*\})([A-Za-z0-9_:]|\$\{[a-z][a-z0-9_]*\})*",
    ),
]
LabelName = Annotated[str, Scalar("a label name of letters, digits and `_`", r"[A-Za-z_][A-Za-z0-9_]*")]
ParamName = Annotated[str, Scalar("a parameter name of lower-case letters, digits and `_`", r"[a-z][a-z0-9_]*")]
Duration = Annotated[
    str, Scalar("a Prometheus duration such as 90s, 5m or 1h30m", rf"0|(?=[0-9]){_UNIT}", _duration_problem)
]
PromQL = Annotated[str, Scalar("a PromQL expression")]
Ratio = Annotated[str, Scalar("a ratio such as 5% or 0.05", r"[0-9]+(\.[0-9]+)?%?")]
Date = Annotated[str, Scalar("a day such as 2026-12-24", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", _date_problem)]
LocalTime = Annotated[
    str,
    Scalar(
        "a time such as 2026-12-24T09:00, in the document's zone or with an offset",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?",
        _local_time_problem,
    ),
]
Instant = Annotated[
    str,
    Scalar(
        'an instant such as 2026-12-25T03:00Z, or "2026-12-25T03:00 Europe/Lisbon"',
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}| +[A-Za-z][A-Za-z0-9_+/-]*)",
        _instant_problem,
    ),
]
ClockTime = Annotated[str, Scalar("a time of day such as 09:00", r"([01][0-9]|2[0-3]):[0-5][0-9]")]
Hours = Annotated[
    str,
    Scalar(
        "hours such as 09:00-18:00",
        r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)",
        _hours_problem,
    ),
]
Zone = Annotated[str, Scalar("a time zone such as Europe/Lisbon", r"[A-Za-z][A-Za-z0-9_+/-]*", _zone_problem)]
FileGlob = Annotated[
    str,
    Scalar("a path below this file's folder, such as rules/*.yaml", r"[A-Za-z0-9_*?][A-Za-z0-9_*?./-]*", _glob_problem),
]
BaseFile = Annotated[
    str,
    Scalar("a file below policies/, such as legacy/alertmanager.yml", r"[A-Za-z0-9_][A-Za-z0-9_./-]*", _glob_problem),
]
Url = Annotated[str, Scalar("an http or https URL", r"https?://[^\s]+", _url_problem)]
Email = Annotated[str, Scalar("an e-mail address", r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+")]
GitHubHandle = Annotated[
    str,
    Scalar(
        "a GitHub team such as @org/payments, or a person", r"@[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?"
    ),
]
SlackChannel = Annotated[str, Scalar('a Slack channel such as "#pay-alerts"', r"#[^\s#]+")]
FilePath = Annotated[str, Scalar("an absolute path", r"/[^\0]*")]
EnvName = Annotated[str, Scalar("the name of an environment variable", r"[A-Z_][A-Z0-9_]*")]
Pattern = Annotated[str, Scalar("an RE2 pattern, matched whole", "", _regex_problem)]
Version = Annotated[str, Scalar('a version such as "2.53"', r"[0-9]+\.[0-9]+(\.[0-9]+)?")]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "(" + "|".join(WEEKDAYS) + ")"
Weekday = Annotated[str, Scalar("a day of the week", _DAY)]
Weekdays = Annotated[
    str, Scalar('days such as monday, monday-friday or "saturday,sunday"', rf"{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*")
]


def weekday_numbers(text: str) -> tuple[int, ...]:
    """`friday-monday,wednesday` as sorted numbers, Monday 0."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(days))
