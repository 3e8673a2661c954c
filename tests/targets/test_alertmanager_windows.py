"""Windows: at every minute exactly one receiver hears of an alert, and it is the one that hours and windows say."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from alertmanager_reading import heard, silenced, taken
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.spec.model import OUTCOMES, Place, ResolvedAlert, ResolvedWindow, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as target

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prom-us:9090}}
    alertmanager: {url: http://am:9093}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  medium: {page: level-1, hours: team, outside: notify}
  warning: {ticket: team}
  minor: {ticket: team, hours: team, outside: notify}
  info: {notify: team}
catch_all: {team: sre, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example}}
---
{kind: Calendar, name: office, timezone: Europe/Lisbon, weekly: {monday-friday: ["09:00-18:00"]}, closed: [2026-12-25, 2026-12-24]}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: pay, on_call: {primary: rota}, hours: office, email: pay@shop.example}
---
{kind: Team, name: sre, on_call: {primary: rota}, hours: office, email: sre@shop.example}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}]}
---
kind: Service
name: gateway
team: pay
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: Down, severity: critical, expr: 'up{job="gateway"} == 0', page_per: [instance], summary: down}
- {name: Slow, severity: high, expr: latency > 1, summary: slow}
- {name: Lag, severity: medium, expr: lag > 1, class: data, summary: lag}
- {name: Full, severity: warning, expr: full > 1, summary: full}
- {name: Odd, severity: minor, expr: odd > 1, summary: odd}
- {name: Note, severity: info, expr: note > 1, summary: note}
- {name: Queue, levels: {critical: {params: {most: 9}}, high: {params: {most: 5}}}, params: {most: {type: number, default: 1}}, expr: 'queue > ${most}', summary: queue}
---
kind: Service
name: ledger
team: pay
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: LedgerDown, severity: critical, expr: 'up{job="ledger"} == 0', summary: down}
- {name: LedgerSlow, severity: high, expr: slow > 1, summary: slow}
---
kind: Service
name: nodes
team: sre
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: NodeDown, severity: critical, expr: node == 0, summary: down}
"""
WINDOWS = """\
---
kind: Window
name: tuesday
team: pay
when: {every: tuesday, hours: ["02:00-04:00", "23:30-24:00"], timezone: Europe/Lisbon}
match: {service: gateway}
effect: ticket
reason: vacuum
---
kind: Window
name: christmas
when: {from: 2026-12-24T16:30, until: 2026-12-27T09:00, timezone: Europe/Lisbon}
effect: notify
reason: nobody buys
in: production/eu
---
kind: Window
name: office
when: {every: "monday-friday", hours: "12:00-13:00", timezone: America/New_York}
match: {class: data, service: gateway}
effect: notify
reason: reindexing
---
kind: Window
name: freeze
when: {from: 2026-11-26T00:00+00:00, until: 2026-12-01T00:00+00:00}
effect: no-remediation
reason: nobody touches anything
"""
Make = Callable[[str], Workspace]


@pytest.fixture(scope="module")
def make(workspace: Callable[[Mapping[str, str]], Path]) -> Make:
    def made(more: str) -> Workspace:
        files = {"policies/watchbill.yaml": WORKSPACE, "policies/windows.yaml": more}
        found, _, diagnostics = read_workspace(workspace(files), cache=False)
        assert [diagnostic.message for diagnostic in diagnostics if diagnostic.level == "error"] == []
        assert found is not None
        return found

    return made


def configuration(found: Workspace) -> dict[str, Any]:
    (artifact,) = target.build(found)
    return yaml.safe_load(artifact.text)


def holds(window: ResolvedWindow, now: datetime) -> bool:
    """What the policy says of an instant, read without Alertmanager."""
    if window.span is not None:
        return window.span[0] <= now < window.span[1]
    local = now.astimezone(ZoneInfo(window.timezone))
    minute = local.hour * 60 + local.minute
    assert window.week is not None
    return any(start <= minute < end for start, end in window.week[local.weekday()])


def is_open(now: datetime) -> bool:
    local = now.astimezone(ZoneInfo("Europe/Lisbon"))
    return local.weekday() < 5 and 9 <= local.hour < 18 and f"{local:%Y-%m-%d}" not in ("2026-12-24", "2026-12-25")


