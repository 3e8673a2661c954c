"""What the targets have to say is told beside mistakes of meaning, and not before what is broken can be read."""

import json

import pytest

HOOK = "tickets: {webhook: {env: HOOK}}"  # Alertmanager reads files only


def codes(ran):
    return {one["code"] for one in json.loads(ran.out)["diagnostics"] if one["severity"] == "error"}


@pytest.fixture
def shop(small):
    return small.replace("on_call: {primary: always-me}\n", f"on_call: {{primary: always-me}}\n{HOOK}\n")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('job="web"} == 0\'', 'job="web"} ==\'', "WB301"),
        ("{{ $labels.instance }}", "{{ $labels.instance", "WB305"),
        (', runbook: {url: "https://wiki.shop.example/web"}', "", "WB601"),
        ("primary: always-me", "secondary: always-me", "WB502"),
    ],
)
def test_a_mistake_of_meaning_hides_nothing_that_a_target_cannot_do(shop, workspace, run, old, new, code):
    assert codes(run("check", "--format", "json", cwd=workspace({"policies/watchbill.yaml": shop}))) == {"WB402"}
    root = workspace({"policies/watchbill.yaml": shop.replace(old, new)})
    assert codes(run("check", "--format", "json", cwd=root)) >= {"WB402", code}


def test_what_nobody_takes_is_told_without_asking_a_target(shop, workspace, run):
    two = shop + "---\n{kind: Team, name: other, on_call: {primary: always-me}}\n"
    assert codes(run("check", "--format", "json", cwd=workspace({"policies/watchbill.yaml": two}))) == {"WB501"}
