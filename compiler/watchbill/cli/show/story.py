"""What policies know of an alert's way: its rule, the people and their local time, the runbook, the remedies."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from watchbill.cli.show.duty import iso
from watchbill.cli.show.way import filled
from watchbill.oncall.localtime import moment
from watchbill.promql import format_duration
from watchbill.routing.building.answer import Answer
from watchbill.routing.building.gates import Remedy
from watchbill.routing.building.meant import Meant
from watchbill.routing.building.paged import Chain, Step, Told, said
from watchbill.routing.building.receivers import CATCH_ALL
from watchbill.routing.building.timeintervals import CLOSED, window_name
from watchbill.source.locate import Sources
from watchbill.spec.model import Workspace
from watchbill.spec.rota import Rota
from watchbill.targets import wording

_OUTCOMES = {"page": "pages", "ticket": "a ticket for", "notify": "a message to"}


class Story(NamedTuple):
    """An answer, with all that is needed to tell it."""

    workspace: Workspace
    rota: Rota
    meant: Meant
    answer: Answer
    sources: Sources
    at: datetime

    def head(self) -> Iterator[str]:
        alert, labels = self.meant.alert, self.meant.labels
        name = labels.get("alertname", "an alert without a name")
        severity = f" ({labels['severity']})" if "severity" in labels else ""
        yield f"{name}{severity} in {self.meant.place.name}, {moment(self.at, UTC)} UTC"
        if alert is None:
            yield "  no rule of these policies has these labels"
            return
        span = self.sources.locate(alert.at)
        kind = f"{alert.service}, of {alert.labels.get('team', alert.team)}"
        yield f"  {span.file}:{span.line}   {kind}"

    def receiver(self, index: int) -> str:
        found = self.answer.receivers[index]
        if found is None:
            return "of the file that is kept beside ours"
        if found.kind == "drop":
            return "goes nowhere, on purpose"
        taker = f"{_OUTCOMES[found.kind]} {found.team}"
        return f"no policy claims it, so {taker}" if found.name == CATCH_ALL else taker

    def interval(self, name: str) -> str:
        for window in self.workspace.windows.values():
            if name == window_name(window.name):
                return f"window `{window.name}` ({window.reason})"
        calendar, _, part = name.partition(":")
        if part == "outside":
            return f"the hours outside `{calendar}`"
        return f"the holidays of `{calendar}`" if f":{part}" == CLOSED else f"the hours of `{calendar}`"

    def lines(self) -> Iterator[str]:
        silent = bool(self.answer.followed.inhibited_by)
        for one in self.answer.chains:
            yield ""
            yield from self._chain(one, silent)
        alert = self.meant.alert
        if alert is not None:
            yield ""
            yield f"Runbook  {alert.runbook_url or 'none'}"
            if alert.diagnose:
                yield from filled("Collects ", list(alert.diagnose))
            yield ""
            if not alert.remediate:
                yield "Remedies  none: people mend it"
            else:
                yield "Remedies, one after the other until one helps"
                for remedy in self.answer.remedies:
                    yield from self._remedy(remedy)

    def _chain(self, chain: Chain, silent: bool) -> Iterator[str]:
        within = f", to be acknowledged within {_length(chain.acknowledge_within)}" if chain.acknowledge_within else ""
        would = "Would page" if silent else "Page"
        yield f"{would} {chain.team} by {chain.escalation}{within}"
        rows = [row for step in chain.steps for row in self._rows(step)]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for after, role, who, there, why in rows:
            line = f"  {after:>{widths[0]}}  {role:<{widths[1]}}  {who:<{widths[2]}}  {there}".rstrip()
            yield f"{line}  ({why})" if why else line
        if chain.repeat:
            yield f"  then all of it again, {wording.times(chain.repeat, 'time')}"
        if chain.also:
            yield from filled("  at once also ", [one.channel or one.person or one.said for one in chain.also])

    def _rows(self, step: Step) -> Iterator[tuple[str, str, str, str, str]]:
        when = self.at + timedelta(seconds=step.after)
        for position, one in enumerate(step.told):
            after = "" if position else f"+{_length(step.after)}" if step.after else "at once"
            known = self.rota.people.get(one.person) if one.person is not None else None
            there = f"{moment(when, known.zone, year=False)} {known.zone}" if known is not None else ""
            who = one.person or one.channel or "NOBODY"
            role = f"{one.said}, the last resort" if step.resort else one.said
            yield after, role, who, there, _why(one)

    def _remedy(self, remedy: Remedy) -> Iterator[str]:
        body, guard = remedy.body, remedy.body.guardrails
        yield from filled(f"  {remedy.name}  ", wording.action(body.action).split(" "), " ")
        asks = wording.either(said(one, self.meant.labels.get("team")) for one in remedy.asks)
        within = f" within {body.approvals.within}" if body.approvals is not None else ""
        agreed = f"asks {asks}{within}" if asks else "asks a person" if remedy.mode == "approve" else "asks nobody"
        gates = [f"{body.risk} risk", agreed, f"cooldown {guard.cooldown}", f"at most {guard.max_per_hour} an hour"]
        gates.append(wording.times(guard.max_targets, "target"))
        if guard.keep_healthy is not None:
            gates.append(f"keeps {guard.keep_healthy.at_least} healthy")
        if guard.not_during:
            gates.append(f"not during {wording.either(guard.not_during)}")
        gates.append(f"helped when quiet for {body.verify.quiet_for}")
        yield from filled("    ", gates)
        if remedy.shut:
            yield from filled("    shut: ", remedy.shut, "; ")


def _length(seconds: float) -> str:
    return format_duration(round(seconds * 1000))


def _why(one: Told) -> str:
    duty = one.duty
    if duty is None:
        return ""
    words = {"away": "is away", "works": "does not work then"}
    absent = [f"{gone.person} {words[gone.why]}" for gone in duty.absent]
    if duty.kind == "swap":
        return "; ".join([f"for {duty.giver}", *absent])
    if duty.kind == "fallback":
        return "; ".join([f"from {duty.schedule}", *absent])
    return "; ".join(["a declared gap"] if duty.kind == "gap" else absent)


def document(story: Story) -> Mapping[str, Any]:
    """The parts of version 1 of `route` that policies know."""
    answer, alert = story.answer, story.meant.alert
    silent = bool(answer.followed.inhibited_by)
    return {
        "outcome": answer.outcome,
        "escalation": answer.chains[0].escalation if answer.chains and not silent else None,
        "people": [one for chain in answer.chains if not silent for one in _people(story, chain)],
        "runbook": alert.runbook_url if alert is not None else None,
        "remedies": [_remedy(story, one) for one in answer.remedies],
    }


def _people(story: Story, chain: Chain) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(chain.steps, 1):
        for one in step.told:
            known = story.rota.people.get(one.person) if one.person is not None else None
            when = story.at + timedelta(seconds=step.after)
            yield {
                "name": one.person,
                "step": number,
                "after_seconds": step.after,
                "wait_seconds": step.wait,
                "as": one.said,
                "escalation": chain.escalation,
                "schedule": one.schedule,
                "channel": one.channel,
                "last_resort": step.resort,
                "timezone": str(known.zone) if known is not None else None,
                "local_time": iso(when, known.zone) if known is not None else None,
                "because": _why(one),
            }
    for one in chain.also:
        yield {
            "name": one.person,
            "step": 0,
            "after_seconds": 0.0,
            "as": one.said,
            "escalation": chain.escalation,
            "channel": one.channel,
        }


def _remedy(story: Story, remedy: Remedy) -> dict[str, Any]:
    body = remedy.body
    return {
        "name": remedy.name,
        "action": wording.action(body.action),
        "risk": body.risk,
        "runs": remedy.runs,
        "shut": list(remedy.shut),
        "mode": remedy.mode,
        "asks": [said(one, story.meant.labels.get("team")) for one in remedy.asks],
        "cooldown": body.guardrails.cooldown,
        "max_per_hour": body.guardrails.max_per_hour,
        "max_targets": body.guardrails.max_targets,
        "not_during": list(body.guardrails.not_during),
        "quiet_for": body.verify.quiet_for,
    }
