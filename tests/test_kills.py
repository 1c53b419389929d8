"""A run that is killed twice and resumed gives the rows of one that nobody disturbed; more with `python -m tests.kills`."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.kills import kill, parts, start, write_crawl


@pytest.mark.timeout(900)
def test_a_killed_run_loses_and_doubles_nothing() -> None:
    outcome = kill(2, number_of_reports=64, seed=1)
    assert len(outcome.kills) == 2
    assert outcome.problems == []


def test_no_process_outlives_a_run_that_is_killed_alone(tmp_path: Path) -> None:
    """Neither workers nor the processes that read for them, though the kill reaches none of them."""
    run = start(write_crawl(tmp_path, 64), tmp_path / "out", 2)
    while not parts(tmp_path / "out"):
        assert run.poll() is None
        time.sleep(0.05)
    others = psutil.Process(run.pid).children(recursive=True)
    assert len(others) >= 4
    run.kill()
    run.wait()
    for other in others:
        with suppress(psutil.NoSuchProcess):
            while other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
