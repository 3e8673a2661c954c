"""What both parsers of matchers share: the operators, a matcher before its pattern is compiled, and the refusal."""

from typing import Literal

Operator = Literal["=", "!=", "=~", "!~"]
Raw = tuple[str, Operator, str]  # label, operator, value

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go's unicode.IsSpace calls a space."""


class Malformed(ValueError):  # noqa: N818  (an answer: this is no matcher)
    """A text that is no matcher. `start` and `end` are offsets of the culprit in the text, where it is known."""

    def __init__(self, message: str, start: int = 0, end: int = -1) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, end
