"""What is wrong with the Workspace document beyond its form."""

import re
from collections.abc import Iterator

import watchbill
from watchbill.source.codes import basefile, paging, references, structure
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.workspace import Environment, Heartbeat, Severity, Source
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.model import OUTCOMES, qualified
from watchbill.spec.scalars import seconds
from watchbill.spec.settings import (
    HEARTBEAT_SERVICE,
    RESERVED,
    catch_all,
    open_identity,
    outcome_kind,
    severities,
    sources_of,
    unknown_word,
)


def check_settings(policy: Policy, documents: dict[str, dict[str, Policy]]) -> list[Diagnostic]:
    """What is wrong with the Workspace beyond its form."""
    settings: WorkspaceKind = policy.body
    at = policy.at
    found: list[Diagnostic] = []
    found.extend(_check_requires(settings, at))
    if not settings.environments:
        found.append(
            Diagnostic(
                structure.EMPTY,
                "a workspace needs at least one environment",
                at.at("environments"),
                "none here",
                "add one",
            )
        )
    for name, environment in settings.environments.items():
        found.extend(_check_environment(name, environment, at.at("environments", name)))
    known = severities(settings)
    if not known:
        found.append(
            Diagnostic(
                structure.EMPTY,
                "a workspace needs at least one severity",
                at.at("severities"),
                "none here",
                "leave it out for the defaults",
            )
        )
    for name, severity in known.items():
        found.extend(_check_severity(severity, at.at("severities", name), documents))
    found.extend(
        unknown_word("severity", severity, known, at.at("severity_words", word))
        for word, severity in settings.severity_words.items()
        if severity not in known
    )
    found.extend(
        unknown_word("severity", name, known, at.at("timing", name, key=True))
        for name in settings.timing
        if name not in known
    )
    if settings.heartbeat is not None:
        found.extend(_check_heartbeat(settings.heartbeat, at.at("heartbeat"), documents))
    if settings.coverage is not None and settings.coverage.from_ > settings.coverage.until:
        found.append(
            Diagnostic(
                structure.BAD_VALUE,
                "the coverage ends before it starts",
                at.at("coverage", "until"),
                "before `from`",
                "exchange the two days",
            )
        )
    _, why = catch_all(settings, documents.get("Team", {}))
    if why is not None:
        found.append(
            Diagnostic(
                paging.NO_CATCH_ALL,
                f"nobody takes an alert that no policy claims: there {'is' if why == 'no team' else 'are'} {why}",
                at,
                help="add `catch_all: {team: …}`" if why != "no team" else "add a Team",
            )
        )
    if (
        settings.last_resort is not None
        and (team := documents.get("Team", {}).get(settings.last_resort.team))
        and team.body is not None
    ):
        role = settings.last_resort.on_call
        if role not in team.body.on_call:
            found.append(
                unknown_word(
                    "on-call role",
                    role,
                    team.body.on_call,
                    at.at("last_resort", "on_call" if role != "primary" else "team"),
                )
            )
    return found


def _check_heartbeat(
    heartbeat: Heartbeat, at: Location, documents: dict[str, dict[str, Policy]]
) -> Iterator[Diagnostic]:
    if seconds(heartbeat.every) < 1:
        message = "a heartbeat needs a time between two beats"
        yield Diagnostic(basefile.BAD_HEARTBEAT, message, at.at("every"), "no time", "write 1m")
    elif seconds(heartbeat.missing_after) <= seconds(heartbeat.every):
        message = f"a heartbeat every {heartbeat.every} is missing after {heartbeat.missing_after} while all is well"
        where = at.at("missing_after") if heartbeat.missing_after != "5m" else at.at("every")
        advice = "let `missing_after` be several times `every`"
        yield Diagnostic(basefile.BAD_HEARTBEAT, message, where, "too short", advice)
    taken = documents.get("Service", {}).get(HEARTBEAT_SERVICE)
    if taken is not None:
        message = f"service `{HEARTBEAT_SERVICE}` has the name under which the heartbeat runs"
        advice = "choose another name"
        yield Diagnostic(basefile.BAD_HEARTBEAT, message, taken.at.at("name"), "taken", advice)


def _check_requires(settings: WorkspaceKind, at: Location) -> list[Diagnostic]:
    if settings.requires is None:
        return []
    match = re.fullmatch(r">=\s*([0-9]+(?:\.[0-9]+)*)", settings.requires)
    if match is None:
        return [
            Diagnostic(
                structure.BAD_VALUE,
                f"`{settings.requires[:60]}` is not of the form >=1.4",
                at.at("requires"),
                "here",
                'write ">=0.1"',
            )
        ]
    wanted = tuple(int(part) for part in match.group(1).split("."))
    if wanted <= tuple(int(part) for part in watchbill.__version__.split(".")):
        return []
    message = f"these policies need watchbill {settings.requires}; this is {watchbill.__version__}"
    return [
        Diagnostic(structure.WORKSPACE, message, at.at("requires"), "newer than this compiler", "upgrade watchbill")
    ]


