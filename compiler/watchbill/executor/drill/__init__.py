"""Drills: the real core, actions in dry run, and a clock that nobody has to wait for."""

from watchbill.executor.drill.rehearsal import Part, Script, rehearse
from watchbill.executor.drill.words import Line, lines

__all__ = ["Line", "Part", "Script", "lines", "rehearse"]
