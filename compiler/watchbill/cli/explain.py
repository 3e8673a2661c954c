"""`watchbill explain CODE`: what a finding means, why it matters, what to write instead."""

import json
import os
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill.cli.instant import Instant
from watchbill.cli.shared import workspace_option
from watchbill.source.codes import Code, plain, underlined
from watchbill.source.codes.catalogue import codes, find
from watchbill.source.diagnostic import did_you_mean
from watchbill.spec.kinds import KINDS

if TYPE_CHECKING:
    from watchbill.spec.model import Workspace

AREAS = {
    "0": "Files and YAML",
    "1": "Structure",
    "2": "References",
    "3": "PromQL and templates",
    "4": "Routing, windows and inhibition",
    "5": "Paging and schedules",
    "6": "Runbooks, dashboards and messages",
    "7": "Remediation, names and hygiene",
    "8": "Changes",
    "9": "Tools and output",
}
WIDTH = 96  # columns of prose


@click.command("explain")
@click.argument("code", required=False)
@click.argument("name", required=False)
@workspace_option
@click.option("--in", "place", metavar="PLACE", help="An alert in one place: production, or production/eu.")
@click.option("--at", type=Instant(), metavar="T", help="Who answers an alert at another instant than now.")
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), help="How it is shown.")
def command(
    code: str | None, name: str | None, folder: Path, place: str | None, at: datetime | None, form: str
) -> None:
    """What a finding means: CODE is WB204 or unknown-escalation. Without CODE, all of them in a list.

    `watchbill explain alert NAME` tells an alert's whole story: the files it is written in, every value with where it
    comes from, where it goes, who answers, what is done about it, its tests. NAME may be SERVICE/NAME.

    `watchbill explain workspace` shows every setting in force, and who says so.

    `watchbill explain language [KIND]` is the reference of the language: every kind and key, as Markdown.
    """
    if code == "alert":
        _alert(name, folder, place, at, form)
        return
    if place is not None or at is not None:
        raise click.UsageError("`--in` and `--at` belong to `explain alert NAME`.")
    if name is not None and code != "language":
        raise click.UsageError(f"`explain {code}` takes nothing more: `{name}` is too much.")
    if code is None:
        _list(form)
        return
    if code == "workspace":
        _workspace(folder, form)
        return
    if code == "language":
        _language(name, form)
        return
    found = find(code)
    if found is None:
        close = did_you_mean(
            code.lower(), [name for known in codes().values() for name in (known.name, known.id.lower())]
        )
        hint = f" Did you mean `{close}`?" if close else " `watchbill explain` lists them all."
        raise click.UsageError(f"there is no code `{code}`.{hint}")
    click.echo(json.dumps(_document(found), ensure_ascii=False, indent=2) if form == "json" else page(found))


def _language(name: str | None, form: str) -> None:
    from watchbill.cli.show import language  # noqa: PLC0415

    known = {one.lower(): one for one in language.names()}
    if name is not None and name.lower() not in known:
        close = did_you_mean(name.lower(), known)
        hint = f" Did you mean `{known[close]}`?" if close else f" It has {', '.join(KINDS)}."
        raise click.UsageError(f"the language has no `{name}`.{hint}")
    only = known[name.lower()] if name is not None else None
    if form == "json":
        click.echo(json.dumps(language.document(only), ensure_ascii=False, indent=2))
    else:
        click.echo(language.render(only))


def _workspace(folder: Path, form: str) -> None:
    from watchbill.cli.shared import read, show  # noqa: PLC0415
    from watchbill.cli.show import settings  # noqa: PLC0415

    result = read(folder)
    if result.workspace is None:
        show(form, result.found, result.sources)
        raise SystemExit(1)
    text = (
        json.dumps(settings.document(result.workspace, result.sources), ensure_ascii=False, indent=2)
        if form == "json"
        else settings.render(result.workspace, result.sources)
    )
    click.echo(text)


