"""Runbooks as Markdown pages: one for each Runbook, one for each service, and an index. MkDocs takes them strictly.

The words around the policies stand in `templates/runbooks/`. A workspace may put a template of its own, by the same
name, into a folder that is searched first. Nothing on a page depends on the day it is made.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from watchbill.source.diagnostic import Diagnostic
from watchbill.spec import kinds
from watchbill.spec.kinds.answers import RunbookStep
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Outcome, OutcomeKind, Workspace
from watchbill.spec.settings import outcome, outcome_kind
from watchbill.targets import wording
from watchbill.targets.artifact import Artifact, recalled
from watchbill.targets.markdown import EMPTY, Markdown, inline, link, listed, nested_block
from watchbill.targets.overview import Overview, brief, services
from watchbill.targets.pagetemplates import BadTemplate, Folders, Templates
from watchbill.targets.response import ProcedureView, Response
from watchbill.targets.views import AlertBrief, AlertView, Brief, ServiceView

MANY = 25  # more alerts than this on one runbook become a table: each is told in full on its service's page
MANY_TEAMS = 6  # more pairs of team and escalation (or remediation) than this on a page are told once, for any team
REVENUE = ("direct", "indirect", "none")  # worst first


def build(workspace: Workspace, templates: Folders | None = None, memory: Memory = NOTHING) -> list[Artifact]:
    """All pages. `templates` are folders searched before the packaged one; by default the workspace's own `templates/`."""
    return render(workspace, Templates((workspace.root / "templates",) if templates is None else templates), memory)


def render(workspace: Workspace, templates: Templates, memory: Memory = NOTHING) -> list[Artifact]:
    pages = Pages(workspace, templates, memory)
    found = [pages.index()]
    found += [pages.runbook(name) for name in pages.runbooks]
    found += [pages.service(name) for name in pages.services]
    return found


def check(workspace: Workspace) -> list[Diagnostic]:
    """What is wrong with the workspace's own templates: only rendering with them tells."""
    templates = Templates((workspace.root / "templates",))
    if not templates.own:
        return []
    try:
        render(workspace, templates)
    except BadTemplate as bad:
        return [bad.diagnostic]
    return templates.unused()


class Step(msgspec.Struct, frozen=True):
    """A numbered step; `code` and `graphs` are empty when it is no query."""

    number: Markdown
    text: str
    code: Markdown
    graphs: Markdown


class Book(msgspec.Struct, frozen=True):
    """A runbook as the index lists it."""

    title: str
    team: str | None
    path: Markdown
    alerts: int
    worst: str
    services: str


def runbook_path(name: str) -> Markdown:
    """The page of a runbook, whose address MkDocs makes `runbooks/<name>/`; that of one named `index` would be its folder."""
    return Markdown(f"runbooks/{name}/index.md" if name.rsplit("/", 1)[-1] == "index" else f"runbooks/{name}.md")


def _root(path: Markdown) -> Markdown:
    return Markdown("../" * path.count("/"))


