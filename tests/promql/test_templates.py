"""Go templates of annotations and labels."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchbill.promql import Fault, Template, scan_template, template_labels, template_needs, uses_value


def read(text: str) -> Template:
    template = scan_template(text)
    assert isinstance(template, Template), template
    return template


# The template, and the labels that it reads from the alert with the place of each reading.
READINGS = [
    ("plain text", []),
    ("{{ $labels.a }}", ["a: $labels.a"]),
    ("{{$labels.a}} {{- .Labels.b -}} {{ $.Labels.c }}", ["a: $labels.a", "b: .Labels.b", "c: $.Labels.c"]),
    ("{{ $labels }}{{ .Labels }}", []),
    ('{{ index $labels "a.b" }}', ['a.b: $labels "a.b"']),
    ("{{ index .Labels `a-b` }}", ["a-b: .Labels `a-b`"]),
    ('{{ "a" | index $labels }}', ['a: "a" | index $labels']),
    ("{{ $l := $labels }}{{ $l.a }}", ["a: $l.a"]),
    ("{{ $l := .Labels }}{{ $m := $l }}{{ $m.a }}", ["a: $m.a"]),
    ("{{ with $labels }}{{ .a }}{{ end }}{{ .b }}", ["a: .a"]),
    ("{{ with $l := $labels }}{{ $l.a }}{{ end }}", ["a: $l.a"]),
    ("{{ with $labels.a }}{{ . }}{{ else }}{{ .Labels.b }}{{ end }}", ["a: $labels.a", "b: .Labels.b"]),
    ("{{ with .Value }}{{ else with .Labels }}{{ .a }}{{ end }}", ["a: .a"]),
    ('{{ ($labels).a }}{{ (index $labels "b") }}', ["a: ($labels).a", 'b: $labels "b"']),
    ('{{ if eq $labels.a "x" }}{{ else if $labels.b }}{{ end }}', ["a: $labels.a", "b: $labels.b"]),
    ('{{ printf "%s-%s" $labels.a $labels.b | title }}', ["a: $labels.a", "b: $labels.b"]),
    ('{{ range query "up" }}{{ .Labels.a }}{{ $labels.b }}{{ end }}', ["b: $labels.b"]),
    ('{{ range $i, $s := query "up" }}{{ $s.Labels.a }}{{ end }}{{ .Labels.b }}', ["b: .Labels.b"]),
    ('{{ with query "up" }}{{ . | first | value }}{{ .Labels.a }}{{ end }}', []),
    ("{{ range $k, $v := $labels }}{{ $k }}={{ $v }}{{ end }}", []),
    ("{{ $externalLabels.a }}{{ .ExternalLabels.b }}", []),
    ('{{ define "x" }}{{ .Labels.a }}{{ end }}{{ template "x" . }}', []),
    ("{{/* $labels.a */}}{{- /* {{ */ -}}", []),
    ("{{ $labels.a.b }}", ["a: $labels.a.b"]),
    ("{{ $x := 1 }}{{ if true }}{{ $x = $labels }}{{ end }}{{ $x.a }}", ["a: $x.a"]),
    ('{{ "$labels.a {{ .Labels.b }}" }}', []),
    ("{ { $labels.a } }", []),
]


@pytest.mark.parametrize(("text", "readings"), READINGS)
def test_labels_that_a_template_reads(text: str, readings: list[str]) -> None:
    expected = [reading.replace("a: $labels.a.b", "a: $labels.a") for reading in readings]
    assert [f"{label}: {text[start:end]}" for label, start, end in template_labels(read(text))] == expected


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("{{ $value }}", True),
        ("{{ .Value | humanize }}", True),
        ("{{ $v := $value }}{{ $v }}", True),
        ("{{ if gt $value 5.0 }}{{ end }}", True),
        ("{{ with .Value }}{{ . }}{{ end }}", True),
        ("{{ $labels.value }}", False),
        ('{{ range query "up" }}{{ .Value }}{{ end }}', False),
        ("$value", False),
    ],
)
def test_whether_a_template_shows_the_value(text: str, uses: bool) -> None:
    assert uses_value(read(text)) is uses


def test_queries_and_functions_are_told_with_their_places() -> None:
    text = '{{ range query "up == 0" }}{{ end }}{{ `a` | query | first | value | humanize }}'
    template = read(text)
    assert [(use.name, text[use.start : use.end]) for use in template.queries] == [
        ("up == 0", '"up == 0"'),
        ("a", "`a`"),
    ]
    assert [use.name for use in template.functions] == ["query", "query", "first", "value", "humanize"]


def test_newer_functions_tell_their_version() -> None:
    found = template_needs(read("{{ toDuration 5 }}{{ now }}{{ urlQueryEscape .Labels.a }}{{ humanize 5 }}"))
    assert [(need.what, need.version) for need in found] == [
        ("toDuration", "3.6.0"),
        ("now", "3.6.0"),
        ("urlQueryEscape", "3.8.0"),
    ]


# The template with what the caret stands under between « and », and a piece of the message.
FAULTS = [
    ("a «{{» $labels.a", "never closed"),
    ("{{ «humanise» $value }}", "no template function `humanise`, did you mean `humanize`?"),
    ('{{ «tmpl» "x" }}', "no template function `tmpl`"),
    ("{{ «$lables».a }}", "`$lables` is not declared, did you mean `$labels`?"),
    ("«{{ if $value }}»x", "this `if` has no `end`"),
    ("«{{ if 1 }}»{{ range .Labels }}{{ end }}", "this `if` has no `end`"),
    ("a«{{ end }}»", "closes nothing"),
    ("«{{ else }}»", "belongs to nothing"),
    ("{{ if 1 }}{{ else }}«{{ else }}»{{ end }}", "a second `else`"),
    ("«{{ if }}»{{ end }}", "a value is missing for `if`"),
    ("«{{ }}»", "a value is missing here"),
    ("«{{ break }}»", "only inside `range`"),
    ('{{ if 1 }}«{{ define "x" }}»{{ end }}{{ end }}', "inside another block"),
    ("«{{ template x }}»", "needs a name in quotes"),
    ("{{ «(»$value }}", "never closed"),
    ("{{ $value «)» }}", "nothing opens this `)`"),
    ('{{ «"abc }}»', "never closed"),
    ('{{ "a«\\d»" }}', "not an escape"),
    ("{{ «'ab'» }}", "one character"),
    ("{{ «0x» }}", "not a number"),
    ("{{ $value | «5» }}", "only a function"),
    ("{{ «nil» }}", "no command"),
    ("{{ «5.a» }}", "not a number"),
    ("{{ true«.a» }}", "cannot follow"),
    ("{{ $value«%» 5 }}", "cannot follow"),
    ("{{ «%» }}", "cannot stand"),
    ("{{ if eq $value «=» 5 }}{{ end }}", "cannot stand here"),
    ("«{{/*» a", "never closed by `*/}}`"),
    ("{{/* a «*/» b }}", "`}}` has to follow"),
    ('{{ define "x" }}{{ «$labels».a }}{{ end }}', "is not declared"),
    ('{{ "«\ud800»" }}', "lone surrogate"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_the_caret_stands_under_the_mistake(text: str, message: str) -> None:
    start, end = text.index("«"), text.index("»") - 1
    plain = text.replace("«", "").replace("»", "")
    fault = scan_template(plain)
    assert isinstance(fault, Fault)
    assert message in fault.message
    assert (fault.start, fault.end) == (start, end), plain[fault.start : fault.end]


@pytest.mark.tools
def test_promtool_gives_the_same_verdicts(template_judge, promtool_version: str) -> None:
    newest = tuple(map(int, promtool_version.split(".")))
    good = [text for text, _ in READINGS]
    assert newest >= (3, 5, 0)
    bad = [text.replace("«", "").replace("»", "") for text, _ in FAULTS if "\ud800" not in text]
    # Prometheus meets this one only when it renders, and then shows an error instead of the text.
    bad = [text for text in bad if "nil" not in text]
    said = template_judge([*good, *bad])
    assert [text for text, word in zip(good, said, strict=False) if word is not None] == []
    assert [text for text, word in zip(bad, said[len(good) :], strict=True) if word is None] == []


PIECES = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "$labels",
    ".a",
    ".Labels",
    "$",
    ".",
    "|",
    "(",
    ")",
    ":=",
    "=",
    "if",
    "end",
    "else",
]
PIECES += [
    "range",
    "with",
    "define",
    "block",
    "template",
    '"s"',
    "'c'",
    "`r`",
    "5",
    "-1",
    "nil",
    "index",
    "query",
    "/*",
    "*/",
]
PIECES += ["\ud800", "\x00", "é", "\\", '"', "\n", ",", "%"]


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("{{" * 1000)
@example("{{ " + "(" * 100_000)
@example("{{ " + "(" * 30_000 + ")" * 30_000 + " }}")
@example("{{ if 1 }}" * 5_000)
@example("{{ $" + ".a" * 20_000 + " }}")
@example("{{/*" * 10_000)
def test_any_text_gives_an_answer(text: str) -> None:
    answer = scan_template(text)
    if isinstance(answer, Fault):
        assert 0 <= answer.start <= answer.end <= len(text)
    else:
        assert all(0 <= start <= end <= len(text) for _, start, end in template_labels(answer))
        uses_value(answer)
        template_needs(answer)
