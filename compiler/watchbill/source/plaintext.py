"""What stands in a file for everybody to read and should not: secrets, by their shape; and characters that hide text."""

import re
from collections.abc import Iterator

from watchbill.source.codes import naming, structure
from watchbill.source.diagnostic import Diagnostic
from watchbill.source.yaml import span_of

# Each with a text that is always in it: most files have none, and looking for a text costs next to nothing.
_SHAPES = tuple(
    (marker, re.compile(pattern), what)
    for marker, pattern, what in (
        ("://", r"://[^\s/:@\"'{}$]+:([^\s/@\"'{}]+)@", "a password in a URL"),
        ("hooks.slack.com/", r"hooks\.slack\.com/(services/T\w+/B\w+/\w{8,})", "the address of a Slack webhook"),
        ("xox", r"\b(xox[abeoprs]-[0-9A-Za-z-]{10,})", "a Slack token"),
        *((f"gh{kind}_", rf"\b(gh{kind}_[0-9A-Za-z]{{36,}})", "a GitHub token") for kind in "oprsu"),
        ("github_pat_", r"\b(github_pat_\w{22,})", "a GitHub token"),
        ("glpat-", r"\b(glpat-[\w-]{20,})", "a GitLab token"),
        ("glsa_", r"\b(glsa_[0-9A-Za-z]{32}_[0-9a-f]{8})\b", "a Grafana token"),
        ("AKIA", r"\b(AKIA[0-9A-Z]{16})\b", "an AWS access key"),
        ("AIza", r"\b(AIza[\w-]{35})", "a Google API key"),
        ("sk_live_", r"\b(sk_live_[0-9A-Za-z]{16,})", "a Stripe key"),
        ("eyJ", r"\b(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})", "a signed token (JWT)"),
        ("PRIVATE KEY", r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)", "a private key"),
    )
)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]+")


def check_text(file: str, text: str) -> Iterator[Diagnostic]:
    """Secrets, none of which is repeated, and characters that turn the text around; wherever they stand, in comments too."""
    for marker, shape, what in _SHAPES:
        if marker not in text:
            continue
        for match in shape.finditer(text):
            where = span_of(file, text, *match.span(1))
            advice = (
                "make it invalid, for git keeps it for ever, and write {file: /run/secrets/…} where a secret belongs"
            )
            yield Diagnostic(structure.SECRET_IN_TEXT, f"this looks like {what}", where, "not repeated here", advice)
    if text.isascii():
        return
    for match in _TURNS.finditer(text):
        message = f"the character U+{ord(match.group()[0]):04X} turns the text around: it is not read as it is shown"
        advice = "remove it, or write it as an escape in double quotes"
        yield Diagnostic(naming.TURNS_TEXT_AROUND, message, span_of(file, text, *match.span()), "here", advice)
