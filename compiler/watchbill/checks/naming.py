"""Names and texts of alerts: a name that stays true, a summary that says something, and no machine written out in it."""

import re
from collections.abc import Iterable, Iterator

from watchbill.source.codes import naming as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.model import ResolvedAlert, Workspace

_CAMEL_CASE = re.compile("[A-Z][A-Za-z0-9]*")
_WORD = re.compile("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_SEVERE = re.compile("critical|warning|info|page|p[0-5]|sev[0-9]")
_PERHAPS = re.compile(r"[0-9]\.[0-9]+\.|-[0-9a-f]{8}|i-[0-9a-f]{17}|\.(?:internal|local|lan):")  # most texts have none
_ADDRESS = re.compile(
    r"(?<![\w.:/-])(?:"
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?::\d{2,5})?(?![\w./-])"  # 10.0.3.17:8080
    r"|[a-z][a-z0-9-]*-[0-9a-f]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])"  # a pod of a Deployment
    r"|i-[0-9a-f]{17}(?![\w-])"  # a machine of EC2
    r"|[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:internal|local|lan):\d{2,5}"  # a host and its port
    r")"
)


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    seen: set[tuple[Location, str]] = set()
    for place in workspace.places.values():
        for service in place.services:
            for alert in service.alerts:
                if alert.no_data_of is not None:
                    continue
                if service.kind == "Service" and (alert.at, alert.name) not in seen:
                    seen.add((alert.at, alert.name))
                    yield from _name(alert)
                for key, text in alert.annotations.items():
                    if (alert.at, text) not in seen:
                        seen.add((alert.at, text))
                        yield from _text(alert, key, text, ours=service.kind == "Service")


def _name(alert: ResolvedAlert) -> Iterator[Diagnostic]:
    where = alert.at.at("name")
    if not _CAMEL_CASE.fullmatch(alert.name):
        better = "".join(word[:1].upper() + word[1:] for word in _WORD.findall(alert.name))
        advice = f"write {better}" if _CAMEL_CASE.fullmatch(better) else "begin it with a capital letter"
        yield Diagnostic(codes.NOT_CAMEL_CASE, f"`{alert.name}` is not in CamelCase", where, "here", advice)
        return
    words = [word.lower() for word in _WORD.findall(alert.name)]
    severe = next((word for word in words if _SEVERE.fullmatch(word)), None)
    if severe is not None:
        message = f"`{alert.name}` says how severe it is: {severe}"
        yield Diagnostic(codes.SAYS_MORE, message, where, "in its name", "leave that to `severity:`")
    elif f"{' '.join(_parts(alert.team))} team " in f"{' '.join(words)} ":
        message = f"`{alert.name}` says whose it is: {alert.team}"
        yield Diagnostic(codes.SAYS_MORE, message, where, "in its name", "leave that to the service's `team:`")


def _parts(name: str) -> Iterable[str]:
    return re.split("[-_.]", name)


def _text(alert: ResolvedAlert, key: str, text: str, *, ours: bool) -> Iterator[Diagnostic]:
    if key == "runbook_url":
        return
    where = _place(alert, key, ours=ours)
    if key == "summary" and not text.strip() and any(outcome.kind != "drop" for _, outcome in alert.takers):
        message = f"the summary of `{alert.name}` says nothing"
        yield Diagnostic(codes.EMPTY_SUMMARY, message, where, "no words", "say in one line what is wrong")
    for match in _ADDRESS.finditer(text) if _PERHAPS.search(text) else ():
        message = f"`{match.group()}` is written out in the {key} of `{alert.name}`"
        advice = "put the label there that says which one it is, such as {{ $labels.instance }}"
        at = where.naming(text, match.start(), match.end())
        yield Diagnostic(codes.WRITTEN_OUT, message, at, "always this one", advice)


def _place(alert: ResolvedAlert, key: str, *, ours: bool) -> Location:
    if key.startswith("impact_"):
        return alert.at.at("impact", key.removeprefix("impact_"))
    return alert.at.at(key) if ours and key in ("summary", "description") else alert.at.at("annotations", key)
