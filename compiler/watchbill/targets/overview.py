"""Each alert once, over all places: what is the same everywhere is said once, what differs is said with where."""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from urllib.parse import quote

from watchbill.spec.model import Outcome, ResolvedAlert, ResolvedService, Workspace
from watchbill.spec.series import asked
from watchbill.targets import wording
from watchbill.targets.markdown import Markdown, url
from watchbill.targets.views import AlertBrief, AlertView, Behaviour, Brief, Expression, RecordView, ServiceView, Text

Held = tuple[str, str]  # severity and place
Does = tuple[str, str, str, Outcome, str | None, str | None]  # severity, team, when it is theirs, outcome, for, keep
_ODD = re.compile(r"[^A-Za-z0-9_]")  # in the name of an alert that somebody else wrote
_QUOTED = [quote(bytes((byte,)), safe="") for byte in range(256)]  # four times as fast as `quote`, which asks each time


def service_path(team: str, name: str) -> Markdown:
    return Markdown(f"services/{team}/{name}.md")


def services(workspace: Workspace) -> dict[str, list[tuple[str, ResolvedService]]]:
    """Every service by name, as it is in each place."""
    found: dict[str, list[tuple[str, ResolvedService]]] = {}
    for place in workspace.places.values():
        for service in place.services:
            found.setdefault(service.name, []).append((place.name, service))
    return {name: found[name] for name in sorted(found)}


def brief(here: list[tuple[str, ResolvedService]], rank: dict[str, int]) -> Brief:
    """What other pages say of a service; `rank` is that of each severity."""
    first = here[0][1]
    alerts: dict[str, AlertBrief] = {}
    escalations: dict[str, None] = {}
    for _, service in here:
        for alert in service.alerts:
            if alert.no_data_of is None:
                known = alerts.get(alert.name)
                if known is None:
                    alerts[alert.name] = AlertBrief(alert.name, alert.severity, alert.runbook)
                elif rank.get(alert.severity, 99) < rank.get(known.worst, 99):
                    alerts[alert.name] = AlertBrief(alert.name, alert.severity, known.runbook)
            for _, outcome in alert.takers if alert.owners else ((alert.team, alert.outcome),):
                if outcome.escalation is not None:
                    escalations[outcome.escalation] = None
    path = service_path(first.team, first.name)
    return Brief(first.kind, first.name, first.team, first.tier, path, tuple(alerts.values()), tuple(escalations))


def _quoted(expr: str) -> str:
    return "".join(map(_QUOTED.__getitem__, expr.encode("utf-8", "replace")))


