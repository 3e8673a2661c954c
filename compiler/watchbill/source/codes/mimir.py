"""44: the limits of a Mimir's ruler."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: the ruler refuses what is beyond its limits, and goes on with the old rules."

GROUP_TOO_LONG = Code(
    "WB441",
    "group-too-long",
    "error",
    finds="Rules that ask for one another's results and are more than a Mimir tenant takes in one group.",
    why="Groups are evaluated at times of their own: split, an alert would see the records of the round before, late by a whole interval.",
    example="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: mimir, mimir: {url: "http://mimir:9009", tenant: shop, max_rules_per_group: 2}}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Service
name: fraud-detection
records:
- {name: "fraud:score", expr: ⟦sum(fraud_score)⟧}
alerts:
- {name: FraudHigh, severity: warning, expr: "fraud:score > 2", summary: "much fraud", runbook: payment-failures}
- {name: FraudLow, severity: warning, expr: "fraud:score < 1", summary: "no fraud", runbook: payment-failures}""",
    instead="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: mimir, mimir: {url: "http://mimir:9009", tenant: shop, max_rules_per_group: 3}}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Service
name: fraud-detection
records:
- {name: "fraud:score", expr: sum(fraud_score)}
alerts:
- {name: FraudHigh, severity: warning, expr: "fraud:score > 2", summary: "much fraud", runbook: payment-failures}
- {name: FraudLow, severity: warning, expr: "fraud:score < 1", summary: "no fraud", runbook: payment-failures}""",
    silence=_FIX,
)
TOO_MANY_GROUPS = Code(
    "WB442",
    "too-many-groups",
    "error",
    finds="More rule groups than a Mimir tenant takes, even with the services of each team together.",
    why="The ruler refuses the groups beyond its limit: the last services deployed have no alerts.",
    example="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: mimir, mimir: ⟦{url: "http://mimir:9009", tenant: shop, max_groups: 1}⟧}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Service
name: fraud-detection
team: sre""",
    instead="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: mimir, mimir: {url: "http://mimir:9009", tenant: shop, max_groups: 2}}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Service
name: fraud-detection
team: sre""",
    silence=_FIX,
)
ALL = (GROUP_TOO_LONG, TOO_MANY_GROUPS)
