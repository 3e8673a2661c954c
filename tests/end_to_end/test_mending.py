"""From a metric to a process that runs again: real Prometheus, real Alertmanager, the executor, and what they are to mend.

Four stories go on side by side in one running system, compiled from `mending.yaml`; each test reads what one has left.
Nothing here leaves the machine: PagerDuty, Slack and the flag server are the listener of the test.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from end_to_end.listener import Listener
from end_to_end.servers import a_prometheus, an_alertmanager, free_address, running, until
from watchbill.executor.core.gates import GATES
from watchbill.executor.store import log
from watchbill.executor.store.connect import Store, open_store

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent
PATIENCE = 90.0  # seconds; a busy machine takes long, and nothing here is a measurement
FLAGS = "Bearer t0ken-of-the-flags"

Decision = dict[str, Any]


class Worker(NamedTuple):
    """A supervised process: where it answers, and where its supervisor writes down which it is."""

    url: str
    pid_file: Path

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def stuck(self) -> bool:
        return httpx.get(self.url).text.endswith(" 1\n")


class Entry(NamedTuple):
    """An entry of the log: what happened, and what was decided of one incident."""

    kind: str
    what: dict[str, Any]
    decisions: list[Decision]


class Story:
    """The incident of a service, as the log has it."""

    def __init__(self, store: Store, service: str) -> None:
        self._store = store
        self.service = service
        self.incident = "-"

    def entries(self) -> list[Entry]:
        with self._store.read() as tx:
            found = [(one.kind, json.loads(one.body or b"{}")) for one in log.entries(tx)]
        opened = [one for _, body in found for one in body.get("decisions", ()) if one["type"] == "opened"]
        mine = self.incident = next((one["incident"] for one in opened if one["key"]["service"] == self.service), "-")
        return [
            Entry(kind, body["event"], about)
            for kind, body in found
            if (about := [one for one in body.get("decisions", ()) if one.get("incident") == mine])
        ]

    def decisions(self, type_: str, **members: object) -> list[Decision]:
        return [
            one
            for entry in self.entries()
            for one in entry.decisions
            if one["type"] == type_ and members.items() <= one.items()
        ]

    def wait(self, type_: str, **members: object) -> None:
        said = " ".join([type_, *map(str, members.values()), "of", self.service])
        until(lambda: self.decisions(type_, **members), said, PATIENCE)

    def plot(self) -> list[str]:
        """Every decision in order, in a word or two."""
        return [_words(one) for entry in self.entries() for one in entry.decisions]

    def in_order(self, *words: str) -> bool:
        """Whether all this was decided one after the other, whatever else was between."""
        plot = iter(self.plot())
        missing = next((one for one in words if one not in plot), None)
        assert missing is None, f"no `{missing}` where it should be in:\n" + "\n".join(self.plot())
        return True


def _words(one: Decision) -> str:
    says = ("after", "what", "reason", "outcome", "seen")
    words = [one["type"], *(str(one[name]) for name in says if name in one)]
    if "helped" in one:
        words.append("helped" if one["helped"] else "not helped")
    return " ".join(words)


@contextmanager
def a_worker(folder: Path, name: str) -> Iterator[Worker]:
    argv = [sys.executable, "-I", HERE / "supervised.py", folder, name]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as supervisor:
        try:
            assert supervisor.stdout is not None
            worker = Worker(f"http://127.0.0.1:{supervisor.stdout.readline().strip()}", folder / f"{name}.pid")
            until(worker.pid_file.exists, f"the worker {name}")
            yield worker
        finally:
            os.killpg(supervisor.pid, signal.SIGKILL)


class Chain(NamedTuple):
    """The running system."""

    database: str
    store: Store
    listener: Listener
    alertmanager: str
    day: Worker
    night: Worker
    restarts: Path


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@contextmanager
def running_chain(
    folder: Path, prometheus: Path, alertmanager: Path, compile_: Callable[[Path], None]
) -> Iterator[Chain]:
    """All of it, from policies to processes. The flag server is the listener's, and so is everything outside."""
    at = {name: free_address() for name in ("prometheus", "alertmanager", "executor")}
    listener, secrets, database = Listener(), folder / "secrets", f"sqlite:///{folder / 'store.db'}"
    secrets.mkdir()
    for name, text in {
        "token": "t0ken-of-the-intake",
        "flags": FLAGS,
        "slack": f"{listener.url}/slack",
        "people": f"{listener.url}/people",
        "pagerduty-day-at-once": "day-key",
        "pagerduty-night-at-once": "night-key",
    }.items():
        (secrets / name).write_text(f"{text}\n")
    policies = (HERE / "mending.yaml").read_text().replace("/run/secrets", str(secrets))
    ports = {"prometheus": 9090, "alertmanager": 9093, "executor": 8080}
    for name, port in ports.items():
        policies = policies.replace(f"http://{name}.test:{port}", at[name])
    (folder / "policies").mkdir()
    (folder / "policies" / "watchbill.yaml").write_text(policies.replace("http://flags.test:8081", listener.url))
    compile_(folder)
    compiled = folder / "generated" / "production"
    plan = compiled / "executor" / "plan.json"
    plan.write_text(plan.read_text().replace('"reconcile": "5m"', '"reconcile": "4s"'))
    restarts = folder / "restarts"
    restart = program(folder / "restart", f'echo "$1" >> {restarts}; kill -TERM "$(cat {folder}/"$1".pid)"')
    state = program(folder / "state", f'echo "process $(cat {folder}/"$1".pid)"')
    (folder / "connections.toml").write_text(
        f'[command.restart]\npath = "{restart}"\n'
        f'[command.state]\npath = "{state}"\nbegins = [["day"]]\n'
        f'[outward.webhook.default]\nurl = {{file = "{secrets}/people"}}\n'
        f'[http."{listener.url.removeprefix("http://")}"]\nheaders = {{Authorization = {{file = "{secrets}/flags"}}}}\n'
    )
    config = (compiled / "alertmanager" / "alertmanager.yml").read_text()
    config = f"global: {{pagerduty_url: '{listener.url}/v2/enqueue'}}\n{config}"  # the page must stay here
    serve = [sys.executable, "-m", "watchbill", "serve", "--plan", plan, "--database", database]
    serve += ["--listen", at["executor"].removeprefix("http://"), "--tokens", secrets / "token"]
    serve += ["--connections", folder / "connections.toml"]
    with ExitStack() as stack:
        stack.callback(listener.close)
        listener.series |= {"payment_failures": 0, "queue_length": 0}
        day, night = (stack.enter_context(a_worker(folder, name)) for name in ("day", "night"))
        stack.enter_context(running(folder, "executor", f"{at['executor']}/readyz", *serve))
        stack.enter_context(an_alertmanager(alertmanager, folder, config, at["alertmanager"]))
        scraped = [listener.url, day.url, night.url]
        stack.enter_context(a_prometheus(prometheus, folder, compiled, scraped, at["alertmanager"], at["prometheus"]))
        store = open_store(database, create=False)
        stack.callback(store.close)
        yield Chain(database, store, listener, at["alertmanager"], day, night, restarts)


