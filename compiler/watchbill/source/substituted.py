"""A text with params put into it, laid beside the text as a policy writes it: which characters of one are which of the other."""

import re

_PARTS = re.compile(r"(\$\$\{|\$\{[^{}]*\})")

Stretch = tuple[
    int, int, int, int, bool
]  # of the text that was put together, of the source, and whether it stands for a whole


def written(source: str, put: str, start: int, end: int) -> tuple[int, int] | None:
    """Where in `source` the characters `start` to `end` of `put` stand; a param's value stands where its `${…}` does.

    None when the one cannot be the other with its params put in. White space around the source need not be in `put`.
    """
    if source == put:
        return start, end
    lead = len(source) - len(source.lstrip())
    bare = source.strip()
    stretches = [(0, len(put), 0, len(put), False)] if bare == put else _laid(bare, put)
    if not stretches:
        return None
    first = next((one for one in stretches if one[0] <= start < one[1]), stretches[-1])
    last = next((one for one in stretches if one[0] < end <= one[1]), stretches[-1])
    begins = first[2] if first[4] else first[2] + start - first[0]
    ends = last[3] if last[4] else last[2] + end - last[0]
    return (begins + lead, ends + lead) if begins < ends else None


def _laid(source: str, put: str) -> list[Stretch]:
    """The stretches from left to right: what is written must be found in its order, what lies between are the params."""
    found: list[Stretch] = []
    at = here = 0
    param: tuple[int, int] | None = None
    parts = _PARTS.split(source)
    for number, part in enumerate(parts):
        if part.startswith("${"):
            param = (at, at + len(part))
        elif part:
            said = "${" if part == "$${" else part
            last = number == len(parts) - 1
            there = len(put) - len(said) if last and put.endswith(said) else put.find(said, here)
            if there < here or (param is None and there != here):
                return []
            if param is not None:
                found.append((here, there, *param, True))
            found.append((there, there + len(said), at, at + len(part), said != part))
            here, param = there + len(said), None
        at += len(part)
    if param is not None:
        found.append((here, len(put), *param, True))
    elif here != len(put):
        return []
    return found
