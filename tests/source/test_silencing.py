"""Comments that silence findings: what each is about, what it must say, and what becomes of it when its day is over."""

import json
import re

import pytest

from watchbill.source.locate import Sources
from watchbill.source.silencing import Silencing

SAID = "# watchbill: ignore[fragile-ranking] three are enough until 2026-12-31"
NOW = ("--now", "2026-06-01T00:00:00Z")
RULES = """\
groups:
- name: web
  rules:
  - alert: A
    expr: topk(3, a) > 1
    for: 5m
  - alert: B
    expr: |
      topk(3, b)
        > 1
    for: 5m
- name: other
  rules:
  - {alert: C, expr: 'topk(3, c) > 1'}
"""
ABOVE = {  # above or at the end of which line the comment stands, and the alerts that are silenced
    "the document": ("groups:", "ABC"),
    "a group": ("- name: web", "AB"),
    "the rules of a group": ("  rules:\n  - {alert", "C"),
    "an alert": ("  - alert: B", "B"),
    "an alert on one line": ("  - {alert: C", "C"),
    "a key": ("    expr: topk", "A"),
    "a key with a block of text": ("    expr: |", "B"),
    "another key": ("    for: 5m\n  - alert", ""),
}


@pytest.fixture
def check(run, tmp_path):
    """Code and line of what `check --rules` says of a file."""

    def about(text, *now):
        (tmp_path / "r.yml").write_text(text, "utf-8")
        ran = run("check", "--rules", "--format", "json", *(now or NOW), "r.yml", cwd=tmp_path)
        return [(one["code"], one["line"]) for one in json.loads(ran.out)["diagnostics"]]

    return about


def _left(text, silenced):
    alerts = re.findall(r"alert: (\w)", text)
    lines = [text[: match.start()].count("\n") + 1 for match in re.finditer("topk", text)]
    return [("WB316", line) for alert, line in zip(alerts, lines, strict=True) if alert not in silenced]


@pytest.mark.parametrize("what", ABOVE)
@pytest.mark.parametrize("way", ["above", "above with a gap", "at the end of the line"])
def test_a_comment_is_about_what_begins_on_its_line_or_the_next(check, what, way):
    place, silenced = ABOVE[what]
    start = RULES.index(place)
    if way == "at the end of the line":
        end = RULES.index("\n", start)
        text = f"{RULES[:end]}  {SAID}{RULES[end:]}"
    else:
        gap = "\n    # another comment\n\n" if "gap" in way else "\n"
        text = f"{RULES[:start]}      {SAID}{gap}{RULES[start:]}"
    left = _left(text, silenced)
    found = [one for one in check(text) if one[0] == "WB316"]
    assert found == left
    assert [code for code, _ in check(text) if code != "WB316"] == ([] if silenced else ["WB341"])


def test_code_and_name_are_both_taken_and_several_at_once(check):
    text = RULES.replace("topk(3, a) > 1", "topk(3, a_total) > 1 or a_total > 5")
    assert check(text)[:2] == [("WB316", 5), ("WB324", 5)]
    for named in ("WB316, raw-counter", "wb324,fragile-ranking"):
        line = f"  # watchbill: ignore[{named}] known until 2026-12-31\n  - alert: A"
        assert check(text.replace("  - alert: A", line)) == [("WB316", 10), ("WB316", 15)]
    line = "  # watchbill: ignore[WB316, WB324] known until 2026-12-31\n  - alert: B"
    assert ("WB341", 7) in check(text.replace("  - alert: B", line))


MALFORMED = {
    "# watchbill: ignore": "names no code",
    "# watchbill: ignore[]  why until 2026-12-31": "names no code",
    "# watchbill: ignore[WB316 why until 2026-12-31": "names no code",
    "# watchbill: ignore[fragile-rankin] why until 2026-12-31": "there is no code `fragile-rankin`",
    "# watchbill: ignore[WB316]": "does not say until when",
    "# watchbill: ignore[WB316] why": "does not say until when",
    "# watchbill: ignore[WB316] until 2026-12-31": "gives no reason",
    "# watchbill: ignore[WB316] -- until 2026-12-31": "gives no reason",
    "# watchbill: ignore[WB316] why until tomorrow": "`tomorrow` is not a day",
    "# watchbill: ignore[WB316] why until 2026-02-30": "`2026-02-30` is not a day",
    "# watchbill: ignore[WB316] why until 20261231": "`20261231` is not a day",
    "# watchbill: ignore[WB301] why until 2026-12-31": "`promql-syntax` cannot be silenced",
}


