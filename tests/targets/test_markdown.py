"""Whatever a policy says is read by Python-Markdown and by CommonMark as those words, and as nothing else."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from watchbill.targets.markdown import Markdown, block, code, inline, link, nested_block, seen

MKDOCS = ("toc", "tables", "fenced_code")
MORE = ("toc", "extra", "admonition", "sane_lists", "nl2br", "md_in_html")
PLACES = {
    "a sentence": "Look: {} now\n",
    "a paragraph": "{}\n",
    "a list": "- {}\n- other\n",
    "steps": "1.  {}\n\n2.  other\n",
    "a table": "| a | b |\n|---|---|\n| {} | x |\n",
    "a linked cell": "| a | b |\n|---|---|\n| [{}](a.md) | x |\n",
    "a title": "# {}\n\ntext\n",
    "an anchored heading": '### <a id="x"></a>{}\n',
    "a quotation": "> **{}**<br>\n> more\n",
    "strong words": "- **{}** x\n",
    "a link": "[{}](a.md) x\n",
}
PIECES = (
    *"ab1 .\\`*_{}[]()<>#+-.!|~:?=%&;\"'$/@^\n\t\r\x02\x03\u202e",
    *(
        "script",
        "javascript:",
        "&lt;",
        "&copy",
        "{{ $labels.x }}",
        "```",
        "~~~",
        "http://x",
        "www.a.b",
        "](",
        "![",
        "<!--",
    ),
    *("-->", "<b>", "<?", "]]>", "{:", "[^1]", "**", "__", "&#", "1. ", "- ", "\n\n", "    ", "{{", "}}"),
)
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join).filter(lambda text: plain(seen(text)))


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    @property
    def text(self) -> str:
        return "".join(self.words)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def readings(text: str) -> Iterator[Reader]:
    yield Reader(markdown.markdown(text, extensions=list(MKDOCS)))
    yield Reader(markdown.markdown(text, extensions=list(MORE)))
    yield Reader(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=30, deadline=None)
@example("a#")
@example("1. ")
@example("{: onclick=alert(1) }")
@example("{{ $value | humanizePercentage }} of `x`")
@given(texts)
def test_words_stay_words_in(place: str, text: str) -> None:
    frame = PLACES[place]
    expected = [plain(reader.text) for reader in readings(frame.format("WORDS"))]
    for reader, frame_text in zip(readings(frame.format(inline(text))), expected, strict=True):
        assert plain(reader.text) == plain(frame_text.replace("WORDS", plain(seen(text))))
        assert_inert(reader)


@settings(max_examples=80, deadline=None)
@given(texts, st.sampled_from(("a sentence", "a list", "a table", "steps")))
def test_code_within_a_line_stays_as_it_is(text: str, place: str) -> None:
    for reader in readings(PLACES[place].format(code(text))):
        assert plain(seen(text)) in plain(reader.text)
        assert reader.tags.count("code") == 1
        assert_inert(reader)


@settings(max_examples=80, deadline=None)
@example("a\n```\n# b")
@example("a\n\n\n  b\n")
@given(texts)
def test_a_block_of_code_stays_as_it_is(text: str) -> None:
    for reader in readings(f"Before:\n\n{block(text, 'promql')}\n\nAfter\n"):
        assert plain(seen(text)) in plain(reader.text)
        assert not set(reader.tags) - {"p", "pre", "code"}


@settings(max_examples=80, deadline=None)
@example("sum(\n\n  up\n)")
@example("label_replace(a, '&#1', '<script>')")
@given(texts)
def test_code_below_a_step_stays_as_it_is_and_in_its_step(text: str) -> None:
    for reader in readings(f"1.  Look:\n\n{nested_block(text)}\n\n    More\n\n2.  Next\n"):
        assert plain(seen(text)) in plain(reader.text)
        assert reader.tags.count("li") == 2
        assert not set(reader.tags) - {"p", "pre", "code", "ol", "li"}


def assert_inert(reader: Reader) -> None:
    assert not set(reader.tags) & {"script", "img", "b", "iframe", "input", "style"}
    for name, value in reader.attributes:
        assert not name.startswith("on")
        assert name != "href" or value == "a.md"


def test_a_template_of_prometheus_is_left_as_it_is() -> None:
    assert inline("{{ $labels.job }} is down") == "{{ $labels.job }} is down"


def test_markdown_is_not_escaped_twice() -> None:
    assert inline(inline("a | b")) == r"a \| b"
    assert inline(Markdown("**x**")) == "**x**"
    assert inline("**x**") == r"\*\*x\*\*"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//elsewhere.example", "a.md", ""])
def test_only_web_addresses_become_links(address: str) -> None:
    assert link("here", address) == "here"


def test_an_address_cannot_leave_its_link() -> None:
    made = link("here", 'https://x.example/a)b|c<d>"`{}\\?q=1&copy;=2')
    for reader in readings(f"| a |\n|---|\n| {made} |\n"):
        hrefs = [value for name, value in reader.attributes if name == "href"]
        assert hrefs == ["https://x.example/a%29b%7Cc%3Cd%3E%22%60%7B%7D%5C?q=1&copy;=2"]
        assert reader.text.split() == ["a", "here"]


def test_what_a_reader_cannot_see_is_shown() -> None:
    assert inline("pay\u202eload\x00") == "pay\ufffdload\ufffd"
    assert inline("half \ud800") == "half \ufffd"
