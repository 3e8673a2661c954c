"""The verbs as a person or a pipeline uses them: what they print, what they write, how they end."""

import json

import pytest

from watchbill.cli import VERBS
from watchbill.source.codes.catalogue import codes

BROKEN = "kind: Service\nname: broken\nteam: shop\nalerts:\n- {name: A, severity: crtical, expr: up == 0, summary: x}\n"


@pytest.fixture
def shop(workspace, small):
    return workspace({"policies/watchbill.yaml": small})


@pytest.fixture
def broken(workspace, small):
    return workspace({"policies/watchbill.yaml": small, "policies/broken.yaml": BROKEN})


def test_a_sound_workspace_ends_with_0_and_a_broken_one_with_1(run, shop, broken):
    assert run("check", cwd=shop).exit == 0
    for verb in (("check",), ("compile",), ("compile", "--check"), ("test",)):
        ran = run(*verb, cwd=broken)
        assert ran.exit == 1, verb
        assert "unknown severity `crtical`" in ran.out
    assert not (broken / "generated").exists()


def test_a_mistake_in_the_command_ends_with_64(run, shop):
    for words in (("chek",), ("check", "--formt", "json"), ("check", "--format", "xml"), ("explain", "WB000")):
        ran = run(*words, cwd=shop)
        assert (ran.exit, ran.out) == (64, ""), words
        assert "Error" in ran.err


def test_a_folder_without_policies_is_a_finding_that_says_where_to_go(run, tmp_path):
    ran = run("check", cwd=tmp_path)
    assert ran.exit == 1
    assert "no policies/watchbill.yaml here or in any folder above" in ran.out


