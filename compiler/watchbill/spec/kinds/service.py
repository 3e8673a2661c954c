"""Service: what is watched, when it is wrong, and what is done about it."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.scalars import (
    AlertName,
    DiagnosticRef,
    Duration,
    EscalationRef,
    LabelName,
    MetricName,
    Name,
    ParamName,
    Placed,
    PlaceName,
    PromQL,
    RemediationRef,
    RunbookName,
    ServiceRef,
    Text,
    Url,
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

    name: Annotated[MetricName, "`level:metric:operation`."]
    expr: Annotated[Placed[PromQL], "What is recorded."]
    labels: Annotated[dict[LabelName, Text], "Labels of the result."] = {}


class NoData(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the series an alert watches are gone."""

    after: Annotated[Duration, "How long they must be gone."] = "10m"
    severity: Annotated[Name, "Severity of the no-data alert."] = "warning"
    ignore: Annotated[Text | None, "Why silence is fine here: then there is no no-data alert."] = None


class RunbookRef(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "name"
    __exactly_one__: ClassVar = ("name", "url")
    name: Annotated[RunbookName | None, "A Runbook."] = None
    url: Annotated[Url | None, "A runbook that lives elsewhere."] = None


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


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("severity", "levels")
    name: Annotated[AlertName, "CamelCase, unique in the service."]
    class_: Annotated[Name | None, "One of the workspace's classes."] = msgspec.field(name="class", default=None)
    severity: Annotated[Placed[Name] | None, "One of the workspace's severities."] = None
    levels: Annotated[dict[Name, Level], "Several severities of one condition."] = {}
    expr: Annotated[Placed[PromQL], "Fires for every series this returns."]
    params: Annotated[dict[ParamName, Param], "Values used as `${name}`."] = {}
    for_: Annotated[Placed[Duration] | None, "How long it must hold before it fires."] = msgspec.field(
        name="for", default=None
    )
    keep_firing_for: Annotated[Placed[Duration] | None, "How long it keeps firing after it last held."] = None
    escalation: Annotated[Placed[EscalationRef] | None, "Only to differ from the severity's."] = None
    page_per: Annotated[
        tuple[LabelName, ...], "Labels that, beside service, alert and identity, make one incident."
    ] = ()
    no_data: Annotated[NoData | None, "Default for the worst severity: a warning after 10m."] = None
    labels: Annotated[dict[LabelName, Text], "More labels of the alert."] = {}
    annotations: Annotated[dict[LabelName, Text], "More annotations."] = {}
    summary: Annotated[Placed[Text], "One line, for a person who was asleep."]
    description: Annotated[Placed[Text] | None, "What is happening, with the value and the limit."] = None
    impact: Annotated[Impact | None, "What it does to revenue and customers."] = None
    runbook: Annotated[RunbookRef | None, "What to do."] = None
    diagnose: Annotated[tuple[DiagnosticRef, ...], "Diagnostics collected before anything is changed."] = ()
    remediate: Annotated[
        tuple[RemediationRef, ...], "Remediations in order; the next only if the one before did not help."
    ] = ()
    tests: Annotated[tuple[RuleTest, ...], "At least one that fires and one that stays quiet."] = ()
    only: Annotated[tuple[PlaceName, ...], "Places where this alert exists. Default: all."] = ()


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    uid: Annotated[Text, "The uid of a Grafana dashboard."]


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "service"
    __not_yet__: ClassVar = ("inhibits",)
    service: Annotated[ServiceRef, "A Service."]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Something a team runs, and every alert about it."""

    __not_yet__: ClassVar = ("uses", "slos", "defaults")
    tier: Annotated[int, "1 is the most important."] = 3
    depends_on: Annotated[tuple[Dependency, ...], "Services this one needs: linked in runbooks."] = ()
    dashboard: Annotated[Dashboard | None, "The service's dashboard."] = None
    params: Annotated[dict[ParamName, Param], "Params every alert of the service may use."] = {}
    records: Annotated[tuple[Record, ...], "Recording rules, evaluated before the alerts, in this order."] = ()
    alerts: Annotated[tuple[Alert, ...], "The alerts."] = ()
