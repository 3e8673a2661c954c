"""What a compile read, wrote and verified, and how long each took."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from watchbill.cli.shared import Read, plural
from watchbill.output.gates import Passed
from watchbill.output.tree import MANIFEST, Comparison
from watchbill.source.diagnostic import Diagnostic
from watchbill.targets.artifact import Artifact


def summary_of(
    result: Read,
    artifacts: Sequence[Artifact],
    comparison: Comparison,
    passed: Sequence[Passed],
    found: Sequence[Diagnostic],
    target: Path,
    times: Mapping[str, float],
) -> str:
    workspace = result.workspace
    assert workspace is not None and result.policies is not None  # noqa: S101, PT018
    kinds = Counter(policy.kind for policy in result.policies.all)
    alerts = {
        (service.kind, service.name, alert.name)
        for place in workspace.places.values()
        for service in place.services
        for alert in service.alerts
        if alert.no_data_of is None
    }
    ours = sum(kind == "Service" for kind, _, _ in alerts)
    theirs = f", {len(alerts) - ours:,} of others" if len(alerts) > ours else ""
    rules = sum(artifact.parts for artifact in artifacts if artifact.path.endswith(".rules.yml"))
    read = f"{plural(ours, 'alert')} of {plural(kinds['Service'], 'service')}{theirs}, {plural(kinds['Team'], 'team')}, {plural(kinds['Person'], 'person').replace('persons', 'people')}, in {plural(len(result.policies.files), 'file')}"
    rows: list[tuple[str, str, float | None]] = [("read", read, times["compiled"])]
    verified = [f"{one.tool} {one.version}: {one.what}" for one in passed] or ["not asked"]
    rows += [
        ("verified" if position == 0 else "", text, times["verified"] if position == 0 else None)
        for position, text in enumerate(verified)
    ]
    changed = (
        len(comparison.changed)
        + len(comparison.missing)
        - sum(MANIFEST in paths for paths in (comparison.changed, comparison.missing))
    )
    written = f"{plural(rules, 'rule')} for {plural(len(workspace.places), 'place')} in {plural(len(artifacts), 'file')} of {_short(target)}/"
    detail = (
        f" ({changed:,} changed, {len(comparison.left_over):,} removed)"
        if changed or comparison.left_over
        else " (no change)"
    )
    rows.append(("wrote", written + detail, times["written"]))
    lines = [
        f"  {name:<9} {text}{f'   {seconds:.2f} s' if seconds is not None else ''}" for name, text, seconds in rows
    ]
    missing = [diagnostic.message for diagnostic in found if diagnostic.code.id == "WB902"]
    lines += [f"  {'not gated' if position == 0 else '':<9} {message}" for position, message in enumerate(missing)]
    return f"{workspace.name}\n" + "\n".join(lines) + "\n"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
