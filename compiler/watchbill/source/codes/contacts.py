"""5, continued: whether a page gets through to people, and whether it ends in silence."""

from watchbill.source.codes import Code

CONTACT_MISSING = Code(
    "WB511",
    "contact-missing",
    "warning",
    finds="A person's `notify` with `phone` or `sms`, and no `phone:`. It is an error when no other channel of that severity is left. Slack finds people by their e-mail address, if they have no `slack:`.",
    why="The policy says that the phone rings after two minutes, and there is no number.",
    example="kind: Person\nname: ana\nnotify: {critical: [{push: 0m}, ⟦{phone: 2m}⟧]}",
    instead="kind: Person\nname: ana\nphone: {env: PHONE_ANA}\nnotify: {critical: [{push: 0m}, {phone: 2m}]}",
    silence="checks: {contact-missing: off} in the workspace.",
)
NO_WAY = Code(
    "WB512",
    "no-way-to-be-told",
    "error",
    finds="A person who can be paged for a severity that their `notify` does not have, and no `default` in it either.",
    why="Their own rules say how to reach them, and for this page they say nothing.",
    example="kind: Person\nname: ana\nnotify: ⟦{high: [{push: 0m}]}⟧",
    instead="kind: Person\nname: ana\nnotify: {high: [{push: 0m}], default: [{push: 0m}]}",
    silence="checks: {no-way-to-be-told: warning} in the workspace, where PagerDuty's own rules reach everybody.",
)
ENDS_IN_SILENCE = Code(
    "WB513",
    "escalation-ends-in-silence",
    "warning",
    finds="An escalation that is gone through once and either has one step only, or ends with a step that pages nobody and writes to a channel.",
    why="If the one who is paged sleeps through it, nobody is ever paged again.",
    example="kind: Escalation\nname: level-1\nsteps: ⟦[{notify: [{on_call: primary}]}]⟧\nrepeat: 0",
    instead="kind: Escalation\nname: level-1\nsteps: [{notify: [{on_call: primary}]}]\nrepeat: 2",
    silence="checks: {escalation-ends-in-silence: off} in the workspace.",
)
TOLD_TOO_LATE = Code(
    "WB514",
    "told-after-sla",
    "warning",
    finds="A severity whose first notification waits as long as its escalation's `acknowledge_within`, or longer.",
    why="The promised time is over before the phone rings for the first time.",
    example="kind: Workspace\nname: shop\ntiming: {critical: {first: ⟦5m⟧, more: 10m, again: 4h}}",
    instead="kind: Workspace\nname: shop\ntiming: {critical: {first: 30s, more: 10m, again: 4h}}",
    silence="checks: {told-after-sla: off} in the workspace.",
)
ALL = (CONTACT_MISSING, NO_WAY, ENDS_IN_SILENCE, TOLD_TOO_LATE)
