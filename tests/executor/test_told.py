"""Real processes: a webhook comes in, and people are told; or cannot be, and the next ones are."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from executor import test_serve
from executor.people_stand_in import ROUTING_KEY, People
from executor.test_engine import until
from executor.test_intake import PATH, alert, webhook

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


def test_tokens_and_connections_that_change_hold_without_a_restart_and_what_is_broken_changes_nothing(
    tmp_path,
    serve,
    people,
    quick,
):
    arguments, environment = connections(tmp_path, webhook_web=f"{people.url}/hook")
    environment["URL_slack_web"] = f"{people.url}/slack"
    reached, tokens = tmp_path / "connections.toml", tmp_path / "tokens"
    tokens.write_text("the-old-one")
    served = serve(f"sqlite:///{tmp_path / 'store.db'}", "--tokens", str(tokens), *arguments, **environment)

    def post(token: str, deployment: str) -> int:
        body = webhook(alert(labels={"deployment": deployment}, fingerprint=deployment))
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{served.address}{PATH}", content=body, headers=headers, timeout=20).status_code

    def changed(path: Path, content: bytes | None, told: str) -> None:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        served.process.send_signal(signal.SIGHUP)
        until(lambda: any(line["message"].startswith(told) for line in served.lines))

    kept = "{} is not taken, and the one before stays in force: "
    for content, why in ((b"\xff", "it is not UTF-8"), (b"# none", "it holds no token"), (None, "it cannot be read")):
        changed(tokens, content, kept.format("the tokens' file") + why)
        assert post("the-old-one", "web-a") == 200
    changed(reached, b"[outward.nobody]", kept.format("the connections' file") + "Object contains unknown field")
    assert post("the-old-one", "web-d") == 200
    until(lambda: any("web-d" in json.dumps(one) for one in people.documents))
    changed(tokens, b"the-new-one", "new tokens are in force")
    assert (post("the-old-one", "web-b"), post("the-new-one", "web-b")) == (401, 200)
    assert not people.texts
    changed(reached, b'[outward.slack.web]\nurl = {env = "URL_slack_web"}\n', "new connections are in force")
    assert post("the-new-one", "web-c") == 200
    until(lambda: any("web-c" in text for text in people.texts))
    assert served.stop() == 0
    assert not served.told("an effect failed")
    assert "the-new-one" not in json.dumps(served.lines)
