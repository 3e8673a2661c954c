"""Laws that hold for every workspace: the right ones compile and the tools take all of it, the broken ones are told.

`WATCHBILL_EXAMPLES=50` multiplies how many are tried, and takes others each time.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generator.mutated import mutations
from generator.valid import workspaces
from watchbill.checks import check
from watchbill.output.tree import MANIFEST
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import build

TOP = Path(__file__).parents[1]
MORE = int(os.environ.get("WATCHBILL_EXAMPLES", "1"))


def tried(number: int) -> Callable[[Any], Any]:
    """So many examples; the same in every run, unless more are asked for."""
    return settings(
        max_examples=number * MORE,
        derandomize=MORE == 1,
        phases=[Phase.generate] if MORE == 1 else [Phase.generate, Phase.shrink],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def compiled(root: Path) -> tuple[Workspace, dict[str, str]]:
    """The model and every generated file; what is said against the policies, as the failure of the test."""
    workspace, _, found = read_workspace(root, cache=False)
    assert workspace is not None
    assert errors([*found, *check(workspace)]) == []
    return workspace, {artifact.path: artifact.text for artifact in build(workspace)}


def errors(found: list[Diagnostic]) -> list[tuple[str, str, object]]:
    return [(one.code.id, one.message, one.where) for one in found if one.level == "error"]


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def numbered(folder: Path) -> Iterator[Path]:
    number = 0
    while True:
        number += 1
        yield folder / str(number)


# Right workspaces


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Workspace]]:
    """Workspaces that were drawn, written with what is generated from them; each is compiled twice and is the same."""
    folders = numbered(tmp_path_factory.mktemp("right"))
    found: list[tuple[Path, Workspace]] = []

    @tried(25)
    @given(workspaces())
    def draw(files: dict[str, str]) -> None:
        root = write(next(folders), files)
        workspace, generated = compiled(root)
        write(root / "generated", generated)
        found.append((root, workspace))

    draw()
    return found


@pytest.mark.tools
def test_promtool_takes_every_rule_of_every_workspace(right: list[tuple[Path, Workspace]], promtool: Path) -> None:
    files = [str(path) for root, _ in right for path in sorted((root / "generated").rglob("*.rules.yml"))]
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *files], capture_output=True, text=True, check=False
    )
    told = (done.stdout + done.stderr).splitlines()
    assert [line for line in told if line.strip() and "SUCCESS" not in line and not line.startswith("Checking")] == []
    assert done.returncode == 0
    counted = sum(int(line.split()[1]) for line in told if "SUCCESS" in line)
    services = [service for _, workspace in right for place in workspace.places.values() for service in place.services]
    assert counted == sum(len(service.records) + len(service.alerts) for service in services) > 100


@pytest.mark.tools
def test_amtool_takes_every_routing_tree_of_every_workspace(right: list[tuple[Path, Workspace]], amtool: Path) -> None:
    files = [str(path) for root, _ in right for path in sorted((root / "generated").rglob("alertmanager.yml"))]
    done = subprocess.run([amtool, "check-config", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(files) > 5  # what is drawn differs a little with the modules that are loaded


def test_a_rule_file_reads_back_as_the_model_says_letter_by_letter(right: list[tuple[Path, Workspace]]) -> None:
    seen = 0
    for root, workspace in right:
        for place in workspace.places.values():
            for service in place.services:
                name = f"{place.environment}/prometheus/{place.source}/{service.team}/{service.name}.rules.yml"
                if not service.records and not service.alerts:
                    assert not (root / "generated" / name).exists()
                    continue
                text = (root / "generated" / name).read_text("utf-8")
                rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
                expected = [rule for group in service.groups for rule in group.rules]
                assert len(rules) == len(expected)
                for rule, model in zip(rules, expected, strict=True):
                    assert rule["expr"] == model.expr
                    assert rule.get("labels", {}) == model.labels
                    if isinstance(model, ResolvedAlert):
                        seen += 1
                        assert rule["alert"] == model.name
                        assert model.annotations.items() <= rule["annotations"].items()
    assert seen > 50


def test_every_alert_says_who_it_is_and_leads_somewhere(right: list[tuple[Path, Workspace]]) -> None:
    for _, workspace in right:
        for place in workspace.places.values():
            for alert in place.alerts:
                assert {"severity", "team", "service", *place.labels} <= set(alert.labels)
                assert alert.outcome.kind == "drop" or alert.annotations["runbook_url"]
                at_most = workspace.environments[place.environment].at_most
                assert alert.outcome.kind != "page" or (at_most == "page" and alert.outcome.escalation is not None)


# The same bytes


@tried(15)
@given(files=workspaces())
def test_what_a_cache_remembers_means_the_same(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    root = write(tmp_path_factory.mktemp("cached"), files)
    fresh = compiled(root)[1]
    for _ in range(2):  # one fills the cache, one reads it
        workspace, _, found = read_workspace(root, cache=True)
        assert workspace is not None
        assert errors(found) == []
        assert {artifact.path: artifact.text for artifact in build(workspace)} == fresh


def test_the_machine_does_not_show_in_what_is_generated(
    tmp_path: Path, right: list[tuple[Path, Workspace]], run_process: Callable[..., Any]
) -> None:
    """Hash seed, zone, language, folder: ECAP and a drawn workspace come out the same."""
    largest = max((root for root, _ in right), key=lambda root: sum(1 for _ in (root / "generated").rglob("*")))
    machines = (
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LC_ALL": "POSIX", "LANG": "", "COLUMNS": "20"},
    )
    for name, root in (("ecap", TOP), ("drawn", largest)):
        trees = []
        for number, machine in enumerate(machines):
            elsewhere = tmp_path / name / f"a folder {number}"
            shutil.copytree(root / "policies", elsewhere / "policies")
            if (root / "templates").is_dir():
                shutil.copytree(root / "templates", elsewhere / "templates")
            inside = elsewhere / "policies" if number == 1 else elsewhere
            environment = {**machine, "XDG_CACHE_HOME": str(tmp_path / f"cache {number}")}
            done = run_process("compile", "--no-gates", cwd=inside, env=environment)
            assert done.exit == 0, done.out + done.err
            trees.append(digest(elsewhere / "generated"))
        assert MANIFEST in trees[0]
        assert trees[0] == trees[1] == trees[2]


# Broken workspaces


def example_company() -> dict[str, str]:
    folder = TOP / "policies"
    return {f"policies/{path.relative_to(folder)}": path.read_text("utf-8") for path in sorted(folder.rglob("*.y*ml"))}


BROKEN = st.one_of(mutations(example_company()), workspaces().flatmap(mutations), workspaces().flatmap(mutations))


@tried(60)
@given(files=BROKEN)
def test_a_broken_workspace_gives_findings_and_leaves_what_was_generated_alone(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], run: Callable[..., Any]
) -> None:
    root = write(tmp_path_factory.mktemp("broken"), files)
    before = write(
        root / "generated", {"production/mine.yml": "as it was\n", MANIFEST: '{"version": 1, "files": []}\n'}
    )
    was = digest(before)
    done = run("compile", "--no-gates", cwd=root)
    assert done.exit in (0, 1), done.err
    assert "WB999" not in done.err
    if done.exit == 1:
        assert done.out.strip()
        assert digest(before) == was
    shutil.rmtree(root)
