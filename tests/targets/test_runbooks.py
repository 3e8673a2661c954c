"""Runbook pages: MkDocs takes them strictly, every link leads somewhere, and a policy's words cannot become markup."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import mermaid, runbooks
from watchbill.targets.artifact import Artifact
from watchbill.targets.pagetemplates import PACKAGED, BadTemplate, Templates

TOP = Path(__file__).parents[2]
HOSTILE = (
    "| a | b <script>alert(1)</script> [x](javascript:alert(1)) `c` **d** __e__ ~~f~~ {: onclick=g } \\ &lt; <!-- ]]> #"
)
LONG = "first\n\n# second\n\n```\nthird\n```\n<img src=x onerror=alert(1)>\n1. fourth\n\n| a |\n|---|\n| b |\n"
MKDOCS = """\
site_name: runbooks
docs_dir: generated/runbooks
theme: {name: null, custom_dir: theme}
plugins: []
validation:
  nav: {omitted_files: warn, not_found: warn, absolute_links: warn}
  links: {not_found: warn, anchors: warn, absolute_links: warn, unrecognized_links: warn}
"""
WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu}, prometheus: {url: http://prom-eu:9090/}}
    - {name: us, labels: {cluster: us}, prometheus: {url: http://prom-us:9090}}
    grafana: {url: http://grafana:3000}
    executor: {url: http://executor:8080, mode: approve}
  staging: {labels: {env: staging, cluster: stg}, prometheus: {url: http://prom-stg:9090}, at_most: ticket}
runbooks: {base_url: https://runbooks.shop.example/}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
roles: {cto: {person: kim}}
catch_all: {team: pay, outcome: page}
---
kind: Escalation
name: level-1
acknowledge_within: 5m
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {role: cto}], wait: 10m}
repeat: 2
also: [{slack: "#incidents"}]
"""
TEAM = """\
kind: Team
name: pay
on_call: {primary: first, secondary: second}
hours: lisbon
slack: {default: "#pay"}
tickets: {webhook: {file: /run/secrets/pay}}
---
{kind: Person, name: ana, team: pay, email: ana@shop.example, timezone: Europe/Lisbon}
---
{kind: Person, name: bo, team: pay, email: bo@shop.example}
---
{kind: Person, name: kim, email: kim@shop.example}
---
{kind: Calendar, name: lisbon, timezone: Europe/Lisbon, weekly: {monday-friday: ["09:00-18:00"]}}
---
kind: Schedule
name: first
team: pay
timezone: Europe/Lisbon
layers:
- name: nights
  only: {outside: lisbon}
  rotation: daily
  eras: [{from: 2026-01-05, people: [bo]}]
- name: week
  eras: [{from: 2026-01-05, people: [ana, bo]}, {from: 2026-03-02, people: [bo, ana], first: ana}]
---
{kind: Schedule, name: second, team: pay, people: [bo, ana]}
"""
SERVICE = """\
kind: Service
name: gateway
team: pay
tier: 1
depends_on: [ledger]
dashboard: {uid: pay}
records:
- {name: "job:failures:rate5m", expr: "sum by (job) (rate(failures_total[5m]))"}
alerts:
- name: FailuresHigh
  class: security
  severity: critical
  expr: sum by (provider) (rate(failures_total[5m])) > ${limit}
  params: {limit: {type: number, default: 5, by: {staging: 50}}}
  for: {default: 2m, by: {staging: 10m}}
  page_per: [provider]
  summary: "Payments through {{ $labels.provider }} are failing"
  description: "{{ $value }} a second (limit ${limit})."
  impact: {revenue: direct, customers: checkout}
  runbook: failures
  diagnose: [logs]
  remediate: [restart]
- {name: Slow, severity: high, expr: up == 0, summary: slow, runbook: index}
- {name: Elsewhere, severity: warning, expr: up == 0, summary: elsewhere, runbook: {url: "https://wiki.shop.example/a"}}
- {name: Nowhere, severity: none, expr: up == 0, summary: nowhere}
---
{kind: Service, name: ledger, team: pay}
---
kind: Runbook
name: failures
team: pay
immediate: ["Open the dashboard", {promql: 'sum(up{job="a|b"}) < 1', title: Up}]
investigate: [{promql: "topk(5, failures_total)"}]
escalate_when: ["it lasts"]
communicate: [status-page]
---
{kind: Runbook, name: index, team: pay, immediate: ["Wait"]}
---
{kind: Runbook, name: unused.book, immediate: ["Wait"]}
---
{kind: Diagnostic, name: logs, collect: [{promql: "up"}, {http: {url: "http://loki:3100/x"}}, {command: [journalctl, -u, x]}]}
---
{kind: Message, name: status-page, audience: status-page, approve: true, every: 30m, body: "We know since {{ incident.opened_at }}.\\n"}
---
kind: Remediation
name: restart
team: pay
inputs:
  cluster: {label: cluster, connection: kubernetes}
  deployment: {label: deployment, allow: [gateway, "gateway-(a|b)"]}
action: {kubernetes.rollout_restart: {cluster: {input: cluster}, namespace: pay, deployment: {input: deployment}}}
guardrails: {cooldown: 15m, keep_healthy: {expr: 'count(up == 1)', at_least: 2}}
approvals: {when: {env: production}, from: [{on_call: primary}, {role: cto}]}
---
kind: Procedure
name: security-incident
when: {class: security, severity: [critical]}
confidential: true
custody: required
steps:
- {preserve: [logs]}
- {ask: "Is it a breach?", of: {role: cto}, yes: [{notify: [{role: cto}]}, {do: "Call the lawyers"}]}
- {communicate: status-page}
"""


