"""47: what Alertmanager would refuse in a configuration, whoever wrote it."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: Alertmanager would not start with it, or would keep the configuration it has."

SHAPE = Code(
    "WB470",
    "not-an-alertmanager-configuration",
    "error",
    finds="A key that Alertmanager does not know, a value of another kind than it reads, or a part that must be there and is not.",
    why="Alertmanager reads strictly: after a reload it goes on with the old configuration, and the new route tells nobody.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - matchers: [team="a"]
    ⟦reciever⟧: team-a""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - matchers: [team="a"]
    receiver: team-a""",
    silence=_FIX,
)
BAD_MATCHER = Code(
    "WB471",
    "bad-matcher",
    "error",
    finds="A matcher that neither of Alertmanager's parsers reads, a label name that is none, or a pattern that RE2 refuses.",
    why="Alertmanager refuses the whole file, for every team in it.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [⟦'severity=~"crit(ical"'⟧], receiver: team-a}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: ['severity=~"crit(ical)?"'], receiver: team-a}""",
    silence=_FIX,
)
BAD_INTERVAL = Code(
    "WB472",
    "bad-time-interval",
    "error",
    finds="A range of a time interval that is none: it ends before it begins, is out of bounds, or names no day, month or zone.",
    why="Alertmanager refuses the whole file, for every team in it.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, mute_time_intervals: [night]}
time_intervals:
- {name: night, time_intervals: [{times: [⟦{start_time: "22:00", end_time: "06:00"}⟧]}]}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, mute_time_intervals: [night]}
time_intervals:
- name: night
  time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}, {start_time: "00:00", end_time: "06:00"}]}]""",
    silence=_FIX,
)
BAD_ROOT = Code(
    "WB473",
    "bad-root-route",
    "error",
    finds="A configuration without a root route, or a root that has no receiver, or that has matchers, time intervals or `continue`.",
    why="The root takes what no other route does: with a condition on it, some alerts would have no way at all.",
    example="""\
# alertmanager.yml
route: {matchers: ⟦[team="a"]⟧, receiver: team-a}""",
    instead="""\
# alertmanager.yml
route: {receiver: operations, routes: [{matchers: [team="a"], receiver: team-a}]}""",
    silence=_FIX,
)
NOT_DEFINED = Code(
    "WB474",
    "route-names-nothing",
    "error",
    finds="A route with a receiver or a time interval that the file does not define.",
    why="Alertmanager refuses the whole file, for every team in it.",
    example="""\
# alertmanager.yml
route: {receiver: operations, routes: [{matchers: [team="a"], receiver: ⟦taem-a⟧}]}""",
    instead="""\
# alertmanager.yml
route: {receiver: operations, routes: [{matchers: [team="a"], receiver: team-a}]}""",
    silence=_FIX,
)
DEFINED_TWICE = Code(
    "WB475",
    "defined-twice",
    "error",
    finds="Two receivers of one name, or two time intervals, those of the older list `mute_time_intervals` included.",
    why="Alertmanager refuses the whole file, for every team in it.",
    example="""\
# alertmanager.yml
receivers: [{name: operations}, {name: team-a}, {name: ⟦team-a⟧}]""",
    instead="""\
# alertmanager.yml
receivers:
- {name: operations, webhook_configs: [{url: "http://operations"}]}
- {name: team-a, webhook_configs: [{url: "http://a"}]}""",
    silence=_FIX,
)
BAD_GROUPING = Code(
    "WB476",
    "bad-grouping",
    "error",
    finds="A `group_by` with a label twice, or with `...` beside others; a `group_interval` or `repeat_interval` of zero.",
    why="Alertmanager refuses the whole file, for every team in it.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, group_by: [⟦'...'⟧, alertname]}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [team="a"], receiver: team-a, group_by: ['...']}""",
    silence=_FIX,
)
DOUBTFUL_MATCHER = Code(
    "WB477",
    "matcher-of-two-meanings",
    "warning",
    finds="A matcher that only the older of Alertmanager's two parsers reads, or that the newer one reads otherwise.",
    why="The older one is going away: on that day the route takes other alerts, or the file is refused.",
    example="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: [⟦'path=\\d+'⟧], receiver: team-a}""",
    instead="""\
# alertmanager.yml
route:
  receiver: operations
  routes:
  - {matchers: ['path="\\\\d+"'], receiver: team-a}""",
    silence="Write the value in double quotes, and each `\\` in it twice.",
)
ALL = (
    SHAPE,
    BAD_MATCHER,
    BAD_INTERVAL,
    BAD_ROOT,
    NOT_DEFINED,
    DEFINED_TWICE,
    BAD_GROUPING,
    DOUBTFUL_MATCHER,
)
