"""What pint 0.87 says of a corpus of 954 alerts beside what we say: the same, or a difference that is explained.

`pint-differences.tsv` holds every difference: file, rule, pint's kind, ours, and why. `-` stands for nothing said.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest
import yaml

from watchbill.checks.rulefiles import check
from watchbill.cli.show import in_order
from watchbill.source.locate import Sources
from watchbill.spec.rulefiles import read_rule_files

DIFFERENCES = Path(__file__).with_name("pint-differences.tsv")
SAME = {  # pint's words for a problem, and our codes for it
    "template uses non-existent label": {"template-label-missing"},
    "use humanize filters for the results": {"value-not-humanized"},
    "redundant field with default value": {"redundant-for"},
    "smelly regexp selector": {"regex-too-wide"},
    "redundant regexp anchors": {"regex-anchors"},
    "redundant regexp": {"regex-not-needed"},
    "fragile query": {"fragile-arithmetic", "fragile-ranking"},
    "unsafe division in aggregation": {"nan-in-aggregation"},
    "always firing alert": {"alert-without-comparison", "always-fires"},
    "impossible label": {"label-gone", "impossible-match", "never-fires"},
    "unused label": {"label-gone", "impossible-match", "never-fires"},
}


@pytest.fixture(scope="module")
def corpus(corpora):
    folder = corpora / "awesome-prometheus-alerts"
    if not folder.is_dir():
        pytest.skip("awesome-prometheus-alerts is not among the corpora")
    return folder


@pytest.fixture(scope="module")
def rules(corpus):
    """By file, first line and name of each alert."""
    found = {}
    for path in sorted(corpus.rglob("*.yml")):
        tree = yaml.compose(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        nodes = [tree]
        lines = found.setdefault(path.relative_to(corpus).as_posix(), [])
        while nodes:
            node = nodes.pop()
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            lines += [(node.start_mark.line + 1, value.value) for key, value in pairs if key.value == "alert"]
            nodes += [value for _, value in pairs] + (node.value if isinstance(node, yaml.SequenceNode) else [])
    return {file: sorted(lines) for file, lines in found.items()}


@pytest.fixture(scope="module")
def ours(corpus, rules):
    """How often each code is told of each rule."""
    read, found = read_rule_files([corpus], corpus)
    assert len(read.files) == 112
    assert sum(len(reading.rules) for reading in read.readings) == 954
    placed = in_order([*found, *check(read.readings)], Sources(corpus, read.paths))
    return Counter((span.file, _rule(rules, span.file, span.line), one.code.name) for one, span in placed)


@pytest.fixture(scope="module")
def pints(corpora, rules):
    told = Counter()
    for line in (corpora / "awesome-prometheus-alerts.pint.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            file, first, *_, problem = line.split("\t")
            told[file, _rule(rules, file, int(first)), problem] += 1
    return told


def _rule(rules, file, line):
    return next((name for first, name in reversed(rules[file]) if first <= line), "-")


def test_every_label_that_cannot_exist_is_found_and_no_other(ours, pints):
    """Pint tells two findings that begin in one column of a rule only once; we tell each annotation."""
    mine = {(file, rule): count for (file, rule, name), count in ours.items() if name == "template-label-missing"}
    its = {(file, rule): count for (file, rule, kind), count in pints.items() if "non-existent label" in kind}
    assert sum(its.values()) == 232
    assert mine.keys() == its.keys()
    more = {rule: (mine[rule], its[rule]) for rule in its if mine[rule] != its[rule]}
    assert more == {("gitlab-ci/gitlab-built-in-exporter.yml", "GitlabCiPipelineCreationSlow"): (2, 1)}


def test_every_other_difference_from_pint_is_explained(ours, pints):
    assert {kind for _, _, kind in pints} == set(SAME)
    differences = set()
    for file, rule, kind in pints:
        if not any((file, rule, name) in ours for name in SAME[kind]):
            differences.add((file, rule, kind, "-"))
    for file, rule, name in ours:
        kinds = [kind for kind, names in SAME.items() if name in names]
        if kinds and not any((file, rule, kind) in pints for kind in kinds):
            differences.add((file, rule, "-", name))
    with DIFFERENCES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    explained = [tuple(row[:4]) for row in rows]
    assert len(explained) == len(set(explained))
    assert all(len(row) == 5 and row[4].strip() for row in rows)
    assert set(explained) == differences
