"""Tests of who is told: what in a case can never be asked, or never come out. Run they are by `watchbill test`."""

from watchbill.routing.building.asking import asked
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import Workspace


def check(workspace: Workspace) -> list[Diagnostic]:
    return asked(workspace)[1]
