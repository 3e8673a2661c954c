"""45: what the proof finds that every other check has passed: an alert that goes astray, or is silenced by a lesser one."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would sleep through it, or be woken for nothing."
_BASE = """\
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
receivers: [{name: operations, webhook_configs: [{url: "http://operations:8080"}]}]
inhibit_rules:
"""

ASTRAY = Code(
    "WB455",
    "goes-astray",
    "error",
    finds="An alert that the compiled routing takes elsewhere than the policies say, for some labels, at some minute of the coverage time.",
    why="The policies are reviewed, and the routing tree is what runs: a page that ends at the wrong receiver is not missed until it was needed.",
    example="A calendar's closed day that Alertmanager cannot say, and a tree that pages on it all the same.",
    instead="Nothing in a policy: report it, with what the finding says.",
    silence=_FIX,
)
NOBODY = Code(
    "WB456",
    "reaches-nobody",
    "error",
    finds="A page for which no step of its escalation has anybody with a channel, at some minute of the coverage time.",
    why="Alertmanager delivers it, and no telephone rings.",
    example="""\
kind: Escalation
name: told-in-a-channel
steps:
- {notify: [{slack: "#payments"}], wait: 5m}
repeat: 2
---
name: ⟦PaymentsFail⟧
escalation: told-in-a-channel""",
    instead="""\
kind: Escalation
name: told-in-a-channel
steps:
- {notify: [{slack: "#payments"}, {on_call: primary}]}
repeat: 2
---
name: PaymentsFail
escalation: told-in-a-channel""",
    silence=_FIX,
)
SILENCED = Code(
    "WB457",
    "silenced-by-lesser",
    "error",
    finds="An inhibit rule by which an alert may silence one that it does not outrank, or that is told louder, or of a service that matters more, or of another environment. Only a `base:` can have one: rules of ours are made harmless.",
    why="A ticket that nobody reads at night keeps the page from being sent.",
    example=_BASE
    + '- {source_matchers: ⟦[severity="warning"]⟧, target_matchers: [severity="critical"], equal: [service]}',
    instead=_BASE
    + '- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname, service]}',
    silence=_FIX,
)
STRANGER = Code(
    "WB458",
    "silenced-by-stranger",
    "warning",
    finds="An inhibit rule of a `base:` by which an alert that no policy knows silences one of ours.",
    why="Whether it outranks ours is not written anywhere, so nobody can say what is kept from whom.",
    example=_BASE
    + '- {source_matchers: ⟦[alertname="DatacenterDown"]⟧, target_matchers: [severity="critical"], equal: [service]}',
    instead=_BASE
    + '- {source_matchers: [alertname="DatacenterDown"], target_matchers: [team="operations"], equal: [service]}',
    silence="checks: {silenced-by-stranger: off} in the workspace, when such alerts are meant to.",
)
UNPROVEN = Code(
    "WB459",
    "not-provable",
    "error",
    finds="Routing that cannot be walked: Alertmanager would refuse it, or its patterns are too complicated to be compared.",
    why="Of what cannot be walked nobody can say where it leads.",
    example="A base with patterns of which the combinations go beyond every bound.",
    instead="Names and prefixes instead of the patterns.",
    silence=_FIX,
)
ALL = (ASTRAY, NOBODY, SILENCED, STRANGER, UNPROVEN)
