"""`watchbill check --rules`: plain rule files of Prometheus anywhere, without a workspace."""

import json
import re
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

RULES = "groups:\n- name: web\n  rules:\n"
DOWN = "  - alert: WebDown\n    expr: up == 0\n"


@pytest.fixture
def told(run, tmp_path):
    """Code, line and the text under the caret of what is said about one rule file; and the exit code."""

    def about(text, *more):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "rules.yml").write_bytes(data)
        ran = run("check", "--rules", "--format", "json", *more, "rules.yml", cwd=tmp_path)
        document = json.loads(ran.out)
        assert document["version"] == 1
        lines = data.decode("utf-8", "replace").splitlines()
        return [
            (
                one["code"],
                one["line"],
                lines[one["line"] - 1][one["column"] - 1 : one["end_column"] - 1] if lines else "",
            )
            for one in document["diagnostics"]
        ]

    return about


REFUSED = {  # what Prometheus refuses, and what is marked is where it is told
    "an unknown field": ("WB101", RULES + "  - alert: A\n    expr: up == 0\n    ⟦fro⟧: 5m\n"),
    "an unknown field of a group": ("WB101", "groups:\n- name: a\n  ⟦intervall⟧: 5m\n  rules: []\n"),
    "a duration with a blank": ("WB103", RULES + "  - alert: A\n    expr: up == 0\n    for: ⟦5 m⟧\n"),
    "both an alert and a record": ("WB105", RULES + "  - ⟦alert: A⟧\n    record: b\n    expr: up == 0\n"),
    "no expression": ("WB104", RULES + "  - ⟦alert: A⟧\n"),
    "an expression that is none": (
        "WB301",
        RULES + "  - alert: A\n    expr: sum(up⟦))⟧ == 0\n".replace("⟦))⟧", ")⟦)⟧"),
    ),
    "two groups of one name": ("WB336", "groups:\n- name: a\n  rules: []\n- name: ⟦a⟧\n  rules: []\n"),
    "a record that waits": ("WB336", RULES + "  - record: a:b\n    expr: up\n    ⟦for⟧: 5m\n"),
    "a record with annotations": ("WB336", RULES + "  - record: a:b\n    expr: up\n    ⟦annotations⟧: {a: b}\n"),
    "the name as a label": ("WB336", RULES + "  - alert: A\n    expr: up == 0\n    labels: {⟦__name__⟧: b}\n"),
    "a template that does not end": ("WB305", RULES + DOWN + '    annotations: {summary: "⟦{{⟧ $value"}\n'),
    "a label that is no name": ("WB103", RULES + DOWN + "    labels: {⟦a-b⟧: c}\n"),
    "a key given twice": ("WB004", RULES + DOWN + "    ⟦expr⟧: up == 1\n"),
    "a list where a mapping belongs": ("WB102", "⟦-⟧ a\n"),
    "text that is not YAML": ("WB003", RULES + "  - alert: A\n    expr: a⟦:⟧ b: c\n".replace("a⟦:⟧ b: c", "'a' ⟦b⟧")),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_prometheus_refuses_is_an_error_in_its_place(told, wrong):
    code, marked = REFUSED[wrong]
    before, inside, after = re.split("[⟦⟧]", marked)
    [(found, line, text)] = told(before + inside + after)
    assert (found, line) == (code, before.count("\n") + 1)
    assert inside.startswith(text) or text.startswith(inside)


@pytest.mark.tools
@pytest.mark.parametrize("wrong", [name for name in REFUSED if name != "a label that is no name"])
def test_promtool_refuses_each_of_them_too(promtool, tmp_path, wrong):
    (tmp_path / "rules.yml").write_text(re.sub("[⟦⟧]", "", REFUSED[wrong][1]), "utf-8")
    ran = subprocess.run([promtool, "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode != 0


FINE = {
    "null where nothing is meant": "groups:\n- name: a\n  interval:\n  rules:\n- name: b\n  labels: ~\n  rules:\n"
    + DOWN,
    "an alias and a merged mapping": RULES + "  - &a {alert: WebDown, expr: up == 0}\n  - {<<: *a, expr: up == 2}\n",
    "every key there is": "groups:\n- name: a\n  interval: 1m\n  query_offset: 30s\n  limit: 3\n  labels: {a: b}\n  rules:\n"
    + DOWN
    + "    for: 5m\n    keep_firing_for: 1h30m\n    labels: {c: '{{ $labels.job }}'}\n    annotations: {d: '{{ $labels.a }}'}\n",
    "a PrometheusRule": "kind: PrometheusRule\nmetadata: {name: a}\nspec:\n  groups:\n  - name: a\n    rules:\n  "
    + DOWN.replace("\n", "\n  ").rstrip(" "),
    "a record and who asks for it": RULES + "  - {record: 'job:up:sum', expr: sum by (job) (up)}\n"
    "  - {alert: A, expr: 'job:up:sum < 1'}\n",
}


@pytest.mark.parametrize("fine", FINE)
def test_what_prometheus_takes_has_nothing_said_against_it(told, fine):
    assert told(FINE[fine]) == []


@pytest.mark.tools
@pytest.mark.parametrize("fine", [name for name in FINE if "PrometheusRule" not in name])
def test_promtool_takes_each_of_them_too(promtool, tmp_path, fine):
    (tmp_path / "rules.yml").write_text(FINE[fine], "utf-8")
    ran = subprocess.run(
        [promtool, "check", "rules", "--lint=none", "rules.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_several_prometheus_rules_may_stand_in_one_file_among_other_manifests(told):
    manifest = FINE["a PrometheusRule"]
    other = "kind: ConfigMap\ndata: {groups: none}\n"
    wrong = manifest.replace("up == 0", "topk(3, up) > 1")
    text = f"{manifest}---\n{other}---\n{wrong}"
    assert told(text) == [("WB316", text[: text.index("topk")].count("\n") + 1, "topk")]
    assert told(f"{RULES}{DOWN}---\n{RULES}{DOWN}") == [("WB102", 7, "g")]


def test_a_mistake_in_one_rule_hides_none_in_another(told):
    text = (
        RULES + "  - alert: A\n    expr: up == 0\n    for: 5 m\n  - alert: B\n    expr: topk(3, a) > 1\n  - alert: C\n"
    )
    assert [(code, line) for code, line, _ in told(text)] == [("WB103", 6), ("WB316", 8), ("WB104", 9)]


def test_what_only_a_rule_file_can_say_is_told_there(told):
    assert told(RULES + DOWN + "    for: 0m\n") == [("WB332", 6, "0m")]
    assert told(RULES + DOWN + "    for: 1m\n    keep_firing_for: 0s\n") == [("WB332", 7, "0s")]
    assert told("groups:\n- name: a\n  interval: 10m\n  rules:\n" + DOWN) == [("WB335", 3, "10m")]
    assert told("groups:\n- name: a\n  interval: 5m\n  rules:\n" + DOWN) == []
    assert told(RULES + DOWN + "    labels: {share: '{{ $value }}'}\n") == [("WB330", 6, "$value")]
    assert told(RULES + DOWN + DOWN.replace("WebDown", "Gone")) == [("WB333", 6, "Gone")]
    assert told(RULES + DOWN + DOWN + "    for: 5m\n") == []
    assert told(RULES + DOWN + DOWN + "    labels: {severity: high}\n") == []


def test_a_template_that_names_a_label_which_is_not_there_is_told_of_once_for_each_annotation(told):
    twice = '"{{ $labels.pod }} and {{ $labels.pod }}"'
    text = (
        f"  - alert: A\n    expr: sum(up) == 0\n    annotations:\n      summary: {twice}\n      description: {twice}\n"
    )
    assert told(RULES + text) == [("WB302", 7, "$labels.pod"), ("WB302", 8, "$labels.pod")]


def test_an_annotation_may_repeat_a_value_that_it_tells_readably(told):
    text = RULES + "  - alert: A\n    expr: rate(a_total[5m]) > 1\n    annotations: {{summary: '{}'}}\n"
    assert told(text.format("{{ $value }}")) == [("WB331", 6, "$value")]
    assert told(text.format("{{- .Value -}}")) == [("WB331", 6, ".Value")]
    for fine in (
        "{{ $value | humanize }}",
        '{{ printf "%.2f" $value }}',
        "{{ $value | humanize }} VALUE = {{ $value }}",
    ):
        assert told(text.format(fine)) == []
    assert told(text.replace("rate(a_total[5m])", "a").format("{{ $value }}")) == []


def test_a_record_that_nothing_makes_is_told_of_where_the_files_make_any(told):
    record = "  - {record: 'job:up:sum', expr: sum by (job) (up)}\n"
    alert = "  - {alert: A, expr: 'job:up:smu < 1'}\n"
    assert told(RULES + record + alert) == [("WB334", 5, "job:up:smu")]
    assert told(RULES + alert) == []


def test_a_file_without_rules_is_a_warning_when_it_is_named_and_passed_by_in_a_folder(run, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "web.yml").write_text(RULES + DOWN)
    (tmp_path / "rules" / "alertmanager.yml").write_text("route: {receiver: a}\n")
    (tmp_path / "empty.yml").write_text("")
    ran = run("check", "--rules", "rules", cwd=tmp_path)
    assert (ran.exit, ran.out) == (0, "")
    assert ran.err == "1 alert in 1 file (1 other file without rules passed by): nothing to say against them.\n"
    for text in ("", "groups: []\n", "# only a comment\n"):
        (tmp_path / "empty.yml").write_text(text)
        ran = run("check", "--rules", "--format", "json", "empty.yml", cwd=tmp_path)
        assert [one["code"] for one in json.loads(ran.out)["diagnostics"]] == ["WB337"]


def test_files_folders_and_patterns_are_found_and_each_is_read_once(run, tmp_path):
    for name in ("a/one.yml", "a/b/two.yaml", "three.rules"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(RULES + DOWN)
    for named in (
        ["a", "three.rules"],
        ["**/*.y*ml", "three.rules"],
        ["a/one.yml", "a", "./three.rules", "three.rules"],
    ):
        ran = run("check", "--rules", *named, cwd=tmp_path)
        assert (ran.exit, ran.err) == (0, "3 alerts in 3 files: nothing to say against them.\n")
    for missing in ("no.yml", "no/*.yml"):
        ran = run("check", "--rules", "--format", "json", missing, cwd=tmp_path)
        [one] = json.loads(ran.out)["diagnostics"]
        assert (ran.exit, one["code"], one["file"]) == (1, "WB001", missing)


def test_a_reader_sees_the_rule_the_caret_and_a_summary_of_what_there_is_most_of(run, tmp_path):
    many = "".join(f"  - alert: A{n}\n    expr: 'up{{job=~\"a{n}\"}} == 0'\n" for n in range(3))
    (tmp_path / "web.yml").write_text(RULES + many + "  - alert: B\n    expr: a{x='1'} > 0 and b{x='2'} > 0\n")
    ran = run("check", "--rules", "web.yml", cwd=tmp_path)
    assert ran.exit == 1
    assert ran.out.count("note[WB319]") == 1
    assert "  note: and 2 more like it in this file: lines 7, 9\n" in ran.out
    assert "10 |   - alert: B\n   |            - in this rule\n" in ran.out
    assert 'compares `x`, which is "1" on one side and "2" on the other' in ran.out
    assert ran.err == (
        "4 alerts in 1 file: 1 error, 3 notes.\n"
        "      1  error    WB312  never-fires\n"
        "      3  note     WB319  regex-not-needed\n"
        "`watchbill explain CODE` says what a finding means, and what to write instead.\n"
    )


@pytest.mark.parametrize("form", ["json", "sarif", "markdown", "github"])
def test_every_format_tells_the_finding_and_its_file(run, tmp_path, form):
    (tmp_path / "web.yml").write_text(RULES + DOWN.replace("up == 0", "topk(3, a) > 1"))
    ran = run("check", "--rules", "--format", form, "web.yml", cwd=tmp_path)
    assert ran.exit == 0
    assert "WB316" in ran.out
    assert "web.yml" in ran.out


def test_files_without_the_flag_and_the_flag_without_files_are_told_apart(run, tmp_path):
    without = run("check", "web.yml", cwd=tmp_path)
    assert (without.exit, "watchbill check --rules web.yml" in without.err) == (64, True)
    assert run("check", "--rules", cwd=tmp_path).exit == 64


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: (RULES + text).encode("utf-8", "replace")))
)
@example(b"\xff\xfe\0g")
@example(b"groups: &a [*a]\n")
@example(b"groups:\n- name: a\n  rules:\n  - {alert: A, expr: {a: b}, labels: [c], for: [], annotations: 3}\n")
@example(b"groups:\n- 3\n- name: [a]\n  rules: 5\n- rules: [3, [], {}]\n")
@example(b"groups:\n- name: a\n  rules:\n  - {<<: [{alert: A}, {expr: up}], [a]: b}\n")
@example(b"kind: PrometheusRule\nspec: 5\n")
def test_any_bytes_at_all_give_findings_and_never_a_traceback(run, tmp_path, data):
    (tmp_path / "any.yml").write_bytes(data)
    ran = run("check", "--rules", "--format", "json", "any.yml", cwd=tmp_path)
    assert ran.exit in (0, 1), ran.err
    assert json.loads(ran.out)["diagnostics"] or b"alert" in data
