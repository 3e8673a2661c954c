"""`watchbill serve`: the executor."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbill.cli.stored import database_option, fail, need_executor, opened
from watchbill.source.codes import executor

if TYPE_CHECKING:
    import socket

    from watchbill.executor.connections import Connections
    from watchbill.executor.web.access import Credential, Proxy

TOKENS = "WATCHBILL_INTAKE_TOKEN"


@click.command("serve")
@click.option("--plan", "path", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The plan.json.")
@database_option
@click.option("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", show_default=True, help="Where webhooks come.")
@click.option("--observe", is_flag=True, help="Take in and decide everything; do nothing and tell nobody.")
@click.option(
    "--tokens",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Tokens, comma- or line-separated; else {TOKENS}. `production/eu=TOKEN` binds one to its source.",
)
@click.option(
    "--connections",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="How clusters, hosts, programs and people are reached; a TOML file.",
)
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="CIDR",
    help="From here a verified client's name is believed, for credentials `cert:NAME`.",
)
@click.option(
    "--client-header", default="X-Client-Certificate", metavar="NAME", show_default=True, help="Where that name stands."
)
def command(
    path: Path,
    database: str,
    listen: str,
    observe: bool,
    tokens: Path | None,
    connections: Path | None,
    proxies: tuple[str, ...],
    client_header: str,
) -> None:
    """Take Alertmanager's webhooks in, and do what the plan says, until it is told to stop (SIGTERM).

    A plan's file that changes is taken in within seconds, or at once by SIGHUP, for incidents that open from then on;
    so are the files of tokens and of connections. One that cannot be used changes nothing, and the log says so. Logs are JSON lines on stderr. OTEL_EXPORTER_OTLP_ENDPOINT turns traces on.
    """
    need_executor()
    import watchbill  # noqa: PLC0415
    from watchbill.executor import logs, plan  # noqa: PLC0415
    from watchbill.executor.serving import Settings, serve  # noqa: PLC0415
    from watchbill.executor.traces import NoTraces  # noqa: PLC0415

    try:
        found = plan.read(path.read_bytes())
    except OSError as error:
        fail(executor.BAD_PLAN, f"{path} cannot be read: {error.strerror}")
    if isinstance(found, plan.Fault):
        fail(executor.BAD_PLAN, f"{path}: {found}", found.help)
    known = _credentials(tokens)
    reached = _connections(connections)
    proxy = _proxy(proxies, client_header)
    listening = _bound(listen)
    with listening, opened(database, create=True) as store:
        logs.set_up()
        try:
            serve(
                Settings(
                    plan=found,
                    path=path,
                    store=store,
                    listening=listening,
                    credentials=known,
                    proxy=proxy,
                    observe=observe,
                    version=watchbill.__version__,
                    connections=reached,
                    credentials_path=tokens,
                    connections_path=connections,
                )
            )
        except NoTraces as error:
            fail(executor.NOT_INSTALLED, str(error))
    sys.exit(0)


def _credentials(tokens: Path | None) -> "tuple[Credential, ...]":
    import os  # noqa: PLC0415

    from watchbill.executor.web.access import read  # noqa: PLC0415

    try:
        text = os.fsencode(os.environ.get(TOKENS, "")) if tokens is None else tokens.read_bytes()
    except OSError as error:
        fail(executor.NO_TOKEN, f"{tokens} cannot be read: {error.strerror}")
    found = read(text)
    if isinstance(found, str):
        fail(executor.NO_TOKEN, f"{tokens or TOKENS}: {found}", f"set {TOKENS}, or --tokens FILE")
    return found


def _connections(path: Path | None) -> "Connections":
    from watchbill.executor.connections import Connections, read  # noqa: PLC0415

    if path is None:
        return Connections()
    try:
        found = read(path.read_bytes())
    except OSError as error:
        fail(executor.BAD_CONNECTIONS, f"{path} cannot be read: {error.strerror}")
    if isinstance(found, str):
        fail(executor.BAD_CONNECTIONS, f"{path}: {found}")
    return found


def _proxy(networks: tuple[str, ...], header: str) -> "Proxy":
    import ipaddress  # noqa: PLC0415

    from watchbill.executor.web.access import Proxy  # noqa: PLC0415

    try:
        return Proxy(tuple(ipaddress.ip_network(network) for network in networks), header.lower())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--trust-proxy") from None


def _bound(listen: str) -> "socket.socket":
    import socket  # noqa: PLC0415

    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"`{listen}` is not HOST:PORT", param_hint="--listen")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
        except OSError:
            made.close()
            raise
    except OSError as error:
        fail(executor.CANNOT_LISTEN, f"cannot listen on {listen}: {error.strerror or error}")
    return made
