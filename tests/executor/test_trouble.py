"""A database in trouble: a finding at the start, 503 while it lasts, and never a traceback."""

import json
import logging
import resource
import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import pytest

from executor.conftest import Server
from executor.small_plan import plan_text
from executor.test_intake import Door, alert, webhook
from executor.test_serve import Served, firing, serve, whole  # noqa: F401  (a fixture)
from watchbill.executor.store.chain import digest_of
from watchbill.executor.store.connect import open_store


def statement(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text)


def encoded(server: Server, encoding: str) -> str:
    name = f"of_{encoding.lower()}"
    server.admin(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
    return server.url(name)


def role(server: Server, name: str) -> str:
    server.admin(f"DROP ROLE IF EXISTS {name}")
    server.admin(f"CREATE ROLE {name} LOGIN")
    return name


AT_THE_START: dict[str, tuple[Callable[[Server], str], str]] = {
    "an encoding that is none": (lambda server: encoded(server, "SQL_ASCII"), "has the encoding SQL_ASCII"),
    "an encoding that cannot hold every label": (lambda server: encoded(server, "LATIN1"), "has the encoding LATIN1"),
    "no right to make tables": (
        lambda server: server.empty().replace("watchbill@", f"{role(server, 'guest')}@"),
        "permission denied for schema public",
    ),
    "nobody known": (lambda server: server.empty().replace("watchbill@", "mallory@"), '"mallory" does not exist'),
    "no such database": (lambda server: server.url("none"), '"none" does not exist'),
}


@pytest.mark.parametrize("case", AT_THE_START)
def test_a_postgresql_that_cannot_be_used_is_a_finding_at_the_start(postgresql, run, tmp_path, monkeypatch, case):
    makes, said = AT_THE_START[case]
    ran = start(makes(postgresql), run, tmp_path, monkeypatch)
    assert (ran.exit, "WB803" in ran.out, said in " ".join(ran.out.split())) == (1, True, True), ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err


def start(database, run, tmp_path, monkeypatch):
    (tmp_path / "plan.json").write_text(plan_text())
    monkeypatch.setenv("WATCHBILL_INTAKE_TOKEN", "open-sesame")
    base = ["--plan", "plan.json", "--listen", "127.0.0.1:0"]
    return run("serve", *base, "--database", database, cwd=tmp_path)


def test_a_sqlite_file_that_may_only_be_read_is_a_finding_at_the_start(run, tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    ran = start(f"sqlite:///file:{tmp_path}/s.db?mode=ro&uri=true", run, tmp_path, monkeypatch)
    assert ran.exit == 1
    assert "WB803" in ran.out
    assert "readonly database" in ran.out


@pytest.mark.parametrize("verb", ["serve", "incidents", "audit verify", "backup kept.db"])
def test_a_sqlite_file_that_another_holds_is_a_finding(run, tmp_path, monkeypatch, verb):
    monkeypatch.setattr("watchbill.executor.store.connect._LOCKED", 50)
    path = tmp_path / "s.db"
    open_store(str(path)).close()
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        if verb == "serve":
            ran = start(str(path), run, tmp_path, monkeypatch)
        else:
            ran = run(*verb.split(), "--database", str(path), cwd=tmp_path)
    other.close()
    assert ran.exit == 1
    assert "WB803" in ran.out
    assert "locked" in ran.out
    assert "Traceback" not in ran.out + ran.err


# While it serves


def test_when_the_disk_is_full_the_answer_is_503_and_what_was_answered_with_200_is_kept(tmp_path, serve, opened):  # noqa: F811
    """A file that may not grow any more is as good as a disk that is full, and the kernel says so to the real process."""
    served: Served = serve(str(tmp_path / "s.db"))
    codes = {0: served.post(firing(0))}
    _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, ((tmp_path / "s.db-wal").stat().st_size, hard))
    codes[1] = served.post(firing(1))
    assert served.get("/healthz").status_code == 200
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    codes[2] = served.post(firing(2))
    assert codes == {0: 200, 1: 503, 2: 200}
    assert served.stop() == 0
    assert not served.told("not JSON")
    assert "Traceback" not in json.dumps(served.lines)
    kept = whole(opened(str(tmp_path / "s.db")))
    assert kept == {digest_of(firing(0)).hex(), digest_of(firing(2)).hex()}


FULL = """\
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON log EXECUTE FUNCTION full_disk()"""
SERVING = {
    "no right any more": ("REVOKE INSERT ON log FROM keeper", "GRANT INSERT ON log TO keeper"),
    "a disk that is full": (FULL, "DROP TRIGGER full_disk ON log"),
    "a table that is gone": ("ALTER TABLE log RENAME TO gone", "ALTER TABLE gone RENAME TO log"),
    "a standby that was never promoted": (
        "ALTER ROLE keeper SET default_transaction_read_only = on",
        "ALTER ROLE keeper RESET default_transaction_read_only",
    ),
    "a table that another holds": ("", ""),
}


@pytest.fixture
def keeper(postgresql: Server) -> Iterator[tuple[str, str]]:
    """The URLs of a new database for the owner of its tables, and for whoever may do anything."""
    role(postgresql, "keeper")
    url = postgresql.empty()
    statement(url, "GRANT ALL ON SCHEMA public TO keeper")
    yield url.replace("watchbill@", "keeper@"), url
    statement(url, "DROP OWNED BY keeper")


@pytest.mark.parametrize("case", SERVING)
def test_when_postgresql_takes_nothing_the_answer_is_503_until_it_does(keeper, opened, caplog, monkeypatch, case):
    monkeypatch.setattr("watchbill.executor.store.connect._LOCKED", 300)
    mine, url = keeper
    door = Door(opened(mine))
    assert door.post(webhook(alert())).status_code == 200
    breaks, mends = SERVING[case]
    with caplog.at_level(logging.WARNING):
        if breaks:
            statement(url, breaks)
            again(url)
            assert [door.post(webhook(alert())).status_code for _ in range(3)] == [503] * 3
            statement(url, mends)
            again(url)
        else:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE log")
                assert door.post(webhook(alert())).status_code == 503
    codes = [door.post(webhook(alert())).status_code for _ in range(9)]
    assert codes[-1] == 200
    assert len(door.entries("event.delivered")) == 1 + codes.count(200)
    door.writer.stop()
    assert [record for record in caplog.records if record.exc_info] == []
    assert not door.entries("engine.fault")


def again(url: str) -> None:
    """Sessions of the executor begin anew, as after a failover: settings of a role count from then on."""
    statement(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'")
