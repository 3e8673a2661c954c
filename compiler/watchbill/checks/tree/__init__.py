"""The parts of `checks.configuration`: routes, inhibit rules, times, and which label sets there are."""
