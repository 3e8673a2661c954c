"""The `collect` effect: diagnostics, before anything is changed. Bounded in time and size, without secrets, sealed.

Collectors run side by side, so that one that hangs keeps none of the others from being had. One that fails leaves an
artifact too: what was asked, and why there is no answer.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from watchbill.executor import evidence
from watchbill.executor.action import Run, Unfit
from watchbill.executor.actions.command import allowed, started
from watchbill.executor.asking import fetch
from watchbill.executor.connections import Connections, Http, NoSecret, filled
from watchbill.executor.core.effects import Collect
from watchbill.executor.core.events import Collected, Events
from watchbill.executor.entries import noted
from watchbill.executor.evidence import Artifact, Bundle
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.outgoing import Call, NoAnswer, send
from watchbill.executor.plan import milliseconds
from watchbill.executor.plan.documents import Collector, Place
from watchbill.executor.process import Bounds, NotRun
from watchbill.executor.redaction import Redact, redactor, words
from watchbill.executor.store.log import Keep

BOUND = 1024 * 1024  # bytes of one artifact
_AT_ONCE = 8

Kind = Literal["promql", "http", "command"]


class Got(msgspec.Struct, frozen=True):
    """What a collector had; `why` it is not whole, or None."""

    body: bytes
    why: str | None = None


class Job(msgspec.Struct, frozen=True):
    diagnostic: str
    kind: Kind
    source: str
    collect: Callable[[], Got]


def handle(work: Work, outside: Outside) -> Events | Again:
    body = work.body
    assert isinstance(body, Collect)  # noqa: S101  (the table says so)
    plan = outside.plan(body.plan)
    if plan is None:
        return Collected(key=work.key, complete=False, detail="its plan is not here any more")
    redact = redactor(outside.connections.secrets())
    place = plan.document.places.get(body.place or "")
    jobs = [
        job(
            outside,
            work,
            name,
            collector,
            place,
            body.place or "",
            milliseconds(plan.document.diagnostics[name].timeout),
        )
        for name in body.diagnostics
        for collector in plan.document.diagnostics[name].collect
    ]
    keep: Keep = "evidence" if body.preserve or body.custody else "incidents"
    now = outside.now()
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="collect") as pool:
        had = list(pool.map(lambda one: _had(one, redact), jobs))
    artifacts = tuple(
        Artifact(
            name=f"{number:02}-{one.diagnostic.replace('/', '.')}-{one.kind}.txt",
            sha256=outside.keep(got.body, keep),
            size=len(got.body),
            diagnostic=one.diagnostic,
            collector=one.kind,
            source=words(redact, one.source),
            collected_at=evidence.instant(now),
            complete=got.why is None,
            detail=got.why or "",
        )
        for number, (one, got) in enumerate(zip(jobs, had, strict=True), 1)
    )
    sealed = Bundle(
        incident=body.incident or "",
        plan=body.plan,
        sealed_at=evidence.instant(outside.now()),
        preserved=body.preserve,
        custody=body.custody,
        artifacts=artifacts,
    )
    text = evidence.manifest(sealed)
    note = {"incident": sealed.incident, "bundle": hashlib.sha256(text).hexdigest(), "artifacts": str(len(artifacts))}
    outside.keep(text, keep)
    outside.note(evidence.SEALED, note)
    outside.keep(noted(note), keep)  # the entry is kept as long as what it names
    failed = [one for one in artifacts if not one.complete]
    return Collected(
        key=work.key,
        artifacts=tuple(one.sha256 for one in artifacts),
        complete=not failed,
        detail="; ".join(f"{one.diagnostic}: {one.detail}" for one in failed)[:500],
    )


def _had(one: Job, redact: Redact) -> Got:
    """Without secrets, cut at the bound; cut last, so that no half of a secret is left."""
    try:
        got = one.collect()
    except (Unfit, NotRun, NoAnswer, NoSecret) as error:
        got = Got(b"", str(error))
    body, why = redact(got.body), got.why
    if len(body) > BOUND:
        body, why = body[:BOUND], why or f"cut at {BOUND} bytes"
    why = words(redact, why) if why is not None else None
    return Got(body or f"(nothing: {why or 'it said nothing'})\n".encode(), why)


def job(
    outside: Outside, work: Work, name: str, collector: Collector, place: Place | None, where: str, timeout: int
) -> Job:
    """`timeout` in milliseconds, `where` is the name of the place."""
    seconds, connections = timeout / 1000, outside.connections
    if collector.promql is not None:
        there = collector.by.get(where)
        expression = there.promql if there is not None and there.promql is not None else collector.promql
        return Job(name, "promql", expression, lambda: _promql(outside, place, expression, seconds))
    if collector.http is not None:
        url = collector.http.url
        return Job(name, "http", url, lambda: _http(connections, url, seconds))
    argv = collector.command
    return Job(name, "command", " ".join(argv), lambda: _command(connections, argv, seconds, work.held))


def _promql(outside: Outside, place: Place | None, expression: str, seconds: float) -> Got:
    if place is None:
        raise Unfit("the incident is in no place of the plan")
    answer = fetch(outside.connections, place, expression, outside.now(), seconds)
    why = None if answer.status == 200 else f"Prometheus answers {answer.status}"
    return Got(answer.body, why if answer.whole else "its answer has no end")


def _http(connections: Connections, url: str, seconds: float) -> Got:
    known = connections.http.get(urlsplit(url).netloc, Http())
    call = Call(
        method="GET", url=url, headers=filled(known.headers), ca=known.ca, repeat=True, seconds=seconds, bound=2 * BOUND
    )
    answer = send(call)
    why = None if answer.status == 200 else f"it answers {answer.status}"
    return Got(answer.body, why if answer.whole else "its answer has no end")


def _command(connections: Connections, argv: tuple[str, ...], seconds: float, held: Callable[[], bool]) -> Got:
    run = Run(parameters=None, connections=connections, held=held)
    given, words_ = allowed(run, argv)
    bounds = Bounds(
        seconds=min(seconds, given.seconds),
        cpu_seconds=given.cpu_seconds,
        memory_mib=given.memory_mib,
        output=2 * BOUND,
    )
    ended = started(run, words_, given.environment, bounds)
    why = None if ended.code == 0 else f"it ended with {ended.code}"
    return Got(ended.output, f"it was stopped: {ended.stopped}" if ended.stopped is not None else why)
