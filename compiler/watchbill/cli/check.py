"""`watchbill check`: everything that can be known, writing nothing."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from watchbill.cli.instant import Instant
from watchbill.cli.proven import proven, report
from watchbill.cli.shared import Read, end, format_option, plural, read, show, summary, workspace_option
from watchbill.source.diagnostic import has_errors


@click.command("check")
@workspace_option
@format_option
@click.option("--now", type=Instant(), metavar="T", help="What to take for the present.")
@click.option("--proof", is_flag=True, help="Say what is proven: claim by claim, with what was counted.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="With --proof: write proof.json and proof.md there."
)
@click.option("--rules", is_flag=True, help="Check plain rule files of Prometheus: FILES, folders, or patterns.")
@click.option("--config", is_flag=True, help="Check configurations of Alertmanager: FILES.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def command(
    folder: Path,
    form: str,
    now: datetime | None,
    proof: bool,
    out: Path | None,
    rules: bool,
    config: bool,
    files: tuple[Path, ...],
) -> None:
    """Find everything that can be known to be wrong, and write nothing. Exit 1 on errors.

    Without a workspace, `watchbill check --rules rules/*.yml` does it for plain rule files of Prometheus, and
    `watchbill check --config alertmanager.yml` for whatever Alertmanager reads.
    """
    if rules and config:
        raise click.UsageError("`--rules` and `--config` say two things about the same files: give one of them.")
    if config:
        from watchbill.cli.configurations import check_configurations  # noqa: PLC0415

        check_configurations(folder, files, form)
    if rules:
        from watchbill.cli.rules import check_rules  # noqa: PLC0415

        check_rules(folder, files, form, now or datetime.now(UTC))
        return
    if files:
        raise click.UsageError(f"`check` takes no files; for plain rule files: watchbill check --rules {files[0]}")
    now = now or datetime.now(UTC)
    if out is not None and not proof:
        raise click.UsageError("`--out` belongs to `--proof`.")
    result, known = proven(read(folder, now.astimezone(UTC).date()), whole_report=proof)
    result = _with_clock(result, now)
    if proof:
        report(form, result, known, out)
    show(form, result.found, result.sources)
    if form == "text":
        number = len(result.policies.files) if result.policies else 0
        if result.found:
            click.echo(summary(result.found, result.sources, number), err=True)
        elif result.workspace is not None:
            alerts = sum(1 for place in result.workspace.places.values() for _ in place.alerts)
            places = plural(len(result.workspace.places), "place")
            click.echo(
                f"{plural(number, 'policy file')} read, {plural(alerts, 'alert')} in {places}: nothing to say against them.",
                err=True,
            )
    end(result.found)


def _with_clock(result: Read, now: datetime) -> Read:
    """What is found, and beside it what is over by now: of all that reads policies, only this looks at the clock."""
    if result.workspace is None:
        return result
    from watchbill.checks import at_levels  # noqa: PLC0415
    from watchbill.checks.expiry import expired  # noqa: PLC0415

    over = list(expired(result.workspace, now))
    if result.silencing is not None:
        over = result.silencing.over(over)
        passed_by = not result.whole or has_errors(result.found)  # an error may have kept another check from looking
        over += result.silencing.unneeded(lambda _: passed_by)
    over = at_levels(result.workspace, over)
    return msgspec.structs.replace(result, found=list(dict.fromkeys([*result.found, *over])))
