"""Real processes: a webhook comes in, and people are told; or cannot be, and the next ones are."""

import json
from pathlib import Path
from typing import Any

import pytest

from executor import test_serve
from executor.people_stand_in import ROUTING_KEY, People
from executor.test_engine import until
from executor.test_intake import alert, webhook

serve = test_serve.serve  # the fixture


@pytest.fixture
def people():
    server = People()
    yield server
    server.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The plan, its pages sent by the executor, and its steps a second apart."""
    plan = json.loads(test_serve.PLAN)
    plan["teams"]["web"]["paging"] = "native"
    for step in plan["escalations"]["level-1"]["steps"]:
        step["wait"] = "1s"
    plan["escalations"]["level-1"]["repeat"] = 0
    monkeypatch.setattr(test_serve, "PLAN", json.dumps(plan))
    return plan


def connections(folder: Path, **urls: str) -> tuple[list[str], dict[str, str]]:
    """`slack_web=URL`, as a file and what its references lead to."""
    lines, environment = [], {"KEY": ROUTING_KEY}
    for name, url in urls.items():
        way, _, team = name.partition("_")
        environment[f"URL_{name}"] = url
        given = (
            f'url = {{env = "URL_{name}"}}' if way != "pagerduty" else f'url = "{url}"\nrouting_key = {{env = "KEY"}}'
        )
        lines.append(f"[outward.{way}.{team}]\n{given}\n")
    path = folder / "connections.toml"
    path.write_text("\n".join(lines))
    return ["--connections", str(path)], environment


def test_a_refusal_and_an_escalation_that_nobody_answers_reach_people_and_what_was_opened_is_closed(
    tmp_path,
    serve,
    people,
    quick,
    run,
):
    arguments, environment = connections(
        tmp_path,
        slack_web=f"{people.url}/slack",
        webhook_web=f"{people.url}/hook",
        pagerduty_web=f"{people.url}/enqueue",
    )
    database = f"sqlite:///{tmp_path / 'store.db'}"
    served = serve(database, *arguments, **environment)
    labels = {"deployment": "db; rm -rf / <!channel>"}
    assert served.post(webhook(alert(labels=labels))) == 200
    until(lambda: any(one["to"] == [{"name": "bo", "why": "secondary of web"}] for one in people.documents))
    until(lambda: any("✋" in text for text in people.texts))
    (incident,) = {one["incident"] for one in people.documents}
    pages = [(one["to"][0]["name"], one["text"]) for one in people.documents if one["kind"] == "page"]
    assert pages[:2] == [
        ("ana", "an alert fires (step 1, round 1)"),
        ("bo", "nobody has acknowledged (step 2, round 1)"),
    ]
    refused = next(text for text in people.texts if "✋" in text)
    assert "is held back (input-not-allowed): deployment has a value that is not on the list" in refused
    assert all("<!channel>" not in text for text in people.texts)
    assert f"watchbill/production/{incident}" in people.alerts
    scraped = served.get("/metrics").text
    assert 'watchbill_messages_total{channel="slack",outcome="delivered"}' in scraped
    assert run("ack", incident, "--as", "ana", "--database", database, cwd=tmp_path).exit == 0
    ended = alert(labels=labels, status="resolved", endsAt="2026-03-01T04:00:00Z")
    assert served.post(webhook(ended, status="resolved")) == 200
    until(lambda: not people.alerts and any(one["ends"] for one in people.documents))
    assert served.stop() == 0
    assert not served.told("an effect failed")
    assert ROUTING_KEY not in json.dumps(served.lines)
    assert people.url not in json.dumps(served.lines)


def test_when_no_channel_takes_it_the_next_step_is_taken_at_once_and_the_start_says_whom_nothing_wakes(
    tmp_path,
    serve,
    people,
    quick,
):
    arguments, environment = connections(tmp_path, slack_web=f"{people.url}/status/410")
    served = serve(f"sqlite:///{tmp_path / 'store.db'}", *arguments, **environment)
    assert served.post(webhook(alert())) == 200

    def steps() -> list[tuple[int, bool]]:
        return [
            (one["decision"]["step"], one["decision"].get("last_resort", False)) for one in served.told("escalated")
        ]

    until(lambda: (0, True) in steps())
    assert steps() == [(1, False), (2, False), (0, True)]
    assert served.stop() == 0
    told = [one["decision"] for one in served.told("told") if one["decision"]["what"] == "not delivered"]
    assert any(one["detail"].endswith("slack.web it answers 410") for one in told)
    (unwoken,) = [line for line in served.lines if line.get("teams")]
    assert unwoken["message"] == "teams that may be paged have no connection that wakes them"
    assert unwoken["teams"] == ["web"]
