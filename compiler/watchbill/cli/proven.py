"""`check` beyond what each check sees: the proof, its findings beside the others, and the report of `--proof`."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from watchbill.cli.shared import Read, plural
from watchbill.cli.show import DOCUMENTS, render
from watchbill.proof import Proof, prove
from watchbill.proof.claims import Claim, claims, days
from watchbill.proof.findings import findings
from watchbill.source.diagnostic import Diagnostic, has_errors

_SIGNS = {"proven": "✓", "broken": "✗", "not shown": "–"}
_WIDTH = 100


class Proven(msgspec.Struct, frozen=True):
    """A proof, and every claim with its verdict."""

    proof: Proof
    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool:
        return all(claim.verdict != "broken" for claim in self.claims)


def proven(result: Read, *, whole_report: bool) -> tuple[Read, Proven | None]:
    """The findings with those of the proof. Nothing is proven of policies in which something is an error already.

    The whole report also compares generated/, and runs the policies' tests where there is a promtool.
    """
    from watchbill.checks import at_levels  # noqa: PLC0415
    from watchbill.spec.load import resting_collector  # noqa: PLC0415

    if result.workspace is None or not result.whole or has_errors(result.found):
        return result, None
    with resting_collector():
        proof = prove(result.workspace, result.memory)
        result.memory.write()
    raw = findings(result.workspace, proof)
    more = result.silencing.over(raw) if result.silencing is not None else raw
    told = [*result.found, *at_levels(result.workspace, more)]
    made = claims(result.workspace, proof, [*result.found, *raw])
    if whole_report:
        tested, problems = _tests(result)
        told += problems
        made += [tested, _generated(result)]
    return msgspec.structs.replace(result, found=told), Proven(proof, tuple(made))


def _generated(result: Read) -> Claim:
    """Whether generated/ is what the policies mean, to the byte."""
    from watchbill.output.tree import compare, manifest  # noqa: PLC0415
    from watchbill.targets import build  # noqa: PLC0415

    assert result.workspace is not None  # noqa: S101
    artifacts = build(result.workspace, memory=result.memory)
    artifacts = [*artifacts, manifest(artifacts)]
    comparison = compare(result.root / "generated", artifacts)
    stale = len(comparison.changed) + len(comparison.missing) + len(comparison.left_over)
    counts = {"files": len(artifacts), "stale": stale}
    if stale:
        says = f"{plural(stale, 'file')} of generated/ {'is' if stale == 1 else 'are'} not what these policies mean: watchbill compile"
        return Claim("generated", "broken", says, counts, ("WB903",))
    return Claim(
        "generated", "proven", f"{plural(len(artifacts), 'file')} are exactly what these policies mean", counts
    )


def _tests(result: Read) -> tuple[Claim, list[Diagnostic]]:
    """Whether every rule test passes, where there is a promtool to run them, and every test of who is told."""
    from watchbill.cli.test import tested  # noqa: PLC0415

    ran, problems = tested(result, None)
    counts = {"tests": ran.total, "failed": ran.failed, "not_run": ran.not_run}
    if ran.failed:
        against = tuple(sorted({one.code.id for one in problems if one.code.id in ("WB483", "WB906")}))
        says = f"{ran.failed:,} of {plural(ran.total, 'test')} failed"
        return Claim("tests", "broken", says, counts, against), problems
    if ran.not_run:
        passed = f", and {plural(ran.total, 'test')} of who is told passed" if ran.total else ""
        says = f"{plural(ran.not_run, 'rule test')} did not run: there is no promtool (watchbill doctor){passed}"
        return Claim("tests", "not shown", says, counts), [one for one in problems if one.code.id != "WB902"]
    return Claim("tests", "proven", f"{plural(ran.total, 'test')} passed", counts), problems


def document(result: Read, known: Proven | None) -> dict[str, Any] | None:
    """The proof for programs: null where nothing could be proven."""
    if known is None or result.workspace is None:
        return None
    first, last = days(known.proof)
    return {
        "workspace": result.workspace.name,
        "from": first,
        "until": last,
        "holds": known.holds,
        "claims": [msgspec.to_builtins(claim) for claim in known.claims],
    }


def text(result: Read, known: Proven | None) -> str:
    """One line for each claim, wrapped; and what it was proven for."""
    if known is None or result.workspace is None:
        return "Nothing is proven while there are errors.\n"
    first, last = days(known.proof)
    verdict = "proven" if known.holds else "not proven"
    lines = [f"{result.workspace.name}: {verdict}, {first} to {last}"]
    indent = " " * 17
    for claim in known.claims:
        words = _wrapped(claim.says, _WIDTH - len(indent))
        lines.append(f"  {_SIGNS[claim.verdict]} {claim.name:<12} {words[0]}")
        lines += [f"{indent}{line}" for line in words[1:]]
        if claim.broken_by:
            lines.append(f"{indent}against it: {', '.join(claim.broken_by)}")
    return "\n".join(lines) + "\n"


def markdown(result: Read, known: Proven | None) -> str:
    if known is None or result.workspace is None:
        return "**Nothing is proven while there are errors.**\n"
    first, last = days(known.proof)
    verdict = "Proven" if known.holds else "Not proven"
    rows = [f"## {verdict}: {result.workspace.name}, {first} to {last}", "", "| | claim | |", "|---|---|---|"]
    for claim in known.claims:
        against = f" Against it: {', '.join(claim.broken_by)}." if claim.broken_by else ""
        rows.append(f"| {_SIGNS[claim.verdict]} | {claim.name} | {claim.says}.{against} |")
    return "\n".join(rows) + "\n"


def report(form: str, result: Read, known: Proven | None, folder: Path | None) -> None:
    """The findings and the claims in one form, and leave: with 1 when something is an error, or a claim does not hold.

    In the folder, where one is given, proof.json and proof.md.
    """
    if folder is not None:
        _write(folder, result, known)
    color = form == "text" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    found = render(form, result.found, result.sources, color=color) if result.found or form in DOCUMENTS else ""
    if form == "json":
        click.echo(json.dumps({**json.loads(found), "proof": document(result, known)}, ensure_ascii=False, indent=2))
    elif form == "markdown":
        click.echo(f"{markdown(result, known)}\n{found}")
    elif form == "sarif":
        click.echo(found)
    else:
        if found:
            click.echo(found)
        click.echo(text(result, known), nl=False, err=form == "github")
    sys.exit(1 if has_errors(result.found) or known is None or not known.holds else 0)


def _write(folder: Path, result: Read, known: Proven | None) -> None:
    body = {"version": 1, "proof": document(result, known)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "proof.json").write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (folder / "proof.md").write_text(markdown(result, known), "utf-8")
    except OSError as error:
        raise click.UsageError(f"--out {folder}: {str(error.strerror).lower()}") from error


def _wrapped(words: str, width: int) -> Sequence[str]:
    lines = [""]
    for word in words.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
