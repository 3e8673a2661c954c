"""What reaches people: what is said, by which connections, and what happens when one of them fails."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from executor.people_stand_in import ROUTING_KEY, People
from executor.small_plan import plan_text
from watchbill.executor.connections import Connections, Outward, PagerDuty, Reference, Slack, Webhook
from watchbill.executor.core import State, reduce
from watchbill.executor.core.effects import Ask, Close, Effect, Message, Note, Page, Recipient
from watchbill.executor.core.events import (
    Delivered,
    Events,
    LeftOpen,
    MessageSettled,
    MonitoringReported,
    PlanLoaded,
    Reported,
)
from watchbill.executor.core.state import Question
from watchbill.executor.handlers import HANDLERS, Again, Outside, Work
from watchbill.executor.outward import routes, sending
from watchbill.executor.outward.channels import CHANNELS, channel
from watchbill.executor.plan import read

NOW = 1_780_300_800_000  # Monday 2026-06-01 08:00 UTC
SLOW = {"alertname": "Slow", "service": "shop", "severity": "critical", "deployment": "web-a", "env": "production"}
SECRET = "signed-and-sealed"  # noqa: S105
NUMBERS = itertools.count()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    monkeypatch.setattr(sending, "_KNOWN", sending._Known())
    monkeypatch.setenv("ROUTING_KEY", ROUTING_KEY)
    monkeypatch.setenv("SECRET", SECRET)
    server = People()
    yield server
    server.close()


class World:
    """A plan, the core, and what this installation can reach. Paths are the stand-in's; `urls` are secrets."""

    def __init__(self, people: People, monkeypatch: pytest.MonkeyPatch, paging: str = "native", **plan: Any) -> None:
        self.people, self.monkeypatch, self.now = people, monkeypatch, NOW
        whole = json.loads(plan_text(**plan))
        for team in whole["teams"].values():
            team["paging"] = paging
        self.state = State()
        self.take(PlanLoaded(text=json.dumps(whole)))
        self.connections = Connections()
        self.counted: list[tuple[str, str]] = []

    def reached(self, **paths: str) -> "World":
        """`slack_web="/slack"` is `[outward.slack.web]`."""
        found: dict[str, dict[str, Any]] = {"pagerduty": {}, "slack": {}, "webhook": {}}
        for name, path in paths.items():
            way, _, team = name.partition("_")
            url = f"{self.people.url}{path}"
            self.monkeypatch.setenv(f"URL_{name}", url)
            reference = Reference(env=f"URL_{name}")
            if way == "pagerduty":
                found[way][team] = PagerDuty(routing_key=Reference(env="ROUTING_KEY"), url=url)
            elif way == "slack":
                found[way][team] = Slack(url=reference)
            else:
                found[way][team] = Webhook(url=reference, secret=Reference(env="SECRET"))
        self.connections = Connections(outward=Outward(**found))
        return self

    def take(self, event: Events) -> tuple[Effect, ...]:
        step = reduce(self.state, event, getattr(self, "now", NOW))
        self.state = step.state
        return step.effects

    def fire(self, labels: dict[str, str] = SLOW, summary: str = "web-a is slow", **more: Any) -> tuple[Effect, ...]:
        alert = Reported("f", "firing", labels, self.now, annotations={"summary": summary})
        return self.take(
            Delivered(delivery="0", environment="production", alerts=(msgspec.structs.replace(alert, **more),))
        )

    def do(self, effect: Effect, attempt: int = 1) -> Events | Again:
        outside = Outside(
            state=lambda: self.state,
            now=lambda: self.now,
            keep=lambda *_: "",
            note=lambda *_: None,
            connections=self.connections,
            sent=lambda *given: self.counted.append(given),
        )
        return sending.handle(Work(effect.key, effect.body, attempt, lambda: True), outside)

    def settle(self, effect: Effect) -> MessageSettled:
        """Tried until it is settled, as the lane does, without its waits."""
        for attempt in range(1, 9):
            answer = self.do(effect, attempt)
            if not isinstance(answer, Again):
                assert isinstance(answer, MessageSettled)
                return answer
        raise AssertionError(answer)

    @property
    def incident(self) -> Any:
        (one,) = self.state.incidents.values()
        return one


