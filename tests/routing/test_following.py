"""The way of an alert through a tree: laws that hold for every tree, and the cases that people get wrong."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.configurations import configuration, label_set
from watchbill.routing import Config, Route, distinctions, ends, follow, read, visits

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)


def understood(value: Mapping[str, Any]) -> Config:
    config, told = read(value)
    assert config is not None, told
    return config


def drawn(seed: int) -> tuple[random.Random, dict[str, Any], Config]:
    """A configuration that is accepted, and what draws label sets for it."""
    while True:
        draw = random.Random(seed)
        value = configuration(draw)
        config, _ = read(value)
        if config is not None:
            return draw, value, config
        seed += 1


def paths(config: Config, labels: Mapping[str, str]) -> list[tuple[int, ...]]:
    return [route.path for route in ends(config, labels)]


def slowly(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """dispatch.Route.Match, word for word."""
    if not all(matcher.matches(labels) for matcher in route.matchers):
        return []
    found: list[Route] = []
    for child in route.routes:
        below = slowly(child, labels)
        found += below
        if below and not child.goes_on:
            break
    return found or [route]


def tree(*routes: dict[str, Any], **root: Any) -> Config:
    receivers = [{"name": name} for name in ("root", "a", "b", "c")]
    return understood({"route": {"receiver": "root", **root, "routes": list(routes)}, "receivers": receivers})


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_quick_way_and_the_slow_way_end_at_the_same_routes(seed: int) -> None:
    draw, _, config = drawn(seed)
    for _ in range(20):
        labels = label_set(draw)
        assert list(ends(config, labels)) == slowly(config.root, labels)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_what_is_told_to_people_ends_where_the_alert_ends(seed: int) -> None:
    draw, _, config = drawn(seed)
    labels = label_set(draw)
    told = visits(config, labels)
    assert [one.route for one in told if one.outcome == "ends"] == list(ends(config, labels))
    for one in told:
        if one.outcome == "mismatch":
            assert one.mismatch is not None
            assert not one.mismatch.matches(labels)
        if one.outcome == "passed":
            assert one.by is not None
            assert not one.by.goes_on
            assert one.by.path[:-1] == one.route.path[:-1]
            assert one.by.path < one.route.path


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_order_of_labels_does_not_matter(seed: int) -> None:
    draw, _, config = drawn(seed)
    labels = label_set(draw)
    other = dict(draw.sample(list(labels.items()), len(labels)))
    assert follow(config, labels, NOW).receivers == follow(config, other, NOW).receivers
    assert [one.group for one in follow(config, labels, NOW).arrivals] == [
        one.group for one in follow(config, other, NOW).arrivals
    ]


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_an_empty_label_is_one_that_is_absent(seed: int) -> None:
    draw, _, config = drawn(seed)
    labels = label_set(draw)
    empty = {name: "" for name in ("team", "severity", "env", "nothing") if name not in labels}
    one, other = follow(config, labels, NOW), follow(config, labels | empty, NOW)
    assert [(arrival.route, arrival.group) for arrival in one.arrivals] == [
        (arrival.route, arrival.group) for arrival in other.arrivals
    ]


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_route_behind_one_that_takes_everything_changes_nothing(seed: int) -> None:
    draw, value, _ = drawn(seed)
    routes = value["route"]["routes"]
    before = understood(value | {"route": value["route"] | {"routes": [*routes, {"receiver": "r1"}]}})
    after = understood(
        value | {"route": value["route"] | {"routes": [*routes, {"receiver": "r1"}, {"receiver": "r0"}]}}
    )
    for _ in range(10):
        labels = label_set(draw)
        assert paths(before, labels) == paths(after, labels)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_route_that_nothing_matches_changes_no_receiver_wherever_it_stands(seed: int) -> None:
    draw, value, config = drawn(seed)
    routes = list(value["route"]["routes"])
    routes.insert(draw.randint(0, len(routes)), {"matchers": ['never="a"', 'never="b"'], "receiver": "r1"})
    other = understood(value | {"route": value["route"] | {"routes": routes}})
    for _ in range(10):
        labels = label_set(draw)
        assert follow(config, labels, NOW).receivers == follow(other, labels, NOW).receivers


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_order_of_matchers_does_not_matter_and_neither_does_the_routes_key(seed: int) -> None:
    draw, value, config = drawn(seed)

    def turned(route: Any) -> Any:
        found = dict(route)
        if "matchers" in found:
            found["matchers"] = draw.sample(found["matchers"], len(found["matchers"]))
        return found | {"routes": [turned(one) for one in found.get("routes", ())]}

    other = understood(value | {"route": turned(value["route"])})
    assert [one.key for one in config.routes()] == [one.key for one in other.routes()]
    labels = label_set(draw)
    assert paths(config, labels) == paths(other, labels)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_text_and_its_value_are_read_alike(seed: int) -> None:
    draw, value, config = drawn(seed)
    text, told = read(json.dumps(value, ensure_ascii=False, indent=1))
    assert text is not None, told
    assert [(one.path, one.receiver, one.group_by, one.timing, one.key) for one in config.routes()] == [
        (one.path, one.receiver, one.group_by, one.timing, one.key) for one in text.routes()
    ]
    labels = label_set(draw)
    assert paths(config, labels) == paths(text, labels)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_two_values_that_the_matchers_cannot_tell_apart_take_the_same_way(seed: int) -> None:
    draw, _, config = drawn(seed)
    asked = [matcher for route in config.routes() for matcher in route.matchers]
    for name, found in distinctions(config).items():
        kinds = found.representatives()
        signs = {tuple(one.holds(value) for one in asked if one.label == name): value for value in reversed(kinds)}
        for labels in (label_set(draw), label_set(draw)):
            sign = tuple(one.holds(labels.get(name, "")) for one in asked if one.label == name)
            assert sign in signs, (name, labels, kinds)  # every kind of value has its representative
            assert paths(config, labels) == paths(config, labels | {name: signs[sign]})


def test_an_alert_ends_at_the_root_when_no_route_takes_it() -> None:
    config = tree({"matchers": ["team=a"], "receiver": "a"})
    assert follow(config, {"team": "z"}, NOW).receivers == ("root",)


def test_a_route_that_continues_hands_the_alert_on_and_the_next_may_stop_it() -> None:
    config = tree(
        {"matchers": ["team=a"], "receiver": "a", "continue": True},
        {"matchers": ["team=a"], "receiver": "b"},
        {"matchers": ["team=a"], "receiver": "c"},
    )
    assert follow(config, {"team": "a"}, NOW).receivers == ("a", "b")


def test_continue_on_a_child_does_not_leave_its_parent() -> None:
    config = tree(
        {"matchers": ["team=a"], "routes": [{"matchers": ["severity=high"], "receiver": "b", "continue": True}]},
        {"matchers": ["team=a"], "receiver": "c"},
    )
    assert follow(config, {"team": "a", "severity": "high"}, NOW).receivers == ("b",)


def test_receiver_grouping_and_timing_are_inherited_and_nothing_else_is() -> None:
    config = tree(
        {
            "matchers": ["team=a"],
            "receiver": "a",
            "group_by": ["team"],
            "group_wait": "5s",
            "continue": True,
            "routes": [{"matchers": ["severity=high"], "repeat_interval": "1d"}],
        },
        group_by=["alertname"],
        group_interval="1m",
    )
    child = config.route((0, 0))
    assert (child.receiver, child.group_by, child.goes_on) == ("a", ("team",), False)
    assert (child.timing.group_wait, child.timing.group_interval, child.timing.repeat_interval) == (
        5_000,
        60_000,
        86_400_000,
    )
    assert config.root.timing.group_wait == 30_000
    assert child.key == '{}/{team="a"}/{severity="high"}'
    assert child.written == {"matchers", "repeat_interval"}


def test_dots_group_by_every_label_and_an_empty_list_groups_by_none() -> None:
    config = tree(
        {
            "matchers": ["team=a"],
            "group_by": [],
            "routes": [{"matchers": ["severity=high"], "group_by": ["severity", "zone"]}],
        },
        group_by=["..."],
    )
    labels = {"team": "b", "severity": "high", "empty": ""}
    assert follow(config, labels, NOW).arrivals[0].group == (("severity", "high"), ("team", "b"))
    assert follow(config, {"team": "a"}, NOW).arrivals[0].group == ()
    assert follow(config, {"team": "a", "severity": "high"}, NOW).arrivals[0].group == (("severity", "high"),)
    assert [route.group_by for route in config.routes()] == [None, (), ("severity", "zone")]


def test_a_route_that_is_muted_or_not_active_still_takes_its_alerts() -> None:
    value = {
        "route": {
            "receiver": "root",
            "routes": [
                {
                    "matchers": ["team=a"],
                    "receiver": "a",
                    "active_time_intervals": ["day"],
                    "mute_time_intervals": ["morning"],
                },
                {"matchers": ["team=a"], "receiver": "b"},
            ],
        },
        "receivers": [{"name": "root"}, {"name": "a"}, {"name": "b"}],
        "time_intervals": [
            {"name": "day", "time_intervals": [{"times": [{"start_time": "03:00", "end_time": "20:00"}]}]},
            {"name": "morning", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "05:00"}]}]},
        ],
    }
    config = understood(value)
    muted = follow(config, {"team": "a"}, NOW)
    assert (muted.receivers, muted.told, muted.arrivals[0].muted_by) == (("a",), (), ("morning",))
    asleep = follow(config, {"team": "a"}, NOW.replace(hour=1))
    assert (asleep.arrivals[0].inactive, asleep.arrivals[0].muted) == (("day",), ())
    told = follow(config, {"team": "a"}, NOW.replace(hour=12))
    assert (told.told, told.arrivals[0].active) == (("a",), True)


def test_patterns_are_matched_whole_and_a_dot_is_no_line_break() -> None:
    config = tree(
        {"match_re": {"team": "a|b"}, "receiver": "a"},
        {"matchers": ['note=~"x.y"'], "receiver": "b"},
        {"match_re": {"team": "(?i)core"}, "receiver": "c"},
    )
    assert follow(config, {"team": "ab"}, NOW).receivers == ("root",)
    assert follow(config, {"note": "x\ny"}, NOW).receivers == ("root",)
    assert follow(config, {"note": "x-y"}, NOW).receivers == ("b",)
    assert follow(config, {"team": "CORE"}, NOW).receivers == ("c",)


def test_a_pattern_of_the_old_spelling_stands_in_group_keys_as_alertmanager_anchors_it() -> None:
    config = tree({"match_re": {"team": "a|b"}, "receiver": "a"}, {"match_re": {"team": "c)|(d"}, "receiver": "b"})
    assert [route.key for route in config.routes()][1:] == ['{}/{team=~"^(?:a|b)$"}', '{}/{team=~"^(?:c)|(d)$"}']
    assert [follow(config, {"team": team}, NOW).receivers for team in ("b", "ab", "cx", "d")] == [
        ("a",),
        ("root",),
        ("root",),
        ("b",),
    ]


def test_a_negative_matcher_matches_an_alert_without_the_label() -> None:
    config = tree({"matchers": ['team!="a"'], "receiver": "a"}, {"matchers": ['team!~"a|b"'], "receiver": "b"})
    assert follow(config, {}, NOW).receivers == ("a",)
    assert follow(config, {"team": "a"}, NOW).receivers == ("root",)
