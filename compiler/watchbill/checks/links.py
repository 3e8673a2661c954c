"""Links into the workspace's own runbooks: each leads to a page that the compiler writes, and to an alert that is there."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from watchbill.source.codes import runbooks as codes
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.kinds.answers import Runbook
from watchbill.spec.model import Workspace

_END = r"[^\s\"'<>)\]}|]*[^\s\"'<>)\]}|.,;:!?]"
_NAMED = re.compile("(escalation|procedure|message)-(.+)")


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    site = workspace.settings.runbooks
    if site is None:
        return
    base = site.base_url.rstrip("/")
    address = re.compile(re.escape(base) + r"(?![\w.-])(?:/" + _END + ")?(?:/)?")
    pages: dict[str, dict[str, str]] = {}
    told: set[tuple[Location, str]] = set()
    for where, text in _texts(workspace, base):
        pages = pages or _pages(workspace)
        for match in address.finditer(text):
            parts = urlsplit(f"https://site{match.group().removeprefix(base)}")
            wrong = _wrong(workspace, unquote(parts.path), unquote(parts.fragment), pages)
            if wrong is None or "{{" in match.group() or (where, match.group()) in told:
                continue
            told.add((where, match.group()))
            message, advice = wrong
            at = where.naming(text, match.start(), match.end())
            yield Diagnostic(codes.DEAD_LINK, message, at, "leads nowhere", advice)


def _pages(workspace: Workspace) -> dict[str, dict[str, str]]:
    """The pages of the site by their path without slashes, and on those of services the alerts by their anchor."""
    pages: dict[str, dict[str, str]] = {f"runbooks/{name}": {} for name in workspace.documents.get("Runbook", {})}
    for place in workspace.places.values():
        for service in place.services:
            alerts = pages.setdefault(f"services/{service.team}/{service.name}", {})
            for alert in service.alerts:
                alerts[f"{service.name}.{alert.name}"] = alert.name
                if alert.runbook is not None:
                    pages.setdefault(f"runbooks/{alert.runbook}", {})[f"{service.name}.{alert.name}"] = alert.name
    return pages


def _wrong(workspace: Workspace, path: str, anchor: str, pages: dict[str, dict[str, str]]) -> tuple[str, str] | None:
    name = re.sub(r"(/index)?(\.html|\.md)?/*$", "", path).strip("/")
    if not name.startswith(("runbooks/", "services/")):
        return None  # whatever else is published there
    if name not in pages:
        close = did_you_mean(name, pages)
        return f"there is no page `{name}` among the runbooks", f"did you mean `{close}`?" if close else "mend the link"
    named = _NAMED.fullmatch(anchor)
    if named is not None and named[2] not in workspace.documents.get(named[1].capitalize(), {}):
        return f"there is no {named[1]} `{named[2]}`", "mend the link"
    service = name.rpartition("/")[2]
    if "." in anchor and anchor not in pages[name] and name.startswith("services/"):
        close = did_you_mean(anchor, pages[name])
        hint = f"did you mean `#{close}`?" if close else f"its alerts are `#{service}.…`"
        return f"there is no alert `{anchor}` on the page of `{service}`", hint
    return None


def _texts(workspace: Workspace, base: str) -> Iterator[tuple[Location, str]]:
    """Every text with this address that somebody wrote and a person may follow a link in."""
    for place in workspace.places.values():
        for service in place.services:
            for alert in service.alerts:
                if alert.no_data_of is not None:
                    continue
                ours = service.kind == "Service"
                for key, text in alert.annotations.items():
                    if base not in text:
                        continue
                    if key == "runbook_url":
                        if alert.runbook is None:
                            yield alert.at.at("runbook", "url") if ours else alert.at.at("annotations", key), text
                    elif ours and key in ("summary", "description"):
                        yield alert.at.at(key), text
                    else:
                        yield alert.at.at("annotations", key), text
    for where, text in _read_by_people(workspace):
        if base in text:
            yield where, text


def _read_by_people(workspace: Workspace) -> Iterator[tuple[Location, str]]:
    """The texts of runbooks and messages."""
    for policy in workspace.documents.get("Runbook", {}).values():
        body: Runbook | None = policy.body
        for key in ("immediate", "investigate"):
            for index, step in enumerate(getattr(body, key) if body is not None else ()):
                yield policy.at.at(key, index), step.text or ""
        for index, text in enumerate(body.escalate_when if body is not None else ()):
            yield policy.at.at("escalate_when", index), text
    for policy in workspace.documents.get("Message", {}).values():
        if policy.body is not None:
            yield policy.at.at("body"), policy.body.body
