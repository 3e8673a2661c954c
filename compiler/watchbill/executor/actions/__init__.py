"""Every action by the name that a plan uses: one file and one line each; then those that a user has installed."""

import importlib
from functools import lru_cache
from importlib.metadata import entry_points

from watchbill.executor.action import Action, Unfit

GROUP = "watchbill.actions"
ACTIONS = {
    "kubernetes.rollout_restart": "watchbill.executor.actions.kubernetes_rollout_restart",
    "kubernetes.scale": "watchbill.executor.actions.kubernetes_scale",
    "kubernetes.rollout_undo": "watchbill.executor.actions.kubernetes_rollout_undo",
    "kubernetes.cordon": "watchbill.executor.actions.kubernetes_cordon",
    "kubernetes.isolate": "watchbill.executor.actions.kubernetes_isolate",
    "http": "watchbill.executor.actions.http",
    "command": "watchbill.executor.actions.command",
    "systemd.restart": "watchbill.executor.actions.systemd_restart",
    "redis.flush": "watchbill.executor.actions.redis_flush",
}


def action(name: str) -> Action:
    """The action of a name. Raises Unfit when there is none, or when a user's own is broken. Ours come first."""
    module = ACTIONS.get(name)
    if module is not None:
        found: Action = importlib.import_module(module).ACTION
        return found
    return _own(name)


@lru_cache(maxsize=64)
def _own(name: str) -> Action:
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        raise Unfit(f"nothing here does `{name}`")
    if len({point.value for point in points}) > 1:
        raise Unfit(f"several packages offer `{name}`: {', '.join(sorted(point.value for point in points))}")
    try:
        loaded = points[0].load()
    except Exception as error:  # noqa: BLE001  (it may be anybody's)
        raise Unfit(f"`{name}` cannot be loaded: {type(error).__name__}: {error}") from None
    if not isinstance(loaded, Action):
        raise Unfit(f"`{name}` is no action: {points[0].value}")
    return loaded
