"""Every code in one list: the one table that a new file of codes is added to."""

import importlib
from functools import lru_cache

from watchbill.source.codes import Code

AREAS = (
    "yaml",
    "structure",
    "references",
    "promql",
    "expressions",
    "rules",
    "silencing",
    "routing",
    "ownership",
    "windows",
    "inhibition",
    "mimir",
    "basefile",
    "proof",
    "alertmanager",
    "tree",
    "cases",
    "paging",
    "contacts",
    "schedules",
    "coverage",
    "pagerduty",
    "runbooks",
    "dashboards",
    "remediation",
    "safety",
    "naming",
    "messages",
    "executor",
    "tools",
)


@lru_cache(maxsize=1)
def codes() -> dict[str, Code]:
    """Codes by id, in order of their ids."""
    found = [code for area in AREAS for code in importlib.import_module(f"watchbill.source.codes.{area}").ALL]
    return {code.id: code for code in sorted(found, key=lambda code: code.id)}


def find(name: str) -> Code | None:
    """A code by its id (any case) or its kebab name."""
    known = codes()
    return known.get(name.upper()) or next((code for code in known.values() if code.name == name.lower()), None)
