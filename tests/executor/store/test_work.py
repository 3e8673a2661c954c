"""Deadlines, outbox and leases: nothing is lost, nothing is held by two, and who lost a lease can write nothing."""

import threading
import time
from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from watchbill.executor.store import deadlines, leases, outbox
from watchbill.executor.store.connect import Unavailable, open_store
from watchbill.executor.store.deadlines import Deadline
from watchbill.executor.store.outbox import Effect, Fenced

LEASE = timedelta(seconds=15)


def page(number, once=False):
    return Effect(f"page/{number}", "call" if once else "note", b"%d" % number, once, "once" if once else "other")


def add(store, *effects, seq=1):
    with store.write() as tx:
        outbox.add(tx, [(seq, effect) for effect in effects])


def claim(store, holder="a", limit=10, once=False):
    with store.write("rows") as tx:
        return outbox.claim(tx, holder, LEASE, limit, "once" if once else "other")


def do(store, what, *arguments):
    with store.write("rows") as tx:
        return what(tx, *arguments)


# Deadlines


def test_a_deadline_is_due_at_its_instant_and_not_before(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        deadlines.put(tx, [Deadline("late", tx.now + timedelta(seconds=9)), Deadline("soon", tx.now)])
        assert [one.key for one in deadlines.due(tx, 10)] == ["soon"]
        assert deadlines.soonest(tx) == tx.now
    clock.pass_(seconds=9)
    with store.write() as tx:
        assert deadlines.due(tx, 10) == [
            Deadline("soon", clock.now - timedelta(seconds=9)),
            Deadline("late", clock.now),
        ]
        assert len(deadlines.due(tx, 1)) == 1
        assert deadlines.number(tx) == 2


def test_a_deadline_can_be_moved_and_cancelled(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        deadlines.put(tx, [Deadline("escalate", tx.now), Deadline("verify", tx.now)])
        deadlines.put(tx, [Deadline("escalate", tx.now + timedelta(minutes=5))])
        deadlines.cancel(tx, ["verify", "never set"])
        assert deadlines.due(tx, 10) == []
        assert deadlines.soonest(tx) == tx.now + timedelta(minutes=5)


def test_a_deadline_that_was_not_served_to_the_end_is_still_there(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        deadlines.put(tx, [Deadline("escalate", tx.now)])
    with pytest.raises(ZeroDivisionError), store.write() as tx:  # noqa: PT012
        deadlines.cancel(tx, [one.key for one in deadlines.due(tx, 10)])
        raise ZeroDivisionError
    with store.write() as tx:
        assert [one.key for one in deadlines.due(tx, 10)] == ["escalate"]


# The outbox


def test_the_oldest_effect_is_claimed_first_and_by_one(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1), page(2))
    clock.pass_(seconds=1)
    add(store, page(3), seq=2)
    first = claim(store, "a", 2)
    assert [one.effect for one in first] == [page(1), page(2)]
    assert [one.effect for one in claim(store, "b")] == [page(3)]
    assert claim(store, "c") == []


def test_an_effect_of_a_key_that_was_ever_added_is_passed_over(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1))
    (mine,) = claim(store)
    do(store, outbox.finish, mine)
    add(store, page(1), page(1))
    assert claim(store) == []


def test_what_may_be_repeated_is_claimed_again_when_the_lease_is_over(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1))
    (lost,) = claim(store, "a")
    clock.pass_(seconds=14.9)
    assert claim(store, "b") == []
    clock.pass_(seconds=0.1)
    (taken,) = claim(store, "b")
    assert (taken.attempts, taken.token) == (2, lost.token + 1)
    for write in (outbox.begin, outbox.finish, outbox.release):
        with pytest.raises(Fenced):
            do(store, write, lost)
    assert do(store, outbox.renew, [lost], LEASE) == []
    do(store, outbox.finish, taken)


def test_whoever_slept_past_the_lease_writes_nothing_even_if_nobody_took_it(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1))
    (mine,) = claim(store)
    clock.pass_(seconds=15)
    with pytest.raises(Fenced):
        do(store, outbox.finish, mine)


