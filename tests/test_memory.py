"""Whatever was edited since, a run that remembers says and writes what one does that remembers nothing."""

import os
import random
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.large import files
from watchbill.cli.shared import read
from watchbill.cli.show import render
from watchbill.output.tree import compare, manifest, write
from watchbill.spec import beside, sight
from watchbill.spec.memory import Memory
from watchbill.spec.resolve import read_workspace
from watchbill.targets import build

Tree = dict[str, str]
Edit = Callable[[Tree, random.Random], None]

MORE = {
    "policies/shared/hours.yaml": "kind: Calendar\nname: offices\ntimezone: Europe/Lisbon\n"
    'weekly: {monday-friday: ["08:00-20:00"]}\nholidays: PT\n',
    "policies/holidays.lock": "PT 2026\n2026-04-25 Dia da Liberdade\n",
    "policies/shared/owners.yaml": "kind: Ownership\nname: namespaces\nlabel: namespace\nowners: {OTHER: [shop-.*]}\n"
    "---\nkind: Window\nname: night\nmatch: {severity: warning}\neffect: notify\nreason: deployments\n"
    'when: {every: monday, hours: "22:00-23:00", timezone: Europe/Lisbon}\n',
    "policies/shared/theirs.yaml": "kind: Foreign\nname: theirs\nrules: rules/*.yaml\n"
    "team: {by: namespaces, otherwise: TEAM}\ndefaults: {runbook: {url: https://wiki.large.example/theirs}}\n",
    "policies/shared/rules/pods.yaml": "groups:\n- name: pods\n  rules:\n"
    "  - {alert: PodsCrash, expr: sum by (namespace) (crashes) > 3, labels: {severity: warning}}\n",
}


def start() -> Tree:
    """Two teams, six services: sets, rules of others, an Ownership, a window, holidays, PagerDuty."""
    found = files(services=6, alerts=4, teams=2)
    team, other = (path.split("/")[1] for path in found if path.endswith("team.yaml"))
    covered = "coverage: {from: 2026-02-02, until: 2026-05-31}\nobjectives:"
    found["policies/watchbill.yaml"] = found["policies/watchbill.yaml"].replace("objectives:", covered)
    return {**found, **{path: text.replace("TEAM", team).replace("OTHER", other) for path, text in MORE.items()}}


def one(tree: Tree, chance: random.Random, pattern: str) -> str:
    return chance.choice(sorted(path for path in tree if re.search(pattern, path)))


def replaced(pattern: str, before: str, *after: str) -> Edit:
    """Another value in some file, where it says something like `before`."""

    def edit(tree: Tree, chance: random.Random) -> None:
        able = sorted(path for path in tree if re.search(pattern, path) and re.search(before, tree[path]))
        if able:
            path = chance.choice(able)
            at = chance.choice(list(re.finditer(before, tree[path])))
            tree[path] = tree[path][: at.start()] + chance.choice(after) + tree[path][at.end() :]

    return edit


def removed(tree: Tree, chance: random.Random) -> None:
    del tree[one(tree, chance, r"(?<!team)(?<!watchbill)\.yaml$")]


def renamed(tree: Tree, chance: random.Random) -> None:
    path = one(tree, chance, r"(?<!watchbill)\.yaml$")
    tree[path.replace(".yaml", f"-{chance.randrange(3)}.yaml")] = tree.pop(path)


def moved(tree: Tree, chance: random.Random) -> None:
    """A service to the other team."""
    path = one(tree, chance, SERVICE)
    teams = sorted({other.split("/")[1] for other in tree if other.endswith("/team.yaml")})
    tree[path] = re.sub("team: .*", f"team: {chance.choice(teams)}", tree[path])


def copied(tree: Tree, chance: random.Random) -> None:
    """A service that is like another, or has its name."""
    path = one(tree, chance, SERVICE)
    name = path.rsplit("/", 1)[1].removesuffix(".yaml")
    tree[path.replace(".yaml", "-copy.yaml")] = tree[path].replace(name, chance.choice((name, f"{name}-two")))


