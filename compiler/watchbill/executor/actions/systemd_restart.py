"""Restart a systemd unit of this machine, or of another one by `systemctl --host`, which is ssh with the executor's key."""

from typing import Annotated

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.actions.command import started, told
from watchbill.executor.kubernetes import Connection
from watchbill.executor.process import Bounds

# systemd.unit(5): letters, digits and `:-_.\@`. Never an option, always with its type.
Unit = Annotated[
    str,
    msgspec.Meta(
        pattern=r"\A[A-Za-z0-9_:][A-Za-z0-9:_.\\@-]*\.(service|socket|timer|target|path|mount)\Z", max_length=255
    ),
]
_BOUNDS = Bounds(seconds=120)


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Connection
    unit: Unit


def _touches(parameters: Parameters) -> str:
    return f"the unit {parameters.unit} of {parameters.host}"


def _run(run: Run) -> Done:
    parameters: Parameters = run.parameters
    connection = run.connections.systemd.get(parameters.host)
    if connection is None:
        raise Unfit(f"this executor has no connection systemd.{parameters.host}")
    host = (f"--host={connection.host}",) if connection.host is not None else ()
    argv = (connection.systemctl, "--no-ask-password", *host, "restart", "--", parameters.unit)
    return told(run, started(run, argv, connection.environment, _BOUNDS))


ACTION = Action(
    parameters=Parameters,
    repeatable=False,
    undone="A restart cannot be taken back.",
    touches=_touches,
    run=_run,
)
