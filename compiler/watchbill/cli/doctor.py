"""`watchbill doctor`: what works, what does not, what to do."""

from pathlib import Path

import click

from watchbill.cli.shared import workspace_option
from watchbill.source.files import WORKSPACE_FILE, find_workspace

OLDEST = {"promtool": (2, 54), "amtool": (0, 27)}


@click.command("doctor")
@workspace_option
def command(folder: Path) -> None:
    """Which tools are found, which policies are read, and what to do about what is missing."""
    import platform  # noqa: PLC0415

    import watchbill  # noqa: PLC0415

    click.echo(f"  ok       watchbill {watchbill.__version__} on Python {platform.python_version()}")
    root = find_workspace(folder)
    if root is None:
        click.echo(f"  missing  no {WORKSPACE_FILE} here or above: change to a workspace, or name one with -C DIR")
    else:
        click.echo(f"  ok       workspace {root}")
    good = root is not None
    for name, oldest in OLDEST.items():
        good = _tool(name, oldest, root or folder.absolute()) and good
    good = _folder(root) and good
    raise SystemExit(0 if good else 1)


def _tool(name: str, oldest: tuple[int, int], root: Path) -> bool:
    from watchbill.output.gates import find_tool, version  # noqa: PLC0415

    tool = find_tool(name, root)
    if tool is None:
        click.echo(
            f"  missing  {name}: `make tools`, or put it on PATH, or set WATCHBILL_{name.upper()}; without it compile works and says what was not gated"
        )
        return False
    found = version(tool)
    number = tuple(int(part) for part in found.split(".")[:2]) if found[:1].isdigit() else (0, 0)
    if number < oldest:
        click.echo(f"  old      {name} {found} at {tool}: {'.'.join(map(str, oldest))} or newer is needed")
        return False
    click.echo(f"  ok       {name} {found} at {tool}")
    return True


def _folder(root: Path | None) -> bool:
    import os  # noqa: PLC0415

    if root is None:
        return False
    target = root / "generated" if (root / "generated").exists() else root
    if os.access(target, os.W_OK):
        click.echo(f"  ok       {target} can be written")
        return True
    click.echo(f"  missing  {target} cannot be written: compile would refuse")
    return False
