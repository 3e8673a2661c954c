"""`watchbill holidays update`: public holidays written down once, for people to review and machines to believe."""

import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from watchbill.cli.shared import end, format_option, plural, show, workspace_option
from watchbill.source.codes import schedules, structure
from watchbill.source.diagnostic import Diagnostic, Span, did_you_mean
from watchbill.source.files import WORKSPACE_FILE, find_workspace
from watchbill.source.locate import Sources
from watchbill.spec.load import Policy


@click.group("holidays")
def command() -> None:
    """Public holidays, which calendars with `holidays:` are closed on, as a reviewed lock."""


@command.command("update")
@workspace_option
@format_option
def update(folder: Path, form: str) -> None:
    """Write policies/holidays.lock for the countries that calendars name and the years of the coverage time.

    Years that the lock has from before stay as they are, so that the past does; a country that no calendar names is
    dropped. Review the change like any other.
    """
    from watchbill.oncall import holidays as lock_text  # noqa: PLC0415
    from watchbill.spec.resolve import read_workspace  # noqa: PLC0415
    from watchbill.spec.rota import LOCK, read_lock, years_of  # noqa: PLC0415

    root = find_workspace(folder)
    if root is None:
        message = f"no {WORKSPACE_FILE} here or in any folder above"
        missing = Diagnostic(structure.WORKSPACE, message, Span(WORKSPACE_FILE), help="name one with -C DIR")
        show(form, [missing], Sources(folder))
        sys.exit(1)
    workspace, policies, found = read_workspace(root)
    sources = Sources(root, policies.paths)
    if workspace is None:
        show(form, found, sources)
        sys.exit(1)
    named: dict[str, Policy] = {}
    for policy in workspace.documents.get("Calendar", {}).values():
        if policy.body is not None and policy.body.holidays is not None:
            named.setdefault(policy.body.holidays, policy)
    if not named:
        _say(form, "no calendar names a country: nothing to write")
        show(form, [], sources)
        return
    coverage = workspace.settings.coverage
    if coverage is None:
        message = "the workspace does not say which years are covered"
        where = next(iter(workspace.documents["Workspace"].values())).at.at("name")
        show(
            form,
            [
                Diagnostic(
                    schedules.HOLIDAYS_NOT_LOCKED,
                    message,
                    where,
                    "no `coverage:`",
                    "add `coverage: {from: …, until: …}`",
                )
            ],
            sources,
        )
        sys.exit(1)
    old, _ = read_lock(root)
    lock: lock_text.Lock = {}
    problems: list[Diagnostic] = []
    for region, policy in named.items():
        fresh = known_holidays(region, years_of(coverage))
        if isinstance(fresh, str):
            problems.append(
                Diagnostic(
                    schedules.HOLIDAYS_NOT_LOCKED,
                    fresh,
                    policy.at.at("holidays"),
                    "not known",
                    "list the days in `closed:`",
                )
            )
        else:
            lock[region] = {**old.get(region, {}), **fresh}
    if problems:
        show(form, problems, sources)
        sys.exit(1)
    _write(root / LOCK, lock_text.render(lock, _package()))
    for line in _changes(old, lock):
        _say(form, line)
    show(form, [], sources)
    end([])


def known_holidays(region: str, years: Iterable[int]) -> dict[int, dict[date, str]] | str:
    """The public holidays of a country or subdivision by year, named in English where they can be; or what is wrong."""
    import holidays  # noqa: PLC0415  (0.2 s, and nothing else needs it)

    country, _, subdivision = region.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        close = did_you_mean(country, known)
        return f"the holidays of `{country}` are not known{f': did you mean {close}?' if close else ''}"
    if subdivision and subdivision not in known[country]:
        return f"`{country}` has no subdivision `{subdivision}`: known are {', '.join(known[country]) or 'none'}"
    years = list(years)
    plain = holidays.country_holidays(country, subdiv=subdivision or None, years=years[:1])
    # Named explicitly: by default it is the machine's locale that chooses the language.
    language = "en_US" if "en_US" in plain.supported_languages else plain.default_language
    found: dict[int, dict[date, str]] = {}
    for year in years:
        if not plain.start_year <= year <= plain.end_year:
            return f"the holidays of `{region}` in {year} are not known"
        days = holidays.country_holidays(country, subdiv=subdivision or None, years=[year], language=language)
        found[year] = {day: name for day, name in sorted(days.items()) if day.year == year}
    return found


def _package() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"the Python package holidays {version('holidays')}"


def _write(path: Path, text: str) -> None:
    staged = path.with_suffix(".lock.new")
    try:
        staged.write_bytes(text.encode())
        staged.replace(path)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {(error.strerror or '').lower()}") from None


def _changes(old: dict[str, dict[int, dict[date, str]]], new: dict[str, dict[int, dict[date, str]]]) -> Iterable[str]:
    """Country by country, what is different now."""
    for region in sorted({*old, *new}):
        if region not in new:
            yield f"{region}: dropped, no calendar names it"
            continue
        before = {day for days in old.get(region, {}).values() for day in days}
        after = {day for days in new[region].values() for day in days}
        years = sorted(new[region])
        span = str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"
        parts = [f"{plural(len(after), 'day')} in {span}"]
        parts += [f"+ {day}" for day in sorted(after - before)] if before else []
        parts += [f"- {day}" for day in sorted(before - after)]
        yield f"{region}: {', '.join(parts)}{'' if before != after else ', no change'}"


def _say(form: str, text: str) -> None:
    click.echo(text, err=form == "json")