def expected(found: Workspace, place: Place, alert: ResolvedAlert, labels: Mapping[str, str], now: datetime) -> str:
    """The kind of outcome that the policies mean at an instant."""
    inside = alert.outcome.hours is None or is_open(now)
    kind = alert.outcome.kind if inside else alert.outcome.outside or ""
    for window in found.windows.values():
        about = window.team in (None, alert.team) and place.name in window.places
        if about and holds(window, now) and all(labels.get(key) == value for key, value in window.match.items()):
            if window.effect != "no-remediation":
                kind = max(kind, window.effect, key=OUTCOMES.index)
    return kind


def kind_of(config: Mapping[str, Any], name: str) -> str:
    """What a receiver of this workspace is: a page has a pager, and all others tell by mail and say it in their name."""
    (receiver,) = (one for one in config["receivers"] if one["name"] == name)
    if "pagerduty_configs" in receiver:
        return "page"
    severity, _, beside = name.partition("-")[2].partition("-")
    by_severity = {
        "critical": "page",
        "high": "page",
        "medium": "page",
        "warning": "ticket",
        "minor": "ticket",
        "info": "notify",
    }
    outside = {"high": "ticket", "medium": "notify", "minor": "notify"}
    return {"": by_severity[severity], "outside": outside.get(severity, "")}.get(beside, beside)


def seen(alert: ResolvedAlert) -> Iterator[dict[str, str]]:
    for more in ({}, {"class": "data"}, {"instance": "a:1"}):
        yield {"alertname": alert.name, **more, **alert.labels}


