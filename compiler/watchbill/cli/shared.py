"""What every verb shares: finding the workspace, reading it, showing findings, and the exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from watchbill.cli.show import DOCUMENTS, FORMATS, counts, in_order, render
from watchbill.source.codes import structure
from watchbill.source.diagnostic import Diagnostic, Span, has_errors
from watchbill.source.files import WORKSPACE_FILE, find_workspace
from watchbill.source.locate import Sources
from watchbill.source.silencing import Silencing
from watchbill.spec.load import Policies
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Workspace
from watchbill.targets.artifact import Artifact

F = TypeVar("F", bound=Callable[..., Any])


class Read(msgspec.Struct, frozen=True):
    """A workspace as read and checked. `workspace` is None when nothing can be compiled from it.

    `silencing` holds the comments that silence findings; `whole` says whether every check ran, so that a comment which
    has silenced nothing has no use.
    """

    root: Path
    workspace: Workspace | None
    policies: Policies | None
    found: list[Diagnostic]
    sources: Sources
    silencing: Silencing | None = None
    whole: bool = False
    memory: Memory = NOTHING
    built: Callable[[], list[Artifact]] | None = None


def workspace_option(function: F) -> F:
    return click.option(
        "-C", "folder", default=".", metavar="DIR", help="Run in another workspace.", type=click.Path(path_type=Path)
    )(function)


def format_option(function: F) -> F:
    return click.option(
        "--format",
        "form",
        default="text",
        type=click.Choice(list(FORMATS)),
        help="How findings are shown.",
        show_default=True,
    )(function)


def read(folder: Path, today: date | None = None, *, building: bool = False) -> Read:
    """Find, load, resolve and check; every finding comes back, none is raised. With `building` a child may begin with that;
    the memory is then written by whoever asks for what is built.

    Comments silence some of them: each until its day, where `today` is given; else all, as no output follows the date.
    """
    root = find_workspace(folder)
    if root is None:
        missing = Diagnostic(
            structure.WORKSPACE,
            f"no {WORKSPACE_FILE} here or in any folder above",
            Span(WORKSPACE_FILE),
            help="change to a workspace, or name one with -C DIR",
        )
        return Read(folder, None, None, [missing], Sources(folder))
    from watchbill import targets  # noqa: PLC0415
    from watchbill.checks import at_levels, check  # noqa: PLC0415
    from watchbill.spec.load import resting_collector  # noqa: PLC0415
    from watchbill.spec.resolve import read_workspace  # noqa: PLC0415

    memory = Memory(root)
    with resting_collector():
        workspace, policies, found = read_workspace(root, memory=memory)
        if workspace is not None:
            found += check(workspace, memory)
        sources = Sources(root, policies.paths)
        silencing = Silencing(policies.commented, sources, today)
        found = silencing.over(found)
        whole = workspace is not None and _whole(workspace, policies, found)
        built = None
        if workspace is not None and whole:  # a target is built from what is whole
            built = targets.begin(workspace, memory=memory) if building and not has_errors(found) else None
            found += silencing.over(targets.check(workspace))
        if built is None:
            memory.write()
    found = at_levels(workspace, [*found, *silencing.problems])
    return Read(root, workspace, policies, found, sources, silencing, whole, memory, built)


def _whole(workspace: Workspace, policies: Policies, found: Sequence[Diagnostic]) -> bool:
    """Whether every document could be read, every name leads somewhere and somebody takes what nobody claims.

    Mistakes of meaning hide nothing of what the targets have to say; with one of form a target could not be built.
    """
    of_form = any(one.level == "error" and one.code.id < "WB3" for one in found)
    return not of_form and workspace.catch_all.team != "" and all(one.body is not None for one in policies.all)


def show(form: str, found: Sequence[Diagnostic], sources: Sources) -> None:
    """Findings to stdout (text and github go with a summary line to stderr). Else stdout is one document."""
    if form in DOCUMENTS:
        click.echo(render(form, found, sources))
        return
    if form == "github":
        text = render("github", found, sources)
        if text:
            click.echo(text)
        click.echo(render("text", found, sources), err=True, nl=False)
        return
    if found:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo(render("text", found, sources, color=color))


def summary(found: Sequence[Diagnostic], sources: Sources, files: int) -> str:
    """`Found 2 errors, 1 warning in 3 of 41 files.`"""
    placed = in_order(found, sources)
    number = counts(diagnostic for diagnostic, _ in placed)
    parts = [f"{count} {level}{'s' if count != 1 else ''}" for level, count in number.items() if count]
    touched = len({span.file for _, span in placed if span})
    text = f"Found {', '.join(parts)} in {touched} of {files} files."
    worst = next((diagnostic for diagnostic, _ in sorted(placed, key=lambda item: item[0].level != "error")), None)
    return f"{text} `watchbill explain {worst.code.id}` says more." if worst else text


def end(found: Sequence[Diagnostic]) -> NoReturn:
    """Leave with 1 when there are errors, else with 0."""
    sys.exit(1 if has_errors(found) else 0)


def plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
