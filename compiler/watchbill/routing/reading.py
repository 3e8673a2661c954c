"""Any alertmanager.yml to a `Config`, refused where Alertmanager 0.33 refuses it.

Receivers are read by name: the rules of their integrations' own fields are left to amtool.
"""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from watchbill.routing.decoding import Fields, Told, is_null, nodes
from watchbill.routing.intervals import time_interval
from watchbill.routing.lookup import lookup
from watchbill.routing.routes import Names, inhibition, root_route
from watchbill.routing.times import TimeInterval
from watchbill.routing.tree import Config, Receiver
from watchbill.source.codes import alertmanager as codes
from watchbill.source.diagnostic import Diagnostic, has_errors
from watchbill.source.yaml import alias_problem, compose, decode_text

_TOP = (
    *("global", "route", "inhibit_rules", "receivers", "templates", "mute_time_intervals", "time_intervals"),
    *("tracing", "event_recorder"),
)
_INTEGRATIONS = (
    *("discord", "email", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie", "pagerduty"),
    *("pushover", "rocketchat", "slack", "sns", "telegram", "victorops", "webex", "webhook", "wechat"),
)
_RECEIVER = ("name", "labels", *(f"{one}_configs" for one in _INTEGRATIONS))


def read(
    source: str | bytes | Mapping[str, Any], file: str = "alertmanager.yml"
) -> tuple[Config | None, list[Diagnostic]]:
    """A configuration's text, or its plain values as YAML gives them; None when Alertmanager would refuse it.

    Findings have their place in `file`; those about a value have none. Warnings alone do not refuse.
    """
    if isinstance(source, Mapping):
        told = Told(None, [])
        return _finished(_config(nodes(source), told), told)
    text, found = decode_text(file, source.encode("utf-8", "replace") if isinstance(source, str) else source)
    told = Told(file, [one for one in found if one.level == "error"])  # to Alertmanager CR LF is nothing special
    if text is None:
        return None, told.found
    documents, problems = compose(file, text)
    told.found += problems
    if not documents:
        if not problems:
            told.found.append(Diagnostic(codes.BAD_ROOT, f"{file} has no route: it is empty"))
        return None, told.found
    if problem := alias_problem(documents[0]):
        return None, [*told.found, problem]
    return _finished(_config(documents[0].node, told), told)


def _finished(config: Config | None, told: Told) -> tuple[Config | None, list[Diagnostic]]:
    return (None if has_errors(told.found) else config), told.found


def _config(node: Node, told: Told) -> Config | None:
    top = told.fields(node, "the configuration", _TOP)
    if not isinstance(node, MappingNode) and not is_null(node):
        return None
    for key in ("global", "tracing", "event_recorder"):
        told.fields(top.get(key), f"`{key}`")
    told.texts(top.get("templates"), "`templates`")
    receivers = _receivers(top, told)
    intervals = _intervals(top, told)
    inhibitions = tuple(
        inhibition(one, number, told)
        for number, one in enumerate(told.items(top.get("inhibit_rules"), "`inhibit_rules`") or ())
    )
    root = top.get("route")
    if root is None or is_null(root):
        told.say(codes.BAD_ROOT, "this configuration has no `route`", node, "here", "route: {receiver: …} is the least")
        return None
    return Config(
        root=root_route(root, Names(receivers, intervals), told),
        receivers=receivers,
        inhibitions=inhibitions,
        intervals=intervals,
        targets=lookup([one.targets for one in inhibitions]),
    )


def _receivers(top: Fields, told: Told) -> dict[str, Receiver]:
    found: dict[str, Receiver] = {}
    for node in told.items(top.get("receivers"), "`receivers`") or ():
        fields = told.fields(node, "a receiver", _RECEIVER)
        name = told.text(fields.get("name"), "`name`")
        if not name and not is_null(node):
            told.say(codes.SHAPE, "a receiver has no name", node, "this one", "write name: …")
        elif name in found:
            message = f"there are two receivers named `{name}`"
            told.say(codes.DEFINED_TWICE, message, fields.get("name", node), "and again here", "rename one")
        labels = told.fields(fields.get("labels"), "`labels`")
        if "name" in labels and (label := told.text(labels["name"], "`name`")) != name:
            told.say(codes.SHAPE, f"the label `name` of receiver `{name}` is `{label}`", labels["name"], "not its name")
        integrations = [
            one for one in _INTEGRATIONS for _ in told.items(fields.get(f"{one}_configs"), f"`{one}_configs`") or ()
        ]
        found.setdefault(name, Receiver(name, tuple(integrations), told.place(node)))
    return found


def _intervals(top: Fields, told: Told) -> dict[str, TimeInterval]:
    found: dict[str, TimeInterval] = {}
    for key in ("mute_time_intervals", "time_intervals"):
        for node in told.items(top.get(key), f"`{key}`") or ():
            one = time_interval(node, told)
            if one.name in found and one.name:
                message = f"there are two time intervals named `{one.name}`"
                told.say(codes.DEFINED_TWICE, message, node, "and again here", "rename one")
            found.setdefault(one.name, one)
    return found
