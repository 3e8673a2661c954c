"""48: tests of who is told."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: a test that asks nothing would be taken for one that passes. Mend it, or remove it."

NO_SUCH_ALERT = Code(
    "WB480",
    "test-of-no-alert",
    "error",
    finds="A test of who is told, about an alert that no policy has there, that cannot carry these labels, or of which there are several.",
    why="It would go on passing, or failing, for an alert that never fires.",
    example="""\
kind: Test
name: paging
cases:
- {alert: {alertname: ⟦PaymentFails⟧}, in: production, outcome: page}""",
    instead="""\
kind: Test
name: paging
cases:
- {alert: {alertname: PaymentsFail}, in: production, outcome: page}""",
    silence=_FIX,
)
UNREASONED = Code(
    "WB481",
    "nobody-without-reason",
    "error",
    finds="A test that expects nobody to be told without saying why, or a reason for nobody where somebody is expected.",
    why="Whoever finds an alert that reaches nobody should read why that is right, not guess whether somebody forgot it.",
    example="""\
kind: Test
name: paging
cases:
- {alert: {alertname: PaymentsFail, provider: a}, in: production, firing: [{alertname: PaymentsFail}], reaches: ⟦nobody⟧}""",
    instead="""\
kind: Test
name: paging
cases:
- {alert: {alertname: PaymentsFail, provider: a}, in: production, firing: [{alertname: PaymentsFail}], reaches: nobody, reason: told once}""",
    silence=_FIX,
)
INCOMPLETE = Code(
    "WB482",
    "test-incomplete",
    "error",
    finds="A test that expects nothing, or that asks for people or remedies and does not say when.",
    why="Who is on call, and what the machine may do, is another at every hour: without one the test would mean nothing.",
    example="""\
kind: Test
name: paging
cases:
- {alert: {alertname: PaymentsFail}, in: production, reaches: ⟦ana⟧, within: 5m}""",
    instead="""\
kind: Test
name: paging
cases:
- {alert: {alertname: PaymentsFail}, in: production, at: 2026-01-05T12:00Z, reaches: ana, within: 5m}""",
    silence=_FIX,
)
CASE_FAILED = Code(
    "WB483",
    "routing-test-failed",
    "error",
    finds="A test of who is told that does not come out as written. Found by `watchbill test` and `watchbill check --proof`.",
    why="Somebody else is paged than its author believes, or nobody.",
    example='{alert: {alertname: PaymentsFail}, in: production, at: "2026-12-25T03:00 Europe/Lisbon", reaches: [ana]}  (bo is on call)',
    instead="Mend the policy, or the expectation; `watchbill route` tells the whole way of the alert at that time.",
    silence="It cannot be silenced; a test that is wrong is removed.",
)
TOO_FEW = Code(
    "WB484",
    "too-few-tests",
    "error",
    finds="Fewer alerts with a test than `watchbill test --fail-under` asks for.",
    why="Whoever asks for a share of tested alerts wants to hear when a new alert comes without its test.",
    example="watchbill test --fail-under 90  (8 of 10 alerts have a test)",
    instead="Write a rule test under the alert's `tests:`, or a case of a Test; or ask for less.",
    silence="It cannot be silenced: leave `--fail-under` out, or ask for less.",
)
ALL = (NO_SUCH_ALERT, UNREASONED, INCOMPLETE, CASE_FAILED, TOO_FEW)
