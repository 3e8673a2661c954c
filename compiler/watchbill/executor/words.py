"""What happened to an incident, in words: who hears what and when, what was asked, what every gate said, what was seen.

The same words for a rehearsal and for the log.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside
from watchbill.executor.core import events
from watchbill.executor.core.effects import Recipient
from watchbill.executor.plan import Plan
from watchbill.oncall.clock import instant_of
from watchbill.oncall.localtime import clock
from watchbill.oncall.zones import zone


class Part(msgspec.Struct, frozen=True):
    """One event of a story and what the core made of it; effects by their keys, `at` in milliseconds."""

    at: int
    event: events.Events
    decisions: tuple[said.Decision, ...]
    effects: Mapping[str, outside.Bodies]


class Line(msgspec.Struct, frozen=True):
    """`at` in milliseconds; `kind` is a word to filter by; `who` are the people it reaches or comes from."""

    at: int
    kind: str
    text: str
    who: tuple[str, ...] = ()
    incident: str | None = None


def lines(plan: Plan | None, parts: Iterable[Part], *, rehearsed: bool = False) -> Iterator[Line]:
    """The plan says where people live; without one, their own time is left out."""
    looked = ""
    pages: dict[str, Recipient] = {}
    for part in parts:
        for decision in part.decisions:
            if isinstance(decision, said.Verified) and decision.helped is None:
                if decision.seen == looked:
                    continue  # the same answer as before
                looked = decision.seen
            elif isinstance(decision, said.Ran):
                looked = ""
            told = _decided(decision, part.event)
            if told is not None:
                yield _line(part.at, told, decision.incident)
        for key, body in part.effects.items():
            if isinstance(body, outside.Page):
                pages[key] = body.to
            told = _done(plan, body, part.at, rehearsed=rehearsed)
            if told is not None:
                yield _line(part.at, told, body.incident)
        if isinstance(part.event, events.MessageSettled) and part.event.arrived and part.event.key in pages:
            who = _name(pages[part.event.key])
            incident = part.event.key.partition("/")[0]
            yield Line(part.at, "delivered", f"the page has reached {who}", (who,), incident)


Told = tuple[str, str] | tuple[str, str, tuple[str, ...]]


def _line(at: int, told: Told, incident: str | None) -> Line:
    kind, text, *who = told
    return Line(at, kind, text, who[0] if who else (), incident)


_BY_PEOPLE = (
    events.Acknowledged
    | events.Answered
    | events.HandedOver
    | events.Noted
    | events.RemedyRequested
    | events.ResolvedByHand
)


def _decided(decision: said.Decision, event: events.Events) -> Told | None:
    if isinstance(decision, said.Opened):
        key = ", ".join(f"{name}={value}" for name, value in sorted(decision.key.items()) if value)
        return "opened", f"incident {decision.incident} opens: {key}"
    if isinstance(decision, said.Classified):
        why = ", ".join(one.removeprefix("risk ") for one in decision.reasons if one.startswith("risk +"))
        other = "".join(f"; {one}" for one in decision.reasons if one.startswith("procedure "))
        impact = "".join(f"{name} {what}, " for name, what in decision.impact.items())
        return "classified", (
            f"{decision.severity} in {decision.environment} of team {decision.team}, tier {decision.tier}, "
            f"class {decision.class_ or 'none'}, {impact}risk {decision.risk}{f' ({why})' if why else ''}{other}"
        )
    if isinstance(decision, said.Escalated):
        what = "the last resort" if decision.last_resort else f"escalation step {decision.step}, round {decision.round}"
        nobody = f"; nobody: {', '.join(decision.nobody)}" if decision.nobody else ""
        return "escalated", f"{what}: {', '.join(decision.reached) or 'reaches nobody, so the next at once'}{nobody}"
    if isinstance(decision, said.Weighed):
        why = ", ".join(one.removeprefix("risk ") for one in decision.reasons)
        asks = ": a person is asked, whatever the policy says" if decision.asks else ""
        return "weighed", f"{decision.remediation} on {', '.join(decision.targets)}: risk {decision.risk} ({why}){asks}"
    if isinstance(decision, said.Passed):
        return "passed", f"every gate lets {decision.remediation} through: {', '.join(decision.gates)}"
    if isinstance(decision, said.Refused):
        return "refused", f"{decision.remediation or 'nothing is done'} ({decision.reason}): {decision.detail}"
    if isinstance(decision, said.Held):
        return "held", f"{decision.remediation} waits: {decision.reason}"
    if isinstance(decision, said.Approval):
        answer = "approves" if decision.yes else "refuses"
        return "approval", f"{decision.person} {answer} ({decision.given} of {decision.needed})", (decision.person,)
    if isinstance(decision, said.Permitted):
        return "began", f"{'taking back' if '/undo/' in decision.run else 'the run'} begins on {decision.target}"
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
    if isinstance(decision, said.Ignored) and isinstance(event, _BY_PEOPLE):
        return "ignored", f"{event.person}: {decision.reason.replace('-', ' ')}", (event.person,)
    return None


def _done(plan: Plan | None, body: outside.Bodies, at: int, *, rehearsed: bool) -> Told | None:
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
        verb = "take back" if body.undo is not None else "run"
        return "act", f"{'would' if rehearsed else 'is to'} {verb} {body.action} on {body.target}, once"
    return None


def _name(recipient: Recipient) -> str:
    return recipient.person or recipient.slack or recipient.email or recipient.why


def _there(plan: Plan | None, recipient: Recipient, at: int) -> str:
    """The time where somebody lives."""
    person = plan.document.people.get(recipient.person or "") if plan is not None else None
    if person is None:
        return ""
    return f" ({clock(instant_of(at // 1000).astimezone(zone(person.timezone)))} in {person.timezone})"
