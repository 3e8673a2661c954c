"""Every code's example and its mended form, at work: what `explain` shows is what `check` finds, there and nowhere else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codes.laid_over import CONFIGURATION, WORKSPACE, laid_over
from watchbill.source.codes import Code, plain
from watchbill.source.codes.catalogue import codes

SHOP = Path(__file__).parent / "shop.yaml"
TOP = Path(__file__).parents[2]
NOW = "2026-06-01T00:00:00Z"
PROVEN = {  # what no piece of policy can show, with the test that does
    "WB001": "tests/source/test_files.py::test_a_broken_link_is_a_finding",
    "WB002": "tests/source/test_yaml_findings.py::test_a_file_that_is_not_text_is_a_finding_at_the_first_wrong_byte",
    "WB008": "tests/source/test_yaml_findings.py::test_a_byte_order_mark_and_windows_line_ends_are_warnings_and_the_file_is_read",
    "WB332": "tests/cli/test_check_rules.py::test_what_only_a_rule_file_can_say_is_told_there",
    "WB337": "tests/cli/test_check_rules.py::test_a_file_without_rules_is_a_warning_when_it_is_named_and_passed_by_in_a_folder",
    "WB423": "tests/spec/test_windows.py::test_windows_that_overlap_in_too_many_ways_are_refused",
    "WB455": "tests/proof/test_ways_to_reach_nobody.py::test_a_mistake_in_the_tree_itself_is_an_error_with_a_witness",
    "WB459": "tests/proof/test_ways_to_reach_nobody.py::test_a_mistake_in_the_tree_itself_is_an_error_with_a_witness",
    "WB483": "tests/trial/test_trials.py::test_what_does_not_come_out_is_a_finding_that_says_why",
    "WB484": "tests/cli/test_test.py::test_too_few_tested_alerts_fail_where_a_share_is_asked_for",
    "WB755": "tests/source/test_plaintext.py::test_characters_that_turn_the_text_around_are_found_wherever_they_stand",
    "WB801": "tests/executor/test_serve.py::test_a_plain_install_says_what_to_install",
    "WB802": "tests/executor/test_serve.py::test_what_it_cannot_work_with_is_a_finding",
    "WB803": "tests/executor/test_serve.py::test_what_it_cannot_work_with_is_a_finding",
    "WB804": "tests/executor/test_serve.py::test_the_log_is_verified_exported_and_verified_again_offline",
    "WB805": "tests/executor/test_serve.py::test_an_address_that_is_taken_is_a_finding",
    "WB806": "tests/executor/test_serve.py::test_what_it_cannot_work_with_is_a_finding",
    "WB807": "tests/executor/test_serve.py::test_whoever_is_not_of_the_plan_acknowledges_nothing",
    "WB808": "tests/executor/test_serve.py::test_whoever_is_not_of_the_plan_acknowledges_nothing",
    "WB809": "tests/executor/test_serve.py::test_what_it_cannot_work_with_is_a_finding",
    "WB810": "tests/executor/test_evidence.py::test_what_is_not_there_or_not_allowed_is_a_finding",
    "WB811": "tests/executor/test_hands.py::test_what_is_named_wrongly_is_a_finding_with_the_nearest_name",
    "WB812": "tests/executor/test_said.py::test_an_incident_that_asks_nothing_or_something_else_is_not_answered",
    "WB901": "tests/output/test_gates.py::test_what_promtool_refuses_is_shown_in_the_policy_and_nothing_is_written",
    "WB902": "tests/output/test_gates.py::test_without_gates_nobody_is_asked_and_that_is_said",
    "WB903": "tests/cli/test_verbs.py::test_compile_writes_and_check_finds_what_is_stale_missing_or_left_over",
    "WB904": "tests/output/test_compile.py::test_a_stray_file_is_a_warning_that_stops_nothing",
    "WB905": "tests/output/test_compile.py::test_generated_as_a_link_is_refused_and_a_link_that_is_named_is_followed",
    "WB906": "tests/cli/test_verbs.py::test_a_failing_test_points_at_the_test_in_the_policy",
    "WB908": "tests/cli/test_drill.py::test_a_plan_that_cannot_be_used_is_a_finding_and_no_traceback",
    "WB999": "tests/cli/test_verbs.py::test_a_mistake_of_ours_ends_with_70_and_no_traceback",
}
SHOWN = [code for code in codes().values() if code.id not in PROVEN]
Check = Callable[[dict[str, str]], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def check(run: Callable[..., Any], workspace: Callable[..., Path]) -> Check:
    def check(files: dict[str, str]) -> list[tuple[Any, ...]]:
        what = ("--config", CONFIGURATION) if CONFIGURATION in files else ("--now", NOW)
        ran = run("check", "--format", "json", *what, cwd=workspace(files))
        found = json.loads(ran.out)["diagnostics"]
        keys = ("code", "severity", "file", "line", "column", "end_line", "end_column")
        return [tuple(one[key] for key in keys) for one in found]

    return check


def test_nothing_is_to_be_said_against_the_shop_itself(check: Check) -> None:
    assert check(laid_over(SHOP, "name: PaymentsFail").files) == []


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.id)
def test_an_example_has_its_finding_where_it_is_marked_and_no_other(code: Code, check: Check) -> None:
    laid = laid_over(SHOP, code.example)
    (place,) = laid.marked
    assert check(laid.files) == [(code.id, code.severity, *place)]


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.id)
def test_what_to_write_instead_has_no_finding(code: Code, check: Check) -> None:
    assert plain(code.instead) != plain(code.example)
    assert check(laid_over(SHOP, code.instead).files) == []


@pytest.mark.parametrize("code", [code for code in SHOWN if "checks: {" in code.silence], ids=lambda code: code.id)
def test_a_finding_can_be_silenced_as_its_page_says(code: Code, check: Check) -> None:
    files = laid_over(SHOP, code.example).files
    setting = code.silence.partition("checks: ")[2].partition("}")[0] + "}"
    assert setting.startswith(f"{{{code.name}: ")
    files[WORKSPACE] += f"checks: {setting}\n"
    if CONFIGURATION in files:  # then it is the base of ours
        files["policies/base.yml"] = files.pop(CONFIGURATION)
        files[WORKSPACE] = files[WORKSPACE].replace(
            "url: http://alertmanager:9093", "url: http://am:9093, base: base.yml"
        )
    level = setting.partition(": ")[2].removesuffix("}")
    assert [(one[0], one[1]) for one in check(files)] == ([] if level == "off" else [(code.id, level)])


@pytest.mark.parametrize("code", codes().values(), ids=lambda code: code.id)
def test_every_code_says_what_why_an_example_what_instead_and_how_to_silence(code: Code) -> None:
    for text in (code.finds, code.why, code.example, code.instead, code.silence):
        assert text == text.strip()
        assert text
    for text in (code.finds, code.why):
        assert text.endswith((".", "?"))
    assert code.silence.startswith("It cannot be silenced") or code.severity != "error" or "checks: {" in code.silence


@pytest.mark.parametrize("id_, proof", PROVEN.items())
def test_what_policies_cannot_show_is_proven_by_a_test_that_is_there(id_: str, proof: str) -> None:
    path, _, name = proof.partition("::")
    assert id_ in codes()
    assert f"def {name}(" in (TOP / path).read_text("utf-8")