class Page(HTMLParser):
    """What a browser would make of a page: its tags, attributes, links, the words of each table's cells, all words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tables: list[list[list[str]]] = []
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self._cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._cell:
            self.tables[-1][-1][-1] += data
        if self.links:
            self.links[-1] = (self.links[-1][0], self.links[-1][1] + data)

    @property
    def text(self) -> str:
        return plain("".join(self.words))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def read(root: Path) -> Workspace:
    workspace, _, found = read_workspace(root, cache=False)
    assert workspace is not None
    assert not [diagnostic.message for diagnostic in found if diagnostic.level == "error"]
    return workspace


def texts(artifacts: list[Artifact]) -> dict[str, str]:
    found = {artifact.path: artifact.text for artifact in artifacts}
    assert len(found) == len(artifacts)
    return found


def site(root: Path, pages: Mapping[str, str]) -> dict[str, Page]:
    """The pages as MkDocs publishes them, by address; each holds nothing but what the Markdown became."""
    for path, text in pages.items():
        target = root / "generated" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    (root / "theme").mkdir()
    (root / "theme" / "main.html").write_text("{{ page.content }}")
    (root / "mkdocs.yml").write_text(MKDOCS)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    made = sorted((root / "site").rglob("index.html"))
    return {f"/{path.parent.relative_to(root / 'site').as_posix()}/": Page(path.read_text("utf-8")) for path in made}


@pytest.fixture(scope="module")
def shop(workspace: Callable[..., Path]) -> Path:
    return workspace(
        {"policies/watchbill.yaml": WORKSPACE, "policies/pay/team.yaml": TEAM, "policies/pay/gateway.yaml": SERVICE}
    )


@pytest.fixture(scope="module")
def pages(shop: Path) -> dict[str, str]:
    return texts(runbooks.build(read(shop)))


@pytest.fixture(scope="module")
def company() -> Workspace:
    return read(TOP)


@pytest.fixture(scope="module")
def published(company: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return site(tmp_path_factory.mktemp("company"), texts(runbooks.build(company)))


def test_mkdocs_takes_the_company_strictly(company: Workspace, published: dict[str, Page]) -> None:
    services = {service.name for place in company.places.values() for service in place.services}
    assert len(published) == 1 + len(services) + len(company.documents["Runbook"])


def test_mkdocs_takes_the_smallest_workspace_strictly(small: str, workspace: Callable[..., Path]) -> None:
    root = workspace({"policies/watchbill.yaml": small})
    found = site(root, texts(runbooks.build(read(root))))
    assert set(found) == {"/./", "/services/shop/web/"}
    links = [(href, words.split()[0]) for href, words in found["/services/shop/web/"].links if words.strip()]
    assert ("https://wiki.shop.example/web", "elsewhere") in links
    assert "production" in [words for href, words in links if href.startswith("http://localhost:9090/graph")]


def test_mkdocs_takes_a_workspace_with_everything_strictly(pages: dict[str, str], tmp_path: Path) -> None:
    assert "/runbooks/pay/index/" in site(tmp_path, pages)


def test_every_runbook_url_of_ours_is_a_page(company: Workspace, published: dict[str, Page]) -> None:
    assert company.settings.runbooks is not None
    base = company.settings.runbooks.base_url.rstrip("/")
    urls = {
        alert.runbook_url for place in company.places.values() for alert in place.alerts if alert.runbook is not None
    }
    assert len(urls) > 20
    assert {url for url in urls if url is None or url.removeprefix(base) not in published} == set()


def test_the_address_of_a_runbook_is_the_one_that_alerts_carry(
    pages: dict[str, str], shop: Path, tmp_path: Path
) -> None:
    found = site(tmp_path, pages)
    for alert in next(iter(read(shop).places.values())).alerts:
        if alert.runbook is not None and alert.runbook_url is not None:
            assert alert.runbook_url.removeprefix("https://runbooks.shop.example") in found


def test_every_link_between_pages_leads_to_a_page_and_an_anchor(published: dict[str, Page]) -> None:
    anchors = {
        address: {value for name, value in page.attributes if name == "id"} for address, page in published.items()
    }
    checked = 0
    for address, page in published.items():
        for href, _ in page.links:
            if href and not href.startswith("http"):
                there, _, anchor = href.partition("#")
                target = os.path.normpath(f"{address}/{there}").replace("//", "/")
                target = "/./" if target == "/" else f"{target}/"
                assert target in published, (address, href)
                assert not anchor or anchor in anchors[target], (address, href)
                checked += 1
    assert checked > 200


def test_every_query_of_a_runbook_is_linked_for_every_place(company: Workspace, published: dict[str, Page]) -> None:
    checked = 0
    for name, policy in company.documents["Runbook"].items():
        page = published[f"/runbooks/{name}/"]
        asked = {
            (href.split("/graph?")[0], *parse_qs(urlsplit(href).query).get("g0.expr", ())) for href, _ in page.links
        }
        for step in (*policy.body.immediate, *policy.body.investigate):
            if step.promql is not None:
                assert plain(step.promql) in page.text
                for place in company.places.values():
                    assert (place.prometheus_url.rstrip("/"), step.promql) in asked
                    checked += 1
    assert checked > 100


def test_every_alert_is_told_in_full_exactly_once(company: Workspace, published: dict[str, Page]) -> None:
    told = [value for page in published.values() for name, value in page.attributes if name == "id"]
    alerts = {
        f"{alert.service}.{alert.name}"
        for place in company.places.values()
        for alert in place.alerts
        if alert.no_data_of is None
    }
    assert sorted(anchor for anchor in told if anchor in alerts) == sorted(alerts)


def test_a_runbook_says_what_its_alert_means_in_each_place(pages: dict[str, str]) -> None:
    page = pages["runbooks/runbooks/pay/failures.md"]
    assert (
        "- **critical** [FailuresHigh](#gateway.FailuresHigh) of [gateway](../../services/pay/gateway.md): Payments through {{ $labels.provider }} are failing\n"
        in page
    )
    assert (
        "| production | critical | pages pay by level-1 | 2m | at once |\n| staging | critical | a ticket for pay | 10m | at once |\n"
        in page
    )
    assert (
        "> **Payments through {{ $labels.provider }} are failing**\n\n> *production:* {{ $value }} a second (limit 5).\n"
        in page
    )
    assert (
        "Fires for every series that this returns (staging):\n\n```promql\nsum by (provider) (rate(failures_total[5m])) > 50\n```\n"
        in page
    )
    assert "When its data is gone for 10m: `FailuresHighNoData`, warning: a ticket for pay.\n" in page
    assert "**Impact:** revenue direct; customers: checkout\n" in page
    assert "**Dashboards:** [gateway in production](http://grafana:3000/d/pay)\n" in page
    assert (
        "- [status-page](#message-status-page), for the public status page: drafted by the machine, **approved and sent by a person**, every 30m while the incident is open\n"
        in page
    )
    slow = pages["runbooks/runbooks/pay/index/index.md"]
    assert (
        "| production | high | pages pay by level-1, in lisbon only; outside them a ticket for pay | at once | at once |\n"
        in slow
    )


def test_a_runbook_says_what_the_machine_does_and_what_bounds_it(pages: dict[str, str]) -> None:
    page = pages["runbooks/runbooks/pay/failures.md"]
    for line in (
        "- **production**: the machine asks a person before every action.",
        "- **staging**: there is no executor: nothing is done by a machine.",
        "    - the command `journalctl -u x`",
        "**Restart the pods of Deployment \u2039deployment\u203a in namespace pay of cluster \u2039cluster\u203a, a few at a time.** Risk: medium.",
        "| \u2039deployment\u203a | `deployment` | `gateway`, <code>gateway-(a&#124;b)</code> |",
        '- Asks for approval where `env="production"`, by one of primary on call of pay (first) or cto (kim), within 10m; if nobody answers, it escalates.',
        "- Waits 15m between two runs on the same target.",
        "- Runs at most 3 times an hour, per target and per team and environment.",
        "- Touches at most one target in one incident; for more it asks a person.",
        "- Has helped when the alert's expression is quiet for 2m, within 15m; no data is not success.",
        "- It cannot be taken back.",
        "- [security-incident](../../index.md#procedure-security-incident): alerts of class security and severity critical",
    ):
        assert f"\n{line}\n" in page
    assert (
        "\n- Refuses when fewer than 2 would stay healthy: `count(up == 1)` ([production/eu](http://prom-eu:9090/graph?"
        in page
    )


def test_a_runbook_says_who_is_called_in_words_and_as_a_diagram(pages: dict[str, str]) -> None:
    page = pages["runbooks/runbooks/pay/failures.md"]
    assert (
        "1. At once: primary on call of pay (first)\n2. After 5m: secondary on call of pay (second) and cto (kim)\n"
        in page
    )
    assert "```mermaid\nflowchart TD\n" in page
    assert 'step2 -- "no answer in 10m: from the top, 2 times more" --> step1\n' in page


def test_a_service_page_tells_its_owner_its_alerts_and_its_rota(pages: dict[str, str]) -> None:
    page = pages["runbooks/services/pay/gateway.md"]
    for line in (
        "- **Team:** pay",
        "- **Tier:** 1",
        "- **Needs:** [ledger](../../services/pay/ledger.md)",
        "| [FailuresHigh](../../runbooks/pay/failures.md#gateway.FailuresHigh) | [Failures](../../runbooks/pay/failures.md) | critical | Payments through {{ $labels.provider }} are failing | 2m (production), 10m (staging) | everywhere | security |",
        "| [Elsewhere](#gateway.Elsewhere) | [elsewhere](https://wiki.shop.example/a) | warning | elsewhere | at once | everywhere |  |",
        "| [Nowhere](#gateway.Nowhere) | none | none | nowhere | at once | everywhere |  |",
        "- [security-incident](../../index.md#procedure-security-incident) (alerts of class security and severity critical): FailuresHigh",
        "- **primary**: first, in Europe/Lisbon time; the first of these that has someone",
        "    - nights, outside lisbon; from 2026-01-05, daily, hand-off 09:00: **bo**",
        "    - week; from 2026-03-02, weekly, hand-off monday 09:00: **bo, ana (ana first)**",
        "    - weekly, hand-off monday 09:00: **bo, ana**",
    ):
        assert f"\n{line}\n" in page
    assert "\n- **Needed by:** [gateway](../../services/pay/gateway.md)\n" in pages["runbooks/services/pay/ledger.md"]


def test_the_index_tells_what_a_severity_leads_to(pages: dict[str, str]) -> None:
    page = pages["runbooks/index.md"]
    assert "| **critical** | pages the team by level-1 | a ticket for the team | 30s | 5m | 4h |\n" in page
    assert (
        "| **high** | pages the team by level-1, in the team's hours only; outside them a ticket for the team |" in page
    )
    assert "| **none** | goes nowhere, on purpose | goes nowhere, on purpose | - | - | - |\n" in page
    assert (
        "An alert that no policy claims: pages pay by level-1. A page that would reach nobody: primary on call of pay (first).\n"
        in page
    )
    assert (
        "2.  Question: Is it a breach? (cto (kim) decides) If yes:\n\n    1.  Tell cto (kim)\n    2.  Call the lawyers\n"
        in page
    )


def test_a_crowded_runbook_is_a_table_and_its_alerts_stand_with_their_services(workspace: Callable[..., Path]) -> None:
    alerts = [
        f"- {{name: A{number}, severity: warning, expr: up == 0, summary: s, runbook: crowd}}" for number in range(30)
    ]
    service = "kind: Service\nname: crowded\nteam: pay\nalerts:\n" + "\n".join(alerts)
    service += "\n---\n{kind: Runbook, name: crowd, immediate: [Look]}\n"
    root = workspace(
        {"policies/watchbill.yaml": WORKSPACE, "policies/pay/team.yaml": TEAM, "policies/pay/crowded.yaml": service}
    )
    found = texts(runbooks.build(read(root)))
    page = found["runbooks/runbooks/crowd.md"]
    assert "30 alerts of 1 service lead here: [which](#the-alerts).\n" in page
    assert "| [A7](../services/pay/crowded.md#crowded.A7) | crowded | warning | s | at once |\n" in page
    assert "```promql" not in page
    assert found["runbooks/services/pay/crowded.md"].count("```promql\nup == 0\n```") == 30
    assert "/services/pay/crowded/" in site(root, found)


@pytest.fixture(scope="module")
def hostile(workspace: Callable[..., Path]) -> tuple[Path, dict[str, str]]:
    """A workspace in which every text that may be anything is hostile."""
    bad, long = json.dumps(HOSTILE), json.dumps(LONG)
    channel = json.dumps('#"];x-->y[<b>|`')
    query = json.dumps('sum(\n# ```\n\n  up{job="```<script>alert(1)</script>|&#1 <img src=x>"}) > 1')
    service = f"""
