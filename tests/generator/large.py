"""A large company's workspace, the same for the same numbers: what the budgets are measured on."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Condition(msgspec.Struct, frozen=True):
    """One kind of alert. In its texts `@job` is the service, `@m` a metric prefix of its own, `@w` a rate window.

    `params` are (name, type, default, value in staging). `quiet` and `firing` are values of the series `series` in
    promtool's notation for a test; without `series` there is none.
    """

    name: str
    severity: str
    class_: str
    expr: str
    summary: str
    description: str
    for_: str = "5m"
    params: tuple[tuple[str, str, str, str], ...] = ()
    page_per: tuple[str, ...] = ()
    series: str = ""
    firing: str = ""
    quiet: str = ""
    more: str = ""


CONDITIONS = (
    Condition(
        "ErrorRatioHigh",
        "critical",
        "performance",
        'sum by (route) (rate(@m_requests_total{job="@job", code=~"5.."}[@w]))\n'
        '  / sum by (route) (rate(@m_requests_total{job="@job"}[@w])) > ${errors}',
        "@job fails on {{ $labels.route }}",
        "{{ $value | humanizePercentage }} of requests to {{ $labels.route }} fail (limit ${errors}).",
        "2m",
        (("errors", "ratio", "1%", "5%"),),
        ("route",),
        more="keep_firing_for: 5m\n  impact: {revenue: direct, customers: @job}\n  remediate: [restart-workload]",
    ),
    Condition(
        "LatencyHigh",
        "high",
        "performance",
        "histogram_quantile(0.99,\n"
        '  sum by (le, route) (rate(@m_request_duration_seconds_bucket{job="@job"}[@w]))\n'
        ") > ${p99}",
        "@job answers slowly on {{ $labels.route }}",
        "The slowest 1% of requests take {{ $value | humanizeDuration }} (limit ${p99}).",
        "10m",
        (("p99", "duration", "800ms", "3s"),),
        ("route",),
    ),
    Condition(
        "InstanceDown",
        "critical",
        "performance",
        'up{job="@job"} == 0',
        "{{ $labels.instance }} of @job is down",
        "Prometheus has not reached {{ $labels.instance }} for two minutes.",
        "2m",
        series='up{job="@job", instance="a"}',
        firing="0x10",
        quiet="1x10",
        more="page_per: [instance]\n  no_data: {after: 15m, severity: high}",
    ),
    Condition(
        "CpuSaturated",
        "warning",
        "performance",
        'sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="@m", container="@job"}[@w]))\n'
        '  / sum by (pod) (kube_pod_container_resource_limits{namespace="@m", container="@job", resource="cpu"}) > ${share}',
        "{{ $labels.pod }} of @job has no CPU left",
        "{{ $value | humanizePercentage }} of its limit for a quarter of an hour.",
        "15m",
        (("share", "ratio", "90%", "98%"),),
    ),
    Condition(
        "MemoryNearLimit",
        "high",
        "performance",
        'max by (pod) (container_memory_working_set_bytes{namespace="@m", container="@job"})\n'
        '  / max by (pod) (kube_pod_container_resource_limits{namespace="@m", container="@job", resource="memory"}) > ${share}',
        "{{ $labels.pod }} of @job is about to be killed for memory",
        "{{ $value | humanizePercentage }} of the limit is in use.",
        "5m",
        (("share", "ratio", "92%", "97%"),),
        ("pod",),
    ),
    Condition(
        "QueueGrows",
        "warning",
        "data",
        'max by (queue) (@m_queue_depth{job="@job"}) > ${depth}\n'
        '  and max by (queue) (deriv(@m_queue_depth{job="@job"}[@w])) > 0',
        "{{ $labels.queue }} of @job grows",
        "{{ $value }} entries wait (limit ${depth}).",
        "15m",
        (("depth", "number", "5000", "50000"),),
        more="annotations: {queue_owner: @job}",
    ),
    Condition(
        "ConsumerLags",
        "high",
        "data",
        'sum by (topic, consumergroup) (kafka_consumergroup_lag{consumergroup="@job", topic=~"@m-.*"}) > ${lag}',
        "{{ $labels.consumergroup }} is behind on {{ $labels.topic }}",
        "{{ $value | humanize }} messages behind.",
        "10m",
        (("lag", "number", "100000", "1000000"),),
        ("topic",),
        'kafka_consumergroup_lag{consumergroup="@job", topic="@m-in", partition="0"}',
        "2000000x40",
        "5x40",
    ),
    Condition(
        "DiskFillsUp",
        "high",
        "data",
        'predict_linear(node_filesystem_avail_bytes{job="@job", fstype!~"tmpfs|overlay"}[6h], 4 * 3600) < 0\n'
        '  and node_filesystem_avail_bytes{job="@job"} / node_filesystem_size_bytes{job="@job"} < ${free}',
        "{{ $labels.mountpoint }} of {{ $labels.instance }} is full in four hours",
        "At this pace nothing is left this afternoon; below ${free} free now.",
        "30m",
        (("free", "ratio", "20%", "10%"),),
        ("instance", "mountpoint"),
    ),
    Condition(
        "CertificateExpires",
        "warning",
        "security",
        'min by (instance) (probe_ssl_earliest_cert_expiry{job="@job-probe"}) - time() < ${left}',
        "The certificate of {{ $labels.instance }} runs out",
        "{{ $value | humanizeDuration }} left.",
        "1h",
        (("left", "duration", "14d", "3d"),),
    ),
    Condition(
        "CrashLooping",
        "high",
        "performance",
        'increase(kube_pod_container_status_restarts_total{namespace="@m", container="@job"}[@w]) > ${times}',
        "{{ $labels.pod }} starts again and again",
        "{{ $value | humanize }} restarts.",
        "0m",
        (("times", "number", "3", "10"),),
        more="escalation: level-2\n  diagnose: [workload-state]\n  remediate: [restart-workload]",
    ),
    Condition(
        "PoolExhausted",
        "critical",
        "performance",
        'max by (instance, pool) (@m_pool_active{job="@job"}) / max by (instance, pool) (@m_pool_max{job="@job"}) >= ${used}',
        "No connection left in {{ $labels.pool }} of {{ $labels.instance }}",
        "{{ $value | humanizePercentage }} of the connections are taken.",
        "3m",
        (("used", "ratio", "95%", "100%"),),
        ("pool",),
        more="impact: {revenue: indirect}",
    ),
    Condition(
        "CacheMisses",
        "info",
        "performance",
        '1 - sum by (cache) (rate(@m_cache_hits_total{job="@job"}[@w]))\n'
        '  / sum by (cache) (rate(@m_cache_requests_total{job="@job"}[@w])) > ${missed}',
        "{{ $labels.cache }} of @job misses too often",
        "{{ $value | humanizePercentage }} of the look-ups miss.",
        "30m",
        (("missed", "ratio", "40%", "80%"),),
    ),
    Condition(
        "BudgetBurnsFast",
        "critical",
        "sla",
        '(1 - sum(rate(@m_good_total{job="@job"}[1h])) / sum(rate(@m_events_total{job="@job"}[1h])) > 14.4 * ${budget})\n'
        '  and (1 - sum(rate(@m_good_total{job="@job"}[5m])) / sum(rate(@m_events_total{job="@job"}[5m])) > 14.4 * ${budget})',
        "@job spends its error budget in two days",
        "The objective leaves ${budget} for a month.",
        "2m",
        (("budget", "ratio", "0.1%", "1%"),),
        more="impact: {revenue: direct, customers: everybody}",
    ),
    Condition(
        "Throttled",
        "info",
        "performance",
        'sum by (pod) (increase(container_cpu_cfs_throttled_periods_total{container="@job"}[@w]))\n'
        '  / sum by (pod) (increase(container_cpu_cfs_periods_total{container="@job"}[@w])) > ${share}',
        "{{ $labels.pod }} of @job is throttled",
        "In {{ $value | humanizePercentage }} of the periods.",
        "30m",
        (("share", "ratio", "25%", "60%"),),
    ),
    Condition(
        "BatchLate",
        "high",
        "data",
        'time() - max by (job_name) (@m_last_success_timestamp_seconds{job="@job"}) > ${age}',
        "{{ $labels.job_name }} of @job has not succeeded",
        "The last success was {{ $value | humanizeDuration }} ago.",
        "5m",
        (("age", "duration", "26h", "3d"),),
        ("job_name",),
        more='no_data: {ignore: "the exporter itself is watched"}',
    ),
    Condition(
        "TrafficGone",
        "critical",
        "business",
        'sum(rate(@m_requests_total{job="@job"}[10m]))\n'
        '  < ${share} * sum(rate(@m_requests_total{job="@job"}[10m] offset 1w))',
        "@job has lost its traffic",
        "Less than ${share} of what there was a week ago.",
        "10m",
        (("share", "ratio", "30%", "1%"),),
        more="impact: {revenue: direct, customers: nobody can reach @job}",
    ),
    Condition(
        "ReplicasMissing",
        "warning",
        "performance",
        'kube_deployment_spec_replicas{deployment="@job"} - kube_deployment_status_replicas_available{deployment="@job"} > 0',
        "{{ $labels.deployment }} lacks replicas",
        "{{ $value }} are not there.",
        "15m",
        series="",
    ),
    Condition(
        "PausesLong",
        "info",
        "performance",
        'max by (instance) (rate(jvm_gc_pause_seconds_sum{job="@job"}[@w]) / rate(jvm_gc_pause_seconds_count{job="@job"}[@w])) > ${pause}',
        "{{ $labels.instance }} pauses to collect garbage",
        "{{ $value | humanizeDuration }} on average.",
        "20m",
        (("pause", "duration", "250ms", "2s"),),
    ),
    Condition(
        "LoginsFail",
        "high",
        "security",
        'sum by (realm) (increase(@m_login_failures_total{job="@job"}[@w])) > ${tries}',
        "Somebody tries passwords in {{ $labels.realm }}",
        "{{ $value | humanize }} failures.",
        "1m",
        (("tries", "number", "500", "5000"),),
        ("realm",),
        more="diagnose: [error-logs]",
    ),
    Condition(
        "ConfigStale",
        "info",
        "performance",
        'max by (instance) (@m_config_last_reload_successful{job="@job"}) == 0',
        "{{ $labels.instance }} of @job runs an old configuration",
        "Its last reload failed.",
        "10m",
        series='@m_config_last_reload_successful{job="@job", instance="a"}',
        firing="0x30",
        quiet="1x30",
    ),
    Condition(
        "ReplicationLags",
        "high",
        "data",
        'max by (instance) (pg_replication_lag_seconds{job="@job"}) > ${lag}',
        "{{ $labels.instance }} is behind its primary",
        "By {{ $value | humanizeDuration }}.",
        "5m",
        (("lag", "duration", "30s", "10m"),),
        series='pg_replication_lag_seconds{job="@job", instance="replica-1"}',
        firing="7200x20",
        quiet="1x20",
        more="page_per: [instance]",
    ),
    Condition(
        "DependencyTimesOut",
        "warning",
        "performance",
        'sum by (upstream) (rate(@m_client_errors_total{job="@job", reason="timeout"}[@w]))\n'
        '  / sum by (upstream) (rate(@m_client_requests_total{job="@job"}[@w])) > ${share}',
        "@job waits in vain for {{ $labels.upstream }}",
        "{{ $value | humanizePercentage }} of the calls time out.",
        "10m",
        (("share", "ratio", "2%", "20%"),),
    ),
)

_WORDS = (  # noqa: SIM905  (a hundred words read better as a text)
    "account address basket billing booking campaign card cart catalog chat claim consent contract coupon credit "
    "customer dispatch document event export feed fraud gift identity image import index invoice label ledger limit "
    "loyalty mail market match media menu message notice offer order parcel partner payment payout plan points policy "
    "price product profile promo quote rate receipt refund rental report return review reward risk route search seat "
    "session shipment shop signup slot stock store survey tariff tax ticket token track transfer trip user vault video "
    "voucher wallet warehouse wish"
).split(" ")
_ROLES = ("api", "worker", "gateway", "store", "sync", "indexer", "proxy", "scheduler")
_PREFIXES = ("http", "grpc", "app", "svc", "edge", "core", "db", "mq", "job", "rpc")
_ZONES = ("Europe/Lisbon", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Tokyo")
_NAMES = "ana bo chi dan eli fay gus hana ivo jun kim lea mia noor ola pia rui sol tom uma".split(" ")  # noqa: SIM905

_WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: large
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prometheus.eu-1.large.example:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prometheus.us-1.large.example:9090}}
    alertmanager: {peers: [http://am-0.large.example:9093, http://am-1.large.example:9093]}
    grafana: {url: http://grafana.large.example:3001}
    executor: {url: http://watchbill.large.example:8080, mode: approve}
  staging:
    labels: {env: staging, cluster: stg-1}
    prometheus: {url: http://prometheus.stg-1.large.example:9090}
    alertmanager: {url: http://alertmanager.stg-1.large.example:9093}
    executor: {url: http://watchbill.stg-1.large.example:8080, mode: observe}
    at_most: ticket
runbooks: {base_url: https://runbooks.large.example}
pagerduty: {}
severities:
  critical: {page: level-1}
  high: {page: level-2, hours: team, outside: ticket}
  warning: {ticket: team}
  info: {notify: team}
  none: {drop: true}
classes: [business, performance, data, security, sla]
roles: {cto: {person: boss}, legal: {phone: {env: LEGAL_HOTLINE}}}
catch_all: {team: TEAM, outcome: ticket}
last_resort: {team: TEAM, on_call: primary}
objectives: {mtta: 5m, mttr: 30m, delivery_rate: 99%}
channels: {slack: {webhook: {file: /run/secrets/slack}}}
---
kind: Person
name: boss
email: boss@large.example
"""

