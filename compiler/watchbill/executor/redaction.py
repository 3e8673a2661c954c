"""Secrets out of whatever leaves the executor: logs, events, evidence. What it knows, and what looks like one."""

from collections.abc import Callable, Iterable

import re2

BLANK = b"[redacted]"
_SHORTEST = 4  # a shorter secret would blank out ordinary words

# RE2 needs time in proportion to the text, whatever the text is.
_LOOKS_LIKE_ONE = tuple(
    (re2.compile(pattern), put)
    for pattern, put in (
        (rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", BLANK),
        (rb"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+)[^\s\"',;]+", rb"\1" + BLANK),
        (rb"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}", rb"\1" + BLANK),
        (
            (
                rb"(?i)((?:passwd|password|passphrase|secret|token|api[_-]?key|access[_-]?key|routing[_-]?key|credentials?)"
                rb"[A-Za-z0-9_]*[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&\[]+"
            ),
            rb"\1" + BLANK,
        ),
        (rb"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", BLANK),
        (rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", BLANK),
        (rb"\b(?:xox[abprs]-|ghp_|gho_|github_pat_|glpat-)[A-Za-z0-9_-]{10,}", BLANK),
        (rb"hooks\.slack\.com/services/[A-Za-z0-9/_-]+", b"hooks.slack.com/services/" + BLANK),
        (rb"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", rb"\1" + BLANK + b"@"),
    )
)

Redact = Callable[[bytes], bytes]


def redactor(secrets: Iterable[str]) -> Redact:
    """What blanks these secrets and everything that looks like one. Longer ones first: one may hold another."""
    known = {secret.encode("utf-8", "replace") for secret in secrets}
    ordered = sorted((one for one in known if len(one) >= _SHORTEST), key=len, reverse=True)

    def redact(text: bytes) -> bytes:
        for secret in ordered:
            text = text.replace(secret, BLANK)
        for pattern, put in _LOOKS_LIKE_ONE:
            text = pattern.sub(put, text)
        return text

    return redact


def words(redact: Redact, text: str, longest: int = 500, *, last: bool = False) -> str:
    """A short text that a person reads, on one line: what it begins with, or its `last` words."""
    clean = redact(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in clean).split())
    if len(line) <= longest:
        return line
    return f"…{line[-longest + 1 :]}" if last else f"{line[: longest - 1]}…"
