"""`watchbill compile`: policies in, verified artifacts out."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from watchbill.cli.shared import Read, end, format_option, plural, read, show, summary, workspace_option
from watchbill.source.diagnostic import Diagnostic, has_errors
from watchbill.targets.artifact import Artifact


@click.command("compile")
@workspace_option
@format_option
@click.option(
    "--check", "check_only", is_flag=True, help="Compare with generated/ and write nothing; exit 1 if it is stale."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write there instead of generated/.")
@click.option("--gates/--no-gates", default=True, help="Show the output to promtool and amtool before it is written.")
def command(folder: Path, form: str, check_only: bool, out: Path | None, gates: bool) -> None:
    """Write generated/ from policies/. Nothing is written unless everything is sound and the tools accept it."""
    started = time.monotonic()
    result = read(folder, building=True)
    target = out.resolve() if out is not None else result.root / "generated"
    if result.workspace is None or has_errors(result.found):
        _refuse(form, result, result.found)
    artifacts = _artifacts(result)
    built = time.monotonic()
    if check_only:
        _check(form, result, target, artifacts)
    passed, found = _gate(result, artifacts, gates)
    found = [*result.found, *found]
    if has_errors(found):
        _refuse(form, result, found)
    gated = time.monotonic()

    from watchbill.output.tree import strays_found, write  # noqa: PLC0415
    from watchbill.spec.beside import meanwhile  # noqa: PLC0415

    remembered = meanwhile(result.memory.write, len(artifacts))
    comparison, problem = write(target, artifacts)
    found += strays_found(target.name, comparison)
    found += [problem] if problem else []
    show(form, found, result.sources)
    if form == "text" and problem is None:
        from watchbill.cli.show.compiled import summary_of  # noqa: PLC0415

        done = time.monotonic()
        times = {"compiled": built - started, "verified": gated - built, "written": done - gated}
        click.echo(summary_of(result, artifacts, comparison, passed, found, target, times), nl=False)
    remembered()
    end(found)


def _artifacts(result: Read) -> list[Artifact]:
    from watchbill.output.tree import manifest  # noqa: PLC0415
    from watchbill.spec.load import resting_collector  # noqa: PLC0415
    from watchbill.targets import begin  # noqa: PLC0415

    assert result.workspace is not None  # noqa: S101
    with resting_collector():
        artifacts = (result.built or begin(result.workspace, memory=result.memory))()
    return [*artifacts, manifest(artifacts)]


def _gate(result: Read, artifacts: Sequence[Artifact], wanted: bool) -> tuple[list, list[Diagnostic]]:  # type: ignore[type-arg]
    from watchbill.output.gates import gate, skipped  # noqa: PLC0415

    return gate(artifacts, result.root) if wanted else ([], [skipped()])


def _check(form: str, result: Read, target: Path, artifacts: Sequence[Artifact]) -> None:
    """Compare in memory: no git, no tool, nothing written to the folder."""
    from watchbill.output.tree import compare, stale_found, strays_found  # noqa: PLC0415

    result.memory.write()
    comparison = compare(target, artifacts)
    found = [*result.found, *stale_found(target.name, comparison), *strays_found(target.name, comparison)]
    show(form, found, result.sources)
    if form == "text":
        if comparison.current:
            click.echo(f"{target.name}/ is current: {plural(comparison.unchanged, 'file')}.", err=True)
        else:
            wrong = len(comparison.changed) + len(comparison.missing) + len(comparison.left_over)
            click.echo(
                f"{plural(wrong, 'file')} of {target.name}/ {'is' if wrong == 1 else 'are'} stale. Mend it with: watchbill compile",
                err=True,
            )
    end(found)


def _refuse(form: str, result: Read, found: Sequence[Diagnostic]) -> None:
    result.memory.write()
    show(form, found, result.sources)
    if form == "text":
        files = len(result.policies.files) if result.policies else 0
        click.echo(f"{summary(found, result.sources, files)} Nothing was written.", err=True)
    sys.exit(1)
