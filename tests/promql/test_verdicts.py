"""Which texts are expressions: the same as for Prometheus."""

import pytest

from watchbill.promql import Expr, Fault, parse, unmet

GOOD = """
up
sum
sum + by + without * offset
and and and
or or or
start + end - step
on_call
:recorded:metric
a:b{c="d"}
up{}
up{job="a",}
up{job!="a", job!~"b.*", x=~"[a-z]+|", y=""}
{__name__="up"}
{__name__=~"node_.+", job="x"}
{"up"}
{"a.b", "c.d"="e"}
{'single'}
{`raw`, x="y"}
up{job="it's", x='say "hi"', y=`C:\\d`}
up{x="\\n\\t\\\\\\"\\x41\\u00e9\\101\\U0001F600"}
up{x="é😀"}
up{x=~`\\d+\\.\\d+`}
{x!=""}
{x=~".+"}
{x!~".*"}
{x!~""}
up # a comment
up{ # in braces {
  job="a" # and } here
}
1
-1
+-+1
1e3
1E-3
.5
5.
0x1F
0X_1f
1_000_000
1_0.0_1e1_0
010
09
Inf
-inf
NaN
5m
1h30m
1d12h
1y2w3d4h5m6s7ms
0s
"a string"
'another'
`a raw one`
up > 5m
time() - 1h
-up
- - up
-up ^ 2
2 ^ -3 ^ 2
-1 ^ 2
a + b - c * d / e % f ^ g
a atan2 b
a == bool 1
1 == bool 2
1 > bool Inf
up == 1
1 != up
a <= b
a and b or c unless d
a and on () b
a and on (x, y,) b
a * on (x) group_left b
a * on (x) group_left () b
a * on (x) group_left (y, "z.z") b
a * ignoring (x) group_right (x) b
a == bool on (x) group_right b
a / ignoring (by, bool, on, sum, or) b
1 + on () 2
1 + on () group_left (x) 2
a or ignoring () b
A AND B OR C UNLESS D
SUM BY (x) (a)
Sum WITHOUT (x) (a)
a OFFSET 5m
a * ON (x) GROUP_LEFT b
a == BOOL b
sum(a)
sum (a) by (x)
sum by () (a)
sum by (x,) (a)
sum without () (a)
sum by ("a.b", c) (a)
sum by (a:b) (a)
sum by (by, and, bool, offset) (a)
avg(sum by (x) (a))
count(a) / min(a) / max(a) / group(a) / stddev(a) / stdvar(a)
topk(5, a)
topk by (x) (5m, a)
bottomk(scalar(b), a)
quantile(0.9, a)
count_values("v", a)
count_values without (x) ("v", a)
limitk(2, a)
limit_ratio(-0.5, a)
a[5m]
a[5m] offset 1h
a[ 5m ]
a[5m # why
]
a[300]
a[1e3]
a[5m:]
a[5m:1m]
a[ 5m : 1m ]
a[1h:5m] offset 1w
(a)[5m:]
(a + b)[5m:1m]
sum(a)[5m:]
rate(a[5m])
rate((a[5m]))
rate(a{x="y"}[1h30m] offset -5m)
rate(a[5m] @ 1700000000)
rate(a[5m] @ end() offset 5m)
rate(a[5m] offset 5m @ start())
a @ 5
a @ -5.5
a @ 5m
a @ start()
a @ END()
a offset 5m @ 5
a offset -1h30m
a offset +5m
a offset 300
a offset 0s offset 5m
a offset 5m + 5
a offset 5m ^ 2
a{b="c"} offset 5m > 3
max_over_time(rate(a[5m])[1h:1m] offset 1d)
max_over_time((a > 5)[1h:])
histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))
histogram_avg(rate(a[5m])) + histogram_count(a) + histogram_sum(a) + histogram_stddev(a) + histogram_stdvar(a)
histogram_fraction(0, 0.2, a)
absent(a{b="c"})
absent_over_time(a[5m])
label_replace(a, "x", "$1", "y", "(.*)")
label_join(a, "x", "-")
label_join(a, "x", "-", "y", "z")
round(a)
round(a, 5)
clamp(a, 0, 1)
vector(1)
vector(time())
scalar(a)
time()
pi()
hour()
hour(a)
day_of_year()
days_in_month(vector(1))
predict_linear(a[1h], 4 * 3600)
predict_linear(a[1h], 4h)
quantile_over_time(0.9, a[5m])
deg(a) + rad(a) + sgn(a)
sort_by_label(a)
sort_by_label(a, "x", "y")
sort_by_label_desc(a, "x")
info(a)
info(a, {x=~".*"})
info(a, {__name__="target_info"})
mad_over_time(a[5m])
double_exponential_smoothing(a[5m], 0.5, 0.5)
ts_of_max_over_time(a[5m])
last_over_time(a[5m]) and present_over_time(a[5m])
((((((a))))))
(1)
"""

