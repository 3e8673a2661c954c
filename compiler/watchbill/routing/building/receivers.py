"""Alertmanager receivers: what a team is told, over which of its channels, for one outcome.

Labels and annotations may hold whatever somebody could write into a metric. What reaches Slack is escaped, so that it
can neither notify a channel nor hide where a link leads; mail is escaped by Alertmanager's own HTML template; what
reaches PagerDuty has no braces (see `_details`).
"""

from typing import Any

import msgspec

from watchbill.spec.kinds.people import Escalation, Team
from watchbill.spec.kinds.workspace import Environment, Secret
from watchbill.spec.model import OutcomeKind, Workspace

NOBODY = "nobody"
CATCH_ALL = "catch-all"
SLACK_API = "https://slack.com/api/chat.postMessage"
_PAGERDUTY_SEVERITIES = ("critical", "error", "warning", "info")

# One line, at most 500 characters, and none that Slack would read as a mention or a link. In Alertmanager's reReplaceAll
# the text comes last, so that it can be piped in; text is cut before it is escaped, so that no escape is cut in two.
_ESCAPED = (
    '{{ define "plain" }}{{ printf "%.500s" . | reReplaceAll `\\s+` " "'
    ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;" }}{{ end }}'
)
_BRACELESS = '{{ define "plain" }}{{ printf "%.500s" . | reReplaceAll `\\s+` " " | reReplaceAll "[{}]" "" }}{{ end }}'
# While any alert fires, the line is about the first that does; a resolved neighbour would be yesterday's news.
_HEADLINE = (
    '{{ $alerts := .Alerts }}{{ if eq .Status "firing" }}{{ $alerts = .Alerts.Firing }}{{ end }}'
    '{{ template "plain" (or (index $alerts 0).Annotations.summary (index $alerts 0).Labels.alertname) }}'
    "{{ if gt (len $alerts) 1 }} ({{ len $alerts }} alerts){{ end }}"
)
_TITLE = '[{{ .Status | toUpper }}] {{ template "plain" (or .CommonLabels.severity "unclaimed") }}: ' + _HEADLINE
_SLACK_TEXT = (
    _ESCAPED + "{{ range $index, $alert := .Alerts }}{{ if lt $index 5 }}"
    '{{ if eq $alert.Status "resolved" }}resolved: {{ end }}'
    '*{{ template "plain" (or $alert.Annotations.summary $alert.Labels.alertname) }}*\n'
    '{{ with $alert.Annotations.description }}{{ template "plain" . }}\n{{ end }}'
    "{{ end }}{{ end }}{{ if gt (len .Alerts) 5 }}… {{ len .Alerts }} alerts in all\n{{ end }}"
    '{{ with .CommonAnnotations.runbook_url }}Runbook: {{ template "plain" . }}\n{{ end }}'
    '{{ with .CommonAnnotations.dashboard_url }}Dashboard: {{ template "plain" . }}\n{{ end }}'
    '{{ range .GroupLabels.SortedPairs }}{{ template "plain" .Name }}={{ template "plain" .Value }} {{ end }}'
)
_LISTED = (
    "{{ range $index, $alert := %s }}{{ if lt $index 10 }}"
    '{{ template "plain" (or $alert.Annotations.summary $alert.Labels.alertname) }}; {{ end }}{{ else }}none{{ end }}'
)


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver to be: whom, by which outcome. `severity` is None for the catch-all; `escalation` is set for a page."""

    name: str
    team: str
    kind: OutcomeKind
    severity: str | None
    escalation: str | None = None


def receiver(workspace: Workspace, environment: str, wanted: Receiver) -> dict[str, Any]:
    """The receiver as Alertmanager's configuration has it: one entry, with an integration for each channel."""
    settings = workspace.environments[environment]
    if wanted.name == NOBODY:
        return {"name": NOBODY}
    team = workspace.team(wanted.team)
    tickets = team.tickets.webhook.file if team.tickets is not None else None
    mail = _email(team) if workspace.settings.channels.email is not None and team.email is not None else []
    slack = [_slack(workspace, settings, channel) for channel in channels(workspace, wanted)]
    hooks = []
    parts: dict[str, list[dict[str, Any]]] = {}
    if wanted.kind == "page":
        if team.paging == "pagerduty" and wanted.escalation is not None:
            parts["pagerduty_configs"] = [_pagerduty(workspace, environment, wanted)]
    elif wanted.kind == "ticket":
        if tickets is not None:
            hooks.append({"url_file": tickets, "send_resolved": True, "max_alerts": 0})
            mail = []
    elif slack:
        mail = []
    if settings.executor is not None:
        hooks.append(_executor(environment, settings.executor.url, settings.executor.token))
    parts |= {"slack_configs": slack, "email_configs": mail, "webhook_configs": hooks}
    return {"name": wanted.name, **{key: value for key, value in parts.items() if value}}


def channels(workspace: Workspace, wanted: Receiver) -> list[str]:
    """Slack channels that hear of it at once: the team's, and for a page those beside and in the first step."""
    team = workspace.team(wanted.team)
    own = team.slack.get(wanted.severity or "default", team.slack.get("default"))
    found = [own] if own is not None else []
    if wanted.kind == "page" and wanted.escalation is not None:
        policy = workspace.documents["Escalation"].get(wanted.escalation)
        escalation: Escalation | None = policy.body if policy is not None else None
        if escalation is not None:
            at_once = (*escalation.also, *(escalation.steps[0].notify if escalation.steps else ()))
            found.extend(told.slack for told in at_once if told.slack is not None)
    return list(dict.fromkeys(found))


