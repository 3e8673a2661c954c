"""OpenTelemetry traces, when OTEL_EXPORTER_OTLP_ENDPOINT is set; nothing is imported otherwise."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class NoTraces(Exception):  # noqa: N818
    """An endpoint is set, and what would send there is not installed."""


class Traces:
    """Spans, or nothing: whoever uses it need not know. Close it, so that the last spans are sent."""

    def __init__(self, version: str) -> None:
        self._provider: Any = None
        self._tracer: Any = None
        self._extract: Any = None
        if not os.environ.get(ENDPOINT):
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.propagate import extract  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError:
            raise NoTraces(f"{ENDPOINT} is set: pip install 'watchbill[traces]'") from None
        named = os.environ.get("OTEL_SERVICE_NAME", "watchbill")
        self._provider = TracerProvider(resource=Resource.create({"service.name": named, "service.version": version}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("watchbill.executor", version)
        self._extract = extract

    @contextlib.contextmanager
    def span(self, name: str, headers: Mapping[str, str] | None = None, **attributes: str | int) -> Iterator[None]:
        """`headers` may carry the trace that it continues."""
        if self._tracer is None:
            yield
            return
        context = self._extract(headers) if headers is not None else None
        told = {f"watchbill.{key}": value for key, value in attributes.items()}
        with self._tracer.start_as_current_span(name, context=context, attributes=told):
            yield

    def close(self) -> None:
        if self._provider is not None:
            self._provider.shutdown()