class Overview:
    """Makes views, and remembers the words it has used before: ten thousand alerts share a few hundred."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.rank = {severity: rank for rank, severity in enumerate(workspace.severities)}
        self._where: dict[tuple[str, ...], str] = {}
        self._outcome = lru_cache(maxsize=None)(self._outcome_words)
        self._graphs = [
            (
                name,
                graph_base(workspace, name),
                place.environment if len(workspace.places_of(place.environment)) == 1 else name,
                place if place.series else None,
            )
            for name, place in workspace.places.items()
        ]

    def where(self, places: tuple[str, ...]) -> str:
        words = self._where.get(places)
        if words is None:
            words = self._where[places] = wording.where(self.workspace, places)
        return words

    def graphs(self, expr: str, places: Collection[str] | None = None) -> Markdown:
        """Links to an expression at the Prometheus of each place."""
        query = _quoted(expr)
        return Markdown(
            " · ".join(
                f"[{label}]({base}{query if place is None else _quoted(asked(expr, place))}&g0.tab=0)"
                for name, base, label, place in self._graphs
                if base and (places is None or name in places)
            )
        )

    def service(self, here: list[tuple[str, ResolvedService]]) -> ServiceView:
        first = here[0][1]
        path = service_path(first.team, first.name)
        alerts: dict[str, list[tuple[str, ResolvedAlert]]] = {}
        records: dict[str, dict[str, list[str]]] = {}
        dashboards: dict[str, list[str]] = {}
        for place, service in here:
            for alert in service.alerts:
                alerts.setdefault(alert.name, []).append((place, alert))
            for record in service.records:
                records.setdefault(record.name, {}).setdefault(record.expr, []).append(place)
            if service.dashboard_url is not None:
                dashboards.setdefault(service.dashboard_url, []).append(place)
        blind: dict[str, list[AlertView]] = {}
        for found in alerts.values():
            if found[0][1].no_data_of is not None:
                blind.setdefault(found[0][1].no_data_of, []).append(self.alert(found, path, ()))
        views = [
            self.alert(found, path, tuple(blind.get(name, ())))
            for name, found in alerts.items()
            if found[0][1].no_data_of is None
        ]
        return ServiceView(
            kind=first.kind,
            name=first.name,
            team=first.team,
            tier=first.tier,
            path=path,
            dashboards=tuple((self.where(tuple(places)), target) for target, places in dashboards.items()),
            alerts=tuple(sorted(views, key=lambda view: view.rank)),
            records=tuple(
                RecordView(name, self.where(tuple(places)) if len(by) > 1 else "", expr)
                for name, by in records.items()
                for expr, places in by.items()
            ),
        )

    def alert(
        self, found: list[tuple[str, ResolvedAlert]], path: Markdown, no_data: tuple[AlertView, ...]
    ) -> AlertView:
        """One alert of the service at `path`, from what it is in each place."""
        behaviours: dict[Does, list[Held]] = {}
        summaries: dict[str, list[Held]] = {}
        descriptions: dict[str, list[Held]] = {}
        expressions: dict[str, list[Held]] = {}
        escalations: dict[tuple[str, str], None] = {}
        before, entered = found[0][1], list[list[Held]]()
        for place, alert in found:
            held = (alert.severity, place)
            if entered and alert.annotations is before.annotations and alert.expr is before.expr:
                for entry in entered:  # the same alert at another source of the same environment
                    entry.append(held)
                continue
            before, entered = alert, []
            when = ""
            for owner in alert.owners:
                when, theirs = "otherwise", f"where {owner.label} is {wording.either(owner.patterns)}"
                key = (alert.severity, owner.team, theirs, owner.outcome, alert.for_, alert.keep_firing_for)
                entered.append(behaviours.setdefault(key, []))
                if owner.outcome.escalation is not None:
                    escalations[owner.outcome.escalation, owner.team] = None
            key = (alert.severity, alert.team, when, alert.outcome, alert.for_, alert.keep_firing_for)
            says = alert.annotations
            entered += (
                behaviours.setdefault(key, []),
                summaries.setdefault(says.get("summary", ""), []),
                descriptions.setdefault(says.get("description", ""), []),
                expressions.setdefault(alert.expr, []),
            )
            for entry in entered:
                entry.append(held)
            if alert.outcome.escalation is not None:
                escalations[alert.outcome.escalation, alert.team] = None
        first = found[0][1]
        severities = tuple(sorted({key[0] for key in behaviours}, key=lambda severity: self.rank.get(severity, 99)))
        places = tuple(dict.fromkeys(place for place, _ in found))
        label = self._labeller(severities, places)
        return AlertView(
            name=first.name,
            service=first.service,
            service_path=path,
            team=first.team,
            anchor=Markdown(f"{first.service}.{_ODD.sub(_numbered, first.name)}"),
            class_=first.class_,
            severities=severities,
            rank=self.rank.get(severities[0], 99),
            where=self.where(places),
            behaviours=tuple(
                Behaviour(
                    self.where(tuple([place for _, place in there])),
                    severity,
                    self._outcome(meaning, team, severity, when),
                    for_,
                    keep,
                )
                for (severity, team, when, meaning, for_, keep), there in sorted(behaviours.items(), key=self._by_rank)
            ),
            summaries=_told(summaries, label),
            descriptions=_told(descriptions, label),
            expressions=tuple(
                Expression(
                    label(held) if len(expressions) > 1 else "", expr, self.graphs(expr, [place for _, place in held])
                )
                for expr, held in expressions.items()
            ),
            page_per=first.page_per,
            revenue=first.revenue,
            customers=first.customers,
            runbook=first.runbook,
            runbook_url=first.runbook_url,
            diagnose=first.diagnose,
            remediate=first.remediate,
            escalations=tuple(escalations),
            no_data=no_data,
        )

    def _by_rank(self, behaviour: tuple[Does, list[Held]]) -> int:
        return self.rank.get(behaviour[0][0], 99)

    def _labeller(self, severities: tuple[str, ...], places: tuple[str, ...]) -> Callable[[list[Held]], str]:
        everything = len(severities) == 1

        def label(held: list[Held]) -> str:
            if everything and len(held) == len(places):
                return ""
            own = tuple(dict.fromkeys(place for _, place in held))
            words = [severity for severity in severities if any(severity == other for other, _ in held)]
            parts = [wording.either(words, "and")] if len(words) < len(severities) else []
            parts += [self.where(own)] if len(own) < len(places) else []
            return ", ".join(parts)

        return label

    def _outcome_words(self, meaning: Outcome, team: str, severity: str, when: str) -> str:
        words = wording.outcome(self.workspace, meaning, team, severity)
        return f"{words}, {when}" if when else words


def _told(texts: dict[str, list[Held]], label: Callable[[list[Held]], str]) -> tuple[Text, ...]:
    return tuple(Text(label(held) if len(texts) > 1 else "", text) for text, held in texts.items() if text)


def _numbered(match: re.Match[str]) -> str:
    return f"-{ord(match[0]):x}-"


def graph_base(workspace: Workspace, place: str) -> str:
    """The address of a place's Prometheus graph, up to the expression; empty when the place has no web address."""
    address = url(workspace.places[place].prometheus_url.rstrip("/"))
    return f"{address}/graph?g0.expr=" if address else ""
