"""`watchbill compile` on a disk where things are in the way, and killed in its middle."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ECAP = Path(__file__).parents[2] / "policies"


@pytest.fixture
def root(workspace, small):
    return workspace({"policies/watchbill.yaml": small})


def current(root, run):
    ran = run("compile", "--check", cwd=root)
    return ran.exit == 0 and "WB9" not in ran.out


def written(root):
    """What a write would change of each file; a look at it changes when it was last looked at."""
    found = {path: path.stat() for path in (root / "generated").rglob("*")}
    return {
        path: (one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for path, one in found.items()
    }


def test_a_second_compile_touches_no_file_and_says_that_nothing_changed(root, run):
    assert "(no change)" not in run("compile", "--no-gates", cwd=root).out
    before = written(root)
    ran = run("compile", "--no-gates", cwd=root)
    assert "(no change)" in ran.out
    assert written(root) == before


def test_a_stray_file_is_a_warning_that_stops_nothing(root, run):
    (root / "generated/production").mkdir(parents=True)
    (root / "generated/production/mine.rules.yml").write_text("groups: []\n")
    for verb in (("compile", "--no-gates"), ("compile", "--check")):
        ran = run(*verb, cwd=root)
        assert ran.exit == 0
        assert "warning[WB904] this file was not written by the compiler" in ran.out
        assert "--> generated/production/mine.rules.yml" in ran.out
    assert (root / "generated/production/mine.rules.yml").read_text() == "groups: []\n"


def test_generated_as_a_link_is_refused_and_a_link_that_is_named_is_followed(root, run, tmp_path):
    (root / "generated").symlink_to(tmp_path)
    ran = run("compile", "--no-gates", cwd=root)
    assert ran.exit == 1
    assert "error[WB905]" in ran.out
    assert list(tmp_path.iterdir()) == []
    assert run("compile", "--no-gates", "--out", root / "generated", cwd=root).exit == 0
    assert (tmp_path / "manifest.json").exists()


def test_a_compile_that_cannot_write_ends_with_1_and_the_next_completes_it(root, run):
    (root / "generated").write_text("in the way")
    ran = run("compile", "--no-gates", cwd=root)
    assert ran.exit == 1
    assert "a file stands where a folder is needed" in ran.out
    (root / "generated").unlink()
    assert run("compile", "--no-gates", cwd=root).exit == 0
    assert current(root, run)


@pytest.mark.parametrize("mistake", ["kind: [", "kind: Person\nname: ana\n", b"\xff"])
def test_policies_with_a_mistake_leave_what_was_generated_as_it_is(mistake, root, run):
    run("compile", "--no-gates", cwd=root)
    before = {path: path.read_bytes() for path in (root / "generated").rglob("*") if path.is_file()}
    (root / "policies/a.yaml").write_bytes(mistake if isinstance(mistake, bytes) else mistake.encode())
    for verb in (("compile",), ("compile", "--no-gates"), ("compile", "--check")):
        assert run(*verb, cwd=root).exit == 1
    assert {path: path.read_bytes() for path in (root / "generated").rglob("*") if path.is_file()} == before


def test_a_compile_killed_at_any_moment_is_completed_by_the_next_even_when_policies_changed(tmp_path, run):
    shutil.copytree(ECAP, tmp_path / "policies")
    chance = random.Random(11)
    argv = [sys.executable, "-m", "watchbill", "compile", "--no-gates"]
    assert run("compile", "--no-gates", cwd=tmp_path).exit == 0  # and its cache is warm
    workspace = tmp_path / "policies/watchbill.yaml"

    def change():
        workspace.write_text(workspace.read_text().replace("runbooks.", "new.runbooks.", 1))

    for changed_again in (False, True):
        change()
        with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            deadline = time.monotonic() + 20
            while not (tmp_path / "generated/manifest.json.pending").exists() and running.poll() is None:
                assert time.monotonic() < deadline
            time.sleep(chance.uniform(0, 0.01))
            running.kill()
        if changed_again:
            change()
        ran = run("compile", "--no-gates", cwd=tmp_path)
        assert ran.exit == 0, ran.out
        assert current(tmp_path, run)
        assert list((tmp_path / "generated").rglob("*watchbill-staged")) == []
        assert not (tmp_path / "generated/manifest.json.pending").exists()
