"""The worked example: what the seed asks of it, how every alert of it is answered for, and that nothing is said against it."""

import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from watchbill.checks import at_levels, check
from watchbill.layout.canonical import canonical
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace

TOP = Path(__file__).parents[2]
POLICIES = TOP / "policies"
# Services that answer no HTTP of our middleware's: what they are instead. Whoever adds a service says which it is.
NO_HTTP = {
    "event-bus": "Kafka",
    "kubernetes": "the clusters",
    "monitoring": "Prometheus and Alertmanager",
    "orders": "figures of checkout's",
    "orders-db": "PostgreSQL",
    "platform-health": "what the others record",
    "registration": "a flow through accounts",
    "session-cache": "Redis",
    "stream-processing": "Flink",
    "threat-detection": "what others log",
    "warehouse": "loads",
}


@pytest.fixture(scope="module")
def read() -> tuple[Workspace, list[Diagnostic]]:
    model, _, found = read_workspace(TOP, cache=False)
    assert model is not None
    return model, at_levels(model, [*found, *check(model)])


@pytest.fixture(scope="module")
def ecap(read: tuple[Workspace, list[Diagnostic]]) -> Workspace:
    return read[0]


def written(ecap: Workspace) -> list[ResolvedAlert]:
    """Every alert in every place, ours and those of others, but those that the compiler adds for missing data."""
    return [alert for place in ecap.places.values() for alert in place.alerts if alert.no_data_of is None]


def test_nothing_is_said_against_the_example(read: tuple[Workspace, list[Diagnostic]]) -> None:
    assert [(one.code.id, one.message) for one in read[1]] == []


def test_it_has_at_least_45_alerts_in_12_services_and_rules_of_others_beside_them(ecap: Workspace) -> None:
    services = {name: policy.body.alerts for name, policy in ecap.documents["Service"].items()}
    assert len(services) >= 12
    assert sum(map(len, services.values())) >= 45
    others = {alert.name for alert in written(ecap) if alert.service in ecap.documents["Foreign"]}
    assert len(others) >= 12


def test_every_alert_has_a_severity_a_class_an_impact_on_revenue_and_customers_and_a_runbook(ecap: Workspace) -> None:
    for alert in written(ecap):
        if alert.outcome.kind != "drop":
            said = (alert.severity, alert.class_, alert.revenue, alert.customers, alert.runbook, alert.runbook_url)
            assert all(said), (alert.service, alert.name, said)
            assert set(alert.annotations) >= {"summary", "description", "runbook_url", "impact_revenue"}, alert.name


def test_every_class_of_the_workspace_is_in_use(ecap: Workspace) -> None:
    assert {alert.class_ for alert in written(ecap)} == set(ecap.settings.classes)


def test_every_alert_but_a_watchdog_has_a_test_that_fires_and_one_that_stays_quiet(ecap: Workspace) -> None:
    """An alert of a set is tested where it stands as the set has it."""
    names: dict[tuple[str, ...], str] = {}
    tests = defaultdict(set)
    for alert in written(ecap):
        if alert.outcome.kind == "drop":
            continue
        names[alert.at.file, *map(str, alert.at.path)] = alert.name
        for one in alert.tests:
            fires = any(expected.firing for expected in one.test.expect)
            tests[alert.at.file, *map(str, alert.at.path)].add(fires)
    lacking = {name: tests[at] for at, name in names.items() if tests[at] != {True, False}}
    assert lacking == {}


def test_every_service_that_answers_http_uses_the_golden_signals(ecap: Workspace) -> None:
    using = {
        name
        for name, policy in ecap.documents["Service"].items()
        if any(use.set == "http-golden" for use in policy.body.uses)
    }
    assert using == set(ecap.documents["Service"]) - set(NO_HTTP)
    assert len(using) >= 8
    uses = [use for name in using for use in ecap.documents["Service"][name].body.uses]
    assert all("job" in use.with_ for use in uses)
    assert any(use.without for use in uses)
    assert any(use.change for use in uses)


def test_the_whole_language_is_at_work_in_it(ecap: Workspace) -> None:
    assert ecap.settings.heartbeat is not None
    assert ecap.settings.severity_words
    assert "pagerduty" in ecap.targets
    assert {window.effect for window in ecap.windows.values()} >= {"no-remediation", "notify"}
    foreign = [policy.body for policy in ecap.documents["Foreign"].values()]
    assert any(body.team.by == "namespace" for body in foreign)
    changes = [change for body in foreign for change in body.change]
    assert all(change.reason and change.until for change in changes if change.off)
    assert [change.alert for change in changes if change.off] == ["KubeCPUOvercommit"]
    assert any(change.severity and change.for_ for change in changes)
    assert any(severity.hours and severity.outside for severity in ecap.severities.values())
    calendars = [policy.body for policy in ecap.documents["Calendar"].values()]
    assert any(calendar.holidays for calendar in calendars)
    part_time = {name for name, policy in ecap.documents["Person"].items() if policy.body.works}
    assert part_time >= {"bel", "davi", "lena"}
    services = [policy.body for policy in ecap.documents["Service"].values()]
    assert any(dependency.inhibits for body in services for dependency in body.depends_on)


def test_a_procedure_looks_before_it_acts(ecap: Workspace) -> None:
    for name, policy in ecap.documents["Procedure"].items():
        steps = policy.body.steps
        acts = [index for index, step in enumerate(steps) if step.remediate]
        looks = [index for index, step in enumerate(steps) if step.diagnose or step.preserve]
        assert acts, name
        assert looks, name
        assert min(looks) < min(acts), name


def test_the_policies_are_in_their_canonical_layout() -> None:
    for path in sorted(POLICIES.rglob("*.yaml")):
        if "rules" not in path.relative_to(POLICIES).parts:
            text, found = canonical(path.name, path.read_bytes())
            assert found == []
            assert text == path.read_text("utf-8"), f"{path.name}: run `watchbill fmt`"


@pytest.mark.tools
def test_promtool_runs_every_test_of_a_place(promtool: Path) -> None:
    """Where all tests run that are for one source only; in the other places they are the same, or fewer."""
    tests = sorted((TOP / "generated/production/prometheus/eu").rglob("*.test.yml"))
    halves = [tests[start::2] for start in (0, 1)]
    running = [
        subprocess.Popen(
            [promtool, "test", "rules", *half], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for half in halves
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "".join(said)


@pytest.mark.tools
def test_promtool_and_amtool_accept_all_that_is_generated(promtool: Path, amtool: Path) -> None:
    rules = sorted((TOP / "generated").rglob("*.rules.yml"))
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *rules], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    trees = sorted((TOP / "generated").rglob("alertmanager.yml"))
    checked = subprocess.run([amtool, "check-config", *trees], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
