"""Whether a page gets through to somebody, and what follows when nobody answers."""

import pytest

LEVELS = "{critical: {page: level}, high: {page: level}, warning: {ticket: team}}"


def shop(small: str, more: str = "", settings: str = "", person: str = "") -> dict[str, str]:
    text = small.replace("name: shop\n", f"name: shop\nseverities: {LEVELS}\n{settings}", 1)
    text = text.replace("name: shop\non_call", "name: shop\ntickets: {webhook: {file: /run/t}}\non_call")
    text = text.replace("email: me@shop.example\n", f"email: me@shop.example\n{person}")
    return {
        "policies/watchbill.yaml": text,
        "policies/level.yaml": more or level("[{notify: [{on_call: primary}]}]", 2),
    }


def level(steps: str, repeat: int = 0, more: str = "") -> str:
    return f"kind: Escalation\nname: level\nsteps: {steps}\nrepeat: {repeat}\n{more}"


@pytest.mark.parametrize(
    "person, expected",
    [
        ("notify: {default: [{push: 0m}, {email: 5m}]}", []),
        ("notify: {critical: [{sms: 0m}]}\nphone: {env: ME}", []),
        ("notify: {critical: [{slack: 0m}]}", []),
        ("notify: {critical: [{sms: 0m}]}", [("WB511", "error")]),
        ("notify: {critical: [{sms: 0m}, {phone: 2m}]}", [("WB511", "error"), ("WB511", "error")]),
        ("notify: {critical: [{phone: 0m}, {push: 1m}]}", [("WB511", "warning")]),
        ("notify: {high: [{push: 0m}]}", [("WB512", "error")]),
        ("notify: {critical: []}", [("WB512", "error")]),
        ("notify: {critical: [], default: [{push: 0m}]}", [("WB512", "error")]),
    ],
)
def test_a_person_has_an_address_for_what_reaches_them_and_a_way_for_what_they_are_paged_for(
    person, expected, small, workspace, findings
):
    found = findings(workspace(shop(small, person=person + "\n")))
    assert [(one.code, one.level) for one in found] == expected


@pytest.mark.parametrize(
    "target",
    ["{person: you}", "{role: boss}", "{on_call: primary, of: others}"],
    ids=["person", "role", "another team"],
)
def test_whoever_a_step_may_reach_is_looked_at(target, small, workspace, findings):
    more = level(f"[{{notify: [{{on_call: primary}}, {target}]}}]", 1) + (
        "---\nkind: Person\nname: you\nemail: you@shop.example\nnotify: {high: [{push: 0m}]}\n"
        "---\nkind: Schedule\nname: yours\nlayers: [{name: week, eras: [{from: 2026-01-05, people: [you]}]}]\n"
        "---\nkind: Team\nname: others\non_call: {primary: yours}\n"
    )
    files = shop(small, more, "roles: {boss: {person: you}}\ncatch_all: {team: shop}\n")
    (found,) = findings(workspace(files))
    assert (found.code, found.message) == ("WB512", "`you` can be paged for `critical`, and does not say how")


@pytest.mark.parametrize(
    "steps, repeat, silent",
    [
        ("[{notify: [{on_call: primary}]}]", 0, True),
        ("[{notify: [{on_call: primary}]}]", 1, False),
        ("[{notify: [{on_call: primary}]}, {notify: [{person: me}]}]", 0, False),
        ('[{notify: [{on_call: primary}]}, {notify: [{slack: "#x"}]}]', 0, True),
        ('[{notify: [{on_call: primary}]}, {notify: [{slack: "#x"}]}]', 1, False),
        ('[{notify: [{on_call: primary}]}, {notify: [{slack: "#x"}, {person: me}]}]', 0, False),
    ],
)
def test_an_escalation_that_falls_silent_is_found(steps, repeat, silent, small, workspace, findings):
    found = findings(workspace(shop(small, level(steps, repeat))))
    assert [one.code for one in found] == ["WB513"] * silent


def test_an_escalation_that_nothing_pages_by_is_left_alone(small, workspace, findings):
    more = (
        level("[{notify: [{on_call: primary}]}]", 2)
        + "---\nkind: Escalation\nname: unused\nsteps: [{notify: [{person: me}]}]\n"
    )
    assert findings(workspace(shop(small, more))) == []


@pytest.mark.parametrize("first, late", [("4m", False), ("5m", True), ("10m", True)])
def test_a_first_word_that_comes_after_the_promised_time_is_found(first, late, small, workspace, findings):
    more = level("[{notify: [{on_call: primary}]}]", 2, "acknowledge_within: 5m\n")
    files = shop(small, more, f"timing: {{critical: {{first: {first}, more: 10m, again: 4h}}}}\n")
    assert [one.code for one in findings(workspace(files))] == ["WB514"] * late


def test_alerts_that_no_policy_claims_are_paged_to_somebody_who_is_there(small, workspace, findings):
    more = level("[{notify: [{on_call: primary}]}]", 2) + "---\nkind: Team\nname: empty\n"
    found = findings(workspace(shop(small, more, "catch_all: {team: empty, outcome: page}\n")))
    assert "WB502" in [one.code for one in found]
