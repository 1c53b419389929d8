"""This machine: one process, or several with a model and one thread each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from inference.process import process
from inference.rows import Rows
from models.readers.inputs import Input
from models.tagger.tagger import Tagger

_worker: list[Tagger] = []


def run(batches: Iterable[list[Input]], *, model: str, device: str, workers: int) -> Iterator[Rows]:
    """Rows of each batch, in the order of the batches.

    Raises:
        ConfigError: the model cannot be loaded.
    """
    if workers == 1:
        tagger = Tagger.load(model, device)
        yield from (process(batch, tagger) for batch in batches)
        return
    Tagger.load(model, device)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(model, device)
    ) as pool:
        waiting: deque[Future[Rows]] = deque()
        for batch in batches:
            waiting.append(pool.submit(_work, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _start(model: str, device: str) -> None:
    import torch

    torch.set_num_threads(1)
    _worker.append(Tagger.load(model, device))


def _work(batch: list[Input]) -> Rows:
    return process(batch, _worker[0])
