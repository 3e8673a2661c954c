"""Every function and aggregation of PromQL: what it takes, what it yields, and which Prometheus has it.

Facts from `promql/parser/functions.go` and the CHANGELOG of Prometheus up to 3.14. Versions before 2.30 are not told.
"""

import msgspec

from watchbill.promql.nodes import ValueType


class Function(msgspec.Struct, frozen=True):
    """A function of PromQL.

    `variadic` is how many arguments beyond `len(args) - 1` may stand: 0 means exactly `args`, n means the last one may
    be left out or stand up to n times, -1 any number of times. `since` is the first version that has it (None: 2.30 or
    earlier), `removed` the first that has not. `experimental` ones need a feature flag, until `stable` where given.
    """

    name: str
    args: tuple[ValueType, ...]
    returns: ValueType
    variadic: int = 0
    since: str | None = None
    removed: str | None = None
    experimental: bool = False
    stable: str | None = None
    instead: str | None = None


class Aggregation(msgspec.Struct, frozen=True):
    """An aggregation operator; `param` is the type of its first argument where it has two."""

    name: str
    param: ValueType | None = None
    since: str | None = None
    experimental: bool = False


_V: tuple[ValueType, ...] = ("vector",)
_M: tuple[ValueType, ...] = ("matrix",)

_OF_VECTOR = "abs absent ceil exp floor ln log10 log2 sgn sort sort_desc sqrt timestamp"
_TRIGONOMETRY = "acos acosh asin asinh atan atanh cos cosh deg rad sin sinh tan tanh"
_OF_RANGE = (
    "absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time "
    "max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time"
)
_OF_TIME = "days_in_month day_of_month day_of_week hour minute month year"

_TABLE = [
    *(Function(name, _V, "vector") for name in _OF_VECTOR.split()),
    *(Function(name, _V, "vector", since="2.31.0") for name in _TRIGONOMETRY.split()),
    *(Function(name, _M, "vector") for name in _OF_RANGE.split()),
    *(Function(name, _V, "vector", variadic=1) for name in _OF_TIME.split()),
    Function("clamp", ("vector", "scalar", "scalar"), "vector"),
    Function("clamp_max", ("vector", "scalar"), "vector"),
    Function("clamp_min", ("vector", "scalar"), "vector"),
    Function(
        "double_exponential_smoothing", ("matrix", "scalar", "scalar"), "vector", since="3.0.0", experimental=True
    ),
    # The CHANGELOG does not tell this one: it was merged (#10720) as 2.36 went out.
    Function("day_of_year", _V, "vector", variadic=1, since="2.37.0"),
    Function("end", (), "scalar", since="3.12.0", experimental=True),
    Function("first_over_time", _M, "vector", since="3.7.0", experimental=True, stable="3.14.0"),
    Function("histogram_avg", _V, "vector", since="2.51.0"),
    Function("histogram_count", _V, "vector", since="2.40.0"),
    Function("histogram_fraction", ("scalar", "scalar", "vector"), "vector", since="2.40.0"),
    Function("histogram_quantile", ("scalar", "vector"), "vector"),
    Function(
        "histogram_quantiles",
        ("vector", "string", "scalar", "scalar"),
        "vector",
        variadic=9,
        since="3.11.0",
        experimental=True,
    ),
    Function("histogram_stddev", _V, "vector", since="2.47.0"),
    Function("histogram_stdvar", _V, "vector", since="2.47.0"),
    Function("histogram_sum", _V, "vector", since="2.40.0"),
    Function(
        "holt_winters",
        ("matrix", "scalar", "scalar"),
        "vector",
        removed="3.0.0",
        instead="double_exponential_smoothing",
    ),
    Function("info", ("vector", "vector"), "vector", variadic=1, since="2.55.0", experimental=True),
    Function("label_join", ("vector", "string", "string", "string"), "vector", variadic=-1),
    Function("label_replace", ("vector", "string", "string", "string", "string"), "vector"),
    Function("mad_over_time", _M, "vector", since="2.49.0", experimental=True),
    Function("max_of", ("scalar", "scalar"), "scalar", since="3.13.0", experimental=True),
    Function("min_of", ("scalar", "scalar"), "scalar", since="3.13.0", experimental=True),
    Function("pi", (), "scalar", since="2.31.0"),
    Function("predict_linear", ("matrix", "scalar"), "vector"),
    Function("quantile_over_time", ("scalar", "matrix"), "vector"),
    Function("range", (), "scalar", since="3.12.0", experimental=True),
    Function("round", ("vector", "scalar"), "vector", variadic=1),
    Function("scalar", _V, "scalar"),
    Function("sort_by_label", ("vector", "string"), "vector", variadic=-1, since="2.49.0", experimental=True),
    Function("sort_by_label_desc", ("vector", "string"), "vector", variadic=-1, since="2.49.0", experimental=True),
    Function("start", (), "scalar", since="3.12.0", experimental=True),
    Function("start_timestamp", _V, "vector", since="3.14.0", experimental=True),
    Function("step", (), "scalar", since="3.12.0", experimental=True),
    Function("time", (), "scalar"),
    Function("ts_of_first_over_time", _M, "vector", since="3.7.0", experimental=True),
    Function("ts_of_last_over_time", _M, "vector", since="3.5.0", experimental=True),
    Function("ts_of_max_over_time", _M, "vector", since="3.5.0", experimental=True),
    Function("ts_of_min_over_time", _M, "vector", since="3.5.0", experimental=True),
    Function("vector", ("scalar",), "vector"),
]

FUNCTIONS: dict[str, Function] = {function.name: function for function in sorted(_TABLE, key=lambda f: f.name)}

AGGREGATIONS: dict[str, Aggregation] = {
    aggregation.name: aggregation
    for aggregation in (
        *(Aggregation(name) for name in ("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum")),
        *(Aggregation(name, "scalar") for name in ("bottomk", "quantile", "topk")),
        Aggregation("count_values", "string"),
        Aggregation("limit_ratio", "scalar", since="2.54.0", experimental=True),
        Aggregation("limitk", "scalar", since="2.54.0", experimental=True),
    )
}
