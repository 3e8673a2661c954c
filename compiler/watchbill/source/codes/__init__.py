"""Every code the product can print, each with the page `watchbill explain` shows. Codes are never reused."""

from typing import Literal

import msgspec


class Code(msgspec.Struct, frozen=True):
    """`WBnnn` and its kebab name. The severity is the default; a workspace's `checks:` may change it, never the code."""

    id: str
    name: str
    severity: Literal["error", "warning", "note"]
    finds: str
    why: str
    example: str = ""
    instead: str = ""
    silence: str = "It cannot be silenced: nothing can be compiled from it."
