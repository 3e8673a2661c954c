"""8: the executor: its plan, its store, its log, and what people ask of it."""

from watchbill.source.codes import Code

NOT_INSTALLED = Code(
    "WB801",
    "executor-not-installed",
    "error",
    finds="A verb of the executor where the packages that it needs are not installed.",
    why="A plain install compiles and checks, and stays small; only a machine that runs the executor needs a web server and a database.",
    example="pip install watchbill; watchbill serve …",
    instead="pip install 'watchbill[executor]'",
    silence="It cannot be silenced: install them.",
)
BAD_PLAN = Code(
    "WB802",
    "unusable-plan",
    "error",
    finds="A plan that the executor cannot work by: no such file, damaged, edited by hand, or of another version.",
    why="Half a plan would mean half of the guardrails.",
    example="watchbill serve --plan generated/production/executor/plan.json  (cut off in the middle)",
    instead="watchbill compile, and the plan that it writes.",
    silence="It cannot be silenced.",
)
BAD_STORE = Code(
    "WB803",
    "unusable-database",
    "error",
    finds="A database that cannot be opened, that a newer Watchbill wrote, that holds no store, or that holds one where none may be.",
    why="What is not in the store did not happen: the executor does nothing without it.",
    example="--database sqlite:////no/such/folder/store.db",
    instead="--database sqlite:////var/lib/watchbill/store.db, or postgresql://USER@HOST/NAME",
    silence="It cannot be silenced.",
)
BROKEN_LOG = Code(
    "WB804",
    "broken-log",
    "error",
    finds="A log that is not what was written: the first entry is named whose number, time, kind, body or hash does not fit.",
    why="The log is the audit trail and the chain of custody. From the broken entry on it proves nothing.",
    example="entry 17: its body is not the one that was written: the sha256 differs",
    instead="Find out who changed it; restore a backup whose head you wrote down.",
    silence="It cannot be silenced.",
)
CANNOT_LISTEN = Code(
    "WB805",
    "cannot-listen",
    "error",
    finds="An address that the executor cannot listen on: it is taken, not this machine's, or not permitted.",
    why="Alertmanager would deliver to somebody else, or to nobody.",
    example="--listen 0.0.0.0:80  (as an ordinary user)",
    instead="--listen 0.0.0.0:8080",
    silence="It cannot be silenced.",
)
NO_TOKEN = Code(
    "WB806",
    "no-intake-token",
    "error",
    finds="`serve` without a token by which a webhook could be let in, or with a file of tokens that cannot be read.",
    why="Whoever can post a webhook can have remediations run.",
    example="watchbill serve --plan plan.json  (WATCHBILL_INTAKE_TOKEN is not set)",
    instead="WATCHBILL_INTAKE_TOKEN, or --tokens FILE: comma-separated, `production/eu=TOKEN` binds one to its source.",
    silence="It cannot be silenced.",
)
NO_INCIDENT = Code(
    "WB807",
    "no-such-incident",
    "error",
    finds="The id of an incident that is not open, or that fits several.",
    why="To acknowledge the wrong incident silences the right one.",
    example="watchbill ack 3fa9 --as ada",
    instead="watchbill incidents shows what is open.",
    silence="It cannot be silenced.",
)
NOT_TAKEN = Code(
    "WB808",
    "not-taken",
    "error",
    finds="Something that a person asked of the executor and that it did not take: not somebody who may, or twice, or too late.",
    why="An approval by somebody who may not approve is no approval. The attempt is in the log.",
    example="watchbill approve 3fa9c1d27b40-17 --as somebody-else",
    instead="Somebody who is asked answers: `watchbill incidents` shows who.",
    silence="It cannot be silenced.",
)
BAD_CONNECTIONS = Code(
    "WB809",
    "unusable-connections",
    "error",
    finds="A file of connections that cannot be read: not TOML, a key that is not known, a value of the wrong form.",
    why="It says what the executor may reach and run: a bound that is misspelt would be none.",
    example='[command.kubectl]\npath = "/usr/bin/kubectl"\nbegin = [["get"]]  (it is `begins`)',
    instead='[command.kubectl]\npath = "/usr/bin/kubectl"\nbegins = [["get"]]',
    silence="It cannot be silenced.",
)
NO_EVIDENCE = Code(
    "WB810",
    "no-evidence",
    "error",
    finds="A bundle of evidence, or an artifact of one, that is not in the store, or that cannot be written to where it is asked for.",
    why="Retention erases evidence when its time is over; an old file is never written over.",
    example="watchbill evidence export 3fa9 --out case-17.tar --as noor --reason audit  (there is no such bundle)",
    instead="watchbill evidence list",
    silence="It cannot be silenced.",
)
UNKNOWN_NAME = Code(
    "WB811",
    "unknown-name",
    "error",
    finds="A team, a remediation or a breaker that a verb of the executor names and the plan in force does not know.",
    why="A kill switch of a team that does not exist stops nothing, and whoever turned it believes that it does.",
    example="watchbill killswitch on --team paymets --as ada",
    instead="watchbill killswitch on --team payments --as ada",
    silence="It cannot be silenced.",
)
NO_QUESTION = Code(
    "WB812",
    "no-such-question",
    "error",
    finds="An answer to an incident that asks nothing, or that asks several things, or not what `--question` names.",
    why="An approval is of one thing that somebody has read.",
    example="watchbill approve 3fa9 --as ada  (nothing waits for an answer there)",
    instead="watchbill incidents shows what waits for an answer.",
    silence="It cannot be silenced.",
)
ALL = (
    NOT_INSTALLED,
    BAD_PLAN,
    BAD_STORE,
    BROKEN_LOG,
    CANNOT_LISTEN,
    NO_TOKEN,
    NO_INCIDENT,
    NOT_TAKEN,
    BAD_CONNECTIONS,
    NO_EVIDENCE,
    UNKNOWN_NAME,
    NO_QUESTION,
)
