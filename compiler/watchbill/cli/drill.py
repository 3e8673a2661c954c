"""`watchbill drill`: one alert played through the executor's own core by a clock that nobody has to wait for."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from watchbill.cli.instant import Instant
from watchbill.cli.shared import show, workspace_option
from watchbill.cli.story import iso, line_record, record, story_text, table
from watchbill.source.codes import tools as codes
from watchbill.source.diagnostic import Diagnostic, Span, did_you_mean
from watchbill.source.files import WORKSPACE_FILE, find_workspace
from watchbill.source.locate import Sources

if TYPE_CHECKING:
    from watchbill.executor.plan import Plan
    from watchbill.executor.words import Line, Part

Remedy = Literal["helps", "useless", "fails", "dies"]


@click.command("drill")
@click.argument("words", nargs=-1, metavar="ALERT [LABEL=VALUE]…")
@workspace_option
@click.option("--in", "where", metavar="PLACE", help="Where it fires: production, or production/eu.")
@click.option("--at", type=Instant(), metavar="T", help="When: 2026-12-25T03:00+01:00 or '… Europe/Berlin'.")
@click.option("--plan", "file", type=click.Path(path_type=Path), metavar="FILE", help="A plan, without a workspace.")
@click.option(
    "--helps", "remedy", flag_value="helps", default=True, help="Remedies help (as they do if nothing is said)."
)
@click.option("--useless", "remedy", flag_value="useless", help="They run, and the alert goes on.")
@click.option("--fails", "remedy", flag_value="fails", help="They fail.")
@click.option("--dies", "remedy", flag_value="dies", help="Their process dies, and nobody knows whether they ran.")
@click.option(
    "--approvers",
    "answers",
    type=click.Choice(["yes", "no", "nothing"]),
    default="yes",
    show_default=True,
    help="What people say who are asked for approval, a minute later.",
)
@click.option("--acknowledge", "acknowledge", metavar="AFTER", help="Somebody acknowledges after so long, such as 4m.")
@click.option("--healthy", type=float, metavar="N", help="What the query for the healthy comes to.")
@click.option("--no-prometheus", "blind", is_flag=True, help="Prometheus does not answer.")
@click.option(
    "--then",
    "again",
    multiple=True,
    metavar="'AFTER [LABEL=VALUE]…'",
    help="It fires once more so long after the start, with other labels if you like; as often as you say it.",
)
@click.option("--actions", "acted", is_flag=True, help="Only the history of actions: what was done, and what was not.")
@click.option("--for", "length", metavar="DURATION", default="2h", show_default=True, help="How long at most.")
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), help="How it is shown.")
def command(
    words: tuple[str, ...],
    folder: Path,
    where: str | None,
    at: datetime | None,
    file: Path | None,
    remedy: Remedy,
    answers: Literal["yes", "no", "nothing"],
    acknowledge: str | None,
    healthy: float | None,
    blind: bool,
    again: tuple[str, ...],
    acted: bool,
    length: str,
    form: str,
) -> None:
    """Rehearse an alert of the policies, minute by minute: who hears of it, what is asked, what every gate says, what would
    run, and whether it helped. It is the code that runs in production; nothing is changed, and nobody is called.

    ALERT is a name, or service/name/severity. Exit 1 when there is no plan that can be used.
    """
    from watchbill.cli.meant import pairs  # noqa: PLC0415
    from watchbill.executor.acted import history  # noqa: PLC0415
    from watchbill.executor.drill import Script, rehearse  # noqa: PLC0415
    from watchbill.executor.words import lines  # noqa: PLC0415

    alert, labels = pairs(words)
    if alert is None:
        raise click.UsageError("name an alert: watchbill drill HighErrorRate deployment=checkout")
    environment, _, source = (where or "").partition("/")
    plan, found = _plan(folder, file, environment or None)
    if plan is None:
        show(form, found, Sources(folder, {}))
        sys.exit(1)
    key, place = _alert(plan, alert, source or None)
    fires = _labels(plan, key, place, labels)
    script = Script(
        labels=fires,
        annotations={"summary": f"{key.split('/')[1]} of {key.split('/')[0]}"},
        at=int((at or datetime.now(UTC)).timestamp()) * 1000,
        length=_milliseconds("--for", length),
        then=tuple(_then(one, fires) for one in again),
        remedy=remedy,
        answers=answers,
        acknowledge=_milliseconds("--acknowledge", acknowledge) if acknowledge is not None else None,
        healthy=healthy,
        prometheus=not blind,
    )
    parts, _ = rehearse(plan, script)
    story = list(lines(plan, parts, rehearsed=True))
    done = history(parts)
    ended = _ended(parts)
    if form == "json":
        document = _document(plan, key, place, script.at, story, ended)
        document["actions"] = [record(one) for one in done]
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    shown = _head(plan, key, place, script.at, color=color)
    shown += table(done) if acted else _text(script.at, story, ended, color=color)
    click.echo("\n".join(shown))


# The plan, the alert and its labels


def _plan(folder: Path, file: Path | None, environment: str | None) -> "tuple[Plan | None, list[Diagnostic]]":
    from watchbill.executor.plan import Fault, read  # noqa: PLC0415

    if file is None:
        root = find_workspace(folder)
        if root is None:
            help_ = "change to a workspace, name one with -C DIR, or a plan with --plan FILE"
            return None, [_unusable(WORKSPACE_FILE, f"no {WORKSPACE_FILE} here or in any folder above", help_)]
        file = _compiled(root, environment)
    try:
        text = file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
        return None, [_unusable(str(file), message, "compile it: watchbill compile")]
    plan = read(text)
    if isinstance(plan, Fault):
        return None, [_unusable(str(file), str(plan), plan.help)]
    if environment is not None and plan.document.environment != environment:
        raise click.BadParameter(f"{file} is the plan of {plan.document.environment}", param_hint="--in")
    return plan, []


def _compiled(root: Path, environment: str | None) -> Path:
    known = sorted(path.parent.parent.name for path in root.glob("generated/*/executor/plan.json"))
    if environment is None and len(known) == 1:
        environment = known[0]
    if environment is None and known:
        raise click.BadParameter(f"say where: {' or '.join(known)}", param_hint="--in")
    if environment is not None and known and environment not in known:
        close = did_you_mean(environment, known)
        hint = f"did you mean {close}?" if close else f"there are plans of {' and '.join(known)}"
        raise click.BadParameter(f"there is no plan of `{environment}`: {hint}", param_hint="--in")
    return root / "generated" / (environment or "production") / "executor" / "plan.json"


def _unusable(file: str, message: str, help_: str) -> Diagnostic:
    return Diagnostic(codes.PLAN, message, Span(file), help=help_)


def _alert(plan: "Plan", words: str, source: str | None) -> tuple[str, str]:
    """The alert's key in the plan and a place where it can fire; the gravest of those that have the name."""
    places = list(plan.document.places)
    if source is not None and source not in places:
        raise click.BadParameter(f"there is no source `{source}`: {', '.join(places)}", param_hint="--in")
    keys = [key for key in plan.document.alerts if words in (key, key.split("/")[1])]
    if not keys:
        close = did_you_mean(words, {key.split("/")[1] for key in plan.document.alerts})
        hint = f": did you mean {close}?" if close else ""
        raise click.BadParameter(f"the plan has no alert `{words}`{hint}", param_hint="ALERT")
    keys.sort(key=lambda key: plan.rank(key.rsplit("/", 1)[1]))
    found = [(key, place) for key in keys for place in ([source] if source else places) if plan.alert_in(key, place)]
    if not found:
        raise click.BadParameter(f"`{words}` is not in {source}", param_hint="--in")
    if len({key.split("/")[0] for key, _ in found}) > 1:
        names = ", ".join(dict.fromkeys(key for key, _ in found))
        raise click.BadParameter(f"several services have it: say which one, {names}", param_hint="ALERT")
    return found[0]


