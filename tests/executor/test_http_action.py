"""`http` against a server that fails in every way a server can."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.bad_server import BadServer, certificate
from watchbill.executor import outgoing
from watchbill.executor.action import Run, Unfit, checked
from watchbill.executor.actions import action, http
from watchbill.executor.connections import Connections, Http, Reference
from watchbill.executor.outgoing import NoAnswer

HTTP = action("http")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setattr(outgoing, "_wait", lambda _: 0.01)
    monkeypatch.setattr(http, "_SECONDS", 0.6)
    bad = BadServer()
    yield bad
    bad.close()


def prepared(url: str, method: str = "PUT", connections: Connections = Connections(), **more: object) -> Run:
    parameters = {"method": method, "url": url, "body": {"state": "open"}, **more}
    return Run(parameters=checked(HTTP, parameters, {}), connections=connections, key="inc-1/act/1.1")


def outcome(run: Run) -> str:
    """As the handler tells it."""
    started = time.monotonic()
    try:
        return HTTP.run(run).outcome
    except NoAnswer as error:
        return "unknown" if error.sent else "not-started"
    finally:
        assert time.monotonic() - started < 5


def test_a_call_carries_its_body_and_the_same_key_each_time(server):
    assert outcome(prepared(f"{server.url}/once/a")) == "succeeded"
    first, second = server.asked
    assert first == second
    line, headers, body = first
    assert line == "PUT /once/a HTTP/1.1"
    assert json.loads(body) == {"state": "open"}
    assert headers["idempotency-key"] == "inc-1/act/1.1"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "put", "post"),
    [
        ("fine", "succeeded", "succeeded"),
        ("status/201", "succeeded", "succeeded"),
        ("status/400", "failed", "failed"),
        ("status/404", "failed", "failed"),
        ("status/500", "failed", "unknown"),
        ("once/busy", "succeeded", "unknown"),
        ("redirect", "failed", "failed"),
        ("huge", "succeeded", "succeeded"),  # the status is known, and the rest is not read
        ("bomb", "succeeded", "succeeded"),
        ("hang", "unknown", "unknown"),
        ("drip", "unknown", "unknown"),
        ("dripheaders", "unknown", "unknown"),
        ("reset", "unknown", "unknown"),
        ("cut", "unknown", "unknown"),
        ("silent", "unknown", "unknown"),
        ("nonsense", "unknown", "unknown"),
        ("continues", "unknown", "unknown"),
        ("bighead", "unknown", "unknown"),
        ("badchunk", "unknown", "unknown"),
        ("lies", "unknown", "unknown"),
        ("two", "unknown", "unknown"),
        ("switch", "unknown", "unknown"),
        ("nobody", "succeeded", "succeeded"),
        ("later", "failed", "unknown"),
        ("status/429", "failed", "failed"),
        ("status/999", "failed", "unknown"),
        ("cookies", "succeeded", "succeeded"),
    ],
)
def test_whatever_a_server_does_the_end_is_told_in_time_and_nothing_unsafe_is_repeated(server, path, put, post):
    assert outcome(prepared(f"{server.url}/{path}", "PUT")) == put
    server.asked.clear()
    assert outcome(prepared(f"{server.url}/{path}", "POST")) == post
    assert server.times(f"/{path}") == 1


def test_a_server_that_refuses_connections_was_not_touched(server):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert outcome(prepared(f"http://127.0.0.1:{port}/x", "POST")) == "not-started"
    assert outcome(prepared("http://no-such-host.invalid/x", "POST")) == "not-started"


def test_a_redirect_leads_nowhere_else(server):
    other = BadServer()
    try:
        done = HTTP.run(prepared(f"{server.url}/redirect/127.0.0.1:{other.port}/fine"))
        assert done.outcome == "failed"
        assert "a redirect is not followed" in done.detail
        assert other.asked == []
    finally:
        other.close()


def test_who_the_server_is_must_be_vouched_for(tmp_path, server):
    folder = certificate(tmp_path)
    bad = BadServer(folder)
    try:
        assert outcome(prepared(f"{bad.url}/fine")) == "not-started"
        known = Connections(http={f"127.0.0.1:{bad.port}": Http(ca=str(folder / "cert.pem"))})
        assert outcome(prepared(f"{bad.url}/fine", connections=known)) == "succeeded"
        elsewhere = prepared(f"https://localhost:{bad.port}/fine")
        assert outcome(elsewhere) == "not-started"
    finally:
        bad.close()


def test_a_server_that_is_connected_and_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(http, "_SECONDS", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # the machine connects; nobody ever accepts
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        assert outcome(prepared(f"http://{address}/x", "POST")) == "unknown"
        assert outcome(prepared(f"https://{address}/x", "POST")) == "not-started"  # no handshake: nothing was asked


def test_a_name_that_nobody_resolves_in_time_is_given_up_in_time(server, monkeypatch):
    looked_up, resolving = threading.Event(), socket.getaddrinfo

    def slow(host, *more, **named):
        if host in ("slow.example", b"slow.example"):
            looked_up.wait(20)
        return resolving("127.0.0.1", *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    try:
        assert outcome(prepared("http://slow.example/x", "POST")) == "not-started"
        assert time.monotonic() - started < 5
    finally:
        looked_up.set()


def test_a_server_without_tls_is_not_asked_what_is_meant_for_one_with(server):
    assert outcome(prepared(f"{server.url.replace('http:', 'https:')}/fine", "POST")) == "not-started"
    assert server.asked == []


def test_nothing_that_a_server_sets_is_sent_with_the_next_call(server):
    for _ in range(2):
        outcome(prepared(f"{server.url}/cookies"))
    assert all("cookie" not in headers for _, headers, _ in server.asked)


def test_a_proxy_of_the_machine_does_not_see_it(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert outcome(prepared(f"{server.url}/fine")) == "succeeded"


def test_credentials_go_by_reference_to_their_own_host_alone(server, tmp_path: Path):
    secret = tmp_path / "token"
    secret.write_text("Bearer of-the-flags\n")
    headers = {"Authorization": Reference(file=str(secret))}
    known = Connections(http={f"127.0.0.1:{server.port}": Http(headers=headers)})
    assert outcome(prepared(f"{server.url}/fine", connections=known)) == "succeeded"
    assert server.asked[-1][1]["authorization"] == "Bearer of-the-flags"
    secret.write_text("Bearer the-next-one\n")  # rotated
    outcome(prepared(f"{server.url}/fine", connections=known))
    assert server.asked[-1][1]["authorization"] == "Bearer the-next-one"
    other = Connections(http={"elsewhere:80": Http(headers=headers)})
    outcome(prepared(f"{server.url}/fine", connections=other))
    assert "authorization" not in server.asked[-1][1]
    secret.unlink()
    with pytest.raises(Unfit, match="cannot be read"):
        HTTP.run(prepared(f"{server.url}/fine", connections=known))


def test_it_is_taken_back_by_the_call_that_the_plan_has_for_it(server):
    run = prepared(f"{server.url}/fine", undo={"state": "closed"})
    assert HTTP.record is not None
    assert HTTP.undo is not None
    assert HTTP.undo(run, HTTP.record(run)).outcome == "succeeded"
    assert json.loads(server.asked[-1][2]) == {"state": "closed"}
    with pytest.raises(Unfit, match="no call that takes it back"):
        HTTP.record(prepared(f"{server.url}/fine"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y",
        "http:///x",
        "//x/y",
        "http://u:p@x/",
        "http://x:0/",
        "http://x:port/",
        "http://x/a b",
        "http://x/\n",
        "",
    ],
)
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(Unfit):
        checked(HTTP, {"url": url}, {})
