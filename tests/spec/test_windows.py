"""Windows: what can be wrong with one, and what everything downstream is told of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchbill.spec.resolve import read_workspace

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production: {labels: {env: production}, prometheus: {url: http://prom:9090}, alertmanager: {url: http://am:9093}}
  staging: {labels: {env: staging}, prometheus: {url: http://prom-stg:9090}, alertmanager: {url: http://am-stg:9093}, at_most: ticket}
severities: {critical: {page: default}, warning: {ticket: team}}
catch_all: {team: data, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: data, on_call: {primary: rota}, email: data@shop.example}
---
{kind: Team, name: pay, on_call: {primary: rota}}
---
kind: Service
name: warehouse
team: data
alerts:
- {name: LoadFailed, severity: critical, expr: failed > 0, summary: failed, runbook: {url: "https://r.example"}, remediate: [again], no_data: {ignore: tested elsewhere}}
---
kind: Service
name: gateway
team: pay
alerts:
- {name: GatewayDown, only: [production], severity: critical, expr: up == 0, summary: down, runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
---
kind: Remediation
name: again
action: {systemd.restart: {host: a, unit: loader}}
guardrails: {cooldown: 15m, not_during: [freeze]}
approvals: {from: [{on_call: primary}]}
---
kind: Window
name: freeze
when: {from: 2026-12-24T16:30, until: 2026-12-27T09:00, timezone: Europe/Lisbon}
effect: no-remediation
reason: nobody touches anything
"""
WINDOW = """\
---
kind: Window
name: vacuum
team: data
when: {every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}
match: {service: warehouse}
effect: ticket
reason: vacuum
"""
Findings = Callable[..., list[Any]]
Make = Callable[[Mapping[str, str | bytes]], Path]


def test_a_window_is_resolved_to_what_holds_when_and_where(workspace: Make) -> None:
    found, _, told = read_workspace(
        workspace({"policies/watchbill.yaml": WORKSPACE + WINDOW + "in: production\n"}), cache=False
    )
    assert found is not None
    assert [one.message for one in told if one.level == "error"] == []
    vacuum, freeze = found.windows["data/vacuum"], found.windows["freeze"]
    assert (vacuum.week, vacuum.span, vacuum.timezone) == (
        ((), ((120, 240),), (), (), (), (), ()),
        None,
        "Europe/Lisbon",
    )
    assert (vacuum.places, vacuum.team, vacuum.effect) == (("production/default",), "data", "ticket")
    assert freeze.span == (datetime(2026, 12, 24, 16, 30, tzinfo=UTC), datetime(2026, 12, 27, 9, 0, tzinfo=UTC))
    assert (freeze.week, freeze.places) == (None, ("production/default", "staging/default"))


def test_nothing_is_wrong_with_two_good_windows(workspace: Make, findings: Findings) -> None:
    assert findings(workspace({"policies/watchbill.yaml": WORKSPACE + WINDOW})) == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"match: {service: warehouse}": "match: {service: ⟦gateway⟧}"}, "WB421", "service `gateway` belongs to team `pay`, and this window to `data`"),
        ({"match: {service: warehouse}": "match: {team: ⟦pay⟧}"}, "WB421", "this window belongs to team `data`"),
        ({"match: {service: warehouse}": "match: {service: ⟦warehose⟧}"}, "WB422", "unknown service `warehose`"),
        ({"match: {service: warehouse}": "match: ⟦{severity: warning}⟧"}, "WB422", "no alert there can match this window"),
        ({"match: {service: warehouse}": 'match: {env: ⟦""⟧}'}, "WB103", "an alert without `env` cannot be matched"),
        ({"effect: ticket\n": "effect: ⟦ticket⟧\nin: staging\n"}, "WB422", "every alert that this window matches is a ticket or less already"),
        ({"effect: ticket\n": "effect: ticket\nin: ⟦stagging⟧\n"}, "WB221", "unknown place `stagging`"),
        ({"effect: ticket": "effect: ⟦no-page⟧"}, "WB103", "`no-page` is not one of `ticket`, `notify`, `no-remediation`"),
        ({'{every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}': "{from: ⟦2026-12-24T09:00⟧}"}, "WB424", "this window never ends"),
        ({'{every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}': "{from: 2026-12-24T09:00, until: ⟦2026-12-24T09:00⟧}"}, "WB424", "this ends before it starts"),
        ({'{every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}': "{from: ⟦2026-12-24T09:00:30⟧, until: 2026-12-24T10:00}"}, "WB424", "Alertmanager knows whole minutes only"),
        ({'{every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}': '{from: 2026-12-24T09:00, until: 2026-12-25T09:00, hours: ⟦["02:00-04:00"]⟧}'}, "WB424", "`hours` belong to `every`"),
        ({'hours: "02:00-04:00"': "until: ⟦2026-12-24T09:00⟧"}, "WB424", "`until` belongs to `from`"),
        ({'{every: tuesday, hours: "02:00-04:00", timezone: Europe/Lisbon}': "{from: ⟦2026-03-29T01:30⟧, until: 2026-03-30T09:00, timezone: Europe/Lisbon}"}, "WB507", "2026-03-29T01:30 does not exist in Europe/Lisbon: clocks go forward over it"),
        ({'hours: "02:00-04:00"': 'hours: ⟦"22:00-04:00"⟧'}, "WB103", "the end must come after the start; hours past midnight are two entries, one for each day"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_window_is_said_where_it_stands(
    workspace: Make,
    findings: Findings,
    marked: Callable[[str], tuple[str, tuple[int, int, int, int]]],
    changes: Mapping[str, str],
    code: str,
    message: str,
) -> None:
    text = WINDOW
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    policy, place = marked(text)
    found = findings(workspace({"policies/watchbill.yaml": WORKSPACE, "policies/window.yaml": policy}))
    assert (code, message) in [(one.code, one.message) for one in found]
    assert place in [one.place for one in found if one.code == code]


def test_a_window_that_leads_to_a_channel_nobody_has_is_an_error(workspace: Make, findings: Findings) -> None:
    window = WINDOW.replace("team: data", "team: pay").replace("warehouse", "gateway")
    (finding,) = findings(
        workspace({"policies/watchbill.yaml": WORKSPACE, "policies/window.yaml": window + "in: production\n"})
    )
    assert (finding.code, finding.message) == ("WB504", "team `pay` has nowhere for its tickets")
    assert [other[2] for other in finding.related] == ["`GatewayDown` leads to a ticket", "in this window"]


def test_what_a_remedy_waits_for_must_be_a_window(workspace: Make, findings: Findings) -> None:
    broken = WORKSPACE.replace("not_during: [freeze]", "not_during: [freze]")
    (finding,) = findings(workspace({"policies/watchbill.yaml": broken}))
    assert (finding.code, finding.text, finding.help) == ("WB213", "freze", "did you mean `freeze`?")


def test_windows_that_overlap_in_too_many_ways_are_refused(workspace: Make, findings: Findings) -> None:
    many = "".join(
        WINDOW.replace("name: vacuum", f"name: w{number}").replace("service: warehouse", f"label_{number}: x")
        for number in range(6)
    )
    root = workspace({"policies/watchbill.yaml": WORKSPACE, "policies/window.yaml": many})
    found, _, _ = read_workspace(root, cache=False)
    assert found is not None
    from watchbill.targets import alertmanager

    (finding,) = [one for one in alertmanager.check(found) if one.code.id == "WB423"]
    assert finding.message == "the windows of critical alerts of `data` in production overlap in too many ways"
