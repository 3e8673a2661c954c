"""45: an Alertmanager's configuration kept beside ours, and the heartbeat."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: Alertmanager would refuse the configuration, or send alerts to the wrong receiver."

NOT_A_BASE = Code(
    "WB451",
    "not-a-base",
    "error",
    finds="A `base:` that is not there, or is not one whole configuration of Alertmanager with a route and receivers.",
    why="The teams that have not converted yet would be told nothing.",
    example="alertmanager: {url: http://am:9093, base: legacy.yml}   (and no policies/legacy.yml)",
    instead="alertmanager: {url: http://am:9093, base: legacy/alertmanager.yml}",
    silence=_FIX,
)
BASE_CLASH = Code(
    "WB452",
    "base-name-taken",
    "error",
    finds="A receiver or a time interval of a `base:` with the name of one that the compiler writes.",
    why="Alertmanager refuses two of one name; renaming one in silence would send somebody's alerts to somebody else.",
    example="receivers: [{name: payments-critical, …}]   (and a team `payments` with severity `critical`)",
    instead="receivers: [{name: legacy-payments, …}]",
    silence=_FIX,
)
BAD_HEARTBEAT = Code(
    "WB453",
    "impossible-heartbeat",
    "error",
    finds="A `heartbeat:` that comes too seldom for its `missing_after`, or never; or a Service that has its name, `watchbill`.",
    why="It would be missed while all is well, until nobody listens; or nobody would miss it when nothing is.",
    example="heartbeat: {every: 10m, missing_after: 5m, …}",
    instead="heartbeat: {every: 1m, missing_after: 5m, to: {url: {file: /run/secrets/heartbeat}}}",
    silence=_FIX,
)
ALL = (NOT_A_BASE, BASE_CLASH, BAD_HEARTBEAT)
