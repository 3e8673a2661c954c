"""What is over by now is a finding of `check` alone, and changes nothing else."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: http://prom:9090}, alertmanager: {url: http://am:9093}}}
severities: {critical: {page: default}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}}
---
kind: Window
name: freeze
when: {from: 2026-12-24T16:30, until: 2026-12-27T09:00, timezone: Europe/Berlin}
effect: no-remediation
reason: nobody touches anything
---
kind: Foreign
name: mixin
rules: rules/*.yaml
team: shop
defaults: {severity: critical, runbook: {url: "https://r.example"}}
change: [{alert: Cpu, off: true, reason: autoscaled, until: 2026-12-31}]
"""
RULES = "groups: [{name: g, rules: [{alert: Cpu, expr: cpu > 1}, {alert: Disk, expr: disk > 1}]}]\n"
FILES = {"policies/watchbill.yaml": WORKSPACE, "policies/rules/r.yaml": RULES}


@pytest.mark.parametrize(
    ("now", "messages"),
    [
        ("2026-12-27T07:59Z", []),
        ("2026-12-27T08:00Z", ["the window `freeze` is over since 2026-12-27 08:00 UTC"]),
        ("2026-12-31T23:59Z", ["the window `freeze` is over since 2026-12-27 08:00 UTC"]),
        (
            "2027-01-01T00:00Z",
            [
                "the window `freeze` is over since 2026-12-27 08:00 UTC",
                "the change of `Cpu` was to be looked at again after 2026-12-31",
            ],
        ),
    ],
)
def test_what_is_over_is_said_by_check_from_the_minute_it_is(
    workspace: Callable[[Mapping[str, str]], Path], run: Callable[..., Any], now: str, messages: list[str]
) -> None:
    root = workspace(FILES)
    done = run("check", "--format", "json", "--now", now, cwd=root)
    found = [one for one in json.loads(done.out)["diagnostics"] if one["severity"] != "note"]
    assert (done.exit, [(one["code"], one["message"]) for one in found]) == (0, [("WB425", text) for text in messages])


def test_what_is_compiled_never_depends_on_the_day(
    workspace: Callable[[Mapping[str, str]], Path], run: Callable[..., Any]
) -> None:
    root = workspace(FILES)
    assert run("compile", "--no-gates", cwd=root).exit == 0
    rules = (root / "generated/production/prometheus/default/shop/mixin.rules.yml").read_text(encoding="utf-8")
    assert "Cpu" not in rules
    assert "WB425" not in run("compile", "--check", cwd=root).out
