"""A short storm in every run of the tests; `make soak` has the long one."""

import pytest

from executor.conftest import postgresql  # noqa: F401  (a fixture)
from soak.storm import storm


@pytest.mark.parametrize("replicas", [1, 3], ids=["sqlite", "postgresql"])
def test_nothing_is_lost_nothing_is_done_twice_and_no_limit_is_passed_though_processes_are_killed(
    tmp_path, request, replicas
):
    database = f"sqlite:///{tmp_path / 's.db'}"
    if replicas > 1:
        database = request.getfixturevalue("postgresql").empty()
    outcome = storm(tmp_path, database, kills=3, replicas=replicas, seed=7, lease=4)
    assert outcome.broken is None
    assert outcome.answered > 5
    assert outcome.acted > 0
    assert (outcome.lost, outcome.overdue, outcome.unserved, outcome.twice, outcome.above) == (0, 0, 0, (), ())
