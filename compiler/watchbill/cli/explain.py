"""`watchbill explain CODE`: what a finding means, why it matters, what to write instead."""

import json
import textwrap
from pathlib import Path

import click

from watchbill.cli.shared import workspace_option
from watchbill.source.codes import Code, plain, underlined
from watchbill.source.codes.catalogue import codes, find
from watchbill.source.diagnostic import did_you_mean
from watchbill.spec.kinds import KINDS

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
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), help="How it is shown.")
def command(code: str | None, name: str | None, folder: Path, form: str) -> None:
    """What a finding means: CODE is WB204 or unknown-escalation. Without CODE, all of them in a list.

    `watchbill explain workspace` shows every setting in force, and which of them are defaults.

    `watchbill explain language [KIND]` is the reference of the language: every kind and key, as Markdown.
    """
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
        json.dumps(settings.document(result.workspace), ensure_ascii=False, indent=2)
        if form == "json"
        else settings.render(result.workspace)
    )
    click.echo(text)


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
