"""The Go templates of annotations and labels: whether they parse, and what they read of the alert.

A light mirror of `text/template/parse`, with the functions and variables that `template/template.go` of Prometheus
gives to alerts. It checks what Prometheus checks when it loads a rule, and two slips that Prometheus meets only when it
renders: `nil` as a command, and `=` to a variable that was never declared. Nothing is rendered.
"""

import msgspec

from watchbill.promql.fault import Fault, Rejected
from watchbill.promql.needs import Need
from watchbill.promql.selectors import Use
from watchbill.promql.template_scanner import Scanner
from watchbill.promql.template_tokens import actions
from watchbill.promql.template_words import TEMPLATE_FUNCTIONS
from watchbill.promql.tokens import refuse_surrogates


class Template(msgspec.Struct, frozen=True):
    """A template that parses. All places are character offsets into `text`.

    `labels` are the labels that it reads from the alert, `values` where it reads the value, `functions` what it calls,
    and `queries` the PromQL that stands in it as constant strings.
    """

    text: str
    labels: tuple[Use, ...]
    values: tuple[Use, ...]
    functions: tuple[Use, ...]
    queries: tuple[Use, ...]


def scan_template(text: str) -> Template | Fault:
    """Reads a template, or tells why Prometheus would refuse it when it loads the rule. Any text gives an answer."""
    if "{{" not in text:
        return Template(text, (), (), (), ())
    try:
        refuse_surrogates(text)
        scanner = Scanner()
        for action in actions(text):
            scanner.action(action)
        scanner.close()
    except Rejected as rejected:
        return rejected.fault
    return Template(
        text, tuple(scanner.labels), tuple(scanner.values), tuple(scanner.functions), tuple(scanner.queries)
    )


def template_labels(template: Template) -> tuple[tuple[str, int, int], ...]:
    """Label, start and end of every reading through `$labels.x`, `.Labels.x`, `index $labels "x"` or a variable for one of these.

    In the order of the text. What stands under `range query …` or in a `define` reads something
    else and is not here.
    """
    return tuple((use.name, use.start, use.end) for use in template.labels)


def uses_value(template: Template) -> bool:
    """Whether it reads the value of the alert, which changes from one evaluation to the next."""
    return bool(template.values)


def template_needs(template: Template) -> tuple[Need, ...]:
    """The functions in it that not every Prometheus since 2.30 has."""
    found = ((use, TEMPLATE_FUNCTIONS[use.name]) for use in template.functions)
    return tuple(Need(use.name, since, use.start, use.end) for use, since in found if since is not None)
