"""Runbooks as Markdown pages: one for each Runbook, one for each service, and an index. MkDocs takes them strictly.

The words around the policies stand in `templates/runbooks/`. A workspace may put a template of its own, by the same
name, into a folder that is searched first. Nothing on a page depends on the day it is made.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.source.codes import runbooks as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.spec import kinds
from watchbill.spec.kinds.answers import RunbookStep
from watchbill.spec.model import OutcomeKind, Workspace
from watchbill.spec.settings import outcome, outcome_kind
from watchbill.targets import wording
from watchbill.targets.artifact import HEADER, Artifact
from watchbill.targets.markdown import EMPTY, Markdown, block, code, inline, link, listed, nested_block
from watchbill.targets.overview import AlertView, Overview, ServiceView
from watchbill.targets.response import ProcedureView, Response

HERE = Path(__file__).parent.parent
PACKAGED = next((path for path in (HERE / "templates", HERE.parents[1] / "templates") if path.is_dir()), HERE / "templates")
MANY = 25
"""More alerts than this on one runbook are a table: each is told in full on its service's page."""
"""
"""
