"""Regular languages of RE2 patterns, matched whole: whether two have a text in common, whether one lies in others."""

from watchbill.regex.automaton import TooLarge
from watchbill.regex.decide import contained, matches, overlaps, witness

__all__ = ["TooLarge", "contained", "matches", "overlaps", "witness"]
