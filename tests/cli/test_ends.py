"""How a run ends and what leaves by which stream: exit codes, closed pipes, colours, odd encodings, bugs of ours."""

import importlib
import json
import os
import pty
import subprocess
import sys

import pytest

from watchbill.cli import BUG, USAGE, VERBS
from watchbill.source.codes.catalogue import codes

BROKEN = (
    "kind: Service\nname: broken\nteam: shop\nalerts:\n- {name: A, severity: crtical, expr: up == 0, summary: é漢}\n"
)
READERS = ("check", "compile", "test")


@pytest.fixture
def shop(workspace, small):
    return workspace({"policies/watchbill.yaml": small})


@pytest.fixture
def broken(workspace, small):
    return workspace({"policies/watchbill.yaml": small, "policies/broken.yaml": BROKEN})


# Exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--then"),
        ("compile", "here"),
        ("test", "--format", "xml"),
        ("explain", "a", "b"),
        ("doctor", "x"),
        ("version", "x"),
    ],
)
def test_words_that_no_verb_takes_end_with_64_and_a_hint(arguments, run, shop):
    ran = run(*arguments, cwd=shop)
    assert (ran.exit, ran.out) == (USAGE, "")
    assert f"Try 'watchbill {arguments[0]} --help'" in ran.err


def test_no_verb_at_all_lists_them(run, shop):
    ran = run(cwd=shop)
    assert ran.exit == USAGE
    assert [verb for verb in VERBS if f"  {verb} " not in ran.err] == []


@pytest.mark.parametrize("verb", READERS)
def test_a_bug_of_ours_in_any_verb_ends_with_70_and_one_finding_on_stderr(verb, run, shop, monkeypatch):
    def boom(*_, **__):
        raise ZeroDivisionError("a secret of the machine")

    monkeypatch.setattr("watchbill.spec.resolve.resolve", boom)
    ran = run(verb, "--format", "json", cwd=shop)
    assert (ran.exit, ran.out) == (BUG, "")
    head, *more = ran.err.splitlines()
    assert head.startswith("error[WB999] a mistake of watchbill's own: ZeroDivisionError at ")
    assert len(more) == 2
    assert "Traceback" not in ran.err
    assert "secret" not in ran.err
    assert not (shop / "generated").exists()


def test_a_bug_shows_its_traceback_to_those_who_ask(run, shop, monkeypatch):
    def boom(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("watchbill.spec.resolve.resolve", boom)
    monkeypatch.setenv("WATCHBILL_TRACEBACK", "1")
    assert "Traceback" in run("check", cwd=shop).err


def test_an_interrupt_from_the_keyboard_leaves_no_traceback(run, shop, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("watchbill.spec.resolve.resolve", interrupted)
    ran = run("check", cwd=shop)
    assert ran.exit not in (0, BUG)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("verb", ["check", "compile", "test", "doctor"])
def test_another_workspace_can_be_named(verb, run, shop, broken, tmp_path):
    if verb != "doctor":
        assert "unknown severity" in run(verb, "-C", broken, cwd=shop).out
        assert "no policies/watchbill.yaml" in run(verb, "-C", tmp_path, cwd=shop).out
    else:
        assert f"workspace {broken}" in run(verb, "-C", broken, cwd=shop).out
        assert "missing  no policies/watchbill.yaml here or above" in run(verb, "-C", tmp_path, cwd=shop).out


def test_a_folder_that_is_not_there_is_a_finding(run, tmp_path):
    ran = run("check", "-C", tmp_path / "not/there", cwd=tmp_path)
    assert ran.exit == 1
    assert "error[WB108]" in ran.out


# Streams


@pytest.mark.parametrize("verb", READERS)
def test_with_json_stdout_is_one_document_and_nothing_else(verb, run, shop, broken):
    for root, code in ((shop, None), (broken, 1)):
        ran = run(verb, "--format", "json", cwd=root)
        document = json.loads(ran.out)
        more = ["tests", "coverage"] if verb == "test" and root == shop else []
        assert list(document) == ["version", "diagnostics", "summary", *more]
        assert document["version"] == 1
        assert list(document["summary"]) == ["error", "warning", "note"]
        assert code is None or ran.exit == code


def test_a_finding_in_json_has_the_keys_of_the_interface_and_its_label(run, broken):
    (found,) = json.loads(run("check", "--format", "json", cwd=broken).out)["diagnostics"]
    place = ["file", "line", "column", "end_line", "end_column"]
    assert list(found) == ["code", "name", "severity", "message", *place, "label", "help", "notes", "related"]
    where = ["policies/broken.yaml", 5, 23, 5, 30]
    assert [found[key] for key in place] == where


def test_a_finding_without_a_place_has_null_for_one(run, shop, monkeypatch, tmp_path):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(tmp_path / "none"))
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(tmp_path / "none"))
    found = json.loads(run("compile", "--format", "json", cwd=shop).out)["diagnostics"]
    assert [(one["code"], one["severity"], one["file"], one["line"]) for one in found] == [
        ("WB902", "note", None, None)
    ] * 2


def test_the_findings_go_to_stdout_and_the_count_to_stderr(run, broken):
    ran = run("check", cwd=broken)
    assert "error[WB221]" in ran.out
    assert "Found" not in ran.out
    assert ran.err == "Found 1 error in 1 of 2 files. `watchbill explain WB221` says more.\n"


