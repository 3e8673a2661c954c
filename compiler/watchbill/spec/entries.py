"""What a service consists of: the alerts and records of the sets it uses, and its own, each with what it inherits."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from watchbill.source.diagnostic import Location
from watchbill.spec.inherit import changed, inherited
from watchbill.spec.kinds.foreign import RuleChange
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.service import Alert, AlertSet, Change, Param, Record, Service, Use
from watchbill.spec.load import Policy
from watchbill.spec.model import qualified
from watchbill.spec.words import Context


class Entry(msgspec.Struct, frozen=True):
    """One alert of a service: `at` is where it is written, in the service or in a set; `params` what it may name.

    `tested` says whether its tests run for this service. What a `change` says of it stands at `changed_at`.
    """

    alert: Alert
    at: Location
    params: dict[str, Param]
    from_set: bool
    tested: bool
    change: Change | RuleChange | None = None
    changed_at: Location | None = None

    def where(self, key: str, name: str | None = None) -> Location:
        """Where a key of the alert is written; with a name, where that entry of a mapping is."""
        said = getattr(self.change, key, None)
        moved = self.changed_at is not None and bool(said) and (name is None or name in (said or ()))
        at = (self.changed_at if moved else None) or self.at
        return at.at(key, name) if name is not None else at.at(key)


class RecordEntry(msgspec.Struct, frozen=True):
    record: Record
    at: Location
    params: dict[str, Param]


def entries(policy: Policy, context: Context) -> list[Entry]:
    """The alerts of a service: those of its sets first, in the order of `uses`, then its own."""
    service: Service = policy.body
    team = context.documents.get("Team", {}).get(policy.team or "")
    above = (context.settings.defaults, team.body.defaults if team is not None and team.body is not None else None)
    given = _given(policy)
    found = []
    for number, use, source in used_sets(policy, context):
        alert_set: AlertSet = source.body
        params = {**given, **set_params(alert_set, use)}
        for index, alert in enumerate(alert_set.alerts):
            if alert.name in use.without:
                continue
            change = use.change.get(alert.name)
            mine = inherited(changed(alert, change), (*above, *_of_set(alert_set), service.defaults))
            found.append(
                Entry(
                    mine,
                    source.at.at("alerts", index),
                    {**params, **mine.params},
                    from_set=True,
                    tested=_tested(source, policy, use, alert, context),
                    change=change,
                    changed_at=policy.at.at("uses", number, "change", alert.name),
                )
            )
    params = {**given, **service.params}
    for index, alert in enumerate(service.alerts):
        mine = inherited(alert, (*above, service.defaults))
        at = policy.at.at("alerts", index)
        found.append(Entry(mine, at, {**params, **mine.params} if mine.params else params, from_set=False, tested=True))
    return found


def _of_set(alert_set: AlertSet) -> tuple[Defaults | None, ...]:
    short = Defaults(runbook=alert_set.runbook) if alert_set.runbook is not None else None
    return alert_set.defaults, short


def records(policy: Policy, context: Context) -> list[RecordEntry]:
    """The recording rules of a service, those of its sets first."""
    service: Service = policy.body
    given = _given(policy)
    found = [
        RecordEntry(record, source.at.at("records", index), {**given, **set_params(source.body, use)})
        for _, use, source in used_sets(policy, context)
        for index, record in enumerate(source.body.records)
    ]
    params = {**given, **service.params}
    found += [
        RecordEntry(record, policy.at.at("records", index), params) for index, record in enumerate(service.records)
    ]
    return found


def used_sets(policy: Policy, context: Context) -> Iterator[tuple[int, Use, Policy]]:
    """Each use of a service with its number and its set; one whose set is missing or broken, or lacks a required param, is told elsewhere."""
    for number, use in enumerate(policy.body.uses):
        name = qualified(context.documents, "AlertSet", use.set, policy.team)
        source = context.documents["AlertSet"][name] if name is not None else None
        if source is None or source.body is None:
            continue
        if all(param.default is not None or name in use.with_ for name, param in source.body.params.items()):
            yield number, use, source


def set_params(alert_set: AlertSet, use: Use) -> dict[str, Param]:
    """The set's params as this use gives them."""
    found = {}
    for name, param in alert_set.params.items():
        value = use.with_.get(name)
        if value is not None:
            found[name] = Param(type=param.type, default=value.default, by=value.by)
        elif param.default is not None:
            found[name] = Param(type=param.type, default=param.default, by=param.by)
    return found


def _given(policy: Policy) -> dict[str, Param]:
    return _names(policy.name, policy.team or "")


@lru_cache(maxsize=8192)
def _names(service: str, team: str) -> dict[str, Param]:
    return {"service": Param(type="name", default=service), "team": Param(type="name", default=team)}


def _tested(source: Policy, policy: Policy, use: Use, alert: Alert, context: Context) -> bool:
    """The tests of a set's alert run for one service that has it as it stands, and wherever a use changes the expression."""
    change = use.change.get(alert.name)
    if change is not None and (change.expr is not None or change.tests):
        return True
    return context.tested_by(source, alert.name) == policy.name