BAD = """
(
)
()
(a
a)
a b
a -
+
* a
a * / b
a = b
a =~ b
a ! b
a && b
a | b
a, b
{
}
{}
a{
a{b}
a{b=}
a{b=c}
a{b==c}
a{b="c"
a{b="c" d="e"}
a{b="c",,}
a{,}
a{b="c" or d="e"}
a{"b"}
a{__name__="b"}
a{b:c="d"}
a{5="x"}
{x=""}
{x=~".*"}
{x!="y"}
{""}
a{x=~"("}
a{x=~"*"}
a{x=~"a**"}
a{x="\\d"}
a{x='\\"'}
a{x="\\400"}
a{x="\\ud800"}
a{x="unterminated}
a{x="broken
line"}
a{b="c"}{d="e"}
"unterminated
`unterminated
1__0
1_
0x
0b1
1e
1.2.3
5q
5m5h
1m30
5m5m
1.5h
300y
1e999
a[
a[]
a[5]5
a[5m
a[5m:
a[5m:1m:1m]
a[:1m]
a[0s]
a[0]
a[-5m]
a[5q]
a[5m][5m]
a[5m:][5m:]
a[b]
a["5m"]
a[# no
5m]
a{}[5m]{}
(a)[5m]
rate(a)[5m]
a offset 5m[5m]
a @ 5[5m]
a offset
a offset b
a offset 5m offset 5m
a @
a @ b
a @ Inf
a @ 1e30
a @ start
a @ 5 @ 6
(a) offset 5m
sum(a) offset 5m
1 offset 5m
(a) @ 5
a offset 5m5m
sum
  by (x)
sum by x (a)
sum by (x (a)
sum by (,) (a)
sum by (x)
sum by ("") (a)
sum by (without) (a)
sum by (5) (a)
sum by (x) (a) by (x)
sum()
sum(a, b)
sum(5)
sum("x")
sum(a[5m])
sum(a) by
topk(a)
topk(a, b)
topk("x", a)
topk(1, 2)
count_values(1, a)
count_values(v, a)
count_values("v")
summ by (x) (a)
a by (x)
rate(a)
rate(5)
rate()
rate(a[5m], 5)
rate(a[5m],)
rate(,a[5m])
abs(a[5m])
abs("x")
abs()
time(a)
vector(a)
vector("x")
scalar(1)
round(a, b)
round(a, 1, 2)
clamp(a, 1)
hour(a, b)
label_join(a, "x")
label_join(a, b, c)
label_replace(a, "x", "$1", "y")
quantile_over_time(a[5m], 0.9)
histogram_quantile(a, 0.9)
absent(1)
info(a, b)
info(a, {x="y"}, {z="w"})
info(a, b{x="y"})
info(a, 1)
foo(a)
Rate(a[5m])
rate (a)
a:b(c)
on
bool
ignoring
atan2
group_left
a + on b
a + bool b
a and bool b
a and 1
1 or 2
a unless 5
1 == 2
1 < 2
"x" + a
"x" == "x"
a + "x"
a[5m] + a[5m]
a[5m] > 1
-"x"
-a[5m]
a + on (x) 1
1 + ignoring (x) a
a and on (x) group_left b
a or ignoring (x) group_right (y) b
a * on (x) group_left (x) b
a * group_left b
a * group_left (x) b
a * on (x) group_left (b + c)
a * on (x) ignoring (x) b
a == bool bool b
a bool == b
a =
a ~ b
a $ b
a[$__rate_interval]
${a} > 1
a > {{ value }}
a;b
a ? b : c
a..b
é
a{é="x"}
\u00a0a
“a”
a > 1 for 5m
alert: x
1 5
"a" "b"
a[5m:1m
max_over_time(a[5m:]
(a + (b)
a + b))
{a="b"})
[5m]
a[[5m]]
,
@
@ 5
by (x)
not a
a not b
a in b
"""


