"""The command line: one file for each verb, imported only when it is used, so that `--help` answers at once."""

import importlib
import os
import sys
from typing import Any

import click

import watchbill

SECTIONS = {
    "Policies": {
        "check": "Find everything that can be known to be wrong, and write nothing.",
        "compile": "Write generated/ from policies/, after every gate has been passed.",
        "test": "Run the policies' own tests.",
        "fmt": "Lay policies out in the one canonical way, comments kept.",
        "holidays": "Public holidays as a reviewed lock, brought up to date.",
    },
    "Who hears what": {
        "route": "Follow one alert to its people: rule, route, receiver, who that is; and why not the others.",
        "oncall": "Who is on call, now or at any instant; the week; calendars to subscribe to.",
        "drill": "Rehearse one alert with the executor's own core: who hears when, what it would do, what holds it back.",
    },
    "Incidents": {
        "incidents": "What is open, and what waits for an answer; or one incident's whole story.",
        "ack": "Acknowledge an incident.",
        "approve": "Answer a question of the executor: yes, or no.",
        "note": "Write something down beside an incident.",
        "handover": "Give an incident to somebody else, who is woken.",
        "remediate": "Ask for a remediation; every gate holds.",
        "resolve": "Say that an incident is over, or never was one.",
    },
    "The executor": {
        "serve": "Run the executor: take webhooks in, and do what its plan says.",
        "killswitch": "Stop every action at once, or those of one team or remediation; let them go again.",
        "mode": "The most that the executor may do: observe, ask for approval, or act.",
        "breaker": "Let a remediation run again that was stopped after failures.",
        "actions": "What was done, on what, who let it, how it ended; and what was held back.",
        "evidence": "What was collected, in sealed bundles, and who has had it in hand.",
        "audit": "Whether the executor's log is whole; the log as JSON lines.",
        "backup": "The executor's store into one file.",
        "restore": "The executor's store out of that file.",
    },
    "Watchbill": {
        "explain": "What a finding means, and every code there is.",
        "doctor": "Which tools are found, and what to do about the others.",
        "version": "The version.",
    },
}
VERBS = {name: what for section in SECTIONS.values() for name, what in section.items()}
USAGE = 64
BUG = 70


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"watchbill.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), what) for name, what in verbs.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(watchbill.__version__, message="watchbill %(version)s")
def watchbill_command() -> None:
    """Policies in, verified alerting out. Edit policies/, review generated/, merge, apply."""


def main() -> None:
    """The console script. Usage errors end with 64, a bug of ours with 70, findings with 1."""
    click.UsageError.exit_code = USAGE
    click.BadParameter.exit_code = USAGE
    _prepare_streams()
    try:
        watchbill_command(prog_name="watchbill")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  (the one place where a bug becomes a message)
        _report(error)
        sys.exit(BUG)


def console() -> None:
    """`main` for a process of its own: it ends without taking ten thousand alerts apart object by object."""
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            code = code or 1
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _prepare_streams() -> None:
    """A pipe gets UTF-8 whatever the locale; a terminal what it can show; a stream that was closed takes everything."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _report(error: Exception) -> None:
    import traceback  # noqa: PLC0415

    if os.environ.get("WATCHBILL_TRACEBACK"):
        traceback.print_exc()
    last: Any = traceback.extract_tb(error.__traceback__)[-1]
    name = os.path.relpath(last.filename, os.path.dirname(watchbill.__file__))  # noqa: PTH120
    click.echo(
        f"error[WB999] a mistake of watchbill's own: {type(error).__name__} at {name}:{last.lineno}  (internal-error)",
        err=True,
    )
    click.echo(
        f"  help: please report this line with watchbill {watchbill.__version__}; WATCHBILL_TRACEBACK=1 shows more",
        err=True,
    )
    click.echo("  note: nothing was written", err=True)