SERVICE = r"policies/team-.*(?<!/team)\.yaml$"
WORKSPACE = r"watchbill\.yaml$"
EDITS: dict[str, Edit] = {
    "an alert's time": replaced(SERVICE, r"  for: \w+", "  for: 7m", "  for: 9m"),
    "an alert's severity": replaced(SERVICE, r"severity: \w+", "severity: high", "severity: info", "severity: nothing"),
    "an alert's expression": replaced(SERVICE, "sum by", "max by", "min without"),
    "an alert's name": replaced(SERVICE, "- name: [A-Z]", "- name: Big", "- name: Bad"),
    "a label that is not there": replaced(SERVICE, r"labels\.\w+", "labels.route", "labels.elsewhere"),
    "which runbook": replaced(SERVICE, "  runbook: .*", "  runbook: capacity", "  runbook: nowhere"),
    "what a runbook says": replaced(SERVICE, "- Look at .*", "- Look twice", "- {promql: 'up =='}"),
    "whom a runbook tells": replaced(
        SERVICE, "communicate: .*", "communicate: []", "communicate: [status-page-update]"
    ),
    "a runbook's name": replaced(SERVICE, "kind: Runbook\nname: ", "kind: Runbook\nname: new-"),
    "a service's tier": replaced(SERVICE, r"tier: \d", "tier: 1", "tier: 4"),
    "what a service needs": replaced(SERVICE, "dashboard: .*", "depends_on: [account-api]", "depends_on: [nothing]"),
    "a use of the set": replaced(SERVICE, "share: .%", "share: 3%", "share: 8%"),
    "the set": replaced("signals", r"> 0\.75|for: \w+|severity: \w+", "> 0.9", "for: 3m", "severity: critical"),
    "a team's channel": replaced("team.yaml", "slack: {default.*", 'slack: {default: "#elsewhere"}', ""),
    "a team's hours": replaced("team.yaml", "hours: hours", "hours: offices", ""),
    "who is on call": replaced("team.yaml", "rotation: weekly", "rotation: daily", "rotation: {every: 3d}"),
    "a swap": replaced(
        "team.yaml", "swaps:\n.*\n", "", "gaps: [{from: 2026-05-01T09:00, until: 2026-05-02T09:00, reason: none}]\n"
    ),
    "a calendar": replaced("(team|hours).yaml", "monday-friday", "monday-thursday", "sunday"),
    "the holidays": replaced("lock", "2026-04-25", "2026-04-24", "yesterday"),
    "the escalation": replaced("answers", r"wait: \w+", "wait: 7m", "wait: 1h"),
    "a message": replaced("answers", "problem", "trouble", "{{ incident.nothing }}"),
    "the workspace": replaced(
        WORKSPACE, "eu-1|http://grafana[^}]*|ticket: team", "eu-9", "http://other:1", "page: level-2"
    ),
    "where runbooks are": replaced(WORKSPACE, "runbooks: .*", "runbooks: {base_url: https://here.example}", ""),
    "a level of a check": replaced(WORKSPACE, "objectives:", "checks: {primary-is-secondary: off}\nobjectives:"),
    "another's rules": replaced("rules/", "> 3|severity: warning", "> 4", "severity: high", "severity: odd"),
    "whose they are": replaced("owners", "shop-|namespace$", "web-", "cluster"),
    "the window": replaced("owners", "22:00|severity: warning", "21:00", "severity: high", "service: nobody"),
    "a file is broken": replaced(r"(?<!watchbill)\.yaml$", "name: ", "name: [", "nam: "),
    "a comment": replaced(r"\.yaml$", "\nname: ", "\n# a word\nname: "),
    "a template": lambda tree, chance: tree.update(
        {
            f"templates/runbooks/{chance.choice(('service', '_steps', 'odd'))}.md.j2": chance.choice(
                ("# {{ header }}\n", "x", "{% if")
            )
        }
    ),
    "removed": removed,
    "renamed": renamed,
    "moved": moved,
    "copied": copied,
}


