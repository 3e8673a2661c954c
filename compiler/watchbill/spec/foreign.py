"""Foreign rules to resolved services: turned into alerts of our own, then resolved as those are."""

from collections.abc import Iterator, Mapping

import msgspec

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.alerts import resolve_alert, resolve_record
from watchbill.spec.entries import Entry, RecordEntry
from watchbill.spec.here import Here
from watchbill.spec.inherit import inherited, overridden
from watchbill.spec.kinds.foreign import Foreign, Rule, RuleChange, RuleFile, RuleGroup
from watchbill.spec.kinds.inherited import RunbookRef
from watchbill.spec.kinds.service import Alert, Record
from watchbill.spec.load import Policies, Policy
from watchbill.spec.model import ResolvedAlert, ResolvedGroup, ResolvedRecord, ResolvedService
from watchbill.spec.ownership import table_of, team_of
from watchbill.spec.scalars import Placed
from watchbill.spec.services import Apart, check_alert_form, in_groups
from watchbill.spec.settings import RESERVED, unknown_word
from watchbill.spec.words import Context, Told, check_defaults, check_place

_OWN_KEYS = ("summary", "description", "runbook_url")


class _Group(msgspec.Struct, frozen=True):
    """A group as written, with its rules as entries, in order."""

    written: RuleGroup
    entries: tuple[Entry | RecordEntry, ...]


def resolve_foreign(policy: Policy, policies: Policies, context: Context) -> tuple[Apart, list[Diagnostic]]:
    """The rules of a Foreign in every place where they run, by place name; with everything that is wrong with them."""
    foreign: Foreign = policy.body
    told = Told()
    team, table = team_of(foreign), table_of(foreign, context.documents)
    owned = msgspec.structs.replace(policy, team=team)
    _check(foreign, policy, policies, context, told)
    groups = list(_groups(owned, policies, context, told))
    found: Apart = {}
    siblings: dict[str, str] = {}
    alike = not any("/" in key for key in _places_named(foreign))
    if table is not None and any(table.label in place.labels for place in context.places.values()):
        alike = False  # the place says whose it is
    for place in context.places.values():
        if foreign.only and place.name not in foreign.only and place.environment not in foreign.only:
            continue
        if alike and place.environment in siblings and not place.series:
            found[place.name] = siblings[place.environment]
            continue
        here = Here(owned, place, context.settings.environments[place.environment], context, told, set(), table)
        resolved = tuple(_resolved(group, here) for group in groups)
        empty = ResolvedService(policy.name, team, 3, None, (), (), (), policy.at, "Foreign")
        found[place.name] = in_groups(empty, resolved)
        if not place.series:
            siblings[place.environment] = place.name
    return found, list(told)


def _places_named(foreign: Foreign) -> Iterator[str]:
    yield from foreign.only
    blocks = [foreign.defaults] if foreign.defaults is not None else []
    for block in (*blocks, *foreign.change):
        for value in (block.severity, block.for_, block.keep_firing_for):
            yield from value.by or () if value is not None else ()
    for change in foreign.change:
        for value in (change.expr, change.escalation):
            yield from value.by or () if value is not None else ()
        yield from (test.in_ for test in change.tests if test.in_ is not None)


def _resolved(group: _Group, here: Here) -> ResolvedGroup:
    rules: list[ResolvedRecord | ResolvedAlert] = []
    for entry in group.entries:
        if isinstance(entry, RecordEntry):
            record = resolve_record(entry, here)
            rules.extend([record] if record is not None else [])
        else:
            rules.extend(resolve_alert(entry, here))
    written = group.written
    return ResolvedGroup(written.name, tuple(rules), written.interval, written.query_offset, written.limit)


def _check(foreign: Foreign, policy: Policy, policies: Policies, context: Context, told: Told) -> None:
    if foreign.team.by is not None and foreign.team.otherwise is None:
        message = "`by` needs `otherwise` beside it"
        advice = "add `otherwise:` with the team of alerts that no entry of the table claims"
        told.say(Diagnostic(structure.MISSING_KEY, message, policy.at.at("team", "by"), "alone", advice))
    elif foreign.team.name is not None and foreign.team.otherwise is not None:
        message = "`otherwise` belongs to `by`"
        told.say(
            Diagnostic(structure.UNKNOWN_KEY, message, policy.at.at("team", "otherwise", key=True), "here", "remove it")
        )
    for index, place in enumerate(foreign.only):
        check_place(place, policy.at.at("only", index), context, told)
    if foreign.defaults is not None:
        check_defaults(foreign.defaults, policy.at.at("defaults"), context, told)
    files = policies.rules_of(policy)
    names = {rule.alert for file in files for group in _body(file).groups for rule in group.rules if rule.alert}
    for index, change in enumerate(foreign.change):
        at = policy.at.at("change", index)
        check_defaults(change, at, context, told)
        if names and change.alert not in names:
            told.say(unknown_word("alert", change.alert, names, at.at("alert")))
        if change.off and not change.reason:
            message = f"`{change.alert}` is turned off without a reason"
            told.say(Diagnostic(structure.MISSING_KEY, message, at.at("off"), "why?", "add `reason:`"))


