"""Whatever text is written as YAML, every reader reads that text again."""

import subprocess

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchbill.targets.yamltext import block, dump, scalar

LOADERS = (yaml.SafeLoader, yaml.CSafeLoader)
ODD = "ab'\"\\#:- \t\n\r{}[],|>?&*!%@`~é漢😀\x00\x07\x1b\x7f\x85\xa0\ufeff\u2028\u2029\ud7ff\ue000\ufffd\ufffe0123.eExo_=<"
CHARACTERS = st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"]))
TEXTS = st.text(CHARACTERS, max_size=30)
WORDS = ["~", "null", "Null", "NULL", "true", "True", "FALSE", "yes", "No", "on", "OFF", "y", "n", "=", "<<", "-", "--", "---", "...", "0", "1", "-1", "+1", "0777", "0o7", "0x1F", "1_000", "1:30", "190:20:30", "1e3", ".5", "1.", ".inf", "-.INF", ".nan", "2026-01-05", "2026-01-05T00:00:00Z", "2026-01-05", "09:00:00", "!x", "!!str", "&a", "*a", "?", "|", ">", "|-", "%", "@", "`", "#", "a#b", "a:b", "a:", ":a", "{a}", "[a]", "{}", "[]", "''", '""', "5m", "10%", "Inf", "NaN", "inf", "nan"]  # fmt: skip


def read_back(text, value):
    for loader in LOADERS:
        assert yaml.load(text, loader) == value


@given(TEXTS)
@settings(max_examples=400, deadline=None)
@example("")
@example(" ")
@example("\n")
@example("a\n ")
@example("\t")
def test_a_scalar_is_read_as_the_text_that_was_written(value):
    written = scalar(value)
    assert "\n" not in written
    read_back(f"{written}\n", value)
    read_back(f"key: {written}\n", {"key": value})
    read_back(f"{written}: value\n", {value: "value"})
    read_back(f"[{written}, {{{written}: {written}}}]\n", [value, {value: value}])


@pytest.mark.parametrize("value", WORDS)
def test_a_text_that_looks_like_something_else_stays_text(value):
    read_back(f"- {scalar(value)}\n", [value])


LINES = st.lists(st.text(st.sampled_from("ab:#- \t'\"\\|é\x07\u2028\r"), max_size=8), max_size=6).map("\n".join)


@given(st.one_of(LINES, TEXTS), st.sampled_from(["  ", "      "]))
@settings(max_examples=400, deadline=None)
@example("a\nb", "  ")
@example(" a\nb", "  ")
@example("a\n\nb", "  ")
@example("a\nb\n", "  ")
@example("\na", "  ")
@example("a\n\tb", "  ")
@example("#a\nb", "  ")
@example("---\na", "  ")
def test_a_block_is_read_as_the_text_that_was_written(value, indent):
    read_back(f"key: {block(value, indent)}\nnext: 1\n", {"key": value, "next": 1})
    read_back(f"outer:\n- key: {block(value, '  ' + indent)}\n", {"outer": [{"key": value}]})


def test_an_expression_of_several_lines_is_written_as_one_would_write_it():
    expression = "sum by (job) (rate(errors_total[5m]))\n  / sum by (job) (rate(requests_total[5m])) > 0.05"
    assert block(expression, "      ").splitlines()[0] == "|-"


VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.integers(-(10**9), 10**9), st.none(), st.just(0.5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=4)))
@settings(max_examples=400, deadline=None)
@example([[[]], {}, [{}], {"a": [[1, [2]], {"b": {}}]}])
@example({"a": {"b": ["x\ny", {"c": "x\ny", "d": []}]}})
@example({"": {"": ""}})
@example({"a" * 300: "b"})
def test_any_structure_is_read_as_what_was_written(value):
    read_back(dump(value), value)


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_keys_keep_the_order_in_which_they_are_given(value):
    assert list(yaml.load(dump(value), yaml.CSafeLoader)) == list(value)


def test_prometheus_reads_the_same_texts(promtool, tmp_path):
    """Go's YAML reader is another one: it must agree about every odd text that can stand in an annotation."""
    texts = sorted(
        {*WORDS, *ODD, *(f"a{character}b" for character in ODD), "a\nb", " a ", "a\n\n b\n", "é" * 200} - {"\x00"}
    )
    annotations = "".join(f"      t{number}: {block(text, '        ')}\n" for number, text in enumerate(texts))
    rules = f"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: vector(1)\n    annotations:\n{annotations}"
    (tmp_path / "a.rules.yml").write_text(rules, "utf-8", newline="")
    wanted = {f"t{number}": text for number, text in enumerate(texts)}
    test = {
        "rule_files": ["a.rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "alert_rule_test": [{"eval_time": "1m", "alertname": "A", "exp_alerts": [{"exp_annotations": wanted}]}],
            }
        ],
    }
    (tmp_path / "a.test.yml").write_text(dump(test), "utf-8", newline="")
    for arguments in (["check", "rules", "a.rules.yml"], ["test", "rules", "a.test.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
