"""The tables. A change here is a new file in migrations/versions, and a new HEAD."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.types import TypeDecorator

from watchbill.executor.store.chain import from_micros, to_micros

HEAD = "0001"
METADATA = MetaData()


class Instant(TypeDecorator[datetime]):
    """An instant with a zone, stored as microseconds since 1970 in UTC on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(value)


LOG = Table(
    "log",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("time", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("log_by_digest", "digest"),
)
# Beside the chain, by digest. `keep` says which retention holds; an erased body leaves its row.
BODIES = Table(
    "bodies",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("form", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("keep", String, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("erased_at", Instant),
    Index("bodies_by_age", "keep", "stored_at"),
)
# What was received, one row for each request that was let in; `seq` is the log entry that it became.
INBOX = Table(
    "inbox",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("received_at", Instant, nullable=False),
    Column("environment", String, nullable=False),
    Column("source", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("verdict", String, nullable=False),
    Index("inbox_by_digest", "digest"),
)
DEADLINES = Table(
    "deadlines",
    METADATA,
    Column("key", String, primary_key=True),
    Column("due", Instant, nullable=False),
    Index("deadlines_by_due", "due"),
)
_UNDONE = "state in ('waiting', 'claimed', 'acting')"
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("key", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("lane", String, nullable=False),
    Column("state", String, nullable=False),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("holder", String, nullable=False),
    Column("lease_until", Instant),
    Column("ended_at", Instant),
    Index("outbox_undone", "lane", "due", sqlite_where=text(_UNDONE), postgresql_where=text(_UNDONE)),
)
LEASES = Table(
    "leases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", Instant, nullable=False),
)
SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("form", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
# Plans by digest: an open incident keeps the one it began with.
PLANS = Table(
    "plans",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("stored_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
