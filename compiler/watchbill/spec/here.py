"""Where a service is resolved, and its texts there: params put in, expressions read, every mistake in its place."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from watchbill.promql import Fault
from watchbill.source.codes import promql, references
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.kinds.service import Param
from watchbill.spec.kinds.workspace import Environment
from watchbill.spec.load import Policy
from watchbill.spec.model import Owner, qualified
from watchbill.spec.ownership import Table
from watchbill.spec.params import Substitution, UnknownParam, substitute, value_at
from watchbill.spec.scalars import Placed
from watchbill.spec.series import Problem, narrowed
from watchbill.spec.settings import PlaceSettings
from watchbill.spec.words import Context, Told

Params = dict[str, tuple[str, str]]


class Written(msgspec.Struct, frozen=True):
    """A value as a policy writes it, with where it stands: what a finding about it points at."""

    text: str
    at: Location


class Here(msgspec.Struct, frozen=True):
    """A service in one place: what every step of resolving it looks at. `used` collects the params that were put in.

    With a `table` the team is only that of alerts which the table gives to nobody; `owners` remembers, by that team,
    the severity and an escalation of the alert's own, those that the table names.
    """

    policy: Policy
    place: PlaceSettings
    environment: Environment
    context: Context
    told: Told
    used: set[tuple[Location, str]]
    table: Table | None = None
    owners: dict[tuple[str, str, str | None], tuple[Owner, ...]] = msgspec.field(default_factory=dict)

    @property
    def team(self) -> str:
        return self.policy.team or ""

    def value(self, placed: Placed[str] | None) -> str | None:
        return placed.at(self.place.environment, self.place.name) if placed is not None else None

    def written(self, placed: Placed[str], at: Location) -> Written:
        by = placed.by or {}
        for key in (self.place.name, self.place.environment):
            if key in by:
                return Written(by[key], at.at("by", key))
        return Written(placed.default, at.at("default"))

    def qualified(self, kind: str, references_: tuple[str, ...]) -> tuple[str, ...]:
        known = (qualified(self.context.documents, kind, reference, self.policy.team) for reference in references_)
        return tuple(name for name in known if name is not None)


def params_at(params: Mapping[str, Param], place: PlaceSettings) -> Params:
    return {name: (param.type, value_at(param, place.environment, place.name)) for name, param in params.items()}


class Expression(msgspec.Struct, frozen=True):
    """An expression as a place evaluates it, and what is known of it."""

    text: str
    analysis: Analysis


def read_expression(written: Written, params: Params, here: Here, uses: set[str] | None = None) -> Expression | None:
    """The expression with params put in, as it is asked in this place; None when a finding says why there is none."""
    put = put_in(written, params, "promql", here.told)
    if put is None:
        return None
    if uses is not None:
        uses.update(put.used)
    text = put.text.strip()
    analysis = analyse(text)
    if isinstance(analysis, Analysis) and not here.place.series:
        return Expression(text, analysis)
    lead = len(put.text) - len(put.text.lstrip())
    notes = tuple(f"with {name} = {params[name][1]}" for name in dict.fromkeys(put.used))
    if isinstance(analysis, Fault):
        start, end = put.source_range(analysis.start + lead, analysis.end + lead)
        advice = "mend the expression: Prometheus would refuse the whole file"
        message = f"PromQL: {analysis.message}"
        here.told.say(Diagnostic(promql.SYNTAX, message, written.at.within(start, end), "here", advice, notes))
        return None
    narrow = narrowed(text, here.place)
    if isinstance(narrow, Problem):
        at = written.at.within(*put.source_range(narrow.start + lead, narrow.end + lead))
        here.told.say(Diagnostic(narrow.code, narrow.message, at, narrow.label, narrow.advice, notes))
        return None
    analysis = analyse(narrow)
    return Expression(narrow, analysis) if isinstance(analysis, Analysis) else None


def put_in(written: Written, params: Params, form: Literal["promql", "text"], told: Told) -> Substitution | None:
    put = substitute(written.text, params, form)
    if isinstance(put, UnknownParam):
        known = ", ".join(params)
        hint = f"declared here: {known}" if known else "declare it under `params:`; a literal `${` is written `$${`"
        at = written.at.within(put.start, put.end)
        told.say(Diagnostic(references.UNKNOWN_PARAM, f"unknown param `{put.name[:60]}`", at, "not declared", hint))
        return None
    return put
