"""Hostile values all the way: from a webhook through a real `watchbill serve` to its log, its lines and its companions."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from executor.test_intake import alert, webhook
from executor.test_serve import Served
from watchbill.executor.entries import event_of
from watchbill.executor.store import log
from watchbill.executor.store.chain import digest_of
from watchbill.executor.store.connect import open_store

FINE = "web-a"  # on the allow-list
LONG = "x" * 1_000_000
TAKEN = {
    "shell": "web-a; rm -rf / #",
    "substitution": "$(reboot)`id`",
    "expansion": "${IFS}&&reboot||:",
    "jinja": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "jinja statement": "{% for x in range(10**9) %}{% endfor %}",
    "go template": '{{ printf "%s" .Values }}',
    "python format": "{0.__class__} %(x)s %n",
    "another host": "http://evil.example/steal?x=",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "userinfo": "web-a@evil.example",
    "path": "../../etc/passwd",
    "encoded path": "..%2f..%2fetc%2fpasswd",
    "file": "file:///etc/shadow",
    "lines": "web-a\r\nX-Injected: yes\r\n\r\n",
    "a line of a log": 'web-a\n{"level":"info","message":"ready"}',
    "nul": "web-a\x00",
    "ansi": "\x1b[2J\x1b]0;owned\x07\x1b[31mweb-a",
    "eight-bit ansi": "\x9b2Jweb-a\x9d0;owned\x9c",
    "delete": "web-a\x7f\x7f\x7f",
    "turned around": "web-a\u202egpj.exe\u2066",
    "separators": "web-a\u2028\u2029\x85",
    "unseen": "web-\u200ba\ufeff",
    "tags": "web-a\U000e0041\U000f0000",
    "look-alike": "ｗｅｂ-ａ",
    "sql": "'; DROP TABLE log; --",
    "html": "<script>alert(1)</script>",
    "slack": "<!channel> <@U1> <http://evil.example|click>",
    "flag": "--all",
    "as long as it may be": "web-a" + "a" * 8_000,
    "not a character": "web-a\uffff\ufffe",
}
REFUSED = {  # with what it is answered
    "a megabyte": (400, webhook(alert(labels={"deployment": LONG}))),
    "a megabyte and more": (413, webhook(alert(labels={"deployment": LONG + LONG}))),
    "a hundred thousand labels": (413, webhook(alert(labels={f"l{n}": "" for n in range(100_000)}))),
    "sixty thousand labels": (400, webhook(alert(labels={f"l{n}": "" for n in range(60_000)}))),
    "half a character": (400, webhook(alert(labels={"deployment": "\ud800"}))),
    "halves in the wrong order": (400, webhook(alert(labels={"deployment": "\udc00\ud800"}))),
    "bytes that are no UTF-8": (
        400,
        webhook(alert(labels={"deployment": "HERE"})).replace(b"HERE", b"\xff\xfe\xc0\xaf"),
    ),
    "overlong": (400, webhook(alert(labels={"deployment": "HERE"})).replace(b"HERE", b"\xc0\x80")),
    "a surrogate as bytes": (400, webhook(alert(labels={"deployment": "HERE"})).replace(b"HERE", b"\xed\xa0\x80")),
}


def bodies(name: str, value: str) -> list[bytes]:
    """As the label that an action takes, as the one that says whose it is, as a name, and in an annotation."""
    full = {"alertname": "Full", "severity": "warning"}
    return [
        webhook(alert(labels={**full, "deployment": value}, annotations={"summary": value}, fingerprint=f"{name} 1")),
        webhook(alert(labels={**full, "service": value, "deployment": FINE}, fingerprint=f"{name} 2")),
        webhook(alert(labels={**full, "deployment": FINE, value[:500]: value}, fingerprint=value, generatorURL=value)),
    ]


class Told(NamedTuple):
    """What a run with every hostile value left."""

    answers: dict[str, int]
    lines: list[dict[str, Any]]
    raw: list[str]
    metrics: str
    database: str


class Listening(Served):
    """Keeps its lines as they came, too."""

    def _read(self) -> None:
        self.raw: list[str] = []
        assert self.process.stderr is not None
        stream, outer = self.process.stderr, self

        class Kept:
            def __iter__(self) -> Iterator[str]:
                for line in stream:
                    outer.raw.append(line)
                    yield line

        self.process.stderr = Kept()  # type: ignore[assignment]
        super()._read()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("hostile")
    database = f"sqlite:///{folder / 'store.db'}"
    served = Listening(folder, database)
    answers = {
        f"{name} {number}": served.post(body)
        for name, value in TAKEN.items()
        for number, body in enumerate(bodies(name, value))
    }
    answers |= {name: served.post(body) for name, (_, body) in REFUSED.items()}
    assert served.get("/readyz").status_code == 200
    metrics = served.get("/metrics").text
    assert served.stop() == 0
    return Told(answers, served.lines, served.raw, metrics, database)


def test_every_value_is_taken_in_or_refused_and_never_an_error(told):
    assert {name: code for name, code in told.answers.items() if name not in REFUSED and code != 200} == {}
    assert {name: told.answers[name] for name in REFUSED} == {name: code for name, (code, _) in REFUSED.items()}
    store = open_store(told.database)
    with store.read() as tx:
        for code, body in REFUSED.values():
            assert (log.get(tx, digest_of(body)) == body) == (code == 400)
        malformed = list(log.entries(tx, 1, "intake.malformed"))
        assert len(malformed) == sum(code == 400 for code, _ in REFUSED.values())
        assert not list(log.entries(tx, 1, "engine.fault"))
    store.close()


def test_each_opens_its_incident_and_no_action_begins_with_it(told):
    opened = {line["incident"]: line["decision"]["key"] for line in told.lines if line["message"] == "opened"}
    fed = {incident for incident, key in opened.items() if key.get("deployment", FINE) != FINE}
    refused = {
        line["incident"]
        for line in told.lines
        if line["message"] == "refused" and line["decision"]["reason"] == "input-not-allowed"
    }
    assert len(fed) == len(TAKEN)
    assert len(opened) == 2 * len(TAKEN) + 1
    assert (
        len(fed - refused) <= 1
    )  # the third service of these few minutes makes it a cascade, whose procedure comes first
    store = open_store(told.database)
    with store.read() as tx:
        assert not list(log.entries(tx, 1, "event.action-started"))
        delivered = [event_of(one.body) for one in log.entries(tx, 1, "event.delivered")]
    store.close()
    values = {one.alerts[0].labels.get("deployment") for one in delivered}
    assert set(TAKEN.values()) <= values  # they are in the log as they came


def test_every_line_of_the_log_is_one_object_in_which_nothing_is_unseen(told):
    assert not [line for line in told.lines if line["message"] == "not JSON"]
    assert len([line for line in told.lines if line["message"] == "ready"]) == 1
    for line in told.raw:
        assert line.endswith("\n")
        assert line[:-1].isprintable()
        assert len(line) < 100_000


def test_no_value_becomes_a_metric_and_their_names_stay_as_prometheus_wants_them(told, promtool):
    assert not [value for value in TAKEN.values() if value in told.metrics]
    assert all(line.isascii() for line in told.metrics.splitlines())
    done = subprocess.run([promtool, "check", "metrics"], input=told.metrics.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_the_companions_print_nothing_that_moves_a_cursor_and_the_log_is_whole(told, run, tmp_path):
    def ran(*words: str) -> str:
        done = run(*words, "--database", told.database, cwd=tmp_path)
        assert done.exit == 0, done
        assert all(line.isprintable() for line in (done.out + done.err).split("\n"))
        return done.out

    listed = json.loads(ran("incidents", "--format", "json"))["incidents"]
    assert {TAKEN["eight-bit ansi"], TAKEN["turned around"]} <= {one["service"] for one in listed}
    hostile = {
        line["incident"] for line in told.lines if _fed_with(line, "ansi", "lines", "turned around", "separators")
    }
    assert len(hostile) == 4
    for incident in hostile:
        ran("incidents", incident)
    ran("incidents", max(hostile), "--format", "json")
    for verb in ("incidents", "actions"):
        ran(verb)
    ran("actions", "--format", "json")
    exported = ran("audit", "export")
    (tmp_path / "log.jsonl").write_text(exported)
    live = ran("audit", "verify")
    assert run("audit", "verify", "log.jsonl", cwd=tmp_path).out == live


def _fed_with(line: dict[str, Any], *names: str) -> bool:
    values = [TAKEN[name] for name in names]
    return line["message"] == "opened" and line["decision"]["key"].get("deployment") in values
