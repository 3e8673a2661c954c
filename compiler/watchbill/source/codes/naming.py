"""75: names and texts: what a person reads at night, and what nobody should read."""

from watchbill.source.codes import Code

NOT_CAMEL_CASE = Code(
    "WB751",
    "alert-name-form",
    "warning",
    finds="An alert of our own whose name is not in CamelCase.",
    why="Names are what people type into silences and searches; with two habits in one place half of them are missed.",
    example="name: ⟦payments_fail⟧",
    instead="name: PaymentsFail",
    silence="checks: {alert-name-form: off} in the workspace.",
)
SAYS_MORE = Code(
    "WB752",
    "alert-name-says-severity",
    "warning",
    finds="An alert whose name says how severe it is (Critical, Warning, Info, Page, P1, Sev2) or whose team it is (PaymentsTeam…).",
    why="The day the severity or the team changes, the name lies; and a new name breaks every silence on the old one.",
    example="name: ⟦PaymentsFailCritical⟧",
    instead="name: PaymentsFail",
    silence="checks: {alert-name-says-severity: off} in the workspace.",
)
EMPTY_SUMMARY = Code(
    "WB753",
    "empty-summary",
    "error",
    finds="An alert that reaches somebody with a summary of no words.",
    why="The phone rings and says nothing.",
    example='summary: ⟦" "⟧',
    instead='summary: "Payments through {{ $labels.provider }} fail"',
    silence="checks: {empty-summary: warning} in the workspace.",
)
WRITTEN_OUT = Code(
    "WB754",
    "written-out-instance",
    "warning",
    finds="A summary, description or annotation with an address, a pod or a machine written out, where a label says which one it is.",
    why="The alert fires for another machine, and whoever is woken looks at this one.",
    example='summary: "Payments through ⟦10.0.3.17:8080⟧ fail"',
    instead='summary: "Payments through {{ $labels.provider }} fail"',
    silence="checks: {written-out-instance: off} in the workspace.",
)
TURNS_TEXT_AROUND = Code(
    "WB755",
    "text-turned-around",
    "error",
    finds="Control characters that turn the direction of the text around (U+202A to U+202E, U+2066 to U+2069).",
    why="They show a reviewer another text than the compiler reads: an allow-list can look narrow and be wide.",
    example='allow: ["gateway-U+202E…"]   the character itself, which no screen shows',
    instead='allow: ["gateway-.*"]   or, where it is meant, its escape "\\u202e", which everybody sees',
    silence="It cannot be silenced: two readers would see two different policies.",
)
OUT_OF_ORDER = Code(
    "WB756",
    "severity-out-of-order",
    "warning",
    finds="A severity that stands right above another and is, at some hour, quieter than it.",
    why="The order is the rank, worst first: at night the worse of two alerts would wake nobody, and the lesser one would.",
    example="""\
kind: Workspace
name: shop
severities:
  critical: ⟦{page: level-1, hours: office, outside: ticket}⟧
  high: {page: level-1}
  warning: {ticket: team}""",
    instead="""\
kind: Workspace
name: shop
severities:
  critical: {page: level-1}
  high: {page: level-1}
  warning: {ticket: team}""",
    silence="checks: {severity-out-of-order: off} in the workspace.",
)
ALL = (NOT_CAMEL_CASE, SAYS_MORE, EMPTY_SUMMARY, WRITTEN_OUT, TURNS_TEXT_AROUND, OUT_OF_ORDER)
