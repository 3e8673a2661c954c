"""Which files are policies, and what is said of those that cannot be read."""

import os
import socket
from pathlib import Path

import pytest

from watchbill.source.files import find_workspace, policy_files, read, shown


@pytest.fixture
def root(workspace, small):
    return workspace({"policies/watchbill.yaml": small})


def unreadable(root, findings):
    found = findings(root)
    assert {one.code for one in found} <= {"WB001"}
    assert all(one.place == (1, 1, 1, 1) and one.help for one in found)
    return {one.file: one.message.removeprefix("cannot read this file: ") for one in found}


def test_a_broken_link_is_a_finding(root, findings):
    (root / "policies/ana.yaml").symlink_to(root / "nowhere.yaml")
    assert unreadable(root, findings) == {"policies/ana.yaml": "no such file or directory"}


def test_a_link_to_itself_is_a_finding(root, findings):
    (root / "policies/ana.yaml").symlink_to("ana.yaml")
    assert unreadable(root, findings) == {"policies/ana.yaml": "too many levels of symbolic links"}


def test_a_folder_where_a_file_should_be_is_a_finding_and_what_lies_in_it_is_read(root, findings):
    (root / "policies/ana.yaml").mkdir()
    (root / "policies/ana.yaml/bo.yml").write_text("kind: Persn\nname: bo\n")
    found = findings(root)
    assert [(one.code, one.file) for one in found] == [
        ("WB001", "policies/ana.yaml"),
        ("WB106", "policies/ana.yaml/bo.yml"),
    ]
    assert found[0].message == "cannot read this file: it is a folder"


def test_a_link_to_a_folder_is_a_finding_because_it_is_not_followed(root, workspace, findings):
    elsewhere = workspace({"ana.yaml": "kind: Person\nname: ana\nemail: ana@shop.example\n"})
    (root / "policies/shared").symlink_to(elsewhere)
    (root / "policies/loop").symlink_to(root / "policies")
    words = "it is a link to a folder, and those are not followed"
    assert unreadable(root, findings) == {"policies/loop": words, "policies/shared": words}


def test_a_pipe_is_a_finding_and_nobody_waits_for_it(root, findings):
    os.mkfifo(root / "policies/ana.yaml")
    assert unreadable(root, findings) == {"policies/ana.yaml": "it is a pipe, a socket or a device"}


def test_a_socket_and_a_link_to_a_device_are_findings(root, findings, monkeypatch):
    monkeypatch.chdir(root / "policies")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("ana.yaml")
    Path("zero.yaml").symlink_to("/dev/zero")
    words = "it is a pipe, a socket or a device"
    assert unreadable(root, findings) == {"policies/ana.yaml": words, "policies/zero.yaml": words}


def test_a_file_without_permission_is_a_finding(root, findings, monkeypatch):
    (root / "policies/ana.yaml").write_text("kind: Person\n")
    really = os.open

    def refuse(path, *more):
        if str(path).endswith("ana.yaml"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *more)

    monkeypatch.setattr(os, "open", refuse)  # the tests may run as root, whom no mode stops
    assert unreadable(root, findings) == {"policies/ana.yaml": "permission denied"}


def test_a_folder_that_cannot_be_listed_is_a_finding(root, findings, monkeypatch):
    (root / "policies/payments").mkdir()
    really = os.scandir

    def refuse(path="."):
        if str(path).endswith("payments"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert unreadable(root, findings) == {"policies/payments": "permission denied"}


def test_a_file_that_vanishes_after_it_was_listed_is_a_finding(root):
    (root / "policies/ana.yaml").write_text("kind: Person\n")
    (file,) = (file for file in policy_files(root) if file.name.endswith("ana.yaml"))
    file.path.unlink()
    data, problem = read(file)
    assert data is None
    assert "no such file" in problem.message


def test_names_of_any_bytes_are_shown_in_printable_characters(root, findings, run):
    text = b"just text"
    for name in (b"caf\xff.yaml", b"two\nlines.yaml", b"\x1b[31mred.yaml", b"tab\t.yaml", "\u202eright.yaml".encode()):
        Path(os.fsdecode(os.path.join(os.fsencode(root), b"policies", name))).write_bytes(text)
    names = [
        "policies/\\x1b[31mred.yaml",
        "policies/\\x202eright.yaml",
        "policies/caf\\udcff.yaml",
        "policies/tab\\x09.yaml",
        "policies/two\\x0alines.yaml",
    ]
    assert [(one.file, one.text) for one in findings(root)] == [(name, "just text") for name in names]
    for form in ("text", "json", "github"):
        assert run("check", "--format", form, cwd=root).exit == 1


@pytest.mark.parametrize("name", ["x\udcff", "a\nb", "a\x1bb", "ok", "é/漢"])
def test_a_shown_path_is_printable_and_can_be_encoded(name):
    text = shown(Path(name))
    assert text.isprintable()
    assert text.encode()


def test_files_come_in_the_same_order_on_every_machine(root, monkeypatch):
    for name in ("b/a.yaml", "a/b.yml", "a.yaml", "B.yaml", "a-b.yaml", ".hidden.yaml", ".git/x.yaml", "note.txt"):
        path = root / "policies" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    names = [file.name for file in policy_files(root)]
    assert names == [
        f"policies/{name}" for name in ("B.yaml", "a-b.yaml", "a.yaml", "a/b.yml", "b/a.yaml", "watchbill.yaml")
    ]
    really = os.walk

    def backwards(*arguments, **more):
        for folder, folders, files in really(*arguments, **more):
            folders.reverse()
            yield folder, folders, files[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    assert [file.name for file in policy_files(root)] == names


def test_the_workspace_is_found_from_any_folder_below_it(root, tmp_path):
    (root / "policies/payments").mkdir()
    (root / "generated/deep/er").mkdir(parents=True)
    for folder in (root, root / "policies", root / "policies/payments", root / "generated/deep/er"):
        assert find_workspace(folder) == root
    assert find_workspace(root / "not/there") == root
    assert find_workspace(tmp_path) is None
