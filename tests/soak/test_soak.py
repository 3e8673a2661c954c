"""A short storm in every run of the tests; `make soak` has the long one. And each check that it makes can fail."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from executor.conftest import postgresql  # noqa: F401  (a fixture)
from soak.judging import Findings, judged
from soak.storm import LIMITS, Outcome, left_lying, storm
from soak.watching import Takeover
from watchbill.executor.core.decisions import Breaker
from watchbill.executor.core.events import BreakerClosed, MessageSettled
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import written
from watchbill.executor.rebuild import Rebuilt, rebuild
from watchbill.executor.store import deadlines, log
from watchbill.executor.store.chain import Head
from watchbill.executor.store.connect import Store

NEVER = 120.0  # seconds: how soon the dead are replaced is measured by `make soak`, on a machine that has time


def weathered(folder: Path, database: str, *, kills: int, replicas: int) -> Outcome:
    outcome = storm(folder, database, kills=kills, replicas=replicas, seed=7, lease=2, patience=NEVER)
    assert outcome.findings == Findings()
    assert outcome.figures.answered > kills
    assert outcome.figures.acted > 0
    assert outcome.figures.takeovers > 0
    return outcome


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a storm over SQLite in which everything held."""
    folder = tmp_path_factory.mktemp("storm")
    weathered(folder, f"sqlite:///{folder / 's.db'}", kills=8, replicas=1)
    return folder


def test_nothing_is_lost_nothing_is_done_twice_and_no_limit_is_passed_though_it_is_killed_again_and_again(after):
    """In it, what was answered with 200 is in a log that is whole."""
    assert again(after) == Findings()


def test_nor_though_replicas_on_postgresql_are_killed_and_one_sleeps_past_its_lease(tmp_path, postgresql):  # noqa: F811
    assert weathered(tmp_path, postgresql.empty(), kills=4, replicas=3).pauses == 1


# Each check can fail


def again(folder: Path, **changes: Any) -> Findings:
    given = {"answered": set(), "head": Head(), "left": ((), ()), "takeovers": (), "grace": 2.0, "limits": LIMITS}
    return judged(folder, f"sqlite:///{folder / 's.db'}", **{**given, **changes})[0]


def statement(text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        store = Store(f"sqlite:///{folder / 's.db'}")
        with store.write() as tx:
            assert tx.connection.exec_driver_sql(text).rowcount > 0
        store.close()

    return change


def acted(number: int, **changes: Any) -> Callable[[Path], None]:
    """The first action, so many times more."""

    def change(folder: Path) -> None:
        file = folder / "effects.jsonl"
        (first, *_) = file.read_text().splitlines()
        more = [{**json.loads(first), **{k: f"{v}{n}" for k, v in changes.items()}} for n in range(number)]
        file.write_text(file.read_text() + "".join(f"{json.dumps(one)}\n" for one in more))

    return change


def too_early(folder: Path) -> None:
    file = folder / "effects.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[0]["at"] -= 60
    file.write_text("".join(f"{json.dumps(one)}\n" for one in lines))


def told_again(folder: Path) -> None:
    store = Store(f"sqlite:///{folder / 's.db'}")
    engine = Engine(store)
    engine.recover()
    with store.read() as tx:
        body = next(entry.body for entry in log.entries(tx, prefix="event.message-settled"))
    assert body is not None
    engine.take(Unit(MessageSettled(key=json.loads(body)["event"]["key"], arrived=True)))
    store.close()


def decided_otherwise(folder: Path) -> None:
    store = Store(f"sqlite:///{folder / 's.db'}")
    closed = BreakerClosed(breaker="overall", person="ana")
    with store.write() as tx:
        body = written(closed, (Breaker(name="overall", open=True, reason="none"),))
        log.append(tx, log.head(tx), [log.New(tx.now + timedelta(hours=1), "event.breaker-closed", body)])
    store.close()


CHANGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a deadline that is gone": (statement("DELETE FROM deadlines WHERE key = (SELECT min(key) FROM deadlines)"), "deadlines"),
    "a deadline that was moved": (statement("UPDATE deadlines SET due = due + 1000000"), "deadlines"),
    "an effect that is gone": (statement("DELETE FROM outbox WHERE key = (SELECT min(key) FROM outbox)"), "effects"),
    "an effect that ended in silence": (
        statement("INSERT INTO outbox SELECT 'x', seq, kind, body, once, lane, 'done', due, 1, 1, '', 1, 1 FROM outbox LIMIT 1"),
        "untold",
    ),
    "an action that was done again": (acted(1), "twice"),
    "an action that nobody permitted": (acted(1, key="other"), "unasked"),
    "an action before it was permitted": (too_early, "unasked"),
    "more actions than a limit": (acted(LIMITS["target"], key="other"), "above"),
    "a result that was told by two": (told_again, "told_twice"),
    "a replica that decides otherwise": (decided_otherwise, "laws"),
    "a log that was changed": (statement("UPDATE log SET time = time + 1 WHERE seq = 3"), "broken"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_whatever_does_not_hold_is_found(after, tmp_path, case):
    change, name = CHANGED[case]
    folder = tmp_path / "changed"
    shutil.copytree(after, folder, ignore=shutil.ignore_patterns("said-*"))
    change(folder)
    assert getattr(again(folder), name) != ()


def test_deliveries_heads_and_takeovers_that_are_missing_are_found(after):
    assert again(after, answered={"ff" * 32}).lost == ("ff" * 32,)
    assert again(after, head=Head(10**6, b"")).broken != ()
    assert again(after, takeovers=[Takeover("x", 30.0, 9.0, False)]).slow == ("x: 9.0 s",)


def test_deadlines_and_effects_that_nobody_serves_are_found(after, tmp_path):
    shutil.copytree(after, tmp_path / "left", ignore=shutil.ignore_patterns("said-*"))
    database = f"sqlite:///{tmp_path / 'left' / 's.db'}"
    store = Store(database)
    with store.write() as tx:
        deadlines.put(tx, [deadlines.Deadline("x", tx.now - timedelta(minutes=1))])
        tx.connection.exec_driver_sql("UPDATE outbox SET state = 'waiting', due = 0")
    store.close()
    overdue, unserved = left_lying(database, 0.0)
    assert "x" in overdue
    assert len(unserved) == 1


def test_after_a_storm_the_tables_are_what_the_log_makes_of_them(after, tmp_path):
    shutil.copytree(after, tmp_path / "rebuilt", ignore=shutil.ignore_patterns("said-*"))
    store = Store(f"sqlite:///{tmp_path / 'rebuilt' / 's.db'}")
    engine = Engine(store)
    engine.recover()
    assert rebuild(engine) == Rebuilt(0, 0, 0)
    with store.read() as tx:
        before = {row.key: row.state for row in tx.connection.exec_driver_sql("SELECT key, state FROM outbox")}
    with store.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM outbox")
    rebuild(engine)
    with store.read() as tx:
        now = {row.key: row.state for row in tx.connection.exec_driver_sql("SELECT key, state FROM outbox")}
    assert now == {key: "waiting" if state == "claimed" else state for key, state in before.items()}
    store.close()
