"""How this executor reaches what its plan only names: a TOML file, `serve --connections`, that belongs to the machine.

    [kubernetes.main]                                  # without anything: the cluster that it runs in
    url = "https://10.0.0.1:6443"
    token = {file = "/run/secrets/main-token"}
    ca = "/etc/watchbill/main-ca.pem"
    [redis.sessions]
    url = "rediss://cache:6380/0"
    password = {env = "SESSIONS_PASSWORD"}
    [systemd.web-1]                                    # without anything: this machine
    host = "watchbill@web-1"
    [http."flags.example:8443"]                        # hosts as the plan's URLs have them
    headers = {Authorization = {file = "/run/secrets/flags"}}
    [prometheus."prom:9090"]                           # likewise, and [alertmanager."am:9093"]
    ca = "/etc/watchbill/prom-ca.pem"
    [command.kubectl]                                  # the allow-list: what is not here does not run
    path = "/usr/bin/kubectl"
    begins = [["get"], ["describe"]]
    environment = {KUBECONFIG = "/etc/watchbill/kubeconfig"}
    [outward.pagerduty.web]                            # by team; one whose urgency follows severity
    routing_key = {file = "/run/secrets/pagerduty-web"}
    [outward.slack.web]                                # or by channel (`"#incidents"`), or by audience (`customers`)
    url = {file = "/run/secrets/slack-web"}
    [outward.webhook.default]                          # for every team without a connection of its own
    url = {file = "/run/secrets/pager-url"}
    headers = {Authorization = {file = "/run/secrets/pager"}}
    secret = {file = "/run/secrets/pager-signature"}   # signs what is sent: see outward/webhook.py

Secrets are references, read anew each time they are used, so that a rotated one is in force at once.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

_SECRET = 64 * 1024  # bytes at most
_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
Number = Annotated[int, msgspec.Meta(ge=1)]


class NoSecret(Exception):  # noqa: N818
    """A reference that leads to nothing. Its text names the reference, never a value."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strict: a key that is not known may be a bound."""


class Reference(_Record, frozen=True, kw_only=True):
    """Where a secret lies: exactly one of a file and an environment variable."""

    file: str | None = None
    env: str | None = None

    def __post_init__(self) -> None:
        if (self.file is None) == (self.env is None):
            raise ValueError("a secret is either {file = …} or {env = …}")

    def read(self) -> str:
        """Its value without the end of its line. Raises NoSecret."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
            where = f"the environment variable {self.env}"
        else:
            where = f"the file {self.file}"
            try:
                with Path(self.file or "").open("rb") as stream:
                    value = stream.read(_SECRET).decode()
            except (OSError, UnicodeDecodeError, ValueError) as error:
                raise NoSecret(f"{where} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        value = value.strip()
        if not value:
            raise NoSecret(f"{where} holds nothing")
        return value


class Kubernetes(_Record, frozen=True, kw_only=True):
    url: str | None = None
    token: Reference | None = None
    ca: str | None = None

    def address(self) -> str:
        """The API server's; in a cluster the one that the kubelet tells. Raises NoSecret where there is none."""
        if self.url is not None:
            return self.url.rstrip("/")
        host, port = (os.environ.get(f"KUBERNETES_SERVICE_{name}") for name in ("HOST", "PORT"))
        if not host or not port:
            raise NoSecret("the connection has no url, and this is not inside a cluster")
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    def bearer(self) -> str:
        if self.token is None and self.url is not None:
            raise NoSecret("the connection has no token")
        return (self.token or Reference(file=str(_IN_CLUSTER / "token"))).read()

    def authority(self) -> str | None:
        return self.ca or (None if self.url is not None else str(_IN_CLUSTER / "ca.crt"))


class Redis(_Record, frozen=True, kw_only=True):
    url: str
    username: str | None = None
    password: Reference | None = None


class Systemd(_Record, frozen=True, kw_only=True):
    """`host` as `systemctl --host` takes it."""

    host: str | None = None
    systemctl: str = "/usr/bin/systemctl"
    environment: dict[str, str | Reference] = {}

    def __post_init__(self) -> None:
        if self.host is not None and self.host.startswith("-"):
            raise ValueError("a host cannot begin with `-`")


class Http(_Record, frozen=True, kw_only=True):
    headers: dict[str, Reference] = {}
    ca: str | None = None


class Command(_Record, frozen=True, kw_only=True):
    """A program that may run, with what its words may begin with (nothing said: with anything), and its bounds."""

    path: str
    begins: tuple[tuple[str, ...], ...] = ()
    environment: dict[str, str | Reference] = {}
    seconds: Number = 60
    cpu_seconds: Number = 60
    memory_mib: Number = 1024

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError("a program is named by its whole path")


class PagerDuty(_Record, frozen=True, kw_only=True):
    """`routing_key` of an Events v2 integration."""

    routing_key: Reference
    url: str = "https://events.pagerduty.com/v2/enqueue"


class Slack(_Record, frozen=True, kw_only=True):
    """An incoming webhook: whoever knows its URL may post to it."""

    url: Reference
    ca: str | None = None


class Webhook(_Record, frozen=True, kw_only=True):
    """`secret` signs what is sent."""

    url: Reference
    headers: dict[str, Reference] = {}
    secret: Reference | None = None
    ca: str | None = None


class Outward(_Record, frozen=True, kw_only=True):
    """How people are reached: by team, `default` for the others. `outward/routes.py` says who comes after whom."""

    pagerduty: dict[str, PagerDuty] = {}
    slack: dict[str, Slack] = {}
    webhook: dict[str, Webhook] = {}


class Connections(_Record, frozen=True, kw_only=True):
    """The whole file. An action or a message without its connection is refused, and people are told."""

    kubernetes: dict[str, Kubernetes] = {}
    redis: dict[str, Redis] = {}
    systemd: dict[str, Systemd] = {}
    http: dict[str, Http] = {}
    prometheus: dict[str, Http] = {}
    alertmanager: dict[str, Http] = {}
    command: dict[str, Command] = {}
    outward: Outward = Outward()

    def secrets(self) -> Iterator[str]:
        """Every secret that can be read now, for what redacts."""
        for reference in _references(self):
            try:
                yield reference.read()
            except NoSecret:
                continue


def read(text: bytes) -> Connections | str:
    """The connections in a file's bytes, or what is wrong with them."""
    try:
        return msgspec.toml.decode(text, type=Connections)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return str(error)


def filled(given: Mapping[str, str | Reference]) -> dict[str, str]:
    """Variables, or headers, with their secrets in them. Raises NoSecret."""
    return {name: value.read() if isinstance(value, Reference) else value for name, value in given.items()}


def _references(value: Any) -> Iterator[Reference]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _references(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _references(one)