def _check_environment(name: str, environment: Environment, at: Location) -> list[Diagnostic]:
    found = []
    sources = sources_of(environment)
    if not sources:
        found.append(
            Diagnostic(
                structure.EMPTY,
                f"environment `{name}` has no source",
                at,
                "no rules can run here",
                "add `prometheus:` or `sources:`",
            )
        )
    seen: dict[str, int] = {}
    alike: dict[tuple[tuple[str, str], ...], str] = {}
    for index, source in enumerate(sources):
        where = at.at("sources", index) if environment.sources else at.at("prometheus")
        if source.name in seen:
            message = f"environment `{name}` has two sources named `{source.name}`"
            found.append(Diagnostic(references.DUPLICATE_NAME, message, where.at("name"), "again here", "rename one"))
        seen[source.name] = index
        for carried in _carried(environment, source):
            other = alike.setdefault(tuple(sorted(carried.items())), source.name)
            if other != source.name:
                said = ", ".join(f"{label}={value}" for label, value in carried.items()) or "none"
                message = f"alerts of sources `{other}` and `{source.name}` cannot be told apart: both carry {said}"
                advice = "give each source a label of its own, such as cluster"
                found.append(Diagnostic(structure.BAD_VALUE, message, where, "same labels", advice))
                break
        found.extend(_check_source(name, environment, source, at, where))
        found.extend(_reserved_labels({**environment.labels, **source.labels}, at))
    return found


def _carried(environment: Environment, source: Source) -> list[dict[str, str]]:
    """The labels by which alerts of a source are known: one set, or one for each cluster that the source holds."""
    missing = open_identity(environment, source)
    if source.labels_on == "series" and len(missing) == 1:
        return [{**source.labels, missing[0]: value} for value in source.holds]
    return [source.labels]


def _check_source(
    name: str, environment: Environment, source: Source, at: Location, where: Location
) -> Iterator[Diagnostic]:
    missing = open_identity(environment, source)
    if source.labels_on == "rules":
        if source.holds:
            message = "`holds` belongs to `labels_on: series`"
            advice = "remove it, or write `labels_on: series` beside it"
            yield Diagnostic(structure.BAD_VALUE, message, where.at("holds", key=True), "here", advice)
        if missing and environment.identity is not None:
            message = f"identity label `{missing[0]}` is not among the labels of `{name}/{source.name}`"
            advice = "add it to the source's `labels`"
            yield Diagnostic(structure.BAD_VALUE, message, at.at("identity"), "no alert would carry it", advice)
    elif len(missing) > 1:
        message = f"`{name}/{source.name}` fixes none of the identity labels {', '.join(missing)}"
        advice = "a source may hold many values of one label only: fix the others under `labels`"
        yield Diagnostic(structure.BAD_VALUE, message, where.at("labels_on"), "too much is open", advice)
    elif missing and not source.holds:
        message = f"`{name}/{source.name}` does not say which values of `{missing[0]}` it holds"
        advice = "add `holds: [eu-1, us-1]`, or fix the label under `labels`"
        yield Diagnostic(structure.MISSING_KEY, message, where.at("labels_on"), "which?", advice)
    elif source.holds and not missing:
        message = f"every identity label of `{name}/{source.name}` has a value: `holds` says nothing"
        advice = "add the label that tells the clusters apart to the environment's `identity:`"
        yield Diagnostic(structure.BAD_VALUE, message, where.at("holds", key=True), "of which label?", advice)
    for index, value in enumerate(source.holds):
        if value in source.holds[:index]:
            message = f"`{value}` stands here twice"
            yield Diagnostic(structure.BAD_VALUE, message, where.at("holds", index), "again", "remove one")
    if source.mimir is not None:
        for key, limit in (
            ("max_rules_per_group", source.mimir.max_rules_per_group),
            ("max_groups", source.mimir.max_groups),
        ):
            if limit < 1:
                message = f"`{key}: {limit}` leaves no room for any rule"
                yield Diagnostic(structure.BAD_VALUE, message, where.at("mimir", key), "here", "write 1 or more")


def _reserved_labels(labels: dict[str, str], at: Location) -> list[Diagnostic]:
    return [
        Diagnostic(
            structure.BAD_VALUE,
            f"label `{label}` is written by the compiler",
            at,
            f"`{label}` here",
            "choose another name",
        )
        for label in labels
        if label in RESERVED or label.startswith("__")
    ]


def _check_severity(severity: Severity, at: Location, documents: dict[str, dict[str, Policy]]) -> list[Diagnostic]:
    found = []
    if (severity.hours is None) != (severity.outside is None):
        present, absent = ("hours", "outside") if severity.outside is None else ("outside", "hours")
        found.append(
            Diagnostic(
                structure.MISSING_KEY,
                f"`{present}` needs `{absent}` beside it",
                at.at(present),
                "alone",
                f"add `{absent}:`",
                notes=("without it the alert would go nowhere outside the hours",) if present == "hours" else (),
            )
        )
    if severity.hours not in (None, "team") and qualified(documents, "Calendar", severity.hours or "", None) is None:
        found.append(
            unknown_word("Calendar", severity.hours or "", documents.get("Calendar", {}), at.at("hours"), "`team` or ")
        )
    if severity.outside is not None and OUTCOMES.index(severity.outside) < OUTCOMES.index(outcome_kind(severity)):
        found.append(
            Diagnostic(
                structure.BAD_VALUE,
                "outside its hours a severity cannot be louder than inside",
                at.at("outside"),
                "louder",
                "exchange the two",
            )
        )
    return found
