"""The Workspace document with every default filled in: severities, timing, places, who takes what nobody claims."""

from collections.abc import Mapping
from typing import Any

import msgspec

from watchbill.source.codes import references
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.kinds.people import Team
from watchbill.spec.kinds.workspace import Environment, Severity, Source, Timing
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.model import OUTCOMES, CatchAll, Outcome, OutcomeKind

DEFAULT_ESCALATION = "default"  # built in: primary, five minutes, twice again
HEARTBEAT_SERVICE = "watchbill"  # the label `service` of the heartbeat
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
    """A place before anything is resolved in it. With `series` the labels stand on the series, and on no rule.

    `held` is the identity label that such a source does not fix, and `holds` are its values there.
    """

    name: str
    environment: str
    source: str
    labels: dict[str, str]
    prometheus_url: str
    identity: tuple[str, ...] = ()
    series: bool = False
    held: str | None = None
    holds: tuple[str, ...] = ()
    tenant: str | None = None

    @property
    def written(self) -> dict[str, str]:
        """The labels that are written on each rule."""
        return {} if self.series else self.labels


def severities(settings: WorkspaceKind) -> dict[str, Severity]:
    return settings.severities if settings.severities is not None else DEFAULT_SEVERITIES


def severity_of_no_data(known: Mapping[str, Severity]) -> str | None:
    """The severity of an alert that tells of missing data where no policy says one; None where every severity is dropped."""
    if "warning" in known:
        return "warning"
    kinds = {name: outcome_kind(severity) for name, severity in known.items()}
    by_kind = [[name for name, kind in kinds.items() if kind == wanted] for wanted in ("ticket", "notify", "page")]
    tickets, messages, pages = by_kind
    return next(iter([*tickets, *messages, *reversed(pages)]), None)


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
            needed = identity(environment)
            not_fixed = open_identity(environment, source)
            held = not_fixed[0] if source.labels_on == "series" and not_fixed else None
            found[name] = PlaceSettings(
                name=name,
                environment=environment_name,
                source=source.name,
                labels=labels,
                prometheus_url=_url(source),
                identity=needed,
                series=source.labels_on == "series",
                held=held,
                holds=source.holds if held is not None else (),
                tenant=source.mimir.tenant if source.mimir is not None else None,
            )
    return found


def _url(source: Source) -> str:
    """Where PromQL is asked: Mimir answers below `/prometheus`."""
    if source.mimir is not None:
        return f"{source.mimir.url.rstrip('/')}/prometheus"
    return source.prometheus.url if source.prometheus is not None else ""


def identity(environment: Environment) -> tuple[str, ...]:
    """Labels every alert of the environment carries and that tell its places apart."""
    if environment.identity is not None:
        return environment.identity
    labels = dict.fromkeys(environment.labels)
    for source in sources_of(environment):
        labels.update(dict.fromkeys(source.labels))
    return tuple(labels)


def open_identity(environment: Environment, source: Source) -> tuple[str, ...]:
    """The identity labels to which neither the environment nor the source gives a value."""
    return tuple(
        label for label in identity(environment) if label not in environment.labels and label not in source.labels
    )


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


RESERVED = (
    "alertname",
    "alertstate",
    "severity",
    "team",
    "service",
    "class",
    "page_per",
    "escalation",
    "ownership",
)
# What routes ask for and not every alert has. A rule without one says so: an empty label takes away whatever the series
# bring along under its name, and nobody who can make a metric chooses who is paged, or what is one incident.
ROUTED = ("escalation", "ownership", "page_per")


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
