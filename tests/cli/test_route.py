"""`watchbill route`, as a person or a program meets it: one alert, from its rule to whoever is woken."""

import json

import pytest

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://us:9090}}
    alertmanager: {url: http://am:9093}
    executor: {url: http://executor:8080, mode: auto}
  staging:
    labels: {env: staging, cluster: stg-1}
    prometheus: {url: http://stg:9090}
    alertmanager: {url: http://am-stg:9093}
    at_most: ticket
severities:
  critical: {page: default}
  high: {page: default, hours: team, outside: ticket}
  warning: {ticket: team}
catch_all: {team: sre, outcome: ticket}
last_resort: {team: sre, on_call: primary}
channels: {slack: {bot_token: {file: /run/secrets/slack}}}
---
kind: Escalation
name: default
acknowledge_within: 10m
steps:
- {notify: [{on_call: primary}], wait: 15m}
- {notify: [{on_call: secondary}, {role: boss}], wait: 20m}
repeat: 1
also: [{slack: "#incidents"}]
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
---
kind: Person
name: ana
timezone: Europe/Lisbon
email: ana@shop.example
---
kind: Person
name: deb
timezone: America/Sao_Paulo
email: deb@shop.example
---
kind: Person
name: ola
timezone: Asia/Tokyo
email: ola@shop.example
---
kind: Schedule
name: first
layers:
- name: turns
  rotation: daily
  handoff: {at: "03:10"}
  eras: [{from: 2026-01-05, people: [ana, deb]}]
---
{kind: Schedule, name: second, people: [deb]}
---
{kind: Schedule, name: last, people: [ola]}
---
kind: Team
name: pay
on_call: {primary: first, secondary: second}
roles: {boss: ana}
hours: office
slack: {default: "#pay"}
tickets: {webhook: {file: /run/secrets/pay}}
---
kind: Team
name: sre
on_call: {primary: last}
tickets: {webhook: {file: /run/secrets/sre}}
---
kind: Window
name: move
team: pay
when: {from: "2026-03-10T00:00", until: "2026-03-11T00:00"}
match: {service: books}
effect: ticket
reason: we move house
---
kind: Remediation
name: avoid
team: pay
inputs: {provider: {label: provider, allow: [one, two]}}
risk: high
action: {http: {method: PUT, url: http://router.shop.example/v1/avoid, body: {provider: {input: provider}}}}
guardrails: {cooldown: 15m}
approvals: {when: {env: production}, from: [{on_call: primary}]}
---
kind: Service
name: gateway
team: pay
defaults: {runbook: {url: "https://r.example/pay"}, no_data: {ignore: tested elsewhere}}
alerts:
- name: PaymentsFail
  severity: critical
  expr: sum by (provider) (rate(payment_failures_total[5m])) > 1
  page_per: [provider]
  summary: "{{ $labels.provider }} fails"
  remediate: [avoid]
- {name: Slow, severity: high, expr: slow > 1, summary: slow}
- {name: Lag, levels: {critical: {params: {most: 9}}, warning: {params: {most: 1}}}, params: {most: {type: number, default: 1}}, expr: 'lag > ${most}', summary: lag}
---
kind: Service
name: books
team: pay
defaults: {runbook: {url: "https://r.example/pay"}, no_data: {ignore: tested elsewhere}}
alerts: [{name: BooksDown, severity: critical, expr: books == 0, summary: down}]
"""
KEYS = [
    "version",
    "receivers",
    "path",
    "outcome",
    "escalation",
    "people",
    "inhibited_by",
    "muted_by",
    "runbook",
    "remedies",
]
EU = ("--in", "production/eu")


@pytest.fixture(scope="module")
def shop(workspace):
    return workspace({"policies/watchbill.yaml": WORKSPACE})


@pytest.fixture(scope="module")
def route(run, shop):
    def route(*arguments, ends_with=0):
        ran = run("route", *arguments, cwd=shop)
        assert ran.exit == ends_with, ran.out + ran.err
        return ran

    return route


@pytest.fixture(scope="module")
def told(route):
    return lambda *arguments: json.loads(route(*arguments, "--format", "json").out)


def test_an_alert_leads_from_its_rule_to_the_people_who_are_on_call_at_each_step(told):
    found = told("PaymentsFail", "provider=one", *EU, "--at", "2026-03-09T03:00Z")
    assert list(found) == KEYS
    assert (found["version"], found["receivers"]) == (1, ["pay-critical"])
    assert (found["outcome"], found["escalation"], found["muted_by"]) == ("page", "default", [])
    people = [(one["name"], one["step"], one["after_seconds"], one["as"]) for one in found["people"] if one["step"]]
    assert people == [
        ("ana", 1, 0, "primary"),
        ("deb", 2, 900, "secondary"),
        ("ana", 2, 900, "boss"),
        ("ola", 3, 2_100, "primary of sre"),
    ]
    assert found["people"][3]["last_resort"]
    assert [one["channel"] for one in found["people"] if one["step"] == 0] == ["#incidents"]
    assert found["people"][1]["local_time"] == "2026-03-09T00:15:00-03:00"
    assert found["people"][3]["timezone"] == "Asia/Tokyo"
    assert found["runbook"] == "https://r.example/pay"


def test_the_first_step_pages_whoever_is_on_call_then_and_a_later_one_whoever_has_taken_over(told):
    before = told("PaymentsFail", "provider=one", *EU, "--at", "2026-03-09T03:09Z")
    after = told("PaymentsFail", "provider=one", *EU, "--at", "2026-03-09T03:10Z")
    assert [found["people"][0]["name"] for found in (before, after)] == ["ana", "deb"]


def test_the_path_says_which_routes_took_it_and_why_its_neighbours_did_not(told):
    (path,) = told("PaymentsFail", "provider=one", *EU)["path"]
    assert path["routes"] == [
        {"path": [], "matchers": []},
        {"path": [0], "matchers": ['page_per="provider"', 'severity="critical"', 'team="pay"']},
    ]
    assert path["group"]["provider"] == "one"
    assert path["timing_ms"]["group_wait"] == 30_000
    following = path["not_taken"][0]
    assert (following["why"], following["by"], following["mismatch"]) == ("not asked", [0], 'service="books"')
    behind = told("Slow", *EU)["path"][0]["not_taken"][0]
    assert (behind["why"], behind["mismatch"], behind["value"]) == ("does not match", 'page_per="provider"', None)


def test_a_remedy_says_which_gates_are_shut_for_this_alert(told):
    (remedy,) = told("PaymentsFail", "provider=one", *EU)["remedies"]
    assert (remedy["name"], remedy["runs"], remedy["asks"]) == ("pay/avoid", True, ["primary"])
    (other,) = told("PaymentsFail", "provider=three", *EU)["remedies"]
    assert (other["runs"], other["shut"]) == (False, ["`provider` is `three`, and may be one or two"])
    (staging,) = told("PaymentsFail", "provider=one", "--in", "staging")["remedies"]
    assert staging["shut"] == ["staging has no executor"]


def test_outside_the_hours_the_page_is_a_ticket_and_nobody_is_woken(told, route):
    inside = told("Slow", *EU, "--at", "2026-03-09T12:00Z")
    assert (inside["outcome"], inside["people"][0]["name"]) == ("page", "deb")
    night = told("Slow", *EU, "--at", "2026-03-09T03:00Z")
    assert night["receivers"] == inside["receivers"] == ["pay-high", "pay-high-outside"]
    assert (night["outcome"], night["escalation"], night["people"]) == ("ticket", None, [])
    assert night["path"][0]["muted_by"] == ["office"]
    assert "not now active only in the hours of `office`" in route("Slow", *EU, "--at", "2026-03-09T03:00Z").out


def test_a_window_mutes_the_page_and_says_so(told, route):
    found = told("BooksDown", *EU, "--at", "2026-03-10T12:00Z")
    assert (found["outcome"], found["people"]) == ("ticket", [])
    text = route("BooksDown", *EU, "--at", "2026-03-10T12:00Z").out
    assert "muted   by window `pay/move` (we move house)" in text


def test_what_fires_beside_it_inhibits_it_and_nobody_is_paged(told, route):
    worse = ("--firing", "Lag severity=critical")
    found = told("Lag", "severity=warning", *EU, *worse)
    (by,) = found["inhibited_by"]
    assert (by["labels"]["severity"], by["certain"]) == ("critical", True)
    assert (found["receivers"], found["outcome"], found["people"]) == (["pay-warning"], None, [])
    assert told("Lag", "severity=critical", *EU, "--firing", "Lag severity=warning")["inhibited_by"] == []
    assert told("Lag", "severity=warning", *EU, "--firing", "Slow")["inhibited_by"] == []
    assert "Inhibited by alertname=Lag" in route("Lag", "severity=warning", *EU, *worse).out
    alone = route("Lag", "severity=warning", *EU).out
    assert "Inhibited by nothing that was named" in alone
    assert 'severity="critical"}' in alone.partition("it would be while")[2]


def test_labels_alone_are_followed_and_find_their_place_and_their_rule(told):
    by_name = told("Slow", *EU, "--at", "2026-03-09T12:00Z")
    labels = ("alertname=Slow", "severity=high", "team=pay", "service=gateway", "env=production", "cluster=eu-1")
    assert told(*labels, "--at", "2026-03-09T12:00Z") == by_name
    unclaimed = told("severity=high", "team=nobody", "--in", "production/us")
    assert (unclaimed["receivers"], unclaimed["outcome"], unclaimed["runbook"]) == (["catch-all"], "ticket", None)


def test_the_same_is_told_to_people_within_a_hundred_columns(route):
    lines = route("PaymentsFail", "provider=one", *EU, "--at", "2026-03-09T03:00 Europe/Lisbon").out.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == "PaymentsFail (critical) in production/eu, Mon 9 Mar 2026 03:00 UTC"
    assert lines[1].startswith("  policies/watchbill.yaml:")
    page = lines.index("Page pay by default, to be acknowledged within 10m")
    assert lines[page + 1 : page + 7] == [
        "  at once  primary                          ana  Mon 9 Mar 03:00 Europe/Lisbon",
        "     +15m  secondary                        deb  Mon 9 Mar 00:15 America/Sao_Paulo",
        "           boss                             ana  Mon 9 Mar 03:15 Europe/Lisbon",
        "     +35m  primary of sre, the last resort  ola  Mon 9 Mar 12:35 Asia/Tokyo",
        "  then all of it again, 1 time",
        "  at once also #incidents",
    ]
    assert '    ▶ {page_per="provider",severity="critical",team="pay"}  → pay-critical' in lines
    assert any("1 of them would match" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name an alert, or give labels"),
        (["PaymentFail", *EU], "there is no alert `PaymentFail`: did you mean `PaymentsFail`?"),
        (["Slow"], "`Slow` runs in several places: add --in production/eu, --in production/us or --in staging/default"),
        (["Slow", "--in", "production"], "add --in production/eu or --in production/us"),
        (["Slow", "--in", "producton"], "there is no place `producton`: did you mean `production`?"),
        (["Lag", *EU], "there are 2 alerts `Lag` in production/eu: add severity=critical or severity=warning"),
        (["Lag", "severity=warnin", *EU], "never `warnin`: did you mean `warning`?"),
        (["Slow", "severity=critical", *EU], "`Slow` carries severity=high where it runs, never `critical`"),
        (["PaymentsFail", "providr=one", *EU], "`PaymentsFail` cannot carry `providr`: did you mean `provider`?"),
        (["PaymentsFail", "zone=a", *EU], "`PaymentsFail` cannot carry `zone`: its expression yields provider"),
        (["team=pay", "env=production"], "alerts of production carry `cluster`, which is missing: add cluster=eu-1"),
        (["team=pay"], "may come from production or staging: add --in production or --in staging"),
        (["team=pay", "env=prod"], "no place has env=prod: it is production or staging"),
        (["Slow", "Lag"], "`Lag` is not label=value, and the alert is `Slow`"),
        (["a=b", "a=c"], "`a` is given twice: `b` and `c`"),
        (["Slow", *EU, "--firing", "Slov"], "there is no alert `Slov`: did you mean `Slow`?"),
        (["Slow", *EU, "--firing", "'Slow"], "--firing 'Slow: no closing quotation"),
        (["Slow", *EU, "a=\udcff"], "`a=\\udcff` is not UTF-8"),
        (["Slow", *EU, "--at", "9999-12-31T23:59Z"], "is too far away: write a year from 1970 to 9000"),
        (["Slow", *EU, "--at", "0001-01-01T00:00+14:00"], "is too far away: write a year from 1970 to 9000"),
        (["--config", "am.yml", "Slow"], "with --config an alert is known by its labels only"),
        (["--config", "am.yml"], "give the alert's labels"),
        (["--config", "am.yml", "a=b", "--in", "production"], "--config needs no place"),
    ],
)
def test_what_is_asked_wrongly_is_a_usage_error_that_helps(route, arguments, message):
    assert message in route(*arguments, ends_with=64).err


FILE = """\
route:
  receiver: all
  group_by: [alertname]
  routes:
  - matchers: [team=a]
    receiver: team-a
    mute_time_intervals: [nights]
    continue: true
  - matchers: ['severity=~"high|low"']
    receiver: ops
receivers:
- {name: all}
- {name: team-a, slack_configs: [{channel: "#a", api_url: "https://slack.example"}]}
- {name: ops, webhook_configs: [{url: "https://ops.example"}]}
inhibit_rules: [{source_matchers: [severity=high], target_matchers: [severity=low], equal: [team]}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]}]
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "am.yml").write_text(FILE, "utf-8")
    (folder / "bad.yml").write_text(FILE.replace("receiver: team-a", "receiver: team-b"), "utf-8")
    return folder


def test_any_configuration_is_followed_without_a_workspace(run, foreign):
    arguments = (
        "--config",
        "am.yml",
        "team=a",
        "severity=low",
        "--at",
        "2026-03-09T03:00Z",
        "--firing",
        "team=a severity=high",
    )
    found = json.loads(run("route", *arguments, "--format", "json", cwd=foreign).out)
    assert list(found) == KEYS
    assert found["receivers"] == ["team-a", "ops"]
    assert [one["muted_by"] for one in found["path"]] == [["nights"], []]
    assert found["inhibited_by"] == [{"rule": 0, "labels": {"team": "a", "severity": "high"}, "certain": True}]
    assert (found["outcome"], found["people"], found["remedies"]) == (None, [], [])
    text = run("route", *arguments, cwd=foreign).out
    assert '▶ {team="a"}  → team-a  and goes on' in text
    assert "muted   by `nights`" in text
    assert "by      slack" in text
    assert 'rule 1: {severity="high"} silences {severity="low"}, with the same team' in text


def test_an_alert_that_is_muted_on_every_route_says_by_what(run, foreign):
    arguments = ("--config", "am.yml", "team=a", "severity=none", "--at", "2026-03-09T03:00Z", "--format", "json")
    assert json.loads(run("route", *arguments, cwd=foreign).out)["muted_by"] == ["nights"]


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "markdown"])
def test_a_configuration_that_alertmanager_refuses_is_a_finding_in_every_format(run, foreign, form):
    ran = run("route", "--config", "bad.yml", "team=a", "--format", form, cwd=foreign)
    assert ran.exit == 1
    assert "there is no receiver `team-b`" in ran.out
    assert "WB474" in ran.out
    if form == "json":
        (found,) = json.loads(ran.out)["diagnostics"]
        assert (found["file"], found["line"], found["column"]) == ("bad.yml", 6, 15)


def test_a_file_that_is_not_there_is_a_finding(run, foreign):
    ran = run("route", "--config", "none.yml", "team=a", cwd=foreign)
    assert (ran.exit, ran.out.splitlines()[0]) == (
        1,
        "error[WB001] none.yml cannot be read: no such file or directory  (unreadable-file)",
    )


def test_a_matcher_of_two_meanings_is_told_beside_the_answer(run, foreign):
    (foreign / "doubt.yml").write_text(FILE.replace("[team=a]", "[team=a\\d]"), "utf-8")
    ran = run("route", "--config", "doubt.yml", "team=a", "severity=low", cwd=foreign)
    assert ran.exit == 0
    assert "warning[WB477]" in ran.err
    assert "→ ops" in ran.out


def test_policies_with_errors_are_told_and_followed_all_the_same(run, workspace):
    root = workspace({"policies/watchbill.yaml": WORKSPACE.replace("expr: slow > 1", "expr: 'slow >'")})
    ran = run("route", "PaymentsFail", *EU, "--format", "json", cwd=root)
    assert ran.exit == 1
    assert json.loads(ran.out)["receivers"] == ["pay-critical"]


BESIDE = """\
route:
  receiver: ops
  routes: [{match: {job: legacy}, receiver: old, continue: true}]
receivers: [{name: ops, webhook_configs: [{url: "https://ops.example"}]}, {name: old}]
"""


def test_what_no_policy_claims_goes_the_way_of_the_file_that_is_kept_beside_ours(run, workspace):
    policy = WORKSPACE.replace(
        "alertmanager: {url: http://am:9093}", "alertmanager: {url: http://am:9093, base: am.yml}"
    )
    root = workspace({"policies/watchbill.yaml": policy, "policies/am.yml": BESIDE})
    ran = run("route", "job=legacy", *EU, cwd=root)
    assert (ran.exit, ran.err) == (0, "")
    assert "Receiver  old: of the file that is kept beside ours" in ran.out
    assert "by      no way: it tells nobody" in ran.out
    found = json.loads(run("route", "job=other", *EU, "--format", "json", cwd=root).out)
    assert (found["receivers"], found["outcome"], found["people"]) == (["ops"], None, [])
    ours = json.loads(run("route", "PaymentsFail", "provider=one", *EU, "--format", "json", cwd=root).out)
    assert (ours["receivers"], ours["outcome"]) == (["pay-critical"], "page")


def test_where_one_source_holds_several_clusters_the_alert_must_say_which(run, workspace):
    held = "{name: all, labels_on: series, holds: [eu-1, us-1], prometheus: {url: http://all:9090}}"
    both = WORKSPACE[WORKSPACE.index("    - {name: eu") : WORKSPACE.index("    alertmanager: {url: http://am:9093}")]
    policy = WORKSPACE.replace(both, f"    - {held}\n").replace(
        "    labels: {env: production}\n", "    labels: {env: production}\n    identity: [env, cluster]\n"
    )
    root = workspace({"policies/watchbill.yaml": policy})
    ran = run("route", "Slow", "--in", "production", cwd=root)
    assert ran.exit == 64
    assert "alerts of production/all carry `cluster`: add cluster=eu-1 or cluster=us-1" in ran.err
    ran = run("route", "Slow", "--in", "production", "cluster=eu-2", cwd=root)
    assert "`cluster` is not `eu-2`: add cluster=eu-1 or cluster=us-1" in ran.err
    found = json.loads(run("route", "Slow", "--in", "production", "cluster=us-1", "--format", "json", cwd=root).out)
    assert found["path"][0]["group"]["cluster"] == "us-1"