def test_a_lease_that_is_renewed_holds(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1, once=True))
    (mine,) = claim(store, once=True)
    do(store, outbox.begin, mine)
    for _ in range(4):
        clock.pass_(seconds=10)
        assert do(store, outbox.renew, [mine], LEASE) == [msgspec.structs.replace(mine, lease_until=clock.now + LEASE)]
        assert do(store, outbox.lapsed) == []
    do(store, outbox.finish, mine)


def test_what_was_begun_once_and_lost_is_told_as_unknown_once_and_never_claimed_again(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1, once=True))
    (lost,) = claim(store, once=True)
    do(store, outbox.begin, lost)
    clock.pass_(seconds=15)
    assert claim(store, "b", once=True) == []
    assert do(store, outbox.lapsed) == [page(1, once=True)]
    assert do(store, outbox.lapsed) == []
    assert claim(store, "b", once=True) == []
    with pytest.raises(Fenced):
        do(store, outbox.finish, lost)


def test_what_was_claimed_once_and_not_begun_is_claimed_again(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1, once=True))
    claim(store, once=True)
    clock.pass_(seconds=15)
    assert do(store, outbox.lapsed) == []
    assert [one.effect for one in claim(store, "b", once=True)] == [page(1, once=True)]


def test_what_is_put_off_waits_and_what_is_handed_back_does_not(database, opened, clock):
    store = opened(database, clock=clock)
    add(store, page(1), page(2))
    later, back = claim(store)
    do(store, outbox.put_off, later, clock.now + timedelta(seconds=30))
    do(store, outbox.release, back)
    (again,) = claim(store)
    assert (again.effect, again.attempts) == (page(2), 1)
    clock.pass_(seconds=30)
    assert [(one.effect, one.attempts) for one in claim(store)][-1:] == [(page(1), 2)]


def test_how_much_waits_can_be_counted(database, opened, clock):
    store = opened(database, clock=clock)
    with store.read() as tx:
        assert outbox.soonest(tx) is None
    add(store, page(1), page(2), page(3, once=True))
    (mine,) = claim(store, once=True)
    do(store, outbox.begin, mine)
    with store.read() as tx:
        assert outbox.waiting(tx) == {"waiting": 2, "acting": 1}
        assert outbox.soonest(tx) == clock.now


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("claim"), st.integers(0, 2), st.booleans()),
        st.tuples(st.sampled_from(["begin", "finish", "put_off", "release", "renew"]), st.integers(0, 30)),
        st.tuples(st.just("pass"), st.integers(1, 16)),
        st.tuples(st.just("lapsed")),
    ),
    max_size=40,
)


def walk(store, clock, steps):
    """Workers that claim, act, die and wake late, in any order; what each row went through is held against the rules."""
    kinds, claims, held, acted, ended, unknown = {}, [], {}, Counter(), set(), []
    for step in steps:
        name, *rest = step
        if name == "add":
            number, once = rest
            kinds.setdefault(number, once)
            add(store, page(number, kinds[number]))
        elif name == "claim":
            holder, once = rest
            for one in claim(store, f"w{holder}", 2, once=once):
                other = held.get(one.effect.key)
                assert other is None or other.lease_until <= clock.now, "held by two"
                assert one.effect.key not in ended
                assert not (one.effect.once and acted[one.effect.key]), "begun twice"
                claims.append(one)
                held[one.effect.key] = one
        elif name == "pass":
            clock.pass_(seconds=rest[0])
        elif name == "lapsed":
            unknown += [effect.key for effect in do(store, outbox.lapsed)]
        elif claims:
            one = claims[rest[0] % len(claims)]
            try:
                if name == "put_off":
                    do(store, outbox.put_off, one, clock.now + timedelta(seconds=5))
                elif name == "renew":
                    for kept in do(store, outbox.renew, [one], LEASE):
                        assert held[kept.effect.key].token == kept.token
                        held[kept.effect.key] = claims[rest[0] % len(claims)] = kept
                else:
                    do(store, getattr(outbox, name), one)
            except Fenced:
                continue
            assert name == "renew" or one.token == newest(claims, one), "an old token wrote"
            if name in ("finish", "put_off", "release"):
                del held[one.effect.key]
            if name == "begin":
                acted[one.effect.key] += 1
            if name == "finish":
                ended.add(one.effect.key)
    return kinds, acted, ended, unknown


def newest(claims, one):
    return max(old.token for old in claims if old.effect.key == one.effect.key)


