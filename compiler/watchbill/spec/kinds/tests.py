"""Test: who is told of an alert, written down as what must come out."""

from typing import Annotated, Literal

import msgspec

from watchbill.spec.scalars import (
    Duration,
    Instant,
    LabelName,
    OneOrMore,
    PlaceName,
    Reached,
    ReceiverName,
    RemediationRef,
    Text,
)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One alert in one situation. All that is expected must come out, in every place that is meant."""

    name: Annotated[Text | None, "What it shows. Default: the alert, where and when."] = None
    alert: Annotated[
        dict[LabelName, Text],
        "Its labels: `alertname` and those that its expression adds, as the rule's own are known. Without `alertname` all of them.",
    ]
    in_: Annotated[
        PlaceName, "Where: a place, or an environment, which means every place of it in which the alert runs."
    ] = msgspec.field(name="in")
    at: Annotated[
        Instant | None,
        "When it fires. Needed where people or remedies are expected, and where a route depends on the time.",
    ] = None
    firing: Annotated[
        tuple[dict[LabelName, Text], ...], "Other alerts that fire there, by their labels; the oldest first."
    ] = ()
    reaches: Annotated[
        tuple[Reached, ...], OneOrMore(), "People whom the escalation reaches, all of them; or `nobody`, with a reason."
    ] = ()
    within: Annotated[
        Duration | None,
        "With `reaches`: how long after the alert fires; the wait before the first message and those of the steps count.",
    ] = None
    reason: Annotated[Text | None, "Needed with `reaches: nobody`: why that is right."] = None
    receivers: Annotated[
        tuple[ReceiverName, ...] | None, "Alertmanager's receivers that are told then, exactly these; [] for none."
    ] = None
    outcome: Annotated[
        Literal["page", "ticket", "notify", "drop"] | None, "The strongest of what it leads to then."
    ] = None
    inhibited: Annotated[bool | None, "Whether what fires beside it keeps it back."] = None
    remedies: Annotated[
        tuple[RemediationRef, ...] | None,
        "Remediations that no gate holds back then, exactly these, in order; [] for none.",
    ] = None


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of which alert: asked of the compiled routing by `watchbill test`. It needs no name."""

    __test__ = False  # no class of tests to pytest, which would collect it by its name

    cases: Annotated[tuple[Case, ...], "What is asked, and what must come out."]