INSTANTS = [datetime(2026, 12, 20, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(0, 9 * 1440, 60)] + [
    edge + timedelta(minutes=minute)
    for edge in (
        datetime(2026, 12, 24, 16, 30, tzinfo=UTC),
        datetime(2026, 12, 27, 9, 0, tzinfo=UTC),
        datetime(2026, 12, 22, 2, 0, tzinfo=UTC),
        datetime(2026, 12, 22, 23, 30, tzinfo=UTC),
        datetime(2026, 12, 25, 0, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2027, 12, 25, 12, 0, tzinfo=UTC),
    )
    for minute in (-1, 0, 1)
]


def check_every_hour(found: Workspace, instants: list[datetime]) -> None:
    config = configuration(found)
    asked = 0
    for place in found.places.values():
        for alert in place.alerts:
            for labels in seen(alert):
                for now in instants:
                    told = heard(config, labels, now)
                    assert len(told) == 1, (labels, now, told)
                    wanted = expected(found, place, alert, labels, now)
                    assert (labels, now, kind_of(config, told[0])) == (labels, now, wanted)
                    assert told[0].startswith(f"{alert.team}-{alert.severity}")
                    asked += 1
    assert asked > 100


def test_at_every_minute_one_receiver_hears_and_windows_and_hours_together_say_which(make: Make) -> None:
    check_every_hour(make(WINDOWS), INSTANTS[: 9 * 24 : 2] + INSTANTS[9 * 24 :])


labels_of = st.sampled_from(
    [
        {},
        {"service": "gateway"},
        {"class": "data"},
        {"service": "gateway", "class": "data"},
        {"alertname": "Down"},
        {"severity": "high"},
        {"team": "pay"},
        {"instance": "a:1"},
        {"cluster": "us-1", "service": "gateway"},
    ]
)
times = st.sampled_from(
    [
        'every: "monday-friday", hours: "08:00-12:00", timezone: Asia/Kolkata',
        'every: tuesday, hours: ["02:00-04:00", "22:00-24:00"]',
        "every: thursday",
        "from: 2026-12-22T10:17, until: 2026-12-25T01:03, timezone: Europe/Lisbon",
        "from: 2026-12-22T10:00Z, until: 2026-12-22T10:01Z",
        "from: 2026-12-01T00:00Z, until: 2027-02-01T00:00Z",
    ]
)
windows = st.lists(
    st.tuples(
        times, labels_of, st.sampled_from(["ticket", "notify"]), st.sampled_from(["", "production/eu", "production"])
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(chosen=windows)
def test_any_windows_together_leave_one_receiver_at_every_minute(make: Make, chosen: list[Any]) -> None:
    documents = [
        f"---\nkind: Window\nname: w{number}\nwhen: {{{when}}}\nmatch: {match}\neffect: {effect}\nreason: a test\n"
        + (f"in: {place}\n" if place else "")
        for number, (when, match, effect, place) in enumerate(chosen)
    ]
    check_every_hour(make("".join(documents)), INSTANTS[::19] + INSTANTS[-24:])


def test_only_the_alerts_of_the_window_have_routes_of_their_own(make: Make) -> None:
    plain, windowed = configuration(make("")), configuration(make(WINDOWS))
    matchers = [tuple(route["matchers"]) for route in plain["route"]["routes"]]
    assert [route for route in windowed["route"]["routes"] if tuple(route["matchers"]) not in matchers]
    # Whatever no window is about keeps its route to the byte, and with it the key by which PagerDuty knows its incidents.
    for severity in ("warning", "critical", "high"):
        labels = {"alertname": "x", "team": "pay", "severity": severity, "service": "ledger", "cluster": "us-1"}
        assert list(taken(plain, labels)) == list(taken(windowed, labels))


def test_all_routes_of_one_alert_have_one_group_key(make: Make) -> None:
    config = configuration(make(WINDOWS))
    labels = {
        "alertname": "Slow",
        "team": "pay",
        "severity": "high",
        "service": "gateway",
        "env": "production",
        "cluster": "eu-1",
    }
    routes = list(taken(config, labels))
    assert [route["receiver"] for route in routes] == ["pay-high", "pay-high-outside", "pay-high-notify"]
    assert len({tuple(route["matchers"]) for route in routes}) == 1
    assert [bool(route.get("continue")) for route in routes] == [True, True, False]
    assert routes[0]["matchers"] == ['team="pay"', 'severity="high"', 'cluster="eu-1"', 'service="gateway"']


def test_a_window_that_comes_once_is_said_day_by_day_and_whole_days_together(make: Make) -> None:
    config = configuration(make(WINDOWS))
    (entries,) = (one["time_intervals"] for one in config["time_intervals"] if one["name"] == "christmas:window")
    assert entries == [
        {"times": [{"start_time": "16:30", "end_time": "24:00"}], "years": ["2026"], "months": ["12"], "days_of_month": ["24"], "location": "UTC"},
        {"times": [{"start_time": "00:00", "end_time": "09:00"}], "years": ["2026"], "months": ["12"], "days_of_month": ["27"], "location": "UTC"},
        {"years": ["2026"], "months": ["12"], "days_of_month": ["25:26"], "location": "UTC"},
    ]  # fmt: skip


def test_no_remediation_changes_no_route(make: Make) -> None:
    freeze = WINDOWS[WINDOWS.index("---\nkind: Window\nname: freeze") :]
    assert target.build(make(freeze)) == target.build(make(""))


def test_a_level_that_a_window_makes_quieter_silences_nothing_louder(make: Make) -> None:
    source = {
        "alertname": "Queue",
        "team": "pay",
        "severity": "critical",
        "service": "gateway",
        "env": "production",
        "cluster": "eu-1",
    }
    lesser = {**source, "severity": "high"}
    window = "---\nkind: Window\nname: w\nwhen: {every: tuesday}\nmatch: {%s}\neffect: ticket\nreason: a test\n"
    assert silenced(configuration(make("")), lesser, source)
    assert silenced(configuration(make(window % "service: gateway")), lesser, source)
    assert not silenced(configuration(make(window % "service: gateway, severity: critical")), lesser, source)


@pytest.mark.tools
def test_amtool_takes_a_tree_with_windows(amtool: Path, make: Make, tmp_path: Path) -> None:
    (artifact,) = target.build(make(WINDOWS))
    file = tmp_path / "alertmanager.yml"
    file.write_text(artifact.text, encoding="utf-8")
    done = subprocess.run([amtool, "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    labels = ["alertname=Down", "team=pay", "severity=critical", "service=gateway", "cluster=us-1", "page_per=instance"]
    done = subprocess.run(
        [amtool, "config", "routes", "test", f"--config.file={file}", *labels],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "pay-critical,pay-critical-ticket"


def test_a_line_of_the_file_leads_back_to_the_window_it_is_about(make: Make) -> None:
    found = make(WINDOWS)
    (artifact,) = target.build(found)
    line = artifact.text.splitlines().index("- name: 'christmas:window'") + 1
    assert artifact.policy_at(line) == found.windows["christmas"].at
    assert "Window/pay/tuesday" in artifact.sources
