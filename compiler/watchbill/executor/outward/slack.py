"""Slack's incoming webhooks: https://api.slack.com/messaging/webhooks. One posts into one channel, and can do no more.

`&`, `<` and `>` are escaped, so that no value becomes a mention or a link of its own
(https://api.slack.com/reference/surfaces/formatting#escaping); who is mentioned, the plan says. A text has 40,000
characters at most. Only 200 with `ok` is success; 429 and 5xx are tried again; all else (410: the channel is archived;
404: it is gone; 403: it may not) is final. A message may come twice when its answer is lost.
"""

import msgspec

from watchbill.executor.connections import Slack
from watchbill.executor.outward.channels import Channel, Outcome, call, judged
from watchbill.executor.outward.content import Content

_LONGEST = 39_000
_ICONS = {"page": "🚨", "refused": "✋", "question": "❓", "note": "📝"}  # as text: no emoji need be installed


def _send(connection: Slack, content: Content) -> Outcome:
    said = {"text": text_of(content), "unfurl_links": False, "unfurl_media": False}
    answer = call(connection.url.read(), msgspec.json.encode(said), {}, connection.ca)
    return judged(answer, content.at, good=answer.status == 200 and answer.body.strip() == b"ok")


def text_of(content: Content) -> str:
    if content.bare:
        return _bounded([_escaped(content.text)])
    lines = [f"{_ICONS[content.topic]} *{_escaped(content.headline)}*", _escaped(content.text)]
    lines.append(", ".join(_facts(content)))
    if content.to:
        lines.append("For " + ", ".join(f"{_who(one.name, one.mention)} ({_escaped(one.why)})" for one in content.to))
    if content.minutes_left is not None:
        lines.append(f"{content.minutes_left} minutes are left.")
    lines.extend(f"`{_escaped(command)}`" for command in content.commands)
    if content.runbook is not None:
        lines.append(f"<{_escaped(content.runbook)}|Runbook>")
    if content.labels:
        lines.append(", ".join(f"{_escaped(name)}={_escaped(value)}" for name, value in content.labels.items()))
    return _bounded([line for line in lines if line])


def _facts(content: Content) -> list[str]:
    facts = {
        "incident": content.incident,
        "severity": content.severity,
        "service": content.service,
        "team": content.team,
        "environment": content.environment,
    }
    return [f"{name} {_escaped(value)}" for name, value in facts.items() if value]


def _who(name: str, mention: str | None) -> str:
    return f"<@{mention}>" if mention is not None else _escaped(name)


def _escaped(text: str) -> str:
    """A backtick would begin what swallows the lines after it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")


def _bounded(lines: list[str]) -> str:
    """Whole lines: half an entity would be something else."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) > _LONGEST:
            break
        kept.append(line)
    return "\n".join(kept)


CHANNEL = Channel(wakes=False, reads=True, send=_send)
