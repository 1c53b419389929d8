"""This machine: one process, or several with a model and one thread each; each has another one that reads for it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

from inference.child import end_with
from inference.process import overlapped, process, settle
from inference.rows import Rows, failure_row
from models.readers.inputs import Input
from models.tagger.tagger import Tagger

_worker: list[Tagger] = []
Start = Callable[[int], ProcessPoolExecutor]


def run(batches: Iterable[list[Input]], *, model: str, device: str, workers: int) -> Iterator[Rows]:
    """Rows of each batch, in the order of the batches.

    One worker that dies (out of memory, a crash in a library) takes all that was handed out with it, and
    nothing tells whose input it was: those batches are then read one input at a time.

    Raises:
        ConfigError: the model cannot be loaded.
        BrokenProcessPool: workers die before they get an input.
    """
    if workers == 1:
        tagger = Tagger.load(model, device)
        settle()
        yield from overlapped(batches, tagger)
        return
    Tagger.load(model, device)
    begin = partial(_start, os.getpid(), model, device)
    start = partial(ProcessPoolExecutor, mp_context=get_context("spawn"), initializer=begin)
    source = iter(batches)
    handed: deque[list[Input]] = deque()
    broken = True
    while broken:
        try:
            with start(workers) as pool:
                yield from _on_all(pool, source, handed, 2 * workers)
            broken = False
        except BrokenProcessPool:
            while handed:
                yield _one_by_one(handed.popleft(), start)


def _on_all(
    pool: ProcessPoolExecutor, source: Iterator[list[Input]], handed: deque[list[Input]], ahead: int
) -> Iterator[Rows]:
    """Rows in order; `handed` are the batches whose rows were not given yet."""
    results: deque[Future[Rows]] = deque()
    for batch in source:
        handed.append(batch)
        results.append(pool.submit(_work, batch))
        if len(results) > ahead:
            rows = results.popleft().result()
            handed.popleft()
            yield rows
    while results:
        rows = results.popleft().result()
        handed.popleft()
        yield rows


def _one_by_one(batch: list[Input], start: Start) -> Rows:
    rows = Rows()
    pool = start(1)
    try:
        pool.submit(len, "").result()
        for item in batch:
            try:
                rows.extend(pool.submit(_work, [item]).result())
            except BrokenProcessPool as error:
                rows.extend(failure_row(item, "worker", error))
                pool = start(1)
    finally:
        pool.shutdown()
    return rows


def _start(parent: int, model: str, device: str) -> None:
    end_with(parent)
    _worker.append(Tagger.load(model, device))
    settle()


def _work(batch: list[Input]) -> Rows:
    return process(batch, _worker[0])
