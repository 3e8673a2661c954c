"""`watchbill backup`: the executor's store into one file."""

import os
from pathlib import Path

import click

from watchbill.cli.stored import database_option, fail, form_option, opened, say
from watchbill.source.codes import executor


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@database_option
@form_option
def command(file: Path, database: str) -> None:
    """Everything in the store, as of one instant, into a new FILE; the executor may go on meanwhile.

    The file is a SQLite store, also of PostgreSQL. Its head is printed: write it down elsewhere.
    """
    if file.exists():
        fail(executor.BAD_STORE, f"{file} exists: a backup is a new file")
    partial = file.with_name(f"{file.name}.partial")
    with opened(database) as store:
        from watchbill.executor.store import backup, chain, log  # noqa: PLC0415

        partial.unlink(missing_ok=True)
        with opened(str(partial), create=True) as kept:
            backup.copy(store, kept)
            with kept.read() as tx:
                verdict = chain.verify(lambda: log.raw(tx))
            backup.close_file(kept)
        os.replace(partial, file)  # noqa: PTH105
    if verdict.broken is not None:
        fail(
            executor.BROKEN_LOG,
            f"entry {verdict.broken.seq}: {verdict.broken.reason}",
            f"{file} holds the log as it is; an older backup may hold it whole",
        )
    said = f"{file}: {verdict.entries:,} entries.\nhead {verdict.head}"
    say(said, "backed-up", file=str(file), entries=verdict.entries, head=str(verdict.head))
