"""A process of its own for work on hostile bytes, bounded in time and memory.

It answers one request at a time. When it takes too long, needs too much memory or dies, it is ended and a new one
takes its place; what it was asked is asked once more, because the machine may be to blame, and then given up.
It never outlives the process that asks, whatever ended that one and however it hangs (`end_with`).
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

from models.readers.budgets import budgets
from models.schema.errors import DocumentError

log = logging.getLogger("gouji")
Request = TypeVar("Request")
Answer = TypeVar("Answer")
ATTEMPTS = 2
START = 120.0
"""Seconds that a process may take until it is ready, on a machine with much else to do."""
GRACE = 5
"""Seconds after its time at which a process ends itself, where nobody ended it."""
PR_SET_PDEATHSIG = 1
"""Of Linux's prctl: the signal that a process gets when the thread that started it is gone."""


class Child(Generic[Request, Answer]):
    """Calls a function in another process, which starts with the first request.

    Args:
        work: the function, of a module; what it raises is raised here.
        seconds: that one request may take.
        memory: bytes that the process may need above what it has when it is ready.
        attempts: how often a request is made before it is given up.
    """

    def __init__(
        self,
        work: Callable[[Request], Answer],
        *,
        seconds: float = budgets().seconds,
        memory: int = budgets().memory,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._work, self._seconds, self._memory, self._attempts = work, seconds, memory, attempts
        self._process: Any = None
        self._line: Connection[Any, Any] | None = None

    def ask(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            DocumentError: the process did not live to answer it, at any attempt; its stage is `worker`.
            Exception: whatever the function raises.
        """
        for attempt in range(self._attempts):
            try:
                answer = self._asked(request)
                break
            except _GoneError as gone:
                self.stop()
                if attempt == self._attempts - 1:
                    raise DocumentError("worker", str(gone)) from gone
        if answer.error is not None:
            raise answer.error
        return cast(Answer, answer.value)

    def stop(self) -> None:
        """End the process; the next request starts another one."""
        if self._line is not None:
            self._line.close()
            self._process.kill()
            self._process.join()
            self._line = None

    def _asked(self, request: Request) -> _Answered:
        try:
            line = self._line or self._start()
            line.send(request)
            if not line.poll(self._seconds):
                raise _GoneError(f"reading it took more than {self._seconds:g} seconds")
            answer: _Answered = line.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            code = self._process.exitcode
            how = f"signal {-code}" if code and code < 0 else f"exit status {code}"
            raise _GoneError(f"the process that read it died ({how})") from error
        if isinstance(answer.error, MemoryError):
            raise _GoneError(f"reading it needs more than {self._memory >> 20} MiB of memory")
        return answer

    def _start(self) -> Connection[Any, Any]:
        context = get_context("spawn")
        self._line, there = context.Pipe()
        bounds = _Bounds(os.getpid(), self._seconds, self._memory)
        self._process = context.Process(target=_serve, args=(there, self._work, bounds), daemon=True)
        self._process.start()
        there.close()
        if not self._line.poll(START):
            raise _GoneError(f"the process that reads did not start within {START:g} seconds")
        self._line.recv()
        return self._line


class _Answered(NamedTuple):
    """What the function gave, or what it raised."""

    value: Any
    error: Exception | None = None


class _GoneError(Exception):
    """The process is of no use any more; the message says why."""


class _Bounds(NamedTuple):
    """What a process may cost, and whose it is."""

    parent: int
    seconds: float
    memory: int


def _serve(line: Connection[Any, Any], work: Callable[[Any], Any], bounds: _Bounds) -> None:
    """Answer until the other side is gone."""
    end_with(bounds.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _bound_memory(bounds.memory)
    line.send("ready")
    while True:
        try:
            request = line.recv()
        except EOFError:
            return
        signal.alarm(math.ceil(bounds.seconds) + GRACE)
        try:
            answer = _Answered(work(request))
        except Exception as error:  # noqa: BLE001 - raised on the other side
            answer = _Answered(None, _portable(error))
        signal.alarm(0)
        line.send(answer)


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone, at once on Linux.

    The system does it, because a library that hangs lets no thread of Python look. The thread that started this process
    has to live as long as it is needed: a main thread, or one that lives as long.

    Args:
        parent: its number; where it is gone already, this process ends here.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _bound_memory(memory: int) -> None:
    """Where the system tells what a process has (Linux), it may have so much more; elsewhere only time is bounded."""
    about = Path("/proc/self/statm")
    if about.exists():
        size = int(about.read_text("ascii").split()[0]) * resource.getpagesize() + memory
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = size if most == resource.RLIM_INFINITY else min(size, most)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _portable(error: Exception) -> Exception:
    """The error as it comes out on the other side, or its words where it would not."""
    if not isinstance(error, DocumentError | MemoryError):
        log.exception("in the process that reads")
    try:
        return error if type(pickle.loads(pickle.dumps(error))) is type(error) else RuntimeError(repr(error))  # noqa: S301
    except Exception:  # noqa: BLE001 - any class may refuse
        return RuntimeError(f"{type(error).__name__}: {error}"[:2000])
