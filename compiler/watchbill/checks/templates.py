"""The templates of annotations and labels: labels that are there, values that can be read, queries that are PromQL."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from watchbill import promql
from watchbill.promql import Template
from watchbill.source.codes import Code
from watchbill.source.codes import promql as codes
from watchbill.source.codes import rules as rule_codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import analyse

Carries = Callable[[str], bool]
"""Whether every alert of a rule may carry a label."""


@lru_cache(maxsize=16384)
def _scanned(text: str) -> Template | promql.Fault:
    return promql.scan_template(text)


def of_annotation(name: str, text: str, where: Location, expr: str, carries: Carries) -> Iterator[Diagnostic]:
    """What is to be said against the template of one annotation."""
    template = _scanned(text)
    if isinstance(template, promql.Fault):
        yield _fault(template, text, where)
        return
    yield from _missing(template, name, where, expr, carries)
    yield from _queries(template, where)
    analysis = analyse(expr)
    if not isinstance(analysis, promql.Fault) and analysis.fractional:
        # One that is told readably somewhere in the annotation may be repeated as it is.
        bare = [use for use in template.values if _as_it_is(text, use.start, use.end)]
        if bare and len(bare) == len(template.values):
            yield Diagnostic(
                rule_codes.NOT_HUMANIZED,
                f"`{name}` prints the value as it is, and it is a long fraction",
                where.naming(text, bare[0].start, bare[0].end),
                "such as 0.043333333333333335",
                "write {{ $value | humanize }}, humanizePercentage or humanizeDuration",
            )


def of_label(name: str, text: str, where: Location, expr: str, carries: Carries) -> Iterator[Diagnostic]:
    """What is to be said against the template of one label of an alert."""
    template = _scanned(text)
    if isinstance(template, promql.Fault):
        yield _fault(template, text, where)
        return
    yield from _missing(template, name, where, expr, carries)
    yield from _queries(template, where)
    if template.values:
        use = template.values[0]
        yield Diagnostic(
            rule_codes.VALUE_IN_LABEL,
            f"the template of the label `{name}` reads the value, so the alert is another one each time it changes",
            where.naming(text, use.start, use.end),
            "changes with every evaluation",
            "say the value in an annotation",
        )


def _fault(fault: promql.Fault, text: str, where: Location, code: Code = codes.TEMPLATE) -> Diagnostic:
    advice = "mend the template: Prometheus would put an error in its place"
    at = where.naming(text, fault.start, fault.end)
    return Diagnostic(code, f"template: {fault.message}", at, "here", advice)


def _missing(template: Template, name: str, where: Location, expr: str, carries: Carries) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for label, start, end in promql.template_labels(template):
        if label not in told and not carries(label):
            told.add(label)
            message = f"the template of `{name}` names label `{label}`, which the expression cannot yield"
            at = where.naming(template.text, start, end)
            help_, notes = keep(label), why(expr, label)
            yield Diagnostic(codes.LABEL_CANNOT_EXIST, message, at, "always empty", help_, notes=notes)


def _queries(template: Template, where: Location) -> Iterator[Diagnostic]:
    """PromQL that stands in a template as a constant: `query "up"`."""
    for use in template.queries:
        parsed = promql.parse(use.name)
        if isinstance(parsed, promql.Fault):
            at = where.naming(template.text, use.start, use.end)
            message = f"the query of this template is not PromQL: {parsed.message}"
            yield Diagnostic(codes.TEMPLATE, message, at, "here", "mend the query")


def _as_it_is(text: str, start: int, end: int) -> bool:
    """Whether a value is printed with nothing done to it: `{{ $value }}`."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    return before.removesuffix("-").rstrip().endswith("{{") and after.removeprefix("-").lstrip().startswith("}}")


def keep(label: str) -> str:
    return f"keep `{label}` in the expression, for example `by ({label})`, or leave it out here"


def why(expr: str, label: str) -> tuple[str, ...]:
    parsed = promql.parse(expr)
    reason = promql.why_not(parsed, label) if not isinstance(parsed, promql.Fault) else None
    return (reason.text,) if reason is not None else ()
