"""Laws of the layout, for the example company and for workspaces that were drawn, written by a hurried hand.

`WATCHBILL_EXAMPLES=50` multiplies how many are tried.
"""

import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generator.valid import workspaces
from layout.messy import Comment, Messy
from watchbill.layout.canonical import canonical
from watchbill.layout.order import HEADER, order_of
from watchbill.source.diagnostic import has_errors
from watchbill.spec.kinds import KINDS
from watchbill.spec.load import _decode_file
from watchbill.spec.shapes import StructShape, fields_of

TOP = Path(__file__).parents[2]
MORE = int(os.environ.get("WATCHBILL_EXAMPLES", "1"))
POLICIES = [path for path in sorted((TOP / "policies").rglob("*.yaml")) if "rules" not in path.parts]
NAME = "policies/a.yaml"


def all_keys() -> frozenset[str]:
    """Every key that a struct of the language has somewhere."""
    seen: set[type] = set()
    waiting = list(KINDS.values())
    while waiting:
        type_ = waiting.pop()
        if type_ in seen:
            continue
        seen.add(type_)
        for field in fields_of(type_):
            shape = field.shape
            while not isinstance(shape, StructShape) and shape is not None:
                shape = getattr(shape, "item", None) or getattr(shape, "value", None)
            waiting += [shape.type] if shape is not None else []
    return frozenset(key for type_ in seen for key in order_of(type_)) | set(HEADER)


KEYS = all_keys()


def decoded(text: str) -> list[tuple[str, str, str | None, bytes]]:
    """What the compiler reads, with the order of what has one."""
    policies, found = _decode_file(NAME, text.encode())
    assert not has_errors(found), found
    return [(one.kind, one.name, one.team, msgspec.json.encode(one.body)) for one in policies]


def laid_out(text: str) -> str:
    new, found = canonical(NAME, text.encode())
    assert found == []
    assert new is not None
    return new


def owner_of(comment: Comment, lines: list[str]) -> str:
    """The line that a comment of the new text speaks of."""
    (at,) = (number for number, line in enumerate(lines) if line.endswith(comment.text))
    line = lines[at]
    if not line.lstrip().startswith("#"):
        return line.removesuffix(comment.text)
    return next(line for line in lines[at:] if line.strip() and not line.lstrip().startswith("#"))


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.relative_to(TOP / "policies").as_posix())
def test_a_policy_of_the_example_means_the_same_in_any_hand_and_its_comments_stay_with_their_keys(path):
    source = path.read_text(encoding="utf-8")
    seen = 0
    for seed in range(4 * MORE):
        hand = Messy(seed * 1000 + len(source))
        text = hand.text(source, KEYS)
        new = laid_out(text)
        assert decoded(new) == decoded(text)
        assert laid_out(new) == new
        lines = new.splitlines()
        for comment in hand.comments:
            assert comment.key in owner_of(comment, lines), (comment, owner_of(comment, lines))
        seen += len(hand.comments)
    assert seen > 0


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.relative_to(TOP / "policies").as_posix())
def test_however_its_keys_are_ordered_and_indented_a_policy_has_one_layout(path):
    source = laid_out(path.read_text(encoding="utf-8"))
    bare = Messy(0, comments=False, choices=False).text(source, frozenset())
    for seed in range(3):
        assert laid_out(Messy(seed, comments=False, choices=False).text(bare, KEYS)) == laid_out(bare)


@settings(
    max_examples=20 * MORE,
    derandomize=MORE == 1,
    phases=[Phase.generate] if MORE == 1 else [Phase.generate, Phase.shrink],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(workspaces(), st.integers(0, 1_000_000))
def test_a_workspace_that_was_drawn_means_the_same_and_is_laid_out_once(files, seed):
    for name, source in files.items():
        if not name.startswith("policies/") or "groups" in source:
            continue
        new, found = canonical(name, source.encode())
        if new is None:
            assert [one.code.id for one in found] == ["WB006"]  # a line separator, as such
            assert re.search("[\u2028\u2029]", source)
            continue
        assert decoded(new) == decoded(source)
        assert laid_out(new) == new
        text = Messy(seed).text(new, KEYS)
        again, _ = canonical(name, text.encode())
        if again is not None:  # a hand that hurries may write what is not YAML at all
            assert decoded(again) == decoded(text)
            assert laid_out(again) == again


BITS = st.sampled_from(
    ["\n", "  ", "    ", "- ", "# c", "  # d", "\n# e\n", "{", "}", "[", "]", ",", ": ", "'", '"', "|\n", "|-\n", ">\n", "|+\n\n", "&a ", "*a", "? ", "---\n", "...\n", "a", "kind: Service\n", "\t", "\\", "%", "\x85", " \n", "\n\n", "on", "null", "~", "\r\n", "é", "\u200d"]
)  # fmt: skip


@settings(max_examples=400 * MORE, derandomize=MORE == 1, deadline=None, database=None)
@given(st.lists(BITS, max_size=30).map("".join), st.booleans())
def test_any_text_is_laid_out_once_or_left_with_a_finding(text, in_document):
    data = (f"kind: Team\nname: a\nslack: {text}" if in_document else text).encode()
    new, found = canonical(NAME, data)
    if new is None:
        return
    assert found == []
    assert canonical(NAME, new.encode()) == (new, [])
