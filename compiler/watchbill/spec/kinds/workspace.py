"""Workspace: where rules run, what each severity means, who takes what nobody claims."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.scalars import (
    BaseFile,
    Date,
    Duration,
    Email,
    EnvName,
    EscalationRef,
    FilePath,
    HoursRef,
    LabelName,
    Name,
    NotYet,
    PersonRef,
    Ratio,
    SlackChannel,
    TeamRef,
    Text,
    Url,
    Version,
)


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """Where a secret lies; never the secret itself."""

    __exactly_one__: ClassVar = ("file", "env")
    __secret__: ClassVar = True
    file: Annotated[FilePath | None, "A file that Alertmanager or the executor reads at run time."] = None
    env: Annotated[EnvName | None, "An environment variable; only for what the executor itself reads."] = None


class Prometheus(msgspec.Struct, frozen=True, kw_only=True):
    url: Annotated[Url, "The base URL, for links in runbooks and for the executor's questions."]


class Mimir(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant of Grafana Mimir, with the limits of its ruler."""

    url: Annotated[Url, "The base URL; PromQL is asked below `/prometheus`."]
    tenant: Annotated[Text, "The tenant (X-Scope-OrgID)."]
    max_rules_per_group: Annotated[int, "The ruler's ruler_max_rules_per_rule_group."] = 20
    max_groups: Annotated[int, "The ruler's ruler_max_rule_groups_per_tenant."] = 70


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One server that evaluates rules."""

    __exactly_one__: ClassVar = ("prometheus", "mimir")
    name: Annotated[Name, "Short name; a place is written `environment/source`."]
    labels: Annotated[
        dict[LabelName, Text], "Labels of this source, beside the environment's: written on each of its rules."
    ] = {}
    labels_on: Annotated[
        Literal["rules", "series"],
        "Where the labels stand: written on each rule, or on the series of a store of many clusters already, so that"
        " every selector asks for them.",
    ] = "rules"
    holds: Annotated[
        tuple[Text, ...], "With `labels_on: series`: the values of the identity label that this source does not fix."
    ] = ()
    prometheus: Annotated[Prometheus | None, "The Prometheus server."] = None
    mimir: Annotated[Mimir | None, "The Mimir tenant."] = None


class Alertmanager(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("url", "peers")
    url: Annotated[Url | None, "One Alertmanager."] = None
    peers: Annotated[tuple[Url, ...], "All replicas of one Alertmanager cluster."] = ()
    base: Annotated[
        BaseFile | None,
        "A hand-written configuration, relative to this file, kept while teams convert: its root stays the root, and"
        " our routes come before its own.",
    ] = None
    secrets: Annotated[
        FilePath, "The folder in which Alertmanager finds the files of secrets that the compiler names itself."
    ] = "/run/secrets"


class Grafana(msgspec.Struct, frozen=True, kw_only=True):
    url: Annotated[Url, "The base URL, for links to dashboards."]


class Executor(msgspec.Struct, frozen=True, kw_only=True):
    url: Annotated[Url, "Where Alertmanager reaches the executor."]
    mode: Annotated[
        Literal["observe", "approve", "auto"],
        "observe: do nothing; approve: every action asks a person; auto: as each remediation says.",
    ] = "approve"
    token: Annotated[Secret, "The bearer token Alertmanager presents."] = Secret(file="/run/secrets/watchbill-intake")


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("sources", "prometheus")
    labels: Annotated[dict[LabelName, Text], "Labels written on every rule of this environment."] = {}
    sources: Annotated[tuple[Source, ...], "Several Prometheus servers."] = ()
    prometheus: Annotated[Prometheus | None, "The only Prometheus server: short for one source named `default`."] = None
    identity: Annotated[
        tuple[LabelName, ...] | None,
        "Labels that every alert must carry. Default: all labels of the environment and its sources.",
    ] = None
    alertmanager: Annotated[Alertmanager | None, "The Alertmanager that receives this environment's alerts."] = None
    grafana: Annotated[Grafana | None, "The Grafana server."] = None
    executor: Annotated[Executor | None, "The runtime executor."] = None
    at_most: Annotated[
        Literal["page", "ticket", "notify"],
        "The strongest outcome here: `ticket` means nothing in this environment wakes anyone.",
    ] = "page"


class Severity(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert of this severity leads to. The order of the severities is their rank, worst first."""

    __exactly_one__: ClassVar = ("page", "ticket", "notify", "drop")
    page: Annotated[EscalationRef | None, "Page by this escalation policy."] = None
    ticket: Annotated[Literal["team"] | None, "A ticket for the alert's team."] = None
    notify: Annotated[Literal["team"] | None, "A message in the team's channel."] = None
    drop: Annotated[Literal[True] | None, "Goes nowhere, on purpose (a watchdog)."] = None
    hours: Annotated[HoursRef | None, "`team` or a Calendar: the outcome holds in these hours only."] = None
    outside: Annotated[Literal["ticket", "notify"] | None, "The outcome outside the hours."] = None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Alertmanager's group_wait, group_interval and repeat_interval."""

    first: Annotated[
        Duration, "How long to wait for more alerts of the group before the first notification (group_wait)."
    ]
    more: Annotated[Duration, "How long to wait before telling of a change in the group (group_interval)."]
    again: Annotated[Duration, "How long until an unchanged group is told again (repeat_interval)."]


