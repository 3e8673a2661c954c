"""`watchbill test`: the policies' own tests, those of rules through promtool and those of who is told."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill.cli.shared import Read, end, format_option, read, show, summary, workspace_option
from watchbill.source.diagnostic import Diagnostic, did_you_mean, has_errors

if TYPE_CHECKING:
    from watchbill.cli.show.tested import Outcome
    from watchbill.spec.model import Workspace


@click.command("test")
@workspace_option
@format_option
@click.option("--only", metavar="NAME", help="Only the tests of this alert, or the cases of this Test.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write a report as JUnit's XML.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail when fewer alerts have a test: a rule test, or a case. Those that lead to nothing do not count.",
)
def command(folder: Path, form: str, only: str | None, junit: Path | None, fail_under: float | None) -> None:
    """Run the policies' own tests: those of rules through promtool, and those of who is told (kind: Test).

    Exit 1 when one fails, when there is no promtool to run the rule tests, or when too few alerts have a test.
    """
    if only is not None and fail_under is not None:
        raise click.UsageError("--fail-under counts all tests: leave --only out")
    result = read(folder)
    found = list(result.found)
    outcome: Outcome | None = None
    if result.workspace is not None and not has_errors(found):
        outcome, problems = tested(result, only)
        found += problems
        if fail_under is not None:
            found += _too_few(outcome, fail_under)
        if junit is not None:
            found += _report(junit, result, outcome)
    _print(form, result, found, outcome)
    if outcome is None or outcome.not_run:
        raise SystemExit(1)
    end(found)


def tested(result: Read, only: str | None) -> "tuple[Outcome, list[Diagnostic]]":
    """Run both kinds at once: promtool's processes judge the rules while who is told is asked here."""
    from watchbill.cli.show.tested import Outcome  # noqa: PLC0415
    from watchbill.output.gates import run_tests  # noqa: PLC0415
    from watchbill.targets import build  # noqa: PLC0415
    from watchbill.trial import coverage, trials  # noqa: PLC0415

    assert result.workspace is not None  # noqa: S101
    started = time.monotonic()
    workspace = _narrowed(result.workspace, only) if only is not None else result.workspace
    memory = {"memory": result.memory} if only is None else {}
    artifacts = build(workspace, ["prometheus"], **memory)
    with ThreadPoolExecutor(1) as pool:
        rules = pool.submit(run_tests, artifacts, result.root)
        ran = trials(
            result.workspace,
            lambda one: only is None or only in (one.document, one.meant.labels.get("alertname")),
        )
        covered = coverage(result.workspace, ran) if only is None else None
        passed, problems = rules.result()
    wanted = sum(len(alert.tests) for place in workspace.places.values() for alert in place.alerts)
    problems = [*problems, *(one.failure for one in ran if one.failure is not None)]
    return Outcome(passed, wanted, tuple(ran), covered, time.monotonic() - started), problems


def _narrowed(workspace: "Workspace", only: str) -> "Workspace":
    """The workspace with the rule tests of one alert only; or none of them, where a Test is named."""
    import msgspec  # noqa: PLC0415

    names = {alert.name for place in workspace.places.values() for alert in place.alerts}
    known = {*names, *(policy.name for policy in workspace.documents.get("Test", {}).values())}
    if only not in known:
        close = did_you_mean(only, known)
        raise click.UsageError(f"there is no alert and no Test `{only}`{f': did you mean `{close}`?' if close else ''}")
    places = {}
    for name, place in workspace.places.items():
        services = tuple(
            msgspec.structs.replace(
                service,
                alerts=tuple(
                    alert if alert.name == only else msgspec.structs.replace(alert, tests=())
                    for alert in service.alerts
                ),
            )
            for service in place.services
        )
        places[name] = msgspec.structs.replace(place, services=services)
    return msgspec.structs.replace(workspace, places=places)


def _too_few(outcome: "Outcome", percent: float) -> list[Diagnostic]:
    from watchbill.source.codes import cases as codes  # noqa: PLC0415

    covered = outcome.covered
    if covered is None or covered.percent >= percent:
        return []
    tested = covered.alerts - len(covered.untested)
    message = f"{tested:,} of {covered.alerts:,} alerts have a test: {covered.share}, and {percent:g}% are asked for"
    advice = "write a rule test under an alert's `tests:`, or a case of a Test about it"
    return [Diagnostic(codes.TOO_FEW, message, help=advice, notes=tuple(f"no test: {one}" for one in covered.untested))]


def _report(file: Path, result: Read, outcome: "Outcome") -> list[Diagnostic]:
    from watchbill.cli.show.junit import junit  # noqa: PLC0415
    from watchbill.cli.show.tested import cases  # noqa: PLC0415
    from watchbill.source.codes import tools as codes  # noqa: PLC0415

    assert result.workspace is not None  # noqa: S101
    try:
        file.write_text(junit(result.workspace.name, cases(outcome, result.sources), outcome.seconds), "utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {(error.strerror or str(error)).lower()}"
        return [Diagnostic(codes.CANNOT_WRITE, message, help="name a file in a folder that is there")]
    return []


def _print(form: str, result: Read, found: list[Diagnostic], outcome: "Outcome | None") -> None:
    from watchbill.cli.show import render  # noqa: PLC0415
    from watchbill.cli.show.tested import document, lines, markdown  # noqa: PLC0415

    if form == "json" and outcome is not None:
        whole = {**json.loads(render(form, found, result.sources)), **document(outcome)}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
    elif form == "markdown" and outcome is not None:
        click.echo(f"{markdown(outcome)}\n{render(form, found, result.sources)}")
    else:
        show(form, found, result.sources)
    if form in ("text", "github"):
        if outcome is None:
            files = len(result.policies.files) if result.policies else 0
            click.echo(f"{summary(found, result.sources, files)} No test was run.", err=True)
        else:
            click.echo("\n".join(lines(outcome)), err=True)
