"""Patterns as languages: RE2 itself is the judge of what matches, and every answer about several comes with a text."""

import random
import time

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.regex import TooLarge, cells, contained, matches, overlaps, witness

ATOMS = [
    *"abks-0. ",
    *(r"\d", r"\w", r"\W", r"\s", "[a-c]", "[^b]", r"[\d-]", "[[:alpha:]]", "[[:^digit:]x]", r"\.", r"\x41"),
    *(
        "[]a]",
        "[a^]",
        "\n",
        "K",
        "ſ",
        "é",
        r"\pL",
        r"\P{Greek}",
        r"[^\pL]",
        r"\n",
        "{",
        "a{,2}",
        r"\101",
        r"[\x{e9}-\x{fc}]",
    ),
]
TEXTS = [
    *("", "a", "b", "k", "K", "K", "ſ", "S", "s", "ab", "a-", "-", "0", "00", "a0", "\n", "a\nb", "\na", "a\n", "A"),
    *("é", "É", "ü", "aa", "{", "a{,2}", "ba", " ", "a b", "kk", "aab", "abc", "0a", "_", "k-s", ".", "𝛼", "bb\nb"),
]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,2}", "{0,1}?", "*?", "{0}", "{1,}"]


@st.composite
def patterns(draw: st.DrawFn, depth: int = 0) -> str:
    choices = ["atom", "atom", "then", "or", "group", "flag", "edge", "quote"]
    kind = draw(st.sampled_from(choices if depth < 4 else ["atom"]))
    if kind == "atom":
        return draw(st.sampled_from(ATOMS))
    inner = draw(patterns(depth=depth + 1))
    if kind == "group":
        start = draw(st.sampled_from(["(", "(?:", "(?i:", "(?s:", "(?P<n>", "(?m:", "(?i-m:"]))
        return f"{start}{inner}){draw(st.sampled_from(['', *QUANTIFIERS]))}"
    if kind == "flag":
        return draw(st.sampled_from(["(?i)", "(?s)", "(?m)", "(?i-s)", "(?U)"])) + inner
    if kind == "edge":
        return draw(st.sampled_from(["^", "$", r"\b", r"\B", r"\A", r"\z"])) + inner
    if kind == "quote":
        return rf"\Q{draw(st.sampled_from(['a', 'a|b', '.', '']))}\E{inner}"
    return inner + draw(st.sampled_from(["", "|"])) + draw(patterns(depth=depth + 1))


def compiled(pattern: str, *, dot_newline: bool = False) -> "re2._Regexp[str] | None":
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = dot_newline
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


@settings(max_examples=300, deadline=None)
@given(pattern=patterns(), dot_newline=st.booleans())
def test_a_text_matches_exactly_when_re2_says_so(pattern: str, dot_newline: bool) -> None:
    judge = compiled(pattern, dot_newline=dot_newline)
    if judge is None:
        return
    for text in TEXTS:
        assert matches(pattern, text, dot_newline=dot_newline) == (judge.fullmatch(text) is not None), repr(text)


@settings(max_examples=150, deadline=None)
@given(one=patterns(), other=patterns())
def test_what_is_said_of_two_patterns_is_true_of_the_text_it_names(one: str, other: str) -> None:
    first, second = compiled(one), compiled(other)
    if first is None or second is None:
        return
    try:
        both, only = witness((one, other)), witness((one,), (other,))
    except TooLarge:
        return
    if both is not None:
        assert first.fullmatch(both)
        assert second.fullmatch(both)
    if only is not None:
        assert first.fullmatch(only)
        assert not second.fullmatch(only)
    for text in TEXTS:
        hits = bool(first.fullmatch(text)), bool(second.fullmatch(text))
        assert not (both is None and hits == (True, True)), (one, other, text)
        assert not (only is None and hits == (True, False)), (one, other, text)
    assert contained(one, (other,)) == (only is None)


def test_a_witness_is_a_shortest_text_and_one_that_reads_well() -> None:
    assert witness(("payments-.*", ".*-eu")) == "payments-eu"
    assert witness(("[a-z]+", ".{3}")) == "xxx"
    assert witness(("a|b", "c")) is None
    assert witness(("a.*",), ("a", "a-.*")) == "ax"


def test_a_pattern_lies_in_several_others_together() -> None:
    assert contained("team-[0-9]", ("team-[0-4]", "team-[5-9]"))
    assert not contained("team-[0-9]", ("team-[0-4]", "team-[6-9]"))
    assert witness(("team-[0-9]",), ("team-[0-4]", "team-[6-9]")) == "team-5"


def test_every_two_groups_that_overlap_are_found_with_a_text_of_each() -> None:
    groups = {
        "pay": ["payments", "payments-.*"],
        "plat": ["kube-system", ".*-eu"],
        "data": ["etl"],
        "k8s": ["(?i)KUBE-.*"],
    }
    assert overlaps(groups) == {("pay", "plat"): "payments-eu", ("plat", "k8s"): "kube-eu"}


def test_sixty_teams_are_compared_at_once() -> None:
    teams = {f"team{number}": [f"ns{number}", f"ns{number}-.*", f"svc-{number}-[a-z]+"] for number in range(60)}
    started = time.perf_counter()
    assert overlaps(teams) == {}
    assert time.perf_counter() - started < 2


def test_what_would_take_too_many_states_is_not_decided_and_said_so() -> None:
    with pytest.raises(TooLarge):
        witness((".*a.{25}",), (".*b.{24}x",))
    with pytest.raises(TooLarge):
        matches("(" * 200 + "a" + ")" * 200, "a")
    with pytest.raises(TooLarge):
        matches("((a{100}){100}){1000}" if compiled("((a{100}){100}){1000}") else "a{1000}" * 11, "a")


def test_a_letter_in_either_case_is_what_unicode_says() -> None:
    everything = "".join(chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF)
    for letter in "ksaKßσ":
        judge = compiled(f"(?i){letter}")
        assert judge is not None
        wanted = list(judge.findall(everything))
        assert len(wanted) >= 2
        assert [character for character in wanted if not matches(f"(?i){letter}", character)] == []
        assert witness((f"(?i){letter}",), [f"\\x{{{ord(character):x}}}" for character in wanted]) is None


def test_random_unions_hold_what_their_parts_hold() -> None:
    dice = random.Random(7)
    for _ in range(40):
        parts = ["".join(dice.choice("ab.") for _ in range(dice.randint(1, 4))) for _ in range(3)]
        union = "|".join(parts)
        assert all(contained(part, (union,)) for part in parts)
        assert contained(union, parts)


@settings(max_examples=40, deadline=None)
@given(some=st.lists(patterns(depth=3), max_size=3), apart=st.lists(st.sampled_from(TEXTS), max_size=3))
def test_every_combination_of_patterns_that_some_text_fulfils_is_found_with_such_a_text(
    some: list[str], apart: list[str]
) -> None:
    judges = [compiled(one) for one in some]
    if None in judges:
        return
    try:
        found = cells(some, apart=apart)
    except TooLarge:
        return

    def fulfilled(text: str) -> frozenset[int]:
        return frozenset(number for number, one in enumerate(judges) if one is not None and one.fullmatch(text))

    assert all(fulfilled(text) == numbers and text not in apart for numbers, text in found.items())
    assert {fulfilled(text) for text in TEXTS if text not in apart} <= set(found)
