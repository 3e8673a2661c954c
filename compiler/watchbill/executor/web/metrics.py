"""What Prometheus scrapes: names and units by its own conventions."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from watchbill.executor.core.decisions import Refused
from watchbill.executor.engine import Commit

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW = (0.1, 0.5, 1, 5, 15, 30, 60, 300)

Waiting = Callable[[], dict[tuple[str, str], int]]


class Metrics:
    """One registry for one executor. `waiting` is asked at each scrape: by table and state, how many rows."""

    def __init__(self, version: str, waiting: Waiting) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.build = Gauge("watchbill_build_info", "The version that runs.", ["version"], registry=registry)
        self.build.labels(version).set(1)
        self.plan = Gauge("watchbill_plan_info", "The plan in force.", ["digest"], registry=registry)
        self.deliveries = Counter(
            "watchbill_deliveries_total", "Webhooks answered, by status.", ["code"], registry=registry
        )
        self.delivery = Histogram(
            "watchbill_delivery_duration_seconds", "From a webhook to its answer.", buckets=_QUICK, registry=registry
        )
        self.commit = Histogram(
            "watchbill_commit_duration_seconds", "Of one transaction.", buckets=_QUICK, registry=registry
        )
        self.events = Counter("watchbill_events_total", "Events taken in.", registry=registry)
        self.faults = Counter(
            "watchbill_faults_total", "Events that nothing could be made of; each is in the log.", registry=registry
        )
        self.decisions = Counter("watchbill_decisions_total", "Decisions, by type.", ["type"], registry=registry)
        self.refusals = Counter("watchbill_refusals_total", "What a gate refused.", ["reason"], registry=registry)
        self.late = Histogram(
            "watchbill_deadline_lateness_seconds", "By how much deadlines were late.", buckets=_SLOW, registry=registry
        )
        self.effects = Counter(
            "watchbill_effects_total", "Effects, by kind and outcome.", ["kind", "outcome"], registry=registry
        )
        self.effect = Histogram(
            "watchbill_effect_duration_seconds", "Of doing an effect.", ["kind"], buckets=_SLOW, registry=registry
        )
        self.messages = Counter(
            "watchbill_messages_total",
            "Messages sent, by channel and outcome.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.wait = Histogram(
            "watchbill_effect_wait_seconds", "From wanting an effect to claiming it.", buckets=_QUICK, registry=registry
        )
        self.open = Gauge("watchbill_incidents_open", "Incidents that are open.", registry=registry)
        self.head = Gauge("watchbill_log_entries", "Entries of the log.", registry=registry)
        self.erased = Counter("watchbill_erased_bodies_total", "Bodies erased by retention.", registry=registry)
        self.healthy = Gauge(
            "watchbill_monitoring_up", "Whether what is monitored by can be asked.", ["part"], registry=registry
        )
        self._plan: str | None = None
        registry.register(_AtScrape(waiting))

    def committed(self, commit: Commit, seconds: float) -> None:
        """After each commit; also the place of every count of decisions."""
        self.commit.observe(seconds)
        self.open.set(commit.state.open)
        self.head.set(commit.head.seq)
        if commit.state.plan != self._plan:
            self._plan = commit.state.plan
            self.plan.clear()
            self.plan.labels(self._plan or "").set(1)
        for late in commit.late:
            self.late.observe(max(0.0, late))
        for taken in (*commit.taken, *commit.served):
            if taken.failed is not None:
                self.faults.inc()
            if taken.step is None:
                continue
            self.events.inc()
            for decision in taken.step.decisions:
                self.decisions.labels(str(type(decision).__struct_config__.tag)).inc()
                if isinstance(decision, Refused):
                    self.refusals.labels(decision.reason).inc()

    def done(self, kind: str, outcome: str, seconds: float) -> None:
        self.effects.labels(kind, outcome).inc()
        self.effect.labels(kind).observe(seconds)

    def sent(self, channel: str, outcome: str) -> None:
        self.messages.labels(channel, outcome).inc()

    def claimed(self, seconds: float) -> None:
        self.wait.observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _AtScrape:
    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        rows = GaugeMetricFamily("watchbill_rows_waiting", "Rows that wait.", labels=["table", "state"])
        for (table, state), number in self._waiting().items():
            rows.add_metric([table, state], number)
        yield rows
