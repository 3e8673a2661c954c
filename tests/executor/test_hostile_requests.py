"""Requests that are forged, replayed, oversized, slow or smuggled, on a real socket before the real server."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy
import uvicorn

from executor.test_intake import PATH, TOKEN, Door, alert, webhook
from watchbill.executor import serving
from watchbill.executor.store import log
from watchbill.executor.store.chain import verify
from watchbill.executor.store.connect import open_store
from watchbill.executor.traces import Traces
from watchbill.executor.web import access, arriving
from watchbill.executor.web import app as web

BODY = webhook(alert())
AUTH = f"Authorization: Bearer {TOKEN}"
SOON = 0.4  # seconds, in place of ten and fifteen


class House:
    """The door of the intake's tests with the server that `watchbill serve` puts before it; 127.0.0.1 is its proxy."""

    def __init__(self, store: Any) -> None:
        self.door = Door(store)
        proxy = access.Proxy((access.ipaddress.ip_network("127.0.0.1/32"),), "x-client")
        known = access.credentials("open-sesame, production/main=cert:alertmanager-0, staging/main=of-staging")
        intake = web.Intake(
            self.door.writer, "production", lambda: known, proxy, self.door.metrics, Traces("0"), lambda: None, "0"
        )
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = self.listening.getsockname()
        self.server = uvicorn.Server(serving.config(intake))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve([self.listening])))
        self.thread.start()
        self.since = 0  # the last entry before a test

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.door.writer.stop()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, 10)

    def asked(self, *headers: str, body: bytes = BODY, path: str = PATH, length: bool = True, tail: bytes = b"") -> int:
        """The status of the first answer to exactly these bytes."""
        lines = [f"POST {path} HTTP/1.1", "Host: executor", *headers]
        lines += [f"Content-Length: {len(body)}"] if length else []
        head = "\r\n".join(lines).encode("latin-1")
        with self.connect() as peer:
            return _answered(peer, head + b"\r\n\r\n" + body + tail)[0]

    def kinds(self) -> list[str]:
        """Of what was logged since the test began."""
        return [entry.kind for entry in self.door.entries() if entry.seq > self.since]

    def well(self) -> bool:
        answer = httpx.post(
            f"http://127.0.0.1:{self.address[1]}{PATH}", content=BODY, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with self.door.store.read() as tx:
            return answer.status_code == 200 and verify(lambda: log.raw(tx)).broken is None


def _answered(peer: socket.socket, sent: bytes) -> tuple[int, list[bytes]]:
    """The status, 0 for a connection that was closed without one, and the statuses' lines of every answer."""
    with contextlib.suppress(OSError):
        peer.sendall(sent)
    said = b""
    try:
        while b"\r\n\r\n" not in said:
            part = peer.recv(65_536)
            if not part:
                break
            said += part
    except OSError:
        pass
    lines = [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return (int(lines[0].split()[1]) if lines else 0), lines


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('house') / 'store.db'}")
    house = House(store)
    yield house
    house.close()
    store.close()


@pytest.fixture
def house(built: House) -> House:
    built.since = built.door.engine.head.seq
    return built


# Forged


@pytest.mark.parametrize(
    "headers",
    [
        ["Authorization: Bearer wrong"],
        ["Authorization: Bearer "],
        ["Authorization: Bearer of-staging"],  # of another environment
        ["Authorization: Bearer open-sesame, Bearer open-sesame"],
        ["Authorization: Bearer open-sesame\x80"],
        [AUTH, AUTH],
        [AUTH, "Authorization: Bearer wrong"],
        ["Authorization: Bearer wrong", AUTH],
        ["AUTHORIZATION: Bearer wrong", AUTH],
        ["X-Client: alertmanager-1"],
        ["X-Client: alertmanager-0", "X-Client: mallory"],  # the forged one, and what the proxy has added
        ["X-Client: mallory", "X-Client: alertmanager-0"],
        ["X-Client: alertmanager-0, mallory"],
        ["X-Client: open-sesame"],
        ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-User: alertmanager-0"],
        ["Proxy-Authorization: Bearer open-sesame"],
        ["Cookie: Authorization=open-sesame"],
    ],
)
def test_whoever_forges_is_not_let_in_and_nothing_is_stored(house, headers):
    assert house.asked(*headers) == 401
    assert house.kinds() == []


def test_one_token_or_one_certificate_is_enough_and_another_header_does_no_harm(house):
    assert house.asked(AUTH) == 200
    assert house.asked("X-Client: alertmanager-0") == 200
    assert house.asked("X-Client: mallory", AUTH) == 200


@pytest.mark.parametrize("token", ["open-sesame", "the-next-one", "wrong", "", "x" * 10_000, "sésame"])
def test_every_token_is_compared_whichever_it_is_and_only_as_hashes_of_one_length(monkeypatch, token):
    known, compared = access.credentials("open-sesame, the-next-one\nproduction/main=cert:alertmanager-0"), []
    compare = access.hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return bool(compare(one, other))

    monkeypatch.setattr(access.hmac, "compare_digest", counting)
    found = access.caller(known, "production", [("Authorization", f"Bearer {token}")], "10.0.0.1", access.Proxy())
    assert (found is not None) == (token in ("open-sesame", "the-next-one"))  # while one is rotated, both are good
    assert compared == [(32, 32)] * 3


def test_a_proxy_is_known_by_its_address_whichever_family_the_socket_has():
    proxy = access.Proxy((access.ipaddress.ip_network("10.0.0.0/8"),))
    assert [
        proxy.trusts(peer) for peer in ("10.1.2.3", "::ffff:10.1.2.3", "::ffff:11.1.2.3", "::a01:203", "x", None)
    ] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


CHUNKED = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([AUTH, "Transfer-Encoding: chunked", "Content-Length: 4"], CHUNKED + b"\r\n"),
        ([AUTH, "Transfer-Encoding: xchunked"], CHUNKED + b"\r\n"),
        ([AUTH, "Transfer-Encoding: chunked, identity"], CHUNKED + b"\r\n"),
        ([AUTH, "Transfer-Encoding : chunked"], CHUNKED + b"\r\n"),
        ([AUTH, "Content-Length: 10", "Content-Length: 11"], BODY),
        ([AUTH, "Content-Length: -1"], BODY),
        ([AUTH, f"Content-Length: {'9' * 40}"], BODY),
        ([AUTH, "Content-Length: +5"], BODY),
        ([AUTH, "Transfer-Encoding: chunked"], b"fffffffffffffffff\r\nx"),
        ([AUTH, "Transfer-Encoding: chunked"], b"-1\r\nx"),
        ([AUTH, "X:\r\n y"], BODY),  # a folded line
        ([AUTH, "X\x00Y: z"], BODY),
        ([AUTH, "X: a\rb"], BODY),
    ],
)
def test_a_request_that_two_servers_could_read_differently_is_refused(house, headers, body):
    assert house.asked(*headers, body=body, length=False) == 400
    assert house.kinds() == []
    assert house.well()


