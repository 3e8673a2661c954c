"""Run a program of the executor's allow-list: a list of words, no shell, within bounds."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.connections import Command, NoSecret, Reference, filled
from watchbill.executor.process import Bounds, Ended
from watchbill.executor.process import run as run_program

Word = Annotated[str, msgspec.Meta(max_length=4096)]
_TAIL = 300  # characters of its last words that people are told


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    argv: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=64)]

    def __post_init__(self) -> None:
        if any("\0" in word for word in self.argv):
            raise ValueError("a word holds what no word can hold")


def _touches(parameters: Parameters) -> str:
    return f"whatever `{' '.join(parameters.argv)}` touches"


def _run(run: Run) -> Done:
    given, words = allowed(run, run.parameters.argv)
    bounds = Bounds(seconds=given.seconds, cpu_seconds=given.cpu_seconds, memory_mib=given.memory_mib)
    return told(run, started(run, words, given.environment, bounds))


def allowed(run: Run, argv: tuple[str, ...]) -> tuple[Command, tuple[str, ...]]:
    """What the allow-list says of a command, and its words with the whole path. Raises Unfit."""
    given = run.connections.command.get(argv[0])
    if given is None:
        raise Unfit(f"`{argv[0]}` is not on the executor's list of commands")
    if given.begins and not any(argv[1 : len(begin) + 1] == begin for begin in given.begins):
        raise Unfit(f"`{argv[0]}` may not begin like that")
    if any(value.startswith("-") for value in run.inputs.values()):
        raise Unfit("a value that begins with `-` would be an option")
    return given, (given.path, *argv[1:])


def started(run: Run, argv: tuple[str, ...], variables: Mapping[str, str | Reference], bounds: Bounds) -> Ended:
    """Raises Unfit, NotRun."""
    try:
        clean = filled(variables)
    except NoSecret as error:
        raise Unfit(str(error)) from None
    return run_program(argv, clean, bounds, run.held)


def told(run: Run, ended: Ended) -> Done:
    """What its end means. One that was stopped was in the middle of something."""
    said = run.told(ended.output.decode("utf-8", "replace"), last=_TAIL) or "nothing"
    if ended.stopped is not None:
        return Done("unknown", f"it was stopped: {ended.stopped}; it said: {said}")
    if ended.code == 0:
        return Done("succeeded", f"it said: {said}")
    how = f"it ended with {ended.code}" if ended.code > 0 else f"signal {-ended.code} ended it"
    return Done("failed", f"{how}; it said: {said}")


ACTION = Action(
    parameters=Parameters,
    repeatable=False,
    undone="Nobody knows how.",
    touches=_touches,
    run=_run,
)
