"""A Ray cluster, or Ray on this machine: actors that each hold a model.

Ray is asked for what it is good at, placing actors and starting them anew; which batch is read when stays here,
as in the local engine. `RAY_ADDRESS` names a cluster, whose nodes need gouji installed; without it Ray is
started here for the run and stopped afterwards. Without Ray this module cannot be imported, so that a run says so
before it begins.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import Any

from inference.process import process, settle
from inference.rows import Rows, failure_row
from models.readers.inputs import Input
from models.schema.errors import ConfigError
from models.tagger.tagger import Tagger, resolve_device

if find_spec("ray") is None:
    raise ConfigError("--engine ray: ray is not installed; pip install 'gouji[cluster]'")

AHEAD = 2
"""Batches that wait at each actor, so that it never waits for one."""
RESTART, PAUSE = 120, 0.5
"""Seconds that an actor may take to start again, and between two looks."""
STORE = 256 * 2**20
"""Bytes of Ray's object store where it is started here; batches and rows are small."""


class Worker:
    """An actor: a model and one thread."""

    def __init__(self, model: str, device: str) -> None:
        self._tagger = Tagger.load(model, device)
        settle()

    def ready(self) -> bool:
        """Answers when the model is loaded."""
        return True

    def work(self, batch: list[Input]) -> Rows:
        """Rows of a batch."""
        return process(batch, self._tagger)


def run(batches: Iterable[list[Input]], *, model: str, device: str, workers: int) -> Iterator[Rows]:
    """Rows of each batch, in the order of the batches.

    What an actor had when it died is read again one input at a time; an input that kills its actor once
    more is a failure, and nothing else is lost.

    Raises:
        ConfigError: the model cannot be loaded.
    """
    import ray

    Tagger.load(model, "cpu")
    mine = not ray.is_initialized()
    if mine:
        _connect(ray, workers)
    try:
        with redirect_stdout(sys.stderr):  # Ray prints there that a worker died, though nothing is to be logged
            yield from _on_actors(ray, batches, model, device, workers)
    finally:
        if mine:
            ray.shutdown()


def _connect(ray: Any, workers: int) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    local = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers, "object_store_memory": STORE}
    ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR", **local)


def _on_actors(ray: Any, batches: Iterable[list[Input]], model: str, device: str, workers: int) -> Iterator[Rows]:
    gpus = 1 if resolve_device(device) == "cuda" else 0
    actor = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=-1)(Worker)
    yield from _in_order(ray, batches, [actor.remote(model, device) for _ in range(workers)])


def _in_order(ray: Any, batches: Iterable[list[Input]], actors: list[Any]) -> Iterator[Rows]:
    handed: deque[tuple[list[Input], Any, Any]] = deque()
    waiting: dict[Any, list[Any]] = {actor: [] for actor in actors}
    for batch in batches:
        for actor, results in waiting.items():
            waiting[actor] = ray.wait(results, num_returns=len(results), timeout=0)[1] if results else []
        actor = min(actors, key=lambda a: len(waiting[a]))
        result = actor.work.remote(batch)
        waiting[actor].append(result)
        handed.append((batch, actor, result))
        if len(handed) > AHEAD * len(actors):
            yield _rows(ray, *handed.popleft())
    while handed:
        yield _rows(ray, *handed.popleft())


def _rows(ray: Any, batch: list[Input], actor: Any, result: Any) -> Rows:
    try:
        rows: Rows = ray.get(result)
    except ray.exceptions.RayActorError:
        rows = Rows()
        for item in batch:
            rows.extend(_alone(ray, item, actor))
    return rows


def _alone(ray: Any, item: Input, actor: Any) -> Rows:
    """One input; it fails where its actor, up when it got it, died twice."""
    for last in (False, True):
        _wait_for(ray, actor)
        try:
            rows: Rows = ray.get(actor.work.remote([item]))
            break
        except ray.exceptions.RayActorError as error:
            if last:
                rows = failure_row(item, "worker", error)
    return rows


def _wait_for(ray: Any, actor: Any) -> None:
    """Until an actor that died is up again; what is asked of it before fails at once."""
    for _ in range(int(RESTART / PAUSE)):
        try:
            ray.get(actor.ready.remote())
        except ray.exceptions.RayActorError:
            time.sleep(PAUSE)
        else:
            return
    raise ConfigError(f"--engine ray: a worker that died did not start again within {RESTART} seconds")
