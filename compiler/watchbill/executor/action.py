"""What an action is: one value in one file, with everything that must be known of it before it may touch anything.

A user's own is the same value under a name in the entry point group `watchbill.actions`:

    [project.entry-points."watchbill.actions"]
    "acme.drain" = "acme_drain:ACTION"

The core decides whether an action runs, at most once for each step; an action only says how. It raises `Unfit` and
`NotRun` as long as nothing was touched, and `NoAnswer` when it cannot be known whether it was.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from watchbill.executor.connections import Connections
from watchbill.executor.redaction import Redact, redactor, words

Outcome = Literal["succeeded", "failed", "unknown", "not-started"]


class Unfit(Exception):  # noqa: N818
    """It cannot be done as asked, and nothing was touched. The text is for people and holds no secret."""


class Done(msgspec.Struct, frozen=True):
    outcome: Outcome
    detail: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `parameters` are of the action's own type; `inputs` are the values of them that came from labels.

    `key` is the same for every try of the run; `recorded` is what `record` gave for it. `held` says whether the executor
    still has the work: ask before anything that takes long or cannot be taken back.
    """

    parameters: Any
    inputs: Mapping[str, str] = {}
    connections: Connections = Connections()
    key: str = ""
    recorded: str | None = None
    held: Callable[[], bool] = lambda: True
    redact: Redact = redactor(())

    def told(self, text: str, *, last: int | None = None) -> str:
        """A text for people, without secrets; or so many characters of its last words."""
        return words(self.redact, text) if last is None else words(self.redact, text, last, last=True)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`repeatable`: a second run after the first changes nothing more. `touches` names the one thing it changes.

    `undone` says in words how it is taken back. With `record` and `undo` it has an inverse: `record` reads what is there
    before, and `undo` is given that.
    """

    parameters: type[msgspec.Struct]
    repeatable: bool
    undone: str
    touches: Callable[[Any], str]
    run: Callable[[Run], Done]
    record: Callable[[Run], str] | None = None
    undo: Callable[[Run, str], Done] | None = None


def checked(action: Action, parameters: Mapping[str, Any], inputs: Mapping[str, str]) -> Any:
    """The parameters as the action's own type. Raises Unfit: what came from a label is one short line of plain text."""
    for name, value in inputs.items():
        if not value or len(value) > 253 or not value.isprintable():
            raise Unfit(f"the input {name} is empty, longer than 253 characters, or not plain text")
    try:
        return msgspec.convert(dict(parameters), action.parameters)
    except (msgspec.ValidationError, UnicodeError) as error:
        raise Unfit(f"its parameters do not fit: {error}") from None
