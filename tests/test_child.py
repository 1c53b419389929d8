"""The process that reads hostile bytes: what becomes of a request that hangs, eats memory, or kills it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

import inference.child as child_module
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


def work_and_tell(request: str) -> None:
    """Tell the number of this process, then search with an expression that never ends and holds the interpreter."""
    Path(request).write_text(str(os.getpid()), "ascii")
    re.match(r"(a|a)*b", "a" * 100)


def test_a_process_that_hangs_does_not_outlive_a_parent_that_is_killed(tmp_path: Path, root: Path) -> None:
    told = tmp_path / "number"
    code = (
        "import sys; from inference.child import Child; from tests.test_child import work_and_tell\n"
        "Child(work_and_tell, seconds=600).ask(sys.argv[1])"
    )
    with subprocess.Popen([sys.executable, "-c", code, told], cwd=root) as parent:
        while not (told.exists() and told.read_text("ascii")):
            assert parent.poll() is None
            time.sleep(0.05)
        child = psutil.Process(int(told.read_text("ascii")))
        assert child.ppid() == parent.pid
        parent.kill()
    with suppress(psutil.NoSuchProcess):
        while child.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.05)


def test_a_process_that_starts_after_its_parent_is_gone_ends(root: Path) -> None:
    code = (
        "import os; from inference.child import end_with; end_with(os.getppid()); print('lives'); end_with(os.getpid())"
    )
    ended = subprocess.run([sys.executable, "-u", "-c", code], check=False, capture_output=True, cwd=root)
    assert (ended.returncode, ended.stdout) == (1, b"lives\n")


def test_a_process_that_nobody_ends_ends_itself(tmp_path: Path) -> None:
    context = get_context("spawn")
    here, there = context.Pipe()
    bounds = child_module._Bounds(os.getpid(), 1, MEMORY)
    process = context.Process(target=child_module._serve, args=(there, work_and_tell, bounds))
    process.start()
    assert here.recv() == "ready"
    here.send(str(tmp_path / "number"))
    process.join(60)
    assert process.exitcode == -signal.SIGALRM
