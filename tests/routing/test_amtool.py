"""The engine against amtool: the same receivers for every label set, the same verdict on every file.

amtool takes one label set at a time, at 20 to 40 ms of processor time. So many trees stand side by side in one file, each
of which has every alert: one call tells the receivers in all of them. A real Alertmanager is asked for tens of thousands
(test_live_alertmanager.py).
"""

import json
import random
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.configurations import LABELS, configuration, doubtful, label_set
from watchbill.routing import Config, ends, read

pytestmark = pytest.mark.tools
INTEGRATIONS_OWN = re.compile("(?i)webhook_url|api.?key|api.?url|token|password|secret|SNS|update_message")


def verdicts(amtool: Path, files: Iterable[Path]) -> dict[str, str]:
    """What amtool says of many files in one call: nothing of those it accepts."""
    done = subprocess.run([amtool, "check-config", *files], capture_output=True, text=True, check=False)
    assert "panic" not in done.stderr
    parts = re.split(r"(?m)^Checking '(.*?)'", done.stdout)[1:]
    return {
        name: said.split("FAILED: ")[1] if "FAILED" in said else ""
        for name, said in zip(parts[::2], parts[1::2], strict=True)
    }


def amtools_way(amtool: Path, file: Path, labels: Mapping[str, str]) -> list[str]:
    pairs = [
        f"{name if name in LABELS else json.dumps(name, ensure_ascii=False)}={json.dumps(value, ensure_ascii=False)}"
        for name, value in labels.items()
    ]
    argv = [amtool, "config", "routes", "test", f"--config.file={file}", *pairs]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1].split(",")  # above it stand warnings about matchers


def ours(config: Config, labels: Mapping[str, str]) -> list[str]:
    return [route.receiver for route in ends(config, labels)]


def named_apart(value: Any, prefix: str) -> Any:
    """The same with a prefix before every receiver's name."""
    if isinstance(value, dict):
        return {
            key: prefix + item if key in ("receiver", "name") and isinstance(item, str) else named_apart(item, prefix)
            for key, item in value.items()
        }
    return [named_apart(item, prefix) for item in value] if isinstance(value, list) else value


def forest(draw: random.Random, number: int) -> tuple[dict[str, Any], list[Config]]:
    """Trees side by side below one root, each of which has every alert; and each by itself. Receivers say whose they are."""
    trees: list[dict[str, Any]] = []
    configs = []
    while len(trees) < number:
        value = named_apart(configuration(draw), f"{len(trees)}-")
        config, _ = read(value)
        if config is not None:
            trees.append(value)
            configs.append(config)
    routes = [value["route"] | {"continue": True} for value in trees]
    receivers = [one for value in trees for one in value["receivers"]]
    return {"route": {"receiver": "none", "routes": routes}, "receivers": [{"name": "none"}, *receivers]}, configs


def test_generated_trees_lead_every_label_set_where_amtool_says(amtool: Path, tmp_path: Path) -> None:
    draw = random.Random(10)
    file = tmp_path / "alertmanager.yml"
    compared = 0
    for _ in range(4):
        value, configs = forest(draw, 25)
        file.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        for _ in range(20):
            labels = label_set(draw)
            theirs = amtools_way(amtool, file, labels)
            for number, config in enumerate(configs):
                there = [name for name in theirs if name.startswith(f"{number}-")]
                assert ours(config, labels) == there, (labels, value["route"]["routes"][number])
                compared += 1
            assert len(theirs) == sum(len(ours(config, labels)) for config in configs)
    assert compared == 2_000


def test_what_amtool_refuses_is_refused_and_nothing_else(amtool: Path, tmp_path: Path) -> None:
    texts = {}
    for seed in range(600):
        file = tmp_path / f"{seed}.yml"
        texts[file] = json.dumps(doubtful(random.Random(seed)), ensure_ascii=False, indent=1)
        file.write_text(texts[file], encoding="utf-8")
    said = verdicts(amtool, texts)
    for file, text in texts.items():
        config, told = read(text, str(file))
        assert (config is None) == bool(said[str(file)]), (text, said[str(file)], told)
        assert (config is None) == any(one.level == "error" for one in told)
        assert all(one.where is not None for one in told)
    assert 100 < sum(map(bool, said.values())) < 500


def test_files_that_other_people_wrote_lead_where_amtool_says(amtool: Path, corpora: Path) -> None:
    """For the 24 that amtool accepts the receivers are the same; of the others only integrations' own fields pass here."""
    folder = corpora / "alertmanager-configs"
    files = sorted(folder.rglob("*.yml"))
    said = verdicts(amtool, files)
    accepted = []
    for file in files:
        config, told = read(file.read_bytes(), file.name)
        if not said[str(file)]:
            assert config is not None, told
            accepted.append((file, config))
        elif config is not None:
            assert INTEGRATIONS_OWN.search(said[str(file)]), (file, said[str(file)])
    assert len(accepted) == 24
    draw = random.Random(11)
    for file, config in accepted:
        for labels in asked(draw, config, 4):
            assert ours(config, labels) == amtools_way(amtool, file, labels), (file, labels)


def asked(draw: random.Random, config: Config, number: int) -> Iterable[dict[str, str]]:
    """Label sets of what the file's own matchers ask for; the first has no label it knows."""
    yield {"alertname": "Anything"}
    known: dict[str, Any] = {}
    for route in config.routes():
        for matcher in route.matchers:
            known.setdefault(matcher.label, []).extend(matcher.value.strip("^$()").split("|"))
    for _ in range(min(number, 3 * len(known))):
        yield {name: value for name, values in known.items() if (value := draw.choice([*values, "", "other"]))} or {
            "a": "b"
        }
