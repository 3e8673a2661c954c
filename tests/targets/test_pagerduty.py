"""PagerDuty's objects: what is paged, by whom, in which order; what PagerDuty cannot do; and no id that we made up."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pagerduty_openapi import REQUESTS, OpenApi, requests, with_ids

from watchbill.checks import at_levels
from watchbill.source.codes import pagerduty as codes
from watchbill.source.codes.catalogue import AREAS, find
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager, pagerduty
from watchbill.targets.artifact import Artifact

TOP = Path(__file__).parents[2]
Made = dict[str, Any]
SHOP = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: http://prom:9090}
    alertmanager: {url: http://am:9093}
severities:
  critical: {page: level-1}
  high: {page: level-2}
  warning: {ticket: team}
roles: {cto: {person: kim}, legal: {phone: {env: HOTLINE}}, press: {email: press@shop.example}, war-room: {slack: "#war"}}
catch_all: {team: sre, outcome: page}
last_resort: {team: sre, on_call: primary}
coverage: {from: 2026-01-05, until: 2026-12-31}
channels: {slack: {bot_token: {file: /run/secrets/slack}}}
pagerduty: {service_per: team}
---
kind: Team
name: web
on_call: {primary: primary, secondary: other}
roles: {manager: bo}
tickets: {webhook: {file: /run/secrets/tickets}}
---
kind: Team
name: sre
on_call: {primary: sre-rota}
tickets: {webhook: {file: /run/secrets/tickets}}
---
{kind: Person, name: ana, team: web, email: ana@shop.example}
---
{kind: Person, name: bo, team: web, email: bo@shop.example}
---
{kind: Person, name: kim, email: kim@shop.example}
---
{kind: Schedule, name: primary, team: web, people: [ana, bo]}
---
{kind: Schedule, name: other, team: web, people: [bo, ana]}
---
{kind: Schedule, name: sre-rota, people: [kim]}
---
kind: Escalation
name: level-1
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {role: manager}], wait: 10m}
- {notify: [{role: cto}, {on_call: primary, of: sre}], wait: 15m}
repeat: 2
also: [{slack: "#incidents"}]
---
kind: Escalation
name: level-2
steps:
- {notify: [{on_call: primary}]}
---
kind: Service
name: shop
team: web
alerts:
- {name: Down, severity: critical, expr: up == 0, summary: down, runbook: {url: "https://w.example/x"}, no_data: {ignore: test}}
- {name: Slow, severity: high, expr: up == 2, summary: slow, runbook: {url: "https://w.example/x"}, no_data: {ignore: test}}
- {name: Full, severity: warning, expr: up == 3, summary: full, runbook: {url: "https://w.example/x"}, no_data: {ignore: test}}
---
kind: Service
name: cart.v2
team: web
alerts:
- {name: Lost, severity: critical, expr: up == 4, summary: lost, runbook: {url: "https://w.example/x"}, no_data: {ignore: test}}
"""


@pytest.fixture(scope="module")
def model(workspace: Callable[..., Path]) -> Callable[..., Workspace]:
    def resolved(text: str = SHOP) -> Workspace:
        found, _, problems = read_workspace(workspace({"policies/watchbill.yaml": text}), cache=False)
        assert [problem.message for problem in problems] == []
        assert found is not None
        return found

    return resolved


@pytest.fixture(scope="module")
def compiled(model) -> Callable[..., Made]:
    """Every document of PagerDuty's, as JSON, by its path below `pagerduty/`."""
    return lambda text=SHOP: bodies(pagerduty.build(model(text)))


@pytest.fixture(scope="module")
def told(model) -> Callable[[str], list[Diagnostic]]:
    def told_of(text: str) -> list[Diagnostic]:
        found = model(text)
        return at_levels(found, pagerduty.check(found))

    return told_of


@pytest.fixture(scope="module")
def ecap(workspace) -> Workspace:
    """The example company, paged by what its policies say."""
    files = {
        path.relative_to(TOP).as_posix(): path.read_bytes() for path in (TOP / "policies").rglob("*") if path.is_file()
    }
    if b"\npagerduty:" not in files["policies/watchbill.yaml"]:
        files["policies/watchbill.yaml"] += b"\npagerduty: {service_per: team}\n"
    found = read_workspace(workspace(files), cache=False)[0]
    assert found is not None
    return found