def _body(file: Policy) -> RuleFile:
    body: RuleFile = file.body
    return body


def _groups(policy: Policy, policies: Policies, context: Context, told: Told) -> Iterator[_Group]:
    foreign: Foreign = policy.body
    changes = {change.alert: (change, policy.at.at("change", index)) for index, change in enumerate(foreign.change)}
    words: dict[str, list[Location]] = {}
    for file in policies.rules_of(policy):
        for group_index, group in enumerate(_body(file).groups):
            at = file.at.at("groups", group_index, "rules")
            entries: list[Entry | RecordEntry] = []
            for index, rule in enumerate(group.rules):
                where = at.at(index)
                change, changed_at = changes.get(rule.alert or "", (None, None))
                if rule.record is not None:
                    entries.append(RecordEntry(_record(rule, group), where, {}))
                elif change is None or not change.off:
                    alert = _alert(rule, group, where, change, policy, context, words)
                    entry = Entry(alert, where, {}, False, True, change, changed_at)
                    if entry.alert.severity is not None or not _has_word(rule, group):
                        check_alert_form(entry, told)
                    entries.append(entry)
            yield _Group(group, tuple(entries))
    for word, places in words.items():
        more = f" (and {len(places) - 1:,} more rules)" if len(places) > 1 else ""
        message = f"rules of `{policy.name}` have severity `{word}`, which the workspace does not know{more}"
        advice = f"add `severity_words: {{{word}: …}}` to the workspace, with one of {', '.join(context.severities)}"
        where = places[0].at("labels", "severity")
        told.say(Diagnostic(references.UNKNOWN_WORD, message, where, "not one of ours", advice))


def _has_word(rule: Rule, group: RuleGroup) -> bool:
    return "severity" in rule.labels or "severity" in group.labels


def _record(rule: Rule, group: RuleGroup) -> Record:
    return Record(name=rule.record or "", expr=Placed(_literal(rule.expr)), labels={**group.labels, **rule.labels})


def _alert(
    rule: Rule,
    group: RuleGroup,
    at: Location,
    change: RuleChange | None,
    policy: Policy,
    context: Context,
    words: dict[str, list[Location]],
) -> Alert:
    """The rule as an alert of our own: what it says itself stands above `defaults`, and `change` above both."""
    foreign: Foreign = policy.body
    severity = severity_of(rule, group, context.settings.severity_words)
    if severity is not None and severity not in context.severities:
        if change is None or change.severity is None:
            words.setdefault(severity, []).append(at)
        severity = None
    alert = as_written(rule, group, severity)
    team = context.documents.get("Team", {}).get(policy.team or "")
    above = (context.settings.defaults, team.body.defaults if team is not None and team.body is not None else None)
    alert = inherited(alert, (*above, foreign.defaults))
    return overridden(alert, change) if change is not None else alert


def severity_of(rule: Rule, group: RuleGroup, words: Mapping[str, str]) -> str | None:
    """The severity that a rule gives itself, in our words."""
    word = rule.labels.get("severity", group.labels.get("severity"))
    return words.get(word, word) if word is not None else None


def as_written(rule: Rule, group: RuleGroup, severity: str | None) -> Alert:
    """What a rule says itself, as an alert of our own that inherits nothing yet."""
    written = {**group.labels, **rule.labels}
    texts = {name: _literal(text) for name, text in rule.annotations.items()}
    url = rule.annotations.get("runbook_url", "")
    direct = url.startswith(("http://", "https://")) and "{{" not in url
    return Alert(
        name=rule.alert or "",
        severity=Placed(severity) if severity is not None else None,
        expr=Placed(_literal(rule.expr)),
        for_=Placed(rule.for_) if rule.for_ is not None else None,
        keep_firing_for=Placed(rule.keep_firing_for) if rule.keep_firing_for is not None else None,
        labels={name: value for name, value in written.items() if name not in RESERVED},
        annotations={name: text for name, text in texts.items() if name not in _OWN_KEYS},
        summary=Placed(texts.get("summary") or texts.get("message") or rule.alert or ""),
        description=Placed(texts["description"]) if "description" in texts else None,
        runbook=RunbookRef(url=url) if direct else None,
    )


def _literal(text: str) -> str:
    """A text in which `${` means itself: somebody else's rule has no params of ours."""
    return text.replace("${", "$${")
