"""Asking Prometheus: the real one, and one that answers badly. No data is an answer; no answer is never success."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest

from end_to_end import servers
from executor.bad_server import BadServer
from executor.small_plan import plan_text
from watchbill.executor import asking, outgoing
from watchbill.executor.connections import Connections, Http, Reference
from watchbill.executor.core import State, reduce
from watchbill.executor.core.effects import Query
from watchbill.executor.core.events import PlanLoaded, QueryAnswered, Result, Sample, decode, encode
from watchbill.executor.handlers import Outside, Work
from watchbill.executor.plan.documents import Place

LEAST = -sys.float_info.max


@pytest.fixture(scope="module")
def running(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "p.yml").write_text("global: {scrape_interval: 1h}\n")
    url = servers.free_address()
    flags = ["--config.file=p.yml", "--storage.tsdb.path=data", f"--web.listen-address={url.removeprefix('http://')}"]
    with servers.running(folder, "prometheus", f"{url}/-/ready", prometheus, *flags):
        yield url


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setattr(outgoing, "_wait", lambda _: 0.01)
    bad = BadServer()
    yield bad
    bad.close()


def now() -> int:
    return time.time_ns() // 1_000_000


def asked(url: str | None, expression: str = "up", seconds: float = 10.0) -> Result:
    return asking.ask(Connections(), Place(prometheus=url), expression, now(), seconds)


@pytest.mark.parametrize(
    ("expression", "samples"),
    [
        ("vector(1)", (Sample({}, 1.0),)),
        ("4.5", (Sample({}, 4.5),)),
        ("no_such_series", ()),
        ('absent(no_such_series{a="b"})', (Sample({"a": "b"}, 1.0),)),
        ("vector(1) / 0", (Sample({}, sys.float_info.max),)),
        ("vector(0) / 0", (Sample({}, LEAST),)),
        ('label_replace(vector(2), "x", "é\\"\\\\", "", "")', (Sample({"x": 'é"\\'}, 2.0),)),
    ],
)
def test_what_prometheus_says_is_what_comes_back_and_the_log_can_keep_it(running, expression, samples):
    result = asked(running, expression)
    assert result == Result(samples=samples)
    event = QueryAnswered(key="k", results={"firing": result})
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("sum(", "parse error"),
        ("up[5m]", "is a matrix"),
        ('"text"', "is a string"),
        ("\ud800", "surrogates not allowed"),
    ],
)
def test_what_has_no_answer_is_an_error(running, expression, error):
    assert error in (asked(running, expression).error or "")


def test_a_long_expression_is_asked_whole(running):
    expression = " or ".join(f'no_such_series{{a="{number}"}}' for number in range(2000))
    assert asked(running, expression) == Result()


@pytest.mark.parametrize(
    "path",
    [
        "hang",
        "drip",
        "dripheaders",
        "reset",
        "cut",
        "silent",
        "nonsense",
        "huge",
        "bomb",
        "fine",
        "redirect",
        "status/500",
    ],
)
def test_a_prometheus_that_fails_is_an_error_in_time_and_never_no_data(server, path, monkeypatch):
    monkeypatch.setattr(asking, "_BOUND", 100_000)
    started = time.monotonic()
    assert asked(f"{server.url}/{path}", seconds=0.5).error
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"status": "error", "error": "query timed out"}, "query timed out"),
        (
            {"status": "success", "data": {"resultType": "vector", "result": []}, "warnings": ["a store was away"]},
            "away",
        ),
        ({"status": "success"}, "is a nothing"),
        ({"status": "success", "data": {"resultType": "vector", "result": None}}, "cannot be read"),
        ({"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "many"]}]}}, "cannot be read"),
        (
            {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "1"]}] * 10_001}},
            "more than",
        ),
        ([], "cannot be read"),
    ],
)
def test_what_is_half_an_answer_is_none(server, said, error):
    server.said = json.dumps(said).encode()
    assert error in (asked(f"{server.url}/said").error or "")


def test_the_tenant_and_the_credentials_of_a_place_go_with_it(server, monkeypatch):
    server.said = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
    monkeypatch.setenv("MIMIR", "Bearer of-mimir")
    connections = Connections(
        prometheus={f"127.0.0.1:{server.port}": Http(headers={"Authorization": Reference(env="MIMIR")})}
    )
    place = Place(prometheus=f"{server.url}/said", tenant="team-a")
    assert asking.ask(connections, place, "up", 1_700_000_000_123, 5) == Result()
    line, headers, body = server.asked[-1]
    assert line == "POST /said/api/v1/query HTTP/1.1"
    assert headers["x-scope-orgid"] == "team-a"
    assert headers["authorization"] == "Bearer of-mimir"
    assert parse_qs(body.decode()) == {"query": ["up"], "time": ["1700000000.123"]}


def test_every_expression_of_an_effect_is_answered_by_its_name(running):
    text = plan_text(places={"default": {"labels": {"env": "production"}, "prometheus": running}})
    state = reduce(State(), PlanLoaded(text=text), 0).state
    outside = Outside(lambda: state, now, lambda *_: "", lambda *_: None)
    body = Query(place="default", expressions={"firing": "vector(1)", "floor": "sum("}, not_after=now() + 60_000)
    answered = asking.handle(Work("k", body, 1, lambda: True), outside)
    assert isinstance(answered, QueryAnswered)
    assert answered.results["firing"] == Result(samples=(Sample({}, 1.0),))
    assert "parse error" in (answered.results["floor"].error or "")
    for changed in (msgspec.structs.replace(body, place="moon"), msgspec.structs.replace(body, not_after=0)):
        answered = asking.handle(Work("k", changed, 1, lambda: True), outside)
        assert isinstance(answered, QueryAnswered)
        assert set(answered.results) == {"firing", "floor"}
        assert all(one.error for one in answered.results.values())
