"""Diagnostics become evidence: bounded, without secrets, sealed, exported as anybody can check, every hand that had it named."""

import hashlib
import io
import json
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from executor.bad_server import BadServer
from executor.small_plan import plan_text
from watchbill.executor import diagnostics, evidence, outgoing
from watchbill.executor.connections import Command, Connections, Http, Reference
from watchbill.executor.core.effects import Collect
from watchbill.executor.core.events import Collected, PlanLoaded
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import noted
from watchbill.executor.handlers import HANDLERS, Outside, Work
from watchbill.executor.redaction import redactor
from watchbill.executor.store import log, retention
from watchbill.executor.store.chain import verify

SECRET = "hunter2-of-the-shop"  # noqa: S105
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3ZWIifQ.c2lnbmF0dXJl"  # noqa: S105


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setattr(outgoing, "_wait", lambda _: 0.01)
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    bad = BadServer()
    bad.said = f'{{"status":"success","config":"password={SECRET}","header":"Authorization: Bearer {TOKEN}"}}'.encode()
    yield bad
    bad.close()


class Case:
    """A store with a plan whose diagnostics are these; `outside` is what their handler sees."""

    def __init__(self, store: Any, server: BadServer, *collect: dict[str, Any], timeout: str = "1s") -> None:
        self.store = store
        self.engine = Engine(store)
        self.engine.recover()
        text = plan_text(
            places={"default": {"labels": {"env": "production"}, "prometheus": f"{server.url}/said"}},
            diagnostics={"logs": {"team": "web", "collect": list(collect), "timeout": timeout}},
        )
        self.engine.take(Unit(PlanLoaded(text=text)))
        connections = Connections(
            command={
                "sh": Command(path="/bin/sh", memory_mib=256, environment={"PASS": Reference(env="SHOP_PASSWORD")})
            },
            http={f"127.0.0.1:{server.port}": Http(headers={"X-Key": Reference(env="SHOP_PASSWORD")})},
        )
        self.outside = Outside(
            lambda: self.engine.state, lambda: time.time_ns() // 1_000_000, self._keep, self._note, connections
        )

    def _keep(self, body: bytes, keep: log.Keep) -> str:
        (taken,) = self.engine.take(Unit(within=lambda tx: log.put(tx, [body], keep)))
        return taken.value[0].hex()

    def _note(self, kind: str, note: dict[str, str]) -> None:
        self.engine.take(Unit(note=(kind, noted(note))))

    def collect(self, **how: Any) -> Collected:
        body = Collect(
            incident="abc123-1", diagnostics=("logs",), plan=self.engine.state.plan or "", place="default", **how
        )
        event = diagnostics.handle(Work("abc123-1/collect/1", body, 1, lambda: True), self.outside)
        assert isinstance(event, Collected)
        return event

    def bundle(self) -> evidence.Kept:
        with self.store.read() as tx:
            return evidence.kept(tx)[-1]

    def bodies(self) -> dict[str, bytes | None]:
        bundle = self.bundle().bundle
        assert bundle is not None
        with self.store.read() as tx:
            return evidence.bodies(tx, bundle)


@pytest.fixture
def case(tmp_path: Path, server: BadServer, opened: Callable[..., Any]) -> Callable[..., Case]:
    store = opened(f"sqlite:///{tmp_path / 'store.db'}", create=True)
    return lambda *collect, **how: Case(store, server, *collect, **how)


def test_each_collector_leaves_an_artifact_with_its_digest_time_and_source(case, server):
    made = case(
        {"promql": "up"}, {"http": {"url": f"{server.url}/said"}}, {"command": ["sh", "-c", "echo pods: 3; echo $PASS"]}
    )
    event = made.collect()
    assert event.complete
    bundle, bodies = made.bundle().bundle, made.bodies()
    assert bundle is not None
    assert [one.name for one in bundle.artifacts] == ["01-logs-promql.txt", "02-logs-http.txt", "03-logs-command.txt"]
    assert [one.collector for one in bundle.artifacts] == ["promql", "http", "command"]
    assert [one.source for one in bundle.artifacts] == ["up", f"{server.url}/said", "sh -c echo pods: 3; echo $PASS"]
    assert tuple(one.sha256 for one in bundle.artifacts) == event.artifacts
    for artifact in bundle.artifacts:
        body = bodies[artifact.name]
        assert body is not None
        assert hashlib.sha256(body).hexdigest() == artifact.sha256
        assert len(body) == artifact.size
        assert artifact.collected_at <= bundle.sealed_at
    assert bodies["03-logs-command.txt"] == b"pods: 3\n[redacted]\n"
    assert all(SECRET.encode() not in (body or b"") and TOKEN.encode() not in (body or b"") for body in bodies.values())
    assert "collect" in HANDLERS