@pytest.fixture
def world(people, monkeypatch) -> World:
    return World(people, monkeypatch)


def only(effects: tuple[Effect, ...], kind: type) -> Effect:
    return next(one for one in effects if isinstance(one.body, kind))


def note(world: World, reason: str = "refused:cooldown", text: str = "restart is held back", *to: Recipient) -> Effect:
    who = to or (Recipient("primary of web", "ana"),)
    identity = world.incident.id
    return Effect(f"{identity}/note/{reason}", Note(incident=identity, to=who, reason=reason, text=text))


# The table


def test_every_kind_that_tells_people_has_a_handler_and_every_channel_its_line_and_its_connections():
    assert {kind for kind, module in HANDLERS.items() if module == sending.__name__} == {
        *("page", "note", "message", "ask", "close")
    }
    assert set(CHANNELS) == {field.name for field in msgspec.structs.fields(Outward)}
    assert {name for name in CHANNELS if channel(name).wakes} == {"pagerduty", "webhook"}


# What is said


def test_a_page_wakes_by_pagerduty_and_says_what_happened_and_how_to_acknowledge_it(world, people):
    page = only(world.fire(), Page)
    settled = world.reached(pagerduty_web="/enqueue").settle(page)
    (event,) = people.events
    key = f"watchbill/production/{world.incident.id}"
    assert (event["event_action"], event["dedup_key"], event["routing_key"]) == ("trigger", key, ROUTING_KEY)
    payload = event["payload"]
    assert payload["summary"] == "critical: web-a is slow"
    assert (payload["severity"], payload["group"], payload["component"]) == ("critical", "web", "shop")
    assert payload["timestamp"] == "2026-06-01T08:00:00.000+00:00"
    details = payload["custom_details"]
    assert details["answer with"] == f"watchbill ack {world.incident.id} --as ana"
    assert details["for"] == "ana (primary of web)"
    assert details["text"] == "an alert fires (step 1, round 1)"
    assert details["labels"]["deployment"] == "web-a"
    assert event["links"] == [{"href": "http://wiki.example/slow", "text": "Runbook"}]
    assert settled.arrived
    assert settled.opened == (LeftOpen("pagerduty", "web", key),)
    assert world.counted == [("pagerduty", "delivered")]


def test_whoever_is_woken_because_monitoring_is_broken_reads_what_is_and_has_nothing_to_acknowledge(world, people):
    (page,) = world.take(MonitoringReported(part="alertmanager", healthy=False, detail="HTTP 502"))
    assert world.reached(pagerduty_web="/enqueue").settle(page).arrived
    (event,) = people.events
    assert event["payload"]["summary"] == "critical: alertmanager cannot be believed: HTTP 502"
    assert event["payload"]["severity"] == "critical"
    assert "ack" not in json.dumps(event)


def test_a_question_says_what_it_would_touch_how_long_is_left_and_both_answers(world, people):
    world.fire({**SLOW, "service": "guard", "alertname": "Break", "app": "cart"}, "somebody is in the cart")
    identity = world.incident.id
    question = f"{identity}/approval/9"
    ask = Ask(
        incident=identity,
        question=question,
        to=(Recipient("primary of web", "ana"), Recipient("role ciso", "noor")),
        text="Run isolate for somebody is in the cart? (risk is high)",
        count=2,
        expires_at=NOW + 10 * 60_000,
        remediation="isolate",
        risk="high",
        targets=("kubernetes/main/shop/cart",),
    )
    world.reached(slack_web="/slack", webhook_web="/hook")
    gone = world.settle(Effect("k", ask))
    assert (gone.arrived, gone.detail) == (True, "the question does not stand any more")
    assert people.texts == []
    standing = msgspec.structs.replace(world.incident, questions=(Question(question),))
    world.state.incidents = world.state.incidents.changed({standing.slot: standing})
    assert world.settle(Effect("k", ask)).arrived
    (team,) = people.texts  # nobody is told twice in one place
    assert "❓ *Run isolate for a confidential incident (breach)? (risk is high)*" in team
    assert "Risk: high. It would touch: kubernetes/main/shop/cart. 2 of those who are asked must agree." in team
    assert "For <@U1> (primary of web), <@U4> (role ciso)" in team
    assert "10 minutes are left." in team
    command = f"watchbill approve {identity} --question {question} --as YOU"
    assert f"`{command}`\n`{command} --no`" in team
    (document,) = people.documents
    assert (document["version"], document["kind"], document["topic"]) == (1, "ask", "question")
    assert (document["minutes_left"], document["commands"]) == (10, [command, f"{command} --no"])
    assert "labels" not in document
    assert "in the cart" not in json.dumps(document)


