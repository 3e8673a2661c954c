"""A real Alertmanager on loopback that tells of many alerts at once where they go. It sends nothing: no receiver has a way."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

PATIENCE = 20.0  # seconds until something that should happen has not happened
T = TypeVar("T")
Key = tuple[tuple[str, str], ...]


class Live:
    def __init__(self, url: str, file: Path) -> None:
        self.url, self.file = url, file

    def load(self, config: Mapping[str, Any]) -> None:
        self.file.write_text(json.dumps(config), encoding="utf-8")
        self._ask("/-/reload", b"")

    def post(self, label_sets: Sequence[Mapping[str, str]]) -> None:
        """Alerts that fire, in this order, all ending together."""
        body = json.dumps([{"labels": labels} for labels in label_sets]).encode()
        self._ask("/api/v2/alerts", body)
        wait_for(lambda: len(self.alerts()) >= len(label_sets))

    def alerts(self) -> dict[Key, dict[str, Any]]:
        """By labels: receivers, fingerprint, and `inhibitedBy` in the status."""
        return {key(one["labels"]): one for one in json.loads(self._ask("/api/v2/alerts"))}

    def groups(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask("/api/v2/alerts/groups"))
        return found

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error


def key(labels: Mapping[str, str]) -> Key:
    return tuple(sorted(labels.items()))


def wait_for(done: Callable[[], T]) -> T:
    limit = time.monotonic() + PATIENCE
    while not (found := done()):
        assert time.monotonic() < limit, "Alertmanager took too long"
        time.sleep(0.02)
    return found


@contextmanager
def running(binary: Path, folder: Path, config: Mapping[str, Any]) -> Iterator[Live]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yml"
    file.write_text(json.dumps(config), encoding="utf-8")
    options = [f"--config.file={file}", f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    argv = [binary, *options, "--cluster.listen-address=", "--log.level=error"]
    with (folder / "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder) as child:
        live = Live(f"http://127.0.0.1:{port}", file)
        try:
            wait_for(lambda: (child.poll() is None and _answers(live)) or child.poll() is not None)
            assert child.poll() is None, (folder / "log").read_text()
            yield live
        finally:
            child.terminate()


def _answers(live: Live) -> bool:
    try:
        live._ask("/-/ready")
    except OSError:
        return False
    return True
