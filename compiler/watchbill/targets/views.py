"""What the templates of runbook pages are given of alerts, services and recording rules, over all places."""

from typing import NamedTuple

import msgspec

from watchbill.targets.markdown import Markdown


class Behaviour(NamedTuple):
    """What an alert does in some places. `outcome` is in words; `for_` and `keep_firing_for` may be None."""

    where: str
    severity: str
    outcome: str
    for_: str | None
    keep_firing_for: str | None


class Text(NamedTuple):
    """What an alert says. `where` is empty when it is the same wherever the alert is; else severities or places."""

    where: str
    text: str


class Expression(NamedTuple):
    """What fires an alert. `graphs` are links to it at each Prometheus; `where` as for a Text."""

    where: str
    expr: str
    graphs: Markdown


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a service in all places. `severities` are worst first, and `rank` is the rank of the worst.

    `escalations` are the (escalation, team) that it pages by somewhere; `anchor` is the id of its details on a page.
    """

    name: str
    service: str
    service_path: Markdown
    team: str
    anchor: Markdown
    class_: str | None
    severities: tuple[str, ...]
    rank: int
    where: str
    behaviours: tuple[Behaviour, ...]
    summaries: tuple[Text, ...]
    descriptions: tuple[Text, ...]
    expressions: tuple[Expression, ...]
    page_per: tuple[str, ...]
    revenue: str | None
    customers: str | None
    runbook: str | None
    runbook_url: str | None
    diagnose: tuple[str, ...]
    remediate: tuple[str, ...]
    escalations: tuple[tuple[str, str], ...]
    no_data: tuple["AlertView", ...]

    @property
    def summary(self) -> str:
        return self.summaries[0].text if self.summaries else ""

    @property
    def at_service(self) -> Markdown:
        """Its details on its service's page, where they stand when its runbook's page has no room for them."""
        return Markdown(f"{self.service_path}#{self.anchor}")

    @property
    def after(self) -> str:
        """How long it must hold before it fires; with where, when that differs."""
        by: dict[str, list[Behaviour]] = {}
        for behaviour in self.behaviours:
            by.setdefault(behaviour.for_ or "at once", []).append(behaviour)
        if len(by) == 1:
            return next(iter(by))
        return ", ".join(f"{after} ({self._apart(those)})" for after, those in by.items())

    def _apart(self, those: list[Behaviour]) -> str:
        """What tells some behaviours from the others: the severity, else the place."""
        severities = {one.severity for one in those}
        if len(severities) == 1 and all(one in those for one in self.behaviours if one.severity in severities):
            return severities.pop()
        return ", ".join(dict.fromkeys(one.where for one in those))


class AlertBrief(msgspec.Struct, frozen=True):
    """An alert as other pages count it, with the worst of its severities."""

    name: str
    worst: str
    runbook: str | None


class Brief(msgspec.Struct, frozen=True):
    """A service, or a Foreign, as other pages name it. `path` is its page, `escalations` are all that it pages by."""

    kind: str
    name: str
    team: str
    tier: int
    path: Markdown
    alerts: tuple[AlertBrief, ...]
    escalations: tuple[str, ...]


class RecordView(msgspec.Struct, frozen=True):
    """A recording rule over all places; `where` is empty when its expression is the same wherever the service is."""

    name: str
    where: str
    expr: str


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A service, or a Foreign, in all places. `path` is its page, relative to the site; alerts are worst first."""

    kind: str
    name: str
    team: str
    tier: int
    path: Markdown
    dashboards: tuple[tuple[str, str], ...]
    alerts: tuple[AlertView, ...]
    records: tuple[RecordView, ...]
