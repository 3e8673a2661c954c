"""6: runbooks."""

from watchbill.source.codes import Code

NO_RUNBOOK = Code(
    "WB601",
    "missing-runbook",
    "error",
    finds="An alert that reaches somebody and has no runbook.",
    why="Whoever is woken has to work out at three in the morning what somebody knew when the alert was written.",
    example="""\
name: ⟦PaymentsFail⟧
runbook: null""",
    instead="""\
name: PaymentsFail
runbook: payment-failures""",
    silence="checks: {missing-runbook: warning} in the workspace.",
)
NO_SITE = Code(
    "WB602",
    "runbook-site-missing",
    "error",
    finds="Alerts that name a Runbook in a workspace that does not say where runbooks are published.",
    why="The page that wakes somebody carries no link: the runbook is written and nobody can open it.",
    example="""\
# policies/watchbill.yaml
⟦a⟧piVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: "http://prometheus:9090"}, alertmanager: {url: "http://alertmanager:9093"}}}
severities: {critical: {page: level-1}, warning: {ticket: team}}
catch_all: {team: sre, outcome: ticket}""",
    instead="""\
# policies/watchbill.yaml
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: "http://prometheus:9090"}, alertmanager: {url: "http://alertmanager:9093"}}}
severities: {critical: {page: level-1}, warning: {ticket: team}}
catch_all: {team: sre, outcome: ticket}
runbooks: {base_url: "https://runbooks.example"}""",
    silence="checks: {runbook-site-missing: warning} in the workspace.",
)
EMPTY_RUNBOOK = Code(
    "WB603",
    "empty-runbook",
    "error",
    finds="A Runbook that has nothing to do first: no immediate step, or only blank ones.",
    why="A link that leads to an empty page costs a minute, and the trust in every other link.",
    example="""\
kind: Runbook
name: payment-failures
immediate: ⟦[" "]⟧""",
    instead="""\
kind: Runbook
name: payment-failures
immediate: ["Open the dashboard: is it one provider or all of them?"]""",
    silence="checks: {empty-runbook: warning} in the workspace.",
)
BAD_QUERY = Code(
    "WB604",
    "runbook-promql",
    "error",
    finds="A query in a Runbook or a Diagnostic that is not PromQL.",
    why="It is pasted into Prometheus for the first time on the night it is needed.",
    example="""\
kind: Runbook
name: payment-failures
investigate: [{promql: "topk⟦(⟧5, rate(payment_failures_total[5m])"}]""",
    instead="""\
kind: Runbook
name: payment-failures
investigate: [{promql: "topk(5, rate(payment_failures_total[5m]))"}]""",
)
UNUSED = Code(
    "WB605",
    "unused-runbook",
    "warning",
    finds="A Runbook that no alert leads to.",
    why="Nobody will find it, and nobody will notice when it is wrong.",
    example="""\
kind: Runbook
name: ⟦card-failures⟧
immediate: ["Ask the bank"]""",
    instead="""\
runbook: card-failures
---
kind: Runbook
name: card-failures
immediate: ["Ask the bank"]""",
    silence="checks: {unused-runbook: off} in the workspace.",
)
BAD_TEMPLATE = Code(
    "WB606",
    "bad-page-template",
    "error",
    finds="A template of the workspace's own, under `templates/`, that is not Jinja or asks for a value that does not exist.",
    why="No runbook could be written with it, and the old ones would stay as they were.",
    example="""\
# templates/runbooks/index.md.j2
⟦⟧# Runbooks of {{ workspaec }}""",
    instead="""\
# templates/runbooks/index.md.j2
# Runbooks of {{ workspace }}""",
    silence="It cannot be silenced. Delete the template and the packaged one is used.",
)
UNUSED_TEMPLATE = Code(
    "WB607",
    "unused-page-template",
    "warning",
    finds="A file in the workspace's `templates/runbooks/` that no page uses.",
    why="Somebody changed the pages, and the pages did not change.",
    example="""\
# templates/runbooks/runbok.md.j2
⟦⟧# {{ title }}""",
    instead="""\
# templates/runbooks/runbook.md.j2
# {{ title }}""",
    silence="checks: {unused-page-template: off} in the workspace.",
)
DEAD_LINK = Code(
    "WB608",
    "dead-runbook-link",
    "warning",
    finds="A link to a runbook or a service below the `base_url` of the runbooks, in whatever text, that leads to no page which is written there, or to an alert that the page does not have.",
    why="At three in the morning the answer is behind a link that says: not found.",
    example="""\
kind: Runbook
name: payment-failures
immediate: ["First ⟦https://runbooks.example/runbooks/paymet-failures/⟧, then call the bank"]""",
    instead="""\
kind: Runbook
name: payment-failures
immediate: ["First https://runbooks.example/runbooks/payment-failures/, then call the bank"]""",
    silence="checks: {dead-runbook-link: off} in the workspace.",
)
ALL = (NO_RUNBOOK, NO_SITE, EMPTY_RUNBOOK, BAD_QUERY, UNUSED, BAD_TEMPLATE, UNUSED_TEMPLATE, DEAD_LINK)
