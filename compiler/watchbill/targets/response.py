"""What follows an alert, as a reader needs it: who is called, what the machine does and its limits, what is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from watchbill.spec import kinds
from watchbill.spec.kinds.answers import Collector, ProcedureStep
from watchbill.spec.kinds.people import Layer, Notified
from watchbill.spec.model import Workspace, qualified
from watchbill.targets import mermaid, wording
from watchbill.targets.markdown import EMPTY, Markdown, block, code, inline, link, listed
from watchbill.targets.overview import Overview
from watchbill.targets.views import AlertView


class StepView(msgspec.Struct, frozen=True):
    """Who is told, how long after the page when nobody acknowledges, and how long until the next step."""

    who: tuple[str, ...]
    after: str
    wait: str


class EscalationView(msgspec.Struct, frozen=True, kw_only=True):
    """`team` is None when it is shown for any team. `diagram` is a Mermaid flowchart as a fenced block."""

    name: str
    team: str | None
    anchor: Markdown
    acknowledge_within: str | None
    steps: tuple[StepView, ...]
    repeat: int
    also: tuple[str, ...]
    last_resort: str
    diagram: Markdown


class InputView(msgspec.Struct, frozen=True):
    name: str
    label: str
    allowed: Markdown


class RemediationView(msgspec.Struct, frozen=True, kw_only=True):
    """`approval` is empty when none is asked for; `floor` is the expression that must stay at or above `at_least`."""

    name: str
    team: str | None
    action: str
    inputs: tuple[InputView, ...]
    risk: str
    cooldown: str
    max_per_hour: int
    max_targets: int
    at_least: int
    floor: Markdown
    floor_graphs: Markdown
    not_during: tuple[str, ...]
    stop_after_failures: int
    approval: Markdown
    quiet_for: str
    verify_within: str
    undo: str


class DiagnosticView(msgspec.Struct, frozen=True):
    name: str
    timeout: str
    collects: tuple[Markdown, ...]


class MessageView(msgspec.Struct, frozen=True):
    """`audience` is in words; `body` the template as a fenced block."""

    name: str
    audience: str
    approve: bool
    every: str | None
    body: Markdown


class ProcedureView(msgspec.Struct, frozen=True):
    name: str
    team: str | None
    anchor: Markdown
    trigger: str
    confidential: bool
    custody: bool
    steps: Markdown

    @property
    def page(self) -> Markdown:
        return Markdown(f"index.md#{self.anchor}")


class LayerView(msgspec.Struct, frozen=True):
    """One layer of a schedule. `eras` are the first day of each line-up and its people in order of rotation."""

    name: str
    hours: str
    rotation: str
    handoff: str
    eras: tuple[tuple[str, str], ...]


class RotaView(msgspec.Struct, frozen=True):
    """An on-call role of a team and its schedule: the whole of it, never who is on call now."""

    role: str
    schedule: str
    timezone: str
    layers: tuple[LayerView, ...]
    shadow: str


class Response:
    """The documents behind the alerts, looked up by qualified name and put into words for a team."""

    def __init__(self, workspace: Workspace, overview: Overview) -> None:
        self.workspace = workspace
        self.overview = overview

    def body(self, kind: str, name: str) -> Any:
        """A document's content; None when there is no such document or it is broken."""
        policy = self.workspace.documents.get(kind, {}).get(name)
        return policy.body if policy is not None else None

    def _resolved(self, kind: str, reference: str, team: str | None) -> str:
        return qualified(self.workspace.documents, kind, reference, team) or reference

    def escalation(self, name: str, team: str | None) -> EscalationView | None:
        body: kinds.Escalation | None = self.body("Escalation", name)
        if body is None:
            return None
        waits = [step.wait for step in body.steps]
        steps = tuple(
            StepView(tuple(self._who(one, team) for one in step.notify), wording.total(waits[:position]), step.wait)
            for position, step in enumerate(body.steps)
        )
        also = tuple(self._who(one, team) for one in body.also)
        resort_team, role = self.workspace.last_resort
        resort = self._who(Notified(on_call=role, of=resort_team), None)
        start = f"a page by {name}" + (f" for {team}" if team else "")
        if body.acknowledge_within:
            start += f": acknowledge within {body.acknowledge_within}"
        drawn = mermaid.escalation(start, [(step.who, step.wait) for step in steps], body.repeat, also, resort)
        return EscalationView(
            name=name, team=team, anchor=Markdown(f"escalation-{name}"), acknowledge_within=body.acknowledge_within,
            steps=steps, repeat=body.repeat, also=also, last_resort=resort, diagram=block(drawn, "mermaid"),
        )  # fmt: skip

    def _who(self, notified: Notified, team: str | None) -> str:
        return wording.who(self.workspace, notified, team)

    def remediation(self, name: str, team: str | None) -> RemediationView | None:
        body: kinds.Remediation | None = self.body("Remediation", name)
        if body is None:
            return None
        guard, floor = body.guardrails, body.guardrails.keep_healthy
        return RemediationView(
            name=name, team=team, action=wording.action(body.action),
            inputs=tuple(
                InputView(key, given.label, self._allowed(given.allow, given.connection))
                for key, given in body.inputs.items()
            ),
            risk=body.risk, cooldown=guard.cooldown, max_per_hour=guard.max_per_hour, max_targets=guard.max_targets,
            at_least=floor.at_least if floor else 0, floor=code(floor.expr) if floor else EMPTY,
            floor_graphs=self.overview.graphs(floor.expr) if floor else EMPTY, not_during=guard.not_during,
            stop_after_failures=guard.stop_after_failures, approval=self._approval(body, team),
            quiet_for=body.verify.quiet_for, verify_within=body.verify.within, undo=body.undo,
        )  # fmt: skip

    def _allowed(self, patterns: tuple[str, ...], connection: str | None) -> Markdown:
        if connection is not None:
            return Markdown(f"the {inline(connection)} connections the executor has")
        return listed([code(pattern) for pattern in patterns])

    def _approval(self, body: kinds.Remediation, team: str | None) -> Markdown:
        asked = body.approvals
        if asked is None:
            return EMPTY
        labels = listed([code(f'{label}="{wanted}"') for label, wanted in asked.when.items()], " and ")
        people = wording.either(self._who(one, team) for one in asked.from_)
        how_many = "one" if asked.count == 1 else str(asked.count)
        after = "it escalates" if asked.else_ == "escalate" else "this remedy is skipped"
        return Markdown(
            f"{'where ' + labels if labels else 'always'}, by {how_many} of {inline(people)}, "
            f"within {asked.within}; if nobody answers, {after}"
        )

    def diagnostic(self, name: str) -> DiagnosticView | None:
        body: kinds.Diagnostic | None = self.body("Diagnostic", name)
        if body is None:
            return None
        return DiagnosticView(name, body.timeout, tuple(self._collects(one) for one in body.collect))

    def _collects(self, collector: Collector) -> Markdown:
        if collector.promql is not None:
            return Markdown(f"the query {code(collector.promql)}")
        if collector.http is not None:
            return Markdown(f"the page {link(collector.http.url, collector.http.url)}")
        return Markdown(f"the command {code(' '.join(collector.command))}")

    def message(self, reference: str, team: str | None) -> MessageView | None:
        name = self._resolved("Message", reference, team)
        body: kinds.Message | None = self.body("Message", name)
        if body is None:
            return None
        return MessageView(name, wording.AUDIENCES[body.audience], body.approve, body.every, block(body.body))

    def procedures(self) -> Mapping[str, ProcedureView]:
        """Every procedure by qualified name."""
        found = {}
        for name, policy in self.workspace.documents.get("Procedure", {}).items():
            body: kinds.Procedure | None = policy.body
            if body is not None:
                steps = Markdown("\n".join(self._steps(body.steps, policy.team, "")).rstrip("\n"))
                anchor = Markdown(f"procedure-{name}")
                custody = body.custody == "required"
                words = wording.trigger(body.when)
                found[name] = ProcedureView(name, policy.team, anchor, words, body.confidential, custody, steps)
        return found

    def starts(self, name: str, alert: AlertView) -> bool:
        """Whether a procedure may start for an alert."""
        policy = self.workspace.documents["Procedure"][name]
        when = policy.body.when
        return when.class_ in (None, alert.class_) and (
            not when.severity or any(severity in when.severity for severity in alert.severities)
        )

    def _steps(self, steps: tuple[ProcedureStep, ...], team: str | None, indent: str) -> Iterator[str]:
        for number, step in enumerate(steps, 1):
            yield f"{indent}{f'{number}.':<4}{self._step(step, team)}"
            if step.yes:
                yield ""
                yield from self._steps(step.yes, team, f"{indent}    ")
                yield ""

    def _step(self, step: ProcedureStep, team: str | None) -> Markdown:
        if step.preserve or step.diagnose:
            names = [self._resolved("Diagnostic", one, team) for one in (*step.preserve, *step.diagnose)]
            doing = "Keep as evidence" if step.preserve else "Collect"
            return Markdown(f"{doing}: {listed([code(name) for name in names])}")
        if step.remediate is not None:
            return Markdown(
                f"The machine runs {code(self._resolved('Remediation', step.remediate, team))}, within its limits"
            )
        if step.notify:
            return Markdown(f"Tell {inline(wording.either((self._who(one, team) for one in step.notify), 'and'))}")
        if step.communicate is not None:
            return Markdown(f"Send the message {code(self._resolved('Message', step.communicate, team))}")
        if step.ask is not None:
            whom = f" ({inline(self._who(step.of, team))} decides)" if step.of is not None else ""
            return Markdown(f"Question: {inline(step.ask)}{whom}{' If yes:' if step.yes else ''}")
        return Markdown(inline(step.do or ""))

    def rotas(self, team: str) -> tuple[RotaView, ...]:
        """The on-call roles of a team."""
        body: kinds.Team | None = self.body("Team", team)
        found = []
        for role, reference in (body.on_call if body is not None else {}).items():
            name = self._resolved("Schedule", reference, team)
            schedule: kinds.Schedule | None = self.body("Schedule", name)
            if schedule is None:
                continue
            layers = tuple(self._layer(layer) for layer in schedule.layers)
            if schedule.people:
                layers = (LayerView("", "", "weekly", "monday 09:00", (("", _in_order(schedule.people)),)),)
            found.append(
                RotaView(role, name.removeprefix(f"{team}/"), schedule.timezone, layers, _in_order(schedule.shadow))
            )
        return tuple(found)

    def _layer(self, layer: Layer) -> LayerView:
        handoff = layer.handoff.at if layer.rotation.name == "daily" else f"{layer.handoff.day} {layer.handoff.at}"
        eras = tuple(
            (era.from_, _in_order(era.people) + (f" ({era.first.rsplit('/', 1)[-1]} first)" if era.first else ""))
            for era in layer.eras
        )
        return LayerView(layer.name, wording.hours(layer.only), wording.rotation(layer.rotation), handoff, eras)


def _in_order(people: tuple[str, ...]) -> str:
    return ", ".join(person.rsplit("/", 1)[-1] for person in people)
