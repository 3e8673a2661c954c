"""The language: every kind, defined once. Decoder, JSON Schema and documentation are derived from these types."""

import msgspec

from watchbill.spec.kinds.answers import Diagnostic, Message, Procedure, Remediation, Runbook
from watchbill.spec.kinds.foreign import Foreign
from watchbill.spec.kinds.ownership import Ownership
from watchbill.spec.kinds.people import Calendar, Escalation, Person, Schedule, Team
from watchbill.spec.kinds.service import AlertSet, Service
from watchbill.spec.kinds.tests import Test
from watchbill.spec.kinds.windows import Window
from watchbill.spec.kinds.workspace import Workspace

KINDS: dict[str, type[msgspec.Struct]] = {
    "Workspace": Workspace,
    "Team": Team,
    "Person": Person,
    "Schedule": Schedule,
    "Calendar": Calendar,
    "Escalation": Escalation,
    "AlertSet": AlertSet,
    "Service": Service,
    "Foreign": Foreign,
    "Ownership": Ownership,
    "Window": Window,
    "Runbook": Runbook,
    "Diagnostic": Diagnostic,
    "Remediation": Remediation,
    "Procedure": Procedure,
    "Message": Message,
    "Test": Test,
}
TEAMLESS = ("Workspace", "Team", "Foreign", "Ownership")
NAMELESS = ("Test",)  # may have a name, and need none: nothing refers to them

__all__ = [
    "KINDS",
    "NAMELESS",
    "TEAMLESS",
    "AlertSet",
    "Calendar",
    "Diagnostic",
    "Escalation",
    "Foreign",
    "Message",
    "Ownership",
    "Person",
    "Procedure",
    "Remediation",
    "Runbook",
    "Schedule",
    "Service",
    "Team",
    "Test",
    "Window",
    "Workspace",
]