def hold_the_rules(store, clock, steps):
    with store.write() as tx:
        tx.connection.execute(text("DELETE FROM outbox"))
    kinds, acted, ended, unknown = walk(store, clock, steps)
    clock.pass_(seconds=60)  # everybody is dead; one worker comes and does all that may be done
    unknown += [effect.key for effect in do(store, outbox.lapsed)]
    for once in (False, True):
        for one in claim(store, "last", 100, once=once):
            do(store, outbox.begin, one)
            acted[one.effect.key] += 1
            do(store, outbox.finish, one)
            assert one.effect.key not in ended
            ended.add(one.effect.key)
    assert len(unknown) == len(set(unknown))
    assert ended.isdisjoint(unknown)
    assert ended | set(unknown) == {page(number).key for number in kinds}, "lost"
    assert all(acted[page(number).key] <= 1 for number, once in kinds.items() if once)


QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(QUIET, max_examples=40)
@given(steps=STEPS)
def test_whatever_workers_do_and_whenever_they_die_each_effect_comes_to_one_end(steps, work_on_sqlite):
    hold_the_rules(*work_on_sqlite, steps)


@settings(QUIET, max_examples=20)
@given(steps=STEPS)
def test_whatever_workers_do_on_postgresql_each_effect_comes_to_one_end(steps, work_on_postgresql):
    hold_the_rules(*work_on_postgresql, steps)


@pytest.fixture
def work_on_sqlite(tmp_path, opened, clock):
    return opened(f"sqlite:///{tmp_path / 'store.db'}", clock=clock), clock


@pytest.fixture
def work_on_postgresql(postgresql, opened, clock):
    return opened(postgresql.empty(), clock=clock), clock


def test_workers_at_the_same_time_never_claim_the_same_effect(database, opened):
    opened(database)
    effects = [page(number) for number in range(120)]
    add(opened(database), *effects)
    claimed = []

    def work(name):
        store = open_store(database)
        while mine := claim(store, name, 3):
            claimed.extend(mine)
            for one in mine:
                do(store, outbox.finish, one)
        store.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.effect.key for one in claimed) == sorted(effect.key for effect in effects)


# Leases on names


def test_a_name_is_leased_to_one_and_to_another_when_the_lease_is_over(database, opened, clock):
    store = opened(database, clock=clock)
    mine = do(store, leases.acquire, "reconciler", "a", LEASE)
    assert do(store, leases.acquire, "reconciler", "b", LEASE) is None
    do(store, leases.check, mine)
    clock.pass_(seconds=14)
    do(store, leases.renew, mine, LEASE)
    clock.pass_(seconds=14)
    assert do(store, leases.holders, "recon") == 1
    assert do(store, leases.acquire, "reconciler", "b", LEASE) is None
    clock.pass_(seconds=1)
    theirs = do(store, leases.acquire, "reconciler", "b", LEASE)
    assert theirs.token > mine.token
    for write in (leases.check, leases.release):
        with pytest.raises(Fenced):
            do(store, write, mine)
    do(store, leases.release, theirs)
    assert do(store, leases.acquire, "reconciler", "a", LEASE).token > theirs.token


def test_leases_on_postgresql_run_by_the_databases_clock(postgresql, opened, monkeypatch):
    store = opened(postgresql.empty())
    with store.read() as tx:
        before = tx.now
    monkeypatch.setattr("watchbill.executor.store.connect.datetime", None)  # the machine's clock is not asked
    with store.read() as tx:
        assert timedelta() <= tx.now - before < timedelta(minutes=1)


def test_a_writer_that_is_paused_in_a_transaction_does_not_hold_up_the_others(postgresql, opened, monkeypatch):
    url = postgresql.empty()
    opened(url)
    monkeypatch.setattr("watchbill.executor.store.connect.PAUSED", 1000)
    asleep, awake = opened(url), opened(url)
    with pytest.raises(Unavailable, match=r"idle-in-transaction|closed|terminat"), asleep.write() as tx:  # noqa: PT012
        outbox.add(tx, [(1, page(1))])
        time.sleep(1.5)
        with awake.write() as other:
            outbox.add(other, [(1, page(2))])
        outbox.add(tx, [(1, page(3))])
    assert [one.effect for one in claim(awake)] == [page(2)]
