"""The JSON Schema at work: what an editor with yaml-language-server completes, explains and underlines in a policy."""

import os
from pathlib import Path

import pytest

from editor.client import Editor
from watchbill.spec.kinds import KINDS
from watchbill.spec.kinds.service import Alert
from watchbill.spec.load import load
from watchbill.spec.memory import NOTHING
from watchbill.spec.schema import text as schema_text
from watchbill.spec.shapes import fields_of

TOP = Path(__file__).parents[2]
NODE = TOP / ".tools/node"
SERVER = NODE / "node_modules/yaml-language-server/bin/yaml-language-server"
ALERT = "kind: Service\nname: web\nteam: shop\nalerts:\n- name: WebDown\n  severity: critical\n  expr: up == 0\n  summary: It is down\n"
"""A good one; lines count from 1, so what a test adds to it stands in line 9."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editor")
    (folder / "generated").mkdir()
    (folder / "policies").mkdir()
    (folder / "generated/policy.schema.json").write_text(schema_text(), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def editor(root):
    """An editor in which every file below policies/ has the schema."""
    if not SERVER.exists() or not (NODE / "bin/node").exists():
        reason = "yaml-language-server is not installed: `.ci/get-editor` gets it"
        if os.environ.get("WATCHBILL_REQUIRE_ALL") == "1":
            pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
        pytest.skip(reason)
    made = Editor(NODE / "bin/node", SERVER, root, {(root / "generated/policy.schema.json").as_uri(): "policies/**"})
    yield made
    made.close()


@pytest.fixture
def path(root, request):
    """A file of its own for each test."""
    return root / "policies" / f"{abs(hash(request.node.nodeid))}.yaml"


def docs(type_):
    return {field.key: field.doc for field in fields_of(type_)}


def test_inside_an_alert_every_other_key_is_offered_with_what_it_means(editor, path):
    offered = editor.completions(path, ALERT + "  a‸\n")
    wanted = {key: doc for key, doc in docs(Alert).items() if key not in ("name", "severity", "expr", "summary")}
    assert {key: offered.get(key) for key in wanted} == wanted
    assert not {"name", "severity", "expr", "summary"} & set(offered)
    assert not {"tier", "kind", "environments"} & set(offered)


OFFERED = {
    "the keys of an alert, on an empty line within it": (ALERT.replace("  expr", "  ‸\n  expr"), {"class", "for", "tests"}, {"expr", "name"}),
    "the keys of a service": ("kind: Service\nname: web\n‸\n", {"team", "tier", "alerts", "uses", "records"}, {"environments", "slos"}),
    "the keys of a mapping in brackets": (ALERT + "  no_data: {a‸}\n", {"after", "severity", "ignore"}, {"expr"}),
    "the keys of what may also be one word": (ALERT + "  runbook:\n    ‸\n", {"name", "url"}, {"expr"}),
    "the keys of what differs by place": (ALERT + "  for:\n    ‸\n", {"default", "by"}, {"expr"}),
    "the keys of an item of a list": (ALERT + "  tests:\n  - ‸\n", {"name", "in", "series", "expect"}, {"expr"}),
    "the words of a choice": (ALERT + "  impact:\n    revenue: ‸\n", {"none", "indirect", "direct"}, set()),
    "every kind": ("kind: ‸\n", set(KINDS), {"RuleFile", "Prometheus"}),
    "the keys of the second document": ("kind: Team\nname: a\n---\nkind: Person\nname: b\n‸\n", {"email", "away", "skills"}, {"on_call"}),
}  # fmt: skip


@pytest.mark.parametrize("text, wanted, unwanted", OFFERED.values(), ids=OFFERED)
def test_what_may_stand_at_the_cursor_is_offered_and_nothing_else(text, wanted, unwanted, editor, path):
    offered = set(editor.completions(path, text))
    assert wanted <= offered
    assert not unwanted & offered


HOVERS = {
    "a key of an alert": (ALERT + "  kee‸p_firing_for: 5m\n", docs(Alert)["keep_firing_for"]),
    "a key that may differ by place": (ALERT.replace("expr", "ex‸pr"), docs(Alert)["expr"]),
    "a key with a short form": (ALERT + "  run‸book: web\n", docs(Alert)["runbook"]),
    "a key of another document": ("kind: Team\nname: a\n---\nkind: Person\nname: b\nem‸ail: b@shop.example\n", docs(KINDS["Person"])["email"]),
    "the kind": ("kind: Win‸dow\nname: w\n", "Maintenance or a change freeze."),
    "a key inside brackets": (ALERT + "  no_data: {aft‸er: 5m}\n", "How long they must be gone."),
}  # fmt: skip


@pytest.mark.parametrize("text, words", HOVERS.values(), ids=HOVERS)
def test_under_the_pointer_a_key_says_what_it_means(text, words, editor, path):
    shown = editor.hover(path, text).replace("\\", "")
    assert words.rstrip(".") in shown
    assert "||" not in shown


MISTAKES = {
    "a key with a slip": (ALERT + "  severtiy: high\n", ["9:3 Property severtiy is not allowed."]),
    "a key of another kind": ("kind: Team\nname: a\ntier: 1\n", ["3:1 Property tier is not allowed."]),
    "a key with a slip in brackets": (ALERT + "  runbook: {nmae: web}\n", ["9:13 Property nmae is not allowed.", '9:3 Missing property "name".']),
    "a key with a slip where a value differs by place": (ALERT + "  for: {defualt: 2m}\n", ['9:3 Missing property "default".', "9:9 Property defualt is not allowed."]),
    "a missing key": ("kind: Person\nname: a\n", ['1:1 Missing property "email".']),
    "a duration in words": (ALERT + "  for: 5 mins\n", ["9:8 This should be a Prometheus duration such as 90s, 5m or 1h30m."]),
    "a reference that cannot be one": (ALERT + "  diagnose: [Error Logs]\n", ["9:14 This should be the name of a Diagnostic, or `team/name`."]),
    "a word that is not of the choice": (ALERT + "  impact: {revenue: much}\n", ['9:21 Value is not accepted. Valid values: "none", "indirect", "direct".']),
    "a list where one value belongs": (ALERT + "  keep_firing_for: [5m]\n", ['9:20 Incorrect type. Expected "string".']),
    "one value where a list belongs": (ALERT + "  page_per: route\n", ['9:13 Incorrect type. Expected "array".']),
    "what this version does not compile yet": ("kind: Service\nname: a\nslos: []\n", ["3:7 Matches a schema that is not allowed.", "3:1 `slos` is not compiled by this version yet"]),
    "the second document alone": (ALERT + "---\nkind: Team\nname: a\nhour: x\n", ["12:1 Property hour is not allowed."]),
}  # fmt: skip


@pytest.mark.parametrize("text, underlined", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_underlined_where_it_is_and_said_in_the_words_of_the_language(text, underlined, editor, path):
    assert editor.diagnostics(path, text) == underlined


def test_a_kind_with_a_slip_is_underlined_and_nothing_else_is(editor, path):
    (told,) = editor.diagnostics(path, ALERT.replace("Service", "Servise"))
    assert told.startswith('1:7 Value is not accepted. Valid values: "Workspace", "Team"')


def test_a_good_policy_has_nothing_underlined(small, editor, path):
    assert (
        editor.diagnostics(path, ALERT + "  for: {default: 2m, by: {staging: 5m, production/eu: 1m}}\n  runbook: web\n")
        == []
    )
    assert editor.diagnostics(path.with_suffix(".small.yaml"), small) == []


def test_no_policy_of_the_example_has_anything_underlined(editor, root):
    policies, _ = load(TOP, NOTHING)
    ours = {
        root / file.name: file.path.read_text("utf-8") for file in policies.files if file.name not in policies.rules
    }
    assert len(ours) > 20
    assert {path.name: told for path, told in editor.all_diagnostics(ours).items() if told} == {}


def test_a_file_names_its_schema_in_its_first_line(root, editor):
    """For an editor without settings: the file is not one of those that have the schema anyway."""
    first = "# yaml-language-server: $schema=../generated/policy.schema.json\n"
    elsewhere = root / "drafts/a.yaml"
    elsewhere.parent.mkdir(exist_ok=True)
    assert editor.diagnostics(elsewhere, ALERT + "  severtiy: high\n") == []
    assert editor.diagnostics(root / "drafts/b.yaml", first + ALERT + "  severtiy: high\n") == [
        "10:3 Property severtiy is not allowed."
    ]
