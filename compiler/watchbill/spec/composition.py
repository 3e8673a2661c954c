"""What one alert is made of: the blocks it inherits from, itself, what changes it, and the params it may name.

Asked after the fact, of one alert: resolving itself carries nothing along.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from watchbill.source.diagnostic import Location
from watchbill.spec.foreign import as_written, severity_of
from watchbill.spec.inherit import sayer
from watchbill.spec.kinds.foreign import RuleGroup
from watchbill.spec.kinds.service import AlertSet, Param, Service, Use
from watchbill.spec.load import Policies, Policy
from watchbill.spec.model import ResolvedAlert, Workspace, qualified


class Block(msgspec.Struct, frozen=True):
    """Something that may say what an alert inherits, or is: `said` in words, the block, and where it stands."""

    said: str
    body: Any
    at: Location


class Written(msgspec.Struct, frozen=True):
    """An alert as it is written: the blocks it is made of, widest first, and what its params are made of.

    `use` is how the service uses the set in which the alert stands, and `use_at` where.
    """

    policy: Policy
    blocks: tuple[Block, ...]
    params: Mapping[str, tuple[Param, str, Location]]
    use: Use | None = None
    use_at: Location | None = None

    def values(self, attribute: str, entry: str | None = None) -> Block | None:
        """The block with the last word about a key."""
        number = sayer([block.body for block in self.blocks], attribute, entry)
        return self.blocks[number] if number is not None else None

    def unset(self, attribute: str) -> Block | None:
        """The block that took away what a wider one says, with nobody saying it again."""
        number = max(
            (at for at, one in enumerate(self.blocks) if attribute in getattr(one.body, "unset", ())), default=0
        )
        wider = sayer([block.body for block in self.blocks[:number]], attribute)
        return self.blocks[number] if wider is not None and self.values(attribute) is None else None


def written(workspace: Workspace, policies: Policies, alert: ResolvedAlert) -> Written:
    """What an alert of the model is made of."""
    foreign = workspace.documents.get("Foreign", {}).get(alert.service)
    if foreign is not None:
        return _foreign(workspace, policies, foreign, alert)
    policy = workspace.documents["Service"][alert.service]
    service: Service = policy.body
    above = [*_above(workspace, policy.team)]
    own = _block("service defaults", service.defaults, policy.at.at("defaults"))
    given = {name: (param, "service", policy.at.at("params", name)) for name, param in service.params.items()}
    if (alert.at.file, alert.at.document) == (policy.at.file, policy.at.document):
        body = service.alerts[int(alert.at.path[-1])]
        return Written(
            policy, (*above, *own, Block("alert", body, alert.at)), {**given, **_params(body, "param", alert.at)}
        )
    number, use, source = _used(workspace, policy, alert)
    alert_set: AlertSet = source.body
    body = alert_set.alerts[int(alert.at.path[-1])]
    at = policy.at.at("uses", number)
    changes = _block("change", use.change.get(body.name), at.at("change", body.name))
    inherited = _block("set defaults", alert_set.defaults, source.at.at("defaults"))
    params = {**_set_params(alert_set, use, source.at, at), **_params(body, "param", alert.at)}
    for change in changes:
        params |= _params(change.body, "change", change.at)
    blocks = (*above, *inherited, *own, Block("set", body, alert.at), *changes)
    return Written(policy, blocks, params, use, at)


def _foreign(workspace: Workspace, policies: Policies, policy: Policy, alert: ResolvedAlert) -> Written:
    """A rule of others: what it says itself, and what a `change` makes of it."""
    file = policies.rules[alert.at.file]
    _, group_number, _, rule_number = alert.at.path
    group: RuleGroup = file.body.groups[group_number]
    rule = group.rules[int(rule_number)]
    severity = severity_of(rule, group, workspace.settings.severity_words)
    body = as_written(rule, group, severity if severity in workspace.severities else None)
    changes = [
        Block("change", change, policy.at.at("change", index))
        for index, change in enumerate(policy.body.change)
        if change.alert == rule.alert
    ]
    otherwise = policy.body.team.name or policy.body.team.otherwise
    defaults = _block("rules defaults", policy.body.defaults, policy.at.at("defaults"))
    return Written(policy, (*_above(workspace, otherwise), *defaults, Block("rule", body, alert.at), *changes), {})


def _above(workspace: Workspace, team: str | None) -> Iterator[Block]:
    own = next(iter(workspace.documents["Workspace"].values()))
    yield from _block("workspace defaults", workspace.settings.defaults, own.at.at("defaults"))
    policy = workspace.documents.get("Team", {}).get(team or "")
    if policy is not None and policy.body is not None:
        yield from _block("team defaults", policy.body.defaults, policy.at.at("defaults"))


def _block(said: str, body: Any, at: Location) -> tuple[Block, ...]:
    return (Block(said, body, at),) if body is not None else ()


def _used(workspace: Workspace, policy: Policy, alert: ResolvedAlert) -> tuple[int, Use, Policy]:
    for number, use in enumerate(policy.body.uses):
        name = qualified(workspace.documents, "AlertSet", use.set, policy.team)
        source = workspace.documents["AlertSet"][name] if name is not None else None
        if source is not None and (source.at.file, source.at.document) == (alert.at.file, alert.at.document):
            return number, use, source
    raise LookupError(alert.name)


def _params(body: Any, said: str, at: Location) -> dict[str, tuple[Param, str, Location]]:
    return {name: (param, said, at.at("params", name)) for name, param in body.params.items()}


def _set_params(
    alert_set: AlertSet, use: Use, source: Location, at: Location
) -> dict[str, tuple[Param, str, Location]]:
    found = {}
    for name, param in alert_set.params.items():
        given = use.with_.get(name)
        if given is not None:
            found[name] = (Param(type=param.type, default=given.default, by=given.by), "with", at.at("with", name))
        elif param.default is not None:
            own = Param(type=param.type, default=param.default, by=param.by)
            found[name] = (own, "set param", source.at("params", name))
    return found
