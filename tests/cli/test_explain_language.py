"""`watchbill explain language`: a reference that is made from the kinds, so that it cannot say anything else."""

import json
import re

import pytest
from markdown_it import MarkdownIt

from watchbill.cli.show import language
from watchbill.layout.canonical import canonical
from watchbill.source.yaml import compose
from watchbill.spec.decode import FAILED, Told, decode, decoder_of
from watchbill.spec.kinds import KINDS
from watchbill.spec.load import _decode_file
from watchbill.spec.shapes import StructShape, fields_of

TOLD = language.document()
ENTRIES = {entry["name"]: entry for entry in [*TOLD["kinds"], *TOLD["parts"]]}
PARTS = language._parts(KINDS.values())
TYPES = {**KINDS, **PARTS}


def headings(text):
    lines = [line for line in text.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in lines}


def value_of(text):
    """The node of the only value in a mapping."""
    (document,), _ = compose("a.yaml", text)
    ((_, value),) = document.node.value
    return value


def fields(name):
    """Each key of the reference with its field."""
    by_key = {field.key: field for field in fields_of(TYPES[name])}
    return [(key, by_key[key["key"]]) for key in ENTRIES[name]["keys"]]


def test_every_kind_and_every_part_of_one_is_there_with_every_key(run, tmp_path):
    text = run("explain", "language", cwd=tmp_path).out
    assert [entry["name"] for entry in TOLD["kinds"]] == list(KINDS)
    assert sorted(ENTRIES) == sorted(TYPES)
    for name, type_ in TYPES.items():
        assert {field.key for _, field in fields(name)} == {field.key for field in fields_of(type_)}
        assert all((key["means"], key["required"]) == (field.doc, field.required) for key, field in fields(name))
        section = text.split(f"# {'kind: ' if name in KINDS else ''}{name}\n")[1].split("\n#")[0]
        shown = re.findall(r"(?m)^\| (?:`|<code>)(.+?)(?:`|</code>) \|", section)
        assert shown == [key["key"] for key, _ in fields(name)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_is_read_without_a_finding_and_is_laid_out_already(kind):
    text = language.example(kind)
    policies, found = _decode_file("policies/a.yaml", text.encode())
    assert found == []
    assert [one.kind for one in policies] == [kind]
    assert canonical("policies/a.yaml", text.encode()) == (text, [])


@pytest.mark.parametrize("name", PARTS)
def test_the_example_of_a_part_is_read_without_a_finding(name):
    (document,), _ = compose("a.yaml", ENTRIES[name]["example"])
    told = Told("a.yaml")
    assert decode(TYPES[name], document.node, told) is not FAILED
    assert told == []


@pytest.mark.parametrize("name", TYPES)
def test_the_example_of_every_key_is_read_without_a_finding(name):
    for key, field in fields(name):
        told = Told("a.yaml")
        decoder_of(field.shape)(value_of(key["example"]), told)
        assert told == [], key["example"]


@pytest.mark.parametrize("name", TYPES)
def test_a_default_that_is_shown_is_the_value_without_the_key(name):
    for key, field in fields(name):
        if key["default"] is not None:
            value = value_of(f"{field.key}: {key['default']}")
            assert decoder_of(field.shape)(value, Told("a.yaml")) == field.default


def test_what_a_struct_demands_is_said():
    for name, type_ in TYPES.items():
        shape = StructShape(type_)
        entry = ENTRIES[name]
        assert (entry["exactly_one"], entry["not_yet"]) == (list(shape.exactly_one), list(shape.not_yet))
        assert (entry["short_form"], entry["null_unsets"]) == (shape.shorthand, shape.unsets)


def test_every_link_leads_to_a_heading_of_the_page():
    text = language.render()
    links = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert len(links) > 30
    assert links <= headings(text)
    assert {name.lower() for name in PARTS} <= headings(text)


def test_every_table_has_its_columns_whatever_the_words_in_it():
    html = MarkdownIt("commonmark").enable("table").render(language.render())
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    assert len(rows) > sum(len(entry["keys"]) for entry in ENTRIES.values())
    assert {len(re.findall(r"<t[dh]\b", row)) for row in rows} == {5}


@pytest.mark.parametrize("word", ["Service", "service", "SERVICE"])
def test_one_kind_is_shown_with_the_parts_it_is_made_of(word, run, tmp_path):
    ran = run("explain", "language", word, cwd=tmp_path)
    assert ran.exit == 0
    assert ran.out.startswith("## kind: Service\n")
    assert "\n### Alert\n" in ran.out
    assert "kind: Team" not in ran.out
    assert "### Environment" not in ran.out


def test_one_part_is_shown_alone(run, tmp_path):
    ran = run("explain", "language", "NoData", cwd=tmp_path)
    assert ran.out.startswith("## NoData\n")
    assert ran.out.count("\n## ") == 0


@pytest.mark.parametrize("word, said", [("Servise", "Did you mean `Service`?"), ("qqq", "It has Workspace, Team")])
def test_what_the_language_does_not_have_is_a_usage_error(word, said, run, tmp_path):
    ran = run("explain", "language", word, cwd=tmp_path)
    assert ran.exit == 64
    assert said in ran.err


def test_a_code_takes_no_second_word(run, tmp_path):
    ran = run("explain", "WB101", "Service", cwd=tmp_path)
    assert ran.exit == 64
    assert "`Service` is too much" in ran.err


@pytest.mark.parametrize("only", [None, "Service", "NoData"])
def test_the_json_form_knows_what_the_text_knows(only, run, tmp_path):
    ran = run("explain", "language", *([only] if only else []), "--format", "json", cwd=tmp_path)
    assert json.loads(ran.out) == language.document(only)