def test_a_webhook_is_signed_and_carries_the_same_key_for_every_try(world, people):
    page = only(world.fire(), Page)
    world.reached(webhook_web="/status/503")
    assert isinstance(world.do(page), Again)
    world.reached(webhook_web="/hook")
    assert world.settle(page).arrived
    (_, busy, _), (_, headers, body) = people.asked
    assert busy["idempotency-key"] == headers["idempotency-key"] == page.key
    seconds, _, digest = headers["watchbill-signature"].removeprefix("t=").partition(",v1=")
    wanted = hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert (int(seconds), digest) == (NOW // 1000, wanted)
    document = people.documents[0]
    assert document["commands"] == [f"watchbill ack {world.incident.id} --as ana"]
    assert (document["wakes"], document["ends"]) == (True, False)


def test_where_alertmanager_has_paged_pagerduty_the_steps_wake_nobody_twice_and_the_last_resort_is_woken(
    people, monkeypatch
):
    world = World(people, monkeypatch, "pagerduty").reached(pagerduty_web="/enqueue")
    page = only(world.fire(), Page)
    assert world.settle(page).arrived
    beside = msgspec.structs.replace(page.body, step=0, round=0, reason="the last resort")
    assert world.settle(Effect("x/page/9", beside)).arrived
    assert world.settle(Effect("x/page/10", beside)).arrived
    assert [one["payload"]["severity"] for one in people.notified] == ["info", "critical"]
    world.reached(pagerduty_web="/enqueue", slack_web="/slack")
    assert world.settle(Effect("x/page/11", page.body)).arrived
    assert len(people.texts) == 1
    assert len(people.events) == 3  # what is only to be read is read where one reads


def test_refusals_are_noticed_without_waking_anybody_and_the_same_one_is_one_alert(world, people):
    world.fire()
    world.reached(pagerduty_web="/enqueue", slack_web="/slack")
    for number, reason in enumerate(("refused:cooldown", "refused:cooldown", "refused:storm", "escalated", "channel")):
        effect = note(world, reason)
        assert world.settle(Effect(f"{effect.key}/{number}", effect.body)).arrived
    assert [one["payload"]["severity"] for one in people.notified] == ["warning"] * 3
    assert len(people.events) == 4
    assert len(people.texts) == 5


def test_what_was_opened_in_pagerduty_is_resolved_when_the_incident_is_over_and_only_that(world, people):
    page = only(world.fire(), Page)
    world.reached(pagerduty_web="/enqueue")
    refused = note(world)
    for effect in (page, refused):
        world.take(world.settle(effect))
    assert len(people.alerts) == 2
    ending = world.fire(status="resolved", ends_at=NOW)
    (told,) = [one for one in ending if isinstance(one.body, Note) and one.body.reason == "resolved"]
    assert world.settle(told).arrived
    assert len(people.alerts) == 2  # nothing new is opened to say that it is over
    close = only(ending, Close)
    assert world.settle(close).arrived
    assert people.alerts == {}
    late = world.take(msgspec.structs.replace(world.settle(note(world, "refused:storm"))))
    assert len(people.alerts) == 1
    assert world.settle(only(late, Close)).arrived
    assert people.alerts == {}


def test_an_incident_that_came_back_before_its_alerts_were_closed_keeps_them_until_it_is_over(world, people):
    page = only(world.fire(), Page)
    world.take(world.reached(pagerduty_web="/enqueue").settle(page))
    close = only(world.fire(status="resolved", ends_at=NOW), Close)
    world.now += 60_000
    world.fire()
    settled = world.settle(close)
    assert people.alerts
    world.take(settled)
    assert world.incident.opened == close.body.opened
    assert world.settle(only(world.fire(status="resolved", ends_at=world.now), Close)).arrived
    assert people.alerts == {}


# Messages of the plan


def message(audience: str = "incident", **more: Any) -> dict[str, Any]:
    body = more.pop("body", "{{ incident.title }} is {{ incident.severity }} since {{ incident.opened_at }}")
    return {"messages": {"it": {"audience": audience, "body": body, **more}}}


def said(world: World, **more: Any) -> str:
    body = Message(
        incident=world.incident.id, message="it", draft=more.get("draft", False), number=more.get("number", 1)
    )
    assert world.settle(Effect(f"{world.incident.id}/message/{next(NUMBERS)}", body)).arrived
    return world.people.texts[-1]


def test_a_message_is_written_from_its_template_and_a_draft_says_that_a_person_must_send_it(people, monkeypatch):
    world = World(people, monkeypatch, **message()).reached(slack_web="/slack")
    world.fire()
    text = said(world)
    assert "📝 *it*\nweb-a is slow is critical since 2026-06-01 08:00 UTC\n" in text
    drafted = said(world, draft=True, number=2)
    assert "*draft of it, number 2, for incident: a person must send it*" in drafted


def test_every_value_that_a_check_lets_a_message_name_is_there(people, monkeypatch):
    from watchbill.checks.messages import IMPACT, INCIDENT

    names = [f"incident.{name}" for name in INCIDENT] + [f"incident.impact.{name}" for name in IMPACT] + ["now"]
    body = "\n".join(f"{name}={{{{ {name} }}}}" for name in names)
    world = World(people, monkeypatch, **message(body=body)).reached(slack_web="/slack")
    world.fire()
    text = said(world)
    assert all(f"{name}=" in text for name in names)
    assert "incident.acknowledged_at=not known" in text
    assert f"incident.id={world.incident.id}" in text


def test_values_are_never_a_template_and_a_template_that_fails_is_told_to_a_person(people, monkeypatch):
    world = World(people, monkeypatch, **message()).reached(slack_web="/slack")
    world.fire(summary="{{ 7 * 7 }}{% for a in range(9) %}x{% endfor %} is slow")
    assert "{{ 7 * 7 }}{% for a in range(9) %}x{% endfor %} is slow is critical" in said(world)
    for body in ("{{ incident.nothing }}", "{{ incident.title.__class__.__mro__ }}", "{% for", "{{ 1 / 0 }}"):
        broken = World(people, monkeypatch, **message(body=body)).reached(slack_web="/slack")
        broken.fire()
        assert "message it cannot be written: " in said(broken)
        assert "A person must write it" in people.texts[-1]
    endless = World(people, monkeypatch, **message(body="{% for a in range(99999) %}{{ now }}{% endfor %}"))
    endless.reached(slack_web="/slack").fire()
    assert len(said(endless)) < 5000


def test_a_message_for_others_goes_to_their_own_connection_without_what_only_we_may_know(people, monkeypatch):
    world = World(people, monkeypatch, **message("customers", body="We know, and work on it."))
    world.reached(slack_customers="/slack", slack_web="/slack").fire()
    assert said(world) == "We know, and work on it."
    world.reached(slack_web="/slack")
    assert "*it, number 2, for customers: a person must pass it on*" in said(world, number=2)


# Who is reached, and by what


def names(world: World, effect: Effect) -> list[str]:
    world.settle(effect)
    return [line.split()[1] for line, _, _ in world.people.asked]


def test_a_team_without_a_connection_is_reached_by_default_then_by_who_takes_what_nobody_claims(world, people):
    stuck = {**SLOW, "service": "pipeline", "alertname": "Stuck", "deployment": "api"}
    page = only(world.fire(stuck), Page)
    page = msgspec.structs.replace(page, body=msgspec.structs.replace(page.body, to=Recipient("primary of data", "cy")))
    assert page.body.team == "data"
    everything = {"webhook_data": "/hook/data", "webhook_default": "/hook/default", "webhook_web": "/hook/web"}
    for expected in ("data", "default", "web"):
        people.asked.clear()
        world.reached(**everything)
        assert names(world, Effect(f"x/page/{expected}", page.body)) == [f"/hook/{expected}"]
        del everything[f"webhook_{expected}"]
    settled = world.reached().settle(Effect("x/page/none", page.body))
    assert not settled.arrived
    assert settled.detail == "no connection reaches data: [outward] has neither its team's nor `default`"


def test_people_are_reached_as_the_plan_in_force_says_though_the_incident_is_older(world, people):
    world.reached(webhook_web="/hook/web", webhook_data="/hook/data")
    page = only(world.fire(), Page)
    assert names(world, page) == ["/hook/web"]
    newer = json.loads(world.state.library[world.state.plan].text)
    newer["people"]["ana"]["team"] = "data"
    world.take(PlanLoaded(text=json.dumps(newer)))
    people.asked.clear()
    assert names(world, Effect(f"{page.key}0", page.body)) == ["/hook/data"]


def test_everybody_who_is_meant_is_reached_by_their_own_team_and_a_channel_by_its_own_name(world, people):
    world.fire()
    world.reached(
        slack_web="/slack/web", slack_data="/slack/data", slack_default="/slack/else", pagerduty_web="/enqueue"
    )
    whom = [Recipient("primary of web", "ana"), Recipient("primary of data", "cy"), Recipient("role ciso", "noor")]
    assert sorted(names(world, note(world, "also", "read this", *whom))) == ["/slack/data", "/slack/web"]
    people.asked.clear()
    channels = note(world, "channel", "read this", Recipient("#data", slack="#data"))
    assert names(world, channels) == ["/slack/data"]


@pytest.mark.parametrize(
    ("paths", "arrived", "asked"),
    [
        ({"pagerduty_web": "/status/400", "slack_web": "/slack"}, False, ["/status/400", "/slack"]),
        ({"pagerduty_web": "/status/400", "slack_web": "/slack", "pagerduty_default": "/enqueue"}, True, None),
        ({"slack_web": "/slack", "pagerduty_default": "/enqueue"}, True, ["/slack", "/enqueue"]),
        ({"slack_web": "/slack"}, True, ["/slack"]),  # nothing here wakes: the best there is
        ({"slack_web": "/status/410", "webhook_web": "/hook"}, True, ["/hook", "/status/410"]),
        ({"webhook_web": "/status/404", "webhook_default": "/status/410"}, False, ["/status/404", "/status/410"]),
    ],
)
def test_a_page_has_arrived_when_something_that_wakes_has_it_and_none_that_fails_keeps_another_from_being_tried(
    world, people, paths, arrived, asked
):
    page = only(world.fire(), Page)
    assert world.reached(**paths).settle(page).arrived is arrived
    tried = [line.split()[1] for line, _, _ in people.asked]
    assert tried == (asked or ["/status/400", "/slack", "/enqueue"])


def test_a_page_that_did_not_arrive_makes_the_core_take_the_next_step(world):
    page = only(world.fire(), Page)
    world.reached(webhook_web="/status/404")
    (second,) = [one for one in world.take(world.settle(page)) if isinstance(one.body, Page)]
    assert (second.body.step, second.body.to.person) == (2, "bo")
    assert second.body.reason == "the pages of the step before could not be delivered"


def test_a_refusal_that_did_not_arrive_is_told_to_the_last_resort(world):
    world.fire()
    world.reached(slack_web="/status/403")
    settled = world.settle(note(world))
    assert (settled.arrived, settled.detail) == (False, "slack.web it answers 403")
    pages = [one.body for one in world.take(settled) if isinstance(one.body, Page)]
    assert [(one.step, one.to.person) for one in pages] == [(0, "ana")]


def test_what_is_of_no_incident_and_what_is_of_one_that_is_forgotten_still_reach_somebody(world, people):
    world.reached(pagerduty_web="/enqueue", slack_web="/slack")
    stray = Note(to=(Recipient("last resort", "ana"),), reason="refused:unknown", text="x/act/1: nobody knows it")
    settled = world.settle(Effect("executor/note/1", stray))
    assert (settled.arrived, settled.opened) == (True, ())
    assert people.events[0]["dedup_key"] == "watchbill/production/executor/note/1"
    office = Recipient("role cto", email="cto@shop.example")
    forgotten = Note(incident="gone-1", to=(office,), reason="escalated", text="it is at its end")
    settled = world.settle(Effect("gone-1/note/4", forgotten))
    assert settled.arrived
    assert "For cto@shop.example (role cto)" in people.texts[1]
    assert world.take(settled)[0].body == Close(opened=settled.opened)
    gone = Message(incident="gone-1", message="it", draft=False)
    assert world.settle(Effect("gone-1/message/5", gone)).arrived
    assert "message it cannot be written: the plan has no such message" in people.texts[2]


# Every way to fail


@pytest.mark.parametrize("way", ["pagerduty", "slack", "webhook"])
@pytest.mark.parametrize("path", ["/status/400", "/status/403", "/status/404", "/status/410", "/redirect", "/huge"])
def test_what_is_final_is_not_tried_again(world, people, way, path):
    page = only(world.fire(), Page)
    answer = world.reached(**{f"{way}_web": path}).do(page)
    assert isinstance(answer, MessageSettled)
    assert answer.arrived == (way == "webhook" and path == "/huge")  # its head says 200, and that is all it need say
    assert len(people.asked) == 1


@pytest.mark.parametrize("way", ["pagerduty", "slack", "webhook"])
@pytest.mark.parametrize("path", ["/status/429", "/status/500", "/status/503", "/silent"])
def test_what_may_be_mended_is_tried_again(world, way, path):
    page = only(world.fire(), Page)
    assert isinstance(world.reached(**{f"{way}_web": path}).do(page), Again)


@pytest.mark.parametrize("path", ["/hang", "/drip", "/dripheaders", "/reset", "/cut", "/nonsense"])
def test_what_gives_no_answer_is_bounded_in_time_and_tried_again(world, people, monkeypatch, path):
    monkeypatch.setattr("watchbill.executor.outward.channels.SECONDS", 0.3)
    page = only(world.fire(), Page)
    answer = world.reached(webhook_web=path).do(page)
    assert isinstance(answer, Again)
    assert answer.detail.startswith("webhook.web ")
    assert people.url not in answer.detail


def test_nobody_at_the_address_and_a_secret_that_is_not_there_are_told_without_the_address(world, people, monkeypatch):
    page = only(world.fire(), Page)
    world.reached(webhook_web="/hook")
    people.close()
    monkeypatch.setenv("URL_webhook_web", "http://127.0.0.1:1/services/T0/B0/very-secret")
    answer = world.do(page)
    assert isinstance(answer, Again)
    assert "very-secret" not in answer.detail
    assert not world.settle(page).arrived
    monkeypatch.delenv("URL_webhook_web")
    settled = world.do(Effect("x/page/2", page.body))
    assert settled.detail == "webhook.web the environment variable URL_webhook_web holds nothing"


@pytest.mark.parametrize(
    ("path", "kind", "after"),
    [
        ("/later/429/7", "page", 7.0),
        ("/later/429/600", "page", 15.0),  # the core's next step is better than a page that late
        ("/later/503/90", "note", 90.0),
        ("/later/429/Mon,_01_Jun_2026_08:00:30_GMT", "note", 30.0),
        ("/later/429/99999999", "note", 600.0),
        ("/later/429/soon", "note", None),
    ],
)
def test_retry_after_is_kept_to_as_far_as_it_can_be(world, path, kind, after):
    page = only(world.fire(), Page)
    answer = world.reached(slack_web=path).do(page if kind == "page" else note(world))
    assert isinstance(answer, Again)
    assert answer.after == after


def test_what_took_it_is_not_told_again_while_another_is_tried_again(world, people):
    page = only(world.fire(), Page)
    world.reached(slack_web="/slack", pagerduty_web="/status/500")
    assert isinstance(world.do(page, 1), Again)
    assert isinstance(world.do(page, 2), Again)
    world.reached(slack_web="/slack", pagerduty_web="/enqueue")
    assert world.do(page, 3).arrived
    assert len(people.texts) == len(people.events) == 1


# Hostile values


@pytest.mark.parametrize(
    "value",
    [
        "<!channel> <@U2> <http://evil.example|runbook> & `x`",
        "a\x00b\x1b[31m\r\nFor: everybody\u202e gnp.exe\u2028",
        "caf\ufffd \ufeff\u200b",
        "x" * 1_000_000,
        "'; rm -rf / #$(reboot)",
        "😀" * 5_000,
    ],
)
def test_a_hostile_value_is_only_a_value(world, people, value):
    page = only(world.fire({**SLOW, "deployment": value, value[:5_000]: "x"}, value), Page)
    world.reached(pagerduty_web="/enqueue", slack_web="/slack", webhook_web="/hook")
    assert world.settle(page).arrived
    assert world.settle(note(world, "refused:input-refused", f"restart is held back: {value}")).arrived
    assert len(people.events) == len(people.texts) == len(people.documents) == 2
    for text in people.texts:
        bare = text.replace("<@U1>", "").replace("<http://wiki.example/slow|Runbook>", "")
        assert "<" not in bare
        assert ">" not in bare
        assert all(one.isprintable() or one == "\n" for one in text)
        assert f"`watchbill ack {world.incident.id} --as ana`" in people.texts[0]
    for event in people.events:
        assert len(json.dumps(event)) < 60_000
    for document in people.documents:
        assert all(one.isprintable() for one in document["headline"] + document["labels"].get("deployment", ""))


def test_what_grows_when_it_is_escaped_still_fits(world, people):
    labels = {**SLOW, **{f"{'&' * 50}{number:02}": "<" * 500 for number in range(40)}}
    world.fire(labels, "<" * 500)
    world.reached(slack_web="/slack", pagerduty_web="/enqueue")
    assert world.settle(note(world, "refused:cooldown", ">" * 10_000)).arrived
    assert 15_000 < len(people.texts[0]) < 40_000
    assert people.texts[0].count("&") == people.texts[0].count(";")
    assert len(people.events[0]["payload"]["summary"]) == 300


def test_no_secret_is_in_what_is_sent_or_told(world, people):
    world.fire(summary=f"the token is {SECRET} and {ROUTING_KEY}, password=hunter22")
    world.reached(pagerduty_web="/enqueue", slack_web="/slack", webhook_web="/hook")
    settled = world.settle(note(world, "refused:cooldown", f"held back: {SECRET} {people.url}/hook password=hunter22"))
    assert settled.arrived
    sent = [json.dumps({**event, "routing_key": ""}) for event in people.events]
    for text in [*sent, *people.texts, json.dumps(people.documents), settled.detail]:
        assert SECRET not in text
        assert ROUTING_KEY not in text
        assert "hunter22" not in text
        assert f"{people.url}/hook" not in text


# Whom nothing reaches


def test_teams_that_may_be_paged_and_whom_nothing_reaches_or_wakes_are_known_at_the_start(world):
    plan = read(plan_text().encode())
    assert routes.unreached(plan, Connections()) == {"reaches": ["data", "web"], "wakes": []}
    world.reached(slack_data="/slack")
    assert routes.unreached(plan, world.connections) == {"reaches": ["web"], "wakes": []}  # PagerDuty wakes them
    native = world.state.library[world.state.plan]
    assert routes.unreached(native, world.connections) == {"reaches": ["web"], "wakes": ["data"]}
    world.reached(slack_data="/slack", webhook_web="/hook")
    assert routes.unreached(native, world.connections) == {"reaches": [], "wakes": []}
