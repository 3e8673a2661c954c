"""A fuzzer of the intake's parser: real bodies of Alertmanager, bent; and bytes that never were one.

The law: every body is an event, or is told not to be a webhook, within a second and without memory that grows out of
proportion; the event can be written down and read back, and the core makes something of it. The tests run it briefly. By
itself:

    python tests/executor/fuzz_intake.py --seconds 60 --seed 7
"""

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from executor.small_plan import plan_text
from watchbill.executor.core import State, reduce
from watchbill.executor.core import encode as encode_state
from watchbill.executor.core.events import Delivered, PlanLoaded, decode, encode
from watchbill.executor.web import webhook

SECOND = 1.0
_NOW = 1_772_334_000_000  # milliseconds: shortly after the alerts began
_ALERT = {
    "status": "firing",
    "labels": {"alertname": "Slow", "service": "shop", "severity": "critical", "env": "production"},
    "annotations": {"summary": "web-a is slow", "runbook_url": "http://wiki.example/slow"},
    "startsAt": "2026-03-01T02:59:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prom:9090/graph?g0.expr=slow+%3E+1&g0.tab=1",
    "fingerprint": "7e039110210283cd",
}
# As Alertmanager 0.28 sends them: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
REAL = [
    {
        "receiver": "executor",
        "status": "firing",
        "alerts": [_ALERT],
        "groupLabels": {"alertname": "Slow"},
        "commonLabels": _ALERT["labels"],
        "commonAnnotations": {},
        "externalURL": "http://am:9093",
        "version": "4",
        "groupKey": '{}/{severity="critical"}:{alertname="Slow"}',
        "truncatedAlerts": 0,
    },
    {
        "receiver": "executor",
        "status": "resolved",
        "alerts": [{**_ALERT, "status": "resolved", "endsAt": "2026-03-01T03:09:00+01:00"}, _ALERT],
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 7,
    },
]
STRINGS = [
    "",
    "$(reboot)",
    "{{ 7*7 }}",
    "../../etc/passwd",
    "http://evil.example/",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\r\nX: 1",
    "\ud800",
    "\udfff\ud800",
    "\U0010ffff",
    "firing",
    "4",
    "x" * 9000,
    "é" * 70_000,
]
INSTANTS = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00-00:01",
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-03-01T00:00:00",
    "2026-03-01T00:00:00+24:00",
    "2026-03-01T00:00:00+99:99",
    "2026-03-01 00:00:00Z",
    "2026-03-01t00:00:00z",
    "2026-03-01T00:00:00." + "9" * 5000 + "Z",
    "-0001-01-01T00:00:00Z",
    "２０２６-03-01T00:00:00Z",
    "1e9",
]
NUMBERS = [
    b"-0",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"9" * 400,
    b"-" + b"9" * 5000,
    b"18446744073709551616",
    b"0.0",
    b"1.5",
]
NUMBERS += [b"NaN", b"Infinity", b"-Infinity", b"01", b"0x10", b"1_000", b"."]
Bodies = Callable[[random.Random], bytes]


def value(rolled: random.Random, depth: int = 3) -> Any:
    kind = rolled.randrange(9 if depth else 6)
    if kind < 2:
        return rolled.choice(STRINGS)
    if kind == 2:
        return rolled.choice(INSTANTS)
    if kind == 3:
        return rolled.choice([None, True, False, 0, -1, 4, 2**31, 2**63, 2**64, -(2**70), 1.5, 1e308])
    if kind < 6:
        return "".join(chr(rolled.randrange(0x110000)) for _ in range(rolled.randrange(6)))
    if kind == 6:
        return [value(rolled, depth - 1) for _ in range(rolled.randrange(4))]
    return {str(rolled.choice(STRINGS)): value(rolled, depth - 1) for _ in range(rolled.randrange(4))}


def bent(rolled: random.Random) -> Any:
    """A real body in which some places were changed, added, dropped, or repeated."""
    whole = json.loads(json.dumps(rolled.choice(REAL)))
    for _ in range(rolled.randrange(1, 4)):
        where, key = _place(rolled, whole)
        change = rolled.randrange(5)
        if change == 0:
            where[key] = value(rolled)
        elif change == 1:
            where[key] = rolled.choice(INSTANTS)
        elif change == 2:
            del where[key]
        elif isinstance(where, list):
            where.extend([where[key]] * rolled.randrange(1, 40))
        else:
            where[str(rolled.choice(STRINGS))] = value(rolled)
    return whole


def _place(rolled: random.Random, whole: Any) -> tuple[Any, Any]:
    where: Any = whole
    while True:
        key = rolled.choice(list(where)) if isinstance(where, dict) else rolled.randrange(len(where))
        inside = where[key]
        if not (isinstance(inside, dict | list) and inside) or rolled.random() < 0.2:
            return where, key
        where = inside


