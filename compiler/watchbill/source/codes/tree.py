"""46: an Alertmanager's tree that is accepted and does not do what it says: routes, inhibit rules, times."""

from watchbill.source.codes import Code

_OFF = "checks: {{{}: off}} in the workspace, for the base of an Alertmanager that is kept beside ours."

UNREACHABLE = Code(
    "WB460",
    "unreachable-route",
    "error",
    finds="A route whose matchers, with those of the routes above it, no alert can fulfil.",
    why="Somebody wrote down who is told, and nobody is.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - matchers: [team="a"]
    routes:
    - ⟦{matchers: [team="b"], receiver: team-a}⟧""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - matchers: [team=~"a|b"]
    routes:
    - {matchers: [team="b"], receiver: team-a}""",
    silence=_OFF.format("unreachable-route"),
)
SHADOWED = Code(
    "WB461",
    "shadowed-route",
    "error",
    finds="A route that no alert reaches, because routes before it take every one that it matches. The finding shows such an alert and who takes it; it is a warning where the same receiver is told, and a note where policies take the alerts of a base that is kept beside them.",
    why="The order of the routes decides, and a line added above another has made it dead.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [severity=~"critical|page"], receiver: operations}
  - ⟦{matchers: [severity="critical", team="a"], receiver: team-a}⟧""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [severity="critical", team="a"], receiver: team-a}
  - {matchers: [severity=~"critical|page"], receiver: operations}""",
    silence=_OFF.format("shadowed-route"),
)
USELESS_CONTINUE = Code(
    "WB462",
    "useless-continue",
    "note",
    finds="`continue: true` on a route after which no other can match the same alert.",
    why="It reads as if somebody else heard of it too.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - ⟦{matchers: [team="a"], receiver: team-a, continue: true}⟧
  - {matchers: [team="b"], receiver: operations}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, continue: true}
  - {matchers: [severity="critical"], receiver: operations}""",
    silence=_OFF.format("useless-continue"),
)
INHIBITS_TOO_MUCH = Code(
    "WB463",
    "inhibits-too-much",
    "warning",
    finds="An inhibit rule without `equal` whose target side asks for nothing but a severity.",
    why="One alert anywhere silences all of those everywhere: a full disk in staging, and nobody hears of the shop.",
    example="""\
# alertmanager.yml
inhibit_rules:
- ⟦{source_matchers: [severity="critical"], target_matchers: [severity="warning"]}⟧""",
    instead="""\
# alertmanager.yml
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [cluster, service]}""",
    silence=_OFF.format("inhibits-too-much"),
)
INHIBITS_NOTHING = Code(
    "WB464",
    "inhibit-rule-without-effect",
    "warning",
    finds="An inhibit rule that never silences anything: a side that no alert can match, or two sides that match the same alerts, which Alertmanager does not let silence each other.",
    why="Somebody counts on fewer messages in an outage, and gets all of them.",
    example="""\
# alertmanager.yml
inhibit_rules:
- ⟦{source_matchers: [severity="critical"], target_matchers: [severity="critical"], equal: [cluster]}⟧""",
    instead="""\
# alertmanager.yml
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [cluster]}""",
    silence=_OFF.format("inhibit-rule-without-effect"),
)
INHIBIT_EACH_OTHER = Code(
    "WB465",
    "alerts-inhibit-each-other",
    "error",
    finds="Two inhibit rules by which two alerts silence each other. The finding shows such a pair.",
    why="Both fire and neither is told: the worse the outage, the quieter it is.",
    example="""\
# alertmanager.yml
inhibit_rules:
- {source_matchers: [alertname="NodeDown"], target_matchers: [alertname="PodDown"], equal: [node]}
- ⟦{source_matchers: [alertname="PodDown"], target_matchers: [alertname="NodeDown"], equal: [node]}⟧""",
    instead="""\
