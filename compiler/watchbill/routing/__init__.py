"""Where alerts go: the tree built from the model, and Alertmanager's own way through any tree.

`building` makes our own from the policies: `configuration(workspace, environment)` of `building.configuration` is the
value that stands in the generated alertmanager.yml. All else here knows no policies, only configurations:

- `read(text or value)` → (`Config`, findings): any alertmanager.yml, refused where Alertmanager 0.33 refuses it.
- `follow(config, labels, at, firing)` → `Followed`: the routes where an alert ends, their receivers, groups and timing;
  what mutes it at that instant, and what inhibits it. `ends(config, labels)` is the routes alone, and quick.
- `visits(config, labels)` → every route that is looked at, and why each was taken or not.
- `firing_alerts(config, alerts)` → `Firing`: other alerts, made ready for many questions about inhibition.
- `distinctions(config)` → for each label what the matchers can tell apart, with a value of each kind.

Labels are mappings from names to values; one that is absent is an empty one. Instants have a zone.
"""

from watchbill.routing.following import Arrival, Followed, Visit, ends, follow, group, visits
from watchbill.routing.inhibition import Firing, Inhibited, firing_alerts
from watchbill.routing.matchers import Labels, Matcher
from watchbill.routing.partition import Distinction, distinctions
from watchbill.routing.reading import read
from watchbill.routing.times import Interval, TimeInterval
from watchbill.routing.tree import Config, Inhibition, Receiver, Route, Timing

__all__ = [
    "Arrival",
    "Config",
    "Distinction",
    "Firing",
    "Followed",
    "Inhibited",
    "Inhibition",
    "Interval",
    "Labels",
    "Matcher",
    "Receiver",
    "Route",
    "TimeInterval",
    "Timing",
    "Visit",
    "distinctions",
    "ends",
    "firing_alerts",
    "follow",
    "group",
    "read",
    "visits",
]
