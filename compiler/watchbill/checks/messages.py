"""Messages: every body is a template, and names only what an incident has."""

from collections.abc import Iterator, Sequence

from watchbill.source.codes import messages as codes
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.model import Workspace

INCIDENT = (
    "id",
    "title",
    "summary",
    "severity",
    "state",
    "service",
    "team",
    "environment",
    "opened_at",
    "acknowledged_at",
    "resolved_at",
    "impact",
    "runbook_url",
)
IMPACT = ("revenue", "customers")
"""What the executor gives a template: `incident` with these, its `impact` with these, and `now`."""


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for policy in workspace.documents.get("Message", {}).values():
        if policy.body is not None:
            found.extend(_body(policy.body.body, policy.at.at("body")))
    return found


def _body(text: str, at: Location) -> Iterator[Diagnostic]:
    from jinja2 import TemplateSyntaxError, meta, nodes  # noqa: PLC0415  (40 ms, and only messages need it)
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    environment = SandboxedEnvironment()
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        where = _line(text, error.lineno, at)
        message = f"not a Jinja template: {(error.message or 'syntax error').rstrip('.')}"
        yield Diagnostic(codes.BAD_TEMPLATE, message, where, "here", "mend the template")
        return
    for name in sorted(meta.find_undeclared_variables(tree) - {"incident", "now"}):
        yield _unknown(name, ("incident", "now"), text, at)
    for node in tree.find_all(nodes.Getattr):
        owner = node.node
        if isinstance(owner, nodes.Name) and owner.name == "incident" and node.attr not in INCIDENT:
            yield _unknown(f"incident.{node.attr}", [f"incident.{field}" for field in INCIDENT], text, at)
        elif isinstance(owner, nodes.Getattr) and owner.attr == "impact" and node.attr not in IMPACT:
            yield _unknown(f"incident.impact.{node.attr}", [f"incident.impact.{field}" for field in IMPACT], text, at)


def _unknown(name: str, names: Sequence[str], text: str, at: Location) -> Diagnostic:
    close = did_you_mean(name, names)
    start = text.find(name)
    where = at.within(start, start + len(name)) if start >= 0 else at
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(names)}"
    return Diagnostic(codes.BAD_TEMPLATE, f"`{name}` is nothing a message can name", where, "unknown", hint)


def _line(text: str, number: int, at: Location) -> Location:
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: number - 1])
    length = len(lines[number - 1]) if number <= len(lines) else 1
    return at.within(start, start + max(1, length))
