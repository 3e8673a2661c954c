"""Service: what is watched, when it is wrong, and what is done about it."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.kinds.inherited import Defaults, RunbookRef
from watchbill.spec.scalars import (
    AlertName,
    AlertSetRef,
    Duration,
    EscalationRef,
    LabelName,
    Name,
    OneOrMore,
    ParamName,
    Placed,
    PlaceName,
    PromQL,
    RecordName,
    ServiceRef,
    Text,
)


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """A number or name used as `${name}` in expressions and texts."""

    type: Annotated[
        Literal["ratio", "duration", "bytes", "number", "name"], "How it is written in PromQL and in texts."
    ]
    default: Annotated[Text, "The value, unless the place has its own."]
    by: Annotated[dict[PlaceName, Text] | None, "Values by place."] = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A recording rule."""

    name: Annotated[RecordName, "`level:metric:operation`."]
    expr: Annotated[Placed[PromQL], "What is recorded."]
    labels: Annotated[dict[LabelName, Text], "Labels of the result."] = {}


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    revenue: Annotated[Literal["none", "indirect", "direct"], "What it does to revenue."] = "none"
    customers: Annotated[Text | None, "What customers notice."] = None


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    at: Annotated[Duration, "Time since the start of the series."]
    firing: Annotated[
        tuple[dict[LabelName, Text], ...], "Labels that tell the firing alerts apart; [] for none; [{}] for any."
    ]


class RuleTest(msgspec.Struct, frozen=True, kw_only=True):
    """Series in, firing alerts out; promtool runs it."""

    name: Annotated[Text, "A sentence."]
    in_: Annotated[PlaceName | None, "Where. Default: everywhere the alert is."] = msgspec.field(
        name="in", default=None
    )
    interval: Annotated[Duration, "Time between the values of a series."] = "1m"
    series: Annotated[dict[Text, Text], "Series and their values in promtool's notation."]
    expect: Annotated[tuple[Expectation, ...], "What fires when."]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One severity of an alert that has several: the worse inhibits the lesser."""

    params: Annotated[dict[ParamName, Text], "Values of params at this level."] = {}
    for_: Annotated[Placed[Duration] | None, "Replaces the alert's `for`."] = msgspec.field(name="for", default=None)
    keep_firing_for: Annotated[Placed[Duration] | None, "Replaces the alert's."] = None


class Change(Defaults, frozen=True, kw_only=True):
    """Whatever an alert may say, all of it optional: what a use of an AlertSet changes."""

    levels: Annotated[dict[Name, Level], "Several severities of one condition."] = {}
    expr: Annotated[Placed[PromQL] | None, "Fires for every series this returns."] = None
    params: Annotated[dict[ParamName, Param], "Values used as `${name}`."] = {}
    escalation: Annotated[Placed[EscalationRef] | None, "Only to differ from the severity's."] = None
    summary: Annotated[Placed[Text] | None, "One line, for a person who was asleep."] = None
    description: Annotated[Placed[Text] | None, "What is happening, with the value and the limit."] = None
    impact: Annotated[Impact | None, "What it does to revenue and customers."] = None
    tests: Annotated[tuple[RuleTest, ...], "At least one that fires and one that stays quiet."] = ()
    only: Annotated[tuple[PlaceName, ...], "Places where this alert exists. Default: all."] = ()


class Alert(Change, frozen=True, kw_only=True):
    """A condition, and who hears of it. Its severity (or `levels`) may be inherited."""

    name: Annotated[AlertName, "CamelCase, unique in the service."]
    expr: Annotated[Placed[PromQL], "Fires for every series this returns."]
    summary: Annotated[Placed[Text], "One line, for a person who was asleep."]


class SetParam(msgspec.Struct, frozen=True, kw_only=True):
    """A param of an AlertSet: with a default, or required of every use."""

    __exactly_one__: ClassVar = ("default", "required")
    type: Annotated[
        Literal["ratio", "duration", "bytes", "number", "name"], "How it is written in PromQL and in texts."
    ]
    default: Annotated[Text | None, "The value, unless the use or the place has its own."] = None
    required: Annotated[Literal[True] | None, "Every use must give it."] = None
    by: Annotated[dict[PlaceName, Text] | None, "Values by place."] = None


class AlertSet(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts written once and used by many services. `${service}` and `${team}` are given."""

    __not_yet__: ClassVar = ("slos",)
    params: Annotated[dict[ParamName, SetParam], "What a use may or must say."] = {}
    defaults: Annotated[Defaults | None, "What the alerts of this set inherit."] = None
    runbook: Annotated[RunbookRef | None, "What to do: short for `defaults: {runbook: …}`."] = None
    records: Annotated[tuple[Record, ...], "Recording rules of every service that uses the set."] = ()
    alerts: Annotated[tuple[Alert, ...], "As in a service."] = ()


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A set of alerts, as one service wants it."""

    __shorthand__: ClassVar = "set"
    set: Annotated[AlertSetRef, "An AlertSet."]
    with_: Annotated[dict[ParamName, Placed[Text]], "Values of the set's params."] = msgspec.field(
        name="with", default_factory=dict
    )
    without: Annotated[tuple[AlertName, ...], "Alerts left out."] = ()
    change: Annotated[dict[AlertName, Change], "What is different here, by alert."] = {}


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    uid: Annotated[Text, "The uid of a Grafana dashboard."]


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "service"
    service: Annotated[ServiceRef, "A Service."]
    inhibits: Annotated[
        tuple[Name, ...],
        OneOrMore(),
        "Severities of this service's alerts that are silent while the other pages for something worse. Proven harmless.",
    ] = ()


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Something a team runs, and every alert about it."""

    __not_yet__: ClassVar = ("slos",)
    tier: Annotated[int, "1 is the most important."] = 3
    depends_on: Annotated[
        tuple[Dependency, ...], "Services this one needs: linked in runbooks; silencing only on request."
    ] = ()
    dashboard: Annotated[Dashboard | None, "The service's dashboard."] = None
    params: Annotated[dict[ParamName, Param], "Params every alert of the service may use."] = {}
    defaults: Annotated[Defaults | None, "What the alerts of this service inherit."] = None
    uses: Annotated[tuple[Use, ...], "Sets of alerts, before the service's own."] = ()
    records: Annotated[
        tuple[Record, ...], "Recording rules, evaluated before the alerts, each after those it asks for."
    ] = ()
    alerts: Annotated[tuple[Alert, ...], "The alerts."] = ()