class CatchAll(msgspec.Struct, frozen=True, kw_only=True):
    team: Annotated[TeamRef, "The team that receives an alert no policy claims."]
    outcome: Annotated[
        Literal["page", "ticket", "notify"] | None, "Default: ticket where the team can take tickets, else page."
    ] = None


class LastResort(msgspec.Struct, frozen=True, kw_only=True):
    team: Annotated[TeamRef, "The team whose on-call is paged when a page resolves to nobody."]
    on_call: Annotated[Name, "Which of the team's on-call roles."] = "primary"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a number that stands for an office: CTO, CISO, legal, press."""

    __shorthand__: ClassVar = "person"
    __exactly_one__: ClassVar = ("person", "phone", "email", "slack")
    person: Annotated[PersonRef | None, "A Person."] = None
    phone: Annotated[Secret | None, "A phone number, by reference."] = None
    email: Annotated[Email | None, "A shared mailbox."] = None
    slack: Annotated[SlackChannel | None, "A Slack channel."] = None


class HeartbeatReceiver(msgspec.Struct, frozen=True, kw_only=True):
    url: Annotated[
        Secret, "A file that holds the URL of a service outside all of this, which pages when it hears nothing."
    ]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that always fires, one for each source, sent on by each Alertmanager to a place outside both."""

    every: Annotated[Duration, "How often it is sent."] = "1m"
    missing_after: Annotated[Duration, "The receiver's own deadline: how long silence may last before it pages."] = "5m"
    to: Annotated[HeartbeatReceiver, "Who misses it."]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    from_: Annotated[Date, "First day."] = msgspec.field(name="from")
    until: Annotated[Date, "Last day. Undeclared holes in a schedule in this time are errors."]


