"""The cache makes a second read faster and never different."""

import os
from pathlib import Path

import pytest

from watchbill.spec.resolve import read_workspace

BROKEN = "kind: Person\nname: bo\nemail: nobody\n"
ANA = "kind: Person\nname: ana\nemail: ana@shop.example\n"


@pytest.fixture
def root(workspace, small, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rules = "groups:\n- name: g\n  rules: [{alert: X, expr: up == 0, labels: {severity: warning}}]\n"
    foreign = "kind: Foreign\nname: theirs\nteam: shop\nrules: [rules/*.yaml]\n"
    files = {
        "watchbill.yaml": small,
        "ana.yaml": ANA,
        "bo.yaml": BROKEN,
        "foreign.yaml": foreign,
        "rules/x.yaml": rules,
    }
    return workspace({f"policies/{name}": text for name, text in files.items()})


def caches(root):
    return sorted(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.msgpack"))


def test_a_warm_read_says_and_means_what_a_cold_one_does(root):
    without, cold, warm = read_workspace(root, cache=False), read_workspace(root), read_workspace(root)
    assert caches(root)
    for other in (cold, warm):
        assert other == without
    assert any("nobody" in diagnostic.message for diagnostic in warm[2])


def test_a_read_without_the_cache_leaves_none(root):
    read_workspace(root, cache=False)
    assert caches(root) == []


@pytest.mark.parametrize("damage", ["every byte", "cut", "empty", "other", "folder"])
def test_a_damaged_cache_is_ignored(damage, root):
    expected = read_workspace(root)
    for file in caches(root):
        data = file.read_bytes()
        if damage == "every byte":
            for index in range(0, len(data), max(1, len(data) // 60)):
                file.write_bytes(data[:index] + bytes([data[index] ^ 0x11]) + data[index + 1 :])
                assert read_workspace(root) == expected, index
                file.write_bytes(data)
        elif damage == "folder":
            file.unlink()
            file.mkdir()
        else:
            file.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "other": b"\x81\xa1a\x01"}[damage])
        assert read_workspace(root) == expected


def test_a_changed_file_is_read_again_and_the_others_are_not(root, monkeypatch):
    read_workspace(root)
    read = []
    monkeypatch.setattr(
        "watchbill.spec.load.compose", lambda file, text, really=_compose(): read.append(file) or really(file, text)
    )
    (root / "policies/ana.yaml").write_text(ANA.replace("ana@", "anna@"))
    workspace, _, _ = read_workspace(root)
    assert workspace.documents["Person"]["ana"].body.email == "anna@shop.example"
    assert read == ["policies/ana.yaml", "policies/bo.yaml"]  # what has findings is never remembered
    (root / "policies/ana.yaml").unlink()
    assert "ana" not in read_workspace(root)[0].documents["Person"]


def _compose():
    from watchbill.source.yaml import compose

    return compose


def test_a_file_that_becomes_rules_of_others_is_not_taken_for_policy_from_the_cache(root):
    read_workspace(root)
    (root / "policies/foreign.yaml").write_text(
        "kind: Foreign\nname: theirs\nteam: shop\nrules: [rules/*.yaml, ana.yaml]\n"
    )
    workspace, _, _ = read_workspace(root)
    assert "ana" not in workspace.documents["Person"]
    assert workspace == read_workspace(root, cache=False)[0]


def test_two_workspaces_do_not_share_a_cache(root, workspace, small):
    other = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": ANA.replace("shop.", "other.")})
    for folder in (root, other, root, other):
        assert read_workspace(folder) == read_workspace(folder, cache=False)


@pytest.mark.parametrize("home", ["file", "file/below", "relative", "", "/proc/nowhere"])
def test_a_place_where_no_cache_can_be_written_is_fine(home, root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    place = {"file": str(tmp_path / "file"), "file/below": str(tmp_path / "file/below")}.get(home, home)
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.chdir(tmp_path)
    assert read_workspace(root) == read_workspace(root, cache=False)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == ["file"]


def test_a_cache_of_another_version_of_the_compiler_is_left_out_and_removed(root, monkeypatch):
    read_workspace(root)
    before = caches(root)
    monkeypatch.setattr("watchbill.spec.memory._compiler", lambda: "0.0.0-older")
    read_workspace(root)
    assert not set(before) & set(caches(root))
    assert len(caches(root)) == len(before)
