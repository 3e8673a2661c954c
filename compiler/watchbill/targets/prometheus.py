"""Prometheus rule files, and promtool's unit tests of them: one of each for every service in every place."""

from functools import lru_cache, partial

from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.service import Expectation, RuleTest
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Place, ResolvedAlert, ResolvedGroup, ResolvedRecord, Workspace
from watchbill.targets import packing
from watchbill.targets.artifact import HEADER, Artifact, recalled
from watchbill.targets.packing import File
from watchbill.targets.yamltext import block, dump, scalar

_scalar = lru_cache(maxsize=65536)(scalar)  # ten thousand alerts repeat the same labels


def build(workspace: Workspace, memory: Memory = NOTHING) -> list[Artifact]:
    found = []
    packed = packing.files(workspace)
    for place in workspace.places.values():
        for file in packed[place.name]:
            if any(group.rules for group in file.groups):
                found.extend(_recalled(workspace, place, file, memory))
    return found


def _recalled(workspace: Workspace, place: Place, file: File, memory: Memory) -> list[Artifact]:
    """Both files; remembered where they follow from one service alone."""
    make = partial(_artifacts, workspace, place, file)
    if len(file.services) != 1 or file.name == packing.SHARED:
        return make()
    service = f"{file.services[0].kind}/{file.services[0].name}"
    return recalled(
        memory, f"rules {place.environment} {place.source}", service, workspace.seals.services[service], make
    )


def _artifacts(workspace: Workspace, place: Place, file: File) -> list[Artifact]:
    tested = any(alert.tests for service in file.services for alert in service.alerts)
    return [_rules(workspace, place, file), *([_tests(workspace, place, file)] if tested else [])]


def check(workspace: Workspace) -> list[Diagnostic]:
    """Limits of a ruler that these policies do not keep."""
    return packing.check(workspace)


def _path(place: Place, file: File, kind: str) -> str:
    return f"{place.environment}/prometheus/{place.source}/{file.team}/{file.name}.{kind}.yml"


def _sources(workspace: Workspace, file: File) -> tuple[str, ...]:
    return tuple(f"{service.kind}/{service.name}" for service in file.services) or (f"Workspace/{workspace.name}",)


def _rules(workspace: Workspace, place: Place, file: File) -> Artifact:
    head = f"{HEADER}groups:\n"
    dashboards = {service.name: service.dashboard_url for service in file.services}
    parts = [head]
    lines: list[tuple[int, Location]] = []
    line = head.count("\n") + 1
    for group in file.groups:
        text = _group(group)
        parts.append(text)
        line += text.count("\n")
        for rule in group.rules:
            text = _record(rule) if isinstance(rule, ResolvedRecord) else _alert(rule, dashboards.get(rule.service))
            lines.append((line, rule.at))
            line += text.count("\n")
            parts.append(text)
    return Artifact(_path(place, file, "rules"), "".join(parts), _sources(workspace, file), tuple(lines))


def _group(group: ResolvedGroup) -> str:
    parts = [f"- name: {_scalar(group.name)}\n"]
    if group.interval is not None:
        parts.append(f"  interval: {group.interval}\n")
    if group.query_offset is not None:
        parts.append(f"  query_offset: {group.query_offset}\n")
    if group.limit is not None:
        parts.append(f"  limit: {group.limit}\n")
    return "".join(parts) + ("  rules:\n" if group.rules else "  rules: []\n")


def _record(record: ResolvedRecord) -> str:
    text = f"  - record: {_scalar(record.name)}\n    expr: {block(record.expr, '      ')}\n"
    return text + _mapping("labels", record.labels)


def _alert(alert: ResolvedAlert, dashboard_url: str | None) -> str:
    parts = [f"  - alert: {_scalar(alert.name)}\n    expr: {block(alert.expr, '      ')}\n"]
    if alert.for_ is not None:
        parts.append(f"    for: {alert.for_}\n")
    if alert.keep_firing_for is not None:
        parts.append(f"    keep_firing_for: {alert.keep_firing_for}\n")
    parts.append(_mapping("labels", alert.labels))
    annotations = alert.annotations
    if dashboard_url is not None:
        annotations = {**annotations, "dashboard_url": dashboard_url}
    parts.append(_mapping("annotations", annotations))
    return "".join(parts)


def _mapping(key: str, values: dict[str, str]) -> str:
    if not values:
        return ""
    return f"    {key}:\n" + "".join(
        f"      {_scalar(name)}: {block(value, '        ') if chr(10) in value else _scalar(value)}\n"
        for name, value in values.items()
    )


def _tests(workspace: Workspace, place: Place, file: File) -> Artifact:
    """Tests over the ALERTS series: promtool's own alert tests would compare every annotation letter by letter.

    A test file names only its own rule file: promtool evaluates every rule of every file named, for every test.
    """
    head = f"{HEADER}rule_files:\n- {_scalar(file.name + '.rules.yml')}\nevaluation_interval: 1m\ntests:\n"
    parts = [head]
    lines: list[tuple[int, Location]] = []
    line = head.count("\n") + 1
    for alert in (alert for service in file.services for alert in service.alerts):
        for test in alert.tests:
            text = _test(alert, test.test)
            lines.append((line, test.at))
            line += text.count("\n")
            parts.append(text)
    return Artifact(_path(place, file, "test"), "".join(parts), _sources(workspace, file), tuple(lines))


def _test(alert: ResolvedAlert, test: RuleTest) -> str:
    return dump(
        [
            {
                "name": f"{alert.name}: {test.name}",
                "interval": test.interval,
                "input_series": [{"series": series, "values": values} for series, values in test.series.items()],
                "promql_expr_test": [_expected(alert, expectation) for expectation in test.expect],
            }
        ]
    )


def _expected(alert: ResolvedAlert, expectation: Expectation) -> dict[str, object]:
    keys = sorted({label for labels in expectation.firing for label in labels})
    firing = f'ALERTS{{alertname={quoted(alert.name)},alertstate="firing",service={quoted(alert.service)}}}'
    samples = [
        {"labels": "{" + ",".join(f"{key}={quoted(labels[key])}" for key in sorted(labels)) + "}", "value": 1}
        for labels in expectation.firing
    ]
    by = f" by ({', '.join(keys)})" if keys else ""
    return {"expr": f"group{by} ({firing})", "eval_time": expectation.at, "exp_samples": samples}


def quoted(text: str) -> str:
    """A PromQL string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
