"""Databases to test on: a SQLite file, and a real PostgreSQL that lives as long as the session."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy

REQUIRE_ALL = os.environ.get("WATCHBILL_REQUIRE_ALL") == "1"
START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _programs() -> Path:
    """The folder of PostgreSQL's own programs, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    here = next((folder for folder in folders if os.access(folder / "initdb", os.X_OK)), None)
    if here is None:
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        if REQUIRE_ALL:
            pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
        pytest.skip(reason)
    return here


class Server:
    """A PostgreSQL server on a socket in a folder of its own. It refuses to run as root, so root gives it another user."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self.fsync = "on" if durable else "off"
        self.programs = _programs()
        self.user: str | None = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(folder, self.user)
        self._run("initdb", "-D", folder / "data", "-A", "trust", "-N", "-U", "watchbill", "-E", "UTF8", "--locale=C")
        self.start()
        self.number = 0

    def _run(self, program: str, *arguments: str | Path) -> None:
        argv = [self.programs / program, *arguments]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            user=self.user,
            extra_groups=[] if self.user else None,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, (done.stdout or b"").decode()

    def start(self) -> None:
        options = f"-h '' -k {self.folder} -c fsync={self.fsync} -c max_connections=200"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash, from which it recovers at its next start; `fast` is clean."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://watchbill@/{name}?host={self.folder}"

    def empty(self) -> str:
        """The URL of a new database."""
        self.number += 1
        name = f"test{self.number}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def admin(self, statement: str) -> None:
        url = self.url("postgres").replace("postgresql:", "postgresql+psycopg:")
        engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(statement))
        engine.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="watchbill-pg-"))
    try:
        server = Server(folder)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database, of each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgresql").empty()


@pytest.fixture
def opened() -> Iterator[Callable[..., object]]:
    """`open_store`, whose stores are closed at the end."""
    from watchbill.executor.store.connect import open_store

    stores = []

    def opens(*arguments, **options):
        stores.append(open_store(*arguments, **options))
        return stores[-1]

    yield opens
    for store in stores:
        store.close()
