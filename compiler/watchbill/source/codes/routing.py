"""4: routing, and what Alertmanager cannot do."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: the wrong people would be told, or nobody."

SHARED_ALERTMANAGER = Code(
    "WB401",
    "shared-alertmanager",
    "error",
    finds="Two environments that name the same Alertmanager.",
    why="An Alertmanager has one configuration: the second environment's would overwrite the first's, and its pages go nowhere.",
    example="""\
kind: Workspace
name: shop
environments:
  production: {labels: {env: production}, prometheus: {url: "http://a:9090"}, alertmanager: {url: "http://alertmanager:9093"}}
  staging: {labels: {env: staging}, prometheus: {url: "http://b:9090"}, alertmanager: ⟦{url: "http://alertmanager:9093"}⟧}""",
    instead="""\
kind: Workspace
name: shop
environments:
  production: {labels: {env: production}, prometheus: {url: "http://a:9090"}, alertmanager: {url: "http://alertmanager-a:9093"}}
  staging: {labels: {env: staging}, prometheus: {url: "http://b:9090"}, alertmanager: {url: "http://alertmanager-b:9093"}}""",
    silence=_FIX,
)
SECRET_NEEDS_FILE = Code(
    "WB402",
    "secret-needs-file",
    "error",
    finds="A secret that Alertmanager uses, given by `env:`.",
    why="Alertmanager expands no environment variables: it would send the name of the variable as the key.",
    example="""\
kind: Team
name: payments
tickets: {webhook: ⟦{env: PAY_TICKETS}⟧}""",
    instead="""\
kind: Team
name: payments
tickets: {webhook: {file: /run/secrets/payments-tickets}}""",
    silence=_FIX,
)
SAME_NAME = Code(
    "WB403",
    "name-meets-name",
    "error",
    finds="Two teams, severities or escalations whose names, joined by `-`, make one name of a receiver or of a key's file.",
    why="Alertmanager refuses two receivers of one name; one key for two teams pages the wrong one.",
    example="""\
kind: Workspace
name: shop
severities: {critical: {page: level-1}, high-critical: {page: level-1}, warning: {ticket: team}}
---
kind: Team
name: ⟦payments-high⟧
on_call: {primary: payments-primary}
tickets: {webhook: {file: /run/secrets/payments-tickets}}
---
kind: Service
name: payment-gateway
team: payments-high
---
kind: Service
name: fraud-detection
alerts:
- {name: FraudModelDown, severity: high-critical, expr: 'up{job="fraud"} == 0', summary: "it is down", runbook: payment-failures}""",
    instead="""\
kind: Workspace
name: shop
severities: {critical: {page: level-1}, high-critical: {page: level-1}, warning: {ticket: team}}
---
kind: Team
name: cards
on_call: {primary: payments-primary}
tickets: {webhook: {file: /run/secrets/payments-tickets}}
---
kind: Service
name: payment-gateway
team: cards
---
kind: Service
name: fraud-detection
alerts:
- {name: FraudModelDown, severity: high-critical, expr: 'up{job="fraud"} == 0', summary: "it is down", runbook: payment-failures}""",
    silence=_FIX,
)
LOOK_ALIKE = Code(
    "WB404",
    "environments-look-alike",
    "error",
    finds="Two environments, each with an Alertmanager, whose alerts carry the same identity labels.",
    why="PagerDuty and a ticket system would take them for one incident: staging recovers, and production's page is resolved.",
    example="""\
kind: Workspace
name: shop
environments:
  production: {labels: {site: shop}, prometheus: {url: "http://a:9090"}, alertmanager: {url: "http://alertmanager-a:9093"}}
  ⟦staging⟧: {labels: {site: shop}, prometheus: {url: "http://b:9090"}, alertmanager: {url: "http://alertmanager-b:9093"}}""",
    instead="""\
kind: Workspace
name: shop
environments:
  production: {labels: {env: production}, prometheus: {url: "http://a:9090"}, alertmanager: {url: "http://alertmanager-a:9093"}}
  staging: {labels: {env: staging}, prometheus: {url: "http://b:9090"}, alertmanager: {url: "http://alertmanager-b:9093"}}""",
    silence=_FIX,
)
ONE_CHANNEL = Code(
    "WB405",
    "slack-webhook-has-one-channel",
    "warning",
    finds="Several Slack channels in use, and Slack reached by an incoming webhook.",
    why="The webhook of a Slack app writes to the one channel it was made for, whatever channel it is asked to write to.",
    example="""\
kind: Workspace
name: shop
channels:
  slack: {webhook: ⟦{file: /run/secrets/slack}⟧}
---
kind: Team
name: payments
slack: {default: "#payments", critical: "#payments-pages"}
---
kind: Escalation
name: level-1
also: [{slack: "#incidents"}]""",
    instead="""\
kind: Workspace
name: shop
channels:
  slack: {bot_token: {file: /run/secrets/slack}}
---
kind: Team
name: payments
slack: {default: "#payments", critical: "#payments-pages"}
---
kind: Escalation
name: level-1
also: [{slack: "#incidents"}]""",
    silence="checks: {slack-webhook-has-one-channel: off} in the workspace, when it is a legacy webhook, which may choose.",
)
LATE_CHANNEL = Code(
    "WB406",
    "channel-in-later-step",
    "warning",
    finds="A Slack channel in a later step of an escalation that alerts page by.",
    why="Alertmanager tells a channel at once or not at all, and PagerDuty's steps reach people only: this channel hears nothing.",
    example="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}]
- notify: [{on_call: primary, of: sre}, ⟦{slack: "#incidents"}⟧]""",
    instead="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}]
- notify: [{on_call: primary, of: sre}]
also: [{slack: "#incidents"}]""",
    silence="checks: {channel-in-later-step: off} in the workspace.",
)
ALL = (SHARED_ALERTMANAGER, SECRET_NEEDS_FILE, SAME_NAME, LOOK_ALIKE, ONE_CHANNEL, LATE_CHANNEL)
