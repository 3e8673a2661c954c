"""The engine against a real Alertmanager: the same receivers, the same inhibition, the same muting, for every alert."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from live_alertmanager import Key, Live, key, running, wait_for

from generator.configurations import (
    configuration,
    inhibit_rule,
    label_set,
    odd_label_set,
    of_doubtful_matchers,
    wide,
    wide_label_sets,
)
from watchbill.routing import Config, Firing, ends, firing_alerts, follow, read

pytestmark = pytest.mark.tools
ZONES = ["UTC", "Europe/Lisbon", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", None]


def understood(value: Mapping[str, Any]) -> Config:
    config, told = read(value)
    assert config is not None, told
    return config


def distinct(draw: random.Random, number: int) -> list[dict[str, str]]:
    found: dict[Key, dict[str, str]] = {}
    while len(found) < number:
        labels = label_set(draw)
        found[key(labels)] = labels
    return list(found.values())


def accepted(draw: random.Random) -> dict[str, Any]:
    while True:
        value = configuration(draw)
        if read(value)[0] is not None:
            return value


def test_every_alert_goes_to_the_receivers_of_a_real_alertmanager(alertmanager: Path, tmp_path: Path) -> None:
    draw = random.Random(20)
    trees = [accepted(draw) for _ in range(24)]
    alerts = distinct(draw, 500)
    compared = 0
    with running(alertmanager, tmp_path, trees[0]) as live:
        live.post(alerts)
        for value in trees:
            live.load(value)
            config = understood(value)
            answers = live.alerts()
            for labels in alerts:
                theirs = [one["name"] for one in answers[key(labels)]["receivers"]]
                assert theirs == [route.receiver for route in ends(config, labels)], (value, labels)
                compared += 1
    assert compared == 12_000


def test_a_matcher_that_the_two_parsers_read_differently_means_what_a_real_alertmanager_takes_it_for(
    alertmanager: Path, tmp_path: Path
) -> None:
    draw = random.Random(24)
    trees = [value for value in (of_doubtful_matchers(draw) for _ in range(400)) if read(value)[0] is not None][:40]
    alerts = list({key(one): one for one in (odd_label_set(draw) for _ in range(250))}.values())
    assert len(trees) == 40
    with running(alertmanager, tmp_path, trees[0]) as live:
        live.post(alerts)
        for value in trees:
            live.load(value)
            config, answers = understood(value), live.alerts()
            for labels in alerts:
                theirs = [one["name"] for one in answers[key(labels)]["receivers"]]
                assert theirs == [route.receiver for route in ends(config, labels)], (value, labels)


def test_ten_thousand_alerts_find_their_way_through_a_wide_tree_as_in_a_real_alertmanager(
    alertmanager: Path, tmp_path: Path
) -> None:
    draw = random.Random(21)
    value = wide(draw)
    alerts = list({key(one): one for one in wide_label_sets(draw, 10_000)}.values())
    config = understood(value)
    with running(alertmanager, tmp_path, value) as live:
        live.post(alerts)
        answers = live.alerts()
    for labels in alerts:
        theirs = [one["name"] for one in answers[key(labels)]["receivers"]]
        assert theirs == [route.receiver for route in ends(config, labels)], labels


def disagreeing(live: Live, firing: Firing, alerts: list[dict[str, str]]) -> list[Any]:
    """The alerts of which Alertmanager names another source; it names that of the first rule only."""
    answers = live.alerts()
    prints = {name: one["fingerprint"] for name, one in answers.items()}
    found = []
    for labels in alerts:
        ours, _ = firing.inhibiting(labels)
        if answers[key(labels)]["status"]["inhibitedBy"] != [prints[key(one.source)] for one in ours[:1]]:
            found.append((labels, ours))
    return found


def test_what_inhibits_an_alert_is_what_a_real_alertmanager_says(alertmanager: Path, tmp_path: Path) -> None:
    draw = random.Random(22)
    inhibited = doubtful = 0
    for number in range(8):
        value = accepted(draw) | {"inhibit_rules": []}
        while not value["inhibit_rules"] or read(value)[0] is None:
            value["inhibit_rules"] = [inhibit_rule(draw) for _ in range(6)]
        alerts = distinct(draw, 150)
        firing = firing_alerts(understood(value), alerts)
        with running(alertmanager, tmp_path / str(number), value) as live:
            live.post(alerts)
            wait_for(partial(_agreed, live, firing, alerts))
        for labels in alerts:
            by, perhaps = firing.inhibiting(labels)
            inhibited += bool(by)
            doubtful += bool(perhaps) or any(not one.certain for one in by)
    assert inhibited > 100
    assert doubtful > 10


def _agreed(live: Live, firing: Firing, alerts: list[dict[str, str]]) -> bool:
    return not disagreeing(live, firing, alerts)


def spans(draw: random.Random, now: datetime) -> dict[str, Any]:
    """A time interval near the present: each part holds now, or just not."""
    zone = draw.choice(ZONES)
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    found: dict[str, Any] = {}
    if draw.random() < 0.6:
        hour = local.hour
        before, after = f"{hour:02}:00", f"{hour + 1:02}:00"
        choices = [[(before, after)], [("00:00", "24:00")]]
        choices += [[("00:00", before)]] if hour else []
        choices += [[(after, "24:00")]] if hour < 23 else []
        found["times"] = [{"start_time": start, "end_time": end} for start, end in draw.choice(choices)]
    if draw.random() < 0.4:
        found["weekdays"] = draw.choice(
            [[f"{local:%A}".lower()], [f"{local:%A}"], ["monday:friday"], ["saturday:sunday"[:8]]]
        )
    if draw.random() < 0.4:
        found["days_of_month"] = [
            draw.choice([str(local.day), "1:15", "-10:-1", "-31:-1", "16:-1", "31", f"{local.day}:31"])
        ]
    if draw.random() < 0.3:
        found["months"] = [draw.choice([str(local.month), f"{local:%B}", "1:6", "july:december"])]
    if draw.random() < 0.3:
        found["years"] = [draw.choice([str(local.year), "2000:2020", f"2000:{local.year + 1}"])]
    return found | ({"location": zone} if zone is not None else {})


def test_what_mutes_a_route_now_is_what_a_real_alertmanager_says(alertmanager: Path, tmp_path: Path) -> None:
    draw = random.Random(23)
    now = datetime.now(UTC)
    names = [f"i{number}" for number in range(120)]
    intervals = [
        {"name": name, "time_intervals": [spans(draw, now) for _ in range(draw.choice([1, 1, 2]))]} for name in names
    ]
    routes = []
    for number in range(400):
        route: dict[str, Any] = {"matchers": [f'n="{number}"'], "receiver": "r"}
        if draw.random() < 0.6:
            route["active_time_intervals"] = draw.sample(names, draw.choice([1, 2]))
        if draw.random() < 0.6:
            route["mute_time_intervals"] = draw.sample(names, draw.choice([1, 2]))
        routes.append(route)
    value = {
        "route": {"receiver": "r", "group_wait": "0s", "group_by": ["n"], "routes": routes},
        "receivers": [{"name": "r"}],
        "time_intervals": intervals[:60],
        "mute_time_intervals": intervals[60:],
    }
    config = understood(value)
    alerts = [{"n": str(number)} for number in range(400)]
    with running(alertmanager, tmp_path, value) as live:
        live.post(alerts)

        def agreed() -> dict[str, tuple[str, ...]] | None:
            theirs = {
                one["labels"]["n"]: tuple(dict.fromkeys(one["status"]["mutedBy"]))
                for group in live.groups()
                for one in group["alerts"]
            }
            ours = {one["n"]: follow(config, one, datetime.now(UTC)).arrivals[0].muted_by for one in alerts}
            return ours if ours == theirs else None

        found = wait_for(agreed)
    assert 100 < sum(bool(by) for by in found.values()) < 380
    assert sum(follow(config, one, now).arrivals[0].inactive != () for one in alerts) > 20
    assert sum(follow(config, one, now).arrivals[0].muted != () for one in alerts) > 20