def test_a_mistake_of_ours_ends_with_70_and_no_traceback(run, shop, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("watchbill.checks.check", fails)
    ran = run("check", cwd=shop)
    assert ran.exit == 70
    assert "WB999" in ran.err
    assert "Traceback" not in ran.err + ran.out


def test_the_workspace_is_found_upwards_or_named(run, shop, tmp_path):
    inner = shop / "policies" / "deep"
    inner.mkdir()
    assert run("check", cwd=inner).exit == 0
    assert run("check", "-C", shop, cwd=tmp_path).exit == 0


def test_json_is_one_document_with_everything_that_text_says(run, broken):
    ran = run("check", "--format", "json", cwd=broken)
    document = json.loads(ran.out)
    assert (document["version"], document["summary"]["error"]) == (1, 1)
    [found] = document["diagnostics"]
    assert {
        "code",
        "name",
        "severity",
        "message",
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
        "help",
        "notes",
        "related",
    } <= found.keys()
    assert (found["code"], found["file"], found["line"], found["column"]) == ("WB221", "policies/broken.yaml", 5, 23)
    for text in (found["message"], found["help"]):
        assert text in run("check", cwd=broken).out


def test_github_gets_the_worst_ten_and_is_told_how_many_more_there_are(run, workspace, small):
    alerts = "".join(
        f"- {{name: A{number}, severity: no%\\,:pe{number}, expr: up == 0, summary: x}}\n" for number in range(25)
    )
    alerts = alerts.replace("no%\\,:pe", "nope")
    text = "kind: Service\nname: many\nteam: shop\nalerts:\n" + alerts
    ran = run(
        "check", "--format", "github", cwd=workspace({"policies/watchbill.yaml": small, "policies/many.yaml": text})
    )
    lines = ran.out.splitlines()
    assert len([line for line in lines if line.startswith("::error ")]) == 10
    assert lines[0].startswith("::error file=policies/many.yaml,line=5,col=")
    assert "16 more" in lines[9]
    assert ran.err.count("unknown severity") == 25


def test_github_properties_and_messages_are_escaped(run, workspace, small):
    text = 'kind: Service\nname: odd\nteam: shop\nalerts:\n- {name: A, severity: warning, expr: "up{a=\\"100%\\"", summary: x}\n'
    ran = run(
        "check", "--format", "github", cwd=workspace({"policies/watchbill.yaml": small, "policies/a,b.yaml": text})
    )
    assert "file=policies/a%2Cb.yaml" in ran.out
    assert "\n" not in ran.out.strip() or all(line.startswith("::") for line in ran.out.strip().splitlines())


def test_compile_writes_and_check_finds_what_is_stale_missing_or_left_over(run, shop):
    assert run("compile", "--no-gates", cwd=shop).exit == 0
    assert run("compile", "--check", cwd=shop).exit == 0
    rules = shop / "generated/production/prometheus/default/shop/web.rules.yml"
    rules.write_text(rules.read_text() + "# by hand\n")
    (shop / "generated/production/alertmanager/alertmanager.yml").unlink()
    (shop / "generated/notes.txt").write_text("mine")
    ran = run("compile", "--check", cwd=shop)
    assert ran.exit == 1
    for words in (
        "is not what the policies mean",
        "is missing",
        "was not written by the compiler",
        "Mend it with: watchbill compile",
    ):
        assert words in ran.out + ran.err
    assert run("compile", "--no-gates", cwd=shop).exit == 0
    assert (shop / "generated/notes.txt").read_text() == "mine"


def test_without_the_tools_compile_works_and_says_which_gate_was_not_passed(run, shop, monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", "/nowhere/promtool")
    monkeypatch.setenv("WATCHBILL_AMTOOL", "/nowhere/amtool")
    ran = run("compile", cwd=shop)
    assert ran.exit == 0
    assert "promtool was not found" in ran.out
    assert "amtool was not found" in ran.out


@pytest.mark.tools
def test_a_failing_test_points_at_the_test_in_the_policy(run, workspace, small, promtool, monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    text = """kind: Service
name: tested
team: shop
alerts:
- name: A
  severity: warning
  expr: x > 1
  summary: x
  runbook: {url: "https://wiki.shop.example/a"}
  tests:
  - {name: is right, series: {x: 2x10}, expect: [{at: 5m, firing: [{}]}]}
  - {name: is wrong, series: {'x{a="b"}': 2x10}, expect: [{at: 5m, firing: [{a: c}]}]}
"""
    ran = run("test", cwd=workspace({"policies/watchbill.yaml": small, "policies/tested.yaml": text}))
    assert ran.exit == 1
    assert "policies/tested.yaml:12:5" in ran.out
    assert 'at 5m: expected firing {a="c"}, got firing {a="b"}' in ran.out
    assert "2 tests: 1 passed, 1 failed" in ran.err


def test_nothing_in_a_policy_can_move_the_cursor_of_a_terminal(run, workspace, small):
    text = 'kind: Service\nname: odd\nteam: shop\nalerts:\n- {name: A, severity: "\\e[31mred\\e]0;title\\a", expr: up == 0, summary: x}\n'
    ran = run("check", cwd=workspace({"policies/watchbill.yaml": small, "policies/odd.yaml": text}))
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out


@pytest.mark.parametrize("code", codes().values(), ids=lambda code: code.id)
def test_every_code_is_explained_by_its_id_and_by_its_name(run, code, tmp_path):
    by_id, by_name = run("explain", code.id, cwd=tmp_path), run("explain", code.name, cwd=tmp_path)
    assert by_id.exit == by_name.exit == 0
    assert by_id.out == by_name.out
    for title in ("What it finds", "Why it matters at 3 a.m.", "Example", "Instead", "How to silence"):
        assert title in by_id.out


def test_a_check_can_be_raised_lowered_and_turned_off_by_name(run, workspace, small):
    unused = "kind: Service\nname: p\nteam: shop\nalerts:\n- {name: A, severity: none, expr: up == 0, summary: x, params: {p: {type: number, default: 1}}}\n"
    for level, code, shown in (("error", 1, "error[WB224]"), ("note", 0, "note[WB224]"), ("off", 0, "")):
        text = small.replace("name: shop\n", f"name: shop\nchecks: {{unused-param: {level}}}\n", 1)
        ran = run("check", cwd=workspace({"policies/watchbill.yaml": text, "policies/p.yaml": unused}))
        assert ran.exit == code
        assert shown in ran.out
        assert ("WB224" in ran.out) is bool(shown)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does(run, verb, tmp_path):
    ran = run(verb, "--help", cwd=tmp_path)
    assert ran.exit == 0
    assert ran.out.startswith(f"Usage: watchbill {verb}")


def test_the_readme_names_only_verbs_that_exist():
    import re
    from pathlib import Path

    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert set(re.findall(r"`watchbill ([a-z]+)", text)) <= VERBS.keys()
