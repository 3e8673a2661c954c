"""Tests of who is told, run: what is expected comes out, and what does not is told with its reason."""

import json
import shlex
from pathlib import Path

import pytest

from trial.street import WORKSPACE, a_test
from watchbill.checks import check
from watchbill.routing import ends
from watchbill.routing.building.answer import compiled
from watchbill.source.locate import Sources
from watchbill.spec.resolve import read_workspace
from watchbill.trial import Coverage, coverage, running, trials

XMAS = 'at: "2026-12-25T03:00 Europe/Lisbon"'
DAY = 'at: "2026-05-12T11:00 Europe/Lisbon"'
NIGHT = 'at: "2026-05-12T23:00 Europe/Lisbon"'
WEB = "alert: {alertname: WebDown, deployment: web-a}, in: production/eu"


@pytest.fixture
def ask(workspace):
    """The workspace with a Test of these cases, all of them asked: (workspace, policies, trials)."""

    def ask(*cases: str):
        root = workspace({"policies/watchbill.yaml": WORKSPACE, "policies/tests.yaml": a_test(*cases)})
        found, policies, problems = read_workspace(root, cache=False)
        assert [one.message for one in [*problems, *check(found)] if one.level == "error"] == []
        return found, policies, trials(found)

    return ask


COMES_OUT = {
    "the one who took the night over is reached at once": f"{WEB}, {XMAS}, reaches: bo, within: 15s",
    "on any other night it is the one who rotates": f"{WEB}, {NIGHT}, reaches: [ana], within: 15s",
    "the boss is reached after the first wait": f"{WEB}, {XMAS}, reaches: [bo, eva], within: 5m15s",
    "with no time given, at any time": f"{WEB}, outcome: page, receivers: [shop-critical]",
    "in the hours of the team it pages": f"alert: {{alertname: WebOdd}}, in: production, {DAY}, outcome: page",
    "outside of them it does not": f"alert: {{alertname: WebOdd}}, in: production, {NIGHT}, outcome: ticket",
    "a place that wakes nobody": "alert: {alertname: WebDown}, in: staging, outcome: ticket, inhibited: false",
    "a watchdog": "alert: {alertname: Watchdog}, in: production, reaches: nobody, reason: it always fires, receivers: []",
    "a dependency keeps it back": "alert: {alertname: WebSlow}, in: production, firing: [{alertname: DbDown}], inhibited: true,"
    " reaches: nobody, reason: the cause is told, receivers: []",
    "without it, it is told": "alert: {alertname: WebSlow}, in: production, inhibited: false, outcome: ticket",
    "a window makes it quieter": "alert: {alertname: DiskFull, disk: a}, in: production, at: 2026-05-12T03:00Z, outcome: notify",
    "and is over": "alert: {alertname: DiskFull, disk: a}, in: production, at: 2026-05-12T04:00Z, outcome: ticket",
    "the machine may act": f"{WEB}, {DAY}, remedies: [restart]",
    "not on what is not allowed": f"alert: {{alertname: WebDown, deployment: api}}, in: production/eu, {DAY}, remedies: []",
    "nor where it is not": f"alert: {{alertname: WebDown, deployment: web-a}}, in: staging, {DAY}, remedies: []",
    "what no policy claims": "alert: {cluster: us-1, job: x}, in: production, receivers: [catch-all]",
}


@pytest.mark.parametrize("case", COMES_OUT.values(), ids=COMES_OUT)
def test_what_comes_out_as_it_is_expected_passes(case, ask):
    _, _, ran = ask(case)
    assert ran
    assert [one.failure for one in ran] == [None] * len(ran)


DOES_NOT = {
    "another is reached": (
        f"{WEB}, {XMAS}, reaches: ⟦ana⟧",
        "expected ana, but bo after 15s, eva after 5m15s are reached",
        "pages shop by default: after 15s bo (primary for ana); after 5m15s eva (boss)",
    ),
    "reached too late": (
        f"{WEB}, {XMAS}, reaches: eva, within: ⟦5m⟧",
        "expected eva within 5m, but eva is reached after 5m15s",
        'route: {page_per="deployment",severity="critical",team="shop"} → shop-critical',
    ),
    "somebody is told": (
        f"{WEB}, reaches: ⟦nobody⟧, reason: it is not important",
        "expected nobody, but shop-critical is told",
        'route: {page_per="deployment",severity="critical",team="shop"} → shop-critical',
    ),
    "it is inhibited": (
        f"alert: {{alertname: WebSlow}}, in: production/eu, firing: [{{alertname: DbDown}}], {DAY}, outcome: ⟦ticket⟧",
        "expected ticket, but it is inhibited",
        "inhibited by DbDown",
    ),
    "it is not": (
        "alert: {alertname: WebSlow}, in: production/eu, inhibited: ⟦true⟧",
        "expected inhibited, but nothing inhibits it",
        'route: {severity="warning",team="shop"} → shop-warning',
    ),
    "outside the hours": (
        f"alert: {{alertname: WebOdd}}, in: production/eu, {NIGHT}, outcome: ⟦page⟧",
        "expected page, but it leads to ticket",
        'route: {severity="high",team="shop"} → shop-high, active only in office',
    ),
    "depends on the time": (
        "alert: {alertname: WebOdd}, in: ⟦production/eu⟧, outcome: page",
        "expected the same at any time, but its route depends on office, office:outside: give `at`",
        'route: {severity="high",team="shop"} → shop-high, active only in office',
    ),
    "another receiver": (
        f"{WEB}, receivers: ⟦[shop-warning]⟧",
        "expected shop-warning, but shop-critical is told",
        'route: {page_per="deployment",severity="critical",team="shop"} → shop-critical',
    ),
    "a gate is shut": (
        f"alert: {{alertname: WebDown, deployment: api}}, in: production/eu, {DAY}, remedies: ⟦[restart]⟧",
        "expected restart, but none may run",
        "restart does not run: `deployment` is `api`, and may be web-.*",
    ),
}


