"""Where a parser stands in the tokens of an expression, and how it says that it cannot go on."""

from watchbill.promql.fault import Rejected
from watchbill.promql.nodes import Node, Syntax
from watchbill.promql.tokens import MAX_NESTING, Token

_CLOSES = {")": "(", "]": "[", "}": "{"}


class Cursor:
    """The tokens, the place among them, and what was built so far."""

    __slots__ = ("depth", "nodes", "place", "syntax", "text", "token", "tokens")

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.place = 0
        self.token = tokens[0]
        self.nodes: list[Node] = []
        self.syntax: list[Syntax] = []
        self.depth = 0

    def take(self) -> Token:
        """The token here, stepping over it. The last token, `end`, is never stepped over by a correct parser."""
        token = self.token
        self.place += 1
        self.token = self.tokens[self.place]
        return token

    def ahead(self) -> Token:
        """The token after this one."""
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)]

    def expect(self, kind: str, where: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected(f"`{kind}`", where)
        return self.take()

    def needs(self, what: str, start: int, end: int) -> None:
        """Notes a construct that not every Prometheus reads."""
        self.syntax.append(Syntax(what, start, end))

    def deeper(self) -> None:
        """To be called where the parser recurses."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise Rejected(
                f"nested more than {MAX_NESTING} levels deep", self.token.start, max(self.token.end, self.token.start)
            )

    def unexpected(self, wanted: str, where: str = "") -> Rejected:
        """What to raise when the token here is not the `wanted` one."""
        token = self.token
        place = f" {where}" if where else ""
        if token.kind == "end":
            return Rejected(f"the expression ends{place} where {wanted} should follow", token.start, token.end)
        return Rejected(f"found {described(token)}{place} where {wanted} should stand", token.start, token.end)


def described(token: Token) -> str:
    """A token as a sentence names it."""
    if token.kind == "string":
        return f"the string {shortened(token.text)}"
    if token.kind in {"number", "duration"}:
        return f"the {token.kind} `{shortened(token.text)}`"
    return f"`{shortened(token.text)}`"


def shortened(text: str) -> str:
    """At most 40 characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:37] + "..."


def unbalanced(tokens: list[Token]) -> Rejected | None:
    """The first bracket without a partner: a stray closer, a closer of the wrong kind, or an opener never closed."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind in {"(", "[", "{"}:
            opened.append(token)
        elif token.kind in _CLOSES:
            if not opened:
                return Rejected(f"nothing opens this `{token.kind}`", token.start, token.end)
            opener = opened.pop()
            if opener.kind != _CLOSES[token.kind]:
                return Rejected(f"this `{opener.kind}` is never closed", opener.start, opener.end)
    if opened:
        return Rejected(f"this `{opened[-1].kind}` is never closed", opened[-1].start, opened[-1].end)
    return None
