"""`defaults:` from the Workspace down to the alert: scalars replace, maps merge, lists replace, null unsets."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from watchbill.spec.model import ResolvedAlert
from watchbill.spec.resolve import read_workspace

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {labels: {env: production}, prometheus: {url: http://prom:9090}}}
severities: {critical: {page: default}, warning: {page: default}}
classes: [business, platform]
defaults: {class: platform, for: 1m, keep_firing_for: 1m, labels: {a: workspace, b: workspace}, page_per: [one], runbook: {url: "https://r.example/w"}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}, defaults: {for: 2m, labels: {b: team, c: team}, severity: warning}}
---
kind: AlertSet
name: set
defaults: {for: 3m, labels: {c: set, d: set}, page_per: [two, three]}
alerts:
- {name: FromSet, expr: x > 1, summary: x}
- {name: FromSetAtOnce, for: null, expr: x > 1, summary: x}
---
kind: Service
name: web
team: shop
uses: [{set: set, change: {FromSetAtOnce: {for: 7m}}}]
defaults: {for: 4m, labels: {d: service, e: service}, annotations: {dashboard: main}}
alerts:
- {name: Plain, expr: x > 1, summary: x}
- {name: Own, severity: critical, for: 5m, labels: {e: alert}, page_per: [four], annotations: {note: own}, expr: x > 1, summary: x, no_data: {ignore: tested elsewhere}}
- {name: Unset, for: null, keep_firing_for: null, labels: null, page_per: null, class: null, runbook: null, annotations: null, expr: x > 1, summary: x}
- {name: Levels, levels: {critical: {for: 9m}, warning: {}}, page_per: null, expr: x > 1, summary: x, no_data: {ignore: tested elsewhere}}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(scope="module")
def alerts(workspace: Make) -> dict[tuple[str, str], ResolvedAlert]:
    found, _, told = read_workspace(workspace({"policies/watchbill.yaml": WORKSPACE}), cache=False)
    assert [one.message for one in told] == []
    assert found is not None
    return {(one.name, one.severity): one for one in found.places["production/default"].alerts}


Alerts = dict[tuple[str, str], ResolvedAlert]


def own(alert: ResolvedAlert) -> dict[str, str]:
    return {label: value for label, value in alert.labels.items() if len(label) == 1}


def test_the_nearest_block_that_says_something_is_heard(alerts: Alerts) -> None:
    assert [
        (name, alerts[name, severity].for_)
        for name, severity in (("FromSet", "warning"), ("Plain", "warning"), ("Own", "critical"))
    ] == [
        ("FromSet", "4m"),
        ("Plain", "4m"),
        ("Own", "5m"),
    ]
    assert {one.keep_firing_for for one in alerts.values()} == {"1m", None}


def test_maps_merge_and_the_nearer_value_wins(alerts: Alerts) -> None:
    assert own(alerts["FromSet", "warning"]) == {
        "a": "workspace",
        "b": "team",
        "c": "set",
        "d": "service",
        "e": "service",
    }
    assert own(alerts["Plain", "warning"]) == {
        "a": "workspace",
        "b": "team",
        "c": "team",
        "d": "service",
        "e": "service",
    }
    assert own(alerts["Own", "critical"])["e"] == "alert"
    assert alerts["Own", "critical"].annotations["dashboard"] == "main"


def test_lists_replace(alerts: Alerts) -> None:
    assert alerts["FromSet", "warning"].page_per == ("two", "three")
    assert alerts["Plain", "warning"].page_per == ("one",)
    assert alerts["Own", "critical"].page_per == ("four",)


def test_null_unsets_what_was_inherited(alerts: Alerts) -> None:
    alert = alerts["Unset", "warning"]
    assert (alert.for_, alert.keep_firing_for, alert.page_per, alert.class_, alert.runbook_url) == (
        None,
        None,
        (),
        None,
        None,
    )
    assert own(alert) == {}
    assert "dashboard" not in alert.annotations


def test_a_change_may_set_again_what_the_set_unsets(alerts: Alerts) -> None:
    assert alerts["FromSetAtOnce", "warning"].for_ == "7m"


def test_levels_are_severities_of_their_own(alerts: Alerts) -> None:
    assert [(severity, alerts["Levels", severity].for_) for severity in ("critical", "warning")] == [
        ("critical", "9m"),
        ("warning", "4m"),
    ]


def test_an_alert_without_any_severity_is_an_error_even_in_a_set(
    workspace: Make, findings: Callable[..., list[Any]]
) -> None:
    told = findings(workspace({"policies/watchbill.yaml": WORKSPACE.replace(", severity: warning}}", "}}")}))
    assert {(one.code, one.message) for one in told if one.level == "error"} == {
        ("WB104", "`FromSet` has no severity"),
        ("WB104", "`FromSetAtOnce` has no severity"),
        ("WB104", "`Plain` has no severity"),
        ("WB104", "`Unset` has no severity"),
    }


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("defaults: {class: platform,", "defaults: {class: platfrom,", "WB221", "unknown class `platfrom`"),
        ("{b: team, c: team}", "{service: team}", "WB103", "label `service` is written by the compiler"),
        ("{b: team, c: team}", "{env: team}", "WB103", "label `env` is written by the compiler"),
        ("{b: team, c: team}", "{ownership: team}", "WB103", "label `ownership` is written by the compiler"),
        (
            "annotations: {dashboard: main}",
            "annotations: {summary: main}",
            "WB103",
            "annotation `summary` has a key of its own",
        ),
        ("defaults: {for: 3m", "defaults: {for: {default: 3m, by: {prod: 1m}}", "WB221", "unknown place `prod`"),
        ("severity: warning}}", "severity: warnin}}", "WB221", "unknown severity `warnin`"),
        ("defaults: {for: 4m", "defaults: {form: 4m", "WB101", "unknown key `form`"),
    ],
)
def test_what_is_wrong_in_a_block_is_said_there(
    workspace: Make, findings: Callable[..., list[Any]], old: str, new: str, code: str, message: str
) -> None:
    assert WORKSPACE.count(old) == 1
    told = findings(workspace({"policies/watchbill.yaml": WORKSPACE.replace(old, new)}))
    assert (code, message) in [(one.code, one.message) for one in told]
