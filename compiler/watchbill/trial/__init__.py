"""Tests of who is told: every case of every Test, asked of the compiled routing as `watchbill route` asks it.

`trials(workspace)` answers all cases; `wrong` (in `judging`) holds an answer against what is expected, `findings` says what
did not come out and why, and `coverage` counts the alerts and the routes that some test is about.
"""

from watchbill.trial.coverage import Coverage, coverage
from watchbill.trial.running import Trial, trials

__all__ = ["Coverage", "Trial", "coverage", "trials"]
