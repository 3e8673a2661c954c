"""0: files and YAML."""

from watchbill.source.codes import Code

UNREADABLE = Code(
    "WB001",
    "unreadable-file",
    "error",
    finds="A policy file that cannot be read at all: no permission, a broken link, a folder where a file should be, or larger than 4 MiB.",
    why="What the compiler cannot read it cannot promise: the alerts in that file would simply not exist.",
    example="policies/all.yaml   100 MiB, or a broken link, or not yours to read",
    instead="policies/payments/gateway.yaml, policies/payments/checkout.yaml, …",
)
NOT_TEXT = Code(
    "WB002",
    "not-text",
    "error",
    finds="Bytes that are not UTF-8, or control characters that YAML forbids.",
    why="Two readers would see two different files; the one who reviews must see what the compiler sees.",
    example='summary: "50 \\x00 percent"  (a NUL byte, Latin-1, UTF-16 …)',
    instead="Save the file as UTF-8 without control characters.",
)
SYNTAX = Code(
    "WB003",
    "yaml-syntax",
    "error",
    finds="Text that is not YAML.",
    why="The whole file is unreadable from that point on, so none of its alerts are checked.",
    example="for: 5m severity⟦:⟧ critical",
    instead="""\
for: 5m
severity: critical""",
)
DUPLICATE_KEY = Code(
    "WB004",
    "duplicate-key",
    "error",
    finds="A key given twice in one mapping.",
    why="YAML keeps the last one in silence: the threshold you read at the top is not the one that pages.",
    example="""\
for: 5m
severity: critical
⟦for⟧: 1h""",
    instead="""\
for: 1h
severity: critical""",
)
TOO_DEEP = Code(
    "WB005",
    "too-deep",
    "error",
    finds="More than 64 levels of nesting, or aliases that expand to more than 100,000 values.",
    why="Such a file is made to exhaust a reader; no policy needs a tenth of it.",
    example="""\
# policies/labels.yaml
⟦a⟧: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]""",
    instead="labels: {region: eu}",
)
YAML_FEATURE = Code(
    "WB006",
    "yaml-feature",
    "error",
    finds="YAML features the language leaves out: tags (`!!str`), merge keys (`<<`), keys that are not text, an alias inside itself.",
    why="They make a document mean something other than what a reviewer reads.",
    example="⟦<<⟧: {for: 5m}",
    instead="for: 5m",
)
AMBIGUOUS = Code(
    "WB007",
    "ambiguous-scalar",
    "warning",
    finds="A plain word that YAML 1.1 and 1.2 read differently: `on`, `yes`, `off`, `no`, `1:30`, `0777`. It is read as text.",
    why="Another tool that reads this file sees `true` or 90 where this one sees a word.",
    example="summary: ⟦yes⟧",
    instead='summary: "yes"',
    silence="Quote it.",
)
BYTE_ORDER_MARK = Code(
    "WB008",
    "byte-order-mark",
    "warning",
    finds="A byte-order mark at the start of a file, or lines that end in CR LF.",
    why="They are harmless here, but every diff and every caret from another tool is off by one.",
    example="(an editor on Windows saved the file)",
    instead="Save as UTF-8 with LF line ends.",
    silence="Save the file anew; git's `* text=auto eol=lf` keeps it that way.",
)
ALL = (UNREADABLE, NOT_TEXT, SYNTAX, DUPLICATE_KEY, TOO_DEEP, YAML_FEATURE, AMBIGUOUS, BYTE_ORDER_MARK)
