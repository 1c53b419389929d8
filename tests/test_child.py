"""The process that reads hostile bytes: what becomes of a request that hangs, eats memory, or kills it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from inference.child import Child
from models.schema.errors import DocumentError

MEMORY = 300 * 2**20


def work(request: tuple[str, str]) -> str:
    """Do as told; `here` is a file that counts the attempts."""
    what, here = request
    with Path(here).open("a") as file:
        file.write("x")
    if what == "hang":
        time.sleep(1000)
    elif what == "eat":
        return str(len(b"x" * 2**40))
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "die once" and Path(here).stat().st_size == 1:
        os._exit(3)
    elif what == "refuse":
        raise DocumentError("parse", "no report")
    elif what == "odd":
        raise OddError(1, 2)
    return what


class OddError(Exception):
    """An error that cannot be sent."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


@pytest.mark.parametrize(
    ("what", "words"),
    [("hang", "took more than 2 seconds"), ("eat", "needs more than 300 MiB"), ("die", r"died \(signal 9\)")],
)
def test_what_costs_too_much_is_tried_twice_and_refused(tmp_path: Path, what: str, words: str) -> None:
    child = Child(work, seconds=2, memory=MEMORY)
    with pytest.raises(DocumentError, match=words):
        child.ask((what, str(tmp_path / "attempts")))
    assert (tmp_path / "attempts").read_text() == "xx"
    assert child.ask(("next", str(tmp_path / "attempts"))) == "next"
    child.stop()


def test_a_process_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    child = Child(work)
    assert child.ask(("die once", str(tmp_path / "attempts"))) == "die once"
    child.stop()


def test_errors_come_out_as_they_were_raised(tmp_path: Path) -> None:
    child = Child(work)
    with pytest.raises(DocumentError, match="no report") as refused:
        child.ask(("refuse", str(tmp_path / "attempts")))
    assert refused.value.stage == "parse"
    with pytest.raises(RuntimeError, match="OddError: 1 and 2"):
        child.ask(("odd", str(tmp_path / "attempts")))
    assert (tmp_path / "attempts").read_text() == "xx"
    child.stop()
