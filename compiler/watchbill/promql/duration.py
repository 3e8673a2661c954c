"""Durations as Prometheus writes them: `1h30m`, `5m`, `250ms`."""

import re

# Units from the largest down, each at most once: the grammar of common/model.ParseDuration.
_DURATION = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)

_UNITS = (
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
)

_SIZES = tuple(size for _, size in _UNITS)

LONGEST = (2**63 - 1) // 1_000_000
"""The longest duration in milliseconds: Go keeps nanoseconds in 64 bits, which is a little over 292 years."""


def parse_duration(text: str) -> int | None:
    """Milliseconds of a duration, or None when it is not one (or longer than Prometheus can hold).

    Mirrors `model.ParseDuration` of prometheus/common: no sign, no spaces, no fractions; `0` needs no unit.
    """
    if text == "0":
        return 0
    match = _DURATION.fullmatch(text)
    # No number of digits worth reading is longer, and Python refuses to read very long ones.
    if not text or len(text) > 100 or match is None:
        return None
    total = 0
    for count, size in zip(match.groups(), _SIZES, strict=True):
        if count is not None:
            total += int(count) * size
    return total if total <= LONGEST else None


def format_duration(milliseconds: int) -> str:
    """The shortest exact spelling: `90000` is `1m30s`, `0` is `0s`. Years and weeks only when nothing remains.

    Mirrors `model.Duration.String`, which keeps `10d` instead of `1w3d`. Negative durations get a leading `-`.
    """
    if milliseconds == 0:
        return "0s"
    left = abs(milliseconds)
    parts = []
    for unit, size in _UNITS:
        if unit in {"y", "w"} and left % size:
            continue
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if milliseconds < 0 else "") + "".join(parts)