# What happens


def worker_is_restarted(chain: Chain) -> Story:
    story = Story(chain.store, "checkout")
    story.wait("moved", after="resolved")
    return story


def remedy_does_not_help(chain: Chain) -> Story:
    story = Story(chain.store, "payments")
    story.wait("told", what="exhausted")
    chain.listener.series["payment_failures"] = 0
    story.wait("moved", after="resolved")
    return story


def switch_is_on(chain: Chain) -> Story:
    story = Story(chain.store, "nightly")
    story.wait("told", what="exhausted")
    httpx.post(f"{chain.night.url}/well")
    story.wait("moved", after="resolved")
    return story


def ends_while_silenced(chain: Chain) -> Story:
    story = Story(chain.store, "queue")
    story.wait("opened")
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "QueueLong", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "ana",
        "comment": "we know",
    }
    httpx.post(f"{chain.alertmanager}/api/v2/silences", json=silence).raise_for_status()
    chain.listener.series["queue_length"] = 0
    story.wait("moved", after="resolved")
    return story


class Stories(NamedTuple):
    chain: Chain
    pids: dict[str, int]
    of: dict[str, Future[Story]]

    def heard(self, story: Story, *texts: str) -> list[dict[str, Any]]:
        """The messages of an incident that reached people, once each of the texts is among them."""

        def messages() -> list[dict[str, Any]]:
            found = [one.body for one in list(self.chain.listener.heard) if one.path == "/people"]
            mine = [one for one in found if one.get("incident") == story.incident]
            return mine if all(any(text in one.get("text", one["headline"]) for one in mine) for text in texts) else []

        return until(messages, f"word of {story.service} to people", PATIENCE)


