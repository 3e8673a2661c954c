"""The document: what is known of an alert, each value with its origin. JSON is this; text says nothing that is not in it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from watchbill.cli.alert import answers
from watchbill.cli.alert.variants import Rule, Spot, grouped, spot, where
from watchbill.routing import Config, follow
from watchbill.routing.building.answer import compiled
from watchbill.source.diagnostic import Location
from watchbill.source.locate import Sources
from watchbill.spec import composition, provenance
from watchbill.spec.dependence import dependences
from watchbill.spec.load import Policies
from watchbill.spec.model import OUTCOMES, Workspace, qualified
from watchbill.spec.settings import outcome_kind
from watchbill.spec.windows import matching
from watchbill.targets import wording

Record = dict[str, Any]


class Story:
    """What is asked: an alert of a service in some places, at an instant."""

    def __init__(
        self, workspace: Workspace, policies: Policies, sources: Sources, rules: Sequence[Rule], at: datetime
    ) -> None:
        self.workspace = workspace
        self.policies = policies
        self.sources = sources
        self.rules = rules
        self.at = at
        self.first = rules[0][1]
        self.spots = [spot(rule) for rule in rules]
        self.made = composition.written(workspace, policies, self.first)

    def document(self) -> Record:
        first = self.first
        policy = self.made.policy
        foreign = policy.kind == "Foreign"
        return {
            "version": 1,
            "alert": first.name,
            "service": first.service,
            "kind": policy.kind,
            "team": first.team,
            "tier": None if foreign else policy.body.tier,
            "no_data_of": first.no_data_of,
            "summary": first.annotations.get("summary", ""),
            "where": wording.where(self.workspace, {place.name for place, _ in self.rules}),
            "files": list(self._files()),
            "compiled": list(self._compiled()),
            "values": list(self._values()),
            "leads_to": list(self._outcomes()),
            "owners": list(self._owners()),
            "incident": list(first.incident_key),
            "quieter": list(self._windows()),
            "inhibited_by": list(self._inhibited()),
            "on_call": answers.on_call(self.workspace, self.rules, self.at),
            "runbook": answers.runbook(self.workspace, first, self.place_of),
            "diagnose": [self._named("Diagnostic", name) for name in first.diagnose],
            "remediate": [answers.remedy(self.workspace, name, self.rules, self.place_of) for name in first.remediate],
            "procedures": list(answers.procedures(self.workspace, self.rules, self.place_of)),
            "tests": list(self._tests()),
        }

    # Where

    def place_of(self, at: Location | None) -> Record:
        """A file and a line; nothing for what nobody wrote."""
        if at is None:
            return {"file": None, "line": None}
        span = self.sources.locate(at)
        return {"file": span.file, "line": span.line}

    def _named(self, kind: str, name: str) -> Record:
        return {"name": name, **self.place_of(self.workspace.get(kind, name).at.at("name"))}

    def _files(self) -> Iterator[Record]:
        made, first = self.made, self.first
        policy = made.policy
        word = "the rule" if policy.kind == "Foreign" else "the alert" if made.use is None else "the set"
        yield {"what": word, **self.place_of(first.at)}
        if made.use_at is not None:
            yield {"what": "its use", **self.place_of(made.use_at)}
        for block in made.blocks:
            if block.said not in ("alert", "set", "rule"):
                yield {"what": block.said, **self.place_of(block.at)}
        yield {
            "what": "the Foreign" if policy.kind == "Foreign" else "the service",
            **self.place_of(policy.at.at("name")),
        }
        yield {"what": "the workspace", **self.place_of(self._workspace_at().at("name"))}

    def _compiled(self) -> Iterator[str]:
        """The rule file of each place."""
        team = next(one.team for one in self.rules[0][0].services if one.name == self.first.service)
        for place in dict.fromkeys(place.name for place, _ in self.rules):
            environment, source = place.split("/", 1)
            yield f"generated/{environment}/prometheus/{source}/{team}/{self.first.service}.rules.yml"

    def _workspace_at(self) -> Location:
        return next(iter(self.workspace.documents["Workspace"].values())).at

    # What it is

    def _values(self) -> Iterator[Record]:
        """Each key with its values and where each of them holds."""
        by_key: dict[str, list[tuple[Spot, provenance.Value]]] = {}
        for place, alert in self.rules:
            for one in provenance.values(self.made, alert, self.workspace, place):
                by_key.setdefault(one.key, []).append(((place.name, alert.severity), one))
        for key, held in by_key.items():
            yield {
                "key": key,
                "values": [
                    {
                        "value": one.text,
                        "where": where(self.workspace, those, self.spots),
                        "from": one.origin.said,
                        "by": one.origin.by,
                        **self.place_of(one.origin.at),
                        "before": self._before(one),
                    }
                    for one, those in grouped(held).items()
                ],
            }

    def _before(self, one: provenance.Value) -> Record | None:
        """What a change took the place of."""
        if one.before is None:
            return None
        text, origin = one.before
        return {"value": text, "from": origin.said, "by": origin.by, **self.place_of(origin.at)}

    # Where it goes

    def _outcomes(self) -> Iterator[Record]:
        said = [
            ((place.name, alert.severity), (alert.outcome, alert.team, alert.severity, place.environment))
            for place, alert in self.rules
        ]
        for (outcome, team, severity, environment), those in grouped(said).items():
            timing = self.workspace.timing[severity]
            yield {
                "severity": severity,
                "where": wording.where(self.workspace, {place for place, _ in those}),
                "outcome": outcome.kind,
                "words": wording.outcome(self.workspace, outcome, team, severity),
                "team": team,
                "escalation": outcome.escalation,
                "hours": outcome.hours,
                "outside": outcome.outside,
                "at_most": self.workspace.environments[environment].at_most,
                "receivers": self._receivers(environment, severity),
                "because": list(self._because(severity, environment)),
                "timing": {"first": timing.first, "more": timing.more, "again": timing.again},
            }

    def _receivers(self, environment: str, severity: str) -> list[Record]:
        """Where Alertmanager takes it by the labels of its rule, and what mutes it there at this instant."""
        config = self._config(environment)
        rule = next(one for place, one in self.rules if (place.environment, one.severity) == (environment, severity))
        if config is None:
            return []
        arrivals = follow(config, {**rule.labels, "alertname": rule.name}, self.at).arrivals
        return [{"name": one.route.receiver, "muted_by": list(one.muted_by)} for one in arrivals]

    @cache  # noqa: B019  (one story a run)
    def _config(self, environment: str) -> Config | None:
        return compiled(self.workspace, environment)[0]

    def _because(self, severity: str, environment: str) -> Iterator[Record]:
        own = self._workspace_at()
        settings = self.workspace.settings
        written = settings.severities is not None
        at = own.at("severities", severity, key=True) if written else None
        yield {"key": "severity", "from": "workspace" if written else "default", **self.place_of(at)}
        capped = self.workspace.environments[environment].at_most
        if OUTCOMES.index(outcome_kind(self.workspace.severities[severity])) < OUTCOMES.index(capped):
            at = own.at("environments", environment, "at_most")
            yield {"key": "at_most", "from": "place", **self.place_of(at)}
        at = own.at("timing", severity, key=True) if severity in settings.timing else None
        yield {"key": "timing", "from": "workspace" if at else "default", **self.place_of(at)}

    def _owners(self) -> Iterator[Record]:
        seen = set()
        for _, alert in self.rules:
            for owner in alert.owners:
                if owner.team not in seen:
                    seen.add(owner.team)
                    words = wording.outcome(self.workspace, owner.outcome, owner.team, alert.severity)
                    yield {
                        "label": owner.label,
                        "patterns": list(owner.patterns),
                        "team": owner.team,
                        "severity": alert.severity,
                        "words": words,
                    }

    def _windows(self) -> Iterator[Record]:
        for window in self.workspace.windows.values():
            touched = [
                (place, alert)
                for place, alert in self.rules
                if matching((window,), alert, place) and window.team in (None, *(team for team, _ in alert.takers))
            ]
            if window.effect == "no-remediation":
                matters = bool(self.first.remediate)
            else:
                matters = any(
                    OUTCOMES.index(window.effect) > OUTCOMES.index(alert.outcome.kind) for _, alert in touched
                )
            if touched and matters:
                yield {
                    "window": window.name,
                    "effect": window.effect,
                    "reason": window.reason,
                    "where": wording.where(self.workspace, {place.name for place, _ in touched}),
                    **self.place_of(window.at.at("name")),
                }

    def _inhibited(self) -> Iterator[Record]:
        severities = {severity for _, severity in self.spots}
        if len(severities) > 1:
            worst, *others = (name for name in self.workspace.severities if name in severities)
            yield {"by": f"the {worst} of the same incident", "severities": others, "file": None, "line": None}
        for one in dependences(self.workspace):
            lesser = [name for name in one.lesser if name in severities]
            if one.target == self.first.service and lesser:
                at = one.policy.at.at("depends_on", one.index)
                said = f"{one.source}, while it pages for {wording.either(one.worse)}"
                yield {"by": said, "severities": lesser, **self.place_of(at)}

    # Its tests

    def _tests(self) -> Iterator[Record]:
        found: dict[Location, Record] = {}
        for place, alert in self.rules:
            for one in alert.tests:
                record = found.setdefault(
                    one.at,
                    {
                        "name": one.test.name,
                        "fires": any(expected.firing for expected in one.test.expect),
                        "places": [],
                        **self.place_of(one.at),
                    },
                )
                record["places"].append(place.name)
        for record in found.values():
            record["where"] = wording.where(self.workspace, record.pop("places"))
            yield record
        if not found and self.made.use is not None:
            source = qualified(self.workspace.documents, "AlertSet", self.made.use.set, self.made.policy.team)
            for place in self.workspace.places.values():
                for alert in place.alerts:
                    if alert.at == self.first.at and alert.tests:
                        yield {
                            "name": f"those of {source} run for {alert.service}",
                            "fires": None,
                            "where": "",
                            **self.place_of(alert.tests[0].at),
                        }
                        return


def found(workspace: Workspace, name: str, place: str | None) -> dict[str, list[Rule]]:
    """By service the rules with this name, in one place or environment, or everywhere. `service/Name` means one service."""
    service, _, alert = name.rpartition("/")
    rules: dict[str, list[Rule]] = {}
    for one in workspace.places.values():
        if place in (None, one.name, one.environment):
            for rule in one.alerts:
                if rule.name == alert and service in ("", rule.service):
                    rules.setdefault(rule.service, []).append((one, rule))
    return rules
