"""`redis.flush` on a real Redis server."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from watchbill.executor.action import Done, Run, Unfit, checked
from watchbill.executor.actions import action, redis_flush
from watchbill.executor.connections import Connections, Redis, Reference
from watchbill.executor.outgoing import NoAnswer

FLUSH = action("redis.flush")
PASSWORD = "of-this-test-alone"  # noqa: S105


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of its socket."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "Redis is not installed: apt-get install redis-server"
        if os.environ.get("WATCHBILL_REQUIRE_ALL") == "1":
            pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
        pytest.skip(reason)
    process, path = _started(program, tmp_path_factory.mktemp("redis"))
    yield str(path)
    process.terminate()
    process.wait()


def _started(program: str, folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    path = folder / "s"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", path, "--save", "", "--requirepass", PASSWORD, "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    end = time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return process, path


@pytest.fixture
def client(server: str) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=server, password=PASSWORD) as found:
        found.flushall()
        yield found


def flush(server: str, pattern: str, password: str = PASSWORD, folder: Path | None = None, **more: object) -> Done:
    secret = (folder or Path("/dev/shm")) / f"redis-{os.getpid()}"  # noqa: S108
    secret.write_text(password)
    try:
        connections = Connections(
            redis={"cache": Redis(url=f"unix://{server}?db=0", password=Reference(file=str(secret)))}
        )
        parameters = checked(FLUSH, {"server": "cache", "pattern": pattern}, {})
        return FLUSH.run(Run(parameters=parameters, connections=connections, **more))
    finally:
        secret.unlink()


def test_only_the_keys_of_the_pattern_are_deleted(server, client):
    client.mset({f"page:{number}": "x" for number in range(2500)} | {"session:1": "y", "pages": "z"})
    done = flush(server, "page:*")
    assert done == Done("succeeded", "2500 keys are deleted: the keys page:* of cache")
    assert sorted(client.keys()) == [b"pages", b"session:1"]
    assert flush(server, "page:*").detail.startswith("0 keys")  # a second one does no more


def test_it_never_asks_for_all_keys_at_once_nor_for_a_whole_database(server, client):
    client.set("page:1", "x")
    client.config_resetstat()
    flush(server, "page:*")
    used = {name.removeprefix("cmdstat_").split("|")[0] for name in client.info("commandstats")}
    assert {"scan", "unlink"} <= used
    assert not used & {"keys", "flushall", "flushdb", "eval", "del"}


@pytest.mark.parametrize("pattern", ["*", "**", "?*", "[^x]*", "*[a-z]*", "\\*\\", "", "*" * 600])
def test_a_pattern_that_means_every_key_is_refused(pattern):
    with pytest.raises(Unfit):
        checked(FLUSH, {"server": "cache", "pattern": pattern}, {})


def test_the_number_of_keys_is_bounded_and_a_lost_lease_ends_it(server, client, monkeypatch):
    client.mset({f"page:{number}": "x" for number in range(5000)})
    monkeypatch.setattr(redis_flush, "MOST", 1000)
    done = flush(server, "page:*")
    assert done.outcome == "failed"
    assert 3000 < client.dbsize() <= 4000
    assert flush(server, "page:*", held=lambda: False).outcome == "failed"
    assert client.dbsize() > 2000


def test_before_anything_is_deleted_a_failure_touched_nothing(server, client, tmp_path):
    with pytest.raises(Unfit, match="invalid username-password"):
        flush(server, "page:*", password="wrong")  # noqa: S106
    parameters = checked(FLUSH, {"server": "cache", "pattern": "a*"}, {})
    with pytest.raises(Unfit, match=r"no connection redis\.cache"):
        FLUSH.run(Run(parameters=parameters))
    with pytest.raises(Unfit):
        flush(str(tmp_path / "nobody"), "page:*")


def test_a_server_that_goes_away_in_the_middle_leaves_it_unknown(server, tmp_path):
    process, path = _started(shutil.which("redis-server") or "", tmp_path)
    with redis.Redis(unix_socket_path=str(path), password=PASSWORD) as other:
        other.mset({f"page:{number}": "x" for number in range(5000)})

    def killed() -> bool:
        process.kill()
        process.wait()
        return True

    with pytest.raises(NoAnswer, match=r"after \d+ keys") as told:
        flush(str(path), "page:*", held=killed)
    assert told.value.sent
