"""`watchbill fmt`: one layout for every policy, comments kept."""

import difflib
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from watchbill.cli.shared import end, plural, show, workspace_option
from watchbill.layout.canonical import Parsed, layout, meaning, read, verify
from watchbill.layout.mend import Mended, mend
from watchbill.layout.rewrite import rewrite
from watchbill.source.codes.structure import SECRET_IN_TEXT
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.files import PolicyFile, find_workspace, shown
from watchbill.source.files import read as read_bytes
from watchbill.source.locate import Sources
from watchbill.spec.load import API_VERSION, Policies, load, resting_collector
from watchbill.spec.memory import Memory

SHORT = 12  # changed lines of a file that --check shows


class _File(msgspec.Struct):
    """A file with its tree, and what was done to it in words."""

    file: PolicyFile
    data: bytes
    parsed: Parsed
    mended: list[Mended] = []
    upgraded: list[str] = []


@click.command("fmt")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILES]...")
@workspace_option
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit 1 and name the files that would change.")
@click.option("--fix", is_flag=True, help="Also mend what has one right answer, and say what was done.")
@click.option("--upgrade", is_flag=True, help="Migrate the whole workspace to the newest version of the language.")
def command(folder: Path, files: tuple[Path, ...], check_only: bool, fix: bool, upgrade: bool) -> None:
    """Lay policies out in the one canonical way: order of keys, indentation, quotes, blank lines. Comments are kept.

    FILES may be files or folders; without any, every policy of the workspace. A file that is not YAML stays as it is.
    """
    if upgrade and files:
        raise click.UsageError("--upgrade migrates the whole workspace: leave the files out.")
    root = find_workspace(folder)
    policies, told = load(root, Memory(root)) if root is not None else (None, [])
    chosen, rules = _chosen(folder, files, policies)
    names = {file.name: file.path for file in chosen}
    with resting_collector():
        read_files, found = _read(chosen)
    sources = Sources(root or folder, names)
    if upgrade:
        _upgrade(read_files, found, sources)
    for one in read_files if fix else ():
        one.mended = mend(one.file.name, one.parsed)
    with resting_collector():
        changed = [(one, text) for one in read_files if (text := _new_text(one)) is not None]
    for one, text in changed:
        if check_only:
            _would_change(one, text, _secrets(one, told))
        elif problem := rewrite(one.file.name, one.file.path, text):
            found.append(problem)
        else:
            _changed(one)
    for name in rules:
        click.echo(f"{name}: left as it is, a rule file of somebody else", err=True)
    show("text", found, sources)
    left = {diagnostic.where.file for diagnostic in found if diagnostic.where is not None}
    click.echo(_summary(len(chosen), len(changed), len(left), check_only, fix), err=True)
    if check_only and changed:
        raise SystemExit(1)
    end(found)


def _chosen(folder: Path, files: Sequence[Path], workspace: Policies | None) -> tuple[list[PolicyFile], list[str]]:
    """The files to lay out; and the names of rule files that were asked for, which belong to somebody else."""
    if workspace is None and not files:
        raise click.UsageError("no policies/watchbill.yaml here or above: name files, or a workspace with -C DIR.")
    policies = workspace.files if workspace is not None else ()
    rules = workspace.rules if workspace is not None else {}
    if not files:
        return [file for file in policies if file.name not in rules], []
    asked: dict[Path, PolicyFile] = {}
    known = {file.path.resolve(): file for file in policies}
    for given in files:
        path = folder / given
        if not path.exists():
            raise click.UsageError(f"there is no {given}.")
        for one in [*path.rglob("*.yaml"), *path.rglob("*.yml")] if path.is_dir() else [path]:
            if any(part.startswith(".") for part in one.relative_to(path).parts):
                continue
            asked[one.resolve()] = known.get(one.resolve(), PolicyFile(shown(one), one))
    chosen = sorted(asked.values(), key=lambda file: file.name)
    return [file for file in chosen if file.name not in rules], [file.name for file in chosen if file.name in rules]


