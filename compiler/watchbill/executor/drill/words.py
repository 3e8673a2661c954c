"""A rehearsal in words: who hears what and when, what was asked, what every gate said, what was seen."""

from collections.abc import Iterator

import msgspec

from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside
from watchbill.executor.core.effects import Recipient
from watchbill.executor.drill.rehearsal import Part
from watchbill.executor.plan import Plan
from watchbill.oncall.clock import instant_of
from watchbill.oncall.localtime import clock
from watchbill.oncall.zones import zone


class Line(msgspec.Struct, frozen=True):
    """`at` in milliseconds; `kind` is a word to filter by; `who` are the people it reaches or comes from."""

    at: int
    kind: str
    text: str
    who: tuple[str, ...] = ()


def lines(plan: Plan, parts: list[Part]) -> Iterator[Line]:
    looked = ""
    for part in parts:
        for decision in part.step.decisions:
            if isinstance(decision, said.Verified) and decision.helped is None:
                if decision.seen == looked:
                    continue  # the same answer as before
                looked = decision.seen
            elif isinstance(decision, said.Ran):
                looked = ""
            told = _decided(decision)
            if told is not None:
                yield Line(part.at, *told)
        for effect in part.step.effects:
            told = _done(plan, effect, part.at)
            if told is not None:
                yield Line(part.at, *told)


Told = tuple[str, str] | tuple[str, str, tuple[str, ...]]


def _decided(decision: said.Decision) -> Told | None:
    if isinstance(decision, said.Opened):
        key = ", ".join(f"{name}={value}" for name, value in decision.key.items() if value)
        return "opened", f"incident {decision.incident} opens: {key}"
    if isinstance(decision, said.Classified):
        why = ", ".join(one.removeprefix("risk ") for one in decision.reasons if one.startswith("risk +"))
        other = "".join(f"; {one}" for one in decision.reasons if one.startswith("procedure "))
        return "classified", (
            f"{decision.severity} of team {decision.team}, tier {decision.tier}, class {decision.class_ or 'none'}, "
            f"risk {decision.risk}{f' ({why})' if why else ''}{other}"
        )
    if isinstance(decision, said.Escalated):
        what = "the last resort" if decision.last_resort else f"escalation step {decision.step}, round {decision.round}"
        nobody = f"; nobody: {', '.join(decision.nobody)}" if decision.nobody else ""
        return "escalated", f"{what}: {', '.join(decision.reached) or 'reaches nobody, so the next at once'}{nobody}"
    if isinstance(decision, said.Passed):
        return "passed", f"every gate lets {decision.remediation} through: {', '.join(decision.gates)}"
    if isinstance(decision, said.Refused):
        return "refused", f"{decision.remediation or 'nothing is done'} ({decision.reason}): {decision.detail}"
    if isinstance(decision, said.Held):
        return "held", f"{decision.remediation} waits: {decision.reason}"
    if isinstance(decision, said.Approval):
        answer = "approves" if decision.yes else "refuses"
        return "approval", f"{decision.person} {answer} ({decision.given} of {decision.needed})", (decision.person,)
    if isinstance(decision, said.Ran):
        return "ran", f"the run ended: {decision.outcome}{f', {decision.detail}' if decision.detail else ''}"
    if isinstance(decision, said.Verified):
        if decision.helped is None:
            return "looked", f"the alert's own expression: {decision.seen}"
        return "verified", f"{decision.remediation} {'helped' if decision.helped else 'did not help'}"
    if isinstance(decision, said.Breaker):
        return "breaker", f"the breaker of {decision.name} {'opens' if decision.open else 'closes'}: {decision.reason}"
    if isinstance(decision, said.Moved) and decision.before is not None:
        return "state", f"{decision.before} → {decision.after}: {decision.reason}"
    if isinstance(decision, said.Told):
        person = (decision.person,) if decision.person is not None else ()
        words = ": ".join(part for part in (decision.what, decision.detail) if part)
        return "told", f"{words} ({decision.person})" if decision.person else words, person
    return None


def _done(plan: Plan, effect: outside.Effect, at: int) -> Told | None:
    body = effect.body
    if isinstance(body, outside.Page):
        who = _name(body.to)
        there = _there(plan, body.to, at)
        also = ", beside PagerDuty" if body.paging == "pagerduty" else ""
        return "page", f"{who} is paged as {body.to.why}{there}{also}: {body.reason}", (who,)
    if isinstance(body, outside.Note):
        people = tuple(_name(one) for one in body.to)
        return "note", f"{', '.join(people)} can read: {body.text}", people
    if isinstance(body, outside.Message):
        how = "is drafted, and a person sends it" if body.draft else "is sent"
        return "message", f"message {body.message} {how}{f' (number {body.number})' if body.number > 1 else ''}"
    if isinstance(body, outside.Ask):
        people = tuple(_name(one) for one in body.to)
        needed = f", {body.count} of them must agree" if body.count > 1 else ""
        until = f", until {clock(instant_of(body.expires_at // 1000))} UTC" if body.expires_at is not None else ""
        return "ask", f"{', '.join(people)} asked{needed}{until}: {body.text}", people
    if isinstance(body, outside.Collect):
        what = "kept as evidence" if body.preserve else "collected"
        return "collect", f"{what}: {', '.join(body.diagnostics)}{', under custody' if body.custody else ''}"
    if isinstance(body, outside.Act):
        verb = "would take back" if body.undo is not None else "would run"
        return "act", f"{verb} {body.action} on {body.target}, once"
    return None


def _name(recipient: Recipient) -> str:
    return recipient.person or recipient.slack or recipient.email or recipient.why


def _there(plan: Plan, recipient: Recipient, at: int) -> str:
    """The time where somebody lives."""
    person = plan.document.people.get(recipient.person or "")
    if person is None:
        return ""
    return f" ({clock(instant_of(at // 1000).astimezone(zone(person.timezone)))} in {person.timezone})"
