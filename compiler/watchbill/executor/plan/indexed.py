"""A plan that has been read: what it says of an alert in its place, of somebody's duty, of hours and windows."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec
import re2

from watchbill import oncall
from watchbill.executor.plan.documents import Alert, Document, Mode, Outcome, Place
from watchbill.executor.plan.rota import Rota
from watchbill.executor.plan.times import milliseconds
from watchbill.executor.plan.windows import Holding, holding

UNBOUND: dict[str, str] = {}


class Target(msgspec.Struct, frozen=True, gc=False):
    """An alert of the plan in one place, and whose it is: what its labels say has been decided."""

    key: str
    alert: Alert
    team: str
    outcome: Outcome
    escalation: str | None
    hours: str | None
    outside: Outcome | None


class Plan:
    """Never changes. `digest` is the sha256 of `text`, the file as it was read."""

    def __init__(self, digest: str, text: bytes, document: Document, rota: Rota) -> None:
        self.digest = digest
        self.text = text
        self.document = document
        self.calendars: Mapping[str, oncall.Calendar] = rota.calendars
        self.schedules: Mapping[str, oncall.Schedule] = rota.schedules
        self.windows: Mapping[str, Holding] = {name: holding(name, one) for name, one in document.windows.items()}
        self.mode: Mode = document.mode
        self._targets: dict[tuple[str, str], Alert] = {}
        self.companions = {
            (key.split("/", 1)[0], alert.no_data_of): key
            for key, alert in document.alerts.items()
            if alert.no_data_of is not None
        }
        again = [milliseconds(one.again) for one in document.severities.values() if one.outcome != "drop"]
        self.longest_silence = max(again, default=milliseconds("4h"))
        self.worst = min(document.severities, key=lambda name: document.severities[name].rank)

    def rank(self, severity: str) -> int:
        """0 is the worst; a severity that the plan does not know is less than any."""
        known = self.document.severities.get(severity)
        return known.rank if known is not None else len(self.document.severities)

    def place_of(self, labels: Mapping[str, str]) -> str | None:
        """The place all of whose labels an alert carries; None when there is none: the labels contradict the environment."""
        for name, place in self.document.places.items():
            if _carries(labels, place) and all(labels.get(label) for label in self.document.identity):
                return name
        return None

    def alert(self, labels: Mapping[str, str], place: str) -> Target | None:
        """What the policies say of an alert with these labels; None when no policy claims it there."""
        key = f"{labels.get('service')}/{labels.get('alertname')}/{labels.get('severity')}"
        alert = self.alert_in(key, place)
        if alert is None:
            return None
        if alert.owners is not None:
            for owner in self.document.owners.get(alert.owners, ()):
                if any(matches(pattern, labels.get(owner.label, "")) for pattern in owner.patterns):
                    return Target(key, alert, owner.team, owner.outcome, owner.escalation, owner.hours, owner.outside)
        return Target(key, alert, alert.team, alert.outcome, alert.escalation, alert.hours, alert.outside)

    def alert_in(self, key: str, place: str) -> Alert | None:
        found = self._targets.get((key, place))
        if found is None:
            alert = self.document.alerts.get(key)
            if alert is None or (alert.places and place not in alert.places) or place not in self.document.places:
                return None
            found = self._targets[key, place] = in_place(alert, place)
        return found

    def absent(self, key: str, alert: Alert, place: str) -> str | None:
        """The expression that yields something when the series an alert watches are gone."""
        if alert.absent is not None:
            return alert.absent
        service, name = key.split("/")[:2]
        companion = self.companions.get((service, name))
        other = self.alert_in(companion, place) if companion is not None else None
        return other.expr if other is not None else None


def in_place(alert: Alert, place: str) -> Alert:
    """With what differs there; null takes away what stands beside it. msgspec.ValidationError when that fits no alert."""
    changes = alert.by.get(place)
    if not changes:
        return alert
    whole = {key: value for key, value in msgspec.to_builtins(alert).items() if key != "by"}
    whole.update(changes)
    return msgspec.convert({key: value for key, value in whole.items() if value is not None}, Alert)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def matches(pattern: str, text: str) -> bool:
    """Whether an RE2 pattern matches the whole of a text. What RE2 cannot take as text, it does not match."""
    try:
        return _compiled(pattern).fullmatch(text) is not None
    except (UnicodeError, ValueError):
        return False


def is_pattern(text: str) -> bool:
    try:
        _compiled(text)
    except re2.error:
        return False
    return True


def _carries(labels: Mapping[str, str], place: Place) -> bool:
    return all(labels.get(label) == value for label, value in place.labels.items()) and all(
        labels.get(label) in values for label, values in place.holds.items()
    )
