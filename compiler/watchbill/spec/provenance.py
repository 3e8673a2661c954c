"""Where each value of one alert comes from: the block with the last word about it, and the place where it says so."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from watchbill.source.diagnostic import Location
from watchbill.spec.composition import Block, Written
from watchbill.spec.kinds.inherited import NoData
from watchbill.spec.kinds.service import Level, Param
from watchbill.spec.model import Place, ResolvedAlert, Workspace
from watchbill.spec.params import value_at
from watchbill.spec.scalars import Placed
from watchbill.spec.settings import severity_of_no_data

COMPILER = "watchbill"
DEFAULT = "default"


class Origin(msgspec.Struct, frozen=True):
    """`said` in words: `alert`, `level`, `change`, `with`, `param`, `set`, `rule`, `service`, `place`, `workspace`, or the
    `… defaults` of something; `default` is the language's own, `watchbill` what the compiler writes. `by` is the place
    that has a value of its own there; `at` where it is written, None where nobody wrote it.
    """

    said: str
    at: Location | None = None
    by: str | None = None


class Value(msgspec.Struct, frozen=True):
    """A value of an alert in one place, as it is in force there. `key` is as a policy writes it: `labels.namespace`.

    Where a `change` says it, `before` is what the set or the rule of others says itself, and where.
    """

    key: str
    text: str
    origin: Origin
    before: tuple[str, Origin] | None = None


_NAMED = re.compile(r"\$\{([^}]*)\}")
_ATTRIBUTE = {"for": "for_", "class": "class_"}
_UNSAID = {"for": "0s", "keep_firing_for": "0s"}


def values(made: Written, alert: ResolvedAlert, workspace: Workspace, place: Place) -> list[Value]:
    """Every value of an alert in a place with its origin, in the order in which a policy has them."""
    if alert.no_data_of is not None:
        return list(_no_data(made, alert))
    level_block = made.values("levels")
    severity_block = made.values("severity")
    by_change = severity_block is not None and severity_block.said == "change"
    levels: Mapping[str, Level] = level_block.body.levels if level_block is not None and not by_change else {}
    level = levels.get(alert.severity)
    at_level = level_block.at.at("levels", alert.severity) if level_block is not None and level is not None else None
    found: list[Value] = []
    if at_level is not None:
        found.append(Value("severity", alert.severity, Origin("level", msgspec.structs.replace(at_level, key=True))))
    else:
        found += _scalar(made, "severity", alert.severity, place)
    found += _scalar(made, "class", alert.class_, place)
    found += _scalar(made, "expr", alert.expr, place)
    found += _params_of(made, level, at_level, place)
    for key, text, own in (
        ("for", alert.for_, level.for_ if level else None),
        ("keep_firing_for", alert.keep_firing_for, level.keep_firing_for if level else None),
    ):
        if own is not None and at_level is not None:
            found.append(Value(key, text or "0s", _placed_origin("level", own, at_level.at(key), place)))
        else:
            found += _scalar(made, key, text, place)
    found += _scalar(made, "escalation", alert.labels.get("escalation") or None, place)
    found += _scalar(made, "page_per", ", ".join(alert.page_per), place)
    found += _gone(made, alert, workspace)
    found += _labels(made, alert, workspace, place)
    found += _scalar(made, "summary", alert.annotations.get("summary"), place)
    found += _scalar(made, "description", alert.annotations.get("description"), place)
    block = made.values("annotations")
    for name, text in alert.annotations.items() if block is not None else ():
        if (block := made.values("annotations", name)) is not None:
            found.append(Value(f"annotations.{name}", text, Origin(block.said, block.at.at("annotations", name))))
    impact = made.values("impact")
    if impact is not None:
        said = (("revenue", alert.revenue), ("customers", alert.customers))
        found += [
            Value(f"impact.{name}", text, Origin(impact.said, impact.at.at("impact", name)))
            for name, text in said
            if text
        ]
    found += _scalar(made, "runbook", alert.runbook or alert.runbook_url, place)
    found += _scalar(made, "diagnose", ", ".join(alert.diagnose), place)
    found += _scalar(made, "remediate", ", ".join(alert.remediate), place)
    return found


def _scalar(made: Written, key: str, text: str | None, place: Place) -> Iterator[Value]:
    attribute = _ATTRIBUTE.get(key, key)
    block = made.values(attribute)
    if block is None:
        if (taken := made.unset(attribute)) is not None:
            yield Value(key, "null", Origin(taken.said, _at(taken, key)))
        elif key in _UNSAID and (text or key == "for"):
            yield Value(key, text or _UNSAID[key], Origin(DEFAULT))
        return
    held = getattr(block.body, attribute)
    if text or key in _UNSAID:
        origin = _placed_origin(block.said, held, _at(block, key), place)
        yield Value(key, text or _UNSAID[key], origin, _before(made, block, key, place))


def _before(made: Written, block: Block, key: str, place: Place) -> tuple[str, Origin] | None:
    under = next((one for one in made.blocks if one.said in ("set", "rule")), None)
    held = getattr(under.body, _ATTRIBUTE.get(key, key), None) if under is not None else None
    if under is None or block.said != "change" or not isinstance(held, Placed):
        return None
    return held.at(place.environment, place.name), _placed_origin(under.said, held, _at(under, key), place)


_IN_RULES = {
    "severity": ("labels", "severity"),
    "summary": ("annotations", "summary"),
    "description": ("annotations", "description"),
    "runbook": ("annotations", "runbook_url"),
}


def _at(block: Block, key: str) -> Location:
    """Where a block says a key; a rule of others says some of them in its labels and annotations."""
    return block.at.at(*_IN_RULES.get(key, (key,))) if block.said == "rule" else block.at.at(key)


def _placed_origin(said: str, held: Any, at: Location, place: Place) -> Origin:
    """`by` a place's own value where there is one."""
    by = held.by if isinstance(held, Placed | Param) else None
    for key in (place.name, place.environment):
        if by and key in by:
            return Origin(said, at.at("by", key), key)
    return Origin(said, at.at("default") if isinstance(held, Placed | Param) else at)


