"""Every code the product can print, each with the page `watchbill explain` shows. Codes are never reused."""

from typing import Literal

import msgspec


class Code(msgspec.Struct, frozen=True):
    """`WBnnn` and its kebab name. The severity is the default; a workspace's `checks:` may change it, never the code.

    `example` is a piece of policy that has this finding and no other, with ⟦ ⟧ around what it points at; `instead` is
    the same piece mended. tests/codes lays each over a small workspace and holds them to that; what no piece of policy
    can show is described in words, and proven by a test that is named there.
    """

    id: str
    name: str
    severity: Literal["error", "warning", "note"]
    finds: str
    why: str
    example: str = ""
    instead: str = ""
    silence: str = "It cannot be silenced: nothing can be compiled from it."


def plain(snippet: str) -> str:
    """An example as it would stand in a policy: without the ⟦marks⟧ around what the finding points at."""
    return snippet.replace("⟦", "").replace("⟧", "")


def underlined(snippet: str) -> str:
    """An example with carets under what the finding points at, as a finding itself is shown."""
    lines = []
    for line in snippet.split("\n"):
        lines.append(plain(line))
        before, mark, rest = line.partition("⟦")
        marked = rest.partition("⟧")[0]
        if mark and marked:
            lines.append(" " * len(before) + "^" * len(marked))
    return "\n".join(lines)
