"""Routes and inhibit rules of a configuration, from YAML to records (config.Route, dispatch.newRoute, InhibitRule)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode

from watchbill.promql import parse_duration
from watchbill.routing.decoding import Fields, Told, is_null
from watchbill.routing.matchers import Matcher, in_order, make, read_matchers, written
from watchbill.routing.notation import Malformed
from watchbill.routing.patterns import anchored
from watchbill.routing.times import TimeInterval
from watchbill.routing.tree import Inhibition, Receiver, Route, Timing, below
from watchbill.source.codes import alertmanager as codes
from watchbill.source.diagnostic import did_you_mean

_ROUTE = (
    *("receiver", "group_by", "match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"),
    *("continue", "routes", "group_wait", "group_interval", "repeat_interval"),
)
_RULE = (
    *("name", "source_match", "source_match_re", "source_matchers"),
    *("target_match", "target_match_re", "target_matchers", "equal"),
)
_ROUTE_LATER = {"labels": "0.34"}
_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_ALL = "..."


class Names(msgspec.Struct, frozen=True):
    """What a route can name."""

    receivers: Mapping[str, Receiver]
    intervals: Mapping[str, TimeInterval]


class _Above(msgspec.Struct, frozen=True):
    """What a route inherits."""

    receiver: str = ""
    group_by: tuple[str, ...] | None = ()
    timing: Timing = Timing()
    key: str = ""


def root_route(node: Node, names: Names, told: Told) -> Route:
    """The root and all below it. Nothing keeps an alert from the root."""
    found = _route(node, (), _Above(), names, told)
    fields = Told(None, []).fields(node, "")  # what is wrong with them has been told
    if not found.receiver and not _meant(node, "receiver"):
        told.say(codes.BAD_ROOT, "the root route has no receiver", node, "here", "it takes what no other route does")
    for key, there in (
        ("matchers", found.matchers),
        ("active_time_intervals", found.active),
        ("mute_time_intervals", found.muted),
        ("continue", found.goes_on),
    ):
        if there:
            where = fields.get(key) or next(fields[one] for one in ("match", "match_re") if one in fields)
            told.say(codes.BAD_ROOT, f"the root route has `{key}`", where, "not on the root", "write a route below it")
    return found


def _meant(node: Node, key: str) -> bool:
    """Whether a key is there after all, misspelt or with a value of another kind: then that is told already."""
    if not isinstance(node, MappingNode):
        return True
    return any(
        not isinstance(value, ScalarNode)
        if one.value == key
        else one.value not in _ROUTE and did_you_mean(str(one.value), _ROUTE) == key
        for one, value in node.value
    )


def _route(node: Node, path: tuple[int, ...], above: _Above, names: Names, told: Told) -> Route:
    fields = told.fields(node, "a route", _ROUTE, _ROUTE_LATER)
    receiver = told.text(fields.get("receiver"), "`receiver`")
    if receiver and receiver not in names.receivers:
        _missing("receiver", receiver, names.receivers, fields["receiver"], told)
    matchers = in_order(_matchers(fields, "match", "match_re", "matchers", told))
    here = _Above(
        receiver or above.receiver,
        _group_by(fields.get("group_by"), above.group_by, told),
        _timing(fields, above.timing, told),
        f"{above.key}/{written(matchers)}" if path else written(matchers),
    )
    active, muted = (
        _named(fields.get(key), key, names, told) for key in ("active_time_intervals", "mute_time_intervals")
    )
    routes = []
    for position, child in enumerate(told.items(fields.get("routes"), "`routes`") or ()):
        if is_null(child):
            told.say(codes.SHAPE, "there is nothing in this route", child, "empty", "remove it")
        else:
            routes.append(_route(child, (*path, position), here, names, told))
    return Route(
        path=path,
        receiver=here.receiver,
        group_by=here.group_by,
        timing=here.timing,
        matchers=matchers,
        goes_on=told.flag(fields.get("continue"), "`continue`"),
        active=active,
        muted=muted,
        routes=tuple(routes),
        key=here.key,
        written=frozenset(key for key, value in fields.items() if not is_null(value)),
        lookup=below(tuple(routes)),
        at=told.place(node),
    )


def inhibition(node: Node, number: int, told: Told) -> Inhibition:
    """An inhibit rule; an empty one has no condition on either side."""
    fields = told.fields(node, "an inhibit rule", _RULE)
    equal = told.texts(fields.get("equal"), "`equal`") or []
    for name, where in equal:
        if not name:
            told.say(codes.BAD_MATCHER, "a label's name in `equal` is empty", where, "no name")
    return Inhibition(
        number=number,
        name=told.text(fields.get("name"), "`name`"),
        sources=in_order(_matchers(fields, "source_match", "source_match_re", "source_matchers", told)),
        targets=in_order(_matchers(fields, "target_match", "target_match_re", "target_matchers", told)),
        equal=tuple(sorted({name for name, _ in equal})),
        at=told.place(node),
    )


def _matchers(fields: Fields, equal: str, pattern: str, both: str, told: Told) -> Iterator[Matcher]:
    """Those of the three spellings together."""
    for label, node in told.fields(fields.get(equal), f"`{equal}`").items():
        if _is_name(label, node, told):
            yield Matcher(label, told.text(node, f"`{label}`"))
    for label, node in told.fields(fields.get(pattern), f"`{pattern}`").items():
        if not _is_name(label, node, told):
            continue
        if is_null(node):
            told.say(codes.BAD_MATCHER, f"`{label}` has no pattern", node, "nothing", "write one, or leave it out")
            continue
        pattern = told.text(node, f"`{label}`")
        try:
            make(label, "=~", pattern)
            yield make(label, "=~", anchored(pattern))  # anchored once more than a matcher: so it stands in group keys
        except Malformed as error:
            told.say(codes.BAD_MATCHER, error.message, node, "refused")
    for text, node in told.texts(fields.get(both), f"`{both}`") or ():
        try:
            found, doubt = read_matchers(text)
        except Malformed as error:
            told.say(codes.BAD_MATCHER, error.message, node, "refused", 'write label="value", with = or !=, =~ or !~')
            continue
        if doubt is not None:
            what = "only the older parser reads" if doubt == "only-classic" else "the newer parser reads otherwise"
            advice = f"write {', '.join(map(str, found))}"
            told.say(codes.DOUBTFUL_MATCHER, f"`{text}` is a matcher that {what}", node, "of two meanings", advice)
        yield from found


def _is_name(label: str, node: Node, told: Told) -> bool:
    if _LABEL.fullmatch(label):
        return True
    told.say(
        codes.BAD_MATCHER, f"`{label}` is no name of a label here", node, "for this", "write it as a `matchers` entry"
    )
    return False


def _group_by(node: Node | None, above: tuple[str, ...] | None, told: Told) -> tuple[str, ...] | None:
    """The labels of a group; None for all of them. An empty list overrides what is inherited (since 0.31)."""
    entries = told.texts(node, "`group_by`")
    if entries is None:
        return above
    names: dict[str, Node] = {}
    for name, where in entries:
        if not name:
            told.say(codes.BAD_GROUPING, "a label's name in `group_by` is empty", where, "no name")
        elif name in names and name != _ALL:
            told.say(codes.BAD_GROUPING, f"`{name}` stands twice in `group_by`", where, "and again here", "keep one")
        names[name] = where
    if _ALL in names and len(names) > 1:
        told.say(
            codes.BAD_GROUPING, "`...` is every label, and stands beside others", names[_ALL], "alone or not at all"
        )
    return None if _ALL in names else tuple(names)


def _timing(fields: Fields, above: Timing, told: Told) -> Timing:
    found: dict[str, int] = {}
    for key in ("group_wait", "group_interval", "repeat_interval"):
        node = fields.get(key)
        if node is None or is_null(node):
            continue
        text = told.text(node, f"`{key}`")
        length = parse_duration(text)
        if length is None and isinstance(node, ScalarNode):
            told.say(codes.SHAPE, f"`{text}` is not a duration", node, f"the {key}", "write 30s, 5m or 4h")
        elif length == 0 and key != "group_wait":
            told.say(codes.BAD_GROUPING, f"a {key} of zero is none", node, "zero", "write 1s or more")
        elif length is not None:
            found[key] = length
    return msgspec.structs.replace(above, **found)


def _named(node: Node | None, key: str, names: Names, told: Told) -> tuple[str, ...]:
    found = told.texts(node, f"`{key}`") or ()
    for name, where in found:
        if name not in names.intervals:
            _missing("time interval", name, names.intervals, where, told)
    return tuple(name for name, _ in found)


def _missing(what: str, name: str, known: Mapping[str, Any], node: Node, told: Told) -> None:
    close = did_you_mean(name, known)
    some = ", ".join(f"`{one}`" for one in sorted(known)[:5])
    advice = f"did you mean `{close}`?" if close else f"define it; there is {some}" if some else "define it"
    told.say(codes.NOT_DEFINED, f"there is no {what} `{name}`", node, "not defined", advice)
