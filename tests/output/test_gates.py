"""promtool and amtool judge what is written before it is written, and their words lead back to the policy."""

import pytest

API = """\
kind: Service
name: api
team: shop
{records}alerts:
- name: ApiDown
  severity: critical
  expr: up{{job="api"}} == 0
  summary: it is down
  runbook: {{url: "https://wiki.shop.example/api"}}
{more}"""


def api(more="", records=""):
    return API.format(more=more, records=records)


def fake(folder, name, says="", code=0, version="9.9.9"):
    """A tool that says something and ends."""
    (folder / f"{name}.says").write_text(says)
    tool = folder / name
    tool.write_text(
        f"#!/bin/sh\n[ $1 = --version ] && {{ echo '{name}, version {version} (branch: x)'; exit 0; }}\n"
        f'echo "$@" >>{folder}/{name}.asked\ncat {folder}/{name}.says\nexit {code}\n'
    )
    tool.chmod(0o755)
    return tool


@pytest.fixture
def root(workspace, small):
    return workspace({"policies/watchbill.yaml": small, "policies/api.yaml": api()})


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Both tools, faked, as happy with everything."""

    def both(promtool="", amtool="", promtool_code=0, amtool_code=0):
        promtool = promtool or "  SUCCESS: 2 rules found\n  SUCCESS: 2 rules found\n"
        monkeypatch.setenv("WATCHBILL_PROMTOOL", str(fake(tmp_path, "promtool", promtool, promtool_code)))
        monkeypatch.setenv("WATCHBILL_AMTOOL", str(fake(tmp_path, "amtool", amtool, amtool_code)))
        return tmp_path

    return both


def test_each_tool_is_asked_once_for_everything(root, run, tools):
    folder = tools()
    ran = run("compile", cwd=root)
    assert ran.exit == 0, ran
    assert "promtool 9.9.9: 4 rules in 2 files" in ran.out
    assert "amtool 9.9.9: 1 routing tree\n" in ran.out
    rules = [f"production/prometheus/default/shop/{name}.rules.yml" for name in ("api", "web")]
    assert (folder / "promtool.asked").read_text() == f"check rules --lint=all --lint-fatal {' '.join(rules)}\n"
    assert (folder / "amtool.asked").read_text() == "check-config production/alertmanager/alertmanager.yml\n"


def test_without_tools_compile_works_and_says_which_gates_were_not_passed(root, run, monkeypatch, tmp_path):
    for name in ("WATCHBILL_PROMTOOL", "WATCHBILL_AMTOOL"):
        monkeypatch.setenv(name, str(tmp_path / "not-there"))
    ran = run("compile", cwd=root)
    assert ran.exit == 0
    assert "verified  not asked" in ran.out
    assert "promtool was not found, so it was not shown 2 rule files" in ran.out
    assert "amtool was not found, so it was not shown 1 routing tree" in ran.out
    assert ran.out.count("note[WB902]") == 2
    assert (root / "generated/manifest.json").exists()


def test_without_gates_nobody_is_asked_and_that_is_said(root, run, tools):
    folder = tools(promtool="FAILED", promtool_code=1)
    ran = run("compile", "--no-gates", cwd=root)
    assert ran.exit == 0
    assert "note[WB902]" in ran.out
    assert not (folder / "promtool.asked").exists()


REFUSED = {
    "a rule by its number": ('{file}: 9:11: group "api", rule 1, "ApiDown": could not parse', "could not parse", 5),
    "a rule without a line": ('{file}: group "api", rule 2, "ApiDownNoData": no such function', "no such function", 5),
    "a line": ("{file}: 7:3: field expression not found", "field expression not found", 5),
    "a file": ("{file}: something about all of it", "something about all of it", 5),
    "two rules alike": ("lint error 1 duplicate rule(s) found.\nMetric: ApiDown\nLabel(s):\n", "`ApiDown`", 5),
}


@pytest.mark.parametrize("says, text, line", REFUSED.values(), ids=REFUSED)
def test_what_promtool_refuses_is_shown_in_the_policy_and_nothing_is_written(says, text, line, root, run, tools):
    file = "production/prometheus/default/shop/api.rules.yml"
    tools(promtool=f"Checking {file}\n  FAILED:\n{says.format(file=file)}\n", promtool_code=3)
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert "error[WB901] promtool: " in ran.out
    assert text in ran.out
    assert f"--> policies/api.yaml:{line}:3" in ran.out
    assert "Nothing was written." in ran.err
    assert not (root / "generated").exists()


def test_every_problem_that_promtool_names_is_told(root, run, tools):
    file = "production/prometheus/default/shop/{}.rules.yml"
    says = "".join(f'{file.format(name)}: group "{name}", rule 1, "X": bad {name}\n' for name in ("api", "web"))
    tools(promtool=says, promtool_code=3)
    ran = run("compile", cwd=root)
    assert "promtool: bad api" in ran.out
    assert "promtool: bad web" in ran.out
    assert "--> policies/watchbill.yaml:22:3" in ran.out


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_count_that_differs_from_ours_is_refused(count, root, run, tools):
    tools(promtool=f"Checking a\n  SUCCESS: {count} rules found\n")
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert f"promtool counts {count} rules where 4 were written" in ran.out
    assert not (root / "generated").exists()


def test_what_amtool_refuses_is_told_line_by_line(root, run, tools):
    path = "production/alertmanager/alertmanager.yml"
    says = (
        f"Checking '{path}'  FAILED: yaml: unmarshal errors:\n  line 3: field x not found\n  line 9: field y not found\n\n"
        "amtool: error: failed to validate 1 file(s)\n"
    )
    tools(amtool=says, amtool_code=1)
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert f"amtool: {path}: line 3: field x not found" in ran.out
    assert f"amtool: {path}: line 9: field y not found" in ran.out
    assert not (root / "generated").exists()


def test_a_reason_of_amtool_without_a_line_is_told_whole(root, run, tools):
    says = "Checking 'production/alertmanager/alertmanager.yml'  FAILED: undefined receiver\n\namtool: error: failed\n"
    tools(amtool=says, amtool_code=1)
    assert "alertmanager.yml: undefined receiver  (tool-refuses)" in run("compile", cwd=root).out


@pytest.mark.parametrize("says", ["", "panic: runtime error\n\ngoroutine 1 [running]:\n", "\x1b[31mred\x1b[0m \x00\n"])
def test_a_tool_that_fails_in_words_we_do_not_know_is_quoted(says, root, run, tools):
    tools(promtool=says or "\n", promtool_code=2)
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert "error[WB901] promtool: " in ran.out
    assert "\x1b" not in ran.out
    assert "please report this" in ran.out


def broken(folder, name):
    tool = folder / name
    if name == "a folder":
        tool.mkdir()
        return tool
    tool.write_text(
        {"no program": "\x7fELF", "a missing interpreter": "#!/not/there\n", "killed": "#!/bin/sh\nkill -9 $$\n"}[name]
    )
    tool.chmod(0o755)
    return tool


@pytest.mark.parametrize("verb", ["compile", "test"])
@pytest.mark.parametrize("name", ["no program", "a missing interpreter", "killed"])
def test_a_tool_that_cannot_run_is_a_finding_that_says_why(name, verb, workspace, small, run, monkeypatch, tmp_path):
    more = "  tests: [{name: fires, series: {'up{job=\"api\"}': 0x9}, expect: [{at: 5m, firing: [{}]}]}]\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": api(more)})
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(broken(tmp_path, name)))
    ran = run(verb, cwd=root)
    assert ran.exit == 1
    reasons = {
        "no program": "exec format error",
        "a missing interpreter": "no such file",
        "killed": "ended by signal 9",
    }
    assert "error[WB901] promtool" in ran.out
    assert reasons[name] in ran.out
    assert not (root / "generated").exists()


def test_a_folder_is_no_tool(root, run, monkeypatch, tmp_path):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(broken(tmp_path, "a folder")))
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(tmp_path / "not-there"))
    assert "promtool was not found" in run("compile", cwd=root).out


def test_a_full_folder_for_temporary_files_is_a_finding(root, run, tools, monkeypatch):
    tools()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert "error[WB905] the output cannot be laid out for promtool: no space left on device" in ran.out


def test_a_tool_is_found_by_its_variable_then_on_the_path_then_in_tools(root, run, monkeypatch, tmp_path):
    for number, place in enumerate((root / ".tools/bin", tmp_path / "path", tmp_path / "named")):
        place.mkdir(parents=True)
        for name in ("promtool", "amtool"):
            fake(place, name, version=f"{number}.0.0")
    versions = []
    monkeypatch.delenv("WATCHBILL_PROMTOOL", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    versions.append(run("doctor", cwd=root).out)
    monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")
    versions.append(run("doctor", cwd=root).out)
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(tmp_path / "named/promtool"))
    versions.append(run("doctor", cwd=root).out)
    assert [f"promtool {number}.0.0 at" in said for number, said in enumerate(versions)] == [True] * 3


# The real ones


@pytest.fixture
def real(monkeypatch, promtool, amtool):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(amtool))


TWICE = 'records:\n- {name: "job:up:sum", expr: sum by (job) (up)}\n- {name: "job:up:sum", expr: sum by (job) (up)}\n'


@pytest.mark.usefixtures("real")
def test_promtool_itself_counts_what_we_count(root, run):
    ran = run("compile", cwd=root)
    assert ran.exit == 0, ran
    assert ": 4 rules in 2 files" in ran.out


@pytest.mark.usefixtures("real")
def test_two_records_alike_are_refused_where_the_second_stands(workspace, small, run):
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": api(records=TWICE)})
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert "--> policies/api.yaml:6:" in ran.out
    assert not (root / "generated").exists()


@pytest.mark.usefixtures("real")
def test_a_template_function_that_prometheus_has_not_is_refused_where_its_alert_stands(workspace, small, run):
    more = '  labels: {area: "{{ $value | nosuch }}"}\n'
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": api(more)})
    ran = run("compile", cwd=root)
    assert ran.exit == 1
    assert "nosuch" in ran.out
    assert "--> policies/api.yaml:" in ran.out
    assert not (root / "generated").exists()


@pytest.mark.usefixtures("real")
def test_a_test_that_does_not_come_out_is_shown_in_the_policy(workspace, small, run):
    more = (
        "  tests:\n"
        "  - {name: fires, series: {'up{job=\"api\"}': 0x9}, expect: [{at: 5m, firing: [{job: api}]}]}\n"
        "  - {name: is quiet, series: {'up{job=\"api\"}': 0x9}, expect: [{at: 5m, firing: []}]}\n"
        "  - {name: has bad values, series: {'up{job=\"api\"}': 0x9y}, expect: [{at: 5m, firing: []}]}\n"
    )
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": api(more)})
    ran = run("test", cwd=root)
    assert ran.exit == 1
    assert "in production/default: ApiDown: is quiet" in ran.out
    assert "--> policies/api.yaml:12:5" in ran.out
    assert "note: at 5m: expected nothing firing, got firing {" in ran.out
    assert "--> policies/api.yaml:13:5" in ran.out
    assert "bad number syntax" in ran.out
    assert ran.err.startswith("3 tests: 1 passed, 2 failed.")