@pytest.mark.parametrize("case, message, why", DOES_NOT.values(), ids=DOES_NOT)
def test_what_does_not_come_out_is_a_finding_that_says_why(case, message, why, ask, marked):
    text, place = marked(a_test(case))
    found, policies, ran = ask(case.replace("⟦", "").replace("⟧", ""))
    (failure,) = [one.failure for one in ran]
    assert failure.message.endswith(message)
    assert any(note.startswith(why) for note in failure.notes), failure.notes
    span = Sources(found.root, policies.paths).locate(failure.where)
    assert (span.line, span.column, span.end_line, span.end_column) == place
    assert text.splitlines()[place[0] - 1]
    assert failure.help.startswith("the whole way: watchbill route Web")


def test_the_call_that_a_failure_names_tells_the_same(ask, run):
    case = f"alert: {{alertname: WebSlow}}, in: production/eu, firing: [{{alertname: DbDown}}], {DAY}, outcome: ticket"
    found, _, ran = ask(case)
    words = shlex.split(ran[0].failure.help.removeprefix("the whole way: "))[1:]
    told = json.loads(run(*words, "--format", "json", cwd=found.root).out)
    assert told["outcome"] is None
    assert told["inhibited_by"][0]["labels"]["alertname"] == "DbDown"


def test_a_case_of_an_environment_holds_in_each_of_its_places(ask):
    _, _, ran = ask("alert: {alertname: WebDown}, in: production, outcome: page")
    assert [one.asked.meant.place.name for one in ran] == ["production/eu", "production/us"]
    _, _, ran = ask("alert: {alertname: WebDown, cluster: us-1}, in: production, outcome: page")
    assert [one.asked.meant.place.name for one in ran] == ["production/us"]


def test_a_case_ends_where_the_routing_engine_says(ask):
    found, _, ran = ask(*COMES_OUT.values())
    for one in ran:
        config, _ = compiled(found, one.asked.meant.place.environment)
        assert one.ends == tuple(route.path for route in ends(config, one.asked.meant.labels))


def test_coverage_counts_alerts_by_service_and_name_and_leaves_out_what_leads_to_nothing(ask):
    found, _, ran = ask("alert: {alertname: WebDown}, in: production, outcome: page")
    covered = coverage(found, ran)
    assert (covered.alerts, covered.percent) == (5, 20.0)
    assert covered.untested == ("db/DbDown", "disk/DiskFull", "web/WebOdd", "web/WebSlow")
    config, _ = compiled(found, "staging")
    assert covered.routes == sum(1 for place in ("production", "staging") for _ in compiled(found, place)[0].routes())
    assert len(covered.unreached) == covered.routes - 1
    assert sum(one.startswith("staging: ") for one in covered.unreached) == sum(1 for _ in config.routes())


@pytest.mark.parametrize(
    "alerts, untested, share", [(10_000, 1, "99.9%"), (3, 1, "66.6%"), (100, 26, "74%"), (0, 0, "100%")]
)
def test_a_share_of_alerts_is_never_shown_as_more_than_it_is(alerts, untested, share):
    assert Coverage(alerts, ("a/b",) * untested, 0, ()).share == share


def test_a_root_is_reached_by_what_no_policy_claims_only(ask):
    found, _, ran = ask("alert: {alertname: WebDown}, in: production, outcome: page")
    assert "production: the root → catch-all" in coverage(found, ran).unreached
    found, _, ran = ask("alert: {cluster: eu-1, job: x}, in: production, receivers: [catch-all]")
    assert "production: the root → catch-all" not in coverage(found, ran).unreached


def test_a_configuration_is_read_once_for_all_cases_of_its_environment(ask, monkeypatch):
    found, _, _ = ask(*COMES_OUT.values())
    read = []
    monkeypatch.setattr(running, "compiled", lambda *asked: read.append(asked[1]) or compiled(*asked))
    assert len(trials(found)) > len(COMES_OUT)
    assert sorted(read) == ["production", "staging"]


def test_the_example_promises_what_it_promises():
    found, _, _ = read_workspace(Path(__file__).parents[2], cache=False)
    ran = trials(found)
    assert len(ran) >= 20
    assert [one.failure for one in ran if one.failure is not None] == []
