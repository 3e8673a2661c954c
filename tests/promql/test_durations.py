"""Durations as Prometheus reads and writes them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.promql import format_duration, parse_duration
from watchbill.promql.duration import LONGEST


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("1ms", 1),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("90m", 5_400_000),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1y", 31_536_000_000),
        ("1y2w3d4h5m6s7ms", 33_019_506_007),
        ("007s", 7_000),
        ("292y", 292 * 31_536_000_000),
    ],
)
def test_a_duration_is_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "5 m",
        "m",
        "5x",
        "5m5m",
        "30m1h",
        "1ms1s",
        "1.5h",
        "-5m",
        "+5m",
        "5M",
        "5m ",
        "\u0665m",
        "1e3s",
        "293y",
        "9" * 50 + "s",
        "9" * 5000 + "s",
        "\x00",
        "5m\n",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (1, "1ms"),
        (90_000, "1m30s"),
        (5_400_000, "1h30m"),
        (86_400_000, "1d"),
        (604_800_000, "1w"),
        (864_000_000, "10d"),
        (31_536_000_000, "1y"),
        (31_536_000_000 + 86_400_000, "366d"),
        (-60_000, "-1m"),
    ],
)
def test_a_duration_is_written_as_prometheus_writes_it(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=LONGEST))
def test_what_is_written_reads_the_same(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds
