"""The remediation actions a policy may name and what each takes. The executor has one file for each."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.scalars import Name, OwnAction, Text, Url


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A literal, or `{input: name}`: the value of one of the remediation's inputs."""

    __shorthand__: ClassVar = "literal"
    __exactly_one__: ClassVar = ("literal", "input")
    literal: Annotated[Text | None, "A fixed value."] = None
    input: Annotated[Name | None, "One of the remediation's inputs."] = None


class RolloutRestart(msgspec.Struct, frozen=True, kw_only=True):
    """Restart a Deployment's pods, a few at a time. Repeating it is safe; it has no inverse."""

    cluster: Annotated[Value, "The cluster connection."]
    namespace: Annotated[Value, "Namespace."]
    deployment: Annotated[Value, "Deployment."]


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """Change a Deployment's replicas. The inverse restores the number recorded before."""

    __inverse__: ClassVar = True
    __exactly_one__: ClassVar = ("by", "to")
    cluster: Annotated[Value, "The cluster connection."]
    namespace: Annotated[Value, "Namespace."]
    deployment: Annotated[Value, "Deployment."]
    by: Annotated[int | None, "Add so many replicas."] = None
    to: Annotated[int | None, "Set so many replicas."] = None
    at_most: Annotated[int, "Never more than this."]


class RolloutUndo(msgspec.Struct, frozen=True, kw_only=True):
    """Roll a Deployment back to its previous revision. The inverse rolls forward again."""

    __inverse__: ClassVar = True
    cluster: Annotated[Value, "The cluster connection."]
    namespace: Annotated[Value, "Namespace."]
    deployment: Annotated[Value, "Deployment."]


class Cordon(msgspec.Struct, frozen=True, kw_only=True):
    """Keep new pods off a node. The inverse uncordons."""

    __inverse__: ClassVar = True
    cluster: Annotated[Value, "The cluster connection."]
    node: Annotated[Value, "Node."]


class Isolate(msgspec.Struct, frozen=True, kw_only=True):
    """Cut a workload off by a network policy. Destructive; the inverse removes the policy."""

    __inverse__: ClassVar = True
    cluster: Annotated[Value, "The cluster connection."]
    namespace: Annotated[Value, "Namespace."]
    app: Annotated[Value, "Value of the `app` label of the pods to isolate."]


class HttpCall(msgspec.Struct, frozen=True, kw_only=True):
    """Call an API: a circuit breaker, a feature flag, traffic redirection. `undo` is the call that takes it back."""

    method: Annotated[Literal["POST", "PUT", "PATCH", "DELETE"], "HTTP method."] = "POST"
    url: Annotated[Url, "The fixed URL; inputs go into the body only."]
    body: Annotated[dict[Name, Value], "JSON body."] = {}
    undo: Annotated[dict[Name, Value] | None, "JSON body of the call that takes it back."] = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Run a command as a list of words; no shell. It must be on the executor's allow-list."""

    argv: Annotated[tuple[Value, ...], "The words."]


class SystemdRestart(msgspec.Struct, frozen=True, kw_only=True):
    """Restart a systemd unit. It has no inverse."""

    host: Annotated[Value, "The host connection."]
    unit: Annotated[Value, "The unit."]


class RedisFlush(msgspec.Struct, frozen=True, kw_only=True):
    """Delete the keys of one pattern. It has no inverse."""

    server: Annotated[Value, "The Redis connection."]
    pattern: Annotated[Text, "A key pattern; `*` alone is refused."]


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """An action of your own, which a Python package offers the executor under the entry point group `watchbill.actions`.

    Its parameters are the package's to check, when it runs; so is whether it has an inverse, before it runs.
    """

    __inverse__: ClassVar = True
    name: Annotated[OwnAction, "The entry point's name."]
    parameters: Annotated[dict[Name, Value], "What the action takes."] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action and its parameters."""

    rollout_restart: Annotated[RolloutRestart | None, "Restart a Deployment."] = msgspec.field(
        name="kubernetes.rollout_restart", default=None
    )
    scale: Annotated[Scale | None, "Change a Deployment's replicas."] = msgspec.field(
        name="kubernetes.scale", default=None
    )
    rollout_undo: Annotated[RolloutUndo | None, "Roll a Deployment back."] = msgspec.field(
        name="kubernetes.rollout_undo", default=None
    )
    cordon: Annotated[Cordon | None, "Keep new pods off a node."] = msgspec.field(
        name="kubernetes.cordon", default=None
    )
    isolate: Annotated[Isolate | None, "Cut a workload off."] = msgspec.field(name="kubernetes.isolate", default=None)
    http: Annotated[HttpCall | None, "Call an API."] = None
    command: Annotated[Command | None, "Run a command."] = None
    systemd_restart: Annotated[SystemdRestart | None, "Restart a unit."] = msgspec.field(
        name="systemd.restart", default=None
    )
    redis_flush: Annotated[RedisFlush | None, "Flush keys."] = msgspec.field(name="redis.flush", default=None)
    own: Annotated[Own | None, "An action of your own."] = None

    __exactly_one__: ClassVar = (
        "kubernetes.rollout_restart",
        "kubernetes.scale",
        "kubernetes.rollout_undo",
        "kubernetes.cordon",
        "kubernetes.isolate",
        "http",
        "command",
        "systemd.restart",
        "redis.flush",
        "own",
    )
