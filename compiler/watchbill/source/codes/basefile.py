"""45: an Alertmanager's configuration kept beside ours, and the heartbeat."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: Alertmanager would refuse the configuration, or send alerts to the wrong receiver."

NOT_A_BASE = Code(
    "WB451",
    "not-a-base",
    "error",
    finds="A `base:` that is not there, or is not one whole configuration of Alertmanager with a route and receivers.",
    why="The teams that have not converted yet would be told nothing.",
    example="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093", base: ⟦legacy.yml⟧}""",
    instead="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093", base: legacy.yml}
---
# policies/legacy.yml
route: {receiver: operations}
receivers: [{name: operations}]""",
    silence=_FIX,
)
BASE_CLASH = Code(
    "WB452",
    "base-name-taken",
    "error",
    finds="A receiver or a time interval of a `base:` with the name of one that the compiler writes.",
    why="Alertmanager refuses two of one name; renaming one in silence would send somebody's alerts to somebody else.",
    example="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093", base: legacy.yml}
---
# policies/legacy.yml
route: {receiver: operations, routes: [{matchers: [team="cards"], receiver: payments-critical}]}
receivers: [{name: operations}, {name: ⟦payments-critical⟧}]""",
    instead="""\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093", base: legacy.yml}
---
# policies/legacy.yml
route: {receiver: operations, routes: [{matchers: [team="cards"], receiver: cards}]}
receivers: [{name: operations}, {name: cards}]""",
    silence=_FIX,
)
BAD_HEARTBEAT = Code(
    "WB453",
    "impossible-heartbeat",
    "error",
    finds="A `heartbeat:` that comes too seldom for its `missing_after`, or never; or a Service that has its name, `watchbill`.",
    why="It would be missed while all is well, until nobody listens; or nobody would miss it when nothing is.",
    example="""\
kind: Workspace
name: shop
heartbeat: {every: ⟦10m⟧, missing_after: 5m, to: {url: {file: /run/secrets/heartbeat}}}""",
    instead="""\
kind: Workspace
name: shop
heartbeat: {every: 1m, missing_after: 5m, to: {url: {file: /run/secrets/heartbeat}}}""",
    silence=_FIX,
)
ALL = (NOT_A_BASE, BASE_CLASH, BAD_HEARTBEAT)
