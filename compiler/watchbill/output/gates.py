"""promtool and amtool as the last word: run once over everything, their words mapped back to the policy they mean."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec

from watchbill.source.codes import tools as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.targets.artifact import Artifact
from watchbill.targets.yamltext import scalar

_PROMTOOL_LINE = re.compile(
    r'^(?P<file>\S+\.yml): (?:(?P<line>\d+):\d+: )?(?:group "[^"]*", rule (?P<rule>\d+), "[^"]*": )?(?P<text>.+)$'
)
_DUPLICATE = re.compile(r"Metric: (?P<name>\S+)$")
_AMTOOL_REASON = re.compile(r"Checking '([^']+)'\s+FAILED: (.+?)(?=\n\n|\nChecking '|\Z)", re.DOTALL)
_RULES_FOUND = re.compile(r"SUCCESS: (\d+) rules? found")
_VERSION = re.compile(r"version (\d+\.\d+\.\d+)")
ARGUMENT_BYTES = 1_500_000  # Linux takes 2 MiB of arguments and environment


class Passed(msgspec.Struct, frozen=True):
    """What a gate was shown and let through."""

    tool: str
    version: str
    what: str


class Tested(msgspec.Struct, frozen=True):
    """One rule test as promtool reports it: the test file it stands in, its place in the policy, and what failed."""

    file: str
    name: str
    where: Location | None
    failures: tuple[str, ...] = ()


class Tests(msgspec.Struct, frozen=True):
    """What promtool said of the policies' tests."""

    total: int
    failed: int
    cases: tuple[Tested, ...] = ()


def find_tool(name: str, root: Path) -> Path | None:
    """WATCHBILL_PROMTOOL / WATCHBILL_AMTOOL, then PATH, then `.tools/bin` at or above the workspace."""
    if named := os.environ.get(f"WATCHBILL_{name.upper()}"):
        return Path(named) if _runs(Path(named)) else None
    if on_path := shutil.which(name):
        return Path(on_path)
    return next((tool for folder in (root, *root.parents) if _runs(tool := folder / ".tools" / "bin" / name)), None)


def _runs(tool: Path) -> bool:
    return tool.is_file() and os.access(tool, os.X_OK)