def _params_of(made: Written, level: Level | None, at_level: Location | None, place: Place) -> Iterator[Value]:
    named = set(_NAMED.findall("\n".join(_texts(made))))
    for name, (param, said, at) in made.params.items():
        if name not in named:
            continue  # another alert's
        key = f"params.{name}"
        if level is not None and at_level is not None and name in level.params:
            yield Value(key, level.params[name], Origin("level", at_level.at("params", name)))
            continue
        origin = _placed_origin(said, param, at, place)
        if said == "with":  # a short form: the value itself, or default and by
            origin = origin if origin.by else Origin(said, at)
        yield Value(key, value_at(param, place.environment, place.name), origin)


def _texts(made: Written) -> Iterator[str]:
    """Every text into which params are put."""
    for attribute in ("expr", "summary", "description"):
        if (block := made.values(attribute)) is not None:
            held: Placed[str] = getattr(block.body, attribute)
            yield from (held.default, *(held.by or {}).values())
    for block in made.blocks:
        yield from getattr(block.body, "annotations", {}).values()


def _gone(made: Written, alert: ResolvedAlert, workspace: Workspace) -> Iterator[Value]:
    block = made.values("no_data")
    worst = next(iter(workspace.severities), None)
    held: NoData | None = block.body.no_data if block is not None else None
    if block is None and alert.severity == worst:
        yield Value("no_data", _gone_words(NoData(), workspace), Origin(DEFAULT))
    elif held is not None and block is not None:
        yield Value("no_data", _gone_words(held, workspace), Origin(block.said, block.at.at("no_data")))


def _gone_words(held: NoData, workspace: Workspace) -> str:
    severity = held.severity or severity_of_no_data(workspace.severities)
    return f"none: {held.ignore}" if held.ignore is not None else f"{severity} after {held.after}"


def _labels(made: Written, alert: ResolvedAlert, workspace: Workspace, place: Place) -> Iterator[Value]:
    """The labels that a block or the place gives; severity, team, service and the like are told elsewhere."""
    own = next(iter(workspace.documents["Workspace"].values())).at.at("environments", place.environment)
    environment = workspace.environments[place.environment]
    sources = {source.name: number for number, source in enumerate(environment.sources)}
    for name, text in alert.labels.items():
        if name in place.labels and not place.series:
            source = sources.get(place.source)
            there = source is not None and name in environment.sources[source].labels
            at = own.at("sources", source, "labels", name) if source is not None and there else own.at("labels", name)
            yield Value(f"labels.{name}", text, Origin("place", at))
        elif (block := made.values("labels", name)) is not None:
            yield Value(f"labels.{name}", text, Origin(block.said, block.at.at("labels", name)))


def _no_data(made: Written, alert: ResolvedAlert) -> Iterator[Value]:
    block = made.values("no_data")
    held: NoData = block.body.no_data if block is not None else NoData()

    def origin(key: str) -> Origin:
        """`after` and `severity` have defaults of their own."""
        said = block is not None and getattr(held, key) != getattr(NoData(), key)
        return Origin(block.said, block.at.at("no_data", key)) if said and block is not None else Origin(DEFAULT)

    yield Value("severity", alert.severity, origin("severity"))
    yield Value("expr", alert.expr, Origin(COMPILER))
    yield Value("for", alert.for_ or "0s", origin("after"))
    for key, attribute in (("class", "class_"), ("runbook", "runbook"), ("diagnose", "diagnose")):
        text = {
            "class": alert.class_,
            "runbook": alert.runbook or alert.runbook_url,
            "diagnose": ", ".join(alert.diagnose),
        }
        source = made.values(attribute)
        if source is not None and text[key]:
            yield Value(key, text[key] or "", Origin(source.said, source.at.at(key)))
