"""What monitoring is believed to be: a part that fails twice in a row is reported to the core, and so is its return."""

import logging

from watchbill.executor.core.events import MonitoringReported
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import Writer

_LOG = logging.getLogger("watchbill.monitoring")
_PATIENCE = 30.0  # seconds for the report to be committed


class Monitoring:
    """Call it with a part and what is wrong with it, or None, after each look. Raises what the writer raises."""

    def __init__(self, engine: Engine, writer: Writer, metrics: Metrics) -> None:
        self._engine = engine
        self._writer = writer
        self._metrics = metrics
        self._failures: dict[str, int] = {}

    def __call__(self, part: str, trouble: str | None) -> None:
        self._failures[part] = 0 if trouble is None else self._failures.get(part, 0) + 1
        self._metrics.healthy.labels(part).set(trouble is None)
        if self._failures[part] == 1:  # a restart: it is believed as it was, also by a process that has just begun
            return
        healthy = trouble is None
        if healthy != (part in self._engine.state.broken):
            return
        if not healthy:
            _LOG.error("monitoring is broken: %s", trouble, extra={"part": part})
        report = MonitoringReported(part=part, healthy=healthy, detail=trouble or "")
        taken = self._writer.submit(Unit(report)).result(_PATIENCE)
        if taken.failed is not None:
            raise taken.failed