def test_one_that_hangs_or_floods_keeps_none_of_the_others_and_is_told(case, server):
    made = case(
        {"http": {"url": f"{server.url}/hang"}},
        {"http": {"url": f"{server.url}/huge"}},
        {"command": ["sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"]},
        {"command": ["sh", "-c", "echo half; sleep 30"]},
        {"command": ["nothing-of-the-list"]},
        {"http": {"url": f"{server.url}/status/503"}},
        {"command": ["sh", "-c", "echo whole"]},
    )
    started = time.monotonic()
    event = made.collect()
    assert time.monotonic() - started < 8
    assert not event.complete
    bundle, bodies = made.bundle().bundle, list(made.bodies().values())
    assert bundle is not None
    assert [one.complete for one in bundle.artifacts] == [False] * 6 + [True]
    assert all(body is not None and 0 < len(body) <= diagnostics.BOUND for body in bodies)
    assert bodies[3] == b"half\n"
    assert bodies[6] == b"whole\n"
    assert "not on the executor's list" in bundle.artifacts[4].detail


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdef0123456789",
        "curl -H 'authorization: Basic dXNlcjpwYXNz'",
        '{"password": "swordfish-9"}',
        "DB_PASSWORD=swordfish-9",
        "api-key: swordfish-9",
        "postgres://shop:swordfish-9@db/shop",
        "token=swordfish-9&x=1",
        "-----BEGIN RSA PRIVATE KEY-----\nswordfish-9\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nswordfish-9",
        "AKIAIOSFODNN7EXAMPLE",
        "https://hooks.slack.com/services/T0/B0/swordfish-9",
        TOKEN,
    ],
)
def test_what_looks_like_a_secret_is_blanked(text):
    clean = redactor(())(text.encode()).decode()
    assert "[redacted]" in clean
    for secret in ("swordfish-9", "abcdef0123456789", "dXNlcjpwYXNz", "IOSFODNN7", TOKEN):
        assert secret not in clean
    assert redactor(())(clean.encode()).decode() == clean


def test_ordinary_words_stay_as_they_are_and_a_long_text_takes_no_long_time():
    text = b"tokens: many; the password was changed; bearer of news; 3 pods of web-7f9c restarted\n"
    assert redactor(["a", "the"])(text).count(b"[redacted]") <= 1  # `tokens: many` looks like one
    started = time.process_time()
    redactor(["hunter2-of-the-shop"] * 50)((b"password" * 130_000) + b"=")
    assert time.process_time() - started < 5


# Bundles


def extracted(tar: bytes, folder: Path) -> Path:
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(tar)) as read:
        read.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


