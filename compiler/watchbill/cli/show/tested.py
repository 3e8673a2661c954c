"""What the tests of the policies came to: for people, for programs, and for a build server."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from watchbill.cli.show.junit import Case
from watchbill.output.gates import Tested, Tests
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.source.locate import Sources
from watchbill.trial import Coverage, Trial

_SHOWN = 5


class Outcome(msgspec.Struct, frozen=True):
    """All that ran. `rules` is None when promtool ran none of the `wanted` rule tests, else what it said of them.

    `covered` is None when only some of the tests were asked for.
    """

    rules: Tests | None
    wanted: int
    trials: tuple[Trial, ...]
    covered: Coverage | None
    seconds: float

    @property
    def total(self) -> int:
        return len(self.trials) + (self.rules.total if self.rules is not None else 0)

    @property
    def failed(self) -> int:
        return self.failed_trials + (self.rules.failed if self.rules is not None else 0)

    @property
    def failed_trials(self) -> int:
        return sum(one.failure is not None for one in self.trials)

    @property
    def not_run(self) -> int:
        return self.wanted if self.rules is None else 0


def lines(outcome: Outcome) -> Iterator[str]:
    """The summary, and what no test is about."""
    yield (
        f"{_plural(outcome.total, 'test')}: {outcome.total - outcome.failed:,} passed, {outcome.failed:,} failed."
        f"   {outcome.seconds:.2f} s"
    )
    if outcome.not_run:
        yield f"{_plural(outcome.not_run, 'rule test')} did not run: there is no promtool that runs (watchbill doctor)."
    covered = outcome.covered
    if covered is not None:
        tested = covered.alerts - len(covered.untested)
        yield f"{tested:,} of {_plural(covered.alerts, 'alert')} have a test ({covered.share}).{_without(covered.untested)}"
        reached = covered.routes - len(covered.unreached)
        yield f"{reached:,} of {_plural(covered.routes, 'route')} are reached by a test of who is told.{_without(covered.unreached)}"


def _without(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN:,} more (--format json lists them)" if len(names) > _SHOWN else ""
    return f" Not {', '.join(names[:_SHOWN])}{more}"


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def document(outcome: Outcome) -> dict[str, Any]:
    """What stands beside the findings in the JSON of `watchbill test`."""
    covered = outcome.covered
    return {
        "tests": {
            "total": outcome.total,
            "failed": outcome.failed,
            "rules": outcome.rules.total if outcome.rules is not None else 0,
            "routing": len(outcome.trials),
            "not_run": outcome.not_run,
            "seconds": round(outcome.seconds, 3),
        },
        "coverage": None
        if covered is None
        else {
            "alerts": covered.alerts,
            "percent": round(covered.percent, 2),
            "untested": list(covered.untested),
            "routes": covered.routes,
            "unreached": list(covered.unreached),
        },
    }


def markdown(outcome: Outcome) -> str:
    return "".join(f"- {line}\n" for line in lines(outcome))


def cases(outcome: Outcome, sources: Sources) -> Iterator[Case]:
    """Every test for JUnit: a suite for each test file of promtool, and one for each Test."""
    if outcome.not_run:
        reason = f"{_plural(outcome.not_run, 'rule test')} did not run: there is no promtool"
        yield Case("promtool", "rules", "rule tests", skipped=reason)
    for one in outcome.rules.cases if outcome.rules is not None else ():
        yield _rule(one, sources)
    for trial in outcome.trials:
        name, place = trial.asked.name, trial.asked.meant.place.name
        shown = name if name.endswith(f" in {place}") else f"{name} in {place}"
        file, line = _at(trial.asked.where, sources)
        failure = _told(trial.failure) if trial.failure is not None else None
        yield Case(f"Test {trial.asked.document}", place, shown, file, line, trial.seconds, failure)


def _rule(one: Tested, sources: Sources) -> Case:
    group = one.file.removesuffix(".test.yml").replace("/", ".")
    file, line = _at(one.where, sources)
    failure = (one.failures[0].strip().split("\n")[0], "\n".join(one.failures)) if one.failures else None
    return Case(one.file, group, one.name, file, line, failure=failure)


def _at(where: Location | None, sources: Sources) -> tuple[str, int]:
    if where is None:
        return "", 0
    span = sources.locate(where)
    return span.file, span.line


def _told(failure: Diagnostic) -> tuple[str, str]:
    return failure.message, "\n".join([failure.message, *failure.notes, failure.help])
