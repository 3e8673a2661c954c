"""`watchbill evidence`: what was collected, in sealed bundles; every read and export is written down before it happens."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from watchbill.cli.stored import (
    as_json,
    database_option,
    fail,
    form_option,
    opened,
    person_option,
    private,
    recovered,
    say,
    text_of,
)
from watchbill.source.codes import executor

if TYPE_CHECKING:
    from watchbill.executor.engine import Engine
    from watchbill.executor.evidence import Kept

_reason_option = click.option("--reason", required=True, metavar="TEXT", help="What for; it stands in the log.")


@click.group("evidence")
def command() -> None:
    """Diagnostics as they were before anything was changed: sealed bundles, and their chains of custody."""


@command.command("list")
@click.argument("incident", default="")
@database_option
@form_option
def list_(incident: str, database: str) -> None:
    """Every bundle; or those of INCIDENT: its id, or how it begins. With what they hold, and who has had them."""
    with opened(database) as store, store.read() as tx:
        from watchbill.executor import evidence  # noqa: PLC0415

        bundles = evidence.kept(tx, incident)
    if as_json():
        records = [
            {
                "bundle": one.name,
                "incident": one.incident,
                "erased": one.bundle is None,
                "manifest": msgspec.to_builtins(one.bundle),
                "custody": msgspec.to_builtins(one.custody),
            }
            for one in bundles
        ]
        click.echo(text_of({"version": 1, "bundles": records}))
        return
    if not bundles:
        click.echo("There is no evidence.")
    for one in bundles:
        _show(one)


def _show(one: "Kept") -> None:
    if one.bundle is None:
        click.echo(f"{one.name[:16]}  of {one.incident}: erased by retention")
    else:
        custody = "  under custody" if one.bundle.custody else ""
        click.echo(f"{one.name[:16]}  of {one.incident}, sealed {one.bundle.sealed_at}{custody}")
        for artifact in one.bundle.artifacts:
            told = "" if artifact.complete else f"  incomplete: {artifact.detail}"
            click.echo(f"    {artifact.name}  {artifact.size} bytes  {artifact.sha256[:16]}{told}")
    for held in one.custody:
        click.echo(f"  {held.at}  {held.what} by {held.person}{f': {held.reason}' if held.reason else ''}")


@command.command("show")
@click.argument("bundle")
@click.argument("artifact")
@person_option
@_reason_option
@database_option
def show(bundle: str, artifact: str, person: str, reason: str, database: str) -> None:
    """ARTIFACT of BUNDLE, as it was collected, to stdout."""
    with recovered(database) as engine:
        from watchbill.executor import evidence  # noqa: PLC0415

        _known(engine, person)
        one = _found(engine, bundle)
        with engine.store.read() as tx:
            bodies = evidence.bodies(tx, one.bundle) if one.bundle is not None else {}
        body = bodies.get(artifact)
        if body is None:
            fail(executor.NO_EVIDENCE, f"{bundle} holds no {artifact}, or retention has erased it")
        _whole(one, {artifact: body})
        _written(engine, evidence.READ, one, person, reason, {"artifact": artifact})
    sys.stdout.buffer.write(body)


@command.command("export")
@click.argument("bundle")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="A new file.")
@person_option
@_reason_option
@database_option
@form_option
def export(bundle: str, out: Path, person: str, reason: str, database: str) -> None:
    """BUNDLE as a tar, the same bytes each time. Inside, `sha256sum -c SHA256SUMS` judges it."""
    with recovered(database) as engine:
        from watchbill.executor import evidence  # noqa: PLC0415

        _known(engine, person)
        one = _found(engine, bundle)
        if one.bundle is None:
            fail(executor.NO_EVIDENCE, f"retention has erased {bundle}")
        with engine.store.read() as tx:
            bodies = evidence.bodies(tx, one.bundle)
        _whole(one, bodies)
        tar = evidence.tar(one, bodies)
        import hashlib  # noqa: PLC0415

        digest = hashlib.sha256(tar).hexdigest()
        try:
            with os.fdopen(private(out), "wb") as stream:
                _written(engine, evidence.EXPORTED, one, person, reason, {"sha256": digest})
                stream.write(tar)
        except OSError as error:
            fail(executor.NO_EVIDENCE, f"{out} cannot be written: {error.strerror}")
    gone = sum(body is None for body in bodies.values())
    held = len(bodies) - gone
    said = f"{out} holds {held} artifacts{f', {gone} were erased' if gone else ''}.\nsha256 {digest}"
    about = {
        "bundle": one.name,
        "reason": reason,
        "file": str(out),
        "artifacts": held,
        "erased": gone,
        "sha256": digest,
    }
    say(said, "evidence-exported", incident=one.incident, person=person, **about)


def _known(engine: "Engine", person: str) -> None:
    plan = engine.state.library.get(engine.state.plan or "")
    if plan is None or person not in plan.document.people:
        fail(executor.NOT_TAKEN, f"`{person}` is nobody whom the plan knows")


def _found(engine: "Engine", name: str) -> "Kept":
    from watchbill.executor import evidence  # noqa: PLC0415

    with engine.store.read() as tx:
        fitting = [one for one in evidence.kept(tx) if one.name.startswith(name)]
    if len(fitting) != 1:
        several = f"fits {len(fitting)} bundles" if fitting else "is no bundle"
        fail(executor.NO_EVIDENCE, f"`{name}` {several}", "watchbill evidence list shows them")
    return fitting[0]


def _whole(one: "Kept", bodies: "dict[str, bytes | None]") -> None:
    from watchbill.executor import evidence  # noqa: PLC0415

    wrong = next(evidence.broken(one, bodies), None)
    if wrong is not None:
        fail(executor.BROKEN_LOG, f"{one.name[:16]}: {wrong}", "watchbill audit verify names the entry")


def _written(engine: "Engine", kind: str, one: "Kept", person: str, reason: str, more: dict[str, str]) -> None:
    """In the log, before anything is handed out."""
    from watchbill.executor.engine import Unit  # noqa: PLC0415
    from watchbill.executor.entries import noted  # noqa: PLC0415
    from watchbill.executor.store import log  # noqa: PLC0415

    body = noted({"incident": one.incident, "bundle": one.name, "person": person, "reason": reason, **more})
    engine.take(Unit(note=(kind, body)), Unit(within=lambda tx: log.put(tx, [body], "evidence")))