def version(tool: Path) -> str:
    """The version a tool prints of itself, or `unknown`."""
    try:
        done = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = _VERSION.search(done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def gate(artifacts: Sequence[Artifact], root: Path) -> tuple[list[Passed], list[Diagnostic]]:
    """Show promtool every rule file and amtool every Alertmanager configuration, before anything is written."""
    rules = [artifact for artifact in artifacts if artifact.path.endswith(".rules.yml")]
    routing = [artifact for artifact in artifacts if artifact.path.endswith("/alertmanager.yml")]
    passed: list[Passed] = []
    found: list[Diagnostic] = []
    for name, shown, run in (("promtool", rules, _check_rules), ("amtool", routing, _check_routing)):
        if not shown:
            continue
        tool = find_tool(name, root)
        if tool is None:
            found.append(_not_gated(name, _plural(shown, "rule file" if name == "promtool" else "routing tree")))
            continue
        try:
            with laid_out(shown) as folder:
                problems, what = run(tool, folder, shown)
        except CannotRunError as error:
            problems, what = [_not_run(name, tool, error)], ""
        except OSError as error:
            problems, what = [_no_room(name, error)], ""
        found.extend(problems)
        if not problems:
            passed.append(Passed(name, version(tool), what))
    return passed, found


class CannotRunError(Exception):
    """A tool that is there and cannot be started."""


def _started(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code of a tool and all that it said."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env=environment,
        )
    except OSError as error:
        raise CannotRunError((error.strerror or str(error)).lower()) from error
    killed = f"\nit was ended by signal {-done.returncode}" if done.returncode < 0 else ""
    return done.returncode, done.stdout + killed


def _not_run(name: str, tool: Path, error: CannotRunError) -> Diagnostic:
    message = f"{name} cannot be run, so it was shown nothing: {tool}: {error}"
    return Diagnostic(
        codes.GATE_REFUSED, message, help=f"`make tools`, or set WATCHBILL_{name.upper()} to one that runs"
    )


def _no_room(name: str, error: OSError) -> Diagnostic:
    message = f"the output cannot be laid out for {name}: {(error.strerror or str(error)).lower()}"
    return Diagnostic(codes.CANNOT_WRITE, message, help="make room in the folder for temporary files, or set TMPDIR")


@contextmanager
def laid_out(artifacts: Sequence[Artifact]) -> Iterator[Path]:
    """Artifacts in a scratch folder for as long as a tool reads them."""
    with tempfile.TemporaryDirectory(prefix="watchbill-") as folder:
        root = Path(folder)
        for artifact in artifacts:
            path = root / artifact.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(artifact.text, "utf-8")
        yield root


def _plural(artifacts: Sequence[Artifact], word: str) -> str:
    return f"{len(artifacts):,} {word}{'' if len(artifacts) == 1 else 's'}"


def _not_gated(tool: str, what: str) -> Diagnostic:
    return Diagnostic(
        codes.NOT_GATED,
        f"{tool} was not found, so it was not shown {what}",
        help=f"`make tools`, or set WATCHBILL_{tool.upper()}",
    )


def skipped() -> Diagnostic:
    """What is said when the gates were left out on request."""
    return Diagnostic(
        codes.NOT_GATED, "the output was not shown to promtool and amtool: --no-gates", help="leave `--no-gates` out"
    )


def _run(tool: Path, arguments: Sequence[str], files: Sequence[str], folder: Path) -> tuple[int, str]:
    """One process, or as few as the length of a command line allows."""
    code, said = 0, []
    for chunk in _chunks(files):
        chunk_code, words = _started([tool.absolute(), *arguments, *chunk], folder)
        code = code or chunk_code
        said.append(words)
    return code, "\n".join(said)


def _chunks(files: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for file in files:
        if size + len(file) > ARGUMENT_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(file)
        size += len(file) + 1
    yield chunk


def _check_rules(promtool: Path, folder: Path, artifacts: Sequence[Artifact]) -> tuple[list[Diagnostic], str]:
    by_path = {artifact.path: artifact for artifact in artifacts}
    code, said = _run(promtool, ["check", "rules", "--lint=all", "--lint-fatal"], list(by_path), folder)
    ours = sum(artifact.parts for artifact in artifacts)
    counted = sum(int(number) for number in _RULES_FOUND.findall(said))
    if code == 0:
        if counted == ours:
            return [], f"{ours:,} rules in {_plural(artifacts, 'file')}"
        return [
            Diagnostic(
                codes.GATE_REFUSED,
                f"promtool counts {counted} rules where {ours} were written",
                help="please report this",
            )
        ], ""
    found = []
    checked: Artifact | None = None
    for line in said.splitlines():
        text, where = None, None
        if line.startswith("Checking "):
            checked = by_path.get(line.removeprefix("Checking "))
        elif (match := _PROMTOOL_LINE.match(line.strip())) and match["file"] in by_path:
            text, where = match["text"], _behind(by_path[match["file"]], match["rule"], match["line"])
        elif checked is not None and (duplicate := _DUPLICATE.match(line)):
            text, where = (
                f"two rules named `{duplicate['name']}` have the same labels",
                _last(checked, duplicate["name"]),
            )
        if text is not None:
            found.append(Diagnostic(codes.GATE_REFUSED, f"promtool: {text}", where, "from this"))
    return found or [Diagnostic(codes.GATE_REFUSED, f"promtool: {_first_words(said)}", help="please report this")], ""


def _last(artifact: Artifact, name: str) -> Location | None:
    """The last rule of a name."""
    lines = artifact.text.splitlines()
    heads = (f"- record: {scalar(name)}", f"- alert: {scalar(name)}")
    return next((at for line, at in reversed(artifact.lines) if lines[line - 1].strip() in heads), None)


def _behind(artifact: Artifact, rule: str | None, line: str | None) -> Location | None:
    if rule is not None and 0 < int(rule) <= len(artifact.lines):
        return artifact.lines[int(rule) - 1][1]
    return artifact.policy_at(int(line) if line else 1)


def _first_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("Checking ")]
    return "; ".join(lines[:4]) or "no reason given"


def _check_routing(amtool: Path, folder: Path, artifacts: Sequence[Artifact]) -> tuple[list[Diagnostic], str]:
    by_path = {artifact.path: artifact for artifact in artifacts}
    code, said = _run(amtool, ["check-config"], list(by_path), folder)
    if code == 0:
        return [], _plural(artifacts, "routing tree")
    found = []
    for path, reason in _AMTOOL_REASON.findall(said):
        artifact = by_path.get(path)
        parts = [part.strip() for part in reason.splitlines()]
        for part in [part for part in parts if part.startswith("line ")] or ["; ".join(parts)]:
            line = re.search(r"line (\d+)", part)
            where = artifact.policy_at(int(line.group(1)) if line else 1) if artifact else None
            found.append(Diagnostic(codes.GATE_REFUSED, f"amtool: {path}: {part}", where, "from this"))
    return found or [Diagnostic(codes.GATE_REFUSED, f"amtool: {_first_words(said)}", help="please report this")], ""


def run_tests(artifacts: Sequence[Artifact], root: Path) -> tuple[Tests | None, list[Diagnostic]]:
    """The policies' rule tests through promtool, on all cores. None when there are some and no promtool."""
    promtool = find_tool("promtool", root)
    tests = [artifact for artifact in artifacts if artifact.path.endswith(".test.yml")]
    if not tests:
        return Tests(0, 0), []
    if promtool is None:
        return None, [_not_gated("promtool", _plural(tests, "test file"))]
    shown = [artifact for artifact in artifacts if artifact.path.endswith((".rules.yml", ".test.yml"))]
    workers = min(os.cpu_count() or 1, len(tests))
    shares = [tests[start::workers] for start in range(workers)]
    try:
        with laid_out(shown) as folder, ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(lambda numbered: _test_share(promtool, folder, *numbered), enumerate(shares)))
    except CannotRunError as error:
        return None, [_not_run("promtool", promtool, error)]
    except OSError as error:
        return None, [_no_room("promtool", error)]
    total = sum(result[0].total for result in results)
    failed = sum(result[0].failed for result in results)
    cases = sorted((case for result in results for case in result[0].cases), key=lambda case: case.file)
    return Tests(total, failed, tuple(cases)), [diagnostic for result in results for diagnostic in result[1]]


