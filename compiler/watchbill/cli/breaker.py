"""`watchbill breaker`: a remediation that failed too often is stopped until a person has looked."""

import click

from watchbill.cli.stored import database_option, form_option, person_option, recovered, say
from watchbill.cli.told import in_force, known, taken


@click.group("breaker")
def command() -> None:
    """Breakers: a remediation that failed, or did not help, too often in a row; and `overall`. `incidents` shows them."""


@command.command("close")
@click.argument("name")
@click.option("--reason", required=True, metavar="TEXT", help="What you found; it stands in the log.")
@person_option
@database_option
@form_option
def close(name: str, reason: str, person: str, database: str) -> None:
    """Let NAME run again: a remediation, or `overall`. Its count of failures begins anew."""
    with recovered(database) as engine:
        from watchbill.executor.core.events import BreakerClosed  # noqa: PLC0415

        in_force(engine, person)
        breakers = engine.state.ledger.breakers
        known("open breaker", name, [one for one, breaker in breakers.items() if breaker.opened_at is not None])
        taken(engine, BreakerClosed(breaker=name, person=person, reason=reason))
        say(f"{person} has closed the breaker of {name}.", "breaker-closed", person=person, breaker=name, reason=reason)
