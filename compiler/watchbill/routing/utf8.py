"""The parser of matchers that knows UTF-8 names (matcher/parse): quotes follow Go, and what is unquoted is plain."""

import re

from watchbill.routing.notation import SPACES, Malformed, Operator, Raw

_RESERVED = re.escape("{}!=~,\\\"'`" + SPACES)
_TOKEN = re.compile(
    rf"""(?P<space>[{re.escape(SPACES)}]+)|(?P<open>\{{)|(?P<close>\}})|(?P<comma>,)|(?P<operator>!=|!~|=~|=)"""
    rf"""|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<plain>[^{_RESERVED}]+)""",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\\n]+)""", re.DOTALL
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}
_END = ("end", "", 0, 0)
_Token = tuple[str, str, int, int]  # kind, text, start, end


def utf8(text: str) -> list[Raw]:
    """The matchers of a text, with both braces or none; a comma may end them. Raises `Malformed`."""
    tokens = _tokens(text)
    braced = tokens[0][0] == "open"
    position = 1 if braced else 0
    found: list[Raw] = []
    while tokens[position][0] not in ("end", "close"):
        found.append(_matcher(tokens, position))
        position += 3
        if tokens[position][0] == "comma":
            position += 1
        elif tokens[position][0] not in ("end", "close"):
            raise _unexpected(tokens[position], "a comma")
    if braced != (tokens[position][0] == "close"):
        raise _unexpected(tokens[position], "a closing brace" if braced else "no closing brace")
    if braced and tokens[position + 1][0] != "end":
        raise _unexpected(tokens[position + 1], "the end")
    return found


def _tokens(text: str) -> list[_Token]:
    """Tokens without spaces, and several ends, so that looking ahead needs no bounds."""
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Malformed(f"`{text[position:]}` cannot be read", position, len(text))
        if match.lastgroup is not None and match.lastgroup != "space":
            found.append((match.lastgroup, match[0], match.start(), match.end()))
        position = match.end()
    end = (_END[0], "", len(text), len(text))
    return [*found, end, end, end, end]


def _matcher(tokens: list[_Token], position: int) -> Raw:
    name, operator, value = tokens[position : position + 3]
    if name[0] not in ("quoted", "plain"):
        raise _unexpected(name, "a label's name")
    if operator[0] != "operator":
        raise _unexpected(operator, "one of =, !=, =~ and !~")
    if value[0] not in ("quoted", "plain"):
        raise _unexpected(value, "a value")
    return _text(name), _OPERATORS[operator[1]], _text(value)


def _text(token: _Token) -> str:
    """A token's text; that of a quoted one as Go's strconv.Unquote reads it."""
    kind, text, start, end = token
    if kind == "plain":
        return text
    inner, found, position = text[1:-1], bytearray(), 0
    while position < len(inner):
        match = _ESCAPE.match(inner, position)
        if match is None:
            raise Malformed(f"`{text}` has an escape that Go does not know", start, end)
        letter, hexadecimal, octal, short, long, plain = match.groups()
        if letter:
            found += _LETTERS[letter].encode()
        elif hexadecimal or octal:
            code = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
            if code > 0xFF:
                raise Malformed(f"`{text}` has an escape that Go does not know", start, end)
            found.append(code)
        elif short or long:
            point = int(short or long, 16)
            if point > 0x10FFFF or 0xD800 <= point < 0xE000:
                raise Malformed(f"`{text}` has an escape that is no character", start, end)
            found += chr(point).encode()
        else:
            found += plain.encode("utf-8", "surrogatepass")
        position = match.end()
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"`{text}` is not UTF-8", start, end) from None


def _unexpected(token: _Token, wanted: str) -> Malformed:
    kind, text, start, end = token
    return Malformed(f"{f'`{text}`' if kind != 'end' else 'the end'} where {wanted} is needed", start, end)
