"""Inputs and reports, read in processes of their own: no parser of hostile bytes runs beside the model.

What they may cost stands in `configs/budgets.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from inference.child import ATTEMPTS, Child
from inference.stages import Stages
from models.readers.inputs import Input, Skipped, inputs_of, is_shard
from models.reading import report_of, source_of
from models.schema.document import Document
from models.schema.errors import DocumentError
from models.schema.table import Cell
from models.tables.align import align

Report = tuple[Document, tuple[Cell, ...]]
_readers: list[Child[Input, tuple[Report | DocumentError, Stages]]] = []
_open: dict[Path, tuple[int, Iterator[Input | Skipped]]] = {}
"""In the process that reads shards: how many records of the one that is being read were given or passed over."""
TOGETHER = 50
"""Records that are passed over within the time of one."""
FATAL = 10
"""Records of a shard that may end its reader before the rest is given up: each costs two times the time of one."""


class Passed(NamedTuple):
    """Records were passed over, and more are to be."""


def read_guarded(item: Input, stages: Stages) -> Report:
    """`read_report` in a process that this one keeps for it.

    Raises:
        DocumentError: the input cannot be read, is no report, or costs too much.
    """
    if item.failure is not None:
        raise item.failure
    if not _readers:
        _readers.append(Child(read_timed))
    with stages.time("handing_over", 1):
        report, spent = _readers[0].ask(item)
    stages.add(spent)
    stages.seconds["handing_over"] -= spent.seconds.total()  # type: ignore[assignment]
    if isinstance(report, DocumentError):
        raise report
    return report


def read_timed(item: Input) -> tuple[Report | DocumentError, Stages]:
    """`read_report` with what its stages took, which an error would not bring along."""
    stages = Stages()
    try:
        with stages.time("reading", 1):
            source = source_of(item)
        with stages.time("tables", 1):
            aligned = align(source.text, source.grids)
        with stages.time("structure", 1):
            return report_of(item, source, aligned), stages
    except DocumentError as error:
        return error, stages


def inputs_guarded(paths: Sequence[Path]) -> Iterator[Input | Skipped]:
    """The inputs of files; shards are unpacked in a process of its own."""
    child = Child(record_of, attempts=1)
    try:
        for path in paths:
            yield from records_guarded(path, child) if is_shard(path) else inputs_of(path)
    finally:
        child.stop()


def records_guarded(
    path: Path, child: Child[tuple[Path, int], Input | Skipped | Passed | None]
) -> Iterator[Input | Skipped]:
    """The records of a shard; one that ends its reader twice is a failure, and those after it are read.

    Args:
        path: the shard.
        child: calls `record_of`, once for a request: its next process has to find the place again.
    """
    number = deaths = fatal = 0
    last = ""
    while fatal < FATAL:
        try:
            item = child.ask((path, number))
        except DocumentError as error:
            if error.stage != "worker":
                yield _broken(path, number, str(error))
                return
            deaths += 1
            if deaths == ATTEMPTS:
                last, fatal, deaths = str(error), fatal + 1, 0
                number += 1
                yield Input(f"{path}#{number}", "", None, error)
        except Exception as error:  # noqa: BLE001 - whatever a shard does to its reader costs this shard only
            yield _broken(path, number, f"{type(error).__name__}: {error}")
            return
        else:
            if item is None:
                return
            if not isinstance(item, Passed):
                yield item
                number, deaths = number + 1, 0
    yield _broken(path, number, f"{fatal} of its records ended their reader, the last because {last}; no more is read")


def _broken(path: Path, number: int, words: str) -> Input:
    return Input(str(path), path.suffix, None, DocumentError("read", f"shard broken after record {number}: {words}"))


def record_of(place: tuple[Path, int]) -> Input | Skipped | Passed | None:
    """The record of a shard, counted from 0; None behind the last. One after the other costs no search.

    Where many have to be passed over, some are, and the same is to be asked again.

    Raises:
        DocumentError: the shard ends before the record.
    """
    path, number = place
    given, items = _open.pop(path) if path in _open else (0, inputs_of(path, number))
    ahead = min(TOGETHER, number - given)
    if sum(1 for _ in islice(items, ahead)) < ahead:
        raise DocumentError("read", "it became shorter while it was read")
    item = Passed() if ahead else next(items, None)
    if item is not None:
        _open[path] = (given + (ahead or 1), items)
    return item
