"""Cuts PromQL into tokens, with their places, and refuses what is too large to be worth reading."""

import re

import msgspec

from watchbill.promql.fault import Rejected
from watchbill.promql.literals import NUMBER

MAX_LENGTH = 65_536
"""Characters in one expression."""

MAX_OPERATORS = 500
"""Operators in one expression.

A chain `a + b + c` makes a tree as deep as it is long, and trees are compared, shown and freed by recursion in C.
"""

MAX_NESTING = 100
"""Parentheses, signs and powers inside one another. The parser recurses over these alone, a few frames each."""

# Every token with the blanks and comments before it. Possessive, so that no text can make it try twice.
_TOKEN = re.compile(
    r"""
    (?:[ \t\r\n]++|\#[^\r\n]*+)*+
    (?: ([A-Za-z_:][A-Za-z0-9_:]*+)
      | ("(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|`[^`]*+`)
      | ((?:[0-9]++(?:ms|[smhdwy]))++(?![0-9A-Za-z_]))
      | ([0-9]++(?:\.[0-9]++)?+(?![0-9A-Za-z_.]))
      | (\[[ \t\r\n]*+[0-9][0-9A-Za-z]*+[ \t\r\n]*+(?::[ \t\r\n]*+(?:[0-9][0-9A-Za-z]*+[ \t\r\n]*+)?+)?+\])
      | (==|!=|=~|!~|<=|>=|</|>/|[-+*/%^<>=@(),{}\[\]])
      | (\Z)
    )""",
    re.VERBOSE,
)

# Inside `[…]` a colon separates, and words are only the few functions of durations.
_IN_BRACKETS = re.compile(
    r"""
    (?:[ \t\r\n]++|\#[^\r\n]*+)*+
    (?: ([A-Za-z_]++)
      | (?!)()
      | ((?:[0-9]++(?:ms|[smhdwy]))++(?![0-9A-Za-z_]))
      | ([0-9]++(?:\.[0-9]++)?+(?![0-9A-Za-z_.]))
      | (?!)()
      | ([-+*/%^(),:\]])
      | (\Z)
    )""",
    re.VERBOSE,
)

_KINDS = ("", "word", "string", "duration", "number", "range", "", "end")

_SURROGATE = re.compile("[\ud800-\udfff]")

_BLANKS = re.compile(r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+")

_OPERATORS = frozenset(("==", "!=", "<=", ">=", "</", ">/", "+", "-", "*", "/", "%", "^", "<", ">"))

_WORD_OPERATORS = frozenset(("and", "or", "unless", "atan2"))

_INSTEAD = {
    "$": "`$` means nothing to Prometheus; is this a variable of Grafana?",
    "\u201c": 'this is a typographic quote; PromQL needs `"`',
    "\u201d": 'this is a typographic quote; PromQL needs `"`',
    "\u201e": 'this is a typographic quote; PromQL needs `"`',
    "\u2019": "this is a typographic quote; PromQL needs `'`",
    "\u2018": "this is a typographic quote; PromQL needs `'`",
    "&": "PromQL has no `&`; the operator is `and`",
    "|": "PromQL has no `|`; the operator is `or`",
    "!": "`!` stands only in `!=` and `!~`; to leave out series, use `unless`",
    "~": "`~` stands only in `=~` and `!~`",
    ";": "one expression has no `;`",
    "\u00a0": "this is a no-break space; PromQL needs a plain one",
}


class Token(msgspec.Struct, frozen=True, gc=False):
    """`kind` is `word`, `string`, `number`, `duration`, `range` (a plain `[5m]` or `[5m:1m]`), `end`, or the symbol."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """All tokens of an expression, the last being `end`. Raises `Rejected` with the place of the first bad character.

    Cuts as `promql/parser/lex.go` does, except that a whole plain range is one token.
    """
    if len(text) > MAX_LENGTH:
        raise Rejected(f"an expression of {len(text)} characters is too long; the limit is {MAX_LENGTH}", 0, len(text))
    refuse_surrogates(text)
    tokens: list[Token] = []
    append = tokens.append
    operators = 0
    position = 0
    pattern = _TOKEN
    while True:
        match = pattern.match(text, position)
        if match is None:
            token = _unusual(text, _skip_blanks(text, position), bracket=pattern is _IN_BRACKETS)
            append(token)
            position = token.end
            continue
        which = match.lastindex or 0
        word = match[which]
        start, position = match.span(which)
        if which == 6:
            append(Token(word, word, start, position))
            if word in _OPERATORS:
                operators += 1
            elif word == "[":
                pattern = _IN_BRACKETS
                _refuse_comment(text, position)
            elif word == "]":
                pattern = _TOKEN
        else:
            append(Token(_KINDS[which], word, start, position))
            if which == 7:
                break
            if which == 1 and word.lower() in _WORD_OPERATORS:
                operators += 1
        if operators > MAX_OPERATORS:
            raise Rejected(f"more than {MAX_OPERATORS} operators in one expression", start, position)
    return tokens


def _unusual(text: str, start: int, *, bracket: bool) -> Token:
    """The rarer spellings of a number, or what is wrong at `start`."""
    character = text[start]
    if character.isascii() and (character.isdigit() or character == "."):
        match = NUMBER.match(text, start)
        if match is not None:
            return Token("number", match[0], start, match.end())
        tail = re.compile(r"[0-9A-Za-z_.]*").match(text, start)
        end = max(tail.end() if tail else start, start + 1)
        raise Rejected(f"`{text[start:end]}` is neither a number nor a duration like `5m` or `1h30m`", start, end)
    if character in "\"'`" and not bracket:
        _refuse_string(text, start)
    if text.startswith("[", start) and bracket:
        raise Rejected("a `[` inside `[…]`", start, start + 1)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    message = _INSTEAD.get(character, f"`{shown}` cannot stand here")
    raise Rejected(message, start, start + 1)


def _refuse_string(text: str, start: int) -> None:
    quote = text[start]
    line = len(text) if quote == "`" else text.find("\n", start)
    end = len(text) if line < 0 else line
    if quote != "`" and text[start:end].endswith("\\") and end < len(text):
        raise Rejected("a string cannot go on over the end of the line", start, end)
    raise Rejected(
        f"this string is never closed: a `{quote}` is missing"
        if quote != "`"
        else "this string is never closed: a backtick is missing",
        start,
        end,
    )


def _refuse_comment(text: str, position: int) -> None:
    """Behind a `[` Prometheus reads on in another manner, which does not know comments yet."""
    while text[position : position + 1] in {" ", "\t", "\r", "\n"}:
        position += 1
    if text[position : position + 1] == "#":
        raise Rejected("a comment cannot stand right behind `[`", position, position + 1)


def refuse_surrogates(text: str) -> None:
    """Half characters, which a Python string can hold and UTF-8 cannot."""
    match = None if text.isascii() else _SURROGATE.search(text)
    if match is not None:
        raise Rejected("half a character (a lone surrogate), which UTF-8 cannot carry", match.start(), match.end())


def _skip_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position
