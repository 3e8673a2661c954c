"""`watchbill check --rules FILE…`: plain rule files of Prometheus, without a workspace."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from watchbill.cli.shared import end, plural, show
from watchbill.cli.show import counts, in_order
from watchbill.source.diagnostic import RANK, Diagnostic
from watchbill.source.locate import Sources
from watchbill.spec.rulefiles import RuleFiles, read_rule_files


def check_rules(folder: Path, files: Sequence[Path], form: str) -> None:
    """Read, check, show, and leave with 1 on errors."""
    if not files:
        raise click.UsageError("`--rules` needs files: watchbill check --rules rules/*.yml")
    from watchbill.checks.rulefiles import check  # noqa: PLC0415
    from watchbill.spec.load import resting_collector  # noqa: PLC0415

    here = folder.absolute()
    with resting_collector():
        rules, found = read_rule_files(files, here)
        found += check(rules.readings)
    sources = Sources(here, rules.paths)
    show(form, found, sources)
    if form == "text":
        click.echo(_summary(rules, found, sources), err=True)
    end(found)


def _summary(rules: RuleFiles, found: Sequence[Diagnostic], sources: Sources) -> str:
    """What was read and what was found; and when it is much, which findings there are most of."""
    alerts = sum(1 for reading in rules.readings for one in reading.rules if one.rule.alert is not None)
    records = sum(len(reading.rules) for reading in rules.readings) - alerts
    read = plural(alerts, "alert") + (f" and {plural(records, 'record')}" if records else "")
    head = f"{read} in {plural(len(rules.files), 'file')}"
    if rules.passed_by:
        head += f" ({plural(rules.passed_by, 'other file')} without rules passed by)"
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
