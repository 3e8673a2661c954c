"""What is wrong with a piece of PromQL or of a template, and where."""

from collections.abc import Iterable

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """Why a text is refused. `start` and `end` are character offsets into that text (`end` exclusive).

    The caret goes under `text[start:end]`; a fault at the end of the text has `start == end == len(text)`.
    """

    message: str
    start: int
    end: int


class Rejected(Exception):  # noqa: N818  (it never leaves the room: every public function turns it into its Fault)
    """Carries a Fault out of the depth of a parser."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.fault = Fault(message, start, end)


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` for the known word most like this one, or nothing."""
    import difflib  # noqa: PLC0415  (only a mistake needs it, and it costs 6 ms)

    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.7)
    return f", did you mean `{close[0]}`?" if close else ""