@pytest.mark.parametrize("trailer", [AUTH, "X-Client: alertmanager-0", "X: y"])
def test_a_header_behind_the_body_is_not_believed(house, trailer):
    sent = CHUNKED + trailer.encode() + b"\r\n\r\n"
    assert house.asked("Transfer-Encoding: chunked", body=sent, length=False) == 400
    assert house.kinds() == []
    assert house.well()


def test_what_comes_behind_a_request_is_a_request_of_its_own(house):
    forged = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    assert house.asked(AUTH, tail=forged) == 200
    assert house.kinds() == ["event.delivered"]


LENGTH = f"Host: x\r\n{AUTH}\r\nContent-Length: {len(BODY)}\r\n"


@pytest.mark.parametrize(
    ("code", "sent"),
    [
        (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500),  # the beginning of TLS
        (400, bytes(range(256)) * 10),
        (400, f"POST {PATH} HTTP/9.9\r\n{LENGTH}\r\n".encode() + BODY),
        (400, f"POST {PATH} HTTP/1.1\r\n{LENGTH}\r\n".replace("\r", "").encode() + BODY),
        (400, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
        (400, f"POST /v1/alertmanager/prod\x00uction HTTP/1.1\r\n{LENGTH}\r\n".encode() + BODY),
        (404, f"POST /v1/alertmanager/../alertmanager/production HTTP/1.1\r\n{LENGTH}\r\n".encode() + BODY),
        (404, f"POST /v1/alertmanager/x%2f..%2fproduction HTTP/1.1\r\n{LENGTH}\r\n".encode() + BODY),
        (404, f"POST /{PATH} HTTP/1.1\r\n{LENGTH}\r\n".encode() + BODY),
        (404, b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"),
        (405, f"PUT {PATH} HTTP/1.1\r\n{LENGTH}X-HTTP-Method-Override: POST\r\n\r\n".encode() + BODY),
    ],
)
def test_what_is_no_request_of_the_api_is_refused_and_nothing_is_stored(house, code, sent):
    with house.connect() as peer:
        assert _answered(peer, sent)[0] == code
    assert house.kinds() == []


def test_a_body_that_became_another_protocol_is_never_taken_for_a_webhook(house):
    assert house.asked(AUTH, "Connection: Upgrade", "Upgrade: h2c") == 400
    assert house.kinds() == ["intake.malformed"]
    assert house.well()


# Replayed


def test_what_is_replayed_opens_one_incident_and_wants_nothing_twice(house):
    body, before = webhook(alert(labels={"deployment": "web-r"}, fingerprint="r")), _wanted(house)
    opened = house.door.engine.state.opened
    assert house.asked(AUTH, body=body) == 200
    wanted = _wanted(house)
    assert len(wanted) > len(before)
    for _ in range(5):
        assert house.asked(AUTH, body=body) == 200
    assert _wanted(house) == wanted
    assert house.door.engine.state.opened == opened + 1
    assert house.kinds() == ["event.delivered"] * 6


def _wanted(house: House) -> list[tuple[Any, ...]]:
    with house.door.store.read() as tx:
        return sorted(map(tuple, tx.connection.execute(sqlalchemy.text("SELECT key, body FROM outbox"))))


# Oversized


def test_a_mebibyte_and_one_byte_is_refused_whatever_it_says_its_length_is(house):
    limit = 1024 * 1024
    assert house.asked(AUTH, body=b"x" * limit) == 400
    assert house.asked(AUTH, f"Content-Length: {limit + 1}", body=b"", length=False) == 413
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    chunks = chunk * 17 + b"0\r\n\r\n"
    assert house.asked(AUTH, "Transfer-Encoding: chunked", body=chunks, length=False) in (
        413,
        0,
    )  # 0: cut off while it sent
    assert house.kinds() == ["intake.malformed"]
    assert house.well()


def test_a_head_without_end_is_refused_before_it_fills_the_memory(house):
    assert house.asked(AUTH, "X: " + "x" * 200_000) in (400, 0)
    assert house.asked(*[f"X-{n}: {'x' * 1000}" for n in range(400)]) in (400, 0)
    assert house.asked(AUTH, path=PATH + "?" + "x" * 400_000) in (400, 0)
    with house.connect() as peer:
        sent = b"POST / HTTP/1.1\r\nX: " + b"x" * 30_000
        assert _answered(peer, sent + b"x" * 60_000) == (400, [b"HTTP/1.1 400 Bad Request"])
    assert house.asked(AUTH, "X: " + "x" * 30_000) == 200
    assert house.well()


# Slow


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, house: House) -> House:
    monkeypatch.setattr(web, "_ARRIVES", SOON)
    monkeypatch.setattr(arriving, "WHOLE", 2 * SOON)
    return house


HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{AUTH}\r\n"


@pytest.mark.parametrize(
    ("begin", "drop", "status"),
    [
        ("", "", 0),  # connected, and silent
        ("POST ", "x", 0),  # a request line without end
        (HEAD, "X-More: x\r\n", 0),  # headers without end
        (f"{HEAD}Content-Length: 1000\r\n\r\n", "x", 503),
        (f"{HEAD}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 503),
        (f"{HEAD.replace(TOKEN, 'wrong')}Content-Length: 1000\r\n\r\n", "x", 401),
    ],
)
def test_whoever_is_slow_is_let_go_and_keeps_nobody_waiting(impatient, begin, drop, status):
    with impatient.connect() as peer:
        started, said = time.monotonic(), b""
        peer.sendall(begin.encode())
        peer.settimeout(0.05)
        while True:
            assert time.monotonic() - started < 10, "it is still there"
            try:
                part = peer.recv(65_536)
                if not part:
                    break
                said += part
            except TimeoutError:
                if drop:
                    peer.sendall(drop.encode())
            except OSError:
                break
        assert (int(said.split()[1]) if said else 0) == status
    assert impatient.kinds() == []
    assert impatient.well()


def test_many_who_are_slow_do_not_hold_the_server(impatient):
    peers = [impatient.connect() for _ in range(100)]
    for peer in peers:
        peer.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode())
    assert impatient.well()  # at once, not when they are gone
    for peer in peers:
        assert _answered(peer, b"")[0] == 503
        peer.close()
    assert impatient.kinds() == ["event.delivered"]


def test_whoever_keeps_a_connection_for_the_next_request_may(impatient):
    with httpx.Client(base_url=f"http://127.0.0.1:{impatient.address[1]}") as client:
        for pause in (3 * SOON, 0):
            assert client.get("/healthz").status_code == 200
            time.sleep(pause)
        (connection,) = client._transport._pool.connections
        assert "Request Count: 2" in repr(connection)


# Told


def test_what_is_refused_is_told_without_what_was_sent(house, caplog):
    with caplog.at_level(logging.INFO):
        house.asked("Authorization: Bearer s3cret-of-mine")
        house.asked(AUTH, body=b'{"version": "s3cret-of-mine"}')
        house.asked("X\x00: s3cret-of-mine")
    assert "s3cret-of-mine" not in caplog.text
