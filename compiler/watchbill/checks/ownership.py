"""Ownership: every value of the label has one owner, and every alert that is put to the table carries the label."""

from collections.abc import Iterator

from watchbill import promql, regex
from watchbill.source.codes import ownership as codes
from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Related, did_you_mean
from watchbill.spec.kinds.ownership import Ownership
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.ownership import RUNTIME, table_of
from watchbill.spec.settings import RESERVED


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    asked = set()
    for policy in workspace.documents.get("Foreign", {}).values():
        if policy.body is not None and policy.body.team.by is not None:
            asked.add(policy.body.team.by)
            found.extend(_labels(workspace, policy))
    if RUNTIME in workspace.documents.get("Team", {}):
        message = f"a team cannot be named `{RUNTIME}`"
        where = workspace.get("Team", RUNTIME).at.at("name")
        advice = "choose another name: rules carry this one where only a label says whose they are"
        found.append(Diagnostic(structure.BAD_VALUE, message, where, "taken", advice))
    tables = workspace.documents.get("Ownership", {})
    # A misspelt name and a broken Foreign are findings already, and any of the tables may be meant.
    foreigns = workspace.documents.get("Foreign", {}).values()
    unclear = any(name not in tables for name in asked) or any(policy.body is None for policy in foreigns)
    for name, policy in tables.items():
        if policy.body is None:
            continue
        found.extend(_table(workspace, policy))
        if name not in asked and not unclear:
            advice = "name it in a Foreign, as `team: {by: …, otherwise: …}`, or remove it"
            found.append(
                Diagnostic(codes.UNUSED, f"no Foreign asks `{name}`", policy.at.at("name"), "never asked", advice)
            )
    return found


def _table(workspace: Workspace, policy: Policy) -> Iterator[Diagnostic]:
    body: Ownership = policy.body
    at = policy.at
    if body.label in RESERVED or body.label.startswith("__"):
        message = f"label `{body.label}` is written by the compiler"
        advice = "choose a label that the alerts carry themselves"
        yield Diagnostic(structure.BAD_VALUE, message, at.at("label"), "says nothing of its own", advice)
    teams = workspace.documents.get("Team", {})
    for team, patterns in body.owners.items():
        if team not in teams and "" not in teams:  # one whose name cannot be read may be meant
            where = at.at("owners", team, key=True)
            close = did_you_mean(team, teams)
            advice = f"did you mean `{close}`?" if close else f"known: {', '.join(list(teams)[:8])}"
            yield Diagnostic(references.UNKNOWN["Team"], f"unknown Team `{team}`", where, "not defined", advice)
        if not patterns:
            message = f"team `{team}` owns nothing"
            yield Diagnostic(structure.EMPTY, message, at.at("owners", team), "empty", "name what it owns")
    try:
        yield from _overlaps(policy)
    except regex.TooLarge:
        message = f"the patterns of `{policy.name}` are too complicated to be compared"
        advice = "write them as names and prefixes"
        yield Diagnostic(codes.UNDECIDED, message, at.at("owners"), "not decided", advice)


def _overlaps(policy: Policy) -> Iterator[Diagnostic]:
    owners: dict[str, tuple[str, ...]] = policy.body.owners
    at = policy.at.at("owners")
    empty = False
    for team, patterns in owners.items():
        for index, pattern in enumerate(patterns):
            if regex.matches(pattern, ""):
                empty = True
                message = f"`{pattern}` matches the empty text too: whatever has no label `{policy.body.label}`"
                advice = "write a pattern that needs a character, such as `.+`"
                where = at.at(team, index)
                yield Diagnostic(codes.MATCHES_NOTHING_SAID, message, where, "absent is empty", advice)
    for (one, other), value in regex.overlaps(owners).items():
        if empty and value == "":
            continue  # told already, and there may be no other
        here = next(index for index, pattern in enumerate(owners[other]) if regex.matches(pattern, value))
        there = next(index for index, pattern in enumerate(owners[one]) if regex.matches(pattern, value))
        yield Diagnostic(
            codes.OVERLAP,
            f"teams `{one}` and `{other}` both own {policy.body.label} `{value}`",
            at.at(other, here),
            f"matches `{value}`",
            "narrow one of the two patterns",
            related=(Related(at.at(one, there), "and so does this"),),
        )


def _labels(workspace: Workspace, policy: Policy) -> Iterator[Diagnostic]:
    """Alerts that always go to `otherwise`, told once for a Foreign."""
    table = table_of(policy.body, workspace.documents)
    if table is None:
        return
    alerts: dict[str, ResolvedAlert] = {}
    lacking: dict[str, ResolvedAlert] = {}
    for place in workspace.places.values():
        for alert in place.alerts:
            if alert.service == policy.name and alert.no_data_of is None:
                alerts[alert.name] = alert
                if table.label not in alert.labels and not alert.owners:
                    lacking.setdefault(alert.name, alert)
    if not lacking:
        return
    first = next(iter(lacking.values()))
    parsed = promql.parse(first.expr)
    reason = promql.why_not(parsed, table.label) if not isinstance(parsed, promql.Fault) else None
    shown = ", ".join(f"`{name}`" for name in list(lacking)[:5]) + (", …" if len(lacking) > 5 else "")
    yield Diagnostic(
        codes.NEVER_THERE,
        f"{len(lacking)} of {len(alerts)} alerts of `{policy.name}` never carry label `{table.label}`: {shown}",
        policy.at.at("team", "otherwise"),
        f"always has {'it' if len(lacking) == 1 else 'them'}",
        "nothing, when this team is meant; else change the expressions so that they keep the label",
        notes=(f"`{first.name}`: {reason.text}",) if reason is not None else (),
        related=(Related(first.at.at("expr"), "for example"),),
    )
