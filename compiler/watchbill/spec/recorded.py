"""Recording rules, and the expressions that ask for them by name."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from watchbill import promql
from watchbill.promql import Selector
from watchbill.spec.model import ResolvedRecord

_WORDS = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


def asked(expr: str, names: Collection[str]) -> Iterator[Selector]:
    """The selectors of an expression that name one of these metrics. One that has a pattern for a name names none."""
    if any(word in names for word in _WORDS.findall(expr)):
        parsed = promql.parse(expr)
        if not isinstance(parsed, promql.Fault):
            yield from (one for one in promql.selectors(parsed) if one.metric in names)


def ordered(records: Sequence[ResolvedRecord]) -> tuple[ResolvedRecord, ...]:
    """The records, each after those it asks for and else as they were. Those that ask for one another stay as they are."""
    numbers: dict[str, list[int]] = {}
    for number, record in enumerate(records):
        numbers.setdefault(record.name, []).append(number)
    waiting = [
        {other for one in asked(record.expr, numbers) for other in numbers[one.metric or ""]} for record in records
    ]
    order: list[int] = []
    met: set[int] = set()
    for start in range(len(records)):
        stack = [] if start in met else [start]
        while stack:
            number = stack[-1]
            met.add(number)
            before = next((other for other in sorted(waiting[number]) if other not in met), None)
            if before is not None:
                stack.append(before)
            else:
                order.append(stack.pop())
    return tuple(records[number] for number in order)


def cycles(asking: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """The names that ask for themselves, directly or through others: each circle once, from its first name on."""
    done: set[str] = set()
    for start in asking:
        path = {} if start in done else {start: iter(asking[start])}  # the way here, and what is still to be followed
        while path:
            name, others = next(reversed(path.items()))
            other = next(others, None)
            if other is None:
                done.add(name)
                del path[name]
            elif other in path:
                yield tuple(path)[list(path).index(other) :]
            elif other not in done:
                path[other] = iter(asking[other])
