"""The checks: each area one module with `check(workspace) -> list[Diagnostic]`, named here once."""

import importlib
from collections.abc import Sequence

import msgspec

from watchbill.source.codes import tools
from watchbill.source.codes.catalogue import codes, find
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.model import Workspace

AREAS = (
    "promql",
    "records",
    "ownership",
    "windows",
    "inhibition",
    "paging",
    "schedules",
    "coverage",
    "remediation",
    "runbooks",
    "messages",
)
FIXED = ("It cannot be silenced",)


def check(workspace: Workspace) -> list[Diagnostic]:
    """Everything that can be known of a workspace whose form is good."""
    found: list[Diagnostic] = []
    for area in AREAS:
        found.extend(importlib.import_module(f"watchbill.checks.{area}").check(workspace))
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
