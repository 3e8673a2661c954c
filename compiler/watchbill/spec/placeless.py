"""What can be said of services while the Workspace, or the service itself, is broken: they are read as in no place."""

from collections.abc import Iterator

import msgspec

from watchbill.source.codes import promql, references
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.entries import entries, records
from watchbill.spec.here import Here, Written, params_at, put_in, read_expression
from watchbill.spec.kinds.workspace import Environment, Prometheus
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.scalars import Placed
from watchbill.spec.settings import places
from watchbill.spec.words import Context, Documents, Told, check_words, context_of

_NOWHERE = WorkspaceKind(environments={"nowhere": Environment(prometheus=Prometheus(url="http://localhost"))})
_OF_BROKEN = (promql.SYNTAX, references.BAD_PARAM, references.DUPLICATE_NAME)
_WITH_WORDS = (*_OF_BROKEN, references.UNKNOWN_WORD)
_OF_WHOLE = (*_OF_BROKEN, references.UNKNOWN_PARAM)  # a param of what is broken may be what could not be read


def _each(placed: Placed[str], at: Location) -> Iterator[Written]:
    """A value of every place."""
    yield Written(placed.default, at.at("default"))
    for place, text in (placed.by or {}).items():
        yield Written(text, at.at("by", place))


def placeless(documents: Documents, known: Context | None) -> list[Diagnostic]:
    """Mistakes of sets and services that are mistakes whatever environments, severities and classes there are.

    With what is `known` of the Workspace: those of documents of which only a part could be read, for nobody else looks
    at them, and the words in them that nobody has declared.
    """
    policies = [policy for kind in ("AlertSet", "Service") for policy in documents.get(kind, {}).values()]
    wanted = [policy for policy in policies if known is None or (policy.body is None and policy.remains is not None)]
    nowhere = context_of(_NOWHERE, places(_NOWHERE), documents) if wanted else None
    found: list[Diagnostic] = []
    for policy in wanted:
        body = policy.body if policy.body is not None else policy.remains
        if body is None or nowhere is None:
            continue
        told = Told()
        one = msgspec.structs.replace(policy, body=body)
        check_words(one, known or nowhere, told)
        if policy.kind == "Service":
            _texts(one, nowhere, told)
        codes = _OF_WHOLE if policy.body is not None else _OF_BROKEN if known is None else _WITH_WORDS
        found += [diagnostic for diagnostic in told if diagnostic.code in codes]
    return found


def _texts(policy: Policy, context: Context, told: Told) -> None:
    (place,) = context.places.values()
    here = Here(policy, place, _NOWHERE.environments[place.environment], context, told, set())
    for entry in entries(policy, context):
        alert = entry.alert
        levels = {name: value for level in alert.levels.values() for name, value in level.params.items()}
        params = params_at(entry.params, place)
        params |= {name: (params[name][0], value) for name, value in levels.items() if name in params}
        for written in _each(alert.expr, entry.where("expr")):
            read_expression(written, params, here)
        for key, text in (("summary", alert.summary), ("description", alert.description)):
            for written in _each(text, entry.where(key)) if text is not None else ():
                put_in(written, params, "text", told)
    for one in records(policy, context):
        for written in _each(one.record.expr, one.at.at("expr")):
            read_expression(written, params_at(one.params, place), here)
