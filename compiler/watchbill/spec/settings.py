"""The Workspace document with every default filled in: severities, timing, places, who takes what nobody claims."""

import re
from typing import Any

import msgspec

import watchbill
from watchbill.source.codes import paging, references, structure
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.kinds.people import Team
from watchbill.spec.kinds.workspace import Environment, Severity, Source, Timing
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.model import OUTCOMES, CatchAll, Outcome, OutcomeKind, qualified

DEFAULT_ESCALATION = "default"  # built in: primary, five minutes, twice again
DEFAULT_SEVERITIES = {
    "critical": Severity(page=DEFAULT_ESCALATION),
    "high": Severity(page=DEFAULT_ESCALATION),
    "warning": Severity(ticket="team"),
    "info": Severity(notify="team"),
    "none": Severity(drop=True),
}
_TIMING_BY_OUTCOME = {
    "page": Timing(first="30s", more="5m", again="4h"),
    "ticket": Timing(first="1m", more="10m", again="24h"),
    "notify": Timing(first="5m", more="15m", again="24h"),
    "drop": Timing(first="5m", more="15m", again="24h"),
}


class PlaceSettings(msgspec.Struct, frozen=True):
    name: str
    environment: str
    source: str
    labels: dict[str, str]
    prometheus_url: str


def severities(settings: WorkspaceKind) -> dict[str, Severity]:
    return settings.severities if settings.severities is not None else DEFAULT_SEVERITIES


def timing(settings: WorkspaceKind) -> dict[str, Timing]:
    """Timing for every severity: the workspace's own, else the default of its outcome."""
    return {
        name: settings.timing.get(name) or _TIMING_BY_OUTCOME[outcome_kind(severity)]
        for name, severity in severities(settings).items()
    }


def outcome_kind(severity: Severity) -> OutcomeKind:
    if severity.page is not None:
        return "page"
    if severity.ticket is not None:
        return "ticket"
    return "notify" if severity.notify is not None else "drop"


def weaker(one: OutcomeKind, other: OutcomeKind) -> OutcomeKind:
    return OUTCOMES[max(OUTCOMES.index(one), OUTCOMES.index(other))]


def outcome(severity: Severity, at_most: OutcomeKind, escalation: str | None, hours: str | None) -> Outcome:
    """The outcome of a severity in an environment: `at_most` caps it, inside the hours and outside them."""
    kind = weaker(outcome_kind(severity), at_most)
    escalation = escalation if kind == "page" else None
    if severity.hours is None or severity.outside is None:
        return Outcome(kind, escalation)
    outside = weaker(severity.outside, at_most)
    return Outcome(kind, escalation) if outside == kind else Outcome(kind, escalation, hours, outside)


def sources_of(environment: Environment) -> tuple[Source, ...]:
    if environment.prometheus is not None:
        return (Source(name="default", prometheus=environment.prometheus),)
    return environment.sources


def places(settings: WorkspaceKind) -> dict[str, PlaceSettings]:
    found = {}
    for environment_name, environment in settings.environments.items():
        for source in sources_of(environment):
            name = f"{environment_name}/{source.name}"
            labels = {**environment.labels, **source.labels}
            found[name] = PlaceSettings(name, environment_name, source.name, labels, source.prometheus.url)
    return found


def identity(environment: Environment) -> tuple[str, ...]:
    """Labels every alert of the environment carries and that tell its places apart."""
    if environment.identity is not None:
        return environment.identity
    labels = dict.fromkeys(environment.labels)
    for source in sources_of(environment):
        labels.update(dict.fromkeys(source.labels))
    return tuple(labels)


def can_take(team: Team, kind: OutcomeKind, settings: WorkspaceKind) -> bool:
    """Whether an outcome has somewhere to go for this team."""
    mail = team.email is not None and settings.channels.email is not None
    if kind == "page":
        return team.paging != "none"
    if kind == "ticket":
        return team.tickets is not None or mail
    return bool(team.slack) or mail


def audible(severity: Severity, team: Team, settings: WorkspaceKind, at_most: OutcomeKind) -> Severity:
    """A built-in severity for a team that has no channel for its outcome: the next stronger outcome that it can take.

    A team with nothing but a pager has its tickets there (PagerDuty gives the event's severity its own urgency) rather
    than nowhere. Severities that a workspace declares itself are never changed.
    """
    kind = outcome_kind(severity)
    if kind in ("page", "drop") or can_take(team, kind, settings):
        return severity
    if kind == "notify" and can_take(team, "ticket", settings) and weaker("ticket", at_most) == "ticket":
        return Severity(ticket="team")
    return Severity(page=DEFAULT_ESCALATION) if can_take(team, "page", settings) and at_most == "page" else severity


def catch_all(settings: WorkspaceKind, teams: dict[str, Policy]) -> tuple[CatchAll | None, str | None]:
    """Who receives what no policy claims, or why that cannot be said. Default: the only team, as strongly as needed."""
    if settings.catch_all is not None:
        team, kind = settings.catch_all.team, settings.catch_all.outcome
    elif len(teams) == 1:
        team, kind = next(iter(teams)), None
    else:
        return None, "several teams" if teams else "no team"
    policy = teams.get(team)
    if policy is None or policy.body is None:
        return None, None  # told elsewhere
    if kind is None:
        kind = "ticket" if can_take(policy.body, "ticket", settings) else "page"
    escalation = None
    if kind == "page":
        escalation = next(
            (severity.page for severity in severities(settings).values() if severity.page), DEFAULT_ESCALATION
        )
    return CatchAll(team, kind, escalation), None


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
    labelled: dict[tuple[tuple[str, str], ...], str] = {}
    for index, source in enumerate(sources):
        if source.name in seen:
            message = f"environment `{name}` has two sources named `{source.name}`"
            found.append(
                Diagnostic(
                    references.DUPLICATE_NAME, message, at.at("sources", index, "name"), "again here", "rename one"
                )
            )
        seen[source.name] = index
        key = tuple(sorted(source.labels.items()))
        if key in labelled and labelled[key] != source.name:
            message = f"sources `{labelled[key]}` and `{source.name}` write the same labels: their alerts cannot be told apart"
            found.append(
                Diagnostic(
                    structure.BAD_VALUE,
                    message,
                    at.at("sources", index),
                    "same labels",
                    "give each source a label of its own, such as cluster",
                )
            )
        labelled[key] = source.name
        missing = [
            label
            for label in environment.identity or ()
            if label not in source.labels and label not in environment.labels
        ]
        if missing:
            message = f"identity label `{missing[0]}` is not among the labels of `{name}/{source.name}`"
            found.append(
                Diagnostic(
                    structure.BAD_VALUE,
                    message,
                    at.at("identity"),
                    "no alert would carry it",
                    "add it to the source's `labels`",
                )
            )
        found.extend(_reserved_labels({**environment.labels, **source.labels}, at))
    return found


RESERVED = ("alertname", "alertstate", "severity", "team", "service", "class", "page_per", "escalation")


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


def unknown_word(what: str, word: str, known: Any, at: Location, also: str = "") -> Diagnostic:
    names = [str(name) for name in known]
    close = did_you_mean(word, names)
    listed = ", ".join(names[:10])
    hint = (
        f"did you mean `{close}`?"
        if close
        else (f"known: {also}{listed}" if names or also else f"no {what} is declared")
    )
    return Diagnostic(references.UNKNOWN_WORD, f"unknown {what} `{word}`", at, "not declared", hint)
