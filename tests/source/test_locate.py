"""A caret inside a scalar stands under the very characters that are meant, however YAML wrote them."""

import textwrap

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.source.alignment import origins
from watchbill.source.diagnostic import Location, Span
from watchbill.source.locate import Sources

MARKER = "MARKER"

SCALARS = {
    "plain": "expr: rate(MARKER[5m]) > 1\n",
    "plain, with a comment after it": "expr: a MARKER b # MARKED\n",
    "plain in a flow mapping": "{name: a, expr: a MARKER b, for: 5m}\n",
    "plain over several lines": "expr: first\n  second  \n\n  third MARKER rest\n",
    "plain with tabs": "expr: a\tMARKER\tb\n",
    "plain after characters of several bytes": "expr: é 漢字 😀 MARKER\n",
    "single-quoted": "expr: 'it''s a MARKER, isn''t it'\n",
    "single-quoted over lines": "expr: 'first\n\n  second ''MARKER'''\n",
    "double-quoted with escapes": 'expr: "a\\tb \\"q\\" \\x41\\u00e9\\U0001F600 MARKER \\\\"\n',
    "double-quoted with an escaped line break": 'expr: "first \\\n    second \\\n\\  MARKER"\n',
    "double-quoted over lines": 'expr: "first  \n  second\n\n\n  third MARKER"\n',
    "literal": "expr: |\n  first\n    second\n\n  third MARKER\n",
    "literal without the last line break": "expr: |-\n  first\n  MARKER\n",
    "literal with all its line breaks": "expr: |+\n  first\n  MARKER\n\n\nfor: 5m\n",
    "literal with a comment in its head": "expr: | # a query\n\n  first\n  MARKER\n",
    "literal with its indentation said": "expr: |2\n    deeper MARKER\n  first\n",
    "literal that begins with an empty line": "expr: |\n\n\n   MARKER\n",
    "literal with tabs": "expr: |\n  first\n  a\tMARKER\n",
    "folded": "expr: >\n  first\n  second MARKER\n  third\n",
    "folded with paragraphs": "expr: >-\n  first\n\n  second\n  MARKER\n",
    "folded with deeper lines": "expr: >\n  first\n    deeper\n      MARKER deeper\n\n  last\n",
    "folded with a deeper first line": "expr: >2\n    first\n  MARKER\n",
}  # fmt: skip


def located(workspace, text, start, end, path=("expr",)):
    root = workspace({"policies/a.yaml": text})
    return Sources(root).locate(Location("policies/a.yaml", 0, path).within(start, end))


def place_of(text, word):
    before = text[: text.index(word)]
    lines = before.replace("\r\n", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CR LF"])
@pytest.mark.parametrize("text", SCALARS.values(), ids=SCALARS)
def test_the_caret_stands_under_the_marked_word(text, line_end, workspace):
    text = text.replace("\n", line_end)
    value = yaml.load(text, yaml.CSafeLoader)["expr"]
    start = value.index(MARKER)
    line, column = place_of(text, MARKER)
    expected = Span("policies/a.yaml", line, column, line, column + len(MARKER))
    assert located(workspace, text, start, start + len(MARKER)) == expected


def test_the_caret_covers_all_of_an_escape(workspace):
    text = 'expr: "ab\\u00e9cd"\n'
    assert located(workspace, text, 2, 3) == Span("policies/a.yaml", 1, 10, 1, 16)


def test_a_caret_behind_the_end_stands_under_the_last_character(workspace):
    assert located(workspace, "expr: up ==\n", 5, 6) == Span("policies/a.yaml", 1, 11, 1, 12)
    assert located(workspace, "expr: |\n  up ==\n", 99, 100) == Span("policies/a.yaml", 2, 8, 2, 9)


def test_a_stretch_over_several_lines_ends_where_its_last_character_stands(workspace):
    text = "expr: |\n  sum(\n    up)\n  > 1\n"
    assert located(workspace, text, 0, len("sum(\n  up)")) == Span("policies/a.yaml", 2, 3, 3, 8)


def test_a_place_in_a_value_written_in_its_short_form_is_that_value(workspace):
    assert located(workspace, "for: 5m\n", 0, -1, ("for", "default")) == Span("policies/a.yaml", 1, 6, 1, 8)
    assert located(workspace, "for: 5m\n", 0, 1, ("for", "default")) == Span("policies/a.yaml", 1, 6, 1, 7)
    assert located(workspace, "runbook: r\n", 0, 1, ("runbook", "name")) == Span("policies/a.yaml", 1, 10, 1, 11)


def test_a_place_that_is_not_there_is_the_nearest_that_is(workspace):
    text = "alerts:\n- {name: A}\n"
    assert located(workspace, text, 0, -1, ("alerts", 0, "expr")) == Span("policies/a.yaml", 2, 3, 2, 12)
    assert located(workspace, text, 0, -1, ("alerts", 7)) == Span("policies/a.yaml", 2, 1, 2, 2)


WORDS = st.text(st.sampled_from("ab'\"\\#:- \t\n{}[],|>é漢😀\x85\u2028\xa0\x07\x1b%@`!&*"), max_size=24)


def agrees(text: str) -> None:
    """Each character of the value comes from a stretch of the text that holds it, in order and without overlap."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return
    if not isinstance(node, yaml.MappingNode) or not isinstance(node.value[0][1], yaml.ScalarNode):
        return
    scalar = node.value[0][1]
    raw = text[scalar.start_mark.index : scalar.end_mark.index]
    found = origins(raw, scalar.value, scalar.style)
    assert found is not None, (raw, scalar.value)
    ends = [0, *(end for _, _, end in found)]
    assert all(before <= start < end <= len(raw) for before, (_, start, end) in zip(ends, found, strict=False))
    for character, start, end in found:
        if not character.isspace() and "\\" not in raw[start:end]:
            assert raw[start] == character


@given(WORDS, st.sampled_from(["'", '"', None, "|", ">"]), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_every_character_of_a_dumped_text_comes_from_where_it_was_written(value, style, width):
    agrees(yaml.dump({"expr": value}, default_style=style, width=width, allow_unicode=True))


@given(
    st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "|2", ">2-", "|+2", ">-  # why"]),
    WORDS,
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=300, deadline=None)
def test_every_character_of_a_block_comes_from_where_it_was_written(head, value, line_end):
    agrees(f"expr: {head}\n{textwrap.indent(value, '  ', lambda _: True)}\nnext: a\n".replace("\n", line_end))


@given(st.sampled_from(["'{}'", '"{}"', "x{}"]), WORDS)
@settings(max_examples=300, deadline=None)
def test_every_character_of_a_flow_scalar_comes_from_where_it_was_written(form, value):
    agrees("expr: " + form.format(value) + "\n")


@given(st.binary(max_size=60), st.integers(-5, 80), st.integers(-5, 80))
@settings(max_examples=100, deadline=None)
def test_any_stretch_of_any_file_has_a_place_in_it(tmp_path_factory, data, start, end):
    root = tmp_path_factory.getbasetemp() / "any"
    (root / "policies").mkdir(parents=True, exist_ok=True)
    (root / "policies/a.yaml").write_bytes(b"expr: " + data)
    sources = Sources(root)
    span = sources.locate(Location("policies/a.yaml", 0, ("expr",)).within(start, end))
    assert 1 <= span.line <= span.end_line <= max(1, len(sources.lines("policies/a.yaml")))