_SHARED = """\
kind: Escalation
name: level-1
acknowledge_within: 5m
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {role: manager}], wait: 10m}
- {notify: [{role: cto}]}
repeat: 2
also: [{slack: "#incidents"}]
---
kind: Escalation
name: level-2
acknowledge_within: 15m
steps:
- {notify: [{on_call: primary}], wait: 10m}
- {notify: [{on_call: secondary}], wait: 15m}
---
kind: Diagnostic
name: workload-state
collect:
- {promql: 'topk(10, sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])))'}
- {command: [kubectl, get, events, --all-namespaces]}
---
kind: Diagnostic
name: error-logs
collect:
- {http: {url: "http://loki.large.example:3100/loki/api/v1/query_range?limit=500"}}
timeout: 20s
---
kind: Remediation
name: restart-workload
inputs:
  cluster: {label: cluster, connection: kubernetes}
risk: medium
action: {kubernetes.rollout_restart: {cluster: {input: cluster}, namespace: apps, deployment: web}}
guardrails:
  cooldown: 15m
  keep_healthy: {expr: 'count(kube_node_status_condition{condition="Ready", status="true"} == 1)', at_least: 3}
approvals: {when: {env: production}, from: [{on_call: primary}], within: 10m}
---
kind: Message
name: status-page-update
audience: status-page
approve: true
body: |
  We are looking into a problem with {{ incident.service }} since {{ incident.opened_at }}.
---
kind: Procedure
name: security-incident
when: {class: security, severity: [critical, high]}
confidential: true
steps:
- {preserve: [error-logs]}
- {notify: [{role: cto}]}
- {communicate: status-page-update}
custody: required
"""


