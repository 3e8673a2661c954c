"""The checks: each area one module with `check(workspace) -> list[Diagnostic]`, named here once.

Beside its name stands what an area looks at, and it is shown nothing else; so its findings can be remembered until
something of that changes (spec/memory.py, spec/sight.py):

- `EACH_SERVICE`: one service, in every place. It is called for each of them with a workspace in which there is only that
  one, the documents that services are resolved from, and of all others the names. What two services say alike, because
  it stands in a set that both use, is told once.
- `ON_CALL`: people, schedules, calendars, escalations; no service, no rule.
- `EVERYTHING`: the whole workspace. It is asked anew after every edit, and so is the slow kind: one look at each of
  ten thousand alerts is a twentieth of a second. What can be said of one service belongs into an area of its own.

So a new check is a function in the module of its area, and a new area a module and a line in this table.
"""

import importlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from watchbill.source.codes import tools
from watchbill.source.codes.catalogue import codes, find
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.source.silencing import FIXED
from watchbill.spec.beside import in_two
from watchbill.spec.memory import NOTHING, Finding, Memory, noted, told
from watchbill.spec.model import Workspace
from watchbill.spec.sight import Alone, on_call

EACH_SERVICE = "each service"
ON_CALL = "on call"
EVERYTHING = "everything"
AREAS = {
    "promql": EACH_SERVICE,
    "naming": EACH_SERVICE,
    "expressions": EACH_SERVICE,
    "records": EVERYTHING,
    "rulesets": EVERYTHING,
    "ownership": EVERYTHING,
    "windows": EVERYTHING,
    "inhibition": EVERYTHING,
    "configuration": EVERYTHING,
    "paging": EVERYTHING,
    "contacts": EVERYTHING,
    "schedules": ON_CALL,
    "coverage": ON_CALL,
    "attended": EVERYTHING,
    "remediation": EVERYTHING,
    "approvers": EVERYTHING,
    "fights": EVERYTHING,
    "runbooks": EVERYTHING,
    "links": EVERYTHING,
    "dashboards": EVERYTHING,
    "messages": EVERYTHING,
    "cases": EVERYTHING,
}


class _Question(NamedTuple):
    """An area, asked about a subject that it is shown in a `view`; `seal` is that of the view."""

    area: str
    subject: str
    seal: bytes
    view: Callable[[], Workspace]


def check(workspace: Workspace, memory: Memory = NOTHING) -> list[Diagnostic]:
    """Everything that can be known of a workspace whose form is good."""
    alone, seals = Alone(workspace), workspace.seals
    subjects: dict[str, list[tuple[str, bytes, Callable[[], Workspace]]]] = {
        EACH_SERVICE: [(one, seals.services[one], partial(alone.view, one)) for one in alone.services],
        ON_CALL: [(ON_CALL, seals.on_call, partial(on_call, workspace))],
        EVERYTHING: [(EVERYTHING, seals.everything, lambda: workspace)],
    }
    questions = [_Question(area, *subject) for area, looks_at in AREAS.items() for subject in subjects[looks_at]]
    new = [one for one in questions if memory.lacking(_part(one.area), {one.subject: one.seal})]
    services = len(subjects[EACH_SERVICE])  # each of which whoever looks at everything looks at
    lacking = sum(services if one.subject == EVERYTHING else 1 for one in new)
    once: dict[tuple[object, ...], Diagnostic] = {}
    for some in in_two(memory, [partial(_recalled, memory, one) for one in questions], lacking):
        for diagnostic in some:
            once.setdefault((diagnostic.code.id, diagnostic.where, diagnostic.message), diagnostic)
    return list(once.values())


def _recalled(memory: Memory, one: _Question) -> list[Diagnostic]:
    def answer() -> list[Finding]:
        return noted(list(_check(one.area, one.view())))

    return told(memory.recall(_part(one.area), one.subject, one.seal, list[Finding], answer))


def _part(area: str) -> str:
    return f"checks {area}"


def _check(area: str, workspace: Workspace) -> Iterable[Diagnostic]:
    found: Iterable[Diagnostic] = importlib.import_module(f"watchbill.checks.{area}").check(workspace)
    return found


def at_levels(workspace: Workspace | None, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings with the levels that the workspace's `checks:` ask for; those turned off are gone."""
    if workspace is None or not workspace.settings.checks:
        return list(found)
    wanted, problems = _wanted(workspace)
    result = problems
    for diagnostic in found:
        level = wanted.get(diagnostic.code.id)
        if level is None:
            result.append(diagnostic)
        elif level != "off":
            result.append(msgspec.structs.replace(diagnostic, severity=level))
    return result


def _wanted(workspace: Workspace) -> tuple[dict[str, str], list[Diagnostic]]:
    wanted: dict[str, str] = {}
    problems = []
    policy = next(iter(workspace.documents["Workspace"].values()))
    for name, level in workspace.settings.checks.items():
        where: Location = policy.at.at("checks", name, key=True)
        code = find(name)
        if code is None:
            close = did_you_mean(name, [known.name for known in codes().values()])
            hint = f"did you mean `{close}`?" if close else "`watchbill explain` lists them all"
            problems.append(Diagnostic(tools.BAD_SETTING, f"there is no check `{name}`", where, "unknown", hint))
        elif code.silence.startswith(FIXED) and level != "error":
            problems.append(
                Diagnostic(
                    tools.BAD_SETTING,
                    f"`{name}` is always an error",
                    where,
                    "cannot be changed",
                    f"`watchbill explain {name}` says why",
                )
            )
        else:
            wanted[code.id] = level
    return wanted, problems
