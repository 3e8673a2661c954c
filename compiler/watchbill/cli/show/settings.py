"""`watchbill explain workspace`: every setting in force, and who says so: a line of the workspace, or a default."""

from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.cli.show.rows import Row, table
from watchbill.source.locate import Sources
from watchbill.spec.kinds.workspace import Severity, Workspace
from watchbill.spec.model import Workspace as Model
from watchbill.spec.settings import outcome_kind


class Setting(msgspec.Struct, frozen=True):
    """A key as a policy would write it, its value in words, and whether the Workspace document says it; `path` is where."""

    key: str
    value: str
    written: bool
    path: tuple[str | int, ...] = ()

    @property
    def place(self) -> tuple[str | int, ...]:
        return self.path or tuple(self.key.split("."))


def settings(model: Model) -> Iterator[Setting]:
    """In the order of the Workspace document."""
    own = model.settings
    for name, environment in own.environments.items():
        labels = ", ".join(f"{key}={value}" for key, value in environment.labels.items()) or "no labels"
        yield Setting(f"environments.{name}", f"{labels}; at most a {environment.at_most}", written=True)
        for number, place in enumerate(model.places_of(name)):
            carried = ", ".join(f"{key}={value}" for key, value in place.labels.items()) or "no labels"
            below = ("sources", number) if environment.sources else ("prometheus",)
            yield Setting(
                f"environments.{name}.sources.{place.source}",
                f"{place.prometheus_url}; rules carry {carried}",
                written=True,
                path=("environments", name, *below),
            )
        identity = ", ".join(model.identity[name]) or "nothing"
        yield Setting(
            f"environments.{name}.identity",
            f"{identity} (beside alertname and service) tells incidents apart",
            environment.identity is not None,
        )
    yield Setting("targets", ", ".join(model.targets), own.targets is not None)
    for name, severity in model.severities.items():
        pager = (
            " (or to the pager of a team that has no channel for it)"
            if own.severities is None and severity.page is None and not severity.drop
            else ""
        )
        yield Setting(f"severities.{name}", _outcome(severity) + pager, own.severities is not None)
    for name, timing in model.timing.items():
        value = f"first after {timing.first}, more after {timing.more}, again after {timing.again}"
        yield Setting(f"timing.{name}", value, name in own.timing)
    taker = model.catch_all
    by = f" by escalation {taker.escalation}" if taker.escalation else ""
    yield Setting(
        "catch_all",
        f"team {taker.team} gets a {taker.outcome}{by} for what no policy claims",
        own.catch_all is not None,
    )
    team, role = model.last_resort
    yield Setting("last_resort", f"{role} of team {team}, when a page resolves to nobody", own.last_resort is not None)
    yield from _rest(own)


def _outcome(severity: Severity) -> str:
    kind = outcome_kind(severity)
    words = {
        "page": f"pages by escalation {severity.page}",
        "ticket": "a ticket for the team",
        "notify": "a message in the team's channel",
    }
    text = words.get(kind, "goes nowhere, on purpose")
    if severity.hours is not None:
        text += f", in {'the hours of the team' if severity.hours == 'team' else severity.hours}; outside them a {severity.outside}"
    return text


def _rest(own: Workspace) -> Iterator[Setting]:
    default = Workspace(environments={})
    for key in (
        "runbooks",
        "classes",
        "heartbeat",
        "coverage",
        "retention",
        "versions",
        "channels",
        "objectives",
        "checks",
    ):
        value = getattr(own, key)
        yield Setting(key, _words(value), value != getattr(default, key))


def _words(value: Any) -> str:
    if value in (None, (), {}):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    plain = msgspec.to_builtins(value)
    return ", ".join(f"{key} {_inline(inner)}" for key, inner in plain.items() if inner is not None) or "none"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(inner)}" for key, inner in value.items() if inner is not None) + "}"
    return str(value)


def render(model: Model, sources: Sources) -> str:
    file, lines = _placed(model, sources)
    rows = (Row(row.key, row.value, f":{lines[row.key]}" if row.written else "default") for row in settings(model))
    return "\n".join((f"What is in force, and which line of {file} says so", *table(rows)))


def document(model: Model, sources: Sources) -> dict[str, Any]:
    file, lines = _placed(model, sources)
    found = []
    for row in settings(model):
        where = {"file": file, "line": lines[row.key]} if row.written else {"file": None, "line": None}
        found.append({"key": row.key, "value": row.value, "written": row.written, **where})
    return {"version": 1, "settings": found}


def _placed(model: Model, sources: Sources) -> tuple[str, dict[str, int]]:
    """The Workspace document's file, and the line of each setting that it says."""
    at = next(iter(model.documents["Workspace"].values())).at
    lines = {row.key: sources.locate(at.at(*row.place, key=True)).line for row in settings(model) if row.written}
    return at.file, lines