@pytest.fixture(scope="module")
def stories(
    prometheus: Path, alertmanager: Path, promtool: Path, amtool: Path, run: Any, tmp_path_factory: Any
) -> Iterator[Stories]:
    def compile_(folder: Path) -> None:
        ran = run("compile", cwd=folder)
        assert ran.exit == 0, ran.out

    folder = tmp_path_factory.mktemp("mending")
    with running_chain(folder, prometheus, alertmanager, compile_) as chain, ThreadPoolExecutor() as pool:
        switch = ("--team", "night", "--reason", "the move", "--as", "cy", "--database", chain.database)
        assert run("killswitch", "on", *switch, cwd=folder).exit == 0
        pids = {"day": chain.day.pid, "night": chain.night.pid}
        chain.listener.series |= {"payment_failures": 0.9, "queue_length": 99}
        for worker in (chain.day, chain.night):
            httpx.post(f"{worker.url}/stuck").raise_for_status()
        told = (worker_is_restarted, remedy_does_not_help, switch_is_on, ends_while_silenced)
        yield Stories(chain, pids, {one.__name__: pool.submit(partial(one, chain)) for one in told})


def woken(messages: list[dict[str, Any]]) -> list[list[str]]:
    return sorted([who["name"] for who in one["to"]] for one in messages if one["kind"] == "page")


@pytest.fixture(scope="module")
def mended(stories: Stories) -> Story:
    return stories.of["worker_is_restarted"].result()


def test_a_process_that_is_stuck_is_restarted_once_and_the_incident_resolves(stories: Stories, mended: Story) -> None:
    chain = stories.chain
    assert chain.day.pid != stories.pids["day"]
    assert not chain.day.stuck()
    assert chain.restarts.read_text() == "day\n"
    assert mended.in_order(
        "opened",
        "classified",
        "moved diagnosing diagnostics come first",
        "told collected",
        "passed",
        "moved acting restart-worker may run",
        "permitted",
        "ran succeeded",
        "verified quiet",
        "verified quiet helped",
        "moved mitigated restart-worker helped",
        "moved resolved its alerts have ended",
    )
    assert len(mended.decisions("permitted")) == 1
    assert mended.decisions("refused") == []
    (passed,) = mended.decisions("passed")
    assert (passed["targets"], passed["gates"]) == (['command {"argv":["restart","day"]}'], [*GATES, "last-look"])
    *_, over = (one for one in mended.entries() if any(found.get("after") == "resolved" for found in one.decisions))
    assert (over.kind, over.what["alerts"][0]["status"]) == ("event.delivered", "resolved")


def test_what_it_is_and_why_is_written_down(mended: Story) -> None:
    (classified,) = mended.decisions("classified")
    assert {name: classified[name] for name in ("severity", "team", "tier", "environment")} == {
        "severity": "critical",
        "team": "day",
        "tier": 2,
        "environment": "production",
    }
    assert "team day: whose alert it is" in classified["reasons"]


def test_nobody_but_the_first_is_woken_for_what_the_machine_mends(stories: Stories, mended: Story) -> None:
    told = stories.heard(mended, "restart-worker helped: the alert's expression is quiet")
    assert woken(told) == [["ana"]]


