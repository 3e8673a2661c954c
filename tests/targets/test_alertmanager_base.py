"""A base: a hand-written tree stays as it is behind ours, and nothing of it is understood, changed or lost."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.routing.building.configuration import configuration
from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as target

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: http://prom:9090}
    alertmanager: {url: http://am:9093, base: legacy/am.yml}
severities: {critical: {page: default}, high: {page: default, hours: team, outside: ticket}, warning: {ticket: team}}
catch_all: {team: pay, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example, username: me, password: {file: /run/secrets/smtp}}}
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-18:00"]}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: pay, on_call: {primary: rota}, email: pay@shop.example, hours: office}
---
kind: Service
name: gateway
team: pay
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: Down, severity: critical, expr: up == 0, summary: down}
- {name: Slow, severity: high, expr: slow > 1, summary: slow}
- {name: Lag, levels: {critical: {params: {most: 9}}, warning: {params: {most: 1}}}, params: {most: {type: number, default: 1}}, expr: 'lag > ${most}', summary: lag}
"""
BASE = """\
# by hand, for years
global:
  resolve_timeout: 5m
  smtp_smarthost: 'old-mail.example:25'
  smtp_from: old@example.com
  smtp_require_tls: no
templates: ["/etc/alertmanager/*.tmpl"]
route: &root
  receiver: ops
  group_by: [alertname, job]
  routes:
  - matchers: [ team = data ]
    receiver: data
    continue: true
    mute_time_intervals: [nights]
  - match_re: {job: "^(?:old.*)$"}
    receiver: "ops"
inhibit_rules:
- source_match: {severity: critical}
  target_match: {severity: warning}
  equal: [job]
receivers:
- name: ops
  webhook_configs:
  - {url: "http://old.example/hook", send_resolved: true, max_alerts: 010}
- name: data
  email_configs:
  - to: data@example.com
    html: |-
      <b>{{ .Status }}</b>

      second: line
    headers: {Subject: "yes"}
mute_time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]
tracing: {endpoint: "localhost:4317", insecure: true}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]


def files(base: str = BASE, changes: Mapping[str, str] = {}) -> dict[str, str | bytes]:
    text = WORKSPACE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"policies/watchbill.yaml": text, "policies/legacy/am.yml": base}


def read(root: Path) -> Workspace:
    found, _, told = read_workspace(root, cache=False)
    assert [one.message for one in told] == []
    assert found is not None
    return found


def without(workspace: Make) -> dict[str, Any]:
    """What is written for the same policies without a base."""
    policy = files(changes={", base: legacy/am.yml": ""})["policies/watchbill.yaml"]
    return yaml.safe_load(built(read(workspace({"policies/watchbill.yaml": policy}))))


def built(found: Workspace) -> str:
    (artifact,) = target.build(found)
    return artifact.text


def test_everything_of_the_base_is_still_there_behind_ours(workspace: Make) -> None:
    found, theirs = yaml.safe_load(built(read(workspace(files())))), yaml.safe_load(BASE)
    alone = without(workspace)
    assert {key: value for key, value in found["route"].items() if key != "routes"} == {
        key: value for key, value in theirs["route"].items() if key != "routes"
    }
    assert found["route"]["routes"][-2:] == theirs["route"]["routes"]
    assert found["receivers"][-2:] == theirs["receivers"]
    assert found["inhibit_rules"] == [*alone["inhibit_rules"], *theirs["inhibit_rules"]]
    assert found["time_intervals"] == alone["time_intervals"]
    for key in ("global", "templates", "mute_time_intervals", "tracing"):
        assert found[key] == theirs[key]
    assert list(found)[:7] == [
        "global",
        "templates",
        "route",
        "inhibit_rules",
        "receivers",
        "mute_time_intervals",
        "tracing",
    ]


def test_the_configuration_that_checks_read_is_what_the_file_says_with_the_base(workspace: Make) -> None:
    found = read(workspace(files()))
    assert configuration(found, "production") == yaml.safe_load(built(found))


def test_a_scalar_is_written_as_it_stood(workspace: Make) -> None:
    text = built(read(workspace(files())))
    for piece in (
        "smtp_require_tls: no\n",
        "max_alerts: 010\n",
        "Subject: 'yes'\n",
        "insecure: true\n",
        "resolve_timeout: 5m\n",
    ):
        assert piece in text


def test_our_routes_have_the_key_they_have_without_a_base_and_inherit_nothing(workspace: Make) -> None:
    found = yaml.safe_load(built(read(workspace(files()))))
    alone = without(workspace)
    ours = found["route"]["routes"][:-2]
    assert [route["matchers"] for route in ours] == [route["matchers"] for route in alone["route"]["routes"]]
    assert [
        {key: route[key] for key in other} for route, other in zip(ours, alone["route"]["routes"], strict=True)
    ] == alone["route"]["routes"]
    for route in ours:
        assert route["group_by"] == alone["route"]["group_by"]
        assert {"group_wait", "group_interval", "repeat_interval"} <= route.keys()


def test_our_mails_say_themselves_how_they_are_sent(workspace: Make) -> None:
    found = yaml.safe_load(built(read(workspace(files()))))
    (mail,) = next(one for one in found["receivers"] if one["name"] == "pay-warning")["email_configs"]
    assert {key: mail[key] for key in ("smarthost", "from", "auth_username", "auth_password_file")} == {
        "smarthost": "mail.shop.example:587",
        "from": "alerts@shop.example",
        "auth_username": "me",
        "auth_password_file": "/run/secrets/smtp",
    }


@pytest.mark.tools
def test_amtool_takes_it_and_what_no_policy_claims_goes_the_old_way(
    amtool: Path, workspace: Make, tmp_path: Path
) -> None:
    base = BASE.replace("- name: ops\n", "- name: ops\n").replace(", max_alerts: 010", "")
    file = tmp_path / "alertmanager.yml"
    file.write_text(
        built(read(workspace(files(base)))).replace("templates:\n- /etc/alertmanager/*.tmpl\n", ""), encoding="utf-8"
    )
    done = subprocess.run([amtool, "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    def route(**labels: str) -> str:
        argv = [
            amtool,
            "config",
            "routes",
            "test",
            f"--config.file={file}",
            *(f"{key}={json.dumps(value)}" for key, value in labels.items()),
        ]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()

    assert route(team="pay", severity="critical", service="gateway") == "pay-critical"
    assert route(team="pay", severity="high", service="gateway") == "pay-high,pay-high-outside"
    assert route(team="data", severity="critical") == "data"
    assert route(alertname="Anything") == "ops"
    assert route(team="pay", severity="page") == "ops"


def test_a_line_of_the_base_leads_back_to_the_base(workspace: Make) -> None:
    (artifact,) = target.build(read(workspace(files())))
    lines = artifact.text.splitlines()
    where = artifact.policy_at(lines.index("- name: data") + 1)
    assert where is not None
    assert (where.file, where.path) == ("policies/legacy/am.yml", ("receivers", 1))
    where = artifact.policy_at(lines.index("  - receiver: pay-critical") + 1)
    assert where is not None
    assert where.file == "policies/watchbill.yaml"


@pytest.mark.parametrize(
    ("base", "code", "message", "file"),
    [
        (BASE.replace("name: data\n", "name: pay-critical\n").replace("receiver: data", "receiver: pay-critical"), "WB452", "receiver `pay-critical` of the base has the name of one that the compiler writes", "am.yml"),
        (BASE.replace("name: nights", "name: office").replace("[nights]", "[office]"), "WB452", "time interval `office` of the base has the name of one that the compiler writes", "am.yml"),
        (BASE.replace("route: &root", "routes:"), "WB451", "this configuration has no `route`", "am.yml"),
        ("- a\n", "WB451", "this is no configuration of Alertmanager", "am.yml"),
        ("", "WB451", "this file is empty", "am.yml"),
        (BASE + "---\na: b\n", "WB451", "Alertmanager reads one document", "am.yml"),
        (BASE + "tracing: {}\n", "WB004", "`tracing` is given twice", "am.yml"),
        (BASE + "x: !!str 5\n", "WB006", "tags such as `tag:yaml.org,2002:str` cannot be carried over", "am.yml"),
        ("route: [\n", "WB003", "not YAML: did not find expected node content while parsing a flow node", "am.yml"),
        (None, "WB451", "there is no file policies/legacy/am.yml", "watchbill.yaml"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_base_is_said_where_it_stands(
    workspace: Make, run: Callable[..., Any], base: str | None, code: str, message: str, file: str
) -> None:
    texts = {name: text for name, text in files(base or "").items() if base is not None or not name.endswith("am.yml")}
    done = run("check", "--format", "json", cwd=workspace(texts))
    found = [
        (one["code"], one["message"], one["file"].rsplit("/", 1)[-1]) for one in json.loads(done.out)["diagnostics"]
    ]
    assert (done.exit, found) == (1, [(code, message, file)])


def test_a_base_is_not_read_as_policy(workspace: Make, findings: Callable[..., list[Any]]) -> None:
    assert findings(workspace(files())) == []
    assert {one.code for one in findings(workspace(files(changes={", base: legacy/am.yml": ""})))} == {"WB106"}
