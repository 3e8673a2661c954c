"""Which characters of a YAML scalar's text each character of its value came from: folding, quoting and escapes undone.

It repeats what libyaml's scanner does (yaml_parser_scan_plain_scalar, _scan_flow_scalar, _scan_block_scalar), and trusts
itself only where it arrives at the value that libyaml arrived at.
"""

import re

Origin = tuple[str, int, int]  # a character of the value, and the stretch of the text that it came from

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_HEADER = re.compile(r"[|>]([-+]?)[0-9]?([-+]?)[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?")
_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def origins(raw: str, value: str, style: str | None) -> list[Origin] | None:
    """For each character of `value`, where in `raw` (the scalar as written) it stands; None when they do not agree."""
    candidates = (
        (_block(raw, indent) for indent in _indents(raw))
        if style in ("|", ">")
        else (_flow(raw, one) for one in [style])
    )
    return next((found for found in candidates if "".join(character for character, _, _ in found) == value), None)


def _flow(raw: str, style: str | None) -> list[Origin]:
    """A plain or quoted scalar: a single line break is a space, of several the first is dropped."""
    found: list[Origin] = []
    position, end = (1, len(raw) - 1) if style else (0, len(raw))
    while position < end:
        character = raw[position]
        width = 1
        if character in " \t" or _BREAK.match(raw, position):
            position = _fold(raw, position, end, found, escaped=False)
            continue
        if style == "'" and character == "'":
            width = 2
        elif style == '"' and character == "\\":
            if broken := _BREAK.match(raw, position + 1):
                position = _fold(raw, broken.end(), end, found, escaped=True)
                continue
            character, width = _escape(raw, position)
        found.append((character, position, position + width))
        position += width
    return found


def _escape(raw: str, position: int) -> tuple[str, int]:
    letter = raw[position + 1 : position + 2]
    width = _ESCAPE_LENGTH.get(letter, 2)
    if width == 2:
        return _ESCAPES.get(letter, ""), 2
    return chr(int(raw[position + 2 : position + width], 16)), width


def _fold(raw: str, position: int, end: int, found: list[Origin], *, escaped: bool) -> int:
    """The white space from `position` on, as it is in the value; `escaped`: after a line break that was escaped."""
    blanks: list[Origin] = []
    breaks: list[Origin] = []
    while position < end:
        if raw[position] in " \t":
            if not breaks and not escaped:
                blanks.append((raw[position], position, position + 1))
            position += 1
        elif match := _BREAK.match(raw, position):
            breaks.append(_line_break(match))
            position = match.end()
        else:
            break
    if not breaks:
        found.extend(blanks)
    elif escaped or breaks[0][0] != "\n":
        found.extend(breaks)
    elif len(breaks) == 1:
        start = blanks[0][1] if blanks else breaks[0][1]
        found.append((" ", start, start + 1))
    else:
        found.extend(breaks[1:])
    return position


def _line_break(match: re.Match[str]) -> Origin:
    text = match.group()
    return text if text in "\u2028\u2029" else "\n", match.start(), match.start() + 1


def _indents(raw: str) -> list[int]:
    """How deep a block scalar may be indented: as its first line with text is, or less when its header says so."""
    lines = _BREAK.split(raw)[1:]
    deepest = max((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
    first = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), deepest)
    return [first, *(indent for indent in range(min(deepest, 80) + 1) if indent != first)]


def _block(raw: str, indent: int) -> list[Origin]:
    """A literal or folded block whose lines are indented by `indent`."""
    found: list[Origin] = []
    header = _HEADER.match(raw)
    chomping = (header.group(1) or header.group(2)) if header else ""
    last_break: Origin | None = None  # of the last line with text
    empty_lines: list[Origin] = []  # and those after it
    last_was_deeper = False
    for start, end, broken in _lines(raw, header.end() if header else 0):
        spaces = len(raw[start:end]) - len(raw[start:end].lstrip(" "))
        text = start + min(spaces, indent)
        if text == end:
            empty_lines += [broken] if broken else []
            continue
        deeper = raw[text] in " \t"
        if raw[0] == ">" and last_break and last_break[0] == "\n" and not last_was_deeper and not deeper:
            found += [] if empty_lines else [(" ", last_break[1], last_break[2])]
        elif last_break:
            found.append(last_break)
        found += empty_lines
        found += ((raw[index], index, index + 1) for index in range(text, end))
        last_break, empty_lines, last_was_deeper = broken, [], deeper
    found += [last_break] if last_break and chomping != "-" else []
    return found + empty_lines if chomping == "+" else found


def _lines(raw: str, position: int) -> list[tuple[int, int, Origin | None]]:
    """Start and end of each line after the header's, and the break that ends it."""
    found: list[tuple[int, int, Origin | None]] = []
    match = _BREAK.match(raw, position)
    start = match.end() if match else len(raw)
    while start < len(raw):
        match = _BREAK.search(raw, start)
        if match is None:
            found.append((start, len(raw), None))
            break
        found.append((start, match.start(), _line_break(match)))
        start = match.end()
    return found
