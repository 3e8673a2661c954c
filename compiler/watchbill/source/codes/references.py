"""2: names that point at other documents."""

from watchbill.source.codes import Code

_WHY = {
    "Team": "An alert of a team that does not exist belongs to nobody.",
    "Person": "A turn that falls to somebody who does not exist is a hole in the rota.",
    "Schedule": "A page to a schedule that does not exist reaches nobody.",
    "Calendar": "Hours that are not defined are neither inside nor outside: nobody knows whether it pages.",
    "Escalation": "This alert would page nobody.",
    "Service": "A dependency that is not defined explains nothing at night.",
    "Runbook": "The link in the page would lead nowhere.",
    "Diagnostic": "The evidence it was to collect would be missing.",
    "Remediation": "The machine would not do what the reader of this policy expects.",
    "Message": "The text people were promised would not exist.",
    "AlertSet": "None of its alerts would exist for this service.",
    "Ownership": "Nobody could tell whose these alerts are.",
    "Window": "What was to be left alone in that time would not be.",
}


def _unknown(number: int, kind: str) -> Code:
    lower = kind.lower()
    return Code(
        f"WB{number}",
        f"unknown-{lower}",
        "error",
        finds=f"A reference to a {kind} that is not defined: neither in the document's own team nor among the shared ones.",
        why=_WHY[kind],
        example=f"(a name that no `kind: {kind}` document has)",
        instead=f"The name of a {kind}; another team's own is written `team/name`.",
    )


_ORDER = (
    "Team",
    "Person",
    "Schedule",
    "Escalation",
    "Calendar",
    "Service",
    "Runbook",
    "Diagnostic",
    "Remediation",
    "Message",
    "AlertSet",
    "Ownership",
    "Window",
)
UNKNOWN = {kind: _unknown(201 + position, kind) for position, kind in enumerate(_ORDER)}
DUPLICATE_NAME = Code(
    "WB220",
    "duplicate-name",
    "error",
    finds="Two documents of one kind with one name, both shared or both of one team; or two alerts of one name in a service.",
    why="Which of the two schedules is on call?",
    example="kind: Schedule\nname: primary\n---\nkind: Schedule\nname: primary",
    instead="Give one of them another name, or a `team:` of its own.",
)
UNKNOWN_WORD = Code(
    "WB221",
    "unknown-word",
    "error",
    finds="A severity, class, place, on-call role, role, connection or input that the workspace, the team or the document does not declare.",
    why="A severity nobody declared has no outcome, so its alert would have none.",
    example="severity: crtical",
    instead="severity: critical",
)
UNKNOWN_PARAM = Code(
    "WB222",
    "unknown-param",
    "error",
    finds="`${name}` where no param of that name is declared on the alert or its service.",
    why="The rule would hold the text `${name}` where a limit belongs.",
    example="expr: rate(errors_total[5m]) > ${treshold}",
    instead="expr: rate(errors_total[5m]) > ${threshold}",
)
BAD_PARAM = Code(
    "WB223",
    "bad-param",
    "error",
    finds="A param whose value is not of its type.",
    why="5 as a ratio is 500 percent: the alert never fires.",
    example="threshold: {type: ratio, default: five percent}",
    instead="threshold: {type: ratio, default: 5%}",
)
UNUSED_PARAM = Code(
    "WB224",
    "unused-param",
    "warning",
    finds="A param that no expression and no text of the alert uses.",
    why="Whoever raises that limit at night changes nothing.",
    example="params: {threshold: {type: ratio, default: 5%}}\nexpr: up == 0",
    instead="Use it, or remove it.",
    silence="Remove the param.",
)
NO_RULE_FILE = Code(
    "WB225",
    "no-rule-file",
    "error",
    finds="A Foreign whose `rules` name no file.",
    why="The rules everybody believes to be routed are not there.",
    example="rules: rules/kuberntes/*.yaml",
    instead="rules: rules/kubernetes/*.yaml   (relative to the file of the Foreign)",
)
ALL = (*UNKNOWN.values(), DUPLICATE_NAME, UNKNOWN_WORD, UNKNOWN_PARAM, BAD_PARAM, UNUSED_PARAM, NO_RULE_FILE)