def bodies(artifacts: list[Artifact]) -> Made:
    return {artifact.path.removeprefix("pagerduty/"): json.loads(artifact.text) for artifact in artifacts}


def of_kind(made: Made, kind: str) -> Made:
    return {path.removeprefix(f"{kind}/"): body for path, body in made.items() if path.startswith(f"{kind}/")}


def replaced(old: str, new: str) -> str:
    assert SHOP.count(old) == 1
    return SHOP.replace(old, new)


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """(key, text) of every text in a document."""
    for key, inner in value.items() if isinstance(value, dict) else [("", one) for one in value]:
        if isinstance(inner, str):
            yield key, inner
        elif isinstance(inner, dict | list):
            yield from strings(inner)


# Documents


def test_each_object_is_a_document_named_as_its_marker(compiled):
    assert sorted(compiled()) == [
        "escalation_policy/sre-level-1.json",
        "escalation_policy/web-level-1.json",
        "escalation_policy/web-level-2.json",
        "integration/pagerduty-sre-level-1.json",
        "integration/pagerduty-web-level-1.json",
        "integration/pagerduty-web-level-2.json",
        "rotation/sre-rota.json",
        "rotation/web/other.json",
        "rotation/web/primary.json",
        "schedule/sre-rota.json",
        "schedule/web/other.json",
        "schedule/web/primary.json",
        "service/pagerduty-sre-level-1.json",
        "service/pagerduty-web-level-1.json",
        "service/pagerduty-web-level-2.json",
        "team/sre.json",
        "team/web.json",
    ]


def test_a_description_ends_with_the_marker_of_its_document(compiled, ecap):
    for path, body in (compiled() | bodies(pagerduty.build(ecap))).items():
        for text in (text for key, text in strings(body) if key == "description"):
            assert text.endswith(f" watchbill:{path.removesuffix('.json')}")
            assert len(text) <= 1024


def test_wherever_an_id_is_wanted_stands_the_marker_of_a_document_or_of_a_persons_address(compiled, ecap):
    for made in (compiled(), bodies(pagerduty.build(ecap)), compiled(replaced("per: team", "per: service"))):
        names = {path.removesuffix(".json") for path in made}
        for path, body in of_kind(made, "rotation").items():
            names |= {f"rotation/{path[:-5]}/{event['name']}" for one in body["rotations"] for event in one["events"]}
        wanted = [
            text
            for body in made.values()
            for key, text in strings(body)
            if (key == "id" and text != "start") or key.endswith("_id") or key == "route_to"
        ]
        assert wanted
        for text in wanted:
            name = text.removeprefix("watchbill:")
            assert name != text
            assert name in names or re.fullmatch(r"user/[a-z]+@(ecap|shop)\.example", name)


def test_the_text_is_json_of_two_spaces_a_level_and_of_lines_that_can_be_reviewed(model, ecap):
    for artifact in (*pagerduty.build(model()), *pagerduty.build(ecap)):
        assert artifact.text.endswith("}\n")
        lines = artifact.text.splitlines()
        assert all((len(line) - len(line.lstrip())) % 2 == 0 for line in lines)
        if not artifact.path.startswith(("pagerduty/override/", "pagerduty/custom_shift/")):
            assert all(len(line) <= 111 or '"description"' in line for line in lines)


def test_a_shift_and_an_override_are_a_line_each(model):
    swap = "{from: 2026-02-02T10:00, until: 2026-03-02T10:00, take: ana, for: bo}"  # two of bo's weeks, and an hour of a third
    text = replaced("people: [ana, bo]}", f"people: [ana, bo], swaps: [{swap}]}}")
    (made,) = (one for one in pagerduty.build(model(text)) if one.path.startswith("pagerduty/override/"))
    lines = [line for line in made.text.splitlines() if "override_shift" in line]
    assert len(lines) == len(json.loads(made.text)["overrides"]) in (2, 3)


