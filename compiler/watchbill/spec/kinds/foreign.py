"""Foreign: rules somebody else wrote, routed, re-labelled, patched, documented and tested like our own."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.service import Impact, RuleTest
from watchbill.spec.scalars import (
    Date,
    Duration,
    EscalationRef,
    FileGlob,
    LabelName,
    OneOrMore,
    OwnershipRef,
    Placed,
    PlaceName,
    PromQL,
    TeamRef,
    Text,
)


class RuleChange(Defaults, frozen=True, kw_only=True):
    """What is different here about the rules of one alert name."""

    alert: Annotated[Text, "The name of the alert in the rule files."]
    off: Annotated[Literal[True] | None, "Leave it out."] = None
    reason: Annotated[Text | None, "Why; needed with `off`."] = None
    until: Annotated[Date | None, "When this should be looked at again: from then on a finding."] = None
    expr: Annotated[Placed[PromQL] | None, "Replaces the expression."] = None
    escalation: Annotated[Placed[EscalationRef] | None, "Only to differ from the severity's."] = None
    impact: Annotated[Impact | None, "What it does to revenue and customers."] = None
    tests: Annotated[tuple[RuleTest, ...], "Tests of these rules."] = ()


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the alerts are: one team's, or at run time the team's that an Ownership finds by a label."""

    __shorthand__: ClassVar = "name"
    __exactly_one__: ClassVar = ("name", "by")
    name: Annotated[TeamRef | None, "The team that owns these alerts."] = None
    by: Annotated[OwnershipRef | None, "An Ownership: the label of each alert says whose it is."] = None
    otherwise: Annotated[TeamRef | None, "With `by`: the team of an alert that no entry of the table claims."] = None


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """Rule files of others, found beside this document; they are not read as policy."""

    rules: Annotated[tuple[FileGlob, ...], OneOrMore(), "Rule files, relative to this file: rules/kubernetes/*.yaml"]
    team: Annotated[Owner, "A team, or {by: an Ownership, otherwise: a team}."]
    only: Annotated[tuple[PlaceName, ...], "Places where these rules run. Default: all."] = ()
    defaults: Annotated[Defaults | None, "What the rules inherit where they say nothing themselves."] = None
    change: Annotated[tuple[RuleChange, ...], "What is different here, by alert name."] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as Prometheus reads it (rulefmt.Rule)."""

    __exactly_one__: ClassVar = ("alert", "record")
    alert: Annotated[Text | None, "An alert."] = None
    record: Annotated[Text | None, "A recording rule."] = None
    expr: Annotated[PromQL, "The expression."]
    for_: Annotated[Duration | None, "How long it must hold."] = msgspec.field(name="for", default=None)
    keep_firing_for: Annotated[Duration | None, "How long it keeps firing."] = None
    labels: Annotated[dict[LabelName, Text], "Labels."] = {}
    annotations: Annotated[dict[LabelName, Text], "Annotations."] = {}


class RuleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group as Prometheus reads it (rulefmt.RuleGroup)."""

    name: Annotated[Text, "Unique in the file."]
    interval: Annotated[Duration | None, "How often it is evaluated."] = None
    query_offset: Annotated[Duration | None, "How far in the past it looks."] = None
    limit: Annotated[int | None, "At most so many alerts or series of one rule."] = None
    labels: Annotated[dict[LabelName, Text], "Labels of every rule."] = {}
    rules: Annotated[tuple[Rule, ...], "The rules, in order."] = ()


class RuleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file of Prometheus. Not a policy: read because a Foreign names it."""

    groups: Annotated[tuple[RuleGroup, ...], "The groups."] = ()
