"""`watchbill actions`: the history of actions, from the log."""

from datetime import timedelta

import click

from watchbill.cli.stored import as_json, database_option, form_option, opened, text_of
from watchbill.cli.story import record, table


@click.command("actions")
@click.option("--since", metavar="AGO", help="Only of the last 7d, 12h, … Otherwise all that the log holds.")
@database_option
@form_option
def command(since: str | None, database: str) -> None:
    """Every action: when, on what, at what risk, who asked for it and who let it, how it ended, whether it helped; and
    everything that a gate held back, with the reason. The oldest first.
    """
    from watchbill.executor.plan import milliseconds  # noqa: PLC0415

    try:
        ago = timedelta(milliseconds=milliseconds(since)) if since is not None else None
    except ValueError as error:
        raise click.BadParameter(f"{error}: write 7d or 12h", param_hint="--since") from None
    with opened(database) as store, store.read() as tx:
        from watchbill.executor import acted, history  # noqa: PLC0415

        start = (tx.now - ago).timestamp() * 1000 if ago is not None else 0
        done = [one for one in acted.history(history.parts(tx)) if one.at >= start]
    if as_json():
        click.echo(text_of({"version": 1, "actions": [record(one) for one in done]}))
    else:
        click.echo("\n".join(table(done)))
