"""What nobody should be able to read in a policy, and what everybody should be able to see."""

import re

import pytest

from watchbill.source.plaintext import check_text

# Put together here, so that no scanner of secrets takes this file for one that holds any.
SECRETS = {
    "a password in a URL": "postgres://watchbill:" + "hunter2" + "@db.example:5432/alerts",
    "the address of a Slack webhook": "https://hooks.slack.com/services/" + "T0123ABC/B0123ABC/" + "a1B2c3D4e5F6g7H8",
    "a Slack token": "xoxb" + "-123456789012-abcdefABCDEF",
    "a GitHub token": "ghp" + "_" + "a1B2" * 9,
    "a GitLab token": "glpat" + "-" + "a1B2c" * 4,
    "a Grafana token": "glsa" + "_" + "a1B2" * 8 + "_0123abcd",
    "an AWS access key": "AKIA" + "ABCDEFGH01234567",
    "a Google API key": "AIza" + "a1B2c" * 7,
    "a Stripe key": "sk_" + "live_" + "a1B2" * 6,
    "a signed token (JWT)": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0." + "a1B2" * 5,
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
}


@pytest.mark.parametrize("what, secret", SECRETS.items(), ids=SECRETS)
@pytest.mark.parametrize(
    "line",
    ["description: see {}", "argv: [curl, -H, 'Authorization: Bearer {}']", "# {}"],
    ids=["text", "list", "comment"],
)
def test_a_secret_is_known_by_its_shape_and_never_repeated(what, secret, line):
    text = "kind: Message\n" + line.format(secret) + "\n"
    (found,) = check_text("policies/m.yaml", text)
    assert (found.code.id, found.message) == ("WB109", f"this looks like {what}")
    under = text.splitlines()[found.where.line - 1][found.where.column - 1 : found.where.end_column - 1]
    assert under
    assert under in secret
    for said in (found.message, found.label, found.help):
        assert under not in said


@pytest.mark.parametrize(
    "text",
    [
        "runbook: {url: 'https://wiki.example/a:b/c@d'}",
        "url: https://prometheus:9090/graph?g0.expr=up@1",
        "summary: '{{ $labels.user }}:{{ $labels.pass }}@x'",
        "url: https://${user}:${password}@db.example/",
        "webhook: {file: /run/secrets/xoxb}",
        "description: ask for a token that begins with ghp_ or AKIA",
        "expr: rate(sk_live_sessions[5m])",
        "description: hooks.slack.com/services is where webhooks live",
    ],
)
def test_what_only_resembles_a_secret_is_left_alone(text):
    assert list(check_text("policies/m.yaml", text)) == []


def test_a_secret_that_stands_where_a_reference_belongs_is_told_once_and_blotted_out(workspace, small, run):
    token = SECRETS["a Slack token"]
    text = small.replace("name: shop\n", f"name: shop\nchannels: {{slack: {{bot_token: {token}}}}}\n", 1)
    ran = run("check", cwd=workspace({"policies/watchbill.yaml": text}))
    assert ran.out.count("[WB109]") == 1
    assert token not in ran.out + ran.err


def test_a_secret_in_rules_of_others_is_found_in_their_file(workspace, small, findings):
    foreign = "kind: Foreign\nname: nodes\nteam: shop\nrules: nodes/*.yml\n"
    rules = f"groups: [] # {SECRETS['a GitHub token']}\n"
    root = workspace(
        {"policies/watchbill.yaml": small, "policies/nodes.yaml": foreign, "policies/nodes/rules.yml": rules}
    )
    assert [(one.code, one.file) for one in findings(root)] == [("WB109", "policies/nodes/rules.yml")]


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_characters_that_turn_the_text_around_are_found_wherever_they_stand(character, workspace, small, findings):
    text = f"{{kind: Person, name: bo, email: bo@shop.example}} # a{character}b\n"
    (found,) = findings(workspace({"policies/watchbill.yaml": small, "policies/bo.yaml": text}))
    assert (found.code, found.level, found.file) == ("WB755", "error", "policies/bo.yaml")
    assert found.text == character
    assert f"U+{ord(character):04X}" in found.message


def test_text_of_any_script_is_text(workspace, small, findings):
    text = small.replace("is down", "упал, 落ちた, نزل, नीचे, 👩‍💻, ไม่ทำงาน")
    assert not re.search("[\u202a-\u202e]", text)
    assert findings(workspace({"policies/watchbill.yaml": text})) == []


def test_the_escape_of_such_a_character_can_be_seen_and_is_allowed(workspace, small, findings):
    text = small.replace("is down", "is \\u202edown")
    assert findings(workspace({"policies/watchbill.yaml": text})) == []
