"""`watchbill test`: the policies' own rule tests, through promtool."""

import time
from pathlib import Path

import click

from watchbill.cli.shared import end, format_option, plural, read, show, summary, workspace_option
from watchbill.source.diagnostic import has_errors


@click.command("test")
@workspace_option
@format_option
def command(folder: Path, form: str) -> None:
    """Run the policies' own tests. Exit 1 when one fails, or when there is no promtool to run them."""
    started = time.monotonic()
    result = read(folder)
    found = list(result.found)
    ran = None
    if result.workspace is not None and not has_errors(found):
        from watchbill.output.gates import run_tests  # noqa: PLC0415
        from watchbill.targets import build  # noqa: PLC0415

        ran, problems = run_tests(build(result.workspace, ["prometheus"]), result.root)
        found += problems
    show(form, found, result.sources)
    if form == "text":
        if ran is None:
            files = len(result.policies.files) if result.policies else 0
            click.echo(f"{summary(found, result.sources, files)} No test was run.", err=True)
        else:
            click.echo(
                f"{plural(ran.total, 'test')}: {ran.total - ran.failed:,} passed, {ran.failed:,} failed.   {time.monotonic() - started:.2f} s",
                err=True,
            )
    if ran is None:
        raise SystemExit(1)
    end(found)
