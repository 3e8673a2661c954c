"""`watchbill route`: one alert followed to its people, and why the other routes did not take it."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from watchbill.cli.instant import Instant
from watchbill.cli.shared import end, format_option, read, show, summary, workspace_option
from watchbill.source.diagnostic import Diagnostic, Span, has_errors
from watchbill.source.locate import Sources


@click.command("route")
@click.argument("words", nargs=-1, metavar="[ALERT] [LABEL=VALUE]…")
@workspace_option
@click.option("--in", "where", metavar="PLACE", help="Where it fires: production, or production/eu.")
@click.option("--at", type=Instant(), metavar="T", help="An instant: 2026-12-25T03:00+01:00 or '… Europe/Berlin'.")
@click.option(
    "--firing",
    multiple=True,
    metavar="ALERT",
    help="Another alert that fires, in the same words: 'HighErrorRate severity=critical'. Several: the oldest first.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Follow labels through any alertmanager.yml, without a workspace.",
)
@format_option
def command(
    words: tuple[str, ...],
    folder: Path,
    where: str | None,
    at: datetime | None,
    firing: tuple[str, ...],
    config: Path | None,
    form: str,
) -> None:
    """Follow one alert from its rule to its people: route, receiver, escalation, who that is at an instant, runbook,
    remedies; what keeps it back; and why other routes did not take it.

    By name, with the labels that its expression adds, or by labels alone. Exit 1 when the policies, or FILE, have errors.
    """
    at = at or datetime.now(UTC)
    if config is not None:
        if where is not None:
            raise click.UsageError("--config needs no place: leave --in out")
        _through_file(config, words, at, firing, form)
    else:
        _through_workspace(folder, words, where, at, firing, form)


def _through_file(file: Path, words: Sequence[str], at: datetime, firing: Sequence[str], form: str) -> None:
    from watchbill import routing  # noqa: PLC0415
    from watchbill.cli.show import way  # noqa: PLC0415

    data, unread = _read(file)
    config, found = routing.read(data, str(file)) if data is not None else (None, unread)
    labels = _labels(words)
    sources = Sources(file.parent, {str(file): file})
    if config is None:
        show(form, found, sources)
        end(found)
    else:
        others = [_labels(_split(one)) for one in firing]
        shown = way.Shown(config, labels, at, routing.follow(config, labels, at, others), bool(others))
        _print(form, way.document(shown), way.lines(shown, None), found, sources)


def _read(file: Path) -> tuple[bytes | None, list[Diagnostic]]:
    from watchbill.source.codes import yaml as codes  # noqa: PLC0415

    try:
        return file.read_bytes(), []
    except OSError as error:
        message = f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
        return None, [Diagnostic(codes.UNREADABLE, message, Span(str(file)), help="name an alertmanager.yml")]


def _labels(words: Sequence[str]) -> dict[str, str]:
    from watchbill.cli.meant import pairs  # noqa: PLC0415

    name, labels = pairs(words)
    if name is not None:
        raise click.UsageError(f"`{name}` is not label=value: with --config an alert is known by its labels only")
    if not labels:
        raise click.UsageError("give the alert's labels: watchbill route --config FILE severity=critical team=data")
    return labels


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise click.UsageError(f"--firing {text}: {str(error).lower()}") from None


def _through_workspace(
    folder: Path, words: Sequence[str], where: str | None, at: datetime, firing: Sequence[str], form: str
) -> None:
    result = read(folder)
    workspace = result.workspace
    if workspace is None:
        show(form, result.found, result.sources)
        sys.exit(1)
    from watchbill.cli.meant import meant  # noqa: PLC0415
    from watchbill.cli.show import story, way  # noqa: PLC0415
    from watchbill.routing.building.answer import answer, compiled  # noqa: PLC0415
    from watchbill.spec.rota import rota  # noqa: PLC0415

    asked = meant(workspace, words, where)
    others = [meant(workspace, _split(one), asked.place.name).labels for one in firing]
    config, found = compiled(workspace, asked.place.environment)
    found = [*result.found, *found]
    if config is None:
        show(form, found, result.sources)
        end(found)
    else:
        people, _ = rota(workspace)
        told = answer(workspace, people, config, asked.place, asked.alert, asked.labels, at, others)
        shown = way.Shown(config, asked.labels, at, told.followed, bool(others))
        known = story.Story(workspace, people, asked, told, result.sources, at)
        _print(form, {**way.document(shown), **story.document(known)}, way.lines(shown, known), [], result.sources)
        if has_errors(found):
            if form == "text":
                count = len(result.policies.files) if result.policies else 0
                click.echo(f"{summary(found, result.sources, count)} `watchbill check` shows them.", err=True)
            sys.exit(1)


def _print(
    form: str, document: dict[str, Any], lines: Sequence[str], found: list[Diagnostic], sources: Sources
) -> None:
    """The answer, and beside it what is to be said against the file. JSON and SARIF are one document and nothing else."""
    if form == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif form == "sarif":
        show(form, found, sources)
    elif form == "markdown":
        click.echo("\n".join(["```text", *lines, "```"]))
    else:
        from watchbill.cli.show.way import painted  # noqa: PLC0415

        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo("\n".join(painted(line) if color else line for line in lines))
        if found:
            from watchbill.cli.show import render  # noqa: PLC0415

            click.echo(render(form, found, sources), err=True)
