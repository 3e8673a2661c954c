"""How PagerDuty's objects are written down: markers, references that hold no id, times, and the text of the JSON."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from watchbill.oncall.clock import instant_of
from watchbill.targets.jsontext import broken, encoded, joined

_STEP = "  "
Body = Mapping[str, Any]


def marker(kind: str, name: str) -> str:
    """What tells an object of ours from others: at the end of its description, and wherever its id would stand.

    The name of a user is the e-mail address, that of everything else the name of its file.
    """
    return f"watchbill:{kind}/{name}"


def described(text: str, kind: str, name: str) -> str:
    return f"{text} Made from policies by Watchbill, change it there. {marker(kind, name)}"


def reference(rest_type: str, kind: str, name: str) -> Body:
    """A reference as REST has it, with the marker of what is meant in the place of the id that only PagerDuty knows."""
    return {"id": marker(kind, name), "type": rest_type}


def member(email: str | None) -> Body:
    """Somebody in a shift; None is a place that is empty on purpose."""
    if email is None:
        return {"type": "empty_member"}
    return {"type": "user_member", "user_id": marker("user", email)}


@lru_cache(maxsize=1 << 16)  # many schedules hand over at the same times
def utc(instant: int) -> str:
    return instant_of(instant).isoformat()[:19] + "Z"


def local(instant: int, zone: tzinfo) -> Body:
    """An instant by a wall clock, with its offset: right for whoever reads the instant, and for whoever reads the clock."""
    return {"date_time": instant_of(instant).astimezone(zone).isoformat(), "time_zone": zone_name(zone)}


def zone_name(zone: tzinfo) -> str:
    """PagerDuty says `Etc/UTC` where we were asked for `UTC`."""
    name = str(zone)
    return "Etc/UTC" if name in ("UTC", "Etc/UCT", "UCT", "Universal", "Zulu", "Etc/Universal", "Etc/Zulu") else name


def text(body: Body) -> str:
    """One JSON document: keys in the order given, two spaces a level, and on one line what is short enough."""
    return broken(body, "", _STEP) + "\n"


def listed(key: str, items: Iterable[Body]) -> str:
    """One JSON document that is a list under a key, each of its items on a line: as many lines change as items do."""
    return f'{{\n  "{key}": [\n' + joined([f"    {encoded(item)}" for item in items]) + "  ]\n}\n"