def _labels(plan: "Plan", key: str, place: str, given: dict[str, str]) -> dict[str, str]:
    """What every such alert carries, and what was given."""
    service, name, severity = key.split("/")
    there = plan.document.places[place]
    team = plan.document.alerts[key].team
    holds = {label: values[0] for label, values in there.holds.items()}
    return {
        "alertname": name,
        "service": service,
        "severity": severity,
        "team": team,
        **there.labels,
        **holds,
        **given,
    }


def _then(words: str, labels: dict[str, str]) -> tuple[int, dict[str, str]]:
    from watchbill.cli.meant import pairs  # noqa: PLC0415

    after, changed = pairs(words.split())
    if after is None:
        raise click.BadParameter(f"`{words}` does not say when: '20m', or '5m deployment=cart'", param_hint="--then")
    return _milliseconds("--then", after), {**labels, **changed}


def _milliseconds(option: str, text: str) -> int:
    from watchbill.executor.plan import milliseconds  # noqa: PLC0415

    try:
        return milliseconds(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}: write 90s, 4m or 2h", param_hint=option) from None


# As it is shown


def _ended(parts: "list[Part]") -> dict[str, str]:
    """How each incident stands in the end."""
    from watchbill.executor.core.decisions import Moved  # noqa: PLC0415

    moves = [one for part in parts for one in part.decisions if isinstance(one, Moved)]
    return {one.incident or "": one.after for one in moves}


def _document(
    plan: "Plan", key: str, place: str, at: int, story: "list[Line]", ended: dict[str, str]
) -> dict[str, Any]:
    return {
        "version": 1,
        "alert": key,
        "place": f"{plan.document.environment}/{place}",
        "plan": plan.digest,
        "mode": plan.mode,
        "at": iso(at),
        "ended": next(reversed(ended.values()), "nothing opened"),
        "incidents": ended,
        "story": [{**line_record(line), "after_seconds": (line.at - at) // 1000} for line in story],
    }


def _head(plan: "Plan", key: str, place: str, at: int, *, color: bool) -> list[str]:
    from watchbill.oncall.clock import instant_of  # noqa: PLC0415
    from watchbill.oncall.localtime import moment  # noqa: PLC0415

    start = moment(instant_of(at // 1000), UTC)
    head = f"{key} in {plan.document.environment}/{place}, {start} UTC, mode {plan.mode}"
    return [f"\x1b[1m{head}\x1b[0m" if color else head, ""]


def _text(at: int, story: "list[Line]", ended: dict[str, str], *, color: bool) -> list[str]:
    shown = story_text(story, lambda line: _after(line.at - at).rjust(8), list(ended), color=color)
    after = f"after {_after((story[-1].at if story else at) - at)}"
    if len(ended) > 1:
        told = ", ".join(f"{number} is {phase}" for number, phase in enumerate(ended.values(), 1))
        return [*shown, "", f"{told} {after}."]
    phase = next(iter(ended.values()), "nothing opened")
    return [*shown, "", f"It is {phase} {after}{'' if phase == 'resolved' else ', and stays so'}."]


def _after(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
