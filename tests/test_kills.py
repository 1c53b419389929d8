"""A run that is killed twice and resumed gives the rows of one that nobody disturbed; more with `python -m tests.kills`."""

from __future__ import annotations

import pytest

from tests.kills import kill


@pytest.mark.timeout(900)
def test_a_killed_run_loses_and_doubles_nothing() -> None:
    outcome = kill(2, number_of_reports=64, seed=1)
    assert len(outcome.kills) == 2
    assert outcome.problems == []
