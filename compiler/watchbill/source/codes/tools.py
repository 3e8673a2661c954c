"""9: tools, files and the compiler itself."""

from watchbill.source.codes import Code

GATE_REFUSED = Code(
    "WB901",
    "tool-refuses",
    "error",
    finds="Output that promtool or amtool does not accept, or that they count differently from the compiler.",
    why="The server would refuse it at reload and go on with the old rules. Nothing is written.",
    example="(promtool: could not parse expression)",
    instead="Mend the policy the finding points at. If it looks right, the mistake is the compiler's: please report it.",
    silence="It cannot be silenced. `compile --no-gates` writes without asking the tools, and says so.",
)
NOT_GATED = Code(
    "WB902",
    "not-gated",
    "note",
    finds="A gate that was not passed because promtool or amtool is not installed.",
    why="The compiler's own checks ran; the servers' own judgement is missing.",
    example="(a laptop without promtool)",
    instead="`make tools`, or set WATCHBILL_PROMTOOL and WATCHBILL_AMTOOL; `watchbill doctor` shows what is found.",
    silence="Install the tools.",
)
STALE = Code(
    "WB903",
    "stale-output",
    "error",
    finds="A file in generated/ that is not what the policies mean: changed, missing, or left over.",
    why="What is reviewed and what is deployed would differ.",
    example="generated/production/alertmanager/alertmanager.yml",
    instead="watchbill compile",
    silence="It cannot be silenced: run `watchbill compile` and commit what it wrote.",
)
STRAY = Code(
    "WB904",
    "stray-file",
    "warning",
    finds="A file in generated/ that the compiler did not write. It is never touched.",
    why="Somebody may believe that it is compiled, reviewed and current.",
    example="generated/production/prometheus/eu/by-hand.rules.yml",
    instead="Move it elsewhere, or express it as policy.",
    silence="Move the file.",
)
CANNOT_WRITE = Code(
    "WB905",
    "cannot-write",
    "error",
    finds="An output file that cannot be written: no permission, no space, a folder or a link in its place.",
    why="A tree that is half new is worse than an old one; the next compile completes it.",
    example="generated/  (read-only)",
    instead="Make the path writable.",
    silence="It cannot be silenced.",
)
TEST_FAILED = Code(
    "WB906",
    "test-failed",
    "error",
    finds="A policy's own test that does not come out as written.",
    why="The alert does not do what its author believes it does.",
    example="expect: [{at: 10m, firing: [{provider: a}]}]",
    instead="Mend the alert, or the expectation.",
    silence="It cannot be silenced; a test that is wrong is removed.",
)
BAD_SETTING = Code(
    "WB907",
    "unknown-check",
    "error",
    finds="A name under the workspace's `checks:` that no check has, or a check that cannot be changed.",
    why="Whoever wrote it believes that something is watched, or silenced, that is not.",
    example="""\
kind: Workspace
name: shop
checks: {⟦unfair-nihgts⟧: off}""",
    instead="""\
kind: Workspace
name: shop
checks: {unfair-nights: off}""",
    silence="It cannot be silenced.",
)
PLAN = Code(
    "WB908",
    "plan-unusable",
    "error",
    finds="An executor's plan that cannot be read, is broken, or was compiled by a newer watchbill.",
    why="The executor does what the plan says and no more: it does nothing by a plan that it does not wholly understand.",
    example="generated/production/executor/plan.json  (cut short)",
    instead="Compile it again, with a watchbill that is not newer than the executor: watchbill compile",
    silence="It cannot be silenced.",
)
BUG = Code(
    "WB999",
    "internal-error",
    "error",
    finds="A mistake of the compiler's own.",
    why="Nothing was written. The policies are not to blame.",
    example="(anything)",
    instead="Report it with the text that was printed.",
)
ALL = (GATE_REFUSED, NOT_GATED, STALE, STRAY, CANNOT_WRITE, TEST_FAILED, BAD_SETTING, PLAN, BUG)
