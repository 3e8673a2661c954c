"""`watchbill check`: everything that can be known, writing nothing."""

from pathlib import Path

import click

from watchbill.cli.shared import end, format_option, plural, read, show, summary, workspace_option


@click.command("check")
@workspace_option
@format_option
def command(folder: Path, form: str) -> None:
    """Find everything that can be known to be wrong, and write nothing. Exit 1 on errors."""
    result = read(folder)
    show(form, result.found, result.sources)
    if form == "text":
        files = len(result.policies.files) if result.policies else 0
        if result.found:
            click.echo(summary(result.found, result.sources, files), err=True)
        elif result.workspace is not None:
            alerts = sum(1 for place in result.workspace.places.values() for _ in place.alerts)
            places = plural(len(result.workspace.places), "place")
            click.echo(
                f"{plural(files, 'policy file')} read, {plural(alerts, 'alert')} in {places}: nothing to say against them.",
                err=True,
            )
    end(result.found)