def _alert(name: str | None, folder: Path, place: str | None, at: datetime | None, form: str) -> None:
    from watchbill.cli.alert import telling, text  # noqa: PLC0415
    from watchbill.cli.shared import read, show, summary  # noqa: PLC0415
    from watchbill.source.diagnostic import has_errors  # noqa: PLC0415

    if name is None:
        raise click.UsageError("name an alert: watchbill explain alert NAME")
    result = read(folder)
    workspace, policies = result.workspace, result.policies
    if workspace is None or policies is None:
        show(form, result.found, result.sources)
        raise SystemExit(1)
    names = {*workspace.places, *workspace.environments}
    if place is not None and place not in names:
        close = did_you_mean(place, names)
        hint = f"Did you mean `{close}`?" if close else f"There are {', '.join(sorted(names))}."
        raise click.UsageError(f"there is no place `{place}`. {hint}")
    found = telling.found(workspace, name, place)
    if not found:
        raise click.UsageError(_no_alert(workspace, name, place))
    if len(found) > 1:
        ways = "".join(f"\n  watchbill explain alert {service}/{name}" for service in sorted(found))
        raise click.UsageError(f"{len(found)} services have an alert `{name}`. Which of them?{ways}")
    (rules,) = found.values()
    at = (at or datetime.now(UTC).replace(second=0, microsecond=0)).astimezone(UTC)
    story = telling.Story(workspace, policies, result.sources, rules, at)
    document = story.document()
    if form == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo(text.render(document, color=color))
    if has_errors(result.found):
        if form == "text":
            said = summary(result.found, result.sources, len(policies.files))
            click.echo(f"{said} `watchbill check` shows them.", err=True)
        raise SystemExit(1)


def _no_alert(workspace: "Workspace", name: str, place: str | None) -> str:
    from watchbill.routing.building.heartbeat import NAME as HEARTBEAT  # noqa: PLC0415

    known = {alert.name for one in workspace.places.values() for alert in one.alerts}
    bare = name.rpartition("/")[2]
    if bare == HEARTBEAT and workspace.settings.heartbeat is not None:
        return f"`{bare}` is no policy's: the compiler adds it for `heartbeat:`, which `explain workspace` shows."
    if bare in known:
        return f"there is no alert `{name}`{f' in {place}' if place else ''}; elsewhere there is `{bare}`."
    close = did_you_mean(bare, known)
    return f"there is no alert `{name}`." + (f" Did you mean `{close}`?" if close else "")


def _list(form: str) -> None:
    if form == "json":
        click.echo(
            json.dumps(
                {"version": 1, "codes": [_document(code) for code in codes().values()]}, ensure_ascii=False, indent=2
            )
        )
        return
    for digit, area in AREAS.items():
        click.echo(f"{area}")
        for code in codes().values():
            if code.id[2] == digit:
                click.echo(f"  {code.id}  {code.severity:<7}  {code.name}")
        click.echo("")
    click.echo("`watchbill explain CODE` says more, by id or by name.")


def _document(code: Code) -> dict[str, str]:
    texts = {field: getattr(code, field) for field in ("id", "name", "severity", "finds", "why")}
    return {**texts, "example": plain(code.example), "instead": plain(code.instead), "silence": code.silence}


def page(code: Code) -> str:
    """The page of a code, as `explain` prints it."""
    sections = (
        ("What it finds", _wrapped(code.finds)),
        ("Why it matters at 3 a.m.", _wrapped(code.why)),
        ("Example", underlined(code.example)),
        ("Instead", plain(code.instead)),
        ("How to silence", _wrapped(code.silence)),
    )
    parts = [f"{code.id} {code.name} ({code.severity})"]
    for title, text in sections:
        if text:
            parts.append(f"{title}\n" + "\n".join(f"  {line}".rstrip() for line in text.splitlines()))
    return "\n\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)
