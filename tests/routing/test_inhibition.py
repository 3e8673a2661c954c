"""Inhibition: what silences what, exactly as Alertmanager decides it."""

from datetime import UTC, datetime
from typing import Any

from watchbill.routing import Followed, follow, read

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
Labels = dict[str, str]


def judged(rule: dict[str, Any], alert: Labels, *firing: Labels) -> Followed:
    config, told = read({"route": {"receiver": "a"}, "receivers": [{"name": "a"}], "inhibit_rules": [rule]})
    assert config is not None, told
    return follow(config, alert, NOW, firing)


BY_SEVERITY = {"source_matchers": ["severity=critical"], "target_matchers": ["severity=warning"], "equal": ["zone"]}


def test_a_source_silences_a_target_that_has_the_same_equal_labels() -> None:
    source = {"severity": "critical", "zone": "eu"}
    found = judged(BY_SEVERITY, {"severity": "warning", "zone": "eu"}, source)
    assert [(one.source, one.rule.number, one.certain) for one in found.inhibited_by] == [(source, 0, True)]
    assert (found.receivers, found.told) == (("a",), ())


def test_another_value_of_an_equal_label_silences_nothing() -> None:
    assert not judged(
        BY_SEVERITY, {"severity": "warning", "zone": "us"}, {"severity": "critical", "zone": "eu"}
    ).inhibited_by
    assert not judged(BY_SEVERITY, {"severity": "warning"}, {"severity": "critical", "zone": "eu"}).inhibited_by


def test_equal_labels_missing_on_both_sides_are_equal() -> None:
    assert judged(BY_SEVERITY, {"severity": "warning"}, {"severity": "critical"}).inhibited_by
    assert judged(BY_SEVERITY, {"severity": "warning", "zone": ""}, {"severity": "critical"}).inhibited_by


def test_nothing_is_silenced_while_no_source_fires() -> None:
    assert not judged(BY_SEVERITY, {"severity": "warning"}).inhibited_by


def test_an_alert_that_matches_both_sides_silences_neither_itself_nor_another_such() -> None:
    rule = {"source_matchers": ["team=a"], "target_matchers": ["team=a"], "equal": ["team"]}
    one, other = {"team": "a", "n": "1"}, {"team": "a", "n": "2"}
    found = judged(rule, one, one, other)
    assert (found.inhibited_by, found.may_be_inhibited_by) == ((), ())


def test_two_alerts_can_silence_each_other_where_two_rules_say_so() -> None:
    rules = [
        {"source_matchers": ["team=a"], "target_matchers": ["team=b"]},
        {"source_matchers": ["team=b"], "target_matchers": ["team=a"]},
    ]
    config, _ = read({"route": {"receiver": "a"}, "receivers": [{"name": "a"}], "inhibit_rules": rules})
    assert config is not None
    both = [{"team": "a"}, {"team": "b"}]
    assert all(follow(config, one, NOW, both).told == () for one in both)


def test_for_an_alert_of_both_sides_the_source_that_arrived_last_decides() -> None:
    rule = {"source_matchers": ["kind=~x|y"], "target_matchers": ["kind=x"], "equal": ["zone"]}
    alert, other, plain = {"kind": "x", "n": "1"}, {"kind": "x", "n": "2"}, {"kind": "y"}
    last = judged(rule, alert, other, plain)
    assert [(one.source, one.certain) for one in last.inhibited_by] == [(plain, False)]
    first = judged(rule, alert, plain, other)
    assert first.inhibited_by == ()
    assert [(one.source, one.certain) for one in first.may_be_inhibited_by] == [(plain, False)]


def test_a_muted_source_inhibits_like_any_other() -> None:
    value = {
        "route": {
            "receiver": "a",
            "routes": [{"matchers": ["severity=critical"], "mute_time_intervals": ["always"]}],
        },
        "receivers": [{"name": "a"}],
        "time_intervals": [{"name": "always", "time_intervals": [{}]}],
        "inhibit_rules": [BY_SEVERITY],
    }
    config, _ = read(value)
    assert config is not None
    source = {"severity": "critical"}
    assert follow(config, source, NOW).told == ()
    assert follow(config, {"severity": "warning"}, NOW, [source]).told == ()


def test_a_rule_without_conditions_silences_nothing() -> None:
    assert not judged({}, {"a": "b"}, {"c": "d"}).inhibited_by
