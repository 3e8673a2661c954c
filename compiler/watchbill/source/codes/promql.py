"""3: PromQL and templates."""

from watchbill.source.codes import Code

SYNTAX = Code(
    "WB301",
    "promql-syntax",
    "error",
    finds="An expression that is not PromQL, that mixes types, or that is larger than 16 KiB.",
    why="Prometheus refuses the whole rule file for one bad expression: every alert beside it is gone too.",
    example="expr: sum by (provider ⟦rate⟧(payment_failures_total[5m])) > 5",
    instead="expr: sum by (provider, deployment) (rate(payment_failures_total[5m])) > 5",
)
LABEL_CANNOT_EXIST = Code(
    "WB302",
    "template-label-missing",
    "error",
    finds="A template that names a label which the expression's result can never carry.",
    why='The page reads "Payments through  are failing": the one word that matters is missing.',
    example='summary: "Payments of {{ ⟦$labels.customer⟧ }} fail"',
    instead='summary: "Payments through {{ $labels.provider }} fail"',
    silence="checks: {template-label-missing: warning} in the workspace.",
)
PAGE_PER_CANNOT_EXIST = Code(
    "WB303",
    "page-per-label-missing",
    "error",
    finds="A `page_per` label that the expression's result can never carry.",
    why="What should be one incident for each provider is one for all of them: the second failure pages nobody.",
    example="page_per: [⟦merchant⟧]",
    instead="page_per: [provider]",
)
TOO_NEW = Code(
    "WB304",
    "too-new-for-server",
    "error",
    finds="A PromQL function, a syntax or an Alertmanager feature newer than the oldest server under `versions:`.",
    why="That server refuses the file at reload and goes on with the old one: the new alert is not there.",
    example='expr: ⟦\'{"payment.failures", env="production"} > 5\'⟧',
    instead='expr: payment_failures{env="production"} > 5',
)
TEMPLATE = Code(
    "WB305",
    "bad-template",
    "error",
    finds="An annotation whose `{{ … }}` is not a template Prometheus can expand.",
    why="The page would carry an error message in place of what happened.",
    example='summary: "⟦{{⟧ $labels.provider fails"',
    instead='summary: "{{ $labels.provider }} fails"',
)
EXPERIMENTAL = Code(
    "WB307",
    "experimental-function",
    "error",
    finds="A PromQL function that a server has only with a feature flag.",
    why="A server started without the flag refuses the file.",
    example="expr: ⟦mad_over_time(payment_failures[1h]) > 5⟧",
    instead="expr: stddev_over_time(payment_failures[1h]) > 5",
    silence="checks: {experimental-function: warning} in the workspace, when every server has the flag.",
)
IDENTITY_LOST = Code(
    "WB308",
    "identity-lost",
    "error",
    finds="An expression whose result loses an identity label, in a source where the labels stand on the series.",
    why="All clusters become one alert: the second that fails pages nobody, and nobody knows which one it is.",
    example="""\
expr: sum ⟦by (provider, deployment)⟧ (rate(payment_failures_total[5m])) > 5
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: all, labels: {env: production}, labels_on: series, mimir: {url: "http://mimir:9009", tenant: shop}}
    alertmanager: {url: http://alertmanager:9093}""",
    instead="""\
expr: sum by (env, provider, deployment) (rate(payment_failures_total[5m])) > 5
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: all, labels: {env: production}, labels_on: series, mimir: {url: "http://mimir:9009", tenant: shop}}
    alertmanager: {url: http://alertmanager:9093}""",
    silence="It cannot be silenced: `only:` keeps the alert out of that source.",
)
MATCHER_CONFLICT = Code(
    "WB309",
    "matcher-in-the-way",
    "error",
    finds="A selector with a matcher of its own on a label that the compiler puts into every selector of a source.",
    why="The author means one environment and the source another: narrowing it further would watch nothing at all.",
    example="""\
expr: sum by (env, provider, deployment) (rate(payment_failures_total{⟦env="staging"⟧}[5m])) > 5
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: all, labels: {env: production}, labels_on: series, mimir: {url: "http://mimir:9009", tenant: shop}}
    alertmanager: {url: http://alertmanager:9093}""",
    instead="""\
expr: sum by (env, provider, deployment) (rate(payment_failures_total[5m])) > 5
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: all, labels: {env: production}, labels_on: series, mimir: {url: "http://mimir:9009", tenant: shop}}
    alertmanager: {url: http://alertmanager:9093}""",
    silence="It cannot be silenced: `only:` keeps the alert out of that source.",
)
RECORD_ELSEWHERE = Code(
    "WB391",
    "record-elsewhere",
    "error",
    finds="An expression that asks for a recording rule's result in a source where nothing records it, though another source does.",
    why="A server evaluates only its own rules: here the metric does not exist, and the alert is silent for ever.",
    example="""\
expr: ⟦fraud_score:rate5m⟧ > 5
page_per: []
summary: "much fraud"
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: "http://eu:9090"}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: "http://us:9090"}}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Foreign
name: scores
team: payments
rules: scores/*.yaml
only: [production/eu]
---
# policies/scores/rules.yaml
groups:
- name: scores
  rules:
  - {record: "fraud_score:rate5m", expr: "rate(fraud_score[5m])"}""",
    instead="""\
expr: fraud_score:rate5m > 5
page_per: []
summary: "much fraud"
only: [production/eu]
---
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: "http://eu:9090"}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: "http://us:9090"}}
    alertmanager: {url: "http://alertmanager:9093"}
---
kind: Foreign
name: scores
team: payments
rules: scores/*.yaml
only: [production/eu]
---
# policies/scores/rules.yaml
groups:
- name: scores
  rules:
  - {record: "fraud_score:rate5m", expr: "rate(fraud_score[5m])"}""",
    silence="checks: {record-elsewhere: warning} in the workspace, where a remote write brings the series over.",
)
RECORD_CIRCLE = Code(
    "WB392",
    "record-circle",
    "error",
    finds="Recording rules that ask for one another's results in a circle, or one that asks for its own. In rules of others it is a warning.",
    why="No order is right: each sees what another was a round ago, and after a restart the first values never come.",
    example="""\
kind: Service
name: fraud-detection
records:
- {name: "score:all", expr: ⟦"score:half * 2"⟧}
- {name: "score:half", expr: "score:all / 2"}""",
    instead="""\
kind: Service
name: fraud-detection
records:
- {name: "score:all", expr: "sum(fraud_score)"}
- {name: "score:half", expr: "score:all / 2"}""",
    silence="checks: {record-circle: warning} in the workspace.",
)
RECORD_LATER = Code(
    "WB393",
    "record-later",
    "warning",
    finds="A rule of a Foreign that asks for a record which stands below it in its group. Records of a Service are put in order.",
    why="Prometheus evaluates a group from top to bottom: the rule sees the value of the round before, always one interval late.",
    example="""\
kind: Foreign
name: scores
team: payments
rules: scores/*.yaml
---
# policies/scores/rules.yaml
groups:
- name: scores
  rules:
  - alert: FraudHigh
    expr: ⟦fraud_score:rate5m > 5⟧
    labels: {severity: warning}
    annotations: {summary: "much fraud", runbook_url: "https://runbooks.example/fraud"}
  - record: fraud_score:rate5m
    expr: rate(fraud_score[5m])""",
    instead="""\
kind: Foreign
name: scores
team: payments
rules: scores/*.yaml
---
# policies/scores/rules.yaml
groups:
- name: scores
  rules:
  - record: fraud_score:rate5m
    expr: rate(fraud_score[5m])
  - alert: FraudHigh
    expr: fraud_score:rate5m > 5
    labels: {severity: warning}
    annotations: {summary: "much fraud", runbook_url: "https://runbooks.example/fraud"}""",
    silence="checks: {record-later: off} in the workspace.",
)
ALL = (
    SYNTAX,
    LABEL_CANNOT_EXIST,
    PAGE_PER_CANNOT_EXIST,
    TOO_NEW,
    TEMPLATE,
    EXPERIMENTAL,
    IDENTITY_LOST,
    MATCHER_CONFLICT,
    RECORD_ELSEWHERE,
    RECORD_CIRCLE,
    RECORD_LATER,
)
