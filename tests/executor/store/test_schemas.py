"""Schemas: what releases left is brought up to date with all that it holds, or not touched; what is no store is refused."""

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, inspect, text

from watchbill.executor.store import deadlines, log, migrate, outbox, snapshots
from watchbill.executor.store.chain import Head, Verdict, verify
from watchbill.executor.store.connect import NoStore, Store, open_store
from watchbill.executor.store.schema import HEAD, METADATA

RELEASED = Path(__file__).with_name("schemas")


def shape(store):
    with store.read() as tx:
        looked = inspect(tx.connection)
        return {
            name: (
                {column["name"]: (str(column["type"]), column["nullable"]) for column in looked.get_columns(name)},
                looked.get_pk_constraint(name)["constrained_columns"],
                {one["name"]: one["column_names"] for one in looked.get_indexes(name)},
            )
            for name in looked.get_table_names()
            if name != "alembic_version"
        }


def test_the_migrations_make_what_the_tables_say(database, opened, tmp_path, postgresql):
    migrated = opened(database)
    url = f"sqlite:///{tmp_path / 'made.db'}" if not migrated.postgresql else postgresql.empty()
    made = Store(url)
    with made.write() as tx:
        METADATA.create_all(tx.connection)
    assert shape(migrated) == shape(made)
    made.close()


def test_the_newest_migration_is_the_schemas_version():
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(migrate.config()).get_heads() == [HEAD]


def test_a_frozen_dump_stands_for_every_released_version():
    from alembic.script import ScriptDirectory

    known = {one.revision for one in ScriptDirectory.from_config(migrate.config()).walk_revisions()}
    assert {path.stem for path in RELEASED.glob("*.sql")} == known


VERSIONS = sorted(path.stem for path in RELEASED.glob("*.sql"))


def of_version(version, database, tmp_path):
    """A database as that release left it. On PostgreSQL it is made by the migrations up to there, its rows are the dump's."""
    path = tmp_path / f"{version}.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((RELEASED / f"{version}.sql").read_text("utf-8"))
    connection.close()
    if database.startswith("sqlite"):
        return str(path)
    dump, store = Store(f"sqlite:///{path}"), Store(database)
    with dump.read() as read, store.write() as tx:
        command.upgrade(migrate.config(tx.connection), version)
        tables = MetaData()
        tables.reflect(tx.connection)
        for table in tables.sorted_tables:
            rows = [dict(row) for row in read.connection.execute(text(f"SELECT * FROM {table.name}")).mappings()]  # noqa: S608
            if rows and table.name != "alembic_version":
                made = {"once": bool} if table.name == "outbox" else {}
                tx.connection.execute(
                    table.insert(), [{k: made.get(k, lambda same: same)(v) for k, v in row.items()} for row in rows]
                )
    dump.close()
    store.close()
    return database


def holds_all(store):
    """What the dump of every version holds."""
    head = Head(3, bytes.fromhex("aec0f0783df41d92dc97669ba1b2ad18f5f7efd115b2fc850b15e49e86f36136"))
    with store.read() as tx:
        assert verify(lambda: log.raw(tx)) == Verdict(head, 3, 0)
        assert [one.body for one in log.entries(tx)][1] == b"x" * 2000
        assert [one.key for one in deadlines.due(tx, 9)] == ["escalate"]
        assert outbox.waiting(tx) == {"waiting": 1}
        assert snapshots.newest_plan(tx) == b"{}"
        assert snapshots.newest(tx, 1).body == b"state"
    with store.write() as tx:
        (claim,) = outbox.claim(tx, "a", timedelta(seconds=9), 9, "once")
        assert (claim.effect.body, claim.effect.once) == (b"\0", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_a_released_version_is_brought_up_to_date_with_all_that_it_holds(
    version, database, tmp_path, opened, postgresql
):
    store = opened(of_version(version, database, tmp_path), create=False)
    new = opened(postgresql.empty() if store.postgresql else f"sqlite:///{tmp_path / 'new.db'}")
    assert shape(store) == shape(new)
    holds_all(store)


NEXT = """\
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{this}", "{before}"


def upgrade():
    op.add_column("deadlines", sa.Column("of_{this}", sa.String))
    op.execute("UPDATE deadlines SET of_{this} = key")
    {more}
"""


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Makes a release of the future, whose migration does so much more."""
    versions = tmp_path / "versions"
    versions.mkdir()
    config, released = migrate.config, [HEAD]

    def with_more(connection=None):
        made = config(connection)
        own = Path(made.get_main_option("script_location")) / "versions"
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", f"{own}\n{versions}")
        return made

    def make(this, more="pass"):
        (versions / f"v{this}.py").write_text(NEXT.format(this=this, before=released[-1], more=more))
        released.append(this)
        monkeypatch.setattr(migrate, "config", with_more)
        monkeypatch.setattr(migrate, "HEAD", this)

    return make


@pytest.mark.parametrize("version", VERSIONS)
def test_releases_to_come_bring_it_up_to_date_over_several_versions(version, database, tmp_path, opened, release):
    release("9001")
    release("9002")
    store = opened(of_version(version, database, tmp_path), create=False)
    with store.read() as tx:
        assert tx.connection.execute(text("SELECT of_9001, of_9002 FROM deadlines")).all() == [("escalate", "escalate")]
    holds_all(store)


def test_an_upgrade_that_fails_leaves_everything_as_it_was(database, tmp_path, opened, release):
    release("9001")
    release("9002", "op.execute('SELECT of_nothing FROM deadlines')")
    url = of_version(HEAD, database, tmp_path)
    with pytest.raises(NoStore, match="of_nothing"):
        open_store(url)
    store = Store(url)
    assert "of_9001" not in shape(store)["deadlines"][0]
    with store.read() as tx:
        assert migrate.version(tx.connection) == HEAD
    holds_all(store)
    store.close()


def test_a_schema_of_a_newer_release_is_refused(database, opened):
    store = opened(database)
    with store.write() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NoStore, match="schema 9999, and this watchbill knows"):
        open_store(database)


def test_replicas_that_start_together_migrate_once(database):
    failed = []

    def start():
        try:
            open_store(database).close()
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://root@localhost/x", "not one of sqlite and postgresql"),
        ("nonsense://x", "not one of sqlite and postgresql"),
        ("://", "is named by"),
        ("sqlite:////no/such/folder/store.db", "unable to open"),
        ("postgresql://watchbill:hush@127.0.0.1:1/none", "refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_words_and_without_its_password(url, said):
    with pytest.raises(NoStore, match=said) as refused:
        open_store(url)
    assert "hush" not in str(refused.value)


def test_a_database_that_must_exist_is_not_made(database, tmp_path):
    with pytest.raises(NoStore, match=r"holds no|does not exist"):
        open_store(database, create=False)
    assert not (tmp_path / "store.db").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "store.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(NoStore, match="not a database"):
        open_store(str(tmp_path / "store.db"))
