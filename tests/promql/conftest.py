"""What the tests of the PromQL room share: promtool as a judge, and the alerts of a corpus."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

FLAGS = "promql-experimental-functions"

Judge = Callable[[list[str]], list[str | None]]


@pytest.fixture(scope="session")
def promtool_version(promtool: Path) -> str:
    said = subprocess.run([promtool, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"version (\d+\.\d+\.\d+)", said.stdout + said.stderr)[1]


@pytest.fixture(scope="session")
def judge(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Gives what `promtool check rules` has against each of many expressions, None for nothing."""

    def verdicts(expressions: list[str]) -> list[str | None]:
        rules = "".join(f"  - record: r\n    expr: {json.dumps(text, ensure_ascii=False)}\n" for text in expressions)
        return _check(promtool, tmp_path_factory.mktemp("rules"), rules, len(expressions))

    return verdicts


@pytest.fixture(scope="session")
def template_judge(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """The same for templates of annotations."""

    def verdicts(templates: list[str]) -> list[str | None]:
        rules = "".join(
            f"  - alert: a\n    expr: up\n    annotations:\n      text: {json.dumps(text, ensure_ascii=False)}\n"
            for text in templates
        )
        return _check(promtool, tmp_path_factory.mktemp("templates"), rules, len(templates))

    return verdicts


def _check(promtool: Path, folder: Path, rules: str, count: int) -> list[str | None]:
    path = folder / "rules.yml"
    path.write_text("groups:\n- name: g\n  rules:\n" + rules, encoding="utf-8")
    command = [promtool, f"--enable-feature={FLAGS}", "check", "rules", "--lint=none", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    words = said.stdout + said.stderr
    assert ": yaml: " not in words, words
    found: list[str | None] = [None] * count
    for line in words.splitlines():
        match = re.search(r'group "g", rule (\d+), "\w+": (.*)', line)
        if match:
            found[int(match[1]) - 1] = match[2]
    return found


class Alert:
    """An alert of the corpus: its file, the line it begins on, its expression, and its labels and annotations."""

    def __init__(self, file: str, line: int, expr: str, texts: list[str]) -> None:
        self.file = file
        self.line = line
        self.expr = expr
        self.texts = texts


@pytest.fixture(scope="session")
def alerts(corpora: Path) -> list[Alert]:
    """All alerts of awesome-prometheus-alerts."""
    root = corpora / "awesome-prometheus-alerts"
    assert root.is_dir()
    return [
        alert for path in sorted(root.glob("**/*.yml")) for alert in _alerts(path, path.relative_to(root).as_posix())
    ]


def _alerts(path: Path, name: str) -> Iterator[Alert]:
    with path.open(encoding="utf-8") as file:
        document = yaml.compose(file, Loader=yaml.CSafeLoader)
    for group in _value(document, "groups").value:
        rules = _value(group, "rules")
        for rule in rules.value if isinstance(rules, yaml.SequenceNode) else []:
            if _value(rule, "alert") is None:
                continue
            parts = [_value(rule, "labels"), _value(rule, "annotations")]
            texts = [text.value for part in parts if part is not None for _, text in part.value]
            yield Alert(name, rule.start_mark.line + 1, _value(rule, "expr").value, texts)


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)
