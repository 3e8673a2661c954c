"""A label pinned to one value: the only matcher on it, wherever the selector had one or none."""

import pytest

from watchbill import promql


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("up", 'up{cluster="eu-1"}'),
        ('up{job="web"}', 'up{job="web", cluster="eu-1"}'),
        ('up{cluster=~"eu-.*", job="web"}', 'up{cluster="eu-1", job="web"}'),
        ('up{cluster="eu-1"}', 'up{cluster="eu-1"}'),
        ('up{cluster!="us-1"}', 'up{cluster="eu-1"}'),
        ('{__name__="up", cluster=~".+"}', '{__name__="up", cluster="eu-1"}'),
        ('a{cluster!=""} / b', 'a{cluster="eu-1"} / b{cluster="eu-1"}'),
        ('up{cluster="us-1"}', None),
        ('up{cluster=~"us-.*"}', None),
        ('up{cluster!="eu-1"}', None),
        ('up{cluster=~"eu-.*", cluster!="eu-2"}', None),
        ("up{", None),
    ],
)
def test_a_selector_asks_for_the_value_or_refuses_it(text: str, pinned: str | None) -> None:
    assert promql.pin(text, "cluster", "eu-1") == pinned
