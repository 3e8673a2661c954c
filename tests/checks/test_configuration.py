"""Lint of an Alertmanager's tree: what it says is true of every label set there is, and it says nothing of sound trees."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.company import files as company
from generator.valid import workspaces
from watchbill.checks.configuration import lint, lint_text
from watchbill.routing import Config, distinctions, firing_alerts, follow, read, visits
from watchbill.routing.building.configuration import configuration
from watchbill.spec.resolve import read_workspace

TOP = Path(__file__).parents[2]
RECEIVERS = [{"name": name, "webhook_configs": [{"url": f"http://{name}"}]} for name in ("root", "a", "b")]


def config(value: dict, *, ours: bool = False) -> Config:
    found, told = read(value if ours else {"receivers": RECEIVERS, **value})
    assert found is not None, told
    return found


# Matchers of two labels with few values, among which patterns overlap, contain one another and take the absent label.
MATCHERS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["x", "y"]),
    st.sampled_from(["=", "!=", "=~", "!~"]),
    st.sampled_from(['"1"', '"2"', '""', '"1|2"', '"[12]3?"', '".+"', '"1.*"', '"4?"']),
)


def routes(depth: int) -> st.SearchStrategy[list[dict]]:
    below = routes(depth - 1) if depth else st.just([])
    return st.lists(
        st.fixed_dictionaries(
            {
                "receiver": st.sampled_from(["a", "b"]),
                "matchers": st.lists(MATCHERS, max_size=2),
                "continue": st.booleans(),
                "routes": below,
            }
        ),
        max_size=4,
    )


def label_sets(found: Config) -> list[dict[str, str]]:
    kinds = {name: one.representatives() for name, one in distinctions(found).items()}
    return [
        {name: value for name, value in zip(kinds, values, strict=True) if value} for values in product(*kinds.values())
    ]


@settings(max_examples=150, deadline=None)
@given(routes(2))
def test_a_route_is_called_dead_exactly_when_no_label_set_reaches_it(tree):
    found = config({"route": {"receiver": "root", "routes": tree}})
    ways = [
        {one.route.path for one in visits(found, labels) if one.outcome in ("taken", "ends")}
        for labels in label_sets(found)
    ]
    reached = set().union(*ways)
    dead = {route.path for route in found.routes() if route.path not in reached and route.path[:-1] in reached}
    told = [one for one in lint(found) if one.code.id in ("WB460", "WB461")]
    assert len(told) == len(dead)
    idle = 0
    for route in found.routes():
        later = {(*route.path[:-1], number) for number in range(route.path[-1] + 1, 9)} if route.path else set()
        if route.goes_on and route.path in reached:
            idle += not any(route.path in paths and later & paths for paths in ways)
    assert len([one for one in lint(found) if one.code.id == "WB462"]) == idle


SIDES = st.lists(MATCHERS, max_size=2)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "source_matchers": SIDES,
            "target_matchers": SIDES,
            "equal": st.lists(st.sampled_from(["x", "y"]), unique=True, max_size=2),
        }
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_two_rules_are_called_a_circle_exactly_when_two_alerts_silence_each_other(rules):
    found = config({"route": {"receiver": "root"}, "inhibit_rules": rules})
    told = {one.code.id for one in lint(found)}
    alerts = label_sets(found)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    firing = [firing_alerts(found, [one]) for one in alerts]
    silenced = {
        (here, there)
        for here, one in enumerate(alerts)
        for there, other in enumerate(firing)
        if here != there and follow(found, one, at, other).inhibited_by
    }
    assert ("WB465" in told) is any((there, here) in silenced for here, there in silenced)


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_a_rule_is_called_idle_exactly_when_it_silences_no_alert(rules):
    found = config({"route": {"receiver": "root"}, "inhibit_rules": rules[:1]})
    told = {one.code.id for one in lint(found)}
    alerts = label_sets(found)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    if found.inhibitions[0].equal:
        return  # then labels of other values count, which no matcher tells apart
    silences = any(follow(found, one, at, [other]).inhibited_by for one in alerts for other in alerts if one != other)
    if silences:
        assert "WB464" not in told


def week(name: str, *spans: tuple[int, int]) -> dict:
    """A time interval of minutes of the week, whole hours, that begins on Monday."""
    intervals = []
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for start, end in spans:
        for day in range(7):
            first, last = max(start, day * 24), min(end, day * 24 + 24)
            if first < last:
                times = [{"start_time": f"{first - day * 24:02}:00", "end_time": f"{last - day * 24:02}:00"}]
                intervals.append({"weekdays": [days[day]], "times": times})
    return {"name": name, "time_intervals": intervals}


SPANS = st.lists(
    st.tuples(st.sampled_from([0, 8, 24, 60, 100, 144]), st.sampled_from([8, 24, 60, 100, 144, 168])), max_size=4
)


@settings(max_examples=100, deadline=None)
@given(SPANS, SPANS)
def test_a_route_is_called_silent_exactly_when_every_hour_of_the_week_is(active, muted):
    route = {"matchers": ["x=1"], "active_time_intervals": ["on"], "mute_time_intervals": ["off"]}
    value = {
        "route": {"receiver": "root", "routes": [route]},
        "time_intervals": [week("on", *active), week("off", *muted)],
    }
    found = config(value)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    told_at = [follow(found, {"x": "1"}, start + timedelta(hours=hour, minutes=30)).told for hour in range(168)]
    silent = {one.code.id for one in lint(found)} & {"WB466", "WB467"}
    assert bool(silent) is not any(told_at)


@pytest.mark.parametrize(
    "interval, never",
    [
        ({"months": ["february"], "days_of_month": ["30:31"]}, True),
        ({"months": ["february"], "days_of_month": ["29"]}, False),
        ({"months": ["april"], "days_of_month": ["-31"]}, True),
        ({"days_of_month": ["31"], "weekdays": ["monday"]}, False),
        ({"times": []}, True),
        ({"years": ["2020:2021"]}, False),
        ({}, False),
    ],
)
def test_an_interval_that_never_holds_is_known(interval, never):
    route = {"matchers": ["x=1"], "active_time_intervals": ["on"]}
    value = {
        "route": {"receiver": "root", "routes": [route]},
        "time_intervals": [{"name": "on", "time_intervals": [interval]}],
    }
    assert ("WB467" in {one.code.id for one in lint(config(value))}) is never


@pytest.mark.parametrize(
    "zones, told", [(("Europe/Lisbon", "Europe/Lisbon"), True), (("Europe/Lisbon", "Asia/Tokyo"), False)]
)
def test_hours_of_different_zones_are_not_added_up(zones, told):
    halves = [("00:00", "12:00"), ("12:00", "24:00")]
    intervals = [
        {"name": name, "time_intervals": [{"times": [{"start_time": start, "end_time": end}], "location": zone}]}
        for name, (start, end), zone in zip("ab", halves, zones, strict=True)
    ]
    route = {"matchers": ["x=1"], "mute_time_intervals": ["a", "b"]}
    value = {"route": {"receiver": "root", "routes": [route]}, "time_intervals": intervals}
    assert ("WB466" in {one.code.id for one in lint(config(value))}) is told


def test_what_takes_the_alerts_of_a_dead_route_is_shown_with_one_of_them():
    text = (
        "route:\n  receiver: root\n  routes:\n"
        "  - {matchers: ['severity=~\"critical|page\"'], receiver: a}\n"
        "  - {matchers: [severity=critical, team=b], receiver: b}\n"
        "receivers: [{name: root, webhook_configs: [{url: 'http://r'}]}, {name: a}, {name: b}]\n"
    )
    (found,) = lint_text(text.encode(), "am.yml")
    assert found.message == (
        'no alert reaches {severity="critical",team="b"}: an alert with {severity="critical", team="b"}, for example, goes to `a`'
    )
    assert [(one.where.line, one.text) for one in found.related] == [(4, "this takes it")]
    (same,) = lint_text(text.replace("receiver: b}", "receiver: a}").replace(", {name: b}", "").encode(), "am.yml")
    assert (same.code.id, same.level) == ("WB461", "warning")


def test_patterns_that_cannot_be_compared_give_no_finding():
    heavy = [f'x=~"(.*{letter}.{{60}}){{2}}"' for letter in "abcdef"]
    tree = [{"receiver": "a", "matchers": [one]} for one in heavy]
    found = config({"route": {"receiver": "root", "routes": [*tree, *tree]}})
    assert {one.code.id for one in lint(found)} <= {"WB478"}


TREES = sorted((TOP / "tests" / "golden" / "trees").rglob("alertmanager.yml")) + sorted(
    (TOP / "generated").rglob("alertmanager.yml")
)


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(TOP)))
def test_the_trees_that_the_compiler_writes_are_sound(path):
    assert lint_text(path.read_bytes(), str(path)) == []


@settings(max_examples=15, deadline=None)
@given(workspaces())
def test_the_trees_of_any_workspace_are_sound(workspace, files):
    _sound(workspace(files))


def test_the_trees_of_a_company_are_sound(workspace):
    _sound(workspace(company(teams=6, rules=200)))


def _sound(root: Path) -> None:
    found, _, _ = read_workspace(root, cache=False)
    assert found is not None
    for environment in found.environments:
        value = configuration(found, environment)
        assert value is None or lint(config(value, ours=True)) == []


def test_the_corpus_has_no_finding_that_is_not_true_of_it(corpora, run):
    """Each was looked at: the receivers are named by no route, and nothing follows or can follow the two `continue`."""
    folder = corpora / "alertmanager-configs"
    told = []
    for path in sorted(folder.rglob("*.yml")):
        name = path.relative_to(folder).as_posix()
        found = lint_text(path.read_bytes(), name)
        told += [(name, one.code.id, one.where.line) for one in found if not "WB470" <= one.code.id <= "WB477"]
    assert told == [
        ("cli/testdata/conf.routing-reverted.yml", "WB462", 14),
        ("config/testdata/conf.good.yml", "WB478", 103),
        ("config/testdata/conf.good.yml", "WB478", 107),
        ("config/testdata/conf.good.yml", "WB478", 110),
        ("config/testdata/conf.good.yml", "WB478", 114),
        ("config/testdata/conf.mattermost-both-webhook-url-and-file.yml", "WB478", 11),
        ("config/testdata/conf.mattermost-default-webhook-url-file.yml", "WB478", 10),
        ("config/testdata/conf.mattermost-default-webhook-url.yml", "WB478", 10),
        ("config/testdata/conf.telegram-both-bot-token-and-file.yml", "WB478", 11),
        ("config/testdata/conf.telegram-default-bot-token-file.yml", "WB478", 10),
        ("config/testdata/conf.telegram-default-bot-token.yml", "WB478", 10),
        ("doc/examples/simple.yml", "WB462", 77),
    ]


def test_a_configuration_can_be_checked_without_a_workspace(run, tmp_path):
    (tmp_path / "am.yml").write_text("route: {receiver: a}\nreceivers: [{name: a}, {name: b}]\n")
    ran = run("check", "--config", "am.yml", cwd=tmp_path)
    assert (ran.exit, "note[WB478] no route leads to receiver `b`" in ran.out) == (0, True)
    assert "--> am.yml:2:24" in ran.out
    (tmp_path / "sound.yml").write_text("route: {receiver: a}\nreceivers: [{name: a}]\n")
    ran = run("check", "--config", "sound.yml", cwd=tmp_path)
    assert (ran.exit, ran.out, ran.err) == (0, "", "1 configuration read: nothing to say against them.\n")
    ran = run("check", "--config", "none.yml", cwd=tmp_path)
    assert (ran.exit, "error[WB001]" in ran.out) == (1, True)
    assert run("check", "--config", cwd=tmp_path).exit == 64
    assert run("check", "--config", "--rules", "am.yml", cwd=tmp_path).exit == 64


BASE = """\
route:
  receiver: operations
  routes:
  - {matchers: [team="shop", severity="critical"], receiver: old-shop}
  - {matchers: [team="cards"], receiver: cards}
