"""For the summary of a step in GitHub Actions: a table, worst first, and short enough to be shown at all.

A summary over 1 MiB is thrown away whole. What does not fit is left out of the middle: the worst findings stay at the
top, and how many there are of each code at the end.
"""

from collections import Counter
from collections.abc import Sequence

from watchbill.source.diagnostic import RANK, Diagnostic, Severity, Span
from watchbill.source.locate import Sources
from watchbill.targets.markdown import code, inline

MOST = 900 * 1024  # bytes
MARKS: dict[Severity, str] = {"error": "❌", "warning": "⚠️", "note": "📝"}
HEAD = "| | Where | What |\n|---|---|---|\n"
LONGEST = 2000  # characters of one text in the table


def render(placed: Sequence[tuple[Diagnostic, Span | None]], sources: Sources, color: bool) -> str:  # noqa: ARG001
    if not placed:
        return "### ✅ Watchbill: nothing to say against these policies"
    worst_first = sorted(placed, key=lambda item: RANK[item[0].level])
    foot = _foot(worst_first)
    room = (
        MOST - len(foot.encode()) - len(HEAD.encode()) - 400
    )  # for the first line, and the line about what is left out
    rows: list[str] = []
    for diagnostic, span in worst_first:
        row = _row(diagnostic, span)
        room -= len(row.encode())
        if room < 0:
            break
        rows.append(row)
    left_out = len(worst_first) - len(rows)
    more = f"\n**{left_out:,} more findings stand in the log of this step**, none of them worse than these.\n"
    return (
        f"### Watchbill found {_counted(worst_first)}\n\n{HEAD}{''.join(rows)}{more if left_out else ''}{foot}".rstrip(
            "\n"
        )
    )


def _counted(placed: Sequence[tuple[Diagnostic, Span | None]]) -> str:
    levels = Counter(diagnostic.level for diagnostic, _ in placed)
    parts = [f"{levels[level]:,} {level}{'s' if levels[level] != 1 else ''}" for level in RANK if levels[level]]
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def _row(diagnostic: Diagnostic, span: Span | None) -> str:
    where = code(f"{span.file}:{span.line}:{span.column}") if span is not None else ""
    parts = [f"**{diagnostic.code.id}** {sentence(diagnostic.message)} *({diagnostic.code.name})*"]
    if diagnostic.help:
        parts.append(f"help: {sentence(diagnostic.help)}")
    parts += [f"note: {sentence(note)}" for note in diagnostic.notes]
    return f"| {MARKS[diagnostic.level]} | {where} | {'<br>'.join(parts)} |\n"


def sentence(text: str) -> str:
    """A sentence in which backticks mark code; where they are not in pairs, they are only backticks."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return inline(text)
    return "".join(_code(part) if index % 2 else _words(part) for index, part in enumerate(parts))


def _words(text: str) -> str:
    """With the spaces around it, which `inline` takes off."""
    before = " " if text[:1].isspace() else ""
    after = " " if text.strip() and text[-1:].isspace() else ""
    return f"{before}{inline(text)}{after}"


def _code(text: str) -> str:
    return code(text) if text.strip() else ""


def _foot(placed: Sequence[tuple[Diagnostic, Span | None]]) -> str:
    """How many there are of each code, when the table is long enough to lose count."""
    codes = Counter((diagnostic.code.id, diagnostic.code.name) for diagnostic, _ in placed)
    if len(placed) <= 20:
        return ""
    rows = "".join(f"| {id_} | {name} | {count:,} |\n" for (id_, name), count in sorted(codes.items()))
    return f"\n<details><summary>By code</summary>\n\n| Code | Name | Findings |\n|---|---|---:|\n{rows}\n</details>\n"
