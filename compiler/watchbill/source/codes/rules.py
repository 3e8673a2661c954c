"""33: rules as a whole: what Prometheus refuses of them, their templates, and how they stand to each other."""

from watchbill.source.codes import Code

_SILENCE = "checks: {%s: off} in the workspace; or, at the alert, # watchbill: ignore[%s] the reason until 2027-01-31."
_GROUPS = "# policies/rules/web.yaml\ngroups:\n- name: web\n"
_FOREIGN = (
    'kind: Foreign\nname: web-rules\nrules: rules/web.yaml\nteam: payments\ndefaults: {severity: warning, runbook: {url: "https://wiki.example/web"}}\n---\n'
    + _GROUPS
)


def _off(name: str) -> str:
    return _SILENCE % (name, name)


VALUE_IN_LABEL = Code(
    "WB330",
    "value-in-label",
    "error",
    finds="A label of a rule whose template reads the value of the alert.",
    why="Each new value is a new alert: `for` starts over each time and never ends, and each one is notified by itself.",
    example='expr: payment_failures > 5\nlabels: {failures: "{{ ⟦$value⟧ }}"}',
    instead='expr: payment_failures > 5\ndescription: "{{ $value | humanize }} failures"',
    silence=_off("value-in-label"),
)
NOT_HUMANIZED = Code(
    "WB331",
    "value-not-humanized",
    "note",
    finds="An annotation that prints a rate, a ratio, an average or a quantile as it is.",
    why='"0.043333333333333335 of payments fail" is hard to read at any hour.',
    example='expr: rate(payment_failures_total[5m]) > 5\ndescription: "{{ ⟦$value⟧ }} payments fail every second"',
    instead='expr: rate(payment_failures_total[5m]) > 5\ndescription: "{{ $value | humanize }} payments fail every second"',
    silence=_off("value-not-humanized"),
)
REDUNDANT_FOR = Code(
    "WB332",
    "redundant-for",
    "note",
    finds="`for: 0s` or `keep_firing_for: 0s` in a rule file: it is what holds without the key.",
    why="Whoever reads it wonders what was meant; and a rule that should wait does not.",
    example="- alert: WebDown\n  expr: up == 0\n  for: ⟦0m⟧",
    instead="- alert: WebDown\n  expr: up == 0\n  for: 2m",
    silence="At the rule: # watchbill: ignore[redundant-for] the reason until 2027-01-31.",
)
DUPLICATE = Code(
    "WB333",
    "duplicate-rule",
    "warning",
    finds="Two rules with the same expression and the same labels: one alert under two names, or one rule twice.",
    why="One cause pages twice, and the second page looks like a second failure.",
    example=_FOREIGN + "  rules:\n  - {alert: WebDown, expr: up == 0}\n  - {alert: ⟦WebGone⟧, expr: up == 0}",
    instead=_FOREIGN + "  rules:\n  - {alert: WebDown, expr: up == 0}",
    silence=_off("duplicate-rule"),
)
UNKNOWN_RECORD = Code(
    "WB334",
    "unknown-record",
    "warning",
    finds="A metric with the name of a recording rule (it has a `:`) that no rule here records: misspelt, or removed.",
    why="The series do not exist, the expression yields nothing, and the alert is silent for ever.",
    example="expr: ⟦job:payment_failures:rate5m⟧ > 5",
    instead="expr: rate(payment_failures_total[5m]) > 5",
    silence=_off("unknown-record"),
)
INTERVAL_TOO_LONG = Code(
    "WB335",
    "interval-too-long",
    "warning",
    finds="A group that is evaluated less often than every five minutes, which is how far Prometheus looks back for a value.",
    why="Between two evaluations what it records is not there, and its alerts are forgotten after a restart.",
    example=_FOREIGN + "  interval: ⟦10m⟧\n  rules:\n  - {alert: WebDown, expr: up == 0}",
    instead=_FOREIGN + "  interval: 1m\n  rules:\n  - {alert: WebDown, expr: up == 0}",
    silence=_off("interval-too-long"),
)
REFUSED = Code(
    "WB336",
    "rule-refused",
    "error",
    finds="What Prometheus refuses of a rule file: two groups of one name, a recording rule with `for` or annotations, `__name__` as a label.",
    why="It refuses the whole file at reload and goes on with the old one: every new alert beside it is not there.",
    example=_FOREIGN + "  rules:\n  - {record: 'job:up:sum', expr: sum by (job) (up), ⟦for⟧: 5m}",
    instead=_FOREIGN + "  rules:\n  - {record: 'job:up:sum', expr: sum by (job) (up)}",
)
NO_RULES = Code(
    "WB337",
    "no-rules",
    "warning",
    finds="A file given to `check --rules` in which there is no rule.",
    why="Whoever believes that their alerts have been checked is wrong.",
    example="$ watchbill check --rules empty.yml",
    instead="$ watchbill check --rules rules/*.yml",
    silence="Leave the file out.",
)
ALL = (
    VALUE_IN_LABEL,
    NOT_HUMANIZED,
    REDUNDANT_FOR,
    DUPLICATE,
    UNKNOWN_RECORD,
    INTERVAL_TOO_LONG,
    REFUSED,
    NO_RULES,
)
