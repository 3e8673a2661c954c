"""The intake: who is let in, what is stored before it is answered, and what never becomes an error of ours."""

import asyncio
import ipaddress
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.small_plan import plan_text
from watchbill.executor.core.events import Delivered, PlanLoaded
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import event_of
from watchbill.executor.store import log
from watchbill.executor.store.chain import digest_of, verify
from watchbill.executor.traces import Traces
from watchbill.executor.web import access
from watchbill.executor.web.app import Intake, app
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import Writer

PATH = "/v1/alertmanager/production"
TOKEN = "open-sesame"  # noqa: S105
TOKENS = "open-sesame, production/main=bound-to-main\nstaging/main=of-staging\nproduction/main=cert:alertmanager-0\n"


def alert(**changes: Any) -> dict[str, Any]:
    labels = {
        "alertname": "Slow",
        "service": "shop",
        "severity": "critical",
        "env": "production",
        "deployment": "web-a",
    }
    return {
        "status": "firing",
        "labels": {**labels, **changes.pop("labels", {})},
        "annotations": {},
        "startsAt": "2026-03-01T02:59:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": "7e039110210283cd",
        **changes,
    }


def webhook(*alerts: dict[str, Any], **changes: Any) -> bytes:
    whole = {"version": "4", "receiver": "executor", "status": "firing", "alerts": list(alerts), "truncatedAlerts": 0}
    return json.dumps({**whole, **changes}).encode()


