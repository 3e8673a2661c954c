"""For GitHub Actions: workflow commands that become annotations on the lines of a pull request.

GitHub shows ten errors and ten warnings of a step and drops the rest without a word, so the worst come first and the
last slot says how many more there are.
"""

from collections.abc import Sequence

from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.locate import Sources

SLOTS = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(placed: Sequence[tuple[Diagnostic, Span | None]], sources: Sources, color: bool) -> str:  # noqa: ARG001
    lines: list[str] = []
    for level, command in _COMMANDS.items():
        of_level = [(diagnostic, span) for diagnostic, span in placed if diagnostic.level == level]
        shown = of_level if len(of_level) <= SLOTS else of_level[: SLOTS - 1]
        lines.extend(_one(command, diagnostic, span) for diagnostic, span in shown)
        if len(shown) < len(of_level):
            lines.append(
                f"::{command} title=watchbill::{len(of_level) - len(shown)} more of this kind stand in the log of this step"
            )
    return "\n".join(lines)


def _one(command: str, diagnostic: Diagnostic, span: Span | None) -> str:
    properties = []
    if span is not None:
        properties = [f"file={_property(span.file)}", f"line={span.line}"]
        if span.end_line == span.line:  # GitHub takes columns only within one line
            properties += [f"col={span.column}", f"endColumn={span.end_column}"]
        else:
            properties.append(f"endLine={span.end_line}")
    properties.append(f"title={_property(f'{diagnostic.code.id} {diagnostic.code.name}')}")
    parts = [diagnostic.message]
    if diagnostic.help:
        parts.append(f"help: {diagnostic.help}")
    parts.extend(f"note: {note}" for note in diagnostic.notes)
    return f"::{command} {','.join(properties)}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
