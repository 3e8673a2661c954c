"""Regular expressions of matchers that need not be one, or that take more than was meant."""

import re
from collections.abc import Iterator

from watchbill.promql.nodes import Matcher
from watchbill.promql.remarks.remark import Remark, Subject

_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPED = re.compile(r"\\([.+*?()|\[\]{}^$\\/-])")
_FLAGS = re.compile(r"\(\?[imsU]+\)")
_ANYWHERE = re.compile(r"(?:\.[*+]|\(\.[*+]\))(?=.)", re.DOTALL)


def remarks(subject: Subject) -> Iterator[Remark]:
    seen: set[tuple[str, str, str]] = set()
    for node in subject.selectors:
        for matcher in node.matchers:
            if matcher.op in {"=~", "!~"} and matcher.key not in seen:
                seen.add(matcher.key)
                remark = _about(matcher)
                if remark is not None:
                    yield remark


def _about(matcher: Matcher) -> Remark | None:
    """The first thing to say about a pattern: mending it settles the others, or shows them."""
    pattern, name = matcher.value, matcher.name
    where = (matcher.start, matcher.end)
    if pattern in {".*", "(.*)", "^.*$"}:
        if matcher.op == "=~":
            message, advice = f"this matcher lets every value of `{name}` pass, and its absence too", "leave it out"
        else:
            message, advice = f"this matcher lets no value of `{name}` pass", f'write {name}="…" or leave it out'
        return Remark("regex-of-everything", message, *where, "no effect" if matcher.op == "=~" else "none", advice)
    anchored = _anchors(pattern)
    core = pattern.removeprefix("^")
    core = core[:-1] if anchored and _ends_anchored(core) else core
    literal = _literal(core)
    if literal is not None:
        simple = "=" if matcher.op == "=~" else "!="
        advice = f"write {name}{simple}{_quoted(literal)}"
        return Remark("regex-not-needed", f"`{name}` is compared with one value only", *where, "no pattern", advice)
    if anchored:
        message = f"the pattern of `{name}` has anchors, and Prometheus anchors every pattern by itself"
        return Remark("regex-anchors", message, *where, "already anchored", "leave `^` and `$` out")
    flags = _FLAGS.match(pattern)
    if _ANYWHERE.match(pattern, flags.end() if flags else 0) and pattern not in {".+", "(.+)"}:
        return Remark(
            "regex-too-wide",
            f"the pattern of `{name}` takes every value that holds these words anywhere",
            *where,
            "also what nobody thought of",
            "name the values, or begin the pattern with what they begin with",
        )
    return None


def _anchors(pattern: str) -> bool:
    """Whether it begins with `^` or ends with `$` as a whole; inside an alternative they are left alone."""
    if not (pattern.startswith("^") or _ends_anchored(pattern)):
        return False
    return "|" not in _outside_groups(pattern)


def _ends_anchored(pattern: str) -> bool:
    stripped = pattern.removesuffix("$")
    return stripped != pattern and (len(stripped) - len(stripped.rstrip("\\"))) % 2 == 0


def _outside_groups(pattern: str) -> str:
    """What stands in no group and in no class, roughly: enough to see an alternative at the top."""
    text = re.sub(r"\\.|\[[^\]]*\]", "", pattern, flags=re.DOTALL)
    before = None
    while before != text:
        before = text
        text = re.sub(r"\([^()]*\)", "", text)
    return text


def _literal(pattern: str) -> str | None:
    """The one text that a pattern stands for, or None when there are several or it is empty."""
    if not pattern or _META.search(_ESCAPED.sub("", pattern)):
        return None
    return _ESCAPED.sub(r"\1", pattern)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
