"""Markdown that Python-Markdown (MkDocs) and GitHub read alike, and in which a policy's words are only ever words.

Whatever comes from a policy passes through `inline`, `code`, `block` or `link`. Their results are `Markdown`, which is
never escaped twice: the templates' environment escapes every value that is not.
"""

import re
from functools import lru_cache
from urllib.parse import quote


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


EMPTY = Markdown("")

# Control characters, halves of surrogate pairs, and the marks that make text run the other way: a reader would see
# something else than what stands there, and Python-Markdown keeps \x02 and \x03 for itself.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;:()'/%=@$!?+-]*(?<! )")
_SPACES = re.compile(r"\s+")
# A template of Prometheus stays readable as it is; what stands inside is escaped like everything else.
_SPECIAL = re.compile(r"\{\{([^{}]*)\}\}|[\\`*\[\]{}<>&|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|#(?=#*$)")
_SPECIAL_START = re.compile(r"[#+!-]|[=:?%]|([0-9]+)(?=[.)])")
_BY_NUMBER = frozenset("\\`~=:?%")  # not every reader takes a backslash before these
_NAMED = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_CODE = re.compile(r"(?:[^`|\\<&]|<(?![A-Za-z!/?]))+")
_CODE_SPECIAL = re.compile(r"[^\w\s.,:;/()=+%@\"'-]|_")


_LIKE_HTML = re.compile(r"&|<[A-Za-z!/?]")


def seen(text: str) -> str:
    """The text with nothing in it that a reader cannot see; line ends as LF."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("\ufffd", text)


def inline(value: object) -> Markdown:
    """Words within one line: in a sentence, a heading, a list item or a table cell."""
    return value if type(value) is Markdown else _inline(str(value))


@lru_cache(maxsize=8192)  # pages repeat the same few names and words
def _inline(text: str) -> Markdown:
    if _PLAIN.fullmatch(text):
        return Markdown(text)
    text = _SPECIAL.sub(_escaped, _SPACES.sub(" ", seen(text)).strip())
    return Markdown(_SPECIAL_START.sub(_escaped_start, text, count=1) if _SPECIAL_START.match(text) else text)


def _escaped(match: re.Match[str]) -> str:
    inside = match[1]
    return _character(match[0]) if inside is None else "{{" + _SPECIAL.sub(_escaped, inside) + "}}"


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[1] else _character(match[0])


def _character(character: str) -> str:
    if character in _BY_NUMBER:
        return f"&#{ord(character)};"
    return _NAMED.get(character) or f"\\{character}"


def code(value: str) -> Markdown:
    """A short piece of code within a line."""
    text = _SPACES.sub(" ", seen(value)).strip()
    if _CODE.fullmatch(text):
        return Markdown(f"`{text}`")
    return Markdown(f"<code>{_CODE_SPECIAL.sub(_numbered, text)}</code>")


def _numbered(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def block(value: str, language: str = "") -> Markdown:
    """Code on lines of its own, at the left margin."""
    text = seen(value).strip("\n")
    fence = "```"
    while fence in text:
        fence += "`"
    return Markdown(f"{fence}{language}\n{text}\n{fence}")


def nested_block(value: str) -> Markdown:
    """Code on lines of its own below a list item whose text starts at the fifth column. Empty lines are left out.

    Python-Markdown mends what looks like HTML before it looks for indented code: such code goes into one line.
    """
    if _LIKE_HTML.search(value):
        return Markdown(f"    {code(value)}")
    return Markdown("\n".join(f"        {line}" for line in seen(value).split("\n") if line.strip()))


def link(text: object, target: str, root: Markdown = EMPTY) -> Markdown:
    """A link to a page of ours (a `Markdown` path from `root`) or to a web page; only its text, when it is neither."""
    words = inline(text)
    if type(target) is Markdown:
        return Markdown(f"[{words}]({root}{target})")
    address = url(target)
    return Markdown(f"[{words}]({address})") if address else words


def url(target: str) -> Markdown:
    """An http or https address as it can stand in a link; nothing, when it is not one."""
    if not target.startswith(("https://", "http://")):
        return EMPTY
    address = quote(seen(target), safe="%/:?#@!$&'+,;=~-._")
    return Markdown(address.replace("&", "&amp;") if ";" in address else address)


def listed(items: "list[Markdown]", between: str = ", ") -> Markdown:
    return Markdown(between.join(items))