# alertmanager.yml
inhibit_rules:
- {source_matchers: [alertname="NodeDown"], target_matchers: [alertname="PodDown"], equal: [node]}""",
    silence=_OFF.format("alerts-inhibit-each-other"),
)
ALWAYS_MUTED = Code(
    "WB466",
    "always-muted",
    "error",
    finds="A route that is muted at every minute, or at every minute at which it is active.",
    why="It looks like a route at night only, and tells nobody at any time.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - ⟦{matchers: [team="a"], receiver: team-a, mute_time_intervals: [week, weekend]}⟧
time_intervals:
- {name: week, time_intervals: [{weekdays: ["monday:friday"]}]}
- {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, mute_time_intervals: [weekend]}
time_intervals:
- {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}""",
    silence=_OFF.format("always-muted"),
)
NEVER_ACTIVE = Code(
    "WB467",
    "never-active",
    "error",
    finds="A route whose active time intervals hold at no minute of any year.",
    why="It tells nobody at any time.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - ⟦{matchers: [team="a"], receiver: team-a, active_time_intervals: [month-end]}⟧
time_intervals:
- {name: month-end, time_intervals: [{months: [february], days_of_month: ["31"]}]}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, active_time_intervals: [month-end]}
time_intervals:
- {name: month-end, time_intervals: [{months: [february], days_of_month: ["-1"]}]}""",
    silence=_OFF.format("never-active"),
)
WAITS_LONGER = Code(
    "WB468",
    "wait-longer-than-interval",
    "warning",
    finds="A `group_wait` longer than the `group_interval`, or a `group_interval` longer than the `repeat_interval`; but not on a route with `group_wait: 0s`, which is a heartbeat's.",
    why="The first message comes later than the second would; and an alert is repeated no more often than its group is looked at.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - ⟦{matchers: [team="a"], receiver: team-a, group_wait: 10m, group_interval: 5m}⟧""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, group_wait: 30s, group_interval: 5m}""",
    silence=_OFF.format("wait-longer-than-interval"),
)
CATCH_ALL_IS_NOTHING = Code(
    "WB469",
    "catch-all-tells-nobody",
    "warning",
    finds="A root whose receiver reaches nobody, where an alert can end there. The finding shows such an alert.",
    why="A rule that somebody adds at three in the morning, with a team that nobody has routed yet, tells nobody.",
    example="""\
# alertmanager.yml
route: ⟦{receiver: nobody, routes: [{matchers: [team="a"], receiver: team-a}]}⟧
receivers: [{name: nobody}, {name: team-a, webhook_configs: [{url: "http://a"}]}]""",
    instead="""\
# alertmanager.yml
route: {receiver: operations, routes: [{matchers: [team="a"], receiver: team-a}]}
receivers: [{name: operations, webhook_configs: [{url: "http://o"}]}, {name: team-a, webhook_configs: [{url: "http://a"}]}]""",
    silence=_OFF.format("catch-all-tells-nobody"),
)
UNUSED_RECEIVER = Code(
    "WB478",
    "unused-receiver",
    "note",
    finds="A receiver, or a time interval, that no route names.",
    why="Somebody believes that it is told, or holds; and a key that nobody uses is still a key.",
    example="""\
# alertmanager.yml
receivers:
- {name: operations, webhook_configs: [{url: "http://operations"}]}
- {name: team-a, webhook_configs: [{url: "http://a"}]}
- ⟦{name: team-b, webhook_configs: [{url: "http://b"}]}⟧""",
    instead="""\
# alertmanager.yml
receivers:
- {name: operations, webhook_configs: [{url: "http://operations"}]}
- {name: team-a, webhook_configs: [{url: "http://a"}]}""",
    silence=_OFF.format("unused-receiver"),
)
ALL = (
    UNREACHABLE,
    SHADOWED,
    USELESS_CONTINUE,
    INHIBITS_TOO_MUCH,
    INHIBITS_NOTHING,
    INHIBIT_EACH_OTHER,
    ALWAYS_MUTED,
    NEVER_ACTIVE,
    WAITS_LONGER,
    CATCH_ALL_IS_NOTHING,
    UNUSED_RECEIVER,
)