_SET = """\
kind: AlertSet
name: rpc-signals
params:
  job: {type: name, required: true}
  share: {type: ratio, default: 2%}
defaults: {class: sla, runbook: {url: https://runbooks.large.example/signals}}
records:
- name: job:rpc_errors:ratio_rate5m
  expr: sum by (job) (rate(rpc_errors_total{job="${job}"}[5m])) / sum by (job) (rate(rpc_calls_total{job="${job}"}[5m]))
alerts:
- name: CallsFail
  severity: high
  expr: job:rpc_errors:ratio_rate5m{job="${job}"} > ${share}
  for: 15m
  summary: "Calls of ${service} fail"
  description: "{{ $value | humanizePercentage }} of them, with ${share} allowed."
- name: CallsSlow
  severity: warning
  expr: histogram_quantile(0.99, sum by (le) (rate(rpc_duration_seconds_bucket{job="${job}"}[10m]))) > 0.75
  for: 20m
  summary: "Calls of ${service} are slow"
  description: "One of a hundred takes {{ $value | humanizeDuration }}."
"""

_FOREIGN = """\
kind: Foreign
name: exporter-NUMBER
rules: rules/exporter-NUMBER.yaml
team: TEAM
defaults: {class: performance, runbook: capacity}
change:
- {alert: ExporterFails1, severity: high, for: 12m}
"""

