"""Reading a plan: what is whole is read as the policies meant it, and whatever is broken is told, never raised."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.executor.plan import Fault, Plan, read
from watchbill.oncall import on_call
from watchbill.spec.resolve import read_workspace
from watchbill.spec.rota import rota

TOP = Path(__file__).parents[2]
TEXTS = [(TOP / f"generated/{name}/executor/plan.json").read_bytes() for name in ("production", "staging")]


def whole(text: bytes = TEXTS[0]) -> Plan:
    plan = read(text)
    assert isinstance(plan, Plan), plan
    return plan


def broken(text: bytes) -> Fault:
    fault = read(text)
    assert isinstance(fault, Fault)
    return fault


@pytest.mark.parametrize("text", TEXTS, ids=["production", "staging"])
def test_what_the_compiler_writes_is_read_whole(text):
    plan = whole(text)
    assert set(plan.document.alerts) == set(json.loads(text)["alerts"])


def test_who_is_on_call_by_the_plan_is_who_is_on_call_by_the_policies():
    workspace = read_workspace(TOP, cache=False)[0]
    by_policies, by_plan = rota(workspace)[0].schedules, whole().schedules
    assert set(by_plan) <= set(by_policies)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for name, schedule in by_plan.items():
        for number in range(400):
            at = start + number * timedelta(hours=22, minutes=7)
            assert on_call(schedule, at) == on_call(by_policies[name], at), (name, at)


def test_a_plan_of_a_newer_version_is_refused_and_says_what_to_do():
    fault = broken(TEXTS[0].replace(b'"version": 1', b'"version": 2'))
    assert fault.message == "the plan is of version 2, and this executor reads version 1"
    assert fault.help == "install the watchbill that compiled it"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"cooldown": "15m"', '"cooldown": "15q"', "`15q` is not a duration"),
        ('"Europe/Lisbon"', '"Europe/Lisbonne"', "`Europe/Lisbonne` is not a time zone"),
        ('"max_targets": 1', '"max_targets": 0', "a bound below 1 bounds nothing"),
        ('"max_targets": 1', '"max_targtes": 1', "Object contains unknown field `max_targtes`"),
        ('"allow": ["eu-1", "us-1"]', '"allow": ["eu-(1"]', "`eu-(1` is not an RE2 pattern"),
        ('"remediate": ["scale-out"]', '"remediate": ["scale-in"]', "there is no `scale-in` in `remediations`"),
        ('"on_call": "primary"}', '"on_call": "tertiary"}', "team `sre` has no on-call role `tertiary`"),
        ('"09:00-18:00"', '"09:00-18:60"', "`18:60` is not a time of the day"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told_with_its_place(before, after, told):
    text = TEXTS[0].decode()
    assert before in text
    fault = broken(text.replace(before, after).encode())
    assert fault.message.startswith(told)
    assert fault.path


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_plan_is_a_fault_or_a_plan_and_never_an_exception(data):
    text = data.draw(st.sampled_from(TEXTS))
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 40)))
    put = data.draw(st.one_of(st.binary(max_size=8), st.sampled_from([b"null", b"0", b'""', b"{}", b"[]", b"-1"])))
    assert isinstance(read(text[:start] + put + text[end:]), Plan | Fault)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_plan_with_one_value_replaced_is_a_fault_or_a_plan_and_never_an_exception(data):
    plan = json.loads(TEXTS[0])
    node = plan
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(node[key], dict | list) and node[key]) or data.draw(st.integers(0, 9)) == 0:
            break
        node = node[key]
    node[key] = data.draw(st.sampled_from([None, -1, 0, "", "x", "99", [], {}, [""], {"x": "y"}, True, 1e300]))
    assert isinstance(read(json.dumps(plan).encode()), Plan | Fault)


def test_a_query_in_a_place_where_it_differs_is_the_one_of_that_place():
    plan = whole()
    key = "orders-db/PostgresReplicationLagging/medium"
    assert [plan.alert_in(key, place).expr[-2:] for place in ("eu", "us")] == ["30", "90"]
