"""Inheritance: scalars replace, maps merge, lists replace, `null` unsets."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from watchbill.spec.kinds.foreign import RuleChange
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.service import Alert, Change

_INHERITED = tuple(name for name in Defaults.__struct_fields__ if name != "unset")
_CHANGED = tuple(name for name in Change.__struct_fields__ if name != "unset")


def inherited(alert: Alert, chain: Iterable[Defaults | None]) -> Alert:
    """The alert with what it inherits, from the widest block to the alert itself."""
    blocks = [block for block in chain if block is not None]
    if not blocks and not alert.unset:
        return alert
    values = {name: _combined([*blocks, alert], name) for name in _INHERITED}
    if alert.levels:
        values["severity"] = alert.severity  # levels are severities of their own
    return msgspec.structs.replace(alert, **values, unset=())


def changed(alert: Alert, change: Change | None) -> Alert:
    """An alert of a set as one use wants it. A `severity` takes the place of `levels`, and the other way round."""
    if change is None:
        return alert
    values = {name: _combined([alert, change], name) for name in _CHANGED}
    if change.severity is not None:
        values["levels"] = {}
    elif change.levels:
        values |= {"severity": None, "levels": change.levels}
    unset = (name for name in (*alert.unset, *change.unset) if not values.get(name))  # a change may set it again
    return msgspec.structs.replace(alert, **values, unset=tuple(dict.fromkeys(unset)))


def overridden(alert: Alert, change: RuleChange) -> Alert:
    """A foreign alert with what a Foreign changes of it."""
    values = {name: _combined([alert, change], name) for name in _INHERITED}
    values |= {name: own for name in ("expr", "escalation", "impact", "tests") if (own := getattr(change, name))}
    return msgspec.structs.replace(alert, **values)


def _combined(blocks: list[Any], name: str) -> Any:
    value: Any = None
    for block in blocks:
        own = getattr(block, name)
        if name in block.unset:
            value = None
        elif own:
            value = {**value, **own} if isinstance(own, dict) and value else own
    return value if value is not None else _EMPTY[name]


def sayer(blocks: Sequence[Any], name: str, entry: str | None = None) -> int | None:
    """Which of the blocks, from the widest to the alert and its change, has the last word about a key, or about an entry
    of a mapping; None when nobody has. What `unset` takes away has nobody's word.
    """
    found = None
    for number, block in enumerate(blocks):
        own = getattr(block, name, None)
        if name in getattr(block, "unset", ()):
            found = None
        elif own and (entry is None or entry in own):
            found = number
    return found


_EMPTY = {
    field.name: field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    for field in msgspec.structs.fields(Change)
}
