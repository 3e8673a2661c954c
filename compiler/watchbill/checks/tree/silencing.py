"""Inhibit rules that silence too much, nothing, or each other's alerts."""

from collections.abc import Iterator
from itertools import combinations

from watchbill.checks.tree.choices import Clause, Kinds, solve
from watchbill.checks.tree.reached import shown
from watchbill.regex import TooLarge
from watchbill.routing import Config, Inhibition, Matcher
from watchbill.source.codes import tree as codes
from watchbill.source.diagnostic import Diagnostic, Related

SEVERITIES = frozenset({"severity", "priority", "level"})  # labels that say how bad it is, and not what or where
_Side = tuple[str, str]  # whose label it is: one alert's, the other's, or both have it alike; and the label


def check(config: Config, kinds: Kinds) -> Iterator[Diagnostic]:
    sound = []
    for rule in config.inhibitions:
        nothing = _nothing(rule, kinds)
        if nothing is not None:
            advice = "mend its matchers, or remove it"
            yield Diagnostic(codes.INHIBITS_NOTHING, nothing, rule.at, "silences nothing", advice)
            continue
        sound.append(rule)
        if not rule.equal and {one.label for one in rule.targets if not _holds_always(one, kinds)} <= SEVERITIES:
            what = " and ".join(map(str, rule.targets)) or "every alert there is"
            message = f"one alert anywhere silences {what}, wherever it comes from"
            advice = "name under `equal` the labels that say where: cluster, namespace, service"
            yield Diagnostic(codes.INHIBITS_TOO_MUCH, message, rule.at, "no `equal`", advice)
    for one, other in combinations(sound, 2):
        yield from _circle(one, other, kinds)


def _holds_always(matcher: Matcher, kinds: Kinds) -> bool:
    return kinds.known(matcher.label) and kinds.mask(matcher) == kinds.all(matcher.label)


def _nothing(rule: Inhibition, kinds: Kinds) -> str | None:
    """Why a rule never silences anything; None when it does, or when that cannot be said."""
    for side, matchers in (("source", rule.sources), ("target", rule.targets)):
        if not all(kinds.taken(matchers).values()):
            return f"no alert can match the {side} side of this rule"
    try:
        if _within(rule.sources, rule.targets, kinds) and _within(rule.targets, rule.sources, kinds):
            return "both sides match the same alerts, and those Alertmanager does not let silence each other"
    except TooLarge:
        return None
    return None


def _within(some: tuple[Matcher, ...], others: tuple[Matcher, ...], kinds: Kinds) -> bool:
    """Whether every alert that fulfils some matchers fulfils the others."""
    clause = kinds.escaped(others)
    if clause is None:
        return False
    domains = kinds.taken(some)
    for label, _ in clause:
        domains.setdefault(label, kinds.all(label))
    return solve(domains, [clause]) is None


def _circle(one: Inhibition, other: Inhibition, kinds: Kinds) -> Iterator[Diagnostic]:
    """Two alerts: the first a source of one rule and a target of the other, the second the other way round."""
    alike = {*one.equal, *other.equal}

    def side(whose: str, label: str) -> _Side:
        return ("both" if label in alike else whose, label)

    domains: dict[_Side, int] = {}
    for whose, matchers in (
        ("first", (*one.sources, *other.targets)),
        ("second", (*one.targets, *other.sources)),
    ):
        for label, mask in kinds.taken(matchers).items():
            key = side(whose, label)
            domains[key] = domains.get(key, kinds.all(label)) & mask
    clauses: list[Clause[_Side]] = []
    for rule, source, target in ((one, "first", "second"), (other, "second", "first")):
        # Alerts that match both sides do not silence each other: one of the two must not.
        two = kinds.escaped(rule.targets), kinds.escaped(rule.sources)
        if two[0] is None or two[1] is None:
            return
        escapes = [(side(source, label), mask) for label, mask in two[0]]
        clauses.append(escapes + [(side(target, label), mask) for label, mask in two[1]])
    for key in [key for clause in clauses for key, _ in clause]:
        domains.setdefault(key, kinds.all(key[1]))
    try:
        found = solve(domains, clauses)
    except TooLarge:
        return
    if found is None:
        return
    pair = [
        kinds.written({label: mask for (whose, label), mask in found.items() if whose in (who, "both")})
        for who in ("first", "second")
    ]
    yield Diagnostic(
        codes.INHIBIT_EACH_OTHER,
        f"{shown(pair[0])} and {shown(pair[1])} silence each other",
        other.at,
        "and back again",
        "remove one of the two rules, or narrow it",
        related=(Related(one.at, "with this rule"),) if one.at is not None else (),
    )