class Pages:
    """Makes the pages of a workspace. A page of a runbook or a service is remembered, and what it shows is only looked at
    when it must be made; the index, and which page tells an alert in full, follow from what is brief of every service.
    """

    def __init__(self, workspace: Workspace, templates: Templates, memory: Memory) -> None:
        self.workspace = workspace
        self.templates = templates
        self.memory = memory
        self.overview = Overview(workspace)
        self.response = Response(workspace, self.overview)
        here = services(workspace)
        self.services = {name: brief(places, self.overview.rank) for name, places in here.items()}
        self.view = lru_cache(maxsize=None)(lambda name: self.overview.service(here[name]))
        self.runbooks: dict[str, list[tuple[Brief, AlertBrief]]] = {
            name: [] for name, policy in workspace.documents.get("Runbook", {}).items() if policy.body is not None
        }
        for service in self.services.values():
            for alert in service.alerts:
                if alert.runbook in self.runbooks:
                    self.runbooks[alert.runbook].append((service, alert))
        for alerts in self.runbooks.values():
            alerts.sort(key=lambda one: self.overview.rank.get(one[1].worst, 99))
        self.procedures = self.response.procedures()
        self.procedures_of: dict[tuple[str | None, tuple[str, ...]], list[ProcedureView]] = {}
        self.sections: dict[tuple[str, str, str | None], Markdown] = {}
        self.team_pages: dict[str, Markdown] = {}

    # Where things stand

    def in_full_at_runbook(self, alert: AlertView | AlertBrief) -> bool:
        return alert.runbook in self.runbooks and len(self.runbooks[alert.runbook]) <= MANY

    def home(self, alert: AlertView) -> Markdown:
        """A link from its service's page to where an alert is told in full."""
        there = runbook_path(alert.runbook or "") if self.in_full_at_runbook(alert) else EMPTY
        root = _root(alert.service_path) if there else EMPTY
        return link(alert.name, Markdown(f"{there}#{alert.anchor}"), root)

    def runbook_link(self, alert: AlertView, root: Markdown) -> Markdown:
        name = alert.runbook
        if name is not None and name in self.runbooks:
            return link(wording.heading(name), runbook_path(name), root)
        return link("elsewhere", alert.runbook_url) if alert.runbook_url else Markdown("none")

    def page(self, template: str, path: Markdown, sources: Iterable[str], **values: Any) -> Artifact:
        text = self.templates.render(template, root=_root(path), **values)
        return Artifact(f"runbooks/{path}", text.rstrip("\n") + "\n", tuple(dict.fromkeys(sources)))

    def recalled(self, path: Markdown, shown: Iterable[Brief], more: object, make: Callable[[], Artifact]) -> Artifact:
        """A page that shows these services and else only what no service says."""
        seals = self.workspace.seals
        services = [seals.services[f"{one.kind}/{one.name}"] for one in shown]
        follows = msgspec.msgpack.encode((self.templates.digest, seals.around, services, more))
        return recalled(self.memory, "pages", path, hashlib.sha256(follows).digest(), lambda: [make()])[0]

    # The index

    def index(self) -> Artifact:
        workspace = self.workspace
        teams: dict[str, list[Brief]] = {}
        for service in self.services.values():
            teams.setdefault(service.team, []).append(service)
        groups = self._environment_groups()
        used = sorted({name for service in self.services.values() for name in service.escalations})
        taker = workspace.catch_all
        resort_team, role = workspace.last_resort
        return self.page(
            "index", Markdown("index.md"), [f"Workspace/{workspace.name}"], workspace=workspace.name,
            teams=sorted(teams.items()), runbooks=[self._book(name, alerts) for name, alerts in self.runbooks.items()],
            groups=[", ".join(names) for _, names in groups], severities=self._severities([cap for cap, _ in groups]),
            escalations=[text for name in used if (text := self._escalation(name, None))],
            procedures=list(self.procedures.values()),
            catch_all=wording.outcome(workspace, Outcome(taker.outcome, taker.escalation), taker.team, ""),
            last_resort=wording.who(workspace, kinds.people.Notified(on_call=role, of=resort_team), None),
        )  # fmt: skip

    def _environment_groups(self) -> list[tuple[OutcomeKind, list[str]]]:
        """Environments together that have the same strongest outcome."""
        groups: dict[OutcomeKind, list[str]] = {}
        for name, environment in self.workspace.environments.items():
            groups.setdefault(environment.at_most, []).append(name)
        return list(groups.items())

    def _severities(self, caps: Sequence[OutcomeKind]) -> list[dict[str, Any]]:
        rows = []
        for name, severity in self.workspace.severities.items():
            hours = "the team's hours" if severity.hours == "team" else severity.hours
            meanings = [outcome(severity, cap, severity.page, hours) for cap in caps]
            words = [wording.outcome(self.workspace, meaning, None, name) for meaning in meanings]
            dropped = outcome_kind(severity) == "drop"
            rows.append({"name": name, "outcomes": words, "timing": None if dropped else self.workspace.timing[name]})
        return rows

    def _book(self, name: str, alerts: list[tuple[Brief, AlertBrief]]) -> Book:
        named = list(dict.fromkeys(service.name for service, _ in alerts))
        shown = ", ".join(named) if len(named) <= 3 else wording.times(len(named), "service")
        worst = alerts[0][1].worst if alerts else "none"
        team = self.workspace.get("Runbook", name).team
        return Book(wording.heading(name), team, runbook_path(name), len(alerts), worst, shown)

    # A service

    def service(self, name: str) -> Artifact:
        service = self.services[name]
        beside = [self.services[one] for one in (*self._needs.get(name, ()), *self._needed_by.get(name, ()))]
        elsewhere = [self.in_full_at_runbook(alert) for alert in service.alerts]
        return self.recalled(service.path, (service, *beside), elsewhere, lambda: self._service(self.view(name)))

    def _service(self, service: ServiceView) -> Artifact:
        sources = [f"{service.kind}/{service.name}", f"Team/{service.team}"]
        needs = [self.services[name] for name in self._needs.get(service.name, ())]
        needed_by = [self.services[name] for name in self._needed_by.get(service.name, ())]
        procedures: dict[str, list[str]] = {}
        for alert in service.alerts:
            for procedure in self._procedures(alert):
                procedures.setdefault(procedure.name, []).append(alert.name)
        sources += [f"Service/{other.name}" for other in (*needs, *needed_by)]
        sources += [f"Procedure/{name}" for name in procedures]
        return self.page(
            "service", service.path, sources, service=service, needs=needs, needed_by=needed_by,
            rows=[(alert, self.home(alert), self.runbook_link(alert, _root(service.path))) for alert in service.alerts],
            here=[alert for alert in service.alerts if not self.in_full_at_runbook(alert)],
            procedures=[(self.procedures[name], alerts) for name, alerts in procedures.items()],
            on_call=self._on_call(service.team), dashboards=_dashboards(service),
        )  # fmt: skip

    @cached_property
    def _needs(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.services:
            body: kinds.Service | None = self.response.body("Service", name)
            for needed in body.depends_on if body is not None else ():
                if needed.service in self.services:
                    found.setdefault(name, []).append(needed.service)
        return found

    @cached_property
    def _needed_by(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, needs in self._needs.items():
            for other in needs:
                found.setdefault(other, []).append(name)
        return found

    def _on_call(self, team: str) -> Markdown:
        if team not in self.team_pages:
            self.team_pages[team] = self.templates.render("_on_call", rotas=self.response.rotas(team))
        return self.team_pages[team]

    def _procedures(self, alert: AlertView) -> list[ProcedureView]:
        key = (alert.class_, alert.severities)
        if key not in self.procedures_of:
            self.procedures_of[key] = [
                one for name, one in self.procedures.items() if self.response.starts(name, alert)
            ]
        return self.procedures_of[key]

    # A runbook

    def runbook(self, name: str) -> Artifact:
        named = {service.name: service for service, _ in self.runbooks[name]}
        said = self.workspace.get("Runbook", name).digest
        return self.recalled(runbook_path(name), named.values(), said, lambda: self._runbook(name, sorted(named)))

    def _runbook(self, name: str, shown: list[str]) -> Artifact:
        policy = self.workspace.get("Runbook", name)
        body: kinds.Runbook = policy.body
        alerts = [alert for one in shown for alert in self.view(one).alerts if alert.runbook == name]
        alerts.sort(key=lambda alert: alert.rank)
        crowded = len(alerts) > MANY
        named = list(dict.fromkeys(alert.service for alert in alerts))
        diagnostics = list(dict.fromkeys(one for alert in alerts for one in alert.diagnose))
        remediations = self._for_teams((one, alert.team) for alert in alerts for one in alert.remediate)
        escalations = self._for_teams(self._escalations(alerts))
        procedures = {one.name: one for alert in alerts for one in self._procedures(alert)}
        messages = [message for one in body.communicate if (message := self.response.message(one, policy.team))]
        sources = [f"Runbook/{name}", *(f"{self.services[one].kind}/{one}" for one in sorted(named))]
        sources += [f"Team/{one}" for one in sorted({alert.team for alert in alerts})]
        for kind, names in (
            ("Diagnostic", diagnostics),
            ("Remediation", [one for one, _ in remediations]),
            ("Escalation", [one for one, _ in escalations]),
            ("Procedure", procedures),
            ("Message", [message.name for message in messages]),
        ):
            sources += [f"{kind}/{one}" for one in sorted(names)]
        return self.page(
            "runbook", runbook_path(name), sources, title=wording.heading(name), alerts=alerts,
            crowded=crowded, services=[self.view(one) for one in named], impacts=_impacts(alerts),
            dashboards=[pair for one in named for pair in _dashboards(self.view(one))],
            immediate=self._steps(body.immediate), investigate=self._steps(body.investigate),
            escalate_when=body.escalate_when, messages=messages,
            executors=[
                (environment, wording.MODES[settings.executor.mode if settings.executor else None])
                for environment, settings in self.workspace.environments.items()
            ],
            diagnostics=[one for key in diagnostics if (one := self.response.diagnostic(key))],
            remediations=[text for one, team in remediations if (text := self._remediation(one, team))],
            procedures=list(procedures.values()),
            escalations=[text for one, team in escalations if (text := self._escalation(one, team))],
        )  # fmt: skip

    def _escalations(self, alerts: Iterable[AlertView]) -> dict[tuple[str, str], None]:
        return {pair: None for alert in alerts for one in (alert, *alert.no_data) for pair in one.escalations}

    def _for_teams(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str | None]]:
        """Each pair of a document and a team once; with too many teams, each document once for any team."""
        once = dict.fromkeys(pairs)
        if len(once) <= MANY_TEAMS:
            return list(once)
        return [(name, None) for name in dict.fromkeys(name for name, _ in once)]

    def _steps(self, steps: Sequence[RunbookStep]) -> list[Step]:
        return [self._step(number, step) for number, step in enumerate(steps, 1)]

    def _step(self, number: int, step: RunbookStep) -> Step:
        place = Markdown(f"{f'{number}.':<4}")
        if step.promql is None:
            return Step(place, step.text or "", EMPTY, EMPTY)
        title = f"{step.title}:" if step.title else "Look at:"
        return Step(place, title, nested_block(step.promql), self.overview.graphs(step.promql))

    def _escalation(self, name: str, team: str | None) -> Markdown:
        return self._section("_escalation", name, team, lambda: self.response.escalation(name, team))

    def _remediation(self, name: str, team: str | None) -> Markdown:
        return self._section("_remediation", name, team, lambda: self.response.remediation(name, team))

    def _section(self, template: str, name: str, team: str | None, view: Callable[[], Any]) -> Markdown:
        """A part of a page that many pages share; empty when its document is broken."""
        key = (template, name, team)
        if key not in self.sections:
            seen = view()
            self.sections[key] = self.templates.render(template, it=seen) if seen is not None else EMPTY
        return self.sections[key]


def _dashboards(service: ServiceView) -> list[tuple[str, str]]:
    return [
        (service.name if where == wording.EVERYWHERE else f"{service.name} in {where}", target)
        for where, target in service.dashboards
    ]


def _impacts(alerts: Sequence[AlertView]) -> Markdown:
    parts = []
    revenue = {alert.revenue for alert in alerts}
    worst = next((one for one in REVENUE if one in revenue), None)
    if worst is not None:
        parts.append(Markdown(f"revenue {worst}"))
    customers = [inline(one) for one in dict.fromkeys(alert.customers for alert in alerts) if one]
    if customers:
        parts.append(Markdown(f"customers: {listed(customers, ' · ')}"))
    return listed(parts, "; ")
