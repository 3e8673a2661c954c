"""A text with params put in is laid beside the text as written, so that a caret finds its way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.source.substituted import written

BACK = [
    ("sum(a) > 5", "sum(a) > «5»", "sum(a) > «5»"),
    ("sum(a) > ${x}\n", "«sum»(a) > 5", "«sum»(a) > ${x}\n"),
    ("  a > ${x}\n", "a > «5»", "  a > «${x}»\n"),
    ("a{x='${x}'} - b", "a{x='n-1'} «-» b", "a{x='${x}'} «-» b"),
    ("rate(a[${rate}])", "rate(a[«5m»])", "rate(a[«${rate}»])"),
    ("max(${max}) or max(b)", "max(a) or «max»(b)", "max(${max}) or «max»(b)"),
    ("${a}${b}c", "12«c»", "${a}${b}«c»"),
    ("$${a} «${b}»".replace("«", "").replace("»", ""), "${a} «5»", "$${a} «${b}»"),
    ("$${a} b", "«${»a} b", "«$${»a} b"),
    ("a > ${x} and b", "a «> 5 and» b", "a «> ${x} and» b"),
]


def _unmarked(text):
    return re.sub("[«»]", "", text), text.index("«"), text.index("»") - 1


@pytest.mark.parametrize(("source", "put", "back"), BACK)
def test_a_place_in_the_text_put_together_is_found_as_written(source, put, back):
    text, start, end = _unmarked(put)
    assert _unmarked(back) == (source, *written(source, text, start, end))


@pytest.mark.parametrize(
    ("source", "put"), [("a", "b"), ("a${x}b", "a1c"), ("a ${x}", "b 1"), ("${x}a", "1ab"), ("", "a")]
)
def test_two_texts_that_do_not_belong_together_are_told_apart(source, put):
    assert written(source, put, 0, 1) is None


_WRITTEN = st.lists(
    st.one_of(st.text("ab ()", min_size=1, max_size=4), st.sampled_from(["${x}", "${y}", "$${z"])),
    min_size=1,
    max_size=8,
)


@given(_WRITTEN, st.text("123", max_size=4), st.text("123", min_size=1, max_size=4))
def test_what_is_written_out_is_found_where_it_is_written(parts, x, y):
    source = "".join(parts)
    values = {"${x}": x, "${y}": y, "$${z": "${z"}
    put = "".join(values.get(part, part) for part in parts).strip()
    if not put:
        return
    for place, letter in enumerate(put):
        found = written(source, put, place, place + 1)
        assert found is not None
        start, end = found
        assert 0 <= start < end <= len(source)
        if letter in "ab()":
            assert source[start:end] == letter
