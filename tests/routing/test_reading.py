"""Reading an alertmanager.yml: every refusal has a code, a place, and one finding; whatever is thrown at it, no traceback."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.routing import read

RECEIVERS = "\nreceivers: [{name: a}, {name: team-b}]\n"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("route: {⟦reciever⟧: a}", "WB470", "a route has no key `reciever`"),
        ("⟦rout⟧: {receiver: a}\nroute: {receiver: a}", "WB470", "the configuration has no key `rout`"),
        ("route: {receiver: a, routes: ⟦none⟧}", "WB470", "`routes` must be a list"),
        ("route: {receiver: ⟦[a]⟧}", "WB470", "`receiver` must be text"),
        ("route: {receiver: a, routes: [{continue: ⟦maybe⟧}]}", "WB470", "`continue` must be true or false"),
        ("route: {receiver: a, group_wait: ⟦5⟧}", "WB470", "`5` is not a duration"),
        ("route: {receiver: a, ⟦receiver⟧: team-b}", "WB470", "`receiver` is given twice in a route"),
        ("route: {receiver: a, routes: [⟦~⟧]}", "WB470", "there is nothing in this route"),
        ("route: {receiver: a, routes: [{matchers: [⟦'team=~\"(\"'⟧]}]}", "WB471", "`(` is not a regular expression"),
        ("route: {receiver: a, routes: [{matchers: [⟦team⟧]}]}", "WB471", "`team` is not a matcher"),
        ("route: {receiver: a, routes: [{match: {te-am: ⟦x⟧}}]}", "WB471", "`te-am` is no name of a label here"),
        ("route: {receiver: a, routes: [{match_re: {team: ⟦~⟧}}]}", "WB471", "`team` has no pattern"),
        (
            "route: {receiver: a}\ntime_intervals: [{name: n, time_intervals: [{weekdays: [⟦mondy⟧]}]}]",
            "WB472",
            "`mondy` is no weekday (did you mean `monday`?)",
        ),
        (
            "route: {receiver: a}\ntime_intervals: [{name: n, time_intervals: [{location: ⟦Europe/Lisboa⟧}]}]",
            "WB472",
            "there is no time zone `Europe/Lisboa`",
        ),
        (
            'route: {receiver: a}\ntime_intervals: [{name: n, time_intervals: [{times: [⟦{start_time: "22:00", end_time: "06:00"}⟧]}]}]',
            "WB472",
            "06:00 is not after 22:00",
        ),
        ("route: {receiver: a, matchers: ⟦[x=y]⟧}", "WB473", "the root route has `matchers`"),
        ("route: {receiver: a, match: ⟦{x: y}⟧}", "WB473", "the root route has `matchers`"),
        ("route: {receiver: a, continue: ⟦yes⟧}", "WB473", "the root route has `continue`"),
        ("route: ⟦{group_by: [x]}⟧", "WB473", "the root route has no receiver"),
        ("⟦templates: [x]", "WB473", "this configuration has no `route`"),
        ("route: {receiver: a, routes: [{receiver: ⟦team-a⟧}]}", "WB474", "there is no receiver `team-a`"),
        ("route: {receiver: a, routes: [{mute_time_intervals: [⟦n⟧]}]}", "WB474", "there is no time interval `n`"),
        (
            "route: {receiver: a}\ntime_intervals: [{name: n}]\nmute_time_intervals: [{name: n}]",
            "WB475",
            "two time intervals",
        ),
        ("route: {receiver: a, group_by: [⟦'...'⟧, x]}", "WB476", "`...` is every label, and stands beside others"),
        ("route: {receiver: a, group_by: [x, ⟦x⟧]}", "WB476", "`x` stands twice in `group_by`"),
        ("route: {receiver: a, repeat_interval: ⟦0s⟧}", "WB476", "a repeat_interval of zero is none"),
        ("route: {receiver: a}\ninhibit_rules: [{equal: [⟦''⟧]}]", "WB471", "a label's name in `equal` is empty"),
    ],
)
def test_what_is_wrong_is_found_once_and_where_it_stands(marked, text, code, message):
    place = None
    if "⟦" in text and "⟧" in text:
        text, place = marked(text)
    config, told = read(text.replace("⟦", "") + RECEIVERS)
    assert config is None
    (found,) = told
    assert found.code.id == code
    assert found.message.startswith(message) or message in found.message
    if place is not None:
        assert (found.where.line, found.where.column, found.where.end_line, found.where.end_column) == place


def test_one_mistake_hides_no_other():
    text = "route: {receiver: b, group_by: [x, x], routes: [{matchers: ['=']}, {mute_time_intervals: [n]}]}" + RECEIVERS
    _, told = read(text)
    assert [one.code.id for one in told] == ["WB474", "WB476", "WB471", "WB474"]
    assert told[0].help == "define it; there is `a`, `team-b`"


def test_a_name_that_is_almost_there_is_offered():
    _, told = read("route: {receiver: team_b}" + RECEIVERS)
    assert told[0].help == "did you mean `team-b`?"


@pytest.mark.parametrize(
    ("text", "value", "doubt"),
    [
        (r'a="\x41"', r"\x41", "the newer parser reads otherwise"),
        (r"a=\d", r"\d", "only the older parser reads"),
        ('"ä"="\\x41"', "A", None),
    ],
)
def test_a_matcher_of_two_meanings_is_read_as_alertmanager_does_and_told(text, value, doubt):
    config, told = read(f"route: {{receiver: a, routes: [{{matchers: ['{text}']}}]}}" + RECEIVERS)
    assert config is not None, told
    (matcher,) = config.route((0,)).matchers
    assert (matcher.operator, matcher.value) == ("=", value)
    assert [(one.code.id, one.level) for one in told] == ([("WB477", "warning")] if doubt else [])
    assert all(one.message.endswith(doubt) and one.help == f"write {matcher}" for one in told)


def test_anchors_aliases_and_merged_mappings_are_followed():
    first = "&one {matchers: [x=y], group_wait: 5s}"
    config, told = read(
        f"route: {{receiver: a, routes: [{first}, {{<<: *one, receiver: team-b, continue: on}}]}}" + RECEIVERS
    )
    assert config is not None, told
    second = config.route((1,))
    assert (second.receiver, second.goes_on, second.timing.group_wait, str(second)) == (
        "team-b",
        True,
        5_000,
        '{x="y"}',
    )


def test_only_the_first_document_counts_and_an_empty_file_has_no_route():
    config, _ = read("route: {receiver: a}" + RECEIVERS + "---\nnonsense: true\n")
    assert config is not None
    for text in ("", "# nothing\n", "---\n"):
        config, told = read(text)
        assert config is None
        assert [one.code.id for one in told] == ["WB473"]


def test_receivers_tell_how_they_reach_people():
    config, _ = read(
        "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{}, {}], email_configs: [{to: x}]}, {name: b}]"
    )
    assert config is not None
    assert {name: one.integrations for name, one in config.receivers.items()} == {
        "a": ("email", "slack", "slack"),
        "b": (),
    }


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80) | st.binary(max_size=80))
def test_no_text_makes_it_stumble(text):
    config, told = read(text)
    assert (config is None) == any(one.level == "error" for one in told)


PARTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 40)
    | st.sampled_from(["a", "", "5m", "x=y", "...", "monday:friday", "1:5", "09:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("route", "receiver", "routes", "matchers", "match", "match_re", "group_by", "receivers", "name"),
                    *("time_intervals", "times", "weekdays", "days_of_month", "inhibit_rules", "equal", "source_match"),
                    *("start_time", "location", "<<"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["route", "receivers", "time_intervals", "inhibit_rules", "templates"]), PARTS))
def test_no_value_makes_it_stumble(value):
    config, told = read(value)
    assert (config is None) == any(one.level == "error" for one in told)