receivers: [{name: operations}, {name: old-shop}, {name: cards}]
"""


def beside(small: str, base: str) -> dict[str, str]:
    text = small.replace(
        "alertmanager: {url: http://localhost:9093}", "alertmanager: {url: http://a:9093, base: base.yml}"
    )
    return {"policies/watchbill.yaml": text, "policies/base.yml": base}


def test_a_route_of_the_base_whose_alerts_the_policies_take_can_go(small, workspace, findings):
    (found,) = findings(workspace(beside(small, BASE)))
    assert (found.code, found.level, found.file, found.place[0]) == ("WB461", "note", "policies/base.yml", 4)
    assert "goes to `shop-critical`" in found.message
    assert findings(workspace(beside(small, BASE.replace('team="shop", ', "")))) == []


def test_what_is_wrong_with_the_base_alone_is_told_once(small, workspace, findings):
    base = BASE.replace('team="shop", severity="critical"', 'team="cards"')
    (found,) = findings(workspace(beside(small, base)))
    assert (found.code, found.level, found.place[0]) == ("WB461", "error", 5)


def test_a_rule_of_the_base_that_closes_a_circle_with_ours_is_found(small, workspace, findings):
    text = small.replace(
        "severity: critical, expr: 'up{job=\"web\"} == 0'",
        "levels: {critical: {params: {limit: 1}}, high: {params: {limit: 2}}}, params: {limit: {type: number, default: 3}}, expr: 'web > ${limit}'",
    )
    rule = "inhibit_rules:\n- {source_matchers: [severity=high], target_matchers: [severity=critical], equal: [service, alertname]}\n"
    base = BASE.replace('  - {matchers: [team="shop", severity="critical"], receiver: old-shop}\n', "").replace(
        ", {name: old-shop}", ""
    )
    found = findings(workspace(beside(text, base + rule)))
    assert [(one.code, one.level, one.file) for one in found] == [("WB465", "error", "policies/base.yml")]
