"""The safety core: `reduce(state, event, now)`, a pure function that is the same in production, replay and drills.

No clock, no input or output, no randomness. Entries of the log are events and the decisions made of them; the state is the
fold of the events. See `events`, `effects`, `decisions` and `state` for what goes in and comes out.

Who runs it keeps to this: one writer at a time; the event, the decisions, the deadlines and the effects of a step are written
in one transaction. Work that is `once` begins only after `ActionStarted` was taken in and its step is `permitted`.
"""

from watchbill.executor.core.coding import decode, encode
from watchbill.executor.core.reduce import permitted, reduce
from watchbill.executor.core.state import State, Step

__all__ = ["State", "Step", "decode", "encode", "permitted", "reduce"]
