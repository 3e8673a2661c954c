"""Backup and restore: every table, in one view of the database, to and from one SQLite file.

The same file restores into SQLite and into PostgreSQL, so it is also the way from one to the other.
"""

import sqlite3

from sqlalchemy import func, insert, select

from watchbill.executor.store import log
from watchbill.executor.store.chain import Head
from watchbill.executor.store.connect import NoStore, Store
from watchbill.executor.store.schema import METADATA

_BATCH = 500


def copy(source: Store, target: Store) -> Head:
    """Copy everything into a store that is empty; its head. Raises NoStore when the target is not."""
    with source.read() as read, target.write("writer") as write:
        for table in METADATA.sorted_tables:
            if write.connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise NoStore(f"{target.name} is not empty: restore into a new database")
        for table in METADATA.sorted_tables:
            found = select(table).execution_options(yield_per=_BATCH)
            for rows in read.connection.execute(found).partitions():
                write.connection.execute(insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001  (its name)
        return log.head(write)


def close_file(store: Store) -> None:
    """Leave a SQLite store as one file, without a write-ahead log beside it."""
    store.close()
    connection = sqlite3.connect(store.url.database or "", isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