def process(arguments, cwd, **more):
    argv = [sys.executable, "-m", "watchbill", *arguments]
    return subprocess.Popen(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_a_reader_that_goes_away_gets_no_traceback(workspace, small):
    alerts = "".join(f"- {{name: A{number}, severity: crtical, expr: up == 0, summary: x}}\n" for number in range(800))
    root = workspace({"policies/watchbill.yaml": small, "policies/a.yaml": BROKEN.split("- {", maxsplit=1)[0] + alerts})
    with process(["check"], root) as running:
        assert running.stdout.readline().startswith(b"error[WB221]")
        running.stdout.close()
        said = running.stderr.read().decode()
    assert "Traceback" not in said
    assert "Error" not in said
    assert running.returncode not in (0, BUG)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_was_closed_before_the_start_gets_no_traceback(stream, broken):
    number = {"stdout": 1, "stderr": 2}[stream]
    with process(["check"], broken, preexec_fn=lambda: os.close(number)) as running:
        out, err = running.communicate()
    assert b"Traceback" not in out + err
    assert running.returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-16"])
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_terminal_of_any_encoding_gets_the_findings(encoding, form, broken, run_process):
    ran = run_process("check", "--format", form, cwd=broken, env={"PYTHONIOENCODING": encoding})
    assert ran.exit == 1, ran.err
    assert "Traceback" not in ran.err
    if form == "json":
        assert json.loads(ran.out)["summary"]["error"] == 1


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "nonsense"])
def test_the_locale_changes_nothing(locale, broken, run_process):
    expected = run_process("check", cwd=broken)
    assert run_process("check", cwd=broken, env={"LC_ALL": locale, "LANG": locale}) == expected
    assert "é漢" in expected.out


def on_a_terminal(arguments, cwd, **environment):
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "watchbill", *arguments]
    subprocess.run(
        argv, cwd=cwd, stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, **environment}, check=False
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    return said.decode()


def test_a_terminal_gets_colours_unless_it_asks_for_none_and_a_pipe_never_does(broken, run):
    coloured = on_a_terminal(["check"], broken)
    assert "\x1b[31merror[WB221]\x1b[0m" in coloured
    assert "\x1b" not in on_a_terminal(["check"], broken, NO_COLOR="1")
    assert "\x1b" not in run("check", cwd=broken).out
    plain = on_a_terminal(["check"], broken, NO_COLOR="1").replace("\r\n", "\n")
    assert plain.rstrip() == run("check", cwd=broken).out.rstrip()


# explain, doctor, version


def test_explain_without_a_code_lists_every_code_once(run, tmp_path):
    ran = run("explain", cwd=tmp_path)
    listed = [line.split() for line in ran.out.splitlines() if line.startswith("  ")]
    assert listed == [[code.id, code.severity, code.name] for code in codes().values()]
    document = json.loads(run("explain", "--format", "json", cwd=tmp_path).out)
    assert [code["id"] for code in document["codes"]] == list(codes())


@pytest.mark.parametrize(
    "word, meant",
    [("unknown-escalaton", "unknown-escalation"), ("unkown-word", "unknown-word"), ("wrong_typ", "wrong-type")],
)
def test_explain_says_which_code_was_meant(word, meant, run, tmp_path):
    ran = run("explain", word, cwd=tmp_path)
    assert ran.exit == USAGE
    assert f"Did you mean `{meant}" in ran.err


@pytest.mark.parametrize("word", ["wb221", "WB221", "Unknown-Word", "unknown-word"])
def test_explain_takes_a_code_in_any_case(word, run, tmp_path):
    assert run("explain", word, cwd=tmp_path).out.startswith("WB221 unknown-word (error)\n")
    assert json.loads(run("explain", word, "--format", "json", cwd=tmp_path).out)["id"] == "WB221"


def test_doctor_ends_with_0_only_when_nothing_is_missing(run, shop, monkeypatch, tmp_path):
    for name in ("promtool", "amtool"):
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\necho '{name}, version 3.9.9 (branch: x)'\n")
        tool.chmod(0o755)
        monkeypatch.setenv(f"WATCHBILL_{name.upper()}", str(tool))
    ran = run("doctor", cwd=shop)
    assert ran.exit == 0, ran.out
    assert all(line.startswith("  ok ") for line in ran.out.splitlines())
    (tmp_path / "promtool").write_text("#!/bin/sh\necho 'promtool, version 2.30.0 (branch: x)'\n")
    ran = run("doctor", cwd=shop)
    assert ran.exit == 1
    assert "old      promtool 2.30.0 at " in ran.out
    (tmp_path / "promtool").write_text("#!/bin/sh\nexit 1\n")
    assert "old      promtool unknown at " in run("doctor", cwd=shop).out
    (tmp_path / "promtool").unlink()
    assert "missing  promtool" in run("doctor", cwd=shop).out


def test_doctor_of_a_workspace_named_in_odd_bytes_still_answers(workspace, small, run_process):
    root = workspace({"policies/watchbill.yaml": small})
    odd = root / os.fsdecode(b"caf\xff\n")
    (odd / "policies").mkdir(parents=True)
    (odd / "policies/watchbill.yaml").write_text(small)
    for verb in ("doctor", "check", "compile"):
        ran = run_process(verb, cwd=odd)
        assert ran.exit in (0, 1), ran.err
        assert "Traceback" not in ran.err


def test_the_version_is_said_in_three_ways(run, tmp_path):
    import watchbill

    assert (
        run("version", cwd=tmp_path).out == run("--version", cwd=tmp_path).out == f"watchbill {watchbill.__version__}\n"
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_file_whose_help_says_what_the_list_of_verbs_says(verb, run, tmp_path):
    module = importlib.import_module(f"watchbill.cli.{verb}")
    assert module.__doc__.startswith(f"`watchbill {verb}")
    ran = run(verb, "-h", cwd=tmp_path)
    assert ran.exit == 0
    assert len(ran.out.splitlines()) > 3
