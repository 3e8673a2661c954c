"""3: PromQL and templates."""

from watchbill.source.codes import Code

SYNTAX = Code(
    "WB301",
    "promql-syntax",
    "error",
    finds="An expression that is not PromQL, that mixes types, or that is larger than 16 KiB.",
    why="Prometheus refuses the whole rule file for one bad expression: every alert beside it is gone too.",
    example="expr: sum by (job) (rate(errors_total[5m])",
    instead="expr: sum by (job) (rate(errors_total[5m]))",
)
LABEL_CANNOT_EXIST = Code(
    "WB302",
    "template-label-missing",
    "error",
    finds="A template that names a label which the expression's result can never carry.",
    why='The page reads "Payments through  are failing": the one word that matters is missing.',
    example='expr: sum(rate(errors_total[5m])) > 5\nsummary: "{{ $labels.instance }} fails"',
    instead="expr: sum by (instance) (rate(errors_total[5m])) > 5",
    silence="checks: {template-label-missing: warning} in the workspace.",
)
PAGE_PER_CANNOT_EXIST = Code(
    "WB303",
    "page-per-label-missing",
    "error",
    finds="A `page_per` label that the expression's result can never carry.",
    why="What should be one incident for each provider is one for all of them: the second failure pages nobody.",
    example="expr: sum(rate(errors_total[5m])) > 5\npage_per: [provider]",
    instead="expr: sum by (provider) (rate(errors_total[5m])) > 5",
)
TOO_NEW = Code(
    "WB304",
    "too-new-for-server",
    "error",
    finds="A PromQL function, a syntax or an Alertmanager feature newer than the oldest server under `versions:`.",
    why="That server refuses the file at reload and goes on with the old one: the new alert is not there.",
    example='expr: limitk(5, up)   (versions: {prometheus: "2.53"})',
    instead="Another expression, or newer servers under `versions:`.",
)
TEMPLATE = Code(
    "WB305",
    "bad-template",
    "error",
    finds="An annotation whose `{{ … }}` is not a template Prometheus can expand.",
    why="The page would carry an error message in place of what happened.",
    example='summary: "{{ $labels.instance is down"',
    instead='summary: "{{ $labels.instance }} is down"',
)
EXPERIMENTAL = Code(
    "WB307",
    "experimental-function",
    "error",
    finds="A PromQL function that a server has only with a feature flag.",
    why="A server started without the flag refuses the file.",
    example="expr: limitk(5, up)",
    instead="An expression without it.",
    silence="checks: {experimental-function: warning} in the workspace, when every server has the flag.",
)
IDENTITY_LOST = Code(
    "WB308",
    "identity-lost",
    "error",
    finds="An expression whose result loses an identity label, in a source where the labels stand on the series.",
    why="All clusters become one alert: the second that fails pages nobody, and nobody knows which one it is.",
    example="expr: sum by (job) (rate(errors_total[5m])) > 5   (identity: [env, cluster])",
    instead="expr: sum by (env, cluster, job) (rate(errors_total[5m])) > 5",
    silence="It cannot be silenced: `only:` keeps the alert out of that source.",
)
MATCHER_CONFLICT = Code(
    "WB309",
    "matcher-in-the-way",
    "error",
    finds="A selector with a matcher of its own on a label that the compiler puts into every selector of a source.",
    why="The author means one environment and the source another: narrowing it further would watch nothing at all.",
    example='expr: up{env="staging"} == 0   (labels: {env: production}, labels_on: series)',
    instead="expr: up == 0",
    silence="It cannot be silenced: `only:` keeps the alert out of that source.",
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
)
