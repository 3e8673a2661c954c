"""43: one service's alerts silence another's."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: an alert that should be heard would not be."

LOUDER = Code(
    "WB431",
    "inhibits-what-is-louder",
    "error",
    finds="`inhibits` on a dependency where an alert of the dependency is quieter, at some hour or in some window, than an alert it would silence.",
    why="The dependency opens a ticket at night, and the page about customers is not sent because of it.",
    example="""\
kind: Window
name: fraud-release
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: fraud-detection}
effect: ticket
reason: a new model goes live
---
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: ⟦[high]⟧}]
alerts:
- {name: PaymentsFail, severity: high, expr: payment_failures > 5, summary: "payments fail", runbook: payment-failures}
- {name: PaymentsSlow, severity: warning, expr: payment_seconds > 5, summary: "payments are slow", runbook: payment-failures}""",
    instead="""\
kind: Window
name: fraud-release
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: fraud-detection}
effect: ticket
reason: a new model goes live
---
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: [warning]}]
alerts:
- {name: PaymentsFail, severity: high, expr: payment_failures > 5, summary: "payments fail", runbook: payment-failures}
- {name: PaymentsSlow, severity: warning, expr: payment_seconds > 5, summary: "payments are slow", runbook: payment-failures}""",
    silence=_FIX,
)
CIRCLE = Code(
    "WB432",
    "inhibits-in-a-circle",
    "error",
    finds="Services whose alerts silence each other's, directly or through others.",
    why="When all of them fail, each stays quiet because of the next, and what is told is a matter of luck.",
    example="""\
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: [warning]}]
---
kind: Service
name: fraud-detection
depends_on: [{service: payment-gateway, inhibits: ⟦[warning]⟧}]""",
    instead="""\
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: [warning]}]
---
kind: Service
name: fraud-detection
depends_on: [payment-gateway]""",
    silence=_FIX,
)
HIGHER_TIER = Code(
    "WB433",
    "inhibits-higher-tier",
    "error",
    finds="`inhibits` on a dependency of a lower tier: a number larger than the service's own.",
    why="A service that matters less would silence one that matters more.",
    example="""\
kind: Service
name: fraud-detection
tier: 3
---
kind: Service
name: payment-gateway
tier: 1
depends_on: [{service: fraud-detection, inhibits: ⟦[warning]⟧}]""",
    instead="""\
kind: Service
name: fraud-detection
tier: 1
---
kind: Service
name: payment-gateway
tier: 1
depends_on: [{service: fraud-detection, inhibits: [warning]}]""",
    silence=_FIX,
)
NOTHING = Code(
    "WB434",
    "inhibits-nothing",
    "error",
    finds="`inhibits` that never happens: the dependency has no paging alert worse than those listed, or the service has none of the listed severities.",
    why="Somebody counts on fewer messages in an outage, and gets all of them.",
    example="""\
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: ⟦[critical]⟧}]""",
    instead="""\
kind: Service
name: payment-gateway
depends_on: [{service: fraud-detection, inhibits: [warning]}]""",
    silence="checks: {inhibits-nothing: warning} in the workspace.",
)
ALL = (LOUDER, CIRCLE, HIGHER_TIER, NOTHING)
