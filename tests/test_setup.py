"""What stands around the compiler: scripts, workflows, hooks, the README's set-up, and what may not stand in any file."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[1]
CI = TOP / ".ci"
WORKFLOWS = sorted((TOP / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((TOP / ".github/actions").glob("*/action.yml"))
HOOKS = TOP / ".pre-commit-hooks.yaml"
SHELL_SCRIPTS = sorted(
    path for path in CI.iterdir() if path.read_bytes().startswith(b"#!") and b"sh\n" in path.read_bytes()[:30]
)


def named(paths: list[Path]) -> Any:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.relative_to(TOP).as_posix())


def read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Every step of a workflow or of a composite action."""
    document = read(path)
    for job in document.get("jobs", {"": document.get("runs", {})}).values():
        yield from job["steps"]


def files_in_git() -> list[Path]:
    # A container's checkout may belong to somebody else, which git refuses unless told.
    argv = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=TOP, check=True, capture_output=True, text=True).stdout
    return [TOP / name for name in listed.split("\0") if name and (TOP / name).is_file()]


# Workflows, the action, the hooks


@named([*WORKFLOWS, *ACTIONS])
def test_every_action_is_pinned_by_a_full_commit_digest_and_says_its_version(path: Path) -> None:
    uses = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if re.match(r"\s*(- )?uses:", line)]
    assert [line for line in uses if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []
    assert len(uses) == sum("uses" in step for step in steps(path))


@named(WORKFLOWS)
def test_every_container_of_a_workflow_is_pinned_by_digest(path: Path) -> None:
    images = re.findall(r"^\s*(?:container|image): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [
        image for image in images if image != "${{ matrix.image }}" and not re.search(r"@sha256:[0-9a-f]{64}$", image)
    ] == []


@named(WORKFLOWS)
def test_a_workflow_may_read_the_code_and_nothing_else(path: Path) -> None:
    document = read(path)
    assert document["permissions"] == {"contents": "read"}
    assert [name for name, job in document["jobs"].items() if "permissions" in job] == []
    assert "pull_request_target" not in document[True]  # YAML 1.1 reads the key `on` as true
    assert "secrets." not in path.read_text(encoding="utf-8")


@named(WORKFLOWS)
def test_every_job_ends_by_itself_and_gives_way_to_a_newer_run(path: Path) -> None:
    document = read(path)
    assert [name for name, job in document["jobs"].items() if not 0 < job["timeout-minutes"] <= 30] == []
    assert document["concurrency"]["group"]


@named([*WORKFLOWS, *ACTIONS])
def test_no_expression_stands_inside_a_shell_step(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@named([*WORKFLOWS, *ACTIONS])
def test_a_checkout_keeps_no_credentials(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_the_tests_run_on_every_python_that_the_project_is_for() -> None:
    (workflow,) = (path for path in WORKFLOWS if path.stem == "test")
    matrix = read(workflow)["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert [row["python"] for row in matrix] == ["3.11", "3.12", "3.13", "3.14"]
    assert [row for row in matrix if not row["image"].startswith(f"python:{row['python']}-")] == []


def test_the_pre_commit_hooks_run_once_for_policies_and_templates() -> None:
    hooks = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "watchbill-check": "watchbill check",
        "watchbill-compile": "watchbill compile",
    }
    assert [hook for hook in hooks if hook["pass_filenames"] or hook["files"] != "^(policies|templates)/"] == []


# The set-up


def test_the_readme_sets_up_with_two_commands() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Set up\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    assert section, "no section named Set up"
    blocks = re.findall(r"^```\w*\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    commands = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    assert [command for command in commands if command] == ["make demo", "make test"]


def test_make_alone_lists_every_target() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    listed = subprocess.run(["make", "-s"], cwd=TOP, check=True, capture_output=True, text=True).stdout
    assert re.findall(r"^ {2}make (\w+) +\S", listed, re.MULTILINE) == phony[1].split()


def test_every_dependency_has_one_pinned_version() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [
        line for line in (CI / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+", pin)] == []

    def plain(requirement: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()

    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    unpinned = sorted({plain(one) for one in wanted} - {plain(pin) for pin in pins})
    assert unpinned == ["watchbill"]  # `dev` asks for its own extras


@named(SHELL_SCRIPTS)
def test_a_script_is_executable_and_has_no_syntax_error(path: Path) -> None:
    assert os.access(path, os.X_OK)
    interpreter = path.read_text(encoding="utf-8").splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([interpreter, "-n", path], check=True)


def test_ci_ends_by_running_the_readmes_test_command_with_nothing_skipped() -> None:
    lines = [line.split("#")[0].strip() for line in (CI / "run").read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line]
    assert lines[-3:] == ["export WATCHBILL_REQUIRE_ALL=1", "make test || exit", 'exit "$lint"']


# get-tools, with a stand-in for apt: no network, and nothing outside the folder of the test


PROGRAM = """#!/bin/sh
echo "{name}, version {version} (branch: debian/sid)"
"""

APT_GET = """#!/bin/sh
case " $* " in
  *" indextargets "*) printf '%s\\n' 'main stable-security http://mirror.invalid/debian-security/' \\
    'main stable http://elsewhere.invalid/' 'contrib stable http://mirror.invalid/debian/' 'main stable http://mirror.invalid/debian/' ;;
  *" update "*) cat "$(sed -n 's/^Dir::Etc::sourcelist "\\(.*\\)";$/\\1/p' "$APT_CONFIG")" >"$ASKED"; [ -z "$APT_FAILS" ] ;;
  *" download "*) touch all.deb ;;
esac
"""

DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/bin" "$3/usr/share/prometheus/alertmanager"
touch "$3/usr/share/prometheus/alertmanager/default.tmpl"
for name in promtool prometheus amtool prometheus-alertmanager; do
  case $name in prom*l | prometheus) version=$PROMETHEUS_VERSION ;; *) version=0.33.1 ;; esac
  printf '#!/bin/sh\\necho "%s, version %s (branch: debian/sid)"\\n' "${name#prometheus-}" "$version" >"$3/usr/bin/$name"
  chmod 755 "$3/usr/bin/$name"
done
"""


NEEDED = [
    "awk",
    "cat",
    "chmod",
    "cut",
    "date",
    "dirname",
    "id",
    "ln",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "sort",
    "touch",
]


class Machine:
    """A copy of get-tools on a machine that has only the programs in `bin`."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "a check out"
        self.bin = folder / "bin"
        self.asked = folder / "asked"
        self.keyring = folder / "keyring.gpg"
        for made in (self.top / ".ci", self.bin):
            made.mkdir(parents=True)
        script = self.top / ".ci/get-tools"
        script.write_bytes((CI / "get-tools").read_bytes())
        script.chmod(0o755)
        self.keyring.touch()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name) or name)

    def add(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def add_apt(self) -> None:
        self.add("apt-get", APT_GET)
        self.add("apt-config", "#!/bin/sh\n")
        self.add("dpkg-deb", DPKG_DEB)

    def run(self, *flags: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        settings = {
            "WATCHBILL_TOOLS_KEYRING": str(self.keyring),
            "ASKED": str(self.asked),
            "APT_FAILS": "",
            "PROMETHEUS_VERSION": "3.5.3",
        }
        return subprocess.run(
            [self.top / ".ci/get-tools", *flags],
            env={"PATH": str(self.bin), **settings, **environment},
            check=False,
            capture_output=True,
            text=True,
        )

    def tree(self) -> dict[str, int]:
        return {path.relative_to(self.top).as_posix(): path.lstat().st_mtime_ns for path in self.top.rglob("*")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_get_tools_unpacks_debians_packages_and_a_second_run_changes_nothing(machine: Machine) -> None:
    machine.add_apt()
    first = machine.run()
    assert (first.returncode, first.stderr) == (0, "")
    assert "promtool 3.5.3, amtool 0.33.1, prometheus 3.5.3, alertmanager 0.33.1: in .tools" in first.stdout
    assert sorted(path.name for path in (machine.top / ".tools/bin").iterdir()) == [
        "alertmanager",
        "amtool",
        "prometheus",
        "promtool",
    ]
    before = machine.tree()
    assert [name for name in before if name.endswith((".deb", "apt.conf"))] == []
    second = machine.run()
    assert second.stdout == "promtool 3.5.3, amtool 0.33.1, prometheus 3.5.3, alertmanager 0.33.1: ready in .tools\n"
    assert machine.tree() == before


def test_get_tools_asks_the_machines_own_mirror_of_the_main_archive_and_checks_its_signatures(machine: Machine) -> None:
    machine.add_apt()
    assert machine.run(WATCHBILL_TOOLS_SUITE="sid").returncode == 0
    assert machine.asked.read_text() == f"deb [signed-by={machine.keyring}] http://mirror.invalid/debian/ sid main\n"


def test_get_tools_without_apt_takes_what_is_on_the_path(machine: Machine) -> None:
    machine.add("promtool", PROGRAM.format(name="promtool", version="3.14.0"))
    machine.add("amtool", PROGRAM.format(name="amtool", version="1.0.0"))
    result = machine.run()
    assert (result.returncode, result.stdout) == (0, "promtool 3.14.0: from PATH\namtool 1.0.0: from PATH\n")


@pytest.mark.parametrize(("flags", "code"), [([], 1), (["--optional"], 0)])
def test_get_tools_says_what_is_missing_and_fails_unless_that_is_allowed(
    machine: Machine, flags: list[str], code: int
) -> None:
    machine.add("promtool", PROGRAM.format(name="promtool", version="2.42.0"))
    result = machine.run(*flags)
    assert result.returncode == code
    assert "promtool: not found; compile will say which gate was not passed" in result.stderr
    assert "amtool: not found; compile will say which gate was not passed" in result.stderr
    assert "WATCHBILL_PROMTOOL" in result.stderr


@pytest.mark.parametrize(
    "broken", [{"APT_FAILS": "yes"}, {"PROMETHEUS_VERSION": "2.53.3"}], ids=["no network", "an old suite"]
)
def test_get_tools_leaves_the_old_tools_or_none_when_new_ones_cannot_be_had(
    machine: Machine, broken: dict[str, str]
) -> None:
    machine.add_apt()
    assert machine.run(**broken).returncode == 1
    assert [path.name for path in (machine.top / ".tools").iterdir()] == ["lock"]
    assert machine.run().returncode == 0
    before = machine.tree()
    assert machine.run(WATCHBILL_TOOLS_SUITE="sid", **broken).returncode == 1
    after = machine.tree()
    assert [
        name for name, changed in before.items() if name not in (".tools", ".tools/lock") and after.get(name) != changed
    ] == []
    assert "ready in .tools" in machine.run().stdout


def test_get_tools_sweeps_up_after_a_run_that_was_killed(machine: Machine) -> None:
    machine.add_apt()
    (machine.top / ".tools/unpacked.killed/apt").mkdir(parents=True)
    (machine.top / ".tools/bin.new").symlink_to("unpacked.killed/bin")
    assert machine.run().returncode == 0
    assert sorted(path.name.split(".")[0] for path in (machine.top / ".tools").iterdir()) == ["bin", "lock", "unpacked"]


# What may not stand in a file


def test_no_file_names_a_package_registry_or_a_folder_of_one_machine() -> None:
    hosts = r"pypi\.or[g]|pythonhosted\.or[g]|registry\.npmj[s]|(deb|security|ftp\.\w+)\.debian\.or[g]|archive\.ubuntu\.co[m]"
    folders = r"(?<![\w.])/(root|wor[k]|home/\w+|Users/\w+)/|/tmp/[\w.]+\.[\w.]*/"
    forbidden = re.compile(f"{hosts}|{folders}".encode())
    found = [
        f"{path.relative_to(TOP)}:{number}: {line.strip()[:120].decode(errors='replace')}"
        for path in files_in_git()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []
