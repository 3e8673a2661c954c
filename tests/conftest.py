"""Fixtures of every test: the tools, the corpora, workspaces on disk, and the command line in this process or its own."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest

import watchbill.cli
from watchbill.checks import at_levels, check
from watchbill.cli.show import in_order
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.locate import Sources
from watchbill.spec.resolve import read_workspace

TOP = Path(__file__).parents[1]
REQUIRE_ALL = os.environ.get("WATCHBILL_REQUIRE_ALL") == "1"
SMALL = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: http://localhost:9090}, alertmanager: {url: http://localhost:9093}}}
---
kind: Team
name: shop
on_call: {primary: always-me}
---
kind: Person
name: me
email: me@shop.example
---
kind: Schedule
name: always-me
people: [me]
---
kind: Service
name: web
team: shop
alerts:
- {name: WebDown, severity: critical, expr: 'up{job="web"} == 0', for: 2m, summary: "{{ $labels.instance }} is down", runbook: {url: "https://wiki.shop.example/web"}}
"""

# The same examples in every run; with WATCHBILL_EXAMPLES others each time, as whoever hunts for more wants them.
hypothesis.settings.register_profile("watchbill", derandomize="WATCHBILL_EXAMPLES" not in os.environ, database=None)
hypothesis.settings.load_profile("watchbill")

Files = Mapping[str, str | bytes]


class Found(NamedTuple):
    """A finding as a person sees it. `place` is line, column, end line and end column; `text` what the caret is under."""

    code: str
    file: str
    place: tuple[int, int, int, int]
    text: str
    message: str
    help: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[tuple[str, tuple[int, int, int, int], str], ...] = ()
    level: str = "error"


class Ran(NamedTuple):
    """What a run of the command line left: its exit code and what it printed."""

    exit: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or fills the cache of the person who runs it, and none sees their colours or their tracebacks."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for name in ("NO_COLOR", "WATCHBILL_TRACEBACK"):
            patch.delenv(name, raising=False)
        yield folder


def _tool(name: str) -> Path:
    named = os.environ.get(f"WATCHBILL_{name.upper()}")
    places = [named, shutil.which(name), TOP / ".tools" / "bin" / name]
    found = next((Path(place) for place in places if place and os.access(place, os.X_OK)), None)
    return found or _absent(f"{name} is not installed: `make tools` gets it, or WATCHBILL_{name.upper()} names it")


def _absent(reason: str) -> Any:
    if REQUIRE_ALL:
        pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def promtool() -> Path:
    return _tool("promtool")


@pytest.fixture(scope="session")
def amtool() -> Path:
    return _tool("amtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    return _tool("prometheus")


@pytest.fixture(scope="session")
def alertmanager() -> Path:
    return _tool("alertmanager")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Files that other projects wrote, which are not part of this repository."""
    folder = Path(os.environ.get("WATCHBILL_CORPORA", TOP.parent / "shared" / "corpora"))
    if not folder.is_dir():
        pytest.skip("the corpora are not here: WATCHBILL_CORPORA names their folder")
    return folder


@pytest.fixture(scope="session")
def small() -> str:
    """The smallest complete workspace of the language's page."""
    return SMALL


def write(root: Path, files: Files) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Files], Path]:
    """A new folder with these files in it."""
    return lambda files: write(tmp_path_factory.mktemp("workspace"), files)


@pytest.fixture(scope="session")
def findings() -> Callable[..., list[Found]]:
    """Everything that `check` has against the workspace in a folder (or against one of its files), in order."""

    def findings_of(root: Path, file: str | None = None, *, cache: bool = False) -> list[Found]:
        workspace, policies, found = read_workspace(root, cache=cache)
        found += check(workspace) if workspace is not None else []
        sources = Sources(root, policies.paths)
        placed = in_order(at_levels(workspace, found), sources)
        return [one for diagnostic, _ in placed if (one := _found(diagnostic, sources)).file == (file or one.file)]

    return findings_of


def _found(diagnostic: Diagnostic, sources: Sources) -> Found:
    span = sources.locate(diagnostic.where) if diagnostic.where is not None else Span("")
    related = [(sources.locate(other.where), other.text) for other in diagnostic.related]
    return Found(
        diagnostic.code.id,
        span.file,
        _place(span),
        _under(sources.lines(span.file), span) if span.file else "",
        diagnostic.message,
        diagnostic.help,
        diagnostic.notes,
        tuple((other.file, _place(other), text) for other, text in related),
        diagnostic.level,
    )


def _place(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _under(lines: Sequence[str], span: Span) -> str:
    chosen = list(lines[span.line - 1 : span.end_line])
    if chosen:
        chosen[-1] = chosen[-1][: span.end_column - 1]
        chosen[0] = chosen[0][span.column - 1 :]
    return "\n".join(chosen)


@pytest.fixture(scope="session")
def marked() -> Callable[[str], tuple[str, tuple[int, int, int, int]]]:
    """A text without its ⟦marks⟧, and the place that stood between them: line, column, end line, end column."""

    def unmarked(text: str) -> tuple[str, tuple[int, int, int, int]]:
        before, inside, after = re.split("[⟦⟧]", text)
        return before + inside + after, (*_end_of(before), *_end_of(before + inside))

    return unmarked


def _end_of(text: str) -> tuple[int, int]:
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
    return len(lines), len(lines[-1]) + 1


@pytest.fixture(scope="session")
def run() -> Callable[..., Ran]:
    """`watchbill` in this process, as the console script runs it."""

    def run_here(*arguments: str | Path, cwd: Path) -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        code: Any = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["watchbill", *map(str, arguments)])
            patch.chdir(cwd)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    watchbill.cli.main()
                except SystemExit as end:
                    code = end.code
        texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
        return Ran(0 if code is None else code, *texts)

    return run_here


@pytest.fixture(scope="session")
def run_process() -> Callable[..., Ran]:
    """`watchbill` in a process of its own."""

    def run_there(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 60) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "watchbill", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run_there
