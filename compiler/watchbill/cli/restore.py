"""`watchbill restore`: the executor's store out of a backup."""

from pathlib import Path

import click

from watchbill.cli.stored import database_option, fail, form_option, opened, say
from watchbill.source.codes import executor


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@database_option
@form_option
def command(file: Path, database: str) -> None:
    """Everything in FILE into a database that is new. Deadlines that passed meanwhile are served at the next start."""
    with opened(str(file)) as kept:
        from watchbill.executor.store import backup, chain, deadlines, log, outbox  # noqa: PLC0415

        with kept.read() as tx:
            verdict = chain.verify(lambda: log.raw(tx))
            overdue, waiting = len(deadlines.due(tx, 1_000_000)), sum(outbox.waiting(tx).values())
        if verdict.broken is not None:
            fail(executor.BROKEN_LOG, f"{file}, entry {verdict.broken.seq}: {verdict.broken.reason}")
        with opened(database, create=True) as store:
            backup.copy(kept, store)
            said = f"{store.name}: {verdict.entries:,} entries.\nhead {verdict.head}"
            head = str(verdict.head)
            say(
                said,
                "restored",
                database=store.name,
                entries=verdict.entries,
                head=head,
                overdue=overdue,
                waiting=waiting,
            )
    if overdue or waiting:
        click.echo(
            f"At the next start {overdue:,} deadlines are overdue, and {waiting:,} effects are to be done.", err=True
        )
