"""What alerts inherit, wherever it is said."""

from typing import Annotated, ClassVar

import msgspec

from watchbill.spec.scalars import (
    DiagnosticRef,
    Duration,
    Hidden,
    LabelName,
    Name,
    Placed,
    RemediationRef,
    RunbookName,
    Text,
    Url,
)


class NoData(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the series an alert watches are gone."""

    after: Annotated[Duration, "How long they must be gone."] = "10m"
    severity: Annotated[
        Name | None,
        "Severity of the no-data alert. Default: warning; where there is none, the worst that makes a ticket, else a"
        " message, else the least that pages.",
    ] = None
    ignore: Annotated[Text | None, "Why silence is fine here: then there is no no-data alert."] = None


class RunbookRef(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "name"
    __exactly_one__: ClassVar = ("name", "url")
    name: Annotated[RunbookName | None, "A Runbook."] = None
    url: Annotated[Url | None, "A runbook that lives elsewhere."] = None


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What alerts inherit: from the Workspace, the Team, the AlertSet and the Service, in this order, the alert last.

    Scalars replace, maps merge, lists replace; `null` unsets what was inherited.
    """

    __unsets__: ClassVar = True
    class_: Annotated[Name | None, "One of the workspace's classes."] = msgspec.field(name="class", default=None)
    severity: Annotated[Placed[Name] | None, "One of the workspace's severities."] = None
    for_: Annotated[Placed[Duration] | None, "How long it must hold before it fires."] = msgspec.field(
        name="for", default=None
    )
    keep_firing_for: Annotated[Placed[Duration] | None, "How long it keeps firing after it last held."] = None
    page_per: Annotated[
        tuple[LabelName, ...], "Labels that, beside service, alert and identity, make one incident."
    ] = ()
    no_data: Annotated[NoData | None, "Default for the worst severity: after 10m."] = None
    labels: Annotated[dict[LabelName, Text], "More labels of the alert."] = {}
    annotations: Annotated[dict[LabelName, Text], "More annotations."] = {}
    runbook: Annotated[RunbookRef | None, "What to do."] = None
    diagnose: Annotated[tuple[DiagnosticRef, ...], "Diagnostics collected before anything is changed."] = ()
    remediate: Annotated[
        tuple[RemediationRef, ...], "Remediations in order; the next only if the one before did not help."
    ] = ()
    unset: Annotated[tuple[str, ...], Hidden()] = ()
