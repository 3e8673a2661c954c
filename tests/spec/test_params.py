"""`${name}`: what stands in the expression and in the text, and where a place in the result was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.spec.params import UnknownParam, is_value, substitute

FORMS = [
    ("ratio", "5%", "0.05", "5%"),
    ("ratio", "0.5%", "0.005", "0.5%"),
    ("ratio", "100%", "1", "100%"),
    ("ratio", "0.07", "0.07", "0.07"),
    ("ratio", "7%", "0.07", "7%"),
    ("ratio", "0.00001", "0.00001", "0.00001"),
    ("duration", "800ms", "0.8", "800ms"),
    ("duration", "1h30m", "5400", "1h30m"),
    ("duration", "1d", "86400", "1d"),
    ("bytes", "10GiB", "10737418240", "10GiB"),
    ("bytes", "1.5kB", "1500", "1.5kB"),
    ("bytes", "4096", "4096", "4096"),
    ("bytes", "1TB", "1000000000000", "1TB"),
    ("number", "-1.50", "-1.50", "-1.50"),
    ("number", "1e3", "1e3", "1e3"),
    ("name", "payment-gateway", "payment-gateway", "payment-gateway"),
]


@pytest.mark.parametrize("type_, value, promql, text", FORMS)
def test_a_value_is_a_number_for_prometheus_and_itself_for_people(type_, value, promql, text):
    params = {"p": (type_, value)}
    assert substitute("x > ${p}", params, "promql").text == f"x > {promql}"
    assert substitute("above ${p}", params, "text").text == f"above {text}"


@pytest.mark.parametrize("before", ["rate(x[", "x[1h:", "x offset ", "x offset -", "x offset\n  ", "max_over_time(x[ "])
def test_a_duration_stays_one_where_promql_wants_one(before):
    assert substitute(before + "${w}", {"w": ("duration", "5m")}, "promql").text == before + "5m"


@pytest.mark.parametrize("before", ["x > ", "time() - y > ", "(x - ", "x * ", "time() - x:offset > "])
def test_a_duration_is_seconds_elsewhere(before):
    assert substitute(before + "${w}", {"w": ("duration", "5m")}, "promql").text == before + "300"


@pytest.mark.parametrize(
    "type_, good, bad",
    [
        ("ratio", ["0", "1", "5%", "99.95%"], ["-5%", "5 %", "five", "", ".5", "1e-3", "%", "9" * 300]),
        ("duration", ["5m", "1h30m", "0s", "1y"], ["5", "5 m", "-5m", "m", "", "5min", "9" * 300 + "s"]),
        ("bytes", ["0", "1B", "1.5GiB"], ["1 GiB", "1gib", "-1", "", "GiB", "9" * 400]),
        ("number", ["0", "-1", "+1.5", "1e9", "2E-3"], ["1,5", "0x1", "", "--1", "Inf", "1e", "9" * 300]),
        ("name", ["a", "a-b.c", "A_b", "kube-system", "x:y/z"], ["", "a b", '"', "a\n", "{", "-", "a" * 300]),
    ],
)
def test_a_value_must_be_of_its_type(type_, good, bad):
    assert [value for value in good if not is_value(type_, value)] == []
    assert [value for value in bad if is_value(type_, value)] == []
    for value in bad:
        assert substitute("x > ${p}", {"p": (type_, value)}, "promql").text  # told elsewhere; never an exception


def test_two_dollars_stand_for_one_that_is_meant():
    assert substitute("$${a} and ${a}", {"a": ("number", "1")}, "text").text == "${a} and 1"
    assert substitute("costs $5 {{ $labels.x }} $", {}, "text").text == "costs $5 {{ $labels.x }} $"


@pytest.mark.parametrize(
    "text, name, start, end",
    [("x > ${b}", "b", 4, 8), ("${}", "", 0, 3), ("a ${b", "b", 2, 5), ("${a} ${ a }", " a ", 5, 11)],
)
def test_an_unknown_param_is_told_with_its_place(text, name, start, end):
    assert substitute(text, {"a": ("number", "1")}, "promql") == UnknownParam(name, start, end)


TYPES = {"n": ("number", "12345"), "r": ("ratio", "5%"), "d": ("duration", "10m"), "s": ("name", "x")}
PARTS = st.lists(
    st.one_of(st.sampled_from(["${n}", "${r}", "${d}", "${s}", "$${n}"]), st.text("ab >[]\n", max_size=5)), max_size=8
)


@given(PARTS, st.sampled_from(["promql", "text"]))
@settings(max_examples=300, deadline=None)
def test_every_place_of_the_result_leads_back_to_what_it_was_made_from(parts, form):
    source = "".join(parts)
    put = substitute(source, TYPES, form)
    inside = {index: start for begin, end, start, _ in put.spans for index in range(begin, end)}
    for offset, character in enumerate(put.text):
        origin = put.source_offset(offset)
        if offset in inside:
            assert origin == inside[offset]
            assert source[origin] == "$"
        else:
            assert source[origin] == character
    for start in range(len(put.text)):
        for end in range(start + 1, len(put.text) + 1):
            first, last = put.source_range(start, end)
            assert 0 <= first < last <= len(source)
            assert first == put.source_offset(start)
            assert last == next(
                (stop for begin, until, _, stop in put.spans if begin < end <= until), put.source_offset(end - 1) + 1
            )


def test_a_caret_into_an_expression_after_params_stands_where_the_policy_has_the_mistake(
    small, workspace, findings, marked
):
    text, place = marked(
        "kind: Service\nname: api\nteam: shop\nparams: {window: {type: duration, default: 5m}, limit: {type: ratio, default: 5%}}\n"
        "alerts:\n- name: ApiDown\n  severity: critical\n  expr: |\n    rate(errors_total[${window}])\n"
        "      / rate(requests_total[${window}]) > ${limit} and ⟦nosuch⟧(up)\n  summary: it is down ${window} ${limit}\n"
        "  runbook: {url: https://w.example/a}\n"
    )
    (found,) = findings(workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text}), "policies/api.yaml")
    assert (found.code, found.place, found.text) == ("WB301", place, "nosuch")
    assert sorted(found.notes) == ["with limit = 5%", "with window = 5m"]


def test_a_caret_at_a_param_covers_the_whole_of_it(small, workspace, findings, marked):
    text, place = marked(
        "kind: Service\nname: api\nteam: shop\nalerts:\n- name: ApiDown\n  severity: critical\n"
        "  expr: up{job=~⟦${job}⟧} == 0\n  params: {job: {type: name, default: api}}\n"
        "  summary: it is down\n  runbook: {url: https://w.example/a}\n"
    )
    found = findings(workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text}), "policies/api.yaml")
    assert [(one.code, one.place) for one in found] == [("WB301", place)]


PARAMS = {
    "a value of another type": ("WB223", "{p: {type: ratio, default: ⟦five⟧}}", "${p}"),
    "a value of another type in one place": ("WB223", "{p: {type: ratio, default: 5%, by: {production: ⟦five⟧}}}", "${p}"),
    "a place that is not there": ("WB221", "{p: {type: ratio, default: 5%, by: {⟦prodction⟧: 5%}}}", "${p}"),
    "a param that nothing uses": ("WB224", "{p: {type: ratio, default: 5%}, ⟦q⟧: {type: number, default: 1}}", "${p}"),
    "a param that is not declared": ("WB222", "{p: {type: ratio, default: 5%}}", "${p} + ⟦${q}⟧"),
}  # fmt: skip


def test_a_param_of_an_alert_that_is_wrong_elsewhere_is_not_called_unused(small, workspace, findings):
    text = (
        "kind: Service\nname: api\nteam: shop\nalerts:\n- name: ApiDown\n  severity: crtical\n  expr: up < ${p}\n"
        "  params: {p: {type: ratio, default: 5%}}\n  summary: it is down\n"
    )
    found = findings(workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text}), "policies/api.yaml")
    assert [(one.code, one.text) for one in found] == [("WB221", "crtical")]


@pytest.mark.parametrize("code, params, use", PARAMS.values(), ids=PARAMS)
def test_a_mistake_about_params_is_one_finding(code, params, use, small, workspace, findings, marked):
    text, place = marked(
        f"kind: Service\nname: api\nteam: shop\nalerts:\n- name: ApiDown\n  severity: critical\n  expr: up < {use}\n"
        f"  params: {params}\n  summary: it is down\n  runbook: {{url: https://w.example/a}}\n"
    )
    found = findings(workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text}), "policies/api.yaml")
    assert [(one.code, one.place) for one in found] == [(code, place)]