def structured(rolled: random.Random) -> bytes:
    text = json.dumps(bent(rolled), ensure_ascii=rolled.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def retold(rolled: random.Random) -> bytes:
    """What no JSON writer would write: keys twice, numbers that are none, depths, cut and joined bodies."""
    body = structured(rolled)
    change = rolled.randrange(7)
    if change == 0:
        field = rolled.choice([b'"version"', b'"alerts"', b'"labels"', b'"startsAt"', b'"truncatedAlerts"'])
        return body[:-1] + b", " + field + b": " + rolled.choice([b'"4"', b"[]", b"null", b"{}", *NUMBERS]) + b"}"
    if change == 1:
        return body.replace(b": 0", b": " + rolled.choice(NUMBERS)).replace(b": 7", b": " + rolled.choice(NUMBERS))
    if change == 2:
        opening = rolled.choice([b"[", b'{"a":', b'{"alerts":[{"labels":', b'{"alerts":['])
        return body[:-1] + b', "more": ' + opening * (rolled.choice([10, 1000, 400_000]) // len(opening))
    if change == 3:
        return body[: rolled.randrange(len(body))]
    if change == 4:
        return rolled.choice([b"\xef\xbb\xbf", b" \n\t", b"\x00", b"\xff\xfe"]) + body
    if change == 5:
        return body + rolled.choice([b"\n", b"{}", b"\x00", body])
    return body.decode("utf-8", "surrogatepass").encode(rolled.choice(["utf-16", "utf-32", "utf-7"]), "surrogatepass")


def flipped(rolled: random.Random) -> bytes:
    body = bytearray(structured(rolled))
    for _ in range(rolled.randrange(1, 8)):
        at = rolled.randrange(len(body))
        body[at : at + rolled.randrange(3)] = rolled.randbytes(rolled.randrange(3))
        if not body:
            break
    return bytes(body)


def raw(rolled: random.Random) -> bytes:
    alphabet = rolled.choice([bytes(range(256)), b'{}[]":,0123456789.eE+-\\u dtfn', b"\xed\xa0\x80\xf0\x9f"])
    return bytes(rolled.choices(alphabet, k=rolled.randrange(200)))


def large(rolled: random.Random) -> bytes:
    """Close to what is let in: very many alerts, labels, or one that is very long."""
    kind = rolled.randrange(4)
    if kind == 0:
        alert = b'{"status":"firing","labels":{},"startsAt":"2026-03-01T00:00:00Z"},'
        return b'{"version":"4","alerts":[' + alert * (webhook.BODY // len(alert) - 1) + alert[:-1] + b"]}"
    alert: dict[str, Any] = json.loads(json.dumps(_ALERT))
    if kind == 1:
        alert["labels"] = {f"l{number}": "" for number in range(60_000)}
    elif kind == 2:
        alert["labels"]["x"] = rolled.choice(["x", "\u202e", "\\", "\x00"]) * (webhook.BODY // 7)
    else:
        alert["annotations"] = {f"a{number}": "y" * 60_000 for number in range(15)}
    return json.dumps({"version": "4", "alerts": [alert]}).encode()


# One law in many is expensive: `large` comes rarely.
WAYS: list[Bodies] = [structured] * 8 + [retold] * 5 + [flipped] * 5 + [raw] * 2


@cache
def begun() -> State:
    return reduce(State(), PlanLoaded(text=plan_text()), _NOW).state


def held(body: bytes) -> str:
    """What became of it; raises where the law is broken."""
    started = time.perf_counter()
    try:
        event = webhook.read(body, "production", "production", None)
    except webhook.NotAWebhook as error:
        said = str(error)
        said.encode()
        assert len(said) < 400, said
        return _soon(started, "not a webhook")
    became = _soon(started, "an event")
    assert isinstance(event, Delivered)
    assert decode(encode(event)) == event
    for alert in event.alerts:
        assert -(2**53) < alert.starts_at < 2**53
    step = reduce(begun(), event, _NOW)
    encode_state(step.state)
    return became


def _soon(started: float, became: str) -> str:
    took = time.perf_counter() - started
    assert took < SECOND, f"it took {took:.2f} s"
    return became


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz_intake", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rolled, ended, counted, found = random.Random(asked.seed), time.monotonic() + asked.seconds, Counter[str](), 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < ended:
        way = large if rolled.random() < 0.002 else rolled.choice(WAYS)
        body = way(rolled)
        try:
            counted[f"{way.__name__}: {held(body)}"] += 1
        except Exception as error:  # noqa: BLE001  (whatever it is, it is a find)
            found += 1
            print(f"{type(error).__name__}: {error}: {body[:400]!r}", flush=True)
            if found == 20:
                break
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{sum(counted.values()):,} bodies, {found} finds, {grown / 1024:.0f} MiB more than at the start")
    for name, number in sorted(counted.items()):
        print(f"  {name}: {number:,}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
