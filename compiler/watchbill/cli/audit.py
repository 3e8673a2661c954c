"""`watchbill audit`: whether the executor's log is whole, and the log as JSON lines."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchbill.cli.stored import (
    as_json,
    database_option,
    fail,
    form_option,
    need_executor,
    opened,
    private,
    recovered,
    say,
)
from watchbill.source.codes import executor

if TYPE_CHECKING:
    from watchbill.executor.store.chain import Head, Raw, Verdict

_SQLITE = b"SQLite format 3\0"


@click.group("audit")
def command() -> None:
    """The executor's log: every event and decision, each entry chained to the one before."""


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--database", envvar="WATCHBILL_DATABASE", metavar="URL", help="A store; or WATCHBILL_DATABASE.")
@click.option("--head", "known", metavar="SEQ:HASH", help="A head that was written down: the log must contain it.")
@form_option
def verify(file: Path | None, database: str | None, known: str | None) -> None:
    """Check every entry of a store, or offline of FILE: an export, a backup, or a copy of a SQLite store.

    Exit 1 names the first entry that is not what was written.
    """
    need_executor()
    head = _head(known)
    if file is not None:
        verdict = _file(file, head)
    elif database is not None:
        verdict = _store(database, head)
    else:
        raise click.UsageError("name a FILE, or --database URL")
    if verdict.broken is not None:
        fail(executor.BROKEN_LOG, f"entry {verdict.broken.seq}: {verdict.broken.reason}")
    if as_json():
        import json  # noqa: PLC0415

        said = {"entries": verdict.entries, "erased": verdict.erased, "head": str(verdict.head)}
        click.echo(json.dumps({"version": 1, "whole": True, **said}, indent=2))
        return
    erased = f", {verdict.erased:,} bodies erased by retention" if verdict.erased else ""
    click.echo(f"The log is whole: {verdict.entries:,} entries{erased}.\nhead {verdict.head}")


@command.command("export")
@database_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Into a new file, instead of to stdout.")
def export(database: str, out: Path | None) -> None:
    """The whole log as JSON lines; the last line is its head. `audit verify FILE` judges it anywhere."""
    with opened(database) as store, store.read() as tx:
        from watchbill.executor.store import export as exporting  # noqa: PLC0415
        from watchbill.executor.store import log  # noqa: PLC0415
        from watchbill.executor.store.chain import Unreadable  # noqa: PLC0415

        try:
            if out is None:
                for line in exporting.write(log.raw(tx)):
                    click.echo(line)
                return
            with os.fdopen(private(out), "w", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in exporting.write(log.raw(tx)))
        except OSError as error:
            fail(executor.BAD_STORE, f"{out} cannot be written: {error.strerror}")
        except (Unreadable, AttributeError, TypeError) as error:
            fail(executor.BROKEN_LOG, f"the log cannot be exported: {error}", "watchbill audit verify names the entry")


@command.command("rebuild")
@database_option
@form_option
def rebuild(database: str) -> None:
    """Deadlines and effects anew from the log, for when their tables were damaged. Replicas may go on meanwhile.

    Of what the log says was begun and never ended nobody knows how it went: people are told, and it is not done again.
    """
    with recovered(database) as engine:
        from watchbill.executor.rebuild import rebuild as rebuilt  # noqa: PLC0415
        from watchbill.executor.store import chain, log  # noqa: PLC0415

        with engine.store.read() as tx:
            verdict = chain.verify(lambda: log.raw(tx))
        if verdict.broken is not None:
            fail(executor.BROKEN_LOG, f"entry {verdict.broken.seq}: {verdict.broken.reason}")
        found = rebuilt(engine)
    say(
        f"{found.deadlines:,} deadlines were not as the log says, {found.missing:,} effects were missing,"
        f" and {found.unwanted:,} were wanted by nobody. Now they are as it says.",
        "rebuilt",
        deadlines=found.deadlines,
        missing=found.missing,
        unwanted=found.unwanted,
    )


def _head(known: str | None) -> "Head | None":
    from watchbill.executor.store.chain import Head  # noqa: PLC0415

    if known is None:
        return None
    match = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", known)
    if match is None:
        raise click.BadParameter(f"`{known}` is not SEQ:HASH", param_hint="--head")
    return Head(int(match.group(1)), bytes.fromhex(match.group(2)))


def _file(file: Path, head: "Head | None") -> "Verdict":
    from watchbill.executor.store import chain, export  # noqa: PLC0415

    try:
        with file.open("rb") as stream:
            start = stream.read(len(_SQLITE))
        if start == _SQLITE:
            return _store(f"sqlite:///{file}", head)
        with file.open("rb") as stream:
            return chain.verify(_again(stream, export.read), head=head)
    except OSError as error:
        fail(executor.BROKEN_LOG, f"{file} cannot be read: {error.strerror}")


def _again(stream: Any, read: "Callable[[Iterable[bytes]], Iterable[Raw]]") -> "Callable[[], Iterable[Raw]]":
    def from_the_start() -> "Iterable[Raw]":
        stream.seek(0)
        return read(stream)

    return from_the_start


def _store(url: str, head: "Head | None") -> "Verdict":
    """Without bringing its schema up to date: a store that is judged is not written to."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from watchbill.executor.store import chain, log  # noqa: PLC0415
    from watchbill.executor.store.connect import NoStore, Store, first_line  # noqa: PLC0415

    try:
        store = Store(url, read_only=True)
        if not store.postgresql and not Path(store.url.database or "").is_file():
            fail(executor.BAD_STORE, f"{store.name} does not exist")
        with store.read() as tx:
            return chain.verify(lambda: log.raw(tx), head=head)
    except NoStore as error:
        fail(executor.BAD_STORE, str(error))
    except SQLAlchemyError as error:
        fail(executor.BAD_STORE, f"the database failed: {first_line(error)}")