def test_diagnostics_show_the_process_as_it_was_before_it_was_restarted(stories: Stories, mended: Story) -> None:
    (collected,) = (one.what for one in mended.entries() if one.kind == "event.collected")
    with stories.chain.store.read() as tx:
        kept = [(log.get(tx, bytes.fromhex(one)) or b"").decode() for one in collected["artifacts"]]
    assert collected.get("complete", True)
    assert any(f"process {stories.pids['day']}\n" in text for text in kept)
    assert any('"worker":"day"' in text and '"1"' in text for text in kept)


def test_alertmanager_pages_by_itself_and_takes_the_page_back(stories: Stories, mended: Story) -> None:
    def pages() -> set[str]:
        found = [one.body for one in stories.chain.listener.heard if one.path == "/v2/enqueue"]
        mine = [one for one in found if one["routing_key"] == "day-key"]
        checkout = {one["dedup_key"] for one in mine if one.get("payload", {}).get("component") == mended.service}
        return {one["event_action"] for one in mine if one["dedup_key"] in checkout}

    until(lambda: pages() == {"trigger", "resolve"}, "the page and its end", PATIENCE)


@pytest.fixture(scope="module")
def undone(stories: Stories) -> Story:
    return stories.of["remedy_does_not_help"].result()


def test_a_remedy_that_does_not_help_is_taken_back_and_a_person_is_woken(stories: Stories, undone: Story) -> None:
    calls = [one for one in stories.chain.listener.heard if one.path == "/provider"]
    assert [one.body for one in calls] == [{"use": "second"}, {"use": "first"}]
    assert {one.authorization for one in calls} == {FLAGS}
    assert undone.in_order(
        "permitted",
        "ran succeeded",
        "verified firing",
        "verified firing not helped",
        "moved acting other-provider is taken back",
        "permitted",
        "ran succeeded",
        "told exhausted",
        "escalated",
        "moved resolved its alerts have ended",
    )
    assert len(undone.decisions("permitted")) == 2
    told = stories.heard(undone, "other-provider did not help", "the machine could not mend it", "over")
    assert woken(told) == [["ana"], ["bo"]]  # the first as it opened, the next when the machine had come to its end


@pytest.fixture(scope="module")
def refused(stories: Stories) -> Story:
    return stories.of["switch_is_on"].result()


def test_with_the_kill_switch_on_nothing_is_run_and_a_person_hears_why(stories: Stories, refused: Story) -> None:
    chain = stories.chain
    assert chain.night.pid == stories.pids["night"]
    assert "night" not in chain.restarts.read_text()
    why = "team:night, by cy the move"
    (no,) = refused.decisions("refused")
    assert (no["reason"], no["remediation"], no["detail"]) == ("kill-switch", "restart-worker", why)
    assert refused.decisions("passed") == refused.decisions("permitted") == []
    assert refused.in_order(
        "opened", "refused kill-switch", "told exhausted", "escalated", "moved resolved its alerts have ended"
    )
    told = stories.heard(refused, f"restart-worker is held back (kill-switch): {why}", "the machine could not mend it")
    assert woken(told) == [["bo"], ["cy"]]


def test_an_alert_that_ends_while_it_is_silenced_is_told_by_nobody_and_is_over_all_the_same(stories: Stories) -> None:
    story = stories.of["ends_while_silenced"].result()
    assert story.in_order("opened", "told ended unheard", "moved resolved its alerts have ended")
    *_, over = (one for one in story.entries() if any(found.get("after") == "resolved" for found in one.decisions))
    assert over.kind == "event.reconciled"


def test_afterwards_nothing_is_open_and_the_log_is_whole(stories: Stories, run: Any, tmp_path: Path) -> None:
    for one in stories.of.values():
        one.result()
    database = ("--database", stories.chain.database)
    assert run("incidents", *database, cwd=tmp_path).out == "No incident is open.\n"
    assert run("audit", "verify", *database, cwd=tmp_path).exit == 0
