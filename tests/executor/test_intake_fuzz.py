"""The fuzzer of the intake's parser, briefly; and what it bends, through the whole of the intake."""

import json
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from executor import fuzz_intake
from executor.fuzz_intake import INSTANTS, NUMBERS, REAL, WAYS, held, large
from executor.test_intake import Door
from watchbill.executor.web import webhook

seeds = st.integers(0, 2**32)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(WAYS), seeds)
def test_every_body_is_an_event_or_no_webhook_and_nothing_else(way, seed):
    held(way(random.Random(seed)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_are_an_event_or_no_webhook_and_nothing_else(body):
    held(body)


def test_every_strange_instant_is_a_millisecond_or_no_webhook():
    became = {}
    for instant in INSTANTS:
        body = json.loads(json.dumps(REAL[1]))
        body["alerts"][0].update(startsAt=instant, endsAt=instant)
        became[instant] = held(json.dumps(body).encode())
    assert [instant for instant, what in became.items() if what == "an event"] == [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00-00:01",
        "9999-12-31T23:59:59.999Z",
        "2026-03-01 00:00:00Z",
        "2026-03-01t00:00:00z",
        "2026-03-01T00:00:00." + "9" * 5000 + "Z",
    ]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.decode()[:20])
def test_no_number_is_too_strange_to_be_refused(number):
    held(json.dumps(REAL[1]).encode().replace(b": 7", b": " + number))


def test_of_a_key_that_stands_there_twice_the_last_counts_and_the_body_says_what_came():
    body = json.dumps(REAL[0]).encode()
    assert held(body[:-1] + b', "version": "5"}') == "not a webhook"
    assert held(body[:-1] + b', "alerts": []}') == "an event"


@pytest.mark.parametrize("seed", range(8))
def test_what_is_as_large_as_may_be_takes_memory_in_proportion(seed):
    body = large(random.Random(seed))
    assert len(body) <= webhook.BODY
    tracemalloc.start()
    try:
        webhook.read(body, "production", "production", None)
    except webhook.NotAWebhook:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 40 * len(body)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory):
    from watchbill.executor.store.connect import open_store

    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'store.db'}")
    door = Door(store)
    yield door
    door.writer.stop()
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(fuzz_intake.large, 0)
@given(st.sampled_from(WAYS), seeds)
def test_what_was_bent_is_committed_or_stored_as_malformed_and_the_executor_goes_on(door, way, seed):
    body = way(random.Random(seed))
    answer = door.post(body)
    assert answer.status_code in (200, 400)
    answer.json()
    assert door.stored(body)
    assert not door.entries("engine.fault")


def test_the_fuzzer_runs_by_itself_and_says_what_it_did(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fuzz_intake", "--seconds", "0.2", "--seed", "3"])
    assert fuzz_intake.main() == 0
    assert " 0 finds, " in capsys.readouterr().out


def test_the_fuzzer_finds_an_error_that_is_ours(monkeypatch, capsys):
    def broken(body: bytes, *_: object) -> None:
        raise IndexError(len(body))

    monkeypatch.setattr("sys.argv", ["fuzz_intake", "--seconds", "5"])
    monkeypatch.setattr(webhook, "read", broken)
    assert fuzz_intake.main() == 1
    assert "IndexError" in capsys.readouterr().out
    assert Path(fuzz_intake.__file__).is_file()