def summed(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_an_export_is_the_same_bytes_each_time_and_sha256sum_accepts_it(case, tmp_path, run):
    made = case({"command": ["sh", "-c", "echo one"]}, {"promql": "up"})
    made.collect(preserve=True, custody=True)
    name, database = made.bundle().name, f"sqlite:///{tmp_path / 'store.db'}"
    for file in ("a.tar", "b.tar"):
        ran = run(
            "evidence", "export", name[:12], "--out", file, "--as", "noor", "--reason", "case 17", "--database", database,
            cwd=tmp_path,
        )  # fmt: skip
        assert ran.exit == 0, ran
    first, second = ((tmp_path / file).read_bytes() for file in ("a.tar", "b.tar"))
    assert first == second
    assert hashlib.sha256(first).hexdigest() in ran.out
    inside = extracted(first, tmp_path / "out")
    done = summed(inside)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["01-logs-command.txt: OK", "02-logs-promql.txt: OK", "manifest.json: OK"]
    assert hashlib.sha256((inside / "manifest.json").read_bytes()).hexdigest() == name
    (inside / "01-logs-command.txt").chmod(0o644)
    (inside / "01-logs-command.txt").write_text("another\n")
    assert summed(inside).returncode != 0

    listed = json.loads(run("evidence", "list", "abc", "--format", "json", "--database", database, cwd=tmp_path).out)
    (record,) = listed["bundles"]
    assert [(one["what"], one["person"], one["reason"]) for one in record["custody"]] == [
        ("sealed", "executor", ""),
        ("exported", "noor", "case 17"),
        ("exported", "noor", "case 17"),
    ]
    with made.store.read() as tx:
        assert verify(lambda: log.raw(tx)).broken is None


def test_reading_one_artifact_is_written_down_too(case, tmp_path, run):
    made = case({"command": ["sh", "-c", "echo one"]})
    made.collect()
    database = f"sqlite:///{tmp_path / 'store.db'}"
    arguments = ("evidence", "show", made.bundle().name, "01-logs-command.txt", "--database", database)
    ran = run(*arguments, "--as", "noor", "--reason", "why", cwd=tmp_path)
    assert (ran.exit, ran.out) == (0, "one\n")
    told = run("evidence", "list", "--database", database, cwd=tmp_path).out
    assert "read by noor: why" in told
    assert "01-logs-command.txt  4 bytes" in told


def test_what_is_not_there_or_not_allowed_is_a_finding(case, tmp_path, run):
    made = case({"command": ["sh", "-c", "echo one"]})
    database = f"sqlite:///{tmp_path / 'store.db'}"
    assert "There is no evidence." in run("evidence", "list", "--database", database, cwd=tmp_path).out
    made.collect()
    name = made.bundle().name

    def tried(verb: str, *arguments: str, person: str = "noor") -> Any:
        more = ("--as", person, "--reason", "r", "--database", database)
        return run("evidence", verb, *arguments, *more, cwd=tmp_path)

    (tmp_path / "old.tar").write_text("mine")
    assert "WB810" in tried("export", "ffff", "--out", "x.tar").out
    assert "WB810" in tried("export", name, "--out", "old.tar").out
    assert "WB810" in tried("export", name, "--out", "no/such/x.tar").out
    assert "WB810" in tried("show", name, "99.txt").out
    assert "WB808" in tried("export", name, "--out", "x.tar", person="mallory").out
    assert (tmp_path / "old.tar").read_text() == "mine"
    assert not (tmp_path / "x.tar").exists()
    assert len(made.bundle().custody) == 1  # nobody has had anything


def test_evidence_that_was_changed_in_the_store_is_not_handed_out(case, tmp_path, run):
    made = case({"command": ["sh", "-c", "echo one"]})
    made.collect()
    bundle = made.bundle()
    assert bundle.bundle is not None
    with made.store.write() as tx:
        tx.connection.execute(
            sqlalchemy.text("UPDATE bodies SET body = :new, form = 'plain', size = 4 WHERE digest = :digest"),
            {"new": b"two\n", "digest": bytes.fromhex(bundle.bundle.artifacts[0].sha256)},
        )
    ran = run(
        "evidence", "export", bundle.name, "--out", "x.tar", "--as", "noor", "--reason", "r", "--database",
        f"sqlite:///{tmp_path / 'store.db'}", cwd=tmp_path,
    )  # fmt: skip
    assert ran.exit == 1
    assert "WB804" in ran.out
    assert not (tmp_path / "x.tar").exists()


def test_what_is_preserved_is_kept_as_evidence_and_so_is_the_entry_that_names_it(case):
    made = case({"command": ["sh", "-c", "echo one"]})

    def kinds() -> dict[str, int]:
        with made.store.read() as tx:
            rows = tx.connection.execute(
                sqlalchemy.text(
                    "SELECT b.keep, count(*) FROM bodies b LEFT JOIN log ON log.digest = b.digest"
                    " WHERE log.kind IS NULL OR log.kind LIKE 'evidence.%' GROUP BY b.keep"
                )
            )
            return {row[0]: row[1] for row in rows}

    made.collect()
    assert kinds() == {"incidents": 3}  # artifact, manifest, entry
    made.collect(preserve=True)
    assert kinds()["evidence"] == 3


def test_retention_erases_a_bundle_at_its_age_and_what_was_preserved_at_its_own(tmp_path, server, opened, clock, run):
    database = f"sqlite:///{tmp_path / 'store.db'}"
    made = Case(opened(database, clock=clock), server, {"command": ["sh", "-c", "echo one"]})
    made.collect()
    passing = made.bundle()
    clock.pass_(seconds=1)
    made.collect(preserve=True)
    preserved = made.bundle()

    def export(name: str, out: str) -> Any:
        said = ("--as", "noor", "--reason", "the court asks", "--database", database)
        return run("evidence", "export", name, "--out", out, *said, cwd=tmp_path)

    def kept_after(**age: float) -> list[str]:
        clock.pass_(**age)
        for _ in range(2):  # what the state is rebuilt from stays, so a snapshot comes first
            made.engine.take(Unit(write=made.engine.snapshot()))
            made._note("test.passes", {})
        for keep, days in (("incidents", 400), ("evidence", 7 * 365)):
            made.engine.take(
                Unit(write=lambda tx, head, k=keep, d=days: retention.erase(tx, head, k, timedelta(days=d)))
            )
        with made.store.read() as tx:
            assert verify(lambda: log.raw(tx)).broken is None
            return [one.name for one in evidence.kept(tx) if one.bundle is not None]

    assert export(preserved.name, "before.tar").exit == 0
    assert kept_after(days=399) == [passing.name, preserved.name]
    assert kept_after(days=30) == [preserved.name]
    assert export(passing.name, "gone.tar").exit == 1
    assert not (tmp_path / "gone.tar").exists()
    assert export(preserved.name, "after.tar").exit == 0
    assert (tmp_path / "after.tar").read_bytes() == (tmp_path / "before.tar").read_bytes()
    assert [held.what for held in made.bundle().custody] == ["sealed", "exported", "exported"]
    assert kept_after(days=3000) == []
    assert run("audit", "verify", "--database", database, cwd=tmp_path).exit == 0
