"""What a person reads: each folder of `findings/` is a broken workspace, and `expected.txt` what `watchbill check` says.

After a deliberate change run `pytest tests/cli/test_findings.py --snapshot-update` and read the diff as its reader would.
"""

import shutil
from pathlib import Path

import pytest

FINDINGS = Path(__file__).parent / "findings"
CASES = sorted(path.name for path in FINDINGS.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_a_broken_workspace_is_told_as_it_was_reviewed(case, run, tmp_path, request):
    shutil.copytree(FINDINGS / case, tmp_path, dirs_exist_ok=True)
    expected = FINDINGS / case / "expected.txt"
    ran = run("check", cwd=tmp_path)
    said = f"{ran.out.rstrip()}\n\n{ran.err.rstrip()}\n\nexit {ran.exit}\n"
    if request.config.getoption("update_snapshots"):
        expected.write_text(said, "utf-8")
    assert said == expected.read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_reviewed_finding_names_a_line_that_is_there_and_what_to_do(case):
    lines = (FINDINGS / case / "expected.txt").read_text("utf-8").splitlines()
    places = [line.removeprefix("  --> ").rsplit(":", 2) for line in lines if line.startswith("  --> ")]
    for file, line, _ in places:
        assert int(line) <= len((FINDINGS / case / file).read_text("utf-8").splitlines()), (file, line)
    heads = [number for number, line in enumerate(lines) if line.startswith(("error[", "warning["))]
    assert heads
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        assert any(line.startswith("  help: ") for line in lines[start:end]), lines[start]
