"""Regular languages of RE2 patterns, matched whole: whether two have a text in common, whether one lies in others."""

from watchbill.regex.automaton import TooLarge
from watchbill.regex.decide import cells, contained, matches, overlaps, witness

__all__ = ["TooLarge", "cells", "contained", "matches", "overlaps", "witness"]
