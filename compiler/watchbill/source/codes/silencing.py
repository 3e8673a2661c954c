"""34: the comments that silence a finding where it is accepted: each with a reason, and a day on which to look again."""

from watchbill.source.codes import Code

BAD_IGNORE = Code(
    "WB340",
    "ignore-malformed",
    "warning",
    finds="A comment `watchbill: ignore` that silences nothing: no code or an unknown one, no reason, no day, or a code that cannot be silenced.",
    why="Whoever wrote it believes that the finding has been accepted; whoever reads it cannot see why, or until when.",
    example="expr: payment_failures > 5  ⟦# watchbill: ignore[fragile-ranking]⟧",
    instead="expr: topk(3, payment_failures) > 5  # watchbill: ignore[fragile-ranking] only the worst matter until 2026-12-31",
    silence="checks: {ignore-malformed: off} in the workspace.",
)
UNUSED_IGNORE = Code(
    "WB341",
    "ignore-unused",
    "warning",
    finds="A comment `watchbill: ignore` for a finding that is not there (any more).",
    why="It would swallow the next one of its kind, which nobody has accepted.",
    example="expr: payment_failures > 5  ⟦# watchbill: ignore[fragile-ranking] only the worst matter until 2026-12-31⟧",
    instead="expr: payment_failures > 5",
    silence="checks: {ignore-unused: off} in the workspace.",
)
IGNORE_EXPIRED = Code(
    "WB342",
    "ignore-expired",
    "warning",
    finds="A comment `watchbill: ignore` whose day is over; `check` tells what it silenced again.",
    why="What was accepted for a while has stayed, and nobody has looked at it again.",
    example="expr: payment_failures > 5  ⟦# watchbill: ignore[fragile-ranking] only the worst matter until 2026-01-31⟧",
    instead="expr: payment_failures > 5",
    silence="checks: {ignore-expired: off} in the workspace.",
)
ALL = (BAD_IGNORE, UNUSED_IGNORE, IGNORE_EXPIRED)