class Objectives(msgspec.Struct, frozen=True, kw_only=True):
    """What the organisation aims at; reported against, never enforced."""

    mtta: Annotated[Duration | None, "Mean time to acknowledge."] = None
    mttr: Annotated[Duration | None, "Mean time to resolve."] = None
    escalation_rate: Annotated[Ratio | None, "Incidents that leave the first step."] = None
    false_positive_rate: Annotated[Ratio | None, "Incidents marked as false."] = None
    delivery_rate: Annotated[Ratio | None, "Notifications that arrive."] = None
    availability: Annotated[Ratio | None, "Availability of the alerting itself."] = None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    incidents: Annotated[Duration, "How long incidents are kept."] = "400d"
    evidence: Annotated[Duration, "How long evidence is kept."] = "7y"


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest servers in use: a newer feature is refused by name."""

    prometheus: Annotated[Version, "The oldest Prometheus."] = "2.53"
    alertmanager: Annotated[Version, "The oldest Alertmanager."] = "0.28"


class SlackChannelSettings(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("webhook", "bot_token")
    webhook: Annotated[Secret | None, "An incoming webhook's URL."] = None
    bot_token: Annotated[Secret | None, "A bot token with chat:write."] = None


class EmailSettings(msgspec.Struct, frozen=True, kw_only=True):
    smarthost: Annotated[Text, "host:port of the SMTP server."]
    sender: Annotated[Email, "The From address."] = msgspec.field(name="from")
    username: Annotated[Text | None, "SMTP user."] = None
    password: Annotated[Secret | None, "SMTP password."] = None


class Channels(msgspec.Struct, frozen=True, kw_only=True):
    __not_yet__: ClassVar = ("twilio", "push")
    slack: Annotated[SlackChannelSettings | None, "How Slack is reached."] = None
    email: Annotated[EmailSettings | None, "How mail is sent."] = None


class RunbookSite(msgspec.Struct, frozen=True, kw_only=True):
    base_url: Annotated[Url, "Where the generated runbooks are published."]


class PagerDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A PagerDuty service has one escalation policy: there is one service for each escalation that is in use."""

    service_per: Annotated[
        Literal["team", "service"], "One for each team; or one for each of its services, told apart by a router."
    ] = "team"


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """One per repository: environments, severities, and who takes what nobody claims."""

    environments: Annotated[dict[Name, Environment], "Where alerts run: production, staging."]
    targets: Annotated[
        tuple[
            Annotated[Literal["prometheus", "alertmanager", "pagerduty", "runbooks", "executor"], NotYet(("grafana",))],
            ...,
        ]
        | None,
        "What to compile. Default: all that are configured.",
    ] = None
    runbooks: Annotated[RunbookSite | None, "Where runbooks are published."] = None
    roles: Annotated[dict[Name, Role], "Offices that an escalation or a procedure may name, workspace-wide."] = {}
    severities: Annotated[dict[Name, Severity] | None, "Severities, worst first, with their outcome."] = None
    severity_words: Annotated[
        dict[Text, Name], "What foreign rules call our severities, such as {page: critical}."
    ] = {}
    timing: Annotated[dict[Name, Timing], "Grouping times by severity."] = {}
    defaults: Annotated[Defaults | None, "What every alert inherits."] = None
    classes: Annotated[tuple[Name, ...], "Classes an alert may have; empty: any."] = ()
    catch_all: Annotated[CatchAll | None, "Who receives an alert that no policy claims. Default: the only team."] = None
    last_resort: Annotated[
        LastResort | None, "Who is paged when a page resolves to nobody. Default: the catch-all's primary."
    ] = None
    heartbeat: Annotated[
        Heartbeat | None, "Proof that alerts still arrive, received outside Prometheus and Alertmanager."
    ] = None
    coverage: Annotated[Coverage | None, "The time in which schedules must have no hole."] = None
    objectives: Annotated[Objectives | None, "Targets for response times and rates."] = None
    retention: Annotated[Retention, "How long records are kept."] = Retention()
    versions: Annotated[Versions, "The oldest servers in use."] = Versions()
    pagerduty: Annotated[PagerDuty | None, "What PagerDuty is to hold; without it, somebody sets it up by hand."] = None
    channels: Annotated[Channels, "How messages are sent."] = Channels()
    checks: Annotated[
        dict[Name, Literal["error", "warning", "note", "off"]], "Raise, lower or turn off a check by its name."
    ] = {}
    requires: Annotated[Text | None, 'The compiler versions these policies are for, such as ">=0.1".'] = None
