"""The house keeps its shape: walls between rooms, small modules, one table for each thing that can be added."""

import subprocess
import sys
from pathlib import Path

import pytest

from watchbill.checks import AREAS as CHECKS
from watchbill.cli import VERBS
from watchbill.cli.show import FORMATS
from watchbill.source.codes.catalogue import AREAS as CODES
from watchbill.source.codes.catalogue import codes
from watchbill.targets import TARGETS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "compiler" / "watchbill"
MODULES = sorted(PACKAGE.rglob("*.py"))


def modules_of(room):
    return {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"}


def test_a_room_imports_only_from_the_floors_below_it():
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_has_at_most_four_hundred_lines_and_a_name_that_says_what_it_holds(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
    assert path.stem not in {"utils", "util", "helpers", "common", "base", "misc", "manager"}


def test_every_file_of_codes_is_in_the_table_of_codes():
    assert modules_of("source/codes") - {"catalogue"} == set(CODES)


def test_every_code_is_told_apart_and_explained():
    assert len({code.name for code in codes().values()}) == len(codes())
    for code in codes().values():
        assert code.id.startswith("WB")
        assert len(code.id) == 5
        for section in (code.finds, code.why, code.example, code.instead, code.silence):
            assert section.strip(), code.id


def test_every_table_names_modules_that_exist():
    assert set(CHECKS) <= modules_of("checks")
    assert {path.rsplit(".", 1)[1] for path in TARGETS.values()} <= modules_of("targets")
    assert set(VERBS) <= modules_of("cli")
    assert set(FORMATS.values()) <= modules_of("cli/show")


def test_help_imports_nothing_that_only_a_verb_needs():
    program = "import sys, watchbill.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"yaml", "msgspec", "jinja2", "re2", "rich", "zoneinfo", "importlib.metadata"} & set(loaded)


def test_the_version_is_said_once():
    said = [path for path in (ROOT / "pyproject.toml", *MODULES) if '__version__ = "' in path.read_text("utf-8")]
    assert said == [PACKAGE / "__init__.py"]
