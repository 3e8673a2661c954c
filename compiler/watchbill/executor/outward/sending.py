"""The effects `page`, `note`, `message`, `ask` and `close`: told by every connection of a tier, and by the next tier's
where that is not enough. One that fails keeps none of the others from being tried.

It has arrived when everybody whom it is for was told: a page by a channel that wakes, where this installation has one at
all. What did not arrive, the core tells the last resort. What is busy is tried again, a page only for seconds, since the
core's next step is better than a late one.
"""

import logging
import threading
from collections import OrderedDict
from functools import partial

import msgspec

from watchbill.executor.core.effects import Ask, Close
from watchbill.executor.core.events import Events, LeftOpen, MessageSettled
from watchbill.executor.core.state import Incident
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.outward.channels import Busy, Outcome, Refused, Took, channel, tried
from watchbill.executor.outward.content import Content, content_of
from watchbill.executor.outward.routes import Target, Tier, Tiers, routes, wakes
from watchbill.executor.redaction import Redact, redactor, words

_LOG = logging.getLogger("watchbill.outward")
_TRIES = {"page": 3}
_MOST_TRIES = 8  # no more than the lanes allow
_LONGEST = {"page": 15.0, "ask": 30.0}  # seconds that another side may ask to be left alone
_MOST_SECONDS = 600.0
_REMEMBERED = 10_000


class _Known:
    """What of an effect this process has brought home, so that a second try does not tell people twice.

    Lost with the process: then they may be told twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, Target], Took | Refused] = OrderedDict()

    def get(self, key: str, target: Target) -> Took | Refused | None:
        with self._lock:
            return self._known.get((key, target))

    def put(self, key: str, target: Target, outcome: Took | Refused) -> None:
        with self._lock:
            self._known[key, target] = outcome
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


_KNOWN = _Known()


def handle(work: Work, outside: Outside) -> Events | Again:
    body, state = work.body, outside.state()
    redact = redactor(outside.connections.secrets())
    incident = state.find(body.incident) if body.incident is not None else None
    if isinstance(body, Close):
        return _close(work, body, incident, outside, redact)
    plan = outside.plan(incident.plan) if incident is not None else outside.plan()
    if plan is None:
        return Again("no plan is in force")
    if isinstance(body, Ask) and not _stands(body, incident):
        return MessageSettled(key=work.key, arrived=True, detail="the question does not stand any more")
    content = content_of(work, plan, incident, outside, redact)
    ways = routes(outside.plan() or plan, outside.connections, content, body)
    if not any(ways):
        detail = f"no connection reaches {content.team or 'anybody'}: [outward] has neither its team's nor `default`"
        return MessageSettled(key=work.key, arrived=False, detail=detail)
    return _Sending(work, outside, content, redact).by(ways)


class _Sending:
    def __init__(self, work: Work, outside: Outside, content: Content, redact: Redact) -> None:
        self.work, self.outside, self.content, self.redact = work, outside, content, redact
        self.last = work.attempt >= _TRIES.get(content.kind, _MOST_TRIES)
        self.outcomes: dict[Target, Outcome] = {}

    def by(self, ways: tuple[Tiers, ...]) -> Events | Again:
        through = [self._through(tiers) for tiers in ways]
        detail = self._told()
        busy = [one for one in self.outcomes.values() if isinstance(one, Busy)]
        if busy and not self.last:
            return Again(detail, _after(busy, _LONGEST.get(self.content.kind, _MOST_SECONDS)))
        opened = tuple(
            LeftOpen(target.channel, target.name, one.opened)
            for target, one in self.outcomes.items()
            if isinstance(one, Took) and one.opened is not None
        )
        return MessageSettled(key=self.work.key, arrived=all(through), detail=detail, opened=opened)

    def _through(self, tiers: Tiers) -> bool:
        """Down the tiers until one was enough. What is no page waits for a tier that is busy, as long as it may."""
        waking = self.content.wakes and any(wakes(tier) for tier in tiers)
        for tier in tiers:
            outcomes = self._tier(tier)
            took = [one for one, outcome in zip(tier, outcomes, strict=True) if isinstance(outcome, Took)]
            if took and (not waking or wakes(tuple(took))):
                return True
            if not self.last and not self.content.wakes and any(isinstance(one, Busy) for one in outcomes):
                return False
        return False

    def _tier(self, tier: Tier) -> list[Outcome]:
        for target in tier:
            if target not in self.outcomes:
                self.outcomes[target] = self._one(target)
        return [self.outcomes[target] for target in tier]

    def _one(self, target: Target) -> Outcome:
        known = _KNOWN.get(self.work.key, target)
        if known is not None:
            return known
        way = channel(target.channel)
        if self.content.ends and not way.reads:
            return Took()  # it is told by what is closed there
        connection = getattr(self.outside.connections.outward, target.channel)[target.name]
        bare = self.content.audience is not None and target.name == self.content.audience
        content = msgspec.structs.replace(self.content, bare=bare)
        outcome = tried(lambda: way.send(connection, content))
        _count(self.outside, target, outcome, self.work.key, self.redact)
        if not isinstance(outcome, Busy):
            _KNOWN.put(self.work.key, target, outcome)
        return outcome

    def _told(self) -> str:
        said = "; ".join(
            f"{target} {'has it' if isinstance(one, Took) else one.detail}" for target, one in self.outcomes.items()
        )
        return words(self.redact, said)


def _stands(body: Ask, incident: Incident | None) -> bool:
    return incident is not None and any(one.id == body.question for one in incident.questions)


def _close(work: Work, body: Close, incident: Incident | None, outside: Outside, redact: Redact) -> Events | Again:
    """Close what was opened, unless the incident has come back: then it is still to be closed, and the core is told so."""
    if incident is not None and incident.open:
        return MessageSettled(key=work.key, arrived=True, detail="the incident has come back", opened=body.opened)
    busy, failed = [], []
    for one in body.opened:
        target, mark = Target(one.channel, one.connection), f"{work.key}:{one.key}"
        if _KNOWN.get(mark, target) is not None:
            continue
        outcome = tried(partial(_closed, outside, one))
        _count(outside, target, outcome, work.key, redact)
        if isinstance(outcome, Busy):
            busy.append(outcome)
        else:
            _KNOWN.put(mark, target, outcome)
        if not isinstance(outcome, Took):
            failed.append(f"{target} {outcome.detail}")
    detail = words(redact, "; ".join(failed))
    if busy and work.attempt < _MOST_TRIES:
        return Again(detail, _after(busy, _MOST_SECONDS))
    return MessageSettled(key=work.key, arrived=not failed, detail=detail)


def _closed(outside: Outside, one: LeftOpen) -> Outcome:
    connection = getattr(outside.connections.outward, one.channel, {}).get(one.connection)
    closes = channel(one.channel).close if connection is not None else None
    return closes(connection, one.key, outside.now()) if closes is not None else Refused("is not there any more")


def _after(busy: list[Busy], longest: float) -> float | None:
    """When the last of them may be asked again."""
    told = [one.after for one in busy if one.after is not None]
    return min(max(told), longest) if told else None


def _count(outside: Outside, target: Target, outcome: Outcome, key: str, redact: Redact) -> None:
    said = "delivered" if isinstance(outcome, Took) else "busy" if isinstance(outcome, Busy) else "refused"
    outside.sent(target.channel, said)
    if not isinstance(outcome, Took):
        detail = words(redact, outcome.detail)
        _LOG.warning("a message was not taken", extra={"effect": key, "connection": str(target), "detail": detail})
