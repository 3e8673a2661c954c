"""What of a workspace Alertmanager cannot do, or not in the version in use: each is a finding, never left out in silence."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from watchbill.routing.building.receivers import channels, key_file
from watchbill.routing.building.routetree import Tree
from watchbill.source.codes import basefile as base_codes
from watchbill.source.codes import promql, routing, structure, windows
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.workspace import Alertmanager, Secret
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.scalars import seconds

# Keys of the configuration that an Alertmanager has only from a version on, and what they are for. From its changelog.
SINCE: dict[str, tuple[tuple[int, int], str]] = {
    "matchers": ((0, 22), "matchers of routes (#2434)"),
    "source_matchers": ((0, 22), "matchers of inhibitions (#2434)"),
    "authorization": ((0, 22), "bearer tokens from files (#2499)"),
    "api_url_file": ((0, 22), "Slack's URL from a file (#2534)"),
    "active_time_intervals": ((0, 24), "hours in which a route is active (#2779)"),
    "location": ((0, 25), "time zones of hours (#2782)"),
    "smtp_auth_password_file": ((0, 25), "the SMTP password from a file (#3038)"),
    "source": ((0, 25), "the source of a PagerDuty incident (#3106)"),
    "routing_key_file": ((0, 25), "PagerDuty keys from files (#3107)"),
    "url_file": ((0, 26), "a webhook's URL from a file (#3223)"),
}

Configured = list[tuple[Tree, dict[str, Any]]]


def limits(workspace: Workspace, configured: Configured) -> list[Diagnostic]:
    policy = next(iter(workspace.documents["Workspace"].values()))
    found = [
        *_shared(workspace, policy),
        *_look_alike(workspace, policy),
        *_versions(workspace, policy, configured),
        *_secrets(workspace, policy, configured),
        *_names(workspace, configured),
        *_slack(workspace, policy, configured),
        *_late_channels(workspace, configured),
        *_times(workspace, policy),
        *_crowded(workspace, configured),
        *_clashes(workspace, policy, configured),
    ]
    return list(dict.fromkeys(found))


def _shared(workspace: Workspace, policy: Policy) -> Iterator[Diagnostic]:
    first: dict[str, str] = {}
    for name, settings in workspace.environments.items():
        for url in _urls(settings.alertmanager):
            other = first.setdefault(url, name)
            if other != name:
                yield Diagnostic(
                    routing.SHARED_ALERTMANAGER,
                    f"`{other}` and `{name}` name the same Alertmanager",
                    policy.at.at("environments", name, "alertmanager"),
                    "the configurations would overwrite each other",
                    "name another, or make one environment of the two, with a source for each",
                    related=(Related(policy.at.at("environments", other, "alertmanager"), "first here"),),
                )
                break


def _urls(settings: Alertmanager | None) -> Iterator[str]:
    """The URLs of an Alertmanager, written the same way: `http://AM:80/` is `http://am`."""
    for url in (*settings.peers, settings.url) if settings is not None else ():
        if url is not None:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
            yield f"{parts.hostname}:{port}{parts.path.rstrip('/')}"


def _look_alike(workspace: Workspace, policy: Policy) -> Iterator[Diagnostic]:
    first: dict[tuple[tuple[str, str], ...], str] = {}
    for place in workspace.places.values():
        if workspace.environments[place.environment].alertmanager is None:
            continue
        names = sorted(workspace.identity[place.environment])
        for identity in place.identities:
            carried = tuple((name, identity.get(name, "")) for name in names)
            other = first.setdefault(carried, place.environment)
            if other == place.environment:
                continue
            said = ", ".join(f"{label}={value}" for label, value in carried) or "none"
            yield Diagnostic(
                routing.LOOK_ALIKE,
                f"alerts of `{other}` and of `{place.environment}` carry the same identity labels ({said})",
                policy.at.at("environments", place.environment, key=True),
                "looks like the other",
                f"give it a label of its own: labels: {{env: {place.environment}}}",
                related=(Related(policy.at.at("environments", other, key=True), "the other"),),
                notes=("one incident to PagerDuty: when one recovers, the other's page is resolved",),
            )
            break


def _versions(workspace: Workspace, policy: Policy, configured: Configured) -> Iterator[Diagnostic]:
    oldest = workspace.settings.versions.alertmanager
    major, minor = (int(part) for part in oldest.split(".")[:2])
    if (major, minor) >= max(since for since, _ in SINCE.values()):
        return
    used = {key for _, configuration in configured for key in _keys(configuration)}
    for key, (since, what) in SINCE.items():
        if key in used and (major, minor) < since:
            yield Diagnostic(
                promql.TOO_NEW,
                f"Alertmanager {oldest} has no `{key}`: {what} came with {since[0]}.{since[1]}",
                policy.at.at("versions", "alertmanager"),
                "the oldest in use",
                f"{since[0]}.{since[1]} or newer is needed for these policies",
            )


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _secrets(workspace: Workspace, policy: Policy, configured: Configured) -> Iterator[Diagnostic]:
    receivers = [one for _, configuration in configured for one in configuration["receivers"]]
    teams = {one.team for tree, _ in configured for one in tree.receivers() if one.kind == "ticket"}
    heartbeat = workspace.settings.heartbeat
    if heartbeat is not None and configured:
        yield from _by_file(heartbeat.to.url, policy.at.at("heartbeat", "to", "url"))
    asked = [
        (settings.executor.token, policy.at.at("environments", name, "executor", "token"))
        for name, settings in workspace.environments.items()
        if settings.executor is not None and settings.alertmanager is not None
    ]
    slack, mail = workspace.settings.channels.slack, workspace.settings.channels.email
    if slack is not None and any("slack_configs" in one for one in receivers):
        asked += [
            (secret, policy.at.at("channels", "slack", key))
            for key, secret in (("webhook", slack.webhook), ("bot_token", slack.bot_token))
            if secret is not None
        ]
    if mail is not None and mail.password is not None and any("email_configs" in one for one in receivers):
        asked.append((mail.password, policy.at.at("channels", "email", "password")))
    for name in sorted(teams):
        tickets = workspace.team(name).tickets
        if tickets is not None:
            asked.append((tickets.webhook, workspace.get("Team", name).at.at("tickets", "webhook")))
    for secret, where in asked:
        yield from _by_file(secret, where)


def _by_file(secret: Secret, where: Location) -> Iterator[Diagnostic]:
    if secret.file is None:
        yield Diagnostic(
            routing.SECRET_NEEDS_FILE,
            f"Alertmanager cannot read the environment variable `{secret.env}`",
            where,
            "it reads files only",
            "write {file: /run/secrets/…} and mount the secret there",
        )


def _names(workspace: Workspace, configured: Configured) -> Iterator[Diagnostic]:
    for tree, _ in configured:
        settings = workspace.environments[tree.environment]
        receivers: dict[str, tuple[str | None, ...]] = {}
        files: dict[str, tuple[str, str]] = {}
        for one in tree.receivers():
            if one.kind == "drop":
                continue
            meaning = (one.team, one.kind, one.severity, one.escalation)
            if receivers.setdefault(one.name, meaning) != meaning:
                yield _met(workspace, f"two receivers are named `{one.name}`", receivers[one.name][0] or "", one.team)
            if one.kind == "page" and one.escalation is not None:
                file, owner = key_file(settings, one.team, one.escalation), (one.team, one.escalation)
                if files.setdefault(file, owner) != owner:
                    yield _met(workspace, f"two PagerDuty keys lie in `{file}`", files[file][0], one.team)


def _met(workspace: Workspace, what: str, first: str, second: str) -> Diagnostic:
    related = (Related(_named(workspace, first), "the other"),) if first != second else ()
    hint = "rename a team, a severity or an escalation: their names are joined by `-`"
    return Diagnostic(
        routing.SAME_NAME,
        f"{what}: one of `{first}`, one of `{second}`",
        _named(workspace, second),
        "meets another",
        hint,
        related=related,
    )


def _named(workspace: Workspace, team: str) -> Location:
    return workspace.get("Team", team).at.at("name")


def _slack(workspace: Workspace, policy: Policy, configured: Configured) -> Iterator[Diagnostic]:
    slack = workspace.settings.channels.slack
    if slack is not None and slack.bot_token is not None:
        return
    named = {
        channel
        for tree, _ in configured
        for one in tree.receivers()
        if one.kind != "drop"
        for channel in channels(workspace, one)
    }
    if len(named) > 1:
        where = policy.at.at("channels", "slack", "webhook") if slack is not None else policy.at
        yield Diagnostic(
            routing.ONE_CHANNEL,
            f"an incoming webhook for {len(named)} Slack channels: {', '.join(sorted(named)[:5])}{', …' if len(named) > 5 else ''}",
            where,
            "writes to the channel it was made for",
            "use `bot_token:` of an app with chat:write"
            if slack is not None
            else "add channels: {slack: {bot_token: {file: …}}}",
        )


def _late_channels(workspace: Workspace, configured: Configured) -> Iterator[Diagnostic]:
    used = {one.escalation for tree, _ in configured for one in tree.receivers() if one.kind == "page"}
    for name in sorted(name for name in used if name is not None):
        policy = workspace.documents["Escalation"].get(name)
        for index, step in enumerate(policy.body.steps if policy is not None and policy.body is not None else ()):
            for position, told in enumerate(step.notify):
                if policy is not None and index > 0 and told.slack is not None:
                    yield Diagnostic(
                        routing.LATE_CHANNEL,
                        f"`{told.slack}` in step {index + 1} of `{name}` is not told",
                        policy.at.at("steps", index, "notify", position),
                        "a channel cannot wait",
                        "name it under `also:`, which tells it at once",
                    )


def _times(workspace: Workspace, policy: Policy) -> Iterator[Diagnostic]:
    """Config.UnmarshalYAML: group_interval and repeat_interval cannot be zero."""
    for name, timing in workspace.settings.timing.items():
        for key, duration in (("more", timing.more), ("again", timing.again)):
            if seconds(duration) == 0:
                yield Diagnostic(
                    structure.BAD_VALUE,
                    "Alertmanager takes no interval of zero",
                    policy.at.at("timing", name, key),
                    "zero",
                    "write 1s or more",
                )


def _crowded(workspace: Workspace, configured: Configured) -> Iterator[Diagnostic]:
    for tree, _ in configured:
        for branch, names in tree.crowded:
            yield Diagnostic(
                windows.TOO_MANY,
                f"the windows of {branch.severity} alerts of `{branch.team}` in {tree.environment} overlap in too many ways",
                workspace.windows[names[0]].at.at("match"),
                "too many routes",
                "let windows match by `service` only",
                notes=(f"among them {', '.join(f'`{name}`' for name in names[:5])}",),
            )


def _clashes(workspace: Workspace, policy: Policy, configured: Configured) -> Iterator[Diagnostic]:
    """Names of a base that are names of ours."""
    for tree, ours in configured:
        base = workspace.bases.get(tree.environment)
        if base is None:
            continue
        teams = {one.name: _named(workspace, one.team) for one in tree.receivers() if one.kind != "drop"}
        for what, key, others in (
            ("receiver", "receivers", ("receivers",)),
            ("time interval", "time_intervals", ("time_intervals", "mute_time_intervals")),
        ):
            taken = {one["name"] for one in ours.get(key, ())}
            for other in others:
                for index, one in enumerate(base.value.get(other) or ()):
                    name = one.get("name") if isinstance(one, dict) else None
                    if name in taken:
                        yield Diagnostic(
                            base_codes.BASE_CLASH,
                            f"{what} `{name}` of the base has the name of one that the compiler writes",
                            base.at.at(other, index, "name"),
                            "taken",
                            "rename it in this file",
                            related=(Related(teams.get(str(name), policy.at), "written for this"),),
                        )
