"""31 and 32: expressions that Prometheus accepts and that do not do what was meant. All follow from the text alone."""

from watchbill.source.codes import Code

_SILENCE = "checks: {%s: off} in the workspace; or, at the alert, # watchbill: ignore[%s] the reason until 2027-01-31."


def _off(name: str) -> str:
    return _SILENCE % (name, name)


NO_COMPARISON = Code(
    "WB310",
    "alert-without-comparison",
    "warning",
    finds="An alert whose expression compares nothing, or only with `bool`, which keeps every series.",
    why="It fires for as long as the metric exists: on a quiet night as on a bad one.",
    example="expr: ⟦payment_failures⟧",
    instead="expr: payment_failures > 5",
    silence=_off("alert-without-comparison"),
)
ALWAYS_FIRES = Code(
    "WB311",
    "always-fires",
    "error",
    finds="An alert with a side that always yields something, most often an `or vector(0)` that binds looser than the comparison.",
    why="It fires from the first minute on, somebody silences it, and the real failure is silent too.",
    example='expr: payment_failures > 5 or ⟦vector(0)⟧\nsummary: "Payments fail"',
    instead='expr: payment_failures > 5\nsummary: "Payments fail"',
    silence=_off("always-fires"),
)
NEVER_FIRES = Code(
    "WB312",
    "never-fires",
    "error",
    finds="An expression that cannot yield anything: a comparison that is never true, matchers that contradict each other, sides that never match.",
    why="It looks like an alert, it is counted as one, and it will never page.",
    example='expr: payment_failures{provider="a"} > 5 ⟦and⟧ payment_attempts{provider="b"} > 100',
    instead='expr: payment_failures{provider="a"} > 5 and ignoring (provider) payment_attempts{provider="b"} > 100',
    silence=_off("never-fires"),
)
IMPOSSIBLE_MATCH = Code(
    "WB313",
    "impossible-match",
    "warning",
    finds="An operator whose two sides share no labels to match by: scraped series on one side, an aggregation without `instance` and `job` on the other.",
    why="An operator without `on` wants all labels alike. Nothing matches, nothing comes out, nobody is paged.",
    example="expr: payment_failures > 5 ⟦and⟧ sum by (provider) (payment_attempts) > 100",
    instead="expr: payment_failures > 5 and on (provider) sum by (provider) (payment_attempts) > 100",
    silence=_off("impossible-match"),
)
LABEL_GONE = Code(
    "WB314",
    "label-gone",
    "warning",
    finds="A `by`, `on` or `group_left` that names a label which the series below cannot carry any more.",
    why="The clause does less than it says: what should be one alert for each region is one for all.",
    example="expr: sum by (provider, deployment, ⟦region⟧) (sum by (provider, deployment) (payment_failures)) > 5",
    instead="expr: sum by (provider, deployment, region) (payment_failures) > 5",
    silence=_off("label-gone"),
)
ABSENT_WITHOUT_FOR = Code(
    "WB315",
    "absent-without-for",
    "warning",
    finds="An alert on `absent(…)` that fires at once.",
    why="After a restart of Prometheus nothing has been scraped yet, and everything is absent: a page for nothing.",
    example='expr: ⟦absent⟧(payment_attempts{provider="a", deployment="b"})\nfor: 0s',
    instead='expr: absent(payment_attempts{provider="a", deployment="b"})\nfor: 5m',
    silence=_off("absent-without-for"),
)
FRAGILE_RANKING = Code(
    "WB316",
    "fragile-ranking",
    "warning",
    finds="An alert on the series that `topk` or `bottomk` chooses.",
    why="The choice changes from one evaluation to the next: alerts resolve and fire again, and `for` starts over each time.",
    example="expr: ⟦topk⟧(3, payment_failures) > 5",
    instead="expr: payment_failures > 5",
    silence=_off("fragile-ranking"),
)
FRAGILE_ARITHMETIC = Code(
    "WB317",
    "fragile-arithmetic",
    "warning",
    finds="An alert that combines two aggregations and fires at once.",
    why="Targets are scraped one by one: after a restart one side has all of them and the other half, and the ratio is nonsense.",
    example=(
        "expr: sum by (provider, deployment) (payment_failures) ⟦/⟧ sum by (provider, deployment) (payment_attempts) > 0.1\n"
        "for: 0s"
    ),
    instead=(
        "expr: sum by (provider, deployment) (payment_failures) / sum by (provider, deployment) (payment_attempts) > 0.1\n"
        "for: 2m"
    ),
    silence=_off("fragile-arithmetic"),
)
NAN = Code(
    "WB318",
    "nan-in-aggregation",
    "warning",
    finds="A division by what may be zero inside `sum`, `avg` or a deviation.",
    why="0 / 0 is NaN, one NaN makes the whole sum NaN, and no comparison with NaN is true: the alert goes blind.",
    example="expr: avg by (provider, deployment) (payment_failures ⟦/⟧ payment_attempts) > 0.1",
    instead="expr: avg by (provider, deployment) (payment_failures / (payment_attempts > 0)) > 0.1",
    silence=_off("nan-in-aggregation"),
)
REGEX_NOT_NEEDED = Code(
    "WB319",
    "regex-not-needed",
    "note",
    finds="A matcher with `=~` or `!~` and a pattern that stands for one value only.",
    why="`=` says so at a glance, and costs the server less.",
    example='expr: payment_failures{⟦provider=~"acquirer-a"⟧} > 5',
    instead='expr: payment_failures{provider="acquirer-a"} > 5',
    silence=_off("regex-not-needed"),
)
REGEX_ANCHORS = Code(
    "WB320",
    "regex-anchors",
    "note",
    finds="A pattern of a matcher with `^` or `$`. Prometheus anchors every pattern at both ends by itself.",
    why='Whoever reads `=~"^5.."` believes that a pattern without `^` would match in the middle. It would not.',
    example='expr: payment_failures{⟦provider=~"^acquirer-.+"⟧} > 5',
    instead='expr: payment_failures{provider=~"acquirer-.+"} > 5',
    silence=_off("regex-anchors"),
)
REGEX_TOO_WIDE = Code(
    "WB321",
    "regex-too-wide",
    "note",
    finds="A pattern of a matcher that begins with `.*` or `.+`: it takes every value that holds the words anywhere.",
    why="The job that somebody names `not-payments-test` next year is in the alert too.",
    example='expr: payment_failures{⟦provider=~".*acquirer.*"⟧} > 5',
    instead='expr: payment_failures{provider=~"acquirer-(a|b)"} > 5',
    silence=_off("regex-too-wide"),
)
REGEX_OF_EVERYTHING = Code(
    "WB322",
    "regex-of-everything",
    "warning",
    finds='A matcher that lets everything pass (`=~".*"`), or nothing (`!~".*"`).',
    why="It narrows nothing down, and looks as if it did.",
    example='expr: payment_failures{⟦provider=~".*"⟧} > 5',
    instead="expr: payment_failures > 5",
    silence=_off("regex-of-everything"),
)
RATE_OF_GAUGE = Code(
    "WB323",
    "rate-of-gauge",
    "warning",
    finds="`rate`, `irate` or `increase` of a metric with the name of a gauge (`…_ratio`, `…_celsius`, `…_free_bytes`).",
    why="Each fall of a gauge is taken for a restart and added up again: the result means nothing.",
    example="expr: rate(⟦payment_queue_size⟧[5m]) > 5",
    instead="expr: deriv(payment_queue_size[5m]) > 5",
    silence=_off("rate-of-gauge"),
)
RAW_COUNTER = Code(
    "WB324",
    "raw-counter",
    "warning",
    finds="A counter (`…_total`) that an alert compares as it stands, or that is given to `delta`, `deriv` and the like.",
    why="It only grows: once the limit is passed the alert never ends, and after a restart it is blind until then.",
    example="expr: ⟦payment_failures_total⟧ > 5",
    instead="expr: increase(payment_failures_total[10m]) > 5",
    silence=_off("raw-counter"),
)
RATE_OF_SUM = Code(
    "WB325",
    "rate-of-sum",
    "warning",
    finds="`rate` or `increase` of a sum, where the sum of the rates belongs.",
    why="When one target restarts, its counter falls to zero and the whole sum seems to start anew: a spike that never was.",
    example="expr: ⟦rate⟧(sum by (provider, deployment) (payment_failures_total)[5m:1m]) > 5",
    instead="expr: sum by (provider, deployment) (rate(payment_failures_total[5m])) > 5",
    silence=_off("rate-of-sum"),
)
RANGE_TOO_SHORT = Code(
    "WB326",
    "range-too-short",
    "warning",
    finds="A range of less than a minute under `rate`, `increase`, `deriv` and other functions that need two samples.",
    why="With a scrape every 30 seconds it holds one sample, or none: the expression yields nothing, and nobody is told.",
    example="expr: rate(payment_failures_total[⟦30s⟧]) > 5",
    instead="expr: rate(payment_failures_total[5m]) > 5",
    silence=_off("range-too-short"),
)
ALL = (
    NO_COMPARISON,
    ALWAYS_FIRES,
    NEVER_FIRES,
    IMPOSSIBLE_MATCH,
    LABEL_GONE,
    ABSENT_WITHOUT_FOR,
    FRAGILE_RANKING,
    FRAGILE_ARITHMETIC,
    NAN,
    REGEX_NOT_NEEDED,
    REGEX_ANCHORS,
    REGEX_TOO_WIDE,
    REGEX_OF_EVERYTHING,
    RATE_OF_GAUGE,
    RAW_COUNTER,
    RATE_OF_SUM,
    RANGE_TOO_SHORT,
)