def _read(files: Sequence[PolicyFile]) -> tuple[list[_File], list[Diagnostic]]:
    """The trees of files, and why some have none."""
    trees, found = [], []
    for file in files:
        data, problem = read_bytes(file)
        parsed = read(file.name, data) if data is not None else Parsed(found=[problem] if problem else [])
        found += parsed.found
        if parsed.documents and data is not None:
            trees.append(_File(file, data, parsed))
    return trees, found


def _new_text(one: _File) -> str | None:
    """The file's new text; None when it is its text already."""
    before = meaning(one.parsed.documents)
    text = layout(one.parsed.documents)
    verify(one.file.name, text, before)
    return text if text.encode() != one.data else None


def _changed(one: _File) -> None:
    for mended in one.mended:
        where = mended.where
        click.echo(f"{where.file}:{where.line}:{where.column}: {mended.code.id} {mended.code.name}: {mended.what}")
    for sentence in one.upgraded:
        click.echo(f"{one.file.name}: {sentence}")
    click.echo(f"{one.file.name}: laid out")


def _would_change(one: _File, text: str, secrets: Sequence[str]) -> None:
    click.echo(f"{one.file.name} would change:")
    old = one.data.decode("utf-8", "replace").splitlines()
    lines = [line for line in difflib.unified_diff(old, text.splitlines(), n=0, lineterm="") if line[:2] != "@@"][2:]
    if not lines:
        click.echo("  (how its lines end)")
    for line in lines[:SHORT]:
        for secret in secrets:
            line = line.replace(secret, "*" * len(secret))  # noqa: PLW2901
        click.echo(f"  {_safe(line)}")
    if len(lines) > SHORT:
        click.echo(f"  … {plural(len(lines) - SHORT, 'more line')}")
    for mended in one.mended:
        click.echo(f"  {mended.where.line}:{mended.where.column}: {mended.code.id} {mended.code.name}: {mended.what}")
    for sentence in one.upgraded:
        click.echo(f"  {sentence}")


def _secrets(one: _File, told: Sequence[Diagnostic]) -> list[str]:
    """Secrets that somebody wrote into this file: a log is no place for them either."""
    source = one.parsed.source
    found = []
    for diagnostic in told:
        span = diagnostic.where
        if diagnostic.code is SECRET_IN_TEXT and isinstance(span, Span) and span.file == one.file.name and source:
            start, end = (
                source.starts[min(line, len(source.starts)) - 1] + column - 1
                for line, column in ((span.line, span.column), (span.end_line, span.end_column))
            )
            found += [part for part in source.text[start:end].strip("'\"|>").split("\n") if part.strip()]
    return found


def _safe(line: str) -> str:
    """What cannot be seen is shown as an escape, so that the two lines of a diff never look alike."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _summary(files: int, changed: int, left: int, check_only: bool, fix: bool) -> str:
    rest = f" {plural(left, 'file')} left as {'it is' if left == 1 else 'they are'}." if left else ""
    if not changed:
        return f"Nothing to change.{rest}" if rest else f"{plural(files, 'file')} read, every one as it should be."
    if check_only:
        verb = "watchbill fmt --fix" if fix else "watchbill fmt"
        return f"{changed:,} of {plural(files, 'file')} would change. Mend it with: {verb}.{rest}"
    return f"{changed:,} of {plural(files, 'file')} laid out anew.{rest}"


def _upgrade(files: list[_File], found: list[Diagnostic], sources: Sources) -> None:
    """Take every file to the newest version, or leave: a workspace half migrated would be worse than an old one."""
    from watchbill.layout import upgrade as language  # noqa: PLC0415

    version = language.version_of([document for one in files for document in one.parsed.documents])
    steps = language.path(version, language.MIGRATIONS) if version else None
    if steps == []:
        click.echo(f"{API_VERSION} is the newest version of the language: nothing to upgrade.", err=True)
        raise SystemExit(0)
    if found or steps is None:
        show("text", found, sources)
        reason = (
            f"there is no way from `{version}` to {API_VERSION}" if version else "no Workspace names its apiVersion"
        )
        click.echo(f"Nothing was upgraded: {'some files are not YAML' if found else reason}.", err=True)
        raise SystemExit(1)
    for one in files:
        one.upgraded = [sentence for document in one.parsed.documents for sentence in language.upgrade(document, steps)]
