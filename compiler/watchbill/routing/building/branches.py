"""What the routes of an environment are for: one branch for each kind of alert, and who hears of it at each hour."""

from collections.abc import Iterator

import msgspec

from watchbill.routing.building.receivers import NOBODY, Receiver
from watchbill.routing.building.timeintervals import names, window_name
from watchbill.spec.model import OUTCOMES, Outcome, OutcomeKind, ResolvedAlert
from watchbill.spec.ownership import LABEL as OWNERSHIP
from watchbill.spec.ownership import RUNTIME

Labels = tuple[tuple[str, str], ...]
Matcher = tuple[str, str, str]  # label, operator, value


class Claim(msgspec.Struct, frozen=True):
    """How a route knows whose an alert is, where only a label says so: by the owner's patterns.

    `ownership` is the rule's label of that name; without patterns it is the team that has what nobody owns.
    """

    ownership: str
    label: str
    patterns: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.ownership.split("/", maxsplit=1)[0]


class Stage(msgspec.Struct, frozen=True):
    """A receiver, and when it hears: in any of the `active` intervals (always, when there are none), but in no `muted`."""

    receiver: Receiver
    active: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()


class Branch(msgspec.Struct, frozen=True):
    """One kind of alert. `escalation` is the label of alerts that have an escalation of their own; else None.

    With `match` only those alerts which carry these labels too, since `windows` (effect and name) are about them.
    """

    team: str
    severity: str
    escalation: str | None
    page_per: str | None
    outcome: Outcome
    claim: Claim | None = None
    match: Labels = ()
    windows: tuple[tuple[OutcomeKind, str], ...] = ()

    @property
    def name(self) -> str:
        beside = f"-{self.escalation.replace('/', '-')}" if self.escalation is not None else ""
        return f"{self.team}-{self.severity}{beside}"

    def matchers(self) -> Iterator[Matcher]:
        if self.claim is None:
            yield "team", "=", self.team
        else:
            yield "team", "=", RUNTIME
            yield OWNERSHIP, "=", self.claim.ownership
            if self.claim.patterns:
                yield self.claim.label, "=~", any_of(self.claim.patterns)
        yield "severity", "=", self.severity
        for label, value in (("escalation", self.escalation), ("page_per", self.page_per)):
            if value is not None:
                yield label, "=", value
        for label, value in self.match:
            yield label, "=", value

    def receiver(self) -> Receiver:
        """Who hears of it; of an outcome with hours, who hears of it inside them."""
        if self.outcome.kind == "drop":
            return Receiver(name=NOBODY, team="", kind="drop", severity=None)
        escalation = self.outcome.escalation
        return Receiver(
            name=self.name, team=self.team, kind=self.outcome.kind, severity=self.severity, escalation=escalation
        )

    def stages(self) -> list[Stage]:
        """Who hears when: at every minute exactly one of them, the quieter of what the hours and the windows say."""
        if self.outcome.hours is None and not self.windows:
            return [Stage(self.receiver())]
        stages = (self._stage(kind) for kind in OUTCOMES)
        return [stage for stage in stages if stage is not None]

    def _stage(self, kind: OutcomeKind) -> Stage | None:
        """When the outcome is of this kind: by itself where no quieter window holds, or made so by a window."""
        inside, outside = self.outcome.kind, self.outcome.outside or self.outcome.kind
        rank = OUTCOMES.index(kind)
        quieter = tuple(window_name(name) for effect, name in self.windows if OUTCOMES.index(effect) > rank)
        made = tuple(window_name(name) for effect, name in self.windows if effect == kind)
        if rank < OUTCOMES.index(inside):
            return None
        if self.outcome.hours is None or inside == outside:
            if kind == inside:
                return Stage(self.receiver(), (), quieter)
            return Stage(self._quieter(kind), made, quieter) if made else None
        open_, closed, beyond = names(self.outcome.hours)
        if kind == inside:
            return Stage(self.receiver(), (open_,), (closed, *quieter))
        if kind == outside:
            return Stage(self._quieter(kind), (beyond, *made), quieter)
        between = rank < OUTCOMES.index(outside)
        return Stage(self._quieter(kind), made, (beyond, *quieter) if between else quieter) if made else None

    def _quieter(self, kind: OutcomeKind) -> Receiver:
        """Who hears of it outside the hours, or in a window."""
        beside = "outside" if kind == self.outcome.outside else kind
        return Receiver(name=f"{self.team}-{self.severity}-{beside}", team=self.team, kind=kind, severity=self.severity)


def claims(alert: ResolvedAlert) -> Iterator[tuple[str, Outcome, Claim | None]]:
    """Each team that may have an alert, what it leads to there, and how a route knows."""
    if not alert.owners:
        yield alert.team, alert.outcome, None
        return
    ownership = alert.labels[OWNERSHIP]
    for owner in alert.owners:
        yield owner.team, owner.outcome, Claim(ownership, owner.label, owner.patterns)
    yield alert.team, alert.outcome, Claim(ownership, alert.owners[0].label, ())


def any_of(patterns: tuple[str, ...]) -> str:
    """One pattern for several: a group around each in which a flag, an alternative or a quotation would leak."""
    return "|".join(
        _closed(pattern) if any(sign in pattern for sign in ("(?", "|", "\\Q")) else pattern for pattern in patterns
    )


def _closed(pattern: str) -> str:
    quoted = "\\Q" in pattern and pattern.rfind("\\E") < pattern.rfind("\\Q")
    return f"(?:{pattern}{chr(92) + 'E' if quoted else ''})"
