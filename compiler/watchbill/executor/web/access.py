"""Who may deliver: bearer tokens, or a client certificate that a proxy has verified.

Credentials are comma- or line-separated. `TOKEN` is good for every source of the plan's environment; `production/eu=TOKEN` only
for that one, whose labels are then held to it. `cert:NAME` in a token's place means the name that the proxy's header
gives, and counts only from an address that is trusted.
"""

import hmac
import ipaddress
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

_BOUND = re.compile(r"([a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9-]*)=(?=[^=])(.+)", re.DOTALL)
_CERTIFICATE = "cert:"


class Credential(msgspec.Struct, frozen=True):
    """Only its hash is kept. `environment` and `source` are None for one that is not bound."""

    digest: bytes
    certificate: bool = False
    environment: str | None = None
    source: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who was let in, as far as the credential says."""

    source: str | None


class Proxy(msgspec.Struct, frozen=True):
    """From where, and in which header, the name of a verified certificate is believed."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    header: str = "x-client-certificate"

    def trusts(self, peer: str | None) -> bool:
        try:
            address = ipaddress.ip_address(peer or "")
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)  # how a socket for both families names a peer of the older one
        return any((mapped or address) in network for network in self.networks)


def credentials(text: str) -> tuple[Credential, ...]:
    """Of a variable or a file. Lines that begin with # are comments."""
    entries = (entry.strip() for line in text.splitlines() if not line.startswith("#") for entry in line.split(","))
    return tuple(_credential(entry) for entry in entries if entry)


def read(text: bytes) -> tuple[Credential, ...] | str:
    """The credentials in a file's bytes, or what is wrong with them."""
    try:
        found = credentials(text.decode())
    except UnicodeDecodeError:
        return "it is not UTF-8"
    return found or "it holds no token, so no webhook could be let in"


def useless(known: Iterable[Credential], environment: str, sources: Iterable[str], proxy: Proxy) -> list[str]:
    """What can let nobody in here, in words: a source that the plan does not have, a certificate that nobody vouches for."""
    ours, there = [one for one in known if one.environment in {None, environment}], set(sources)
    strangers = sorted({one.source for one in ours if one.source is not None and one.source not in there})
    found = [f"{environment}/{source}: the plan has no such source" for source in strangers]
    if not proxy.networks and any(one.certificate for one in ours):
        found.append("cert:NAME: without --trust-proxy no proxy is believed")
    return found


def _credential(entry: str) -> Credential:
    bound = _BOUND.fullmatch(entry)
    environment, source, secret = bound.groups() if bound is not None else (None, None, entry)
    certificate = secret.startswith(_CERTIFICATE)
    return Credential(_hash(secret.removeprefix(_CERTIFICATE)), certificate, environment, source)


def caller(
    known: Sequence[Credential], environment: str, headers: Iterable[tuple[str, str]], peer: str | None, proxy: Proxy
) -> Caller | None:
    """Who calls, or None. Every credential is compared, and each in constant time.

    A header that stands there twice is none: a proxy may have added the second, and whoever forged the first hoped for that.
    """
    given = list(headers)
    scheme, _, token = _only(given, "authorization").partition(" ")
    offered = {False: token.strip() if scheme.lower() == "bearer" else "", True: ""}
    if proxy.trusts(peer):
        offered[True] = _only(given, proxy.header)
    hashes = {certificate: _hash(text) for certificate, text in offered.items()}
    found: Caller | None = None
    for one in known:
        same = hmac.compare_digest(one.digest, hashes[one.certificate]) and offered[one.certificate] != ""
        if same and one.environment in {None, environment}:
            found = Caller(one.source)
    return found


def _only(headers: Sequence[tuple[str, str]], name: str) -> str:
    values = [value for other, value in headers if other.lower() == name.lower()]
    return values[0] if len(values) == 1 else ""


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