def _test_share(promtool: Path, folder: Path, number: int, tests: Sequence[Artifact]) -> tuple[Tests, list[Diagnostic]]:
    by_path = {artifact.path: artifact for artifact in tests}
    report = folder / f"report-{number}.xml"
    command = [str(promtool.absolute()), "test", "rules", f"--junit={report}", *by_path]
    environment = {**os.environ, **({"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {})}  # noqa: S108  (promtool writes a block per test)
    code, said = _started(command, folder, environment)
    suites = _suites(report)
    if suites is None:
        return Tests(0, 0), [
            Diagnostic(
                codes.GATE_REFUSED,
                f"promtool: {_first_words(said)}",
                help="tests need promtool 2.54 or newer",
            )
        ]
    found: list[Diagnostic] = []
    cases: list[Tested] = []
    for suite in suites:
        artifact = by_path[suite.get("name", "")]
        for position, case in enumerate(suite.iter("testcase")):
            failures = [failure.text or "" for failure in case.iter("failure")]
            where = artifact.lines[position][1] if position < len(artifact.lines) else None
            cases.append(Tested(artifact.path, case.get("name", ""), where, tuple(failures)))
            if failures:
                found.append(_failure(case.get("name", ""), artifact, failures, where))
    failed = sum(bool(case.failures) for case in cases)
    if code != 0 and not failed:
        found.append(Diagnostic(codes.GATE_REFUSED, f"promtool: {_first_words(said)}"))
    return Tests(len(cases), failed, tuple(cases)), found


def _suites(report: Path) -> list[ET.Element] | None:
    """What promtool reports, test file by test file; None when it came to no report."""
    try:
        return list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314  (promtool's own report)
    except (OSError, ET.ParseError):
        return None


def _failure(name: str, artifact: Artifact, failures: Sequence[str], where: Location | None) -> Diagnostic:
    notes = []
    for failure in failures:
        time = re.search(r"time: (\S+),", failure)
        expected, got = re.search(r"exp: (.*)", failure), re.search(r"got: (.*)", failure)
        if time and expected and got:
            notes.append(f"at {time.group(1)}: expected {_samples(expected.group(1))}, got {_samples(got.group(1))}")
        else:
            notes.append(failure.strip())
    place = "/".join(artifact.path.split("/")[0:3:2])
    return Diagnostic(codes.TEST_FAILED, f"in {place}: {name}", where, "this test", notes=tuple(notes))


def _samples(text: str) -> str:
    """Promtool's `{provider="a"} 1E+00` as the firing alerts it stands for."""
    if text.strip() == "nil":
        return "nothing firing"
    return "firing " + ", ".join(re.findall(r"\{[^}]*\}", text))
