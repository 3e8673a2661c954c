"""What the tests of the whole chain share: a real Prometheus and a real Alertmanager on loopback, and patience."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

PATIENCE = 60.0  # seconds until something that should happen has not happened
T = TypeVar("T")


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (loopback)
        return json.load(answer)


def post(url: str, body: Any) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        assert answer.status == 200


def until(happened: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """What `happened` gives as soon as it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(0.05)
    pytest.fail(f"{patience:.0f} seconds went by without {what}")


def free_address() -> str:
    """A URL on loopback at which nobody listens yet."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def running(folder: Path, name: str, ready: str, *argv: str | Path) -> Iterator[None]:
    """A server, from when it says it is ready until the end of the block."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*map(str, argv)], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder
        )

    def is_ready() -> bool:
        if process.poll() is not None:
            cannot_start(name, log.read_text(encoding="utf-8", errors="replace"))
        try:
            with urllib.request.urlopen(ready, timeout=1) as answer:  # noqa: S310  (loopback)
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(is_ready, f"{name} being ready")
        yield
    finally:
        process.kill()
        process.wait(10)


def cannot_start(name: str, log: str) -> None:
    """Debian's Alertmanager reads its templates from one fixed folder; where they cannot be put there, it does not start."""
    if "default.tmpl" in log or "templates cannot be shown" in log:
        reason = f"{name} cannot start here: its templates are not in /usr/share/prometheus/alertmanager"
        if os.environ.get("WATCHBILL_REQUIRE_ALL") == "1":
            pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
        pytest.skip(reason)
    pytest.fail(f"{name} did not start:\n{log[-3000:]}")


@contextmanager
def an_alertmanager(binary: Path, folder: Path, config: str, address: str | None = None) -> Iterator[str]:
    """Its URL: the address given, or another free one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    url = address or free_address()
    flags = [
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address={url.removeprefix('http://')}",
        f"--web.external-url={url}",
        "--cluster.listen-address=",
    ]
    with running(folder, "alertmanager", f"{url}/-/ready", binary, *flags):
        yield url


@contextmanager
def a_prometheus(
    binary: Path, folder: Path, rules: Path, targets: list[str], alertmanager: str, address: str | None = None
) -> Iterator[str]:
    """Its URL. With the compiled rules of an environment's folder; what it scrapes is the job `shop`."""
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        # Only the last part of a path may hold a wildcard there: one line for each team.
        "rule_files": [f"{team}/*.rules.yml" for team in rules.glob("prometheus/*/*")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]},
        "scrape_configs": [
            {"job_name": "shop", "static_configs": [{"targets": [one.removeprefix("http://") for one in targets]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    url = address or free_address()
    flags = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--rules.alert.resend-delay=1s",
    ]
    with running(folder, "prometheus", f"{url}/-/ready", binary, *flags):
        # The first alerts would go nowhere: discovery comes after readiness, and an alert is sent again only later.
        until(
            lambda: get(f"{url}/api/v1/alertmanagers")["data"]["activeAlertmanagers"],
            "Prometheus knowing its Alertmanager",
        )
        yield url
