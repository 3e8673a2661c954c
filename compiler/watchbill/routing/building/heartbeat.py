"""The heartbeat's way: the first route, and a receiver outside Prometheus and Alertmanager, which misses it."""

from typing import Any

from watchbill.promql import format_duration
from watchbill.spec.kinds.workspace import Heartbeat
from watchbill.spec.scalars import seconds
from watchbill.spec.settings import HEARTBEAT_SERVICE

NAME = "Heartbeat"
RECEIVER = "heartbeat"  # every receiver of a team has a `-` in its name
PLACE = "place"


def matchers() -> list[tuple[str, str, str]]:
    return [("alertname", "=", NAME), ("service", "=", HEARTBEAT_SERVICE)]


def times(heartbeat: Heartbeat) -> dict[str, Any]:
    """Sent at every flush of the group, each `every`.

    A repeat_interval of the same length would let every second flush pass: at the flush not quite so much time has gone
    since the last message left (notify.DedupStage.needsUpdate).
    """
    half = format_duration(max(1, round(seconds(heartbeat.every) * 1000) // 2))
    return {"group_wait": "0s", "group_interval": heartbeat.every, "repeat_interval": half}


def receiver(heartbeat: Heartbeat) -> dict[str, Any]:
    """Nothing is sent when it stops: a message that it stopped would be one more beat."""
    hook = {"url_file": heartbeat.to.url.file or "", "send_resolved": False, "max_alerts": 0}
    return {"name": RECEIVER, "webhook_configs": [hook]}
