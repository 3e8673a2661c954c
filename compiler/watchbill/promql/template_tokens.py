"""Cuts a Go template into its actions, `{{ … }}`, and their tokens. Mirrors `text/template/parse/lex.go`."""

import re

import msgspec

from watchbill.promql.fault import Rejected

MAX_LENGTH = 65_536
"""Characters in one template."""

_ACTION_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]++)
    | (?P<declare>:=)
    | (?P<symbol>[=|,()])
    | (?P<string>"(?:[^"\\\n]++|\\[^\n])*+"|`[^`]*+`)
    | (?P<character>'(?:[^'\\\n]++|\\[^\n])*+')
    | (?P<number>[+-]?(?:[0-9]|\.[0-9])(?:[eEpP][+-]|[\w.])*+)
    | (?P<variable>\$\w*+)
    | (?P<field>\.(?!\d)\w++)
    | (?P<dot>\.)
    | (?P<word>\w++)
    """,
    re.VERBOSE,
)

_NUMBER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+(?:\.(?:_?[0-9a-fA-F])*)?(?:[pP][+-]?\d+)?|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
    r"|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?)i?",
    re.ASCII,
)

_GO_ESCAPE = re.compile(r"""\\(?:[abfnrtv\\'"]|[0-7]{3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})""")

# What may follow a name directly.
_ENDS = frozenset(" \t\r\n.,|:)(")


class TemplateToken(msgspec.Struct, frozen=True, gc=False):
    """`kind` is a group name of the pattern, or the symbol itself. `spaced`: blanks stand before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool


class Action(msgspec.Struct, frozen=True, gc=False):
    """One `{{ … }}`, from `start` to `end` with its delimiters."""

    start: int
    end: int
    tokens: tuple[TemplateToken, ...]


def actions(text: str) -> list[Action]:
    """Every action but comments. Raises `Rejected` at the first that is not closed or holds what cannot stand there."""
    if len(text) > MAX_LENGTH:
        raise Rejected(f"a template of {len(text)} characters is too long; the limit is {MAX_LENGTH}", 0, len(text))
    found: list[Action] = []
    position = 0
    while True:
        start = text.find("{{", position)
        if start < 0:
            return found
        inside = start + 2
        if text.startswith("-", inside) and text[inside + 1 : inside + 2].isspace():
            inside += 2
        if text.startswith("/*", inside):
            position = _comment_end(text, start, inside)
            continue
        action = _action(text, start, start + 3 if inside > start + 2 else inside)
        found.append(action)
        position = action.end


def _comment_end(text: str, start: int, inside: int) -> int:
    closed = text.find("*/", inside + 2)
    if closed < 0:
        raise Rejected("this comment is never closed by `*/}}`", start, min(len(text), start + 4))
    match = re.compile(r"(?:[ \t\r\n]-)?\}\}").match(text, closed + 2)
    if match is None:
        raise Rejected("a comment must fill its action: `}}` has to follow `*/`", closed, closed + 2)
    return match.end()


def _action(text: str, start: int, position: int) -> Action:
    tokens: list[TemplateToken] = []
    depth: list[TemplateToken] = []
    spaced = False
    while True:
        if text.startswith("}}", position):
            end = position + 2
            break
        match = _ACTION_TOKEN.match(text, position)
        if match is None:
            raise _stray(text, start, position)
        kind = match.lastgroup or ""
        if kind == "space":
            position = match.end()
            spaced = True
            if text.startswith("-}}", position):
                end = position + 3
                break
            continue
        token = TemplateToken(
            match[0] if kind in {"symbol", "declare"} else kind, match[0], match.start(), match.end(), spaced
        )
        _check(text, token)
        if token.kind == "(":
            depth.append(token)
        elif token.kind == ")":
            if not depth:
                raise Rejected("nothing opens this `)`", token.start, token.end)
            depth.pop()
        tokens.append(token)
        position = token.end
        spaced = False
    if depth:
        raise Rejected("this `(` is never closed", depth[-1].start, depth[-1].end)
    return Action(start, end, tuple(tokens))


def _stray(text: str, start: int, position: int) -> Rejected:
    if position >= len(text) or text.startswith("{{", position):
        return Rejected("this `{{` is never closed by `}}`", start, start + 2)
    character = text[position]
    if character in "\"`'":
        line = len(text) if character == "`" else text.find("\n", position)
        return Rejected("this string is never closed", position, len(text) if line < 0 else line)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return Rejected(f"`{shown}` cannot stand in a template action", position, position + 1)


def _check(text: str, token: TemplateToken) -> None:
    following = text[token.end : token.end + 1]
    if token.kind in {"variable", "field", "word"}:
        if following and following not in _ENDS and not text.startswith("}}", token.end):
            raise Rejected(f"`{following}` cannot follow `{token.text}` directly", token.end, token.end + 1)
    elif token.kind == "number":
        if not _NUMBER.fullmatch(token.text):
            raise Rejected(f"`{token.text}` is not a number", token.start, token.end)
    elif token.kind == "string" and token.text[0] == '"':
        _escapes(token, "'")
    elif token.kind == "character":
        _escapes(token, '"')
        if len(_GO_ESCAPE.sub("x", token.text)) != 3:
            raise Rejected("single quotes hold one character; a string needs double quotes", token.start, token.end)


def _escapes(token: TemplateToken, forbidden: str) -> None:
    """Escapes are those of Go, and a quote is escaped only in its own kind of quotes."""
    place = 1
    while (place := token.text.find("\\", place)) >= 0:
        match = _GO_ESCAPE.match(token.text, place)
        if match is None or match[0] == "\\" + forbidden:
            at = token.start + place
            raise Rejected(f"`{token.text[place : place + 2]}` is not an escape of Go", at, at + 2)
        place = match.end()
