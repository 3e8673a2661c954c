"""Drills: the real core, actions in dry run, and a clock that nobody has to wait for."""

from watchbill.executor.drill.rehearsal import Script, rehearse

__all__ = ["Script", "rehearse"]
