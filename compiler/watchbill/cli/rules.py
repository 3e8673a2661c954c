"""`watchbill check --rules FILE…`: plain rule files of Prometheus, without a workspace."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from watchbill.cli.shared import end, plural, show
from watchbill.cli.show import counts, in_order
from watchbill.source.diagnostic import RANK, Diagnostic
from watchbill.source.locate import Sources
from watchbill.source.silencing import Silencing
from watchbill.spec.rulefiles import RuleFiles, read_rule_files


def check_rules(folder: Path, files: Sequence[Path], form: str, now: datetime) -> None:
    """Read, check, show, and leave with 1 on errors."""
    if not files:
        raise click.UsageError("`--rules` needs files: watchbill check --rules rules/*.yml")
    from watchbill.checks.rulefiles import check  # noqa: PLC0415
    from watchbill.spec.load import resting_collector  # noqa: PLC0415

    here = folder.absolute()
    with resting_collector():
        rules, found = read_rule_files(files, here)
        broken = {one.where.file for one in found if one.where is not None and one.level == "error"}
        found += check(rules.readings)
    sources = Sources(here, rules.paths)
    silencing = Silencing(rules.commented, sources, now.astimezone(UTC).date())
    found = [*silencing.over(found), *silencing.problems, *silencing.unneeded(broken.__contains__)]
    show(form, folded(found, sources) if form == "text" else found, sources)
    if form == "text":
        click.echo(_summary(rules, found, sources, silencing.silenced), err=True)
    end(found)


def folded(found: Sequence[Diagnostic], sources: Sources) -> list[Diagnostic]:
    """For reading: of the notes of one kind in one file the first, with the lines of the others."""
    shown: list[Diagnostic] = []
    alike: dict[tuple[str, str], list[int]] = {}
    for diagnostic, span in in_order(found, sources):
        if diagnostic.level != "note" or span is None:
            shown.append(diagnostic)
            continue
        lines = alike.setdefault((span.file, diagnostic.code.id), [])
        if not lines:
            shown.append(diagnostic)
        lines.append(span.line)
    return [_with_lines(one, alike.get((one.where.file, one.code.id), ())) if one.where else one for one in shown]


def _with_lines(diagnostic: Diagnostic, lines: Sequence[int]) -> Diagnostic:
    others = lines[1:]
    if diagnostic.level != "note" or not others:
        return diagnostic
    listed = ", ".join(map(str, others[:10])) + (f" and {len(others) - 10:,} more" if len(others) > 10 else "")
    note = f"and {len(others):,} more like it in this file: {'line' if len(others) == 1 else 'lines'} {listed}"
    return msgspec.structs.replace(diagnostic, notes=(*diagnostic.notes, note))


def _summary(rules: RuleFiles, found: Sequence[Diagnostic], sources: Sources, silenced: int) -> str:
    """What was read and what was found; and when it is much, which findings there are most of."""
    alerts = sum(1 for reading in rules.readings for one in reading.rules if one.rule.alert is not None)
    records = sum(len(reading.rules) for reading in rules.readings) - alerts
    read = plural(alerts, "alert") + (f" and {plural(records, 'record')}" if records else "")
    head = f"{read} in {plural(len(rules.files), 'file')}"
    if rules.passed_by:
        head += f" ({plural(rules.passed_by, 'other file')} without rules passed by)"
    if silenced:
        head += f", {plural(silenced, 'comment')} obeyed"
    if not found:
        return f"{head}: nothing to say against them."
    placed = [diagnostic for diagnostic, _ in in_order(found, sources)]
    number = counts(placed)
    listed = ", ".join(plural(count, level) for level, count in number.items() if count)
    lines = [f"{head}: {listed}."]
    kinds = Counter((diagnostic.level, diagnostic.code.id, diagnostic.code.name) for diagnostic in placed)
    for (level, code, name), count in sorted(kinds.items(), key=lambda item: (RANK[item[0][0]], -item[1], item[0])):
        lines.append(f"  {count:>5}  {level:<7}  {code}  {name}")
    lines.append("`watchbill explain CODE` says what a finding means, and what to write instead.")
    return "\n".join(lines)