@pytest.mark.parametrize("comment", MALFORMED)
def test_a_comment_that_silences_nothing_says_why_and_what_it_was_for_is_told(run, tmp_path, comment):
    (tmp_path / "r.yml").write_text(RULES.replace("  - alert: A", f"  {comment}\n  - alert: A"), "utf-8")
    ran = run("check", "--rules", "--format", "json", *NOW, "r.yml", cwd=tmp_path)
    found = json.loads(ran.out)["diagnostics"]
    assert [(one["code"], one["line"]) for one in found[:2]] == [("WB340", 4), ("WB316", 6)]
    assert MALFORMED[comment] in found[0]["message"]
    assert found[0]["help"]


def test_what_looks_like_a_comment_in_a_text_is_text(check):
    for text in (
        RULES.replace("    for: 5m\n  - alert", f"    annotations: {{a: '{SAID}'}}\n  - alert"),
        RULES.replace("topk(3, b)\n", f"topk(3, b) {SAID}\n"),
        RULES.replace("topk(3, a)", "topk(3, a)#")
        .replace("topk(3, a)#", f"topk(3, a){SAID}  ")
        .replace("  > 1\n", "\n", 1),
    ):
        assert [code for code, _ in check(text) if code in ("WB340", "WB341")] == []


def test_a_comment_holds_through_its_day_and_then_what_it_silenced_is_told_again(check):
    text = RULES.replace("  - alert: A", f"  {SAID}\n  - alert: A")
    for now in ("2026-12-31T23:59:59Z", "2027-01-01T00:30:00+01:00"):
        assert ("WB316", 6) not in check(text, "--now", now)
    assert check(text, "--now", "2027-01-01T00:00:00Z")[:2] == [("WB342", 4), ("WB316", 6)]


def test_a_comment_in_a_rule_that_is_broken_is_not_called_useless(check):
    text = RULES.replace("  - alert: A", f"  {SAID}\n  - alert: A").replace("for: 5m", "for: 5 m", 1)
    assert [code for code, _ in check(text)] == ["WB103", "WB316", "WB316"]


POLICY = """\
kind: Service
name: api
team: shop
alerts:
- name: A
  severity: warning
  expr: sum(a) > 1
  summary: "{{ $labels.pod }}"
  runbook: {url: https://w.example/a}
"""


def test_a_policy_with_a_finding_that_is_silenced_compiles_whatever_the_day(run, workspace, small):
    """Output never follows the date: only `check` looks at the clock."""
    said = "# watchbill: ignore[WB302] the label comes with the next release until 2026-12-31"
    policies = {"policies/watchbill.yaml": small, "policies/api.yaml": POLICY}
    assert run("compile", "--no-gates", cwd=workspace(policies)).exit == 1
    root = workspace({**policies, "policies/api.yaml": POLICY.replace("  summary", f"  {said}\n  summary")})
    ran = run("compile", "--no-gates", cwd=root)
    assert ran.exit == 0, ran.out + ran.err
    assert run("check", *NOW, cwd=root).exit == 0
    over = run("check", "--format", "json", "--now", "2027-01-01T00:00:00Z", cwd=root)
    assert over.exit == 1
    assert [(one["code"], one["line"]) for one in json.loads(over.out)["diagnostics"]] == [("WB342", 8), ("WB302", 9)]


def test_a_comment_that_nothing_needs_is_told_by_check_when_every_check_ran(run, workspace, small):
    text = POLICY.replace('"{{ $labels.pod }}"', f"x  {SAID}")
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text})
    found = json.loads(run("check", "--format", "json", *NOW, cwd=root).out)["diagnostics"]
    assert [(one["code"], one["line"]) for one in found] == [("WB341", 8)]
    broken = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text.replace("sum(a)", "sum(a")})
    found = json.loads(run("check", "--format", "json", *NOW, cwd=broken).out)["diagnostics"]
    assert [one["code"] for one in found] == ["WB301"]


def test_a_file_without_the_mark_is_never_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(Sources, "lines", lambda *_: pytest.fail("read"))
    assert Silencing((), Sources(tmp_path)).over([]) == []


def test_a_document_that_contains_itself_ends_the_search(check):
    for text in (f"&a\n- *a  {SAID}\n", f"groups: &a\n- {{rules: *a}}  {SAID}\n", f"a: &a {{b: *a, c: d}}\n{SAID}\n"):
        assert check(text)
