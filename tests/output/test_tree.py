"""`generated/`: compared, written, and mended by the next write, whatever happened to the last one."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from watchbill.output.tree import MANIFEST, PENDING, STAGED, compare, manifest, stale_found, strays_found, write
from watchbill.targets.artifact import Artifact


def version(number: int, files: int = 8) -> list[Artifact]:
    """A tree of a few folders. Each version has files of its own, changes some, and leaves some as they are."""
    made = [Artifact(f"production/same-{n}.yml", f"same {n}\n") for n in range(files)]
    made += [Artifact(f"production/eu/changed-{n}.yml", f"version {number} of {n}\n") for n in range(files)]
    made += [Artifact(f"production/only-{number}/{n}.yml", f"{n}\n") for n in range(files // 2)]
    return [*made, manifest(made)]


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def texts(artifacts):
    return {artifact.path: artifact.text for artifact in sorted(artifacts, key=lambda artifact: artifact.path)}


def put(folder, artifacts):
    comparison, problem = write(folder, artifacts)
    assert problem is None
    return comparison


def test_a_tree_is_written_whole_and_a_second_write_touches_nothing(tmp_path):
    folder = tmp_path / "deep/er/generated"
    assert len(put(folder, version(1)).missing) == 21
    assert tree(folder) == texts(version(1))
    before = {path: path.stat() for path in folder.rglob("*")}
    comparison = put(folder, version(1))
    assert comparison.current
    assert comparison.unchanged == 21
    assert {path: path.stat() for path in folder.rglob("*")} == before


def test_a_write_changes_only_what_differs_and_removes_what_is_no_longer_meant(tmp_path):
    folder = tmp_path / "generated"
    put(folder, version(1))
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("production/same-*")}
    comparison = put(folder, version(2))
    assert tree(folder) == texts(version(2))
    assert [path for path in comparison.changed if "changed" not in path] == [MANIFEST]
    assert comparison.left_over == tuple(f"production/only-1/{n}.yml" for n in range(4))
    assert {path: path.stat().st_mtime_ns for path in folder.glob("production/same-*")} == kept
    assert not (folder / "production/only-1").exists()


def test_comparing_names_what_is_changed_missing_and_left_over(tmp_path):
    folder = tmp_path / "generated"
    put(folder, version(1))
    (folder / "production/same-0.yml").write_text("by hand\n")
    (folder / "production/same-1.yml").unlink()
    comparison = compare(folder, version(1))
    assert not comparison.current
    assert (comparison.changed, comparison.missing, comparison.left_over) == (
        ("production/same-0.yml",),
        ("production/same-1.yml",),
        (),
    )
    found = stale_found("generated", comparison) + stale_found("generated", compare(folder, version(2)))
    assert {found.code.name for found in found} == {"stale-output"}
    assert all("watchbill compile" in one.help for one in found)


def test_the_manifest_tells_path_digest_and_origin_and_nothing_that_moves_with_time():
    artifacts = [Artifact("a/é.yml", "text\n", ("Service/web",)), Artifact("b.md", "", ())]
    document = json.loads(manifest(artifacts).text)
    assert document == {
        "version": 1,
        "files": [
            {
                "path": "a/é.yml",
                "sha256": "b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733",
                "from": ["Service/web"],
            },
            {"path": "b.md", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "from": []},
        ],
    }


def test_what_others_put_there_is_a_finding_and_is_never_touched(tmp_path):
    folder = tmp_path / "generated"
    put(folder, version(1))
    strays = ["by-hand.yml", "production/only-1/notes.md", "production/same-0.yml.bak", ".keep"]
    for path in strays:
        (folder / path).write_text("mine\n")
    (folder / "link").symlink_to(tmp_path)
    comparison = put(folder, version(2))
    assert sorted(comparison.strays) == sorted([*strays, "link"])
    assert [(folder / path).read_text() for path in strays] == ["mine\n"] * 4
    found = strays_found("generated", comparison)
    assert [one.where.file for one in found] == [f"generated/{path}" for path in comparison.strays]
    assert {(one.code.name, one.level) for one in found} == {("stray-file", "warning")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"files": 5}',
        '{"files": [5, null, {}]}',
        '{"files": [{"path": "../outside.yml"}, {"path": "/outside.yml"}, {"path": "a/../../outside.yml"}, {"path": ""}]}',
        '{"files": [{"path": ".."}, {"path": "."}, {"path": 7}]}',
        "\x00\xff",
        "[" * 5000,
    ],
)
def test_a_manifest_that_is_damaged_or_hostile_leads_to_no_deletion(text, tmp_path):
    folder = tmp_path / "generated"
    put(folder, version(1))
    (tmp_path / "outside.yml").write_text("mine\n")
    (folder / "mine.yml").write_text("mine\n")
    for name in (MANIFEST, PENDING):
        (folder / name).write_text(text)
    comparison = put(folder, version(2))
    assert (tmp_path / "outside.yml").exists()
    assert "mine.yml" in comparison.strays
    assert (folder / "mine.yml").read_text() == "mine\n"


# Links and things in the way


def refused(folder, artifacts):
    comparison, problem = write(folder, artifacts)
    assert problem is not None
    assert problem.code.name == "cannot-write"
    return problem


@pytest.mark.parametrize("name", ["production", "production/eu"])
def test_a_folder_that_is_a_link_is_not_followed(name, tmp_path):
    folder, elsewhere = tmp_path / "generated", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / name).parent.mkdir(parents=True)
    (folder / name).symlink_to(elsewhere)
    assert "link" in refused(folder, version(1)).message
    assert list(elsewhere.rglob("*")) == []


def test_nothing_is_removed_through_a_link(tmp_path):
    folder, elsewhere = tmp_path / "generated", tmp_path / "elsewhere"
    put(folder, version(1))
    (folder / "production/only-1").rename(elsewhere)
    (folder / "production/only-1").symlink_to(elsewhere)
    put(folder, version(2))
    assert len(list(elsewhere.iterdir())) == 4


def test_generated_itself_may_not_be_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "generated").symlink_to(elsewhere)
    problem = refused(tmp_path / "generated", version(1))
    assert "link" in problem.message
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("ending", ["", STAGED])
def test_a_file_that_is_a_link_is_replaced_and_what_it_points_at_stays(ending, tmp_path):
    folder, outside = tmp_path / "generated", tmp_path / "outside.yml"
    put(folder, version(1))
    outside.write_text("mine\n")
    for path in ("production/eu/changed-0.yml", MANIFEST):
        (folder / f"{path}{ending}").unlink(missing_ok=True)
        (folder / f"{path}{ending}").symlink_to(outside)
    put(folder, version(1))
    assert outside.read_text() == "mine\n"
    assert tree(folder).items() >= texts(version(1)).items()
    put(folder, version(2))
    put(folder, version(1))
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_a_file_where_a_folder_is_needed_is_a_finding(tmp_path):
    folder = tmp_path / "generated"
    folder.mkdir()
    (folder / "production").write_text("mine\n")
    problem = refused(folder, version(1))
    assert problem.where.file.startswith("generated/production/")
    assert "a file stands where a folder is needed" in problem.message
    assert (folder / "production").read_text() == "mine\n"


def test_a_folder_where_a_file_is_needed_is_a_finding(tmp_path):
    folder = tmp_path / "generated"
    (folder / "production/same-0.yml/mine").mkdir(parents=True)
    problem = refused(folder, version(1))
    assert problem.where.file == "generated/production/same-0.yml"
    assert "is a directory" in problem.message


def test_a_file_where_generated_should_be_is_a_finding(tmp_path):
    (tmp_path / "generated").write_text("mine\n")
    assert "a file stands where a folder is needed" in refused(tmp_path / "generated", version(1)).message


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")])
def test_a_disk_that_takes_nothing_more_is_a_finding_and_the_next_write_completes_it(error, tmp_path, monkeypatch):
    folder = tmp_path / "generated"
    put(folder, version(1))
    really, left = os.replace, [5]

    def fail(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise error
        return really(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        problem = refused(folder, version(2))
    assert error.strerror.lower() in problem.message
    assert "completes" in problem.help
    put(folder, version(2))
    assert tree(folder) == texts(version(2))


# Interrupted


class Killed(BaseException):
    """The process is gone: nothing behind this point happens."""


STEPS = ("replace", "unlink", "mkdir", "rmdir", "open")


def interrupted(folder, artifacts, monkeypatch, step: int) -> bool:
    """A write that dies before the given step on the disk; False when it has fewer steps."""
    left = [step]

    def dying(really):
        def call(*arguments, **more):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return really(*arguments, **more)

        return call

    with monkeypatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, dying(getattr(os, name)))
        try:
            write(folder, artifacts)
        except Killed:
            return True
    return False


def test_a_write_that_dies_before_any_step_is_seen_and_completed_by_the_next(tmp_path, monkeypatch):
    step = 0
    while True:
        folder = tmp_path / f"at-{step}"
        put(folder, version(1))
        (folder / "stray.yml").write_text("mine\n")
        if not interrupted(folder, version(2), monkeypatch, step):
            break
        half = compare(folder, version(2))
        assert not half.current, step
        assert half.strays == ("stray.yml",), step
        final = version(2 + step % 3)  # the same policies, or others by then
        assert put(folder, final).strays == ("stray.yml",), step
        (folder / "stray.yml").unlink()
        assert tree(folder) == texts(final), step
        step += 1
    assert step > 30


def test_a_first_write_that_dies_at_every_step_after_another_leaves_nothing_behind(tmp_path, monkeypatch):
    folder = tmp_path / "generated"
    step = 0
    while interrupted(folder, version(1 + step % 3), monkeypatch, step):
        assert compare(folder, version(9)).strays == (), step
        step += 1
    put(folder, version(9))
    assert tree(folder) == texts(version(9))
    assert step > 30


WRITER = """
import json, sys
from pathlib import Path
from watchbill.output.tree import write
from watchbill.targets.artifact import Artifact
versions = [[Artifact(*pair) for pair in version] for version in json.loads(Path(sys.argv[1]).read_text())]
print("ready", flush=True)
while True:
    for version in versions:
        write(Path(sys.argv[2]), version)
"""


def test_a_process_killed_at_any_moment_leaves_a_tree_that_the_next_write_completes(tmp_path):
    folder, versions = tmp_path / "generated", tmp_path / "versions.json"
    versions.write_text(json.dumps([list(texts(version(number, 100)).items()) for number in range(4)]))
    chance = random.Random(7)
    for _ in range(8):
        argv = [sys.executable, "-c", WRITER, str(versions), str(folder)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.08))
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        final = version(chance.randrange(8), 100)
        assert put(folder, final).strays == ()
        assert tree(folder) == texts(final)
        assert compare(folder, final).current


def test_of_two_writes_at_once_one_waits_and_the_tree_is_wholly_that_of_one_of_them(tmp_path):
    folder = tmp_path / "generated"
    for turn in range(5):
        both = [version(2 * turn, 40), version(2 * turn + 1, 40)]
        threads = [threading.Thread(target=write, args=(folder, artifacts)) for artifacts in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tree(folder) in [texts(artifacts) for artifacts in both]
