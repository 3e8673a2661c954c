"""`watchbill check --config FILE…`: any alertmanager.yml, without a workspace."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from watchbill.cli.shared import end, plural, show, summary
from watchbill.source.codes.yaml import UNREADABLE
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.locate import Sources


def check_configurations(folder: Path, files: Sequence[Path], form: str) -> NoReturn:
    """Read each for itself, check, show, and leave with 1 on errors."""
    if not files:
        raise click.UsageError("`--config` needs files: watchbill check --config alertmanager.yml")
    from watchbill.checks.configuration import lint_text  # noqa: PLC0415

    found: list[Diagnostic] = []
    paths = {str(file): folder / file for file in files}
    for name, path in paths.items():
        try:
            found += lint_text(path.read_bytes(), name)
        except OSError as error:
            message = f"this file cannot be read: {(error.strerror or str(error)).lower()}"
            found.append(Diagnostic(UNREADABLE, message, Span(name), help="name a file that can be read"))
    sources = Sources(folder, paths)
    show(form, found, sources)
    if form == "text":
        said = f"{plural(len(paths), 'configuration')} read: nothing to say against them."
        click.echo(summary(found, sources, len(paths)) if found else said, err=True)
    end(found)
