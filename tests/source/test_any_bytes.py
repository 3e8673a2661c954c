"""Whatever bytes a file holds, reading it gives findings: never an exception, and never two different answers."""

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchbill.cli.show import FORMATS, render
from watchbill.source.locate import Sources
from watchbill.spec.resolve import read_workspace

ECAP = sorted((Path(__file__).parents[2] / "policies").rglob("*.yaml"))
FOREIGN = "kind: Foreign\nname: theirs\nteam: shop\nrules: theirs.yaml\n"
PIECES = [
    "kind: Service\n", "kind: Person\n", "kind: Workspace\n", "kind: Foreign\n", "apiVersion: watchbill/v1\n", "name: a\n", "team: shop\n",
    "---\n", "alerts:\n", "- ", "  ", "? ", ": ", "name", "expr: up\n", "expr: |\n", "for: 5m\n", "levels:\n", "severity: critical\n", "{", "}", "[", "]",
    "&a ", "*a", "!!str ", "!x ", "<<: ", "'", '"', "\\", "\\x41", "\n", "\r\n", "\r", "\t", "#", "|", ">", "%YAML 1.1\n", "...\n", ",", "${p}", "$${", "{{",
    "null", "~", "on", "1:30", "0777", "é", "\u2028", "\ufeff", "\x00", "\ud7ff", "params: {p: {type: ratio, default: 5%}}\n", "summary: s\n", "by: ", "default: ",
    "groups:\n", "rules:\n", "alert: A\n", "record: r\n", "labels: {severity: page}\n",
]  # fmt: skip


def told(folder: Path, name: str, data: bytes, small: str) -> list[str]:
    """What every format says of a workspace in which one file holds these bytes."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policies/watchbill.yaml").write_text(small)
    (folder / "policies/foreign.yaml").write_text(FOREIGN)
    (folder / "policies/theirs.yaml").write_text("groups: []\n")
    (folder / "policies/any.yaml").write_bytes(b"")
    (folder / "policies" / name).write_bytes(data)
    _, policies, found = read_workspace(folder, cache=False)
    return [render(form, found, Sources(folder, policies.paths)) for form in FORMATS]


def mutated(data: bytes, seed: int) -> bytes:
    """The bytes after a few of the accidents that happen to files."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        here, there = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        there = min(there, here + 40)
        data = chance.choice(
            [
                data[:here] + data[there:],
                data[:here] + data[here:there] * 2 + data[there:],
                data[:here] + bytes([chance.randrange(256)]) + data[here + 1 :],
                data[:here] + chance.choice(PIECES).encode() + data[here:],
                data[:here],
            ]
        )
        data = data or b" "
    return data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


NAMES = st.sampled_from(["any.yaml", "watchbill.yaml", "theirs.yaml", "foreign.yaml"])


@given(NAMES, st.binary(max_size=200))
@settings(max_examples=150, deadline=10_000)
@example("any.yaml", b"? [a]: b\n: c")
@example("theirs.yaml", b"? [a]\n: b\n")
@example("theirs.yaml", b"a: &a [*a]\n")
@example("any.yaml", b"kind: {kind: Person}\nname: [a]\nteam: {}\n")
@example("watchbill.yaml", b"")
@example("any.yaml", b"\xef\xbb\xbf\xef\xbb\xbf")
def test_any_bytes_at_all_give_findings(folder, small, name, data):
    assert told(folder, name, data, small) == told(folder, name, data, small)


@given(NAMES, st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=250, deadline=10_000)
@example("any.yaml", "kind: Service\nname: a\nteam: shop\nalerts:\n- *a")
def test_any_pieces_of_policies_give_findings(folder, small, name, text):
    told(folder, name, text.encode("utf-8", "surrogatepass"), small)


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=10_000)
def test_a_small_workspace_after_any_accident_gives_findings(folder, small, seed):
    told(folder, "watchbill.yaml", mutated(small.encode(), seed), small)


@given(st.sampled_from(ECAP), st.integers(0, 2**32))
@settings(max_examples=100, deadline=10_000)
def test_a_real_policy_after_any_accident_gives_findings(folder, small, path, seed):
    told(folder, "any.yaml", mutated(path.read_bytes(), seed), small)