def lay(root: Path, tree: Tree) -> None:
    """The files of a tree, and no others, below a folder."""
    for path in [path for top in ("policies", "templates") for path in (root / top).rglob("*") if path.is_file()]:
        if path.relative_to(root).as_posix() not in tree:
            path.unlink()
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def compiled(root: Path, cache: str, out: Path) -> tuple[str, dict[str, str] | None]:
    """What a compile says, and what then stands in its folder; nothing is written where something is wrong."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", cache)
        result = read(root)
        told = render("json", result.found, result.sources)
        if result.workspace is None or not result.whole:
            return told, None
        artifacts = build(result.workspace, memory=result.memory)
        result.memory.write()
    artifacts.append(manifest(artifacts))
    _, problem = write(out, artifacts)
    assert problem is None
    assert compare(out, artifacts).current
    return told, {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


NOWHERE = "not absolute, so that nothing is remembered"


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A folder whose memory knows the tree from the start, and what a compile of that says and writes."""
    root = tmp_path_factory.mktemp("known")
    lay(root, start())
    expected = compiled(root, str(root / "cache"), root / "out")
    assert expected[1] is not None
    return root, expected


@pytest.mark.parametrize("name", sorted(EDITS))
def test_after_an_edit_of_any_kind_a_run_that_remembers_is_like_one_that_does_not(name, known):
    root, before = known
    differs = name == "a comment"
    for seed in range(12):
        tree = start()
        EDITS[name](tree, random.Random(seed))
        lay(root, tree)
        after = compiled(root, str(root / "cache"), root / "out")
        assert after == compiled(root, NOWHERE, root / "fresh")
        if differs or after != before:
            break
    else:
        pytest.fail("nothing follows from the edit, so nothing is shown by it")
    lay(root, start())
    assert compiled(root, str(root / "cache"), root / "out") == before


@settings(max_examples=3, deadline=None)
@given(
    edits=st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, 9)), min_size=4, max_size=10),
    two=st.booleans(),
)
def test_after_many_edits_too_and_when_a_child_works_ahead(tmp_path_factory, edits, two):
    root = tmp_path_factory.mktemp("edited")
    with pytest.MonkeyPatch.context() as patch:
        if two:  # however little there is to do
            patch.setattr(beside, "MANY", 2)
            patch.setattr(beside, "two_cores", lambda: True)
        tree = start()
        told = []
        for name, seed in [("a comment", 0), *edits]:
            EDITS[name](tree, random.Random(seed))
            told.append(name)
            lay(root, tree)
            after = compiled(root, str(root / "cache"), root / "out")
            assert after == compiled(root, NOWHERE, root / "fresh"), told
            if after[1] is None:
                tree = start()  # else nothing more would be compiled


# What else can befall a memory


def memories(root: Path) -> list[Path]:
    return sorted(path for path in (root / "cache").rglob("*.msgpack"))


@pytest.fixture
def root(tmp_path):
    lay(tmp_path, start())
    return tmp_path


@pytest.mark.parametrize("damage", ["cut", "empty", "another's", "a folder", "other bytes"])
def test_damage_to_any_part_of_the_memory_only_makes_a_compile_slower(damage, root):
    expected = compiled(root, str(root / "cache"), root / "out")
    for file in memories(root):
        data = file.read_bytes()
        if damage == "a folder":
            file.unlink()
            file.mkdir()
        else:
            middle = len(data) // 2
            other = data[:middle] + bytes([data[middle] ^ 0x11]) + data[middle + 1 :]
            file.write_bytes(
                {"cut": data[:middle], "empty": b"", "another's": b"\x81\xa1a\x01", "other bytes": other}[damage]
            )
    assert compiled(root, str(root / "cache"), root / "out") == expected


def test_a_memory_that_cannot_be_written_is_read_and_left_as_it_is(root):
    expected = compiled(root, str(root / "cache"), root / "out")
    tree = start()
    EDITS["an alert's time"](tree, random.Random(1))
    lay(root, tree)
    before = {file: file.read_bytes() for file in memories(root)}
    folders = [root / "cache", *(path for path in (root / "cache").rglob("*") if path.is_dir())]
    for path in (*folders, *before):
        path.chmod(stat.S_IREAD | (stat.S_IEXEC if path.is_dir() else 0))
    try:
        edited = compiled(root, str(root / "cache"), root / "out")
    finally:
        for path in folders:
            path.chmod(0o700)
    assert edited == compiled(root, NOWHERE, root / "fresh")
    assert edited != expected
    assert os.geteuid() == 0 or {file: file.read_bytes() for file in memories(root)} == before