class Door:
    """An intake with a writer behind it, called as over HTTP but without a socket."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.engine = Engine(store)
        self.engine.take(Unit(PlanLoaded(text=plan_text())))
        self.writer = Writer(self.engine, "test")
        self.writer.start()
        proxy = access.Proxy((access.ipaddress.ip_network("10.0.0.0/8"),), "x-client")
        known = access.credentials(TOKENS)
        metrics = Metrics("0", dict)
        self.writer.told.append(metrics.committed)
        self.metrics = metrics
        self.app = app(Intake(self.writer, "production", lambda: known, proxy, metrics, Traces("0"), lambda: None, "0"))

    def post(self, body: Any, token: str = TOKEN, path: str = PATH, peer: str = "127.0.0.1", **headers: str) -> Any:
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        return self.calls([(body, path, headers)], peer)[0]

    def calls(self, requests: Any, peer: str = "127.0.0.1") -> list[httpx.Response]:
        async def all_of_them() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app=self.app, client=(peer, 1), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://executor") as client:
                posts = [client.post(path, content=body, headers=headers) for body, path, headers in requests]
                return await asyncio.gather(*posts)

        return asyncio.run(all_of_them())

    def entries(self, prefix: str = "") -> list[log.Entry]:
        with self.store.read() as tx:
            return list(log.entries(tx, 1, prefix))

    def stored(self, body: bytes) -> bool:
        with self.store.read() as tx:
            return log.get(tx, digest_of(body)) == body and verify(lambda: log.raw(tx)).broken is None


@pytest.fixture
def door(database: str, opened: Callable[..., Any]) -> Iterator[Door]:
    door = Door(opened(database))
    yield door
    door.writer.stop()


@pytest.fixture
def sqlite_door(tmp_path: Path, opened: Callable[..., Any]) -> Iterator[Door]:
    door = Door(opened(f"sqlite:///{tmp_path / 'store.db'}"))
    yield door
    door.writer.stop()


# Committed, then answered


def test_a_webhook_is_answered_when_it_and_what_follows_from_it_are_in_the_store(door):
    body = webhook(alert())
    answer = door.post(body)
    assert (answer.status_code, answer.json()) == (200, {"status": "committed"})
    (entry,) = door.entries("event.delivered")
    event = event_of(entry.body)
    assert isinstance(event, Delivered)
    assert event.delivery == digest_of(body).hex()
    assert (event.alerts[0].starts_at, event.alerts[0].ends_at) == (1772333940123, None)
    assert door.stored(body)
    assert door.engine.state.open == 1
    with door.store.read() as tx:
        assert tx.connection.execute(sqlalchemy.text("SELECT count(*) FROM outbox")).scalar_one() > 0
        assert tx.connection.execute(sqlalchemy.text("SELECT count(*) FROM deadlines")).scalar_one() > 0


def test_the_same_webhook_again_opens_nothing_new_and_is_in_the_log_again(door):
    for _ in range(3):
        assert door.post(webhook(alert())).status_code == 200
    assert door.engine.state.opened == 1
    assert len(door.entries("event.delivered")) == 3


def test_deliveries_that_come_together_are_all_committed(door):
    bodies = [webhook(alert(labels={"deployment": f"web-{n}"}, fingerprint=f"{n:016x}")) for n in range(40)]
    headers = {"Authorization": "Bearer open-sesame"}
    answers = door.calls([(body, PATH, headers) for body in bodies])
    assert {answer.status_code for answer in answers} == {200}
    assert {event_of(entry.body).delivery for entry in door.entries("event.delivered")} == {
        digest_of(body).hex() for body in bodies
    }


def test_a_source_comes_from_the_token_and_never_from_the_body(door):
    for token in ("open-sesame", "bound-to-main"):
        assert door.post(webhook(alert(), source="eu"), token).status_code == 200
    assert [event_of(entry.body).source for entry in door.entries("event.delivered")] == [None, "main"]


# Who is let in


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("wrong", {}),
        ("open-sesam", {}),
        ("of-staging", {}),  # bound to another environment
        ("", {"Authorization": "Basic b3Blbi1zZXNhbWU6"}),
        ("", {"Authorization": "Bearer"}),
        ("", {"Authorization": "open-sesame"}),
        ("cert:alertmanager-0", {}),
        ("alertmanager-0", {}),  # a certificate's name is no token
        ("", {"X-Client": "alertmanager-0"}),  # not from the proxy
        ("production/main=bound-to-main", {}),
    ],
)
def test_without_a_token_that_is_good_here_nothing_is_let_in_or_stored(sqlite_door, token, headers):
    answer = sqlite_door.post(webhook(alert()), token, **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert sqlite_door.entries() == []


def test_a_certificate_that_a_trusted_proxy_has_verified_is_let_in_as_what_it_is_bound_to(sqlite_door):
    for peer, name, code in (
        ("10.1.2.3", "alertmanager-0", 200),
        ("10.1.2.3", "alertmanager-1", 401),
        ("10.1.2.3", "", 401),
        ("10.1.2.3", "open-sesame", 401),  # a token is no certificate's name
        ("192.168.0.1", "alertmanager-0", 401),
    ):
        assert sqlite_door.post(webhook(alert()), "", peer=peer, **{"X-Client": name}).status_code == code
    (entry,) = sqlite_door.entries("event.delivered")
    assert event_of(entry.body).source == "main"


def test_credentials_that_let_nobody_in_are_known():
    known = access.credentials("a, production/eu=b, production/asia=c, staging/asia=d, production/eu=cert:am")
    trusted = access.Proxy((ipaddress.ip_network("10.0.0.0/8"),))
    assert access.useless(known, "production", ["eu", "us"], trusted) == [
        "production/asia: the plan has no such source"
    ]
    (_, certificate) = access.useless(known, "production", ["eu"], access.Proxy())
    assert "--trust-proxy" in certificate


def test_tokens_are_read_from_lines_and_commas_and_kept_as_hashes_only():
    found = access.credentials("# a comment\nfirst, second\n\nproduction/eu=third=\n  abc/def==  \n")
    assert [(one.environment, one.source) for one in found] == [
        (None, None),
        (None, None),
        ("production", "eu"),
        (None, None),
    ]
    assert all(len(one.digest) == 32 for one in found)
    assert "first" not in repr(found)


# What is not a webhook


DEEP = b"[" * 300_000
HOSTILE = {
    "empty": b"",
    "not JSON": b"alerts=1",
    "not UTF-8": webhook(alert()).replace(b"web-a", b"\xff\xfe"),
    "cut off": webhook(alert())[:-9],
    "deep": DEEP,
    "deep inside": webhook(alert())[:-1] + b', "more": ' + DEEP,
    "a list": b"[]",
    "null": b"null",
    "another version": webhook(alert(), version="5"),
    "a number for a version": webhook(alert(), version=4),
    "no alerts": b'{"version": "4"}',
    "alerts that are none": webhook(alert(), alerts=[1, None]),
    "a label that is a number": webhook(alert(labels={"x": 1})),
    "labels that are a list": webhook({**alert(), "labels": []}),
    "an instant that is none": webhook(alert(startsAt="yesterday")),
    "an instant without an offset": webhook(alert(startsAt="2026-03-01T00:00:00")),
    "a huge number": webhook(alert()).replace(b'"truncatedAlerts": 0', b'"truncatedAlerts": 1e99999'),
    "a number without end": webhook(alert()).replace(b'"truncatedAlerts": 0', b'"truncatedAlerts": ' + b"9" * 5000),
    "a label of a megabyte": webhook(alert(labels={"x": "x" * 1_000_000})),
    "a name of a megabyte": webhook(alert(labels={"x" * 1_000_000: "x"})),
    "labels without end": webhook(alert(labels={f"l{n}": "" for n in range(9999)})),
    "half a character": webhook(alert()).replace(b"web-a", b"\\ud800"),
    "a status of its own": webhook(alert(status="suppressed")),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_not_a_webhook_is_stored_and_answered_with_400(sqlite_door, case):
    body = HOSTILE[case]
    answer = sqlite_door.post(body)
    assert answer.status_code == 400, answer.text
    (entry,) = sqlite_door.entries()
    assert entry.kind == "intake.malformed"
    assert sqlite_door.stored(body)
    assert sqlite_door.engine.state.open == 0


def test_a_webhook_for_another_environment_is_stored_and_refused(door):
    for path in ("/v1/alertmanager/staging", "/v1/alertmanager/%00", "/v1/alertmanager/%ff"):
        assert door.post(webhook(alert()), path=path).status_code == 400
    assert [entry.kind for entry in door.entries()] == ["intake.malformed"] * 3


STRANGE = st.text(max_size=20) | st.sampled_from(
    ["$(reboot)", "{{ 1/0 }}", "http://x/", "../../etc/passwd", "\x00", "\x1b[2J"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=st.dictionaries(STRANGE, STRANGE, max_size=5), annotations=st.dictionaries(STRANGE, STRANGE, max_size=3))
def test_whatever_labels_hold_the_webhook_is_taken_in(sqlite_door, labels, annotations):
    taken_in(sqlite_door, labels, annotations)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=st.dictionaries(STRANGE, STRANGE, max_size=5), annotations=st.dictionaries(STRANGE, STRANGE, max_size=3))
def test_whatever_labels_hold_postgresql_takes_it_in(postgresql_door, labels, annotations):
    taken_in(postgresql_door, labels, annotations)


def taken_in(door, labels, annotations):
    for known in ({}, {"alertname": "Slow", "service": "shop", "severity": "critical", "env": "production"}):
        body = webhook({**alert(annotations=annotations), "labels": {**labels, **known}})
        assert door.post(body).status_code == 200
    assert not door.entries("engine.fault")


@pytest.fixture
def postgresql_door(postgresql, opened):
    door = Door(opened(postgresql.empty()))
    yield door
    door.writer.stop()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["alerts", "version", "labels", "status", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_no_body_is_an_error_of_ours(sqlite_door, body):
    assert sqlite_door.post(body).status_code in (200, 400)


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_a_webhook_with_one_byte_changed_is_committed_or_refused_and_never_lost(sqlite_door, place):
    body = bytearray(webhook(alert()))
    for bit in (1, 4, 0x20, 0x80):
        changed = bytes(
            body[: place % len(body)] + bytes([body[place % len(body)] ^ bit]) + body[place % len(body) + 1 :]
        )
        assert sqlite_door.post(changed).status_code in (200, 400)
        assert sqlite_door.stored(changed)


# Too much


async def drops(total: int):
    for _ in range(total // 65_536):
        yield b"x" * 65_536


def test_more_than_a_mebibyte_is_refused_however_it_says_its_length(sqlite_door):
    limit = 1024 * 1024
    assert sqlite_door.post(b"x" * limit).status_code == 400
    assert sqlite_door.post(b"x" * (limit + 1)).status_code == 413
    assert sqlite_door.post(drops(2 * limit)).status_code == 413
    assert sqlite_door.post(drops(2 * limit), **{"Content-Length": "17"}).status_code == 413
    assert len(sqlite_door.entries()) == 1


def test_when_the_database_takes_nothing_the_answer_is_503_and_later_it_is_taken(tmp_path, opened, monkeypatch):
    monkeypatch.setattr("watchbill.executor.store.connect._LOCKED", 50)
    door = Door(opened(f"sqlite:///{tmp_path / 'store.db'}"))
    blocking, blocked = threading.Event(), threading.Event()

    def block():
        with door.store.write():
            blocked.set()
            blocking.wait(20)

    thread = threading.Thread(target=block)
    thread.start()
    blocked.wait(20)
    assert door.post(webhook(alert())).status_code == 503
    blocking.set()
    thread.join()
    assert door.post(webhook(alert())).status_code == 200
    assert len(door.entries("event.delivered")) == 1
    door.writer.stop()


def test_a_postgresql_server_that_dies_is_503_until_it_is_back(postgresql, opened):
    door = Door(opened(postgresql.empty()))
    assert door.post(webhook(alert())).status_code == 200
    postgresql.stop()
    try:
        assert door.post(webhook(alert())).status_code == 503
    finally:
        postgresql.start()
    assert door.post(webhook(alert())).status_code in (200, 503)  # the pool may still hold a dead connection
    assert door.post(webhook(alert())).status_code == 200
    door.writer.stop()


def test_when_too_much_waits_the_answer_is_503_and_never_429(tmp_path, opened):
    door = Door(opened(f"sqlite:///{tmp_path / 'store.db'}"))
    door.writer.stop()
    answer = door.post(webhook(alert()))
    assert (answer.status_code, answer.json()["status"]) == (503, "the executor is stopping")


def test_an_event_of_which_the_core_can_make_nothing_is_in_the_log_and_answered_with_503(sqlite_door, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("watchbill.executor.engine.reduce", broken)
    body = webhook(alert())
    assert sqlite_door.post(body).status_code == 503
    monkeypatch.undo()
    assert sqlite_door.post(webhook(alert(), receiver="again")).status_code == 200
    assert [entry.kind for entry in sqlite_door.entries()][:2] == ["engine.fault", "event.delivered"]
    assert sqlite_door.stored(body)


# Beside it


def test_probes_metrics_and_the_apis_document_are_there(sqlite_door):
    async def asked(path):
        transport = httpx.ASGITransport(app=sqlite_door.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://executor") as client:
            return await client.get(path)

    sqlite_door.post(webhook(alert()))
    assert asyncio.run(asked("/healthz")).json() == {"status": "ok"}
    assert asyncio.run(asked("/readyz")).status_code == 200
    text = asyncio.run(asked("/metrics")).text
    assert 'watchbill_deliveries_total{code="200"} 1.0' in text
    assert "watchbill_incidents_open 1.0" in text
    document = asyncio.run(asked("/openapi.json")).json()
    assert set(document["paths"]) == {
        "/v1/alertmanager/{environment}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    }
    assert set(document["paths"]["/v1/alertmanager/{environment}"]["post"]["responses"]) == {
        "200",
        "400",
        "401",
        "413",
        "503",
    }


def test_metrics_are_named_as_prometheus_names_them(sqlite_door, promtool, tmp_path):
    sqlite_door.post(webhook(alert()))
    text = sqlite_door.metrics.text()
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
