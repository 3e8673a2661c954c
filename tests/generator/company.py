"""A company of sixty teams: four clusters, two Mimir tenants, rules that nobody there wrote, and PagerDuty."""

from collections.abc import Iterator

ZONES = ("Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "UTC")
WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: company
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prometheus.eu-1.company.example}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prometheus.us-1.company.example}}
    - name: store
      labels_on: series
      holds: [ap-1, sa-1]
      mimir: {url: http://mimir.company.example, tenant: production, max_rules_per_group: 20, max_groups: MOST}
    identity: [env, cluster]
    alertmanager: {peers: [http://am-0.company.example, http://am-1.company.example]}
  staging:
    labels: {env: staging, cluster: stg-1}
    sources: [{name: store, mimir: {url: http://mimir.company.example, tenant: staging, max_groups: 200}}]
    alertmanager: {url: http://am.stg.company.example}
    at_most: ticket
  sandbox:
    labels: {env: sandbox, cluster: box-1}
    prometheus: {url: http://prometheus.box.company.example}
    alertmanager: {url: http://am.box.company.example}
    at_most: notify
runbooks: {base_url: https://runbooks.company.example}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
  info: {notify: team}
  none: {drop: true}
severity_words: {page: critical, major: high, minor: warning}
defaults: {runbook: what-to-do}
catch_all: {team: team-00, outcome: ticket}
coverage: {from: 2026-01-05, until: 2026-12-31}
pagerduty: {service_per: team}
channels: {slack: {bot_token: {file: /run/secrets/slack}}}
"""
SHARED = """\
kind: Escalation
name: level-1
acknowledge_within: 5m
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {role: manager}], wait: 10m}
---
{kind: Runbook, name: what-to-do, immediate: [Open the dashboard, Ask who deployed last]}
---
kind: AlertSet
name: http
params: {job: {type: name, required: true}, errors: {type: ratio, default: 1%}}
records:
- {name: "${job}:errors:ratio_rate5m", expr: 'sum by (env, cluster) (rate(http_errors_total{job="${job}"}[5m])) / sum by (env, cluster) (rate(http_requests_total{job="${job}"}[5m]))'}
alerts:
- {name: ErrorsHigh, severity: critical, expr: "${job}:errors:ratio_rate5m > ${errors}", for: 2m, summary: "${service} fails"}
- {name: InstanceDown, severity: high, expr: 'up{job="${job}"} == 0', for: 5m, summary: "{{ $labels.instance }} of ${service} is down"}
"""


def files(teams: int = 60, rules: int = 3000) -> dict[str, str]:
    """Path and text of every file. Each team has five people, a service, and the namespaces that begin with its name."""
    names = [f"team-{number:02}" for number in range(teams)]
    found = {
        # A service of few rules is a group of its own; twenty rules of others are another.
        "policies/watchbill.yaml": WORKSPACE.replace("MOST", str(2 * teams + rules // 20)),
        "policies/shared.yaml": SHARED,
        "policies/owners.yaml": (
            "kind: Ownership\nname: namespaces\nlabel: namespace\nowners:\n"
            + "".join(f'  {name}: [{name}, "{name}-.+"]\n' for name in names)
        ),
        "policies/others/mixin.yaml": (
            "kind: Foreign\nname: mixin\nrules: rules/**/*.yaml\nteam: {by: namespaces, otherwise: team-00}\n"
            "only: [production]\nchange:\n"
            "- {alert: Other0000, off: true, reason: scaled by the cloud, until: 2027-01-31}\n"
            "- {alert: Other0001, severity: critical, for: 30m}\n"
        ),
    }
    for number, name in enumerate(names):
        found[f"policies/{name}/team.yaml"] = "---\n".join(_team(name, ZONES[number % len(ZONES)]))
        found[f"policies/{name}/service.yaml"] = (
            f"kind: Service\nname: {name}-api\nteam: {name}\nuses: [{{set: http, with: {{job: {name.replace('-', '_')}}}}}]\n"
        )
    for file in range(0, rules, 200):
        groups = [_group(start, min(start + 20, rules)) for start in range(file, min(file + 200, rules), 20)]
        found[f"policies/others/rules/{file // 1000}/{file:04}.yaml"] = "groups:\n" + "".join(groups)
    return found


def _team(name: str, zone: str) -> Iterator[str]:
    people = [f"{name}-{letter}" for letter in "abcde"]
    yield (
        f"kind: Team\nname: {name}\non_call: {{primary: first, secondary: second}}\nroles: {{manager: {people[0]}}}\n"
        f'hours: hours\nslack: {{default: "#{name}"}}\ntickets: {{webhook: {{file: /run/secrets/{name}-tickets}}}}\n'
        f'github: "@company/{name}"\n'
    )
    yield f'kind: Calendar\nname: hours\nteam: {name}\ntimezone: {zone}\nweekly: {{monday-friday: ["09:00-18:00"]}}\n'
    yield (
        f"kind: Schedule\nname: first\nteam: {name}\ntimezone: {zone}\nlayers:\n"
        f"- {{name: week, eras: [{{from: 2025-12-22, people: [{', '.join(people[:3])}]}}]}}\n"
    )
    yield (
        f"kind: Schedule\nname: second\nteam: {name}\ntimezone: {zone}\nlayers:\n"
        f"- {{name: week, eras: [{{from: 2025-12-22, people: [{people[3]}, {people[4]}]}}]}}\n"
    )
    for person in people:
        yield f"kind: Person\nname: {person}\nteam: {name}\ntimezone: {zone}\nemail: {person}@company.example\n"


def _group(start: int, end: int) -> str:
    words = ("page", "major", "minor", "info")
    rules = "".join(
        f'  - {{alert: Other{number:04}, expr: "max by (env, cluster, namespace) (other_{number}_ratio) > 0.9", for: 10m, '
        f"labels: {{severity: {words[number % len(words)]}}}, "
        f'annotations: {{summary: "{{{{ $labels.namespace }}}} is over its limit {number}"}}}}\n'
        for number in range(start, end)
    )
    return f"- name: others-{start:04}\n  rules:\n{rules}"
