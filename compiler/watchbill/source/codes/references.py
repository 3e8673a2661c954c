"""2: names that point at other documents."""

from watchbill.source.codes import Code

_FOREIGN = """\
kind: Foreign
name: kubernetes
team: {by: …, otherwise: sre}
rules: kubernetes/*.yaml
---
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments.*"]}
---
# policies/kubernetes/rules.yaml
groups: []"""
# For each kind: why it matters; an example with … for the name; that name misspelt, and as it should be.
_KINDS = {
    "Team": (
        "An alert of a team that does not exist belongs to nobody.",
        "kind: Service\nname: payment-gateway\nteam: …",
        ("paymnets", "payments"),
    ),
    "Person": (
        "A turn that falls to somebody who does not exist is a hole in the rota.",
        "kind: Schedule\nname: sre-primary\npeople: […]",
        ("chy", "chi"),
    ),
    "Schedule": (
        "A page to a schedule that does not exist reaches nobody.",
        "kind: Team\nname: payments\non_call: {primary: …}",
        ("payment-primary", "payments-primary"),
    ),
    "Escalation": ("This alert would page nobody.", "escalation: …", ("levle-1", "level-1")),
    "Calendar": (
        "Hours that are not defined are neither inside nor outside: nobody knows whether it pages.",
        "kind: Team\nname: payments\nhours: …",
        ("ofice", "office"),
    ),
    "Service": (
        "A dependency that is not defined explains nothing at night.",
        "kind: Service\nname: payment-gateway\ndepends_on: […]",
        ("fraud-detektion", "fraud-detection"),
    ),
    "Runbook": ("The link in the page would lead nowhere.", "runbook: …", ("payment-failure", "payment-failures")),
    "Diagnostic": (
        "The evidence it was to collect would be missing.",
        "diagnose: […]",
        ("payment-log", "payment-logs"),
    ),
    "Remediation": (
        "The machine would not do what the reader of this policy expects.",
        "remediate: […]",
        ("restrat", "restart"),
    ),
    "Message": (
        "The text people were promised would not exist.",
        "kind: Runbook\nname: payment-failures\ncommunicate: […]",
        ("customers-told", "customer-notice"),
    ),
    "AlertSet": (
        "None of its alerts would exist for this service.",
        "kind: Service\nname: fraud-detection\nuses: […]",
        ("http-goldne", "http-golden"),
    ),
    "Ownership": ("Nobody could tell whose these alerts are.", _FOREIGN, ("namespase", "namespace")),
    "Window": (
        "What was to be left alone in that time would not be.",
        "kind: Remediation\nname: restart\nguardrails: {cooldown: 15m, not_during: […]}",
        ("change-freez", "change-freeze"),
    ),
}


def _unknown(number: int, kind: str) -> Code:
    why, snippet, (wrong, right) = _KINDS[kind]
    return Code(
        f"WB{number}",
        f"unknown-{kind.lower()}",
        "error",
        finds=f"A reference to {'an' if kind[0] in 'AEO' else 'a'} {kind} that is not defined: neither in the document's own team nor among the shared ones."
        " Another team's own is written `team/name`.",
        why=why,
        example=snippet.replace("…", f"⟦{wrong}⟧"),
        instead=snippet.replace("…", right),
    )


UNKNOWN = {kind: _unknown(number, kind) for number, kind in enumerate(_KINDS, 201)}
DUPLICATE_NAME = Code(
    "WB220",
    "duplicate-name",
    "error",
    finds="Two documents of one kind with one name, both shared or both of one team; or two alerts of one name in a service.",
    why="Which of the two schedules is on call?",
    example="""\
kind: Person
name: ana
email: ana@shop.example
---
kind: Person
name: ⟦ana⟧
email: ana.costa@shop.example""",
    instead="""\
kind: Person
name: ana
email: ana@shop.example
---
kind: Person
name: ana-costa
email: ana.costa@shop.example""",
)
UNKNOWN_WORD = Code(
    "WB221",
    "unknown-word",
    "error",
    finds="A severity, class, place, on-call role, role, connection or input that the workspace, the team or the document does not declare.",
    why="A severity nobody declared has no outcome, so its alert would have none.",
    example="severity: ⟦crtical⟧",
    instead="severity: critical",
)
UNKNOWN_PARAM = Code(
    "WB222",
    "unknown-param",
    "error",
    finds="`${name}` where no param of that name is declared on the alert or its service.",
    why="The rule would hold the text `${name}` where a limit belongs.",
    example="""\
params: {threshold: {type: number, default: 5}}
expr: rate(payment_failures_total[5m]) > ⟦${treshold}⟧""",
    instead="""\
params: {threshold: {type: number, default: 5}}
expr: rate(payment_failures_total[5m]) > ${threshold}""",
)
BAD_PARAM = Code(
    "WB223",
    "bad-param",
    "error",
    finds="A param whose value is not of its type.",
    why="5 as a ratio is 500 percent: the alert never fires.",
    example="""\
params: {threshold: {type: ratio, default: ⟦five percent⟧}}
expr: payment_failure_ratio > ${threshold}""",
    instead="""\
params: {threshold: {type: ratio, default: 5%}}
expr: payment_failure_ratio > ${threshold}""",
)
UNUSED_PARAM = Code(
    "WB224",
    "unused-param",
    "warning",
    finds="A param that no expression and no text of the alert uses.",
    why="Whoever raises that limit at night changes nothing.",
    example="""\
params: {⟦threshold⟧: {type: ratio, default: 5%}}
expr: payment_failure_ratio > 0.1""",
    instead="""\
params: {threshold: {type: ratio, default: 5%}}
expr: payment_failure_ratio > ${threshold}""",
    silence="Remove the param.",
)
NO_RULE_FILE = Code(
    "WB225",
    "no-rule-file",
    "error",
    finds="A Foreign whose `rules` name no file.",
    why="The rules everybody believes to be routed are not there.",
    example="""\
kind: Foreign
name: kubernetes
team: sre
rules: ⟦rules/kuberntes/*.yaml⟧""",
    instead="""\
kind: Foreign
name: kubernetes
team: sre
rules: rules/kubernetes/*.yaml
---
# policies/rules/kubernetes/nodes.yaml
groups: []""",
)
ALL = (*UNKNOWN.values(), DUPLICATE_NAME, UNKNOWN_WORD, UNKNOWN_PARAM, BAD_PARAM, UNUSED_PARAM, NO_RULE_FILE)
