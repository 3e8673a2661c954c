"""Values of the literals of PromQL: numbers and quoted strings."""

import math
import re

from watchbill.promql.fault import Rejected

_DIGITS = r"[0-9]+(?:_[0-9]+)*"

NUMBER = re.compile(
    rf"""(?:
      0[xX]_?[0-9A-Fa-f] (?:[eE][+-]?(?![._eE]|\Z))? (?:_(?![._eE]|\Z)|[0-9A-Da-dFf][0-9A-Fa-f]*)*
    | (?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS}) (?:[eE][+-]?{_DIGITS})?
    )(?![0-9A-Za-z_.])""",
    re.VERBOSE,
)
"""One number, as `Lexer.scanNumber` of Prometheus cuts it, oddities of hexadecimal with an `e` included."""

_OCTAL = re.compile(r"0_?[0-7]+(?:_[0-7]+)*")

_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|(\\)")

_CONTROL = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def number(text: str, start: int) -> float:
    """The value of a number literal found at `start`. Mirrors `parser.number`: a leading 0 is octal where it can be."""
    lower = text.lower()
    if lower.startswith("0x"):
        if "+" in text or "-" in text:
            raise Rejected(f"`{text}` is not a number", start, start + len(text))
        digits = lower[2:].replace("_", "")
        base = 16
    elif _OCTAL.fullmatch(text):
        digits = text.replace("_", "")
        base = 8
    else:
        digits = ""
        base = 10
    if digits:
        whole = int(digits, base)
        # Beyond 64 bits Prometheus reads the text again, as a decimal float, which hexadecimal here never is.
        if whole < 2**63:
            return float(whole)
        if base == 16:
            raise Rejected(f"the number `{text}` is too large", start, start + len(text))
    value = float(text.replace("_", ""))
    if math.isinf(value):
        raise Rejected(f"the number `{text}` is too large", start, start + len(text))
    return value


def unquote(text: str, start: int) -> str:
    r"""The value of a quoted string found at `start`, its quotes included in `text`.

    Mirrors `strutil.Unquote`: three quote styles, backticks raw, Go's escapes. Bytes written as `\xff` that are not
    UTF-8 read as U+FFFD, because no label that a Prometheus stores can hold them.
    """
    quote = text[0]
    body = text[1:-1]
    if "\ufffd" in body:
        at = start + 1 + body.index("\ufffd")
        raise Rejected("U+FFFD stands for text that was not UTF-8, and Prometheus refuses it in a string", at, at + 1)
    return body if quote == "`" else unescape(body, quote, start + 1)


def unescape(body: str, quote: str, start: int) -> str:
    """The inside of a string in `quote`s, found at `start`, with its escapes resolved."""
    if "\\" not in body:
        return body
    out = bytearray()
    done = 0
    for match in _ESCAPE.finditer(body):
        out += body[done : match.start()].encode()
        done = match.end()
        simple, octal, hexa, short, long, stray = match.groups()
        at = start + match.start()
        if stray or (simple in {"'", '"'} and simple != quote):
            raise Rejected(
                f"`{body[match.start() : match.start() + 2]}` is not an escape; a backslash is written `\\\\`",
                at,
                at + 2,
            )
        if simple:
            out += bytes([_CONTROL[simple]]) if simple in _CONTROL else simple.encode()
            continue
        code = int(octal, 8) if octal else int(hexa or short or long, 16)
        if code > (255 if octal or hexa else 0x10FFFF) or 0xD800 <= code < 0xE000:
            raise Rejected(f"`{match[0]}` is not a character", at, at + len(match[0]))
        out += bytes([code]) if octal or hexa else chr(code).encode()
    out += body[done:].encode()
    return out.decode("utf-8", "replace")


def quote(value: str) -> str:
    r"""A value as a double-quoted PromQL string: `a"b` becomes `"a\"b"`. Lone surrogates must not be in it."""
    out = ['"']
    for character in value:
        if character in '"\\':
            out.append("\\" + character)
        elif character == "\n":
            out.append("\\n")
        elif character < " " or character in "\x7f\x85\u2028\u2029\ufeff\ufffd":
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
    out.append('"')
    return "".join(out)
