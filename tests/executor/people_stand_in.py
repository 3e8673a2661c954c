"""PagerDuty, Slack and somebody's webhook, each as strict as the real one's published rules, on one real socket."""

import json
import socket
from typing import Any

import jsonschema

from executor.bad_server import BadServer

# PagerDuty's api-schema, reference/events-v2, with the lengths of the guide.
_LINK = {"type": "object", "required": ["href"], "properties": {"href": {"type": "string"}, "text": {"type": "string"}}}
_PAYLOAD = {
    "type": "object",
    "required": ["summary", "severity", "source"],
    "properties": {
        "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
        "timestamp": {"type": "string", "format": "date-time"},
        "severity": {"enum": ["critical", "warning", "error", "info"]},
        "source": {"type": "string", "minLength": 1},
        "component": {"type": "string"},
        "group": {"type": "string"},
        "class": {"type": "string"},
        "custom_details": {"type": "object"},
    },
    "additionalProperties": False,
}
_EVENT = {
    "type": "object",
    "required": ["routing_key", "event_action", "dedup_key"],
    "properties": {
        "routing_key": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "client": {"type": "string"},
        "links": {"type": "array", "items": _LINK},
        "payload": _PAYLOAD,
    },
    "additionalProperties": False,
    "if": {"properties": {"event_action": {"const": "trigger"}}},
    "then": {"required": ["payload"]},
}
_SLACK = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 40_000},
        "unfurl_links": {"type": "boolean"},
        "unfurl_media": {"type": "boolean"},
    },
    "additionalProperties": False,
}
ROUTING_KEY = "0123456789abcdef" * 2


class People(BadServer):
    """`alerts` are PagerDuty's, open ones by key; `notified` what it told of: a new alert, never a repeated one."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.alerts: dict[str, dict[str, Any]] = {}
        self.notified: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.documents: list[dict[str, Any]] = []

    def _enqueue(self, peer: socket.socket, _: str) -> None:
        body = self.asked[-1][2]
        event = json.loads(body)
        try:
            jsonschema.validate(event, _EVENT)
            assert len(body) <= 512 * 1024
        except (jsonschema.ValidationError, AssertionError) as error:
            _answer(peer, 400, json.dumps({"status": "invalid event", "message": str(error)}).encode())
            return
        self.events.append(event)
        if event["event_action"] == "resolve":
            self.alerts.pop(event["dedup_key"], None)
        elif event["dedup_key"] not in self.alerts:
            self.alerts[event["dedup_key"]] = event
            self.notified.append(event)
        _answer(peer, 202, json.dumps({"status": "success", "dedup_key": event["dedup_key"]}).encode())

    def _slack(self, peer: socket.socket, _: str) -> None:
        said = json.loads(self.asked[-1][2])
        try:
            jsonschema.validate(said, _SLACK)
        except jsonschema.ValidationError:
            _answer(peer, 400, b"invalid_payload")
            return
        self.texts.append(said["text"])
        _answer(peer, 200, b"ok")

    def _hook(self, peer: socket.socket, _: str) -> None:
        self.documents.append(json.loads(self.asked[-1][2]))
        _answer(peer, 204, b"")

    def _later(self, peer: socket.socket, line: str) -> None:
        """`/later/CODE/RETRY-AFTER`."""
        code, _, after = line.split()[1].removeprefix("/later/").partition("/")
        head = f"HTTP/1.1 {code} Later\r\nRetry-After: {after.replace('_', ' ')}\r\nContent-Length: 0\r\n\r\n"
        peer.sendall(head.encode())


def _answer(peer: socket.socket, code: int, body: bytes) -> None:
    peer.sendall(b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (code, len(body), body))