def test_compiles_at_once_share_a_memory_and_write_the_same(root):
    tree = start()
    for seed in range(3):
        EDITS["an alert's time"](tree, random.Random(seed))
        lay(root, tree)
        argv = [sys.executable, "-m", "watchbill", "compile", "--no-gates", "-C", str(root)]
        environment = {**os.environ, "XDG_CACHE_HOME": str(root / "cache")}
        both = [
            subprocess.Popen([*argv, "--out", str(root / name)], env=environment, stdout=subprocess.DEVNULL)
            for name in ("one", "two")
        ]
        assert [one.wait() for one in both] == [0, 0]
        _, fresh = compiled(root, NOWHERE, root / "fresh")
        for out in ("one", "two"):
            assert compiled(root, str(root / "cache"), root / out)[1] == fresh


def test_what_is_generated_is_read_and_not_remembered(root):
    """A file that somebody edited keeps its size and its time, and is mended all the same."""
    _, expected = compiled(root, str(root / "cache"), root / "out")
    for name in ("runbooks/index.md", next(path for path in expected if path.endswith(".rules.yml"))):
        file = root / "out" / name
        before = file.stat()
        file.write_text(file.read_text()[::-1])
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert compiled(root, str(root / "cache"), root / "out")[1] == expected


# The second core, and what a part is shown


@pytest.mark.parametrize("fails", [False, True], ids=["a child that works", "a child that dies"])
def test_jobs_done_in_two_are_as_if_done_in_one(fails, root, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    monkeypatch.setattr(beside, "two_cores", lambda: True)
    memory, here = Memory(root), os.getpid()
    done = []

    def job(number: int) -> int:
        def answer() -> int:
            if fails and os.getpid() != here:
                os._exit(9)
            done.append(number)
            return number * number

        return memory.recall("squares", str(number), b"", int, answer)

    jobs = [partial(job, number) for number in range(beside.MANY + 1)]
    assert beside.in_two(memory, jobs, len(jobs)) == [number * number for number in range(len(jobs))]
    assert sorted(done) == list(range(len(jobs)) if fails else range(0, len(jobs), 2))
    memory.write()
    again = Memory(root)
    assert again.lacking("squares", {str(number): b"" for number in range(len(jobs))}) == 0


def test_a_service_alone_is_shown_no_other_and_whoever_is_on_call_no_service(root):
    workspace, _, _ = read_workspace(root, cache=False)
    alone = sight.Alone(workspace)
    assert len(set(alone.services)) == 7
    for subject in alone.services:
        view = alone.view(subject)
        shown = {f"{service.kind}/{service.name}" for place in view.places.values() for service in place.services}
        bodies = {f"{kind}/{name}" for kind, same in view.documents.items() for name, one in same.items() if one.body}
        assert shown == {subject}
        assert {name for name in bodies if name.partition("/")[0] not in sight.BEHIND_SERVICES} == {subject}
        assert {kind: [*same] for kind, same in view.documents.items()} == {
            kind: [*same] for kind, same in workspace.documents.items()
        }
    people = sight.on_call(workspace)
    assert not any(place.services for place in people.places.values())
    assert set(people.documents) == set(sight.ON_CALL)


def test_a_finding_in_a_file_that_nobody_edited_is_told_again(root):
    tree = start()
    wrong, other = sorted(path for path in tree if re.search(SERVICE, path) and "labels." in tree[path])[:2]
    tree[wrong] = re.sub(r"labels\.\w+", "labels.elsewhere", tree[wrong], count=1)
    lay(root, tree)
    before, _ = compiled(root, str(root / "cache"), root / "out")
    assert "elsewhere" in before
    tree[other] += "# edited\n"
    tree[other] = re.sub(r"  for: \w+", "  for: 11m", tree[other], count=1)
    lay(root, tree)
    assert compiled(root, str(root / "cache"), root / "out")[0] == before
