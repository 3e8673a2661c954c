"""Ways in which an alert reaches nobody, or the wrong one: by a mistake in the policies, and in the tree. Each is caught."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proof.house import BASE, HALF_DAYS, LEGACY, NO_BASE, TWO_HALVES, WEEK, added, house
from watchbill.checks import check
from watchbill.proof import prove
from watchbill.proof.findings import findings
from watchbill.routing.building.configuration import configuration
from watchbill.source.diagnostic import has_errors
from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import check as check_targets

STEP = "- {notify: [{on_call: primary}], wait: 5m}\n"
WAYS: dict[str, tuple[dict[str, str], set[str]]] = {
    "a severity names an escalation that is not there": (
        house(("critical: {page: now}", "critical: {page: later}")),
        {"WB204"},
    ),
    "an escalation has no steps": (house((f"steps:\n{STEP}", "steps: []\n")), {"WB456"}),
    "a step names a role of on-call that the team has not": (
        house((STEP, STEP.replace("primary", "secondary"))),
        {"WB502"},
    ),
    "a step names an office that nobody holds": (house((STEP, "- {notify: [{role: cto}], wait: 5m}\n")), {"WB502"}),
    "every step is a channel, which wakes nobody": (
        house((STEP, '- {notify: [{slack: "#shop"}], wait: 5m}\n')),
        {"WB456"},
    ),
    "the team has no schedule": (
        house(("on_call: {primary: rota}\n", ""), ("last_resort: {team: shop, on_call: primary}\n", "")),
        {"WB502"},
    ),
    "the team is not to be paged": (house(("hours: office\n", "hours: office\npaging: none\n")), {"WB503"}),
    "the schedule is misspelt": (house(("on_call: {primary: rota}", "on_call: {primary: rotta}")), {"WB203"}),
    "a layer has no people": (house(("people: [ana, bo]", "people: []")), {"WB508"}),
    "the schedule begins after the coverage time": (
        house(("{from: 2025-12-29, people", "{from: 2026-02-02, people")),
        {"WB520"},
    ),
    "the only layer is shut at night": (house((WEEK, WEEK + "  only: {inside: office}\n")), {"WB520"}),
    "two halves of a day leave an hour while the clocks of two continents differ": (
        house((WEEK, TWO_HALVES), added(HALF_DAYS.removeprefix("---\n"))),
        {"WB520"},
    ),
    "the one on call is away and nobody stands in": (
        house(
            (
                "timezone: Europe/Lisbon\n---\nkind: Person\nname: bo",
                "timezone: Europe/Lisbon\naway: [{from: 2026-07-06, until: 2026-07-12}]\n---\nkind: Person\nname: bo",
            )
        ),
        {"WB521"},
    ),
    "the one on call works in office hours only": (
        house(("timezone: America/New_York\n", "timezone: America/New_York\nworks: office\n")),
        {"WB520"},
    ),
    "a declared gap falls to nobody, and is every step": (
        house((WEEK, WEEK + "gaps: [{from: 2026-05-01T00:00, until: 2026-05-01T06:00, reason: closed}]\n")),
        {"WB522"},
    ),
    "gaps fall to each other": (
        house(
            (WEEK, WEEK + "gaps: [{from: 2026-05-01T00:00, until: 2026-05-01T06:00, reason: closed, falls_to: rota}]\n")
        ),
        {"WB534"},
    ),
    "a person names channels, and has no address for any": (
        house(
            (
                "timezone: America/New_York\n",
                "timezone: America/New_York\nnotify: {critical: [{phone: 0m}], high: [{phone: 0m}]}\n",
            )
        ),
        {"WB511"},
    ),
    "a person names channels for other severities only": (
        house(("timezone: America/New_York\n", "timezone: America/New_York\nnotify: {warning: [{email: 0m}]}\n")),
        {"WB512"},
    ),
    "tickets have nowhere to go": (house(("tickets: {webhook: {file: /run/secrets/tickets}}\n", "")), {"WB504"}),
    "hours are the team's, and it has none": (house(("hours: office\n", "")), {"WB505"}),
    "outside the hours there is no outcome": (house((", hours: team, outside: ticket", ", hours: team")), {"WB104"}),
    "the hours are never open": (house(('weekly: {monday-friday: ["09:00-18:00"]}', "weekly: {}")), {"WB509"}),
    "the catch-all is a team that is not there": (
        house(("catch_all: {team: shop, ", "catch_all: {team: shopp, ")),
        {"WB201"},
    ),
    "a window is about another team's service": (
        house(
            ("name: vacuum\n", "name: vacuum\nteam: ops\n"), added("kind: Team\nname: ops\non_call: {primary: rota}\n")
        ),
        {"WB421"},
    ),
    "two environments share an Alertmanager and look alike": (
        house(
            (
                f"    {NO_BASE}\n",
                f'    {NO_BASE}\n  staging:\n    prometheus: {{url: "http://prometheus-2:9090"}}\n    {NO_BASE}\n    at_most: ticket\n',
            )
        ),
        {"WB401"},
    ),
    "a service is silenced by one that matters less": (
        house(
            ("tier: 1\n", "tier: 1\ndepends_on: [{service: cache, inhibits: [high]}]\n"),
            added(
                "kind: Service\nname: cache\nteam: shop\ntier: 3\nalerts:\n- {name: CacheDown, severity: critical, "
                "expr: 'up{job=\"cache\"} == 0', for: 2m, summary: down, runbook: web}\n"
            ),
        ),
        {"WB433"},
    ),
    "two services silence each other": (
        house(
            ("tier: 1\n", "tier: 1\ndepends_on: [{service: cache, inhibits: [high]}]\n"),
            added(
                "kind: Service\nname: cache\nteam: shop\ntier: 1\ndepends_on: [{service: web, inhibits: [high]}]\nalerts:\n"
                "- {name: CacheDown, severity: critical, expr: 'up{job=\"cache\"} == 0', for: 2m, summary: down, runbook: web}\n"
                "- {name: CacheSlow, severity: high, expr: 'cache_seconds{job=\"cache\"} > 1', for: 2m, summary: slow, runbook: web}\n"
            ),
        ),
        {"WB431", "WB432"},
    ),
    "a rule of a base lets a ticket silence a page": (
        house(
            (NO_BASE, BASE),
            legacy=LEGACY
            + "inhibit_rules: [{source_matchers: ['severity=\"warning\"'], target_matchers: ['severity=\"critical\"'], equal: [service]}]\n",
        ),
        {"WB457"},
    ),
    "a rule of a base names labels that nobody has, which are equal then": (
        house(
            (NO_BASE, BASE),
            legacy=LEGACY
            + "inhibit_rules: [{source_matchers: ['severity=\"high\"'], target_matchers: ['severity=\"critical\"'], equal: [datacenter]}]\n",
        ),
        {"WB457"},
    ),
}


def all_found(root: Path) -> set[str]:
    """The codes of all errors that `check` has."""
    workspace, _, found = read_workspace(root, cache=False)
    if workspace is not None:
        found += check(workspace)
        if not has_errors(found):
            found += check_targets(workspace)
        if not has_errors(found):
            found += findings(workspace, prove(workspace))
    return {one.code.id for one in found if one.level == "error"}


@pytest.mark.parametrize("name", WAYS)
def test_a_mistake_in_the_policies_by_which_an_alert_reaches_nobody_is_an_error_with_its_name(name, workspace) -> None:
    files, codes = WAYS[name]
    assert all_found(workspace(files)) == codes


def test_in_the_house_itself_every_alert_reaches_somebody(workspace) -> None:
    assert all_found(workspace(house())) == set()


Tree = dict[str, Any]


def routes(tree: Tree, *, receiver: str) -> list[dict[str, Any]]:
    found = [route for route in tree["route"]["routes"] if route["receiver"] == receiver]
    assert found
    return found


def _lose_a_route(tree: Tree) -> None:
    tree["route"]["routes"].remove(routes(tree, receiver="shop-critical")[0])


def _misspell_a_matcher(tree: Tree) -> None:
    routes(tree, receiver="shop-critical")[0]["matchers"][1] = 'severity="critcal"'


def _ask_for_a_label_that_is_not_there(tree: Tree) -> None:
    routes(tree, receiver="shop-critical")[0]["matchers"].append('region=~".+"')


def _take_only_some_values(tree: Tree) -> None:
    routes(tree, receiver="shop-critical")[0]["matchers"].append('instance!~"web-7.*"')


def _send_it_to_the_wrong_receiver(tree: Tree) -> None:
    routes(tree, receiver="shop-critical")[0]["receiver"] = "shop-warning"


def _put_a_greedy_route_before(tree: Tree) -> None:
    tree["route"]["routes"].insert(0, {"receiver": "shop-warning", "matchers": ['service="web"']})


def _mute_it_at_night(tree: Tree) -> None:
    times = [{"times": [{"start_time": "01:00", "end_time": "02:00"}]}]
    tree["time_intervals"].append({"name": "night", "time_intervals": times})
    routes(tree, receiver="shop-critical")[0].setdefault("mute_time_intervals", []).append("night")


def _mute_it_for_one_minute_of_the_year(tree: Tree) -> None:
    minute = [{"times": [{"start_time": "03:33", "end_time": "03:34"}], "months": ["july"], "days_of_month": ["9"]}]
    tree["time_intervals"].append({"name": "once", "time_intervals": minute})
    routes(tree, receiver="shop-critical")[0].setdefault("mute_time_intervals", []).append("once")


def _read_the_hours_by_another_clock(tree: Tree) -> None:
    hours = next(one for one in tree["time_intervals"] if one["name"] == "office")
    for entry in hours["time_intervals"]:
        entry["location"] = "UTC"  # as in Lisbon, for half of the year


def _forget_to_continue(tree: Tree) -> None:
    for route in routes(tree, receiver="shop-high"):
        route.pop("continue", None)


def _empty_a_receiver(tree: Tree) -> None:
    one = next(one for one in tree["receivers"] if one["name"] == "shop-critical")
    for key in [key for key in one if key != "name"]:
        del one[key]


def _let_a_ticket_silence_a_page(tree: Tree) -> None:
    tree.setdefault("inhibit_rules", []).append(
        {"source_matchers": ['severity="warning"'], "target_matchers": ['severity="critical"'], "equal": ["service"]}
    )


def _name_an_interval_that_is_not_there(tree: Tree) -> None:
    routes(tree, receiver="shop-critical")[0]["mute_time_intervals"] = ["never-defined"]


def _tell_nobody_what_nobody_claims(tree: Tree) -> None:
    tree["receivers"].append({"name": "void"})
    tree["route"]["receiver"] = "void"


TAMPERED: dict[Callable[[Tree], None], str] = {
    _lose_a_route: "WB455",
    _misspell_a_matcher: "WB455",
    _ask_for_a_label_that_is_not_there: "WB455",
    _take_only_some_values: "WB455",
    _send_it_to_the_wrong_receiver: "WB455",
    _put_a_greedy_route_before: "WB455",
    _mute_it_at_night: "WB455",
    _mute_it_for_one_minute_of_the_year: "WB455",
    _read_the_hours_by_another_clock: "WB455",
    _forget_to_continue: "WB455",
    _empty_a_receiver: "WB456",
    _let_a_ticket_silence_a_page: "WB457",
    _name_an_interval_that_is_not_there: "WB459",
    _tell_nobody_what_nobody_claims: "WB456",
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__.strip("_"))
def test_a_mistake_in_the_tree_itself_is_an_error_with_a_witness(tamper, workspace) -> None:
    model, _, _ = read_workspace(workspace(house()), cache=False)
    assert model is not None

    def tampered(workspace: Workspace, environment: str) -> Tree:
        tree = copy.deepcopy(configuration(workspace, environment) or {})
        tamper(tree)
        return tree

    proof = prove(model, configurations=tampered)
    assert not proof.holds
    found = findings(model, proof)
    assert {one.code.id for one in found} == {TAMPERED[tamper]}
    assert all(one.where is not None and one.message for one in found)


def test_the_witness_is_a_minute_and_labels_at_which_it_happens(workspace) -> None:
    model, _, _ = read_workspace(workspace(house()), cache=False)
    assert model is not None

    def muted_once(workspace: Workspace, environment: str) -> Tree:
        tree = copy.deepcopy(configuration(workspace, environment) or {})
        _mute_it_for_one_minute_of_the_year(tree)
        return tree

    told = [one for one in findings(model, prove(model, configurations=muted_once)) if "WebDown" in one.message]
    assert [one.message for one in told] == [
        "`WebDown` is to page team `shop` in production/default on Thu 09 Jul 2026 03:33 UTC, and the routing takes it elsewhere"
    ]
    assert any("alertname=WebDown" in note for note in told[0].notes)
