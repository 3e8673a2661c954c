"""What matchers can tell apart: every kind of value has a representative, and no two of them are one kind."""

import pytest

from watchbill.regex import TooLarge
from watchbill.routing import Distinction, distinctions, read

VALUE = {
    "route": {
        "receiver": "a",
        "routes": [
            {"matchers": ['team=~"pay|data"', 'severity!="none"']},
            {"match_re": {"team": "pay.*", "service": "db-[0-9]+"}, "match": {"env": ""}},
        ],
    },
    "receivers": [{"name": "a"}],
    "inhibit_rules": [{"source_match": {"tier": "1"}, "target_match_re": {"tier": "2|3"}, "equal": ["zone"]}],
}


def test_listed_values_and_patterns_are_told_by_label() -> None:
    config, _ = read(VALUE)
    assert config is not None
    assert list(distinctions(config).values()) == [
        Distinction("env", (), ()),
        Distinction("service", (), ("^(?:db-[0-9]+)$",)),
        Distinction("severity", ("none",), ()),
        Distinction("team", ("data", "pay"), ("^(?:pay.*)$",)),
        Distinction("tier", ("1", "2", "3"), ()),
        Distinction("zone", (), (), equal=True),
    ]
    assert set(distinctions(config, inhibition=False)) == {"env", "service", "severity", "team"}


def test_representatives_are_the_absent_value_the_listed_ones_and_one_of_each_other_kind() -> None:
    assert Distinction("severity", ("none",), ()).representatives() == ("", "none", "x")
    found = Distinction("team", ("data", "pay"), ("pay.*",)).representatives()
    assert found == ("", "data", "pay", "x", "payx")
    assert Distinction("a", (), (".+",)).representatives() == ("", "x", "\n")
    assert Distinction("a", ("x",), ("x|y+",)).representatives() == ("", "x", "0", "y")


def test_patterns_that_cannot_be_compared_say_so() -> None:
    with pytest.raises(TooLarge):
        Distinction("a", (), ("a)|(b",)).representatives()
