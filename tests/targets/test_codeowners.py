"""CODEOWNERS: each policy file to the handles of the teams that have a document in it, in as few lines as that takes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchbill import targets
from watchbill.spec.resolve import read_workspace
from watchbill.targets import codeowners

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: http://prom:9090}}}
severities: {critical: {page: default}}
catch_all: {team: pay}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
"""


def team(name: str, handle: str | None) -> str:
    github = f', github: "{handle}"' if handle else ""
    return f"{{kind: Team, name: {name}, on_call: {{primary: rota}}{github}}}\n"


def service(name: str, team_name: str) -> str:
    return (
        f"kind: Service\nname: {name}\nteam: {team_name}\nalerts:\n"
        f"- {{name: Down, severity: critical, expr: up == 0, summary: down, runbook: {{url: 'https://r.example'}}, no_data: {{ignore: tested elsewhere}}}}\n"
    )


FILES = {
    "policies/watchbill.yaml": WORKSPACE,
    "policies/pay/team.yaml": team("pay", "@shop/payments"),
    "policies/pay/gateway/gateway.yaml": service("gateway", "pay"),
    "policies/data/team.yaml": team("data", "@dana"),
    "policies/data/warehouse.yaml": service("warehouse", "data"),
    "policies/data/shared with pay.yaml": service("ledger", "pay") + "---\n" + service("lake", "data"),
    "policies/quiet/team.yaml": team("quiet", None),
    "policies/sre/mixin.yaml": "kind: Foreign\nname: mixin\nrules: rules/**/*.yaml\nteam: data\n",
    "policies/sre/rules/a/b.yaml": "groups: [{name: g, rules: [{alert: A, expr: up == 0, labels: {severity: critical}, annotations: {runbook_url: 'https://r.example'}}]}]\n",
}
Make = Callable[[Mapping[str, str | bytes]], Path]


def text_of(root: Path) -> str | None:
    found, _, told = read_workspace(root, cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert found is not None
    return next((one.text for one in targets.build(found, []) if one.path == codeowners.PATH), None)


def test_a_folder_of_one_team_is_one_line_and_every_other_file_its_own(workspace: Make) -> None:
    text = text_of(workspace(FILES))
    assert text is not None
    assert text.splitlines()[3:] == [
        r"/policies/data/shared\ with\ pay.yaml @dana @shop/payments",
        r"/policies/data/team.yaml              @dana",
        r"/policies/data/warehouse.yaml         @dana",
        r"/policies/pay/                        @shop/payments",
        r"/policies/sre/                        @dana",
    ]


def test_without_any_handle_there_is_no_file(workspace: Make) -> None:
    plain = {
        name: text.replace(', github: "@shop/payments"', "").replace(', github: "@dana"', "")
        for name, text in FILES.items()
    }
    assert text_of(workspace(plain)) is None


def test_a_handle_is_one_that_github_knows(workspace: Make, findings: Callable[..., list[Any]]) -> None:
    (finding,) = findings(
        workspace({**FILES, "policies/pay/team.yaml": team("pay", "payments")}), "policies/pay/team.yaml"
    )
    assert (finding.code, finding.message) == (
        "WB103",
        "`payments` is not a GitHub team such as @org/payments, or a person",
    )


def test_a_service_and_a_foreign_cannot_share_a_name(workspace: Make, findings: Callable[..., list[Any]]) -> None:
    files = {**FILES, "policies/pay/gateway/gateway.yaml": service("mixin", "pay")}
    (finding,) = (one for one in findings(workspace(files)) if one.level == "error")
    assert (finding.code, finding.file) == ("WB220", "policies/sre/mixin.yaml")
    assert finding.related[0][0] == "policies/pay/gateway/gateway.yaml"


def test_two_teams_cannot_have_a_service_of_one_name_and_are_told_why(
    workspace: Make, findings: Callable[..., list[Any]]
) -> None:
    files = {**FILES, "policies/data/warehouse.yaml": service("gateway", "data")}
    (finding,) = (one for one in findings(workspace(files)) if one.level == "error")
    assert (finding.code, finding.message) == ("WB220", "Service `gateway` is defined twice")
    assert finding.help == "rename or remove one of the two; services share one set of names, which their alerts carry"