def test_the_same_policies_give_the_same_bytes_whatever_the_hash_seed(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "watchbill.yaml").write_text(SHOP)
    code = (
        "import sys, pathlib; from watchbill.spec.resolve import read_workspace; from watchbill.targets import pagerduty\n"
        "found = read_workspace(pathlib.Path(sys.argv[1]), cache=False)[0]\n"
        "print([(one.path, one.text) for one in pagerduty.build(found)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


def test_a_document_leads_back_to_its_policy(model):
    for artifact in pagerduty.build(model()):
        assert artifact.sources
        where = artifact.policy_at(5)
        assert where is not None
        assert where.file == "policies/watchbill.yaml"


# PagerDuty's own document


@pytest.fixture(scope="module")
def openapi(corpora) -> OpenApi:
    if not (corpora / "pagerduty").is_dir():
        pytest.skip("PagerDuty's OpenAPI document is not among the corpora")
    return OpenApi(corpora)


WRITTEN = {
    "a small company": SHOP,
    "a service each": SHOP.replace("per: team", "per: service"),
    "part-time": SHOP.replace("name: bo, team: web,", "name: bo, team: web, works: hours,")
    + "---\nkind: Calendar\nname: hours\nteam: web\nweekly: {monday-friday: ['09:00-18:00']}\n",
    "swaps and gaps": SHOP.replace(
        "people: [ana, bo]}",
        "people: [ana, bo], swaps: [{from: 2026-02-02T10:00, until: 2026-02-03T12:00, take: ana, for: bo}],"
        " gaps: [{from: 2026-03-03T10:00, until: 2026-03-03T12:00, reason: closed}]}",
    ),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_every_request_is_valid_and_has_no_key_that_rest_does_not_take(text, compiled, openapi):
    made = compiled(text)
    assert made
    for path, kind, body in requests(made):
        assert openapi.errors(kind, with_ids(body)) == [], path
        assert openapi.unknown(kind, body) == [], path


def test_every_request_of_the_example_company_is_valid(ecap, openapi):
    for path, kind, body in requests(bodies(pagerduty.build(ecap))):
        assert openapi.errors(kind, with_ids(body)) == [], path
        assert openapi.unknown(kind, body) == [], path


def test_what_is_wrong_with_a_request_would_be_seen(compiled, openapi):
    made = compiled()
    service = made["service/pagerduty-web-level-1.json"]
    assert openapi.errors("service", {"service": service["service"] | {"auto_resolve_timeout": None}})
    assert openapi.unknown("service", {"service": service["service"] | {"created_at": "2026-01-01T00:00:00Z"}})
    assert openapi.unknown("service", {"service": service["service"] | {"urgency": "high"}})
    assert openapi.errors("schedule", {"schedule": {"name": "x"}})


def test_each_kind_of_document_is_held_to_a_request(compiled, ecap):
    made = [*compiled(WRITTEN["a service each"]), *compiled(WRITTEN["part-time"]), *bodies(pagerduty.build(ecap))]
    assert {path.split("/", 1)[0] for path in made} == {*REQUESTS, "rotation"} - {"event"}


# Services


def key_files(workspace: Workspace) -> list[str]:
    """The names of the files with PagerDuty's keys that Alertmanager's configurations read."""
    return [
        config["routing_key_file"].rsplit("/", 1)[1]
        for artifact in alertmanager.build(workspace)
        for receiver in yaml.safe_load(artifact.text)["receivers"]
        for config in receiver.get("pagerduty_configs", ())
    ]


def test_each_key_that_alertmanager_reads_is_that_of_one_service_and_each_service_has_a_key_that_is_read(ecap, model):
    for workspace in (ecap, model(), model(WRITTEN["a service each"])):
        made = bodies(pagerduty.build(workspace))
        named = [body["service"]["name"] for body in of_kind(made, "service").values()]
        keyed = [name for name in named if name.startswith("pagerduty-")]
        assert len(set(named)) == len(named)
        assert sorted(keyed) == sorted(set(key_files(workspace)))


def test_each_service_has_an_integration_and_the_teams_escalation_policy(compiled):
    made = compiled()
    assert made["service/pagerduty-web-level-1.json"] == {
        "service": {
            "type": "service",
            "name": "pagerduty-web-level-1",
            "description": "What pages team web by level-1. Made from policies by Watchbill, change it there."
            " watchbill:service/pagerduty-web-level-1",
            "auto_resolve_timeout": 0,
            "acknowledgement_timeout": 0,
            "status": "active",
            "escalation_policy": {
                "id": "watchbill:escalation_policy/web-level-1",
                "type": "escalation_policy_reference",
            },
            "incident_urgency_rule": {"type": "constant", "urgency": "severity_based"},
            "alert_creation": "create_alerts_and_incidents",
        }
    }
    assert made["integration/pagerduty-web-level-1.json"] == {
        "integration": {
            "type": "events_api_v2_inbound_integration",
            "name": "Alertmanager",
            "service": {"id": "watchbill:service/pagerduty-web-level-1", "type": "service_reference"},
        }
    }


def urgencies(made: Made) -> dict[str, str]:
    return {
        body["service"]["name"]: body["service"]["incident_urgency_rule"]["urgency"]
        for body in of_kind(made, "service").values()
    }


def test_a_severity_that_pages_wakes_even_where_pagerduty_would_call_it_a_warning(ecap):
    found = urgencies(bodies(pagerduty.build(ecap)))
    assert {name for name, urgency in found.items() if urgency == "high"} == {
        name for name in found if name.endswith("-level-3")
    }


def test_a_ticket_that_has_come_to_the_pager_for_want_of_another_channel_does_not_wake(model, small):
    text = small.replace("name: shop\nenv", "name: shop\npagerduty: {}\nenv", 1) + (
        '- {name: WebSlow, severity: warning, expr: up == 2, summary: slow, runbook: {url: "https://w.example/x"}}\n'
    )
    made = bodies(pagerduty.build(model(text)))
    assert urgencies(made) == {"pagerduty-shop-default": "severity_based"}


def test_a_team_that_is_not_paged_by_pagerduty_has_nothing_there(compiled):
    text = replaced("roles: {manager: bo}", "roles: {manager: bo}\npaging: none").replace(
        "critical: {page: level-1}", "critical: {ticket: team}"
    )
    made = compiled(
        text.replace("high: {page: level-2}", "high: {ticket: team}").replace("outcome: page", "outcome: ticket")
    )
    assert made == {}


def test_a_service_each_is_behind_a_router_that_reads_the_events_component(compiled):
    made = compiled(WRITTEN["a service each"])
    assert of_kind(made, "integration") == {}
    assert made["orchestration/pagerduty-web-level-1.json"]["orchestration"]["name"] == "pagerduty-web-level-1"
    assert made["router/pagerduty-web-level-1.json"] == {
        "orchestration_path": {
            "sets": [
                {
                    "id": "start",
                    "rules": [
                        {
                            "label": "cart.v2",
                            "conditions": [{"expression": "event.component matches regex '^cart[.]v2$'"}],
                            "actions": {"route_to": "watchbill:service/web-cart.v2-level-1"},
                        },
                        {
                            "label": "shop",
                            "conditions": [{"expression": "event.component matches regex '^shop$'"}],
                            "actions": {"route_to": "watchbill:service/web-shop-level-1"},
                        },
                    ],
                }
            ],
            "catch_all": {"actions": {"route_to": "watchbill:service/pagerduty-web-level-1"}},
        }
    }
    assert {path for path in of_kind(made, "service") if "level-1" in path} == {
        "pagerduty-sre-level-1.json",
        "pagerduty-web-level-1.json",
        "web-cart.v2-level-1.json",
        "web-shop-level-1.json",
    }


# Escalation policies


def rules(made: Made, name: str = "web-level-1") -> list[tuple[int, list[str]]]:
    body = made[f"escalation_policy/{name}.json"]["escalation_policy"]
    return [
        (rule["escalation_delay_in_minutes"], [target["id"].removeprefix("watchbill:") for target in rule["targets"]])
        for rule in body["escalation_rules"]
    ]


def test_steps_are_rules_of_the_teams_schedules_and_people_and_repeat_is_how_often_they_are_gone_through_again(
    compiled,
):
    made = compiled()
    assert rules(made) == [
        (5, ["schedule/web/primary"]),
        (10, ["schedule/web/other", "user/bo@shop.example"]),
        (15, ["user/kim@shop.example", "schedule/sre-rota"]),
    ]
    body = made["escalation_policy/web-level-1.json"]["escalation_policy"]
    assert body["num_loops"] == 2
    assert body["teams"] == [{"id": "watchbill:team/web", "type": "team_reference"}]
    assert {target["type"] for rule in body["escalation_rules"] for target in rule["targets"]} == {
        "schedule_v3_reference",
        "user_reference",
    }


def test_the_last_resort_is_the_last_rule_of_a_policy_that_does_not_page_it_anyway(compiled):
    made = compiled()
    assert rules(made, "web-level-2") == [(5, ["schedule/web/primary"]), (5, ["schedule/sre-rota"])]
    said = made["escalation_policy/web-level-2.json"]["escalation_policy"]["description"]
    assert "The last rule is the workspace's last resort." in said
    assert "last resort" not in made["escalation_policy/web-level-1.json"]["escalation_policy"]["description"]


def test_the_same_escalation_is_another_policy_for_another_team(compiled):
    text = replaced(
        "steps:\n- {notify: [{on_call: primary}]}",
        "steps:\n- {notify: [{on_call: primary}, {on_call: primary, of: sre}]}",
    )
    assert rules(compiled(text), "web-level-2") == [(5, ["schedule/web/primary", "schedule/sre-rota"])]
    assert rules(compiled(text), "sre-level-1")[0] == (5, ["schedule/sre-rota"])


def test_an_escalation_of_a_teams_own_is_named_for_both(ecap):
    made = bodies(pagerduty.build(ecap))
    assert "escalation_policy/security-security-level-1.json" in made
    assert "service/pagerduty-security-security-breach.json" in made


# What PagerDuty cannot do


FIRST = "- {notify: [{on_call: primary}], wait: 5m}"
CANNOT: Mapping[str, tuple[str, str, str, str]] = {
    "a telephone number": (
        replaced(FIRST, "- {notify: [{on_call: primary}, {role: legal}], wait: 5m}"),
        "pagerduty-cannot-reach",
        "warning",
        "step 1 of `level-1` names `legal`, which is a telephone number",
    ),
    "a mailbox alone": (
        replaced(FIRST, f"- {{notify: [{{role: press}}], wait: 5m}}\n{FIRST}"),
        "pagerduty-cannot-reach",
        "error",
        "step 1 of `level-1` names `press`, which is a mailbox",
    ),
    "a role that is a channel": (
        replaced(FIRST, "- {notify: [{on_call: primary}, {role: war-room}], wait: 5m}"),
        "pagerduty-cannot-reach",
        "warning",
        "step 1 of `level-1` names `war-room`, which is a Slack channel",
    ),
    "a step that tells channels only": (
        replaced(FIRST, f'- {{notify: [{{slack: "#web"}}], wait: 5m}}\n{FIRST}'),
        "pagerduty-cannot-reach",
        "warning",
        "step 1 of `level-1` tells Slack only: PagerDuty leaves it out, and does not wait 5m for it",
    ),
    "a bystander": (
        replaced('also: [{slack: "#incidents"}]', 'also: [{slack: "#incidents"}, {role: cto}]'),
        "pagerduty-cannot-reach",
        "warning",
        "`cto` stands under `also` of `level-1`",
    ),
    "half a minute": (
        replaced(FIRST, "- {notify: [{on_call: primary}], wait: 90s}"),
        "pagerduty-wait",
        "warning",
        "step 1 of `level-1` waits 90s: PagerDuty waits whole minutes, here 1",
    ),
    "no wait": (
        replaced(FIRST, "- {notify: [{on_call: primary}], wait: 0s}"),
        "pagerduty-wait",
        "warning",
        "step 1 of `level-1` waits 0s: PagerDuty waits whole minutes, here 1",
    ),
    "very often": (
        replaced("repeat: 2", "repeat: 10"),
        "pagerduty-too-many",
        "error",
        "`level-1` is gone through 10 times again, and PagerDuty takes 9 at most",
    ),
    "very many": (
        replaced(
            "- {notify: [{on_call: primary}]}", f"- {{notify: [{', '.join(f'{{person: p{n}}}' for n in range(11))}]}}"
        )
        + "".join(f"---\n{{kind: Person, name: p{n}, email: p{n}@shop.example}}\n" for n in range(11)),
        "pagerduty-too-many",
        "error",
        "step 1 of `level-2` pages 11 people and schedules, and PagerDuty takes 10 at most",
    ),
    "part-time": (
        WRITTEN["part-time"],
        "pagerduty-shift-by-shift",
        "warning",
        "PagerDuty has `primary` shift by shift: `bo` works part-time",
    ),
    "part-time without coverage": (
        WRITTEN["part-time"].replace("coverage: {from: 2026-01-05, until: 2026-12-31}\n", ""),
        "pagerduty-no-coverage",
        "error",
        "PagerDuty can have `primary` shift by shift only, and nobody said for how long",
    ),
    "a shadow": (
        replaced("people: [ana, bo]}", "people: [ana, bo], shadow: [kim]}"),
        "pagerduty-shadow",
        "note",
        "`kim` shadows `primary`, which PagerDuty cannot do",
    ),
    "overrides of the executor": (
        replaced("people: [ana, bo]}", "people: [ana, bo], overrides: executor}"),
        "pagerduty-overrides-elsewhere",
        "warning",
        "overrides of `primary` belong to the executor",
    ),
    "rules of their own": (
        replaced("email: ana@shop.example}", "email: ana@shop.example, notify: {default: [{push: 0m}]}}"),
        "pagerduty-own-rules",
        "note",
        "`notify` of `ana` is not sent there",
    ),
    "one address": (
        replaced("email: bo@shop.example", "email: ANA@shop.example"),
        "pagerduty-same-email",
        "error",
        "`ana` and `bo` have one e-mail address",
    ),
}


@pytest.mark.parametrize("text, name, level, message", CANNOT.values(), ids=CANNOT)
def test_what_pagerduty_cannot_do_is_a_finding_of_its_own(text, name, level, message, told):
    found = [one for one in told(text) if one.code.name == name]
    assert found
    assert any(message in one.message for one in found)
    assert {one.level for one in found} == {level}
    assert all(one.where is not None and one.help for one in found)


def test_policies_that_pagerduty_can_follow_have_nothing_said_against_them(told):
    assert told(SHOP) == []


def test_a_wait_is_rounded_down_so_that_nobody_is_told_later_than_the_policy_says(compiled):
    assert rules(compiled(CANNOT["half a minute"][0]))[0] == (1, ["schedule/web/primary"])


def test_a_finding_stands_where_the_policy_says_what_pagerduty_cannot_do(model):
    (one,) = pagerduty.check(model(CANNOT["a telephone number"][0]))
    assert one.where is not None
    assert one.where.path == ("steps", 0, "notify", 1)


def test_the_example_company_loses_nothing_but_a_shadow_and_everybodys_own_rules(ecap):
    assert sorted((one.code.name, one.level) for one in pagerduty.check(ecap)) == [
        ("pagerduty-own-rules", "note"),
        ("pagerduty-shadow", "note"),
    ]


def test_every_code_of_pagerduty_is_told_by_one_of_these_tests_and_explained():
    assert "pagerduty" in AREAS
    assert {code.name for code in codes.ALL} == {name for _, name, _, _ in CANNOT.values()}
    assert [find(code.name) for code in codes.ALL] == list(codes.ALL)


def test_policies_that_are_broken_elsewhere_are_checked_all_the_same(workspace):
    for broken in (
        SHOP.replace("on_call: {primary: primary, secondary: other}", "on_call: 5"),
        SHOP.replace("{kind: Person, name: bo, team: web, email: bo@shop.example}", "{kind: Person, name: bo}"),
        SHOP.replace("{kind: Person, name: kim, email: kim@shop.example}\n---\n", ""),
        SHOP.replace("people: [bo, ana]", "people: 7"),
        SHOP.replace("kind: Team\nname: sre", "kind: Team\nname: other"),
    ):
        assert broken != SHOP
        found, _, problems = read_workspace(workspace({"policies/watchbill.yaml": broken}), cache=False)
        assert problems
        assert found is not None
        pagerduty.check(found)
