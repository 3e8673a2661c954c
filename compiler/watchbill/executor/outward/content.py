"""What a message says, before any channel has its way with it: plain text, bounded, without secrets or control characters.

What came from labels and annotations is only ever a value here. Channels escape it by their own rules.
"""

import re
import shlex
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from watchbill.executor.core.effects import Ask, Message, Note, Page, Recipient
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident
from watchbill.executor.handlers import Outside, Work
from watchbill.executor.outward.template import rendered
from watchbill.executor.plan import Plan
from watchbill.executor.redaction import Redact, words

Topic = Literal["page", "refused", "question", "note"]
Sent = Page | Note | Message | Ask
_TITLE, _TEXT, _NAME, _VALUE, _LABELS = 300, 3000, 60, 200, 20  # characters, and how many labels
_URGENT = ("refused", "escalated")  # notes that ask somebody to do something
_MENTION = re.compile(r"[UW][A-Z0-9]{1,20}")


class Addressed(msgspec.Struct, frozen=True):
    """Somebody whom it is for, and why. `mention` is their member id in Slack, as the plan has it."""

    name: str
    why: str
    mention: str | None = None


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """`wakes`: it is to wake somebody. `ends`: it tells that the incident is over. `commands` are what answers it.

    `about` tells apart what may be said of one incident more than once: the same again is the same. `audience` is for
    whom it is, where that is not those who have the incident; `bare`: this copy goes to them.
    """

    key: str
    kind: Literal["page", "note", "message", "ask"]
    topic: Topic
    about: str
    wakes: bool = False
    ends: bool = False
    workspace: str
    environment: str
    incident: str | None = None
    team: str | None = None
    service: str | None = None
    severity: str | None = None
    headline: str
    text: str = ""
    to: tuple[Addressed, ...] = ()
    labels: dict[str, str] = {}
    commands: tuple[str, ...] = ()
    minutes_left: int | None = None
    runbook: str | None = None
    audience: str | None = None
    bare: bool = False
    at: Instant


def content_of(work: Work, plan: Plan, incident: Incident | None, outside: Outside, redact: Redact) -> Content:
    """Of a page, a note, a message or a question. `incident` is None where there is none, or none any more."""
    body, there = work.body, outside.plan() or plan  # people are reached as the plan in force says
    assert isinstance(body, Sent)  # noqa: S101  (the table says so)
    hidden = incident is not None and _confidential(plan, incident)

    def clean(text: str, longest: int) -> str:
        if hidden and incident is not None and incident.title:
            text = text.replace(incident.title, _hidden(incident))
        return words(redact, text, longest)

    content = Content(
        key=work.key,
        kind=_KINDS[type(body)],
        topic="note",
        about="",
        workspace=plan.document.workspace,
        environment=plan.document.environment,
        incident=body.incident,
        team=incident.facts.team if incident is not None else None,
        service=clean(incident.key.get("service", ""), _NAME) or None if incident is not None else None,
        severity=incident.facts.severity if incident is not None else None,
        headline="",
        labels={} if hidden or incident is None else _labels(incident, clean),
        runbook=_runbook(plan, incident) if incident is not None else None,
        at=outside.now(),
    )
    match body:
        case Page():
            return _page(content, there, incident, body, clean)
        case Note():
            return _note(content, there, body, clean)
        case Ask():
            return _ask(content, there, body, clean)
        case Message():
            return _message(content, plan, incident, body, redact, clean)


_KINDS: dict[type[Sent], Literal["page", "note", "message", "ask"]] = {
    Page: "page",
    Note: "note",
    Message: "message",
    Ask: "ask",
}
_Clean = Callable[[str, int], str]


def _page(content: Content, plan: Plan, incident: Incident | None, body: Page, clean: _Clean) -> Content:
    """Where Alertmanager has paged PagerDuty, PagerDuty takes the steps of the escalation by itself, and this is read only.

    Of what is beside the steps (step 0: the last resort, those whom a procedure names) PagerDuty knows nothing.
    """
    if body.incident is None:  # of monitoring itself: there is nothing to acknowledge
        told = clean(f"{body.severity}: {body.reason}", _TITLE)
        to = _addressed(plan, (body.to,), clean)
        return msgspec.structs.replace(
            content,
            topic="page",
            about="page",
            wakes=True,
            team=body.team,
            severity=body.severity,
            headline=told,
            to=to,
        )
    title = incident.title if incident is not None else body.incident
    step = f"step {body.step}, round {body.round}" if body.step else "beside the steps"
    return msgspec.structs.replace(
        content,
        topic="page",
        about="page",
        wakes=body.paging != "pagerduty" or body.step == 0,
        team=body.team,
        severity=body.severity,
        headline=clean(f"{body.severity}: {title}", _TITLE),
        text=clean(f"{body.reason} ({step})", _TEXT),
        to=_addressed(plan, (body.to,), clean),
        commands=(_command("ack", (body.incident,), (body.to,)),),
    )


