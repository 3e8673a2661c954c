"""What a broken file defines, as far as its text tells: a reference to it is not a second mistake."""

import re
from collections.abc import Iterator

from watchbill.spec.kinds import KINDS
from watchbill.spec.scalars import NAME

_DOCUMENT = re.compile(r"^---", re.MULTILINE)


def headers(text: str) -> Iterator[tuple[int, str, str, str | None]]:
    """The position, kind, name and team of each document whose header can be read though the document cannot."""
    for position, document in enumerate(_DOCUMENT.split(text)):
        kind, name = _word("kind", "[A-Za-z]+", document), _word("name", NAME, document)
        if kind in KINDS and name is not None:
            yield position, str(kind), name, _word("team", NAME, document)


def _word(key: str, pattern: str, document: str) -> str | None:
    found = re.search(rf"^{key}:[ \t]*[\"']?({pattern})[\"']?[ \t]*(?:#.*)?\r?$", document, re.MULTILINE)
    return found.group(1) if found else None