def key_file(settings: Environment, team: str, escalation: str) -> str:
    """The file with the PagerDuty key: a PagerDuty service has one escalation policy, so one for each team and policy."""
    folder = settings.alertmanager.secrets if settings.alertmanager is not None else ""
    return f"{folder.rstrip('/')}/pagerduty-{team}-{escalation.replace('/', '-')}"


def pagerduty_severity(workspace: Workspace, severity: str | None) -> str:
    """PagerDuty knows four words: ours where it is one of them, else by rank. What nobody claimed is critical."""
    if severity is None or severity in _PAGERDUTY_SEVERITIES:
        return severity or "critical"
    return _PAGERDUTY_SEVERITIES[min(workspace.rank(severity), len(_PAGERDUTY_SEVERITIES) - 1)]


def _pagerduty(workspace: Workspace, environment: str, wanted: Receiver) -> dict[str, Any]:
    place = _place(workspace, environment)
    return {
        "routing_key_file": key_file(workspace.environments[environment], wanted.team, wanted.escalation or ""),
        "send_resolved": True,
        "severity": pagerduty_severity(workspace, wanted.severity),
        "description": _BRACELESS + _HEADLINE,
        "source": place,
        "component": "{{ .CommonLabels.service }}",
        "group": wanted.team,
        "class": "{{ or .CommonLabels.class .CommonLabels.alertname }}",
        "client": "Watchbill",
        "client_url": '{{ template "pagerduty.default.clientURL" . }}',
        "links": [{"href": "{{ .CommonAnnotations.runbook_url }}", "text": "Runbook"}],
        "details": _details(place),
    }


def _place(workspace: Workspace, environment: str) -> str:
    return "/".join(f"{{{{ .CommonLabels.{label} }}}}" for label in workspace.identity[environment]) or environment


def _details(place: str) -> dict[str, str]:
    """Alertmanager 0.30 to 0.33 expand a detail, read it as YAML, and expand the strings in it again as templates.

    A label that holds `{{` would then fail the notification for good, in Alertmanager's own `firing` and `resolved` (all
    alerts as JSON, added where a configuration has none) and in any detail that is a list or a mapping to YAML. So both
    are given here, and no brace comes through: template.DeepCopyWithTemplate, mended in 0.34 (alertmanager #5302).
    """
    return {
        "service": _plain(".CommonLabels.service"),
        "place": _BRACELESS + place.replace("{{ ", '{{ template "plain" '),
        "runbook": _plain("(or .CommonAnnotations.runbook_url `none`)"),
        "firing": _BRACELESS + _LISTED % ".Alerts.Firing",
        "resolved": _BRACELESS + _LISTED % ".Alerts.Resolved",
        "num_firing": "{{ .Alerts.Firing | len }}",
        "num_resolved": "{{ .Alerts.Resolved | len }}",
    }


def _plain(value: str) -> str:
    return f'{_BRACELESS}{{{{ template "plain" {value} }}}}'


def _slack(workspace: Workspace, settings: Environment, channel: str) -> dict[str, Any]:
    return {
        **_slack_access(workspace, settings),
        "channel": channel,
        "send_resolved": True,
        "title": _ESCAPED + _TITLE,
        "fallback": _ESCAPED + _TITLE,
        "text": _SLACK_TEXT,
    }


def _slack_access(workspace: Workspace, settings: Environment) -> dict[str, Any]:
    slack = workspace.settings.channels.slack
    if slack is not None and slack.bot_token is not None:
        return {"api_url": SLACK_API, "http_config": _bearer(slack.bot_token)}
    file = slack.webhook.file if slack is not None and slack.webhook is not None else None
    folder = settings.alertmanager.secrets if settings.alertmanager is not None else ""
    return {"api_url_file": file or f"{folder.rstrip('/')}/slack-webhook-url"}


def _bearer(token: Secret) -> dict[str, Any]:
    return {"authorization": {"credentials_file": token.file or ""}}


def _email(team: Team) -> list[dict[str, Any]]:
    """The body is Alertmanager's own, an HTML template that escapes; a header is encoded, so nothing can end it."""
    return [{"to": team.email, "send_resolved": True, "headers": {"Subject": _BRACELESS + _TITLE}}]


def _executor(environment: str, url: str, token: Secret) -> dict[str, Any]:
    """`max_alerts: 0` is all of them: what an Alertmanager leaves out of a notification it never sends again."""
    return {
        "url": f"{url.rstrip('/')}/v1/alertmanager/{environment}",
        "send_resolved": True,
        "max_alerts": 0,
        "http_config": _bearer(token),
    }


def texts(workspace: Workspace, environment: str) -> list[tuple[str, str, Any]]:
    """What every receiver has alike: a name for it, the key under which it stands, and the text."""
    return [
        ("summary", "description", _BRACELESS + _HEADLINE),
        ("details", "details", _details(_place(workspace, environment))),
        ("title", "title", _ESCAPED + _TITLE),
        ("title", "fallback", _ESCAPED + _TITLE),  # stands below the title
        ("text", "text", _SLACK_TEXT),
        ("headers", "headers", {"Subject": _BRACELESS + _TITLE}),
    ]