def _note(content: Content, plan: Plan, body: Note, clean: _Clean) -> Content:
    return msgspec.structs.replace(
        content,
        topic="refused" if body.reason.partition(":")[0] in _URGENT else "note",
        about=clean(body.reason, _NAME),
        ends=body.reason == "resolved",
        headline=clean(body.text, _TITLE),
        text=clean(body.text, _TEXT) if len(body.text) > _TITLE else "",
        to=_addressed(plan, body.to, clean),
    )


def _ask(content: Content, plan: Plan, body: Ask, clean: _Clean) -> Content:
    command = _command("approve", (body.incident or "", "--question", body.question), body.to)
    facts = [
        f"Risk: {body.risk}." if body.risk is not None else "",
        f"It would touch: {', '.join(body.targets)}." if body.targets else "",
        f"{body.count} of those who are asked must agree." if body.count > 1 else "",
    ]
    left = None if body.expires_at is None else max(0, (body.expires_at - content.at) // 60_000)
    return msgspec.structs.replace(
        content,
        topic="question",
        about=clean(body.question, 2 * _NAME),
        headline=clean(body.text, _TITLE),
        text=clean(" ".join(fact for fact in facts if fact), _TEXT),
        to=_addressed(plan, body.to, clean),
        commands=(command, f"{command} --no"),
        minutes_left=left,
    )


def _message(
    content: Content, plan: Plan, incident: Incident | None, body: Message, redact: Redact, clean: _Clean
) -> Content:
    message = plan.document.messages.get(body.message)
    audience = message.audience if message is not None else "incident"
    text, fault = rendered(plan, incident, message, clean, content.at)
    number = f", number {body.number}" if body.number > 1 else ""
    if fault is not None:
        headline = f"message {body.message} cannot be written: {fault}. A person must write it"
    elif body.draft:
        headline = f"draft of {body.message}{number}, for {audience}: a person must send it"
    elif audience != "incident":
        headline = f"{body.message}{number}, for {audience}: a person must pass it on"
    else:
        headline = f"{body.message}{number}"
    return msgspec.structs.replace(
        content,
        about=clean(f"message:{body.message}", 2 * _NAME),
        headline=clean(headline, _TITLE),
        text=_lines(redact, text, clean),
        audience=audience if audience != "incident" and not body.draft and fault is None else None,
    )


def _lines(redact: Redact, text: str, clean: _Clean) -> str:
    """Line by line, the whole being redacted first: a key may go over several."""
    whole = redact(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return "\n".join(clean(line, _TEXT) for line in whole.splitlines())[:_TEXT].strip()


def _addressed(plan: Plan, to: tuple[Recipient, ...], clean: _Clean) -> tuple[Addressed, ...]:
    found = []
    for one in to:
        person = plan.document.people.get(one.person or "")
        slack = person.slack if person is not None else None
        name = one.person or one.slack or one.email or one.why
        mention = slack if slack is not None and _MENTION.fullmatch(slack) else None
        found.append(Addressed(clean(name, _NAME), clean(one.why, 2 * _NAME), mention))
    return tuple(found)


def _command(verb: str, what: tuple[str, ...], to: tuple[Recipient, ...]) -> str:
    """It can be pasted as it is, once `YOU` is somebody."""
    people = {one.person for one in to if one.person is not None}
    return shlex.join(["watchbill", verb, *what, "--as", people.pop() if len(people) == 1 else "YOU"])


def _labels(incident: Incident, clean: _Clean) -> dict[str, str]:
    """Of the first of its alerts; the others differ little."""
    if not incident.alerts:
        return {}
    labels = incident.alerts[min(incident.alerts)].labels
    return {clean(name, _NAME): clean(labels[name], _VALUE) for name in sorted(labels)[:_LABELS]}


def _confidential(plan: Plan, incident: Incident) -> bool:
    procedure = plan.document.procedures.get(incident.facts.procedure or "")
    return procedure is not None and procedure.confidential


def _hidden(incident: Incident) -> str:
    return f"a confidential incident ({incident.facts.procedure})"


def _runbook(plan: Plan, incident: Incident) -> str | None:
    alert = plan.alert_in(incident.alert, incident.place) if incident.alert and incident.place else None
    url = alert.runbook_url if alert is not None else None
    if url is None or not url.isprintable() or any(one in url for one in ' {}<>|"'):
        return None
    return url if urlsplit(url).scheme in ("http", "https") else None