_RULE = """\
  - alert: ExporterFailsNUMBER
    expr: sum by (instance) (rate(exporter_GROUP_NUMBER_errors_total[5m])) > NUMBER
    for: 10m
    labels: {severity: warning}
    annotations: {summary: "{{ $labels.instance }} fails", description: "{{ $value }} errors a second."}
"""


def large(root: Path, services: int = 1000, alerts: int = 10, teams: int = 100, seed: int = 7) -> None:
    """Write the workspace below `root`; every service has that many alerts and a file of its own."""
    for path, text in files(services, alerts, teams, seed).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def files(services: int = 1000, alerts: int = 10, teams: int = 100, seed: int = 7) -> dict[str, str]:
    """Path and text of every file. Every other service has two of its alerts from a set that all of them share; to each
    hundred services there is a file with ten rules that somebody else wrote.
    """
    chance = random.Random(seed)
    team_names = [_team_name(number) for number in range(teams)]
    found = {
        "policies/watchbill.yaml": _WORKSPACE.replace("TEAM", team_names[0]),
        "policies/shared/answers.yaml": _SHARED,
        "policies/shared/signals.yaml": _SET,
    }
    for number, team in enumerate(team_names):
        found[f"policies/{team}/team.yaml"] = "---\n".join(_team(team, number, chance))
    for number in range(services):
        team = team_names[number % teams]
        name = f"{_word(number)}-{_ROLES[number // len(_WORDS) % len(_ROLES)]}{_numbered(number // (len(_WORDS) * len(_ROLES)))}"
        found[f"policies/{team}/{name}.yaml"] = _service(name, team, alerts, chance, shared=number % 2 == 1)
    for number in range(services // 100):
        team = team_names[number % teams]
        found[f"policies/{team}/exporter-{number}.yaml"] = _FOREIGN.replace("NUMBER", str(number)).replace("TEAM", team)
        rules = "".join(_RULE.replace("NUMBER", str(rule)).replace("GROUP", str(number)) for rule in range(10))
        found[f"policies/{team}/rules/exporter-{number}.yaml"] = (
            f"groups:\n- name: exporter-{number}\n  rules:\n{rules}"
        )
    return found


def _word(number: int) -> str:
    return _WORDS[number % len(_WORDS)]


def _numbered(round_: int) -> str:
    return f"-{round_ + 1}" if round_ else ""


def _team_name(number: int) -> str:
    return f"team-{_word(number * 7)}{_numbered(number // len(_WORDS))}"


def _team(team: str, number: int, chance: random.Random) -> Iterator[str]:
    zone = _ZONES[number % len(_ZONES)]
    people = [f"{chance.choice(_NAMES)}-{number}-{position}" for position in range(5)]
    yield (
        f"kind: Team\nname: {team}\non_call: {{primary: first, secondary: second}}\nroles: {{manager: {people[0]}}}\n"
        f'hours: hours\nslack: {{default: "#{team}", critical: "#{team}-oncall"}}\nemail: {team}@large.example\n'
        f"tickets: {{webhook: {{file: /run/secrets/{team}-tickets}}}}\n"
    )
    yield f'kind: Calendar\nname: hours\nteam: {team}\ntimezone: {zone}\nweekly: {{monday-friday: ["09:00-18:00"]}}\n'
    yield (
        f"kind: Schedule\nname: first\nteam: {team}\ntimezone: {zone}\nlayers:\n"
        f"- name: nights\n  only: {{outside: hours}}\n  rotation: daily\n"
        f"  eras: [{{from: 2026-01-05, people: [{people[3]}, {people[4]}]}}]\n"
        f"- name: week\n  rotation: weekly\n  eras:\n"
        f"  - {{from: 2026-01-05, people: [{', '.join(people[:2])}]}}\n"
        f"  - {{from: 2026-03-09, people: [{', '.join(people[:3])}], first: {people[1]}}}\n"
        f"swaps:\n- {{from: 2026-12-24T09:00, until: 2026-12-26T09:00, take: {people[1]}, for: {people[0]}, agreed: [{people[0]}, {people[1]}], reason: holidays}}\n"
    )
    yield (
        f"kind: Schedule\nname: second\nteam: {team}\ntimezone: {zone}\nlayers:\n"
        f"- name: week\n  eras: [{{from: 2026-01-05, people: [{', '.join(reversed(people[:3]))}]}}]\n"
    )
    for position, person in enumerate(people):
        yield (
            f"kind: Person\nname: {person}\nteam: {team}\ntimezone: {chance.choice(_ZONES)}\nemail: {person}@large.example\n"
            f"phone: {{env: ONCALL_PHONE_{number}_{position}}}\nskills: [{_word(number)}, kubernetes]\n"
            "notify: {critical: [{push: 0m}, {phone: 2m}], default: [{slack: 0m}, {email: 10m}]}\n"
        )
    yield (
        f"kind: Runbook\nname: capacity\nteam: {team}\nimmediate: [Open the dashboard, Add a replica]\n"
        "investigate: [Compare with last week]\nescalate_when: [it does not help within 30 minutes]\n"
    )


def _service(name: str, team: str, alerts: int, chance: random.Random, *, shared: bool) -> str:
    metric = name.replace("-", "_")
    expr = f'sum by (route) (rate(http_requests_total{{job="{name}"}}[5m]))'
    parts = [
        f"kind: Service\nname: {name}\nteam: {team}\ntier: {chance.randint(1, 3)}\n",
        f"dashboard: {{uid: {name}-overview}}\n",
        f"records:\n- {{name: \"{metric}:requests:rate5m\", expr: '{expr}'}}\n",
    ]
    if shared:
        parts.append(f"uses: [{{set: rpc-signals, with: {{job: {name}, share: {chance.randint(1, 9)}%}}}}]\n")
        alerts -= 2
    parts.append("alerts:\n")
    chosen = chance.sample(CONDITIONS, k=min(alerts, len(CONDITIONS)))
    while len(chosen) < alerts:
        chosen.append(CONDITIONS[len(chosen) % len(CONDITIONS)])
    tested = chance.randrange(10)  # about one alert of ten has a test
    for position, condition in enumerate(chosen):
        prefix = f"{chance.choice(_PREFIXES)}_{chance.choice(_WORDS)}"
        round_ = position // len(CONDITIONS)
        text = _alert(condition, _numbered(round_).replace("-", "No"), chance)
        if condition.series and (condition.severity in ("critical", "info") or position % 10 == tested):
            text += _test(condition)
        window = chance.choice(("2m", "5m", "10m", "15m"))
        parts.append(text.replace("@job", name).replace("@m", prefix).replace("@w", window))
    parts.append(
        f"---\nkind: Runbook\nname: {name}\nteam: {team}\n"
        f"immediate:\n- Open the dashboard of {name}\n- Look at the last deployment\n"
        "investigate:\n- Compare error codes by route\n"
        f"- {{title: errors, promql: 'topk(5, sum by (code) (rate(http_requests_total{{job=\"{name}\"}}[5m])))'}}\n"
        "escalate_when: [customers report it, it lasts longer than 15 minutes]\ncommunicate: [status-page-update]\n"
    )
    return "".join(parts)


def _alert(condition: Condition, number: str, chance: random.Random) -> str:
    lines = [
        f"- name: {condition.name}{number}",
        f"  class: {condition.class_}",
        f"  severity: {condition.severity}",
        "  expr: |",
        *(f"    {line}" for line in condition.expr.split("\n")),
    ]
    if condition.params:
        lines.append("  params:")
        for name, type_, default, staging in condition.params:
            lines.append(f"    {name}: {{type: {type_}, default: {default}, by: {{staging: {staging}}}}}")
    if condition.for_ != "0m":
        staged = chance.random() < 0.2
        lines.append(
            f"  for: {{default: {condition.for_}, by: {{staging: 30m}}}}" if staged else f"  for: {condition.for_}"
        )
    if condition.page_per:
        lines.append(f"  page_per: [{', '.join(condition.page_per)}]")
    lines += [f'  summary: "{condition.summary}"', f'  description: "{condition.description}"']
    lines.append(f"  runbook: {chance.choice(('@job', '@job', 'capacity'))}")
    if condition.more:
        lines.append(f"  {condition.more}")
    return "\n".join(lines) + "\n"


def _test(condition: Condition) -> str:
    return (
        "  tests:\n"
        f"  - name: fires when it should\n    in: production\n    series: {{'{condition.series}': {condition.firing}}}\n"
        "    expect: [{at: 10m, firing: [{}]}]\n"
        f"  - name: stays quiet otherwise\n    in: production\n    series: {{'{condition.series}': {condition.quiet}}}\n"
        "    expect: [{at: 10m, firing: []}]\n"
    )