kind: Service
name: gateway
team: pay
dashboard: {{uid: {bad}}}
records: [{{name: "a:b", expr: {query}}}]
alerts:
- name: Bad
  class: security
  severity: critical
  expr: {query}
  summary: {bad}
  description: {long}
  impact: {{revenue: direct, customers: {bad}}}
  runbook: failures
  diagnose: [logs]
  remediate: [flush, call, run]
- {{name: Elsewhere, severity: warning, expr: up == 0, summary: {long}, runbook: {{url: "https://wiki.example/a)b|c<script>`[x](javascript:alert(1))"}}}}
---
kind: Runbook
name: failures
immediate: [{bad}, {long}, {{promql: {query}, title: {bad}}}]
investigate: [{{promql: {query}}}]
escalate_when: [{bad}, {long}]
communicate: [status-page]
---
{{kind: Diagnostic, name: logs, collect: [{{promql: {query}}}, {{http: {{url: "http://x/<b>)|`"}}}}, {{command: [a, {bad}]}}]}}
---
{{kind: Message, name: status-page, audience: customers, body: {long}}}
---
kind: Remediation
name: flush
inputs: {{deployment: {{label: deployment, allow: ["a|b", "`<script>.*", "[|]"]}}}}
action: {{redis.flush: {{server: {bad}, pattern: {bad}}}}}
guardrails: {{cooldown: 15m, keep_healthy: {{expr: {query}, at_least: 2}}}}
approvals: {{when: {{env: {bad}}}, from: [{{slack: {channel}}}, {{role: odd}}]}}
---
kind: Remediation
name: call
action: {{http: {{url: "http://x/<b>)|`*_", body: {{a: {bad}}}}}}}
guardrails: {{cooldown: 15m}}
---
kind: Remediation
name: run
action: {{command: {{argv: [a, {bad}]}}}}
guardrails: {{cooldown: 15m}}
---
kind: Procedure
name: p
when: {{class: security}}
steps: [{{ask: {bad}, of: {{slack: {channel}}}, yes: [{{do: {long}}}]}}, {{do: {bad}}}, {{notify: [{{slack: {channel}}}]}}]
"""
    team = TEAM.replace(
        'slack: {default: "#pay"}', f"slack: {{default: {channel}}}\nroles: {{odd: {{slack: {channel}}}}}"
    )
    shared = WORKSPACE.replace('also: [{slack: "#incidents"}]', f"also: [{{slack: {channel}}}]")
    root = workspace(
        {"policies/watchbill.yaml": shared, "policies/pay/team.yaml": team, "policies/pay/gateway.yaml": service}
    )
    model, _, _ = read_workspace(root, cache=False)
    assert model is not None
    return root, texts(runbooks.build(model))


def test_hostile_text_is_only_text(hostile: tuple[Path, dict[str, str]]) -> None:
    root, pages = hostile
    found = site(root, pages)
    for address, page in found.items():
        assert not set(page.tags) & {"script", "img", "iframe", "style", "b", "del", "em", "input"}, address
        assert {name for name, _ in page.attributes} <= {"href", "id", "class"}, address
        for href, _ in page.links:
            assert not href or urlsplit(href).scheme in ("", "http", "https"), (address, href)
        for table in page.tables:
            assert len({len(row) for row in table}) == 1
    summary = plain(HOSTILE)
    service = found["/services/pay/gateway/"]
    assert [row[3] for row in service.tables[0][1:]] == [summary, plain(LONG)]
    book = found["/runbooks/failures/"]
    assert book.text.count(summary) >= 8
    assert plain(LONG) in book.text
    rows = [row for table in book.tables for row in table]
    assert ["production", "critical", "pages pay by level-1", "at once", "at once"] in rows
    assert ["\u2039deployment\u203a", "deployment", "a|b, `<script>.*, [|]"] in rows


def test_hostile_tables_have_as_many_cells_as_their_heads(hostile: tuple[Path, dict[str, str]]) -> None:
    """Python-Markdown drops what is too much: the source is counted as a reader of another make would."""
    for text in hostile[1].values():
        fenced = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        tables = re.findall(r"(?:^\|.*\|\n)+", fenced, flags=re.MULTILINE)
        for table in tables:
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


NODE = re.compile(r'    (\w+)(?:\["([^"]*)"\]|\(\["([^"]*)"\]\))')
EDGE = re.compile(r'    (\w+) (?:-->|-- "([^"]*)" -->|-\. "([^"]*)" \.->) (\w+)')
LABEL = re.compile(r"(?:[\w .,:()/@+-]|#[0-9]+;|<br>)+")


def diagrams(text: str) -> Iterator[list[str]]:
    for diagram in re.findall(r"^```mermaid\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        yield diagram.splitlines()


def test_diagrams_hold_together(hostile: tuple[Path, dict[str, str]], company: Workspace) -> None:
    """What was tried on Mermaid 12 itself: every line is a node or an arrow between nodes, and labels hold no syntax."""
    count = 0
    for text in (*hostile[1].values(), *texts(runbooks.build(company)).values()):
        for head, *lines in diagrams(text):
            assert head == "flowchart TD"
            nodes = {match[1] for line in lines if (match := NODE.fullmatch(line))}
            for line in lines:
                node, edge = NODE.fullmatch(line), EDGE.fullmatch(line)
                assert (node is None) != (edge is None), line
                for label in [one for one in (node or edge).groups()[1:3] if one is not None]:  # type: ignore[union-attr]
                    assert LABEL.fullmatch(label), line
                assert edge is None or {edge[1], edge[4]} <= nodes
            count += 1
    assert count > 20


def test_a_diagram_says_what_the_policy_says() -> None:
    drawn = mermaid.escalation("a page", [(("ana", "bo"), "5m"), (("kim",), "10m")], 0, [], "sre")
    assert drawn.splitlines() == [
        "flowchart TD",
        '    start(["a page"])',
        '    step1["ana<br>bo"]',
        '    step2["kim"]',
        "    start --> step1",
        '    step1 -- "no answer in 5m" --> step2',
        '    last["sre"]',
        '    step2 -. "if a step reaches nobody" .-> last',
    ]


def test_pages_are_the_same_bytes_whatever_the_hash_seed_and_the_zone(shop: Path) -> None:
    program = (
        "import sys, hashlib, pathlib\nfrom watchbill.spec.resolve import read_workspace\nfrom watchbill.targets import runbooks\n"
        "workspace = read_workspace(pathlib.Path(sys.argv[1]), cache=False)[0]\n"
        "print(hashlib.sha256(''.join(a.path + a.text + str(a.sources) for a in runbooks.build(workspace)).encode()).hexdigest())"
    )
    digests = set()
    for seed, zone, language in (
        ("0", "UTC", "C"),
        ("1", "Asia/Tokyo", "C.UTF-8"),
        ("77", "America/New_York", "de_DE.UTF-8"),
    ):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}
        done = subprocess.run(
            [sys.executable, "-c", program, str(shop)], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    here = "".join(one.path + one.text + str(one.sources) for one in runbooks.build(read(shop)))
    assert digests == {hashlib.sha256(here.encode()).hexdigest() + "\n"}


def test_no_clock_is_read_so_pages_do_not_change_with_the_day(shop: Path) -> None:
    model = read(shop)
    clocks = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "strftime", "monotonic"}
    asked: list[str] = []

    def watch(_frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and argument.__name__ in clocks:
            asked.append(argument.__qualname__)

    sys.setprofile(watch)
    try:
        runbooks.build(model)
    finally:
        sys.setprofile(None)
    assert asked == []


def override(root: Path, name: str, text: str) -> tuple[Path, ...]:
    folder = root / "templates"
    (folder / "runbooks").mkdir(parents=True)
    (folder / "runbooks" / name).write_text(text)
    return (folder,)


def test_a_workspace_overrides_one_template(shop: Path, tmp_path: Path) -> None:
    folders = override(tmp_path, "_escalation.md.j2", "Call {{ it.steps[0].who | either }}.\n")
    found = texts(runbooks.build(read(shop), folders))
    assert "## Who is called\n\nCall primary on call of pay (first).\n" in found["runbooks/runbooks/pay/failures.md"]
    assert "# gateway\n" in found["runbooks/services/pay/gateway.md"]


def test_the_templates_folder_of_the_workspace_is_searched_by_itself(
    workspace: Callable[..., Path], small: str
) -> None:
    root = workspace(
        {"policies/watchbill.yaml": small, "templates/runbooks/index.md.j2": "# {{ workspace }} by night\n"}
    )
    assert texts(runbooks.build(read(root)))["runbooks/index.md"] == "# shop by night\n"
    assert runbooks.check(read(root)) == []


def test_a_template_of_the_workspace_is_escaped_all_the_same(
    hostile: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folders = override(tmp_path, "runbook.md.j2", "# {{ title }}\n\n{{ alerts[0].summary }}\n")
    model, _, _ = read_workspace(hostile[0], cache=False)
    assert model is not None
    page = texts(runbooks.build(model, folders))["runbooks/runbooks/failures.md"]
    assert "<script>" not in page
    assert r"\[x\](javascript:alert(1))" in page


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# {{ title }}\n\n{{ titel }}\n", 3, "'titel' is undefined"),
        ("{{ alerts[0].sumary }}\n", 1, "no attribute 'sumary'"),
        ("# a\n{% if %}\n", 2, "Expected an expression"),
        ("\n\n{% include 'runbooks/none.md.j2' %}", 3, "runbooks/none.md.j2"),
        ("{{ title + 1 }}", 1, "can only concatenate"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ title.__init__.__globals__ }}", 1, "unsafe"),
        ("{{ alerts[0].__struct_fields__ }}", 1, "unsafe"),
    ],
)
def test_a_broken_or_prying_template_is_a_finding_at_its_line(
    shop: Path, tmp_path: Path, text: str, line: int, said: str
) -> None:
    folders = override(tmp_path, "runbook.md.j2", text)
    with pytest.raises(BadTemplate) as caught:
        runbooks.build(read(shop), folders)
    found = caught.value.diagnostic
    assert (found.code.id, found.where.file, found.where.line) == ("WB606", "templates/runbooks/runbook.md.j2", line)  # type: ignore[union-attr]
    assert said in found.message


def test_check_tells_of_a_broken_template_and_of_one_that_nothing_uses(
    workspace: Callable[..., Path], small: str
) -> None:
    broken = workspace({"policies/watchbill.yaml": small, "templates/runbooks/service.md.j2": b"\xff\xfe"})
    assert [(one.code.id, one.where.file) for one in runbooks.check(read(broken))] == [
        ("WB606", "templates/runbooks/service.md.j2")
    ]  # type: ignore[union-attr]
    misspelt = workspace({"policies/watchbill.yaml": small, "templates/runbooks/runbok.md.j2": "x"})
    assert [(one.code.id, one.where.file) for one in runbooks.check(read(misspelt))] == [
        ("WB607", "templates/runbooks/runbok.md.j2")
    ]  # type: ignore[union-attr]
    assert runbooks.check(read(workspace({"policies/watchbill.yaml": small}))) == []


def test_every_packaged_template_is_used(company: Workspace) -> None:
    templates = Templates(())
    runbooks.render(company, templates)
    asked = {name for _, name in templates.environment.cache or ()}
    assert {f"runbooks/{path.name}" for path in PACKAGED.glob("runbooks/*")} == asked


def test_every_page_says_what_it_came_from(shop: Path) -> None:
    sources = {artifact.path: artifact.sources for artifact in runbooks.build(read(shop))}
    assert sources["runbooks/index.md"] == ("Workspace/shop",)
    assert sources["runbooks/services/pay/gateway.md"] == (
        "Service/gateway",
        "Team/pay",
        "Service/ledger",
        "Procedure/security-incident",
    )
    assert sources["runbooks/runbooks/pay/failures.md"] == (
        "Runbook/pay/failures", "Service/gateway", "Team/pay", "Diagnostic/logs", "Remediation/pay/restart", "Escalation/level-1",
        "Procedure/security-incident", "Message/status-page",
    )  # fmt: skip


def test_foreign_rules_are_told_with_whose_they_are(workspace: Callable[..., Path], tmp_path: Path) -> None:
    foreign = """\
{kind: Ownership, name: namespace, label: namespace, owners: {pay: [pay, "pay-.*|checkout"], ops: [kube-system]}}
---
{kind: Team, name: ops, on_call: {primary: pay/first, secondary: pay/second}, tickets: {webhook: {file: /run/secrets/ops}}}
---
kind: Foreign
name: mixin
rules: rules/*.yaml
team: {by: namespace, otherwise: ops}
defaults: {runbook: {url: "https://wiki.shop.example/mixin"}}
"""
    rules = """\
groups:
- name: a
  rules:
  - {alert: "Disk full: /var [root]", expr: disk_free < 1, labels: {severity: critical}, annotations: {summary: "{{ $labels.disk }}"}}
  - {alert: Burns, expr: burn > 14, for: 2m, labels: {severity: critical}}
  - {alert: Burns, expr: burn > 6, for: 15m, labels: {severity: warning}}
"""
    root = workspace(
        {
            "policies/watchbill.yaml": WORKSPACE,
            "policies/pay/team.yaml": TEAM,
            "policies/foreign.yaml": foreign,
            "policies/rules/a.yaml": rules,
        }
    )
    found = texts(runbooks.build(read(root)))
    page = found["runbooks/services/ops/mixin.md"]
    for line in (
        "- **Rules of others**, routed and documented as our own",
        r"| production | critical | pages pay by level-1, where namespace is pay or pay-.\*\|checkout | at once | at once |",
        "| production | critical | pages ops by level-1, otherwise | at once | at once |",
        "Fires for every series that this returns (critical):",
        "Fires for every series that this returns (warning):",
    ):
        assert f"\n{line}\n" in page
    assert "| 2m (critical), 15m (warning) |" in page
    ids = {value for name, value in site(tmp_path, found)["/services/ops/mixin/"].attributes if name == "id"}
    assert "mixin.Disk-20-full-3a--20--2f-var-20--5b-root-5d-" in ids
