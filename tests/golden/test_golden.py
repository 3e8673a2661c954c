"""What small workspaces compile to, as real files that the real tools accept. Review them as you review generated/."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from watchbill.cli.shared import read
from watchbill.source.diagnostic import has_errors
from watchbill.targets import SCHEMA, build

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
TREES = Path(__file__).parent / "trees"


class TreeExtension(SingleFileSnapshotExtension):
    """One snapshot is one file below `trees/<case>/`, with the path and the name it has in generated/."""

    _write_mode = WriteMode.TEXT
    file_extension = ""

    @classmethod
    def get_snapshot_name(cls, *, test_location, index=0):
        return str(index)

    @classmethod
    def get_location(cls, *, test_location, index=0):
        return str(TREES / str(index))

    @classmethod
    def dirname(cls, *, test_location):
        return str(TREES)

    @classmethod
    def get_file_basename(cls, *, test_location, index):
        return str(index)


def compiled(case, folder):
    root = folder / case
    shutil.copytree(Path(__file__).parent / "cases" / case, root)
    result = read(root)
    assert not has_errors(result.found), [diagnostic.message for diagnostic in result.found]
    return build(result.workspace)


@pytest.mark.parametrize("case", CASES)
def test_a_small_workspace_compiles_to_the_reviewed_files(case, tmp_path, snapshot):
    tree = {
        f"{case}/{artifact.path}": artifact.text for artifact in compiled(case, tmp_path) if artifact.path != SCHEMA
    }
    known = {path.relative_to(TREES).as_posix() for path in (TREES / case).rglob("*") if path.is_file()}
    for path, text in tree.items():
        assert text == snapshot(name=path, extension_class=TreeExtension), path
    if not snapshot.session.update_snapshots:
        assert known == tree.keys()


@pytest.mark.tools
@pytest.mark.parametrize("case", CASES)
def test_the_reviewed_files_are_accepted_by_promtool_and_amtool(case, promtool, amtool):
    rules = sorted((TREES / case).rglob("*.rules.yml"))
    said = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *rules], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    counted = sum(int(number) for number in re.findall(r"(\d+) rules? found", said.stdout))
    assert counted == sum(len(re.findall(r"^  - (?:alert|record):", path.read_text(), re.MULTILINE)) for path in rules)
    tests = sorted((TREES / case).rglob("*.test.yml"))
    if tests:
        said = subprocess.run([promtool, "test", "rules", *tests], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
    for path in sorted((TREES / case).rglob("alertmanager.yml")):
        said = subprocess.run([amtool, "check-config", path], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
