"""The classic parser of matchers (pkg/labels.ParseMatchers), tolerant in many ways: values need no quotes."""

import re

from watchbill.routing.notation import SPACES, Malformed, Operator, Raw

_SPACE = r"[\t\n\f\r ]*"
_MATCHER = re.compile(rf"{_SPACE}([a-zA-Z_:][a-zA-Z0-9_:]*){_SPACE}(=~|=|!=|!~){_SPACE}(.*?){_SPACE}", re.DOTALL)
_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}


def classic(text: str) -> list[Raw]:
    """The matchers of a text, between optional braces and separated by commas outside quotes. Raises `Malformed`."""
    return [_matcher(part, start) for part, start in _parts(text)]


def _parts(text: str) -> list[tuple[str, int]]:
    """The parts between commas, and where each begins."""
    offset = 1 if text.startswith("{") else 0
    inner = text.removeprefix("{").removesuffix("}")
    found: list[tuple[str, int]] = []
    start, inside, escaped = 0, False, False
    for index, character in enumerate(inner):
        if character == "," and not inside:
            found.append((inner[start:index], start + offset))
            start = index + 1
        elif character == '"':
            inside = inside if escaped else not inside
            escaped = False
        elif character == "\\":
            escaped = not escaped
        elif character != ",":  # an escape before a comma stays open, as it does in Alertmanager
            escaped = False
    last = inner[start:]
    if last.strip(SPACES):
        found.append((last.strip(SPACES), start + offset + len(last) - len(last.lstrip(SPACES))))
    return found


def _matcher(text: str, start: int) -> Raw:
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise Malformed(f"`{text.strip()}` is not a matcher", start, start + max(1, len(text)))
    raw = found[3]
    quoted = raw.startswith('"')
    value = _unescaped(raw[1:] if quoted else raw, quoted=quoted)
    if value is None:
        begins = start + found.start(3)
        raise Malformed(f'a `"` inside the value `{raw}` needs a `\\` before it', begins, begins + len(raw))
    return found[1], _OPERATORS[found[2]], value


def _unescaped(raw: str, *, quoted: bool) -> str | None:
    """The value without its escapes; None when a quote stands where none may. A backslash before others is itself."""
    value: list[str] = []
    escaped, open_ = False, quoted
    for index, character in enumerate(raw):
        last = index == len(raw) - 1
        if escaped:
            escaped = False
            value.append("\n" if character == "n" else character if character in '"\\' else f"\\{character}")
        elif character == "\\" and not last:
            escaped = True
        elif character == '"':
            if not open_ or not last:
                return None
            open_ = False
        else:
            value.append(character)
    return None if open_ else "".join(value)
