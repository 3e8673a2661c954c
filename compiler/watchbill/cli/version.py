"""`watchbill version`."""

import click

import watchbill


@click.command("version")
def command() -> None:
    """The version."""
    click.echo(f"watchbill {watchbill.__version__}")
