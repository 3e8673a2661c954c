"""The `query` effect: expressions asked of a place's Prometheus at one instant. No data is an answer; no answer is an error.

The API is https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries. An answer with warnings may be half
of one (a store of a Thanos or Mimir was away), and counts as none.
"""

import math
import sys
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from watchbill.executor.connections import Connections, Http, NoSecret, filled
from watchbill.executor.core.effects import Query
from watchbill.executor.core.events import Events, Instant, QueryAnswered, Result, Sample
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.outgoing import Answer, Call, NoAnswer, send
from watchbill.executor.plan.documents import Place
from watchbill.executor.redaction import redactor, words

_SECONDS = 15.0
_BOUND = 8 * 1024 * 1024
_MOST = 10_000  # samples of one answer


class _Series(msgspec.Struct):
    metric: dict[str, str] = {}
    value: tuple[float, str] | None = None
    histogram: tuple[float, Any] | None = None


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    result_type: str = ""
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Answer(msgspec.Struct, rename="camel"):
    status: str
    data: _Data = _Data()
    error: str = ""
    warnings: list[str] = []


def handle(work: Work, outside: Outside) -> Events | Again:
    body, plan = work.body, outside.plan()
    assert isinstance(body, Query)  # noqa: S101  (the table says so)
    place = plan.document.places.get(body.place) if plan is not None else None
    redact = redactor(outside.connections.secrets())
    now, results = outside.now(), dict[str, Result]()
    for name, expression in body.expressions.items():
        left = (body.not_after - outside.now()) / 1000
        if place is None or left <= 0:
            results[name] = Result(error="the plan has no such place" if place is None else "the time was over")
            continue
        result = ask(outside.connections, place, expression, now, min(_SECONDS, left))
        error = None if result.error is None else words(redact, result.error)
        results[name] = msgspec.structs.replace(result, error=error)
    return QueryAnswered(key=work.key, results=results)


def ask(connections: Connections, place: Place, expression: str, at: Instant, seconds: float) -> Result:
    """What an expression comes to at an instant. Never raises: what is wrong is the result's error."""
    try:
        return result_of(fetch(connections, place, expression, at, seconds))
    except NoAnswer as error:
        return Result(error=f"Prometheus gave no answer: {error}")
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        return Result(error="Prometheus's answer cannot be read")


def fetch(connections: Connections, place: Place, expression: str, at: Instant, seconds: float) -> Answer:
    """The raw answer. Raises NoAnswer."""
    if place.prometheus is None:
        raise NoAnswer("the plan names no Prometheus there", sent=False)
    known = connections.prometheus.get(urlsplit(place.prometheus).netloc, Http())
    tenant = {"X-Scope-OrgID": place.tenant} if place.tenant is not None else {}
    try:
        credentials = filled(known.headers)
        content = urlencode({"query": expression, "time": f"{at / 1000:.3f}"}).encode()
    except (NoSecret, UnicodeError) as error:
        raise NoAnswer(str(error), sent=False) from None
    return send(
        Call(
            method="POST",  # a long expression does not fit into a URL
            url=f"{place.prometheus.rstrip('/')}/api/v1/query",
            headers={"Content-Type": "application/x-www-form-urlencoded", **tenant, **credentials},
            content=content,
            ca=known.ca,
            repeat=True,
            seconds=seconds,
            bound=_BOUND,
        )
    )


def result_of(answer: Answer) -> Result:
    """Raises msgspec's errors and ValueError for what is no answer of Prometheus."""
    if not answer.whole:
        return Result(error="Prometheus's answer has no end")
    try:
        said = msgspec.json.decode(answer.body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        if answer.status == 200:
            raise
        return Result(error=f"Prometheus answers {answer.status}")
    if answer.status != 200 or said.status != "success":
        return Result(error=f"Prometheus answers {answer.status}: {said.error}")
    if said.warnings:
        return Result(error=f"Prometheus warns: {said.warnings[0]}")
    if said.data.result_type == "scalar":
        _, value = msgspec.json.decode(said.data.result, type=tuple[float, str])
        return Result(samples=(Sample({}, _number(value)),))
    if said.data.result_type != "vector":
        return Result(error=f"the expression is a {said.data.result_type or 'nothing'}, and not an instant vector")
    series = msgspec.json.decode(said.data.result, type=list[_Series])
    if len(series) > _MOST:
        return Result(error=f"the expression has {len(series)} samples, more than {_MOST}")
    return Result(samples=tuple(Sample(one.metric, _number(one.value[1] if one.value else "NaN")) for one in series))


def _number(text: str) -> float:
    """The log is JSON, which has neither infinities nor NaN: the nearest number that it has. What is no number is the least."""
    value = float(text)
    if math.isnan(value):
        return -sys.float_info.max
    return max(-sys.float_info.max, min(sys.float_info.max, value))
