"""The store and its transactions. SQLite for one machine, PostgreSQL for several replicas; nothing else knows which.

SQLite: WAL, synchronous=FULL, every writing transaction BEGIN IMMEDIATE. Local disk only, never a network file system.
PostgreSQL: one advisory lock makes the log's writer the only one; leases run by the database's own clock. A process
that is paused inside a transaction is thrown out by the server, so that it holds nobody up.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watchbill.executor.store.chain import from_micros

Clock = Callable[[], datetime]
# What to catch: the database cannot be reached, is locked, full or read-only, or gives no right to a table (to PostgreSQL
# an error of programming; statements here never change). Another error is about what was to be written.
Unavailable = (OperationalError, InterfaceError, InternalError, ProgrammingError, PoolTimeout)
_WRITER = 0x77617463_6862696C  # "watchbil": the advisory lock of the log's writer
_MIGRATION = _WRITER + 1
PAUSED = 4_000  # ms that PostgreSQL waits for a process that has stopped inside a transaction
_LOCKED = 5_000  # ms that a transaction waits for another: longer, so that those who wait need not fail with it


class NoStore(Exception):  # noqa: N818
    """The database cannot be used as it stands; the text says why and what to do."""


class Transaction(msgspec.Struct, frozen=True):
    """A transaction under way, and its instant: by the database's clock on PostgreSQL, else by the machine's."""

    connection: Connection
    now: datetime

    @property
    def postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"


class Store:
    """A database opened for the executor. `clock` replaces every clock, for drills and tests."""

    def __init__(self, url: str | URL, *, clock: Clock | None = None, read_only: bool = False) -> None:
        self.url = _url(url)
        self.clock = clock
        self.name = self.url.render_as_string(hide_password=True)
        try:
            self._writer, self._reader = _engines(self.url, read_only=read_only)
        except (ArgumentError, NoSuchModuleError) as error:
            raise NoStore(f"`{self.name}` is no database that the executor knows: {error}") from None

    @property
    def postgresql(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    @contextlib.contextmanager
    def write(self, lock: Literal["writer", "rows", "migration"] = "writer") -> Iterator[Transaction]:
        """Commits at the end, rolls back on any exception.

        `writer` excludes every other writer of the log; `rows` (claims and leases) only whoever wants the same row.
        """
        with self._writer.begin() as connection:
            if self.postgresql and lock != "rows":
                key = _WRITER if lock == "writer" else _MIGRATION
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield Transaction(connection, self._now(connection))

    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """One view of everything, however long it takes; nobody waits for it."""
        with self._reader.connect() as connection, connection.begin():
            yield Transaction(connection, self._now(connection))

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    def _now(self, connection: Connection) -> datetime:
        if self.clock is not None:
            return self.clock()
        if not self.postgresql:
            return datetime.now(UTC)
        micros = connection.execute(text("SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint"))
        return from_micros(micros.scalar_one())


def _url(url: str | URL) -> URL:
    """`postgresql://…`, `sqlite:///FILE`, or a plain path of a SQLite file."""
    try:
        made = make_url(url if isinstance(url, URL) or "://" in url else URL.create("sqlite", database=url))
    except ArgumentError:
        raise NoStore("the database is named by postgresql://USER@HOST/NAME, sqlite:///FILE or a file's path") from None
    if made.drivername in {"postgres", "postgresql"}:
        return made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() == "sqlite" and made.database in {None, "", ":memory:"}:
        raise NoStore("a database in memory forgets everything: name a file, sqlite:///FILE")
    return made


def _engines(url: URL, *, read_only: bool) -> tuple[Engine, Engine]:
    if url.get_backend_name() == "postgresql":
        # What is answered as committed survives a crash, whatever the server or the role is set to.
        limits = f"-c synchronous_commit=on -c lock_timeout={_LOCKED} -c idle_in_transaction_session_timeout={PAUSED}"
        how = {"connect_timeout": 5, "client_encoding": "utf8"}  # whatever the database's own is: `_check_encoding`
        writer = create_engine(url, pool_pre_ping=False, pool_size=8, connect_args={**how, "options": limits})
        reader = create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True, connect_args=how)
        return writer, reader
    if url.get_backend_name() != "sqlite":
        raise NoStore(f"`{url.get_backend_name()}` is not one of sqlite and postgresql")
    writer = _sqlite(url, "BEGIN IMMEDIATE", wal=not read_only)
    return writer, _sqlite(url, "BEGIN", query_only=True)


def _sqlite(url: URL, begin: str, *, wal: bool = False, query_only: bool = False) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _LOCKED / 1000})

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are ours to begin
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if query_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def open_store(url: str, *, clock: Clock | None = None, create: bool = True) -> Store:
    """A store with the newest schema. `create` False refuses a database that holds none.

    Raises NoStore, with a text for a person.
    """
    from watchbill.executor.store import migrate  # noqa: PLC0415  (it needs this module)

    store = Store(url, clock=clock)
    if create and not store.postgresql:
        _private(store.url.database or "")
    try:
        _check_encoding(store)
        migrate.bring_up_to_date(store, create=create)
    except SQLAlchemyError as error:
        store.close()
        raise NoStore(f"{store.name} cannot be opened: {first_line(error)}") from None
    except BaseException:
        store.close()
        raise
    return store


def _check_encoding(store: Store) -> None:
    """Of a database that cannot hold every label one would fail on some night."""
    if not store.postgresql:
        return
    with store.read() as tx:
        found = tx.connection.execute(text("SHOW server_encoding")).scalar_one()
    if found != "UTF8":
        raise NoStore(f"{store.name} has the encoding {found}: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")


def _private(file: str) -> None:
    """A new file is its owner's alone: labels, notes and evidence are in it. SQLite gives the files beside it the same mode."""
    if not file.startswith("file:"):
        with contextlib.suppress(OSError):  # it is there, or cannot be: SQLite says why
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def first_line(error: Exception) -> str:
    """What the database said, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).strip().split("\n")[0]