def table(text: str) -> list[str]:
    """One expression a line; a line that begins with blanks or `}`, `]` or a closing quote continues the one before."""
    found: list[str] = []
    for line in text.strip("\n").split("\n"):
        continues = found and (line.startswith(("  ", "]")) or line in {"}", 'line"}', "5m]"})
        if continues:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


@pytest.mark.parametrize("text", table(GOOD))
def test_an_expression_that_prometheus_reads_is_read(text: str) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    assert text[expr.root.start : expr.root.end].strip()


@pytest.mark.parametrize("text", table(BAD))
def test_an_expression_that_prometheus_refuses_is_refused_with_a_place(text: str) -> None:
    fault = parse(text)
    assert isinstance(fault, Fault)
    assert 0 <= fault.start <= fault.end <= len(text)
    assert fault.message


@pytest.mark.tools
def test_promtool_gives_the_same_verdicts_on_the_tables(judge, promtool_version: str) -> None:
    good, bad = table(GOOD), table(BAD)
    said = judge([*good, *bad])
    assert [(text, word) for text, word in zip(good, said, strict=False) if word is not None] == []
    accepted = [text for text, word in zip(bad, said[len(good) :], strict=True) if word is None]
    assert accepted == []
    flags = frozenset(("promql-experimental-functions",))
    assert [text for text in good if unmet(parse(text), promtool_version, flags)] == []


@pytest.mark.tools
def test_promtool_gives_the_same_verdicts_on_other_peoples_alerts(judge, alerts) -> None:
    texts = [alert.expr for alert in alerts]
    assert len(texts) > 900
    assert [text for text, word in zip(texts, judge(texts), strict=True) if word is not None] == []
    assert [text for text in texts if isinstance(parse(text), Fault)] == []


NEWER = [
    ("a[5m * 2]", "3.14.0"),
    ("a[2 ^ 3 * 1m + 5]", "3.14.0"),
    ("a[step() + 1m:range() / 100]", "3.14.0"),
    ("a[max_of(step(), 5m)]", "3.14.0"),
    ("a offset -(5m + 1m)", "3.14.0"),
    ("a offset (5m) ^ 2", "3.14.0"),
    ("a offset -step()", "3.14.0"),
    ("first_over_time(a[5m])", "3.14.0"),
    ("a </ 5", "3.11.0"),
    ("a >/ b", "3.11.0"),
]

NEWER_WITH_FLAGS = [
    "step() + start() + end() + range()",
    "max_of(1, 2) + min_of(1, 2)",
    "ts_of_first_over_time(a[5m])",
    'histogram_quantiles(a, "q", 0.5, 0.9)',
    "start_timestamp(a)",
    "a + fill (0) b",
    "a + on (x) group_left fill_left (-1) fill_right (Inf) b",
    "rate(a[5m] anchored)",
    "a smoothed",
]


@pytest.mark.parametrize(("text", "version"), NEWER)
def test_syntax_of_a_newer_prometheus_is_read_and_its_version_told(text: str, version: str) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    assert unmet(expr, "3.3.0")
    assert not unmet(expr, version)


@pytest.mark.parametrize("text", NEWER_WITH_FLAGS)
def test_experimental_syntax_is_read_and_its_flag_told(text: str) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    (*_, need) = unmet(expr, "3.14.0")
    assert need.flag
    assert not unmet(expr, "3.14.0", frozenset(one.flag for one in unmet(expr, "3.14.0")))


@pytest.mark.tools
def test_promtool_refuses_what_is_newer_than_itself(judge, promtool_version: str) -> None:
    if tuple(map(int, promtool_version.split("."))) >= (3, 6, 0):
        pytest.skip(f"promtool {promtool_version} knows some of it")
    texts = [text for text, _ in NEWER] + NEWER_WITH_FLAGS
    assert [text for text, word in zip(texts, judge(texts), strict=True) if word is None] == []


def test_a_function_that_prometheus_3_lost_is_read_and_told() -> None:
    expr = parse("holt_winters(a[5m], 0.5, 0.5)")
    assert isinstance(expr, Expr)
    assert not unmet(expr, "2.53.0")
    (need,) = unmet(expr, "3.0.0")
    assert need.removed
    assert need.instead == "double_exponential_smoothing"
