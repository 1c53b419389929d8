"""Inputs and reports, read in processes of their own: no parser of hostile bytes runs beside the model.

What they may cost stands in `configs/budgets.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from inference.child import Child
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
"""In the process that reads shards: how much of the one that is being read was given."""


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
    child = Child(_record)
    try:
        for path in paths:
            yield from _records(path, child) if is_shard(path) else inputs_of(path)
    finally:
        child.stop()


def _records(path: Path, child: Child[tuple[Path, int], Input | Skipped | None]) -> Iterator[Input | Skipped]:
    number = 0
    try:
        while (item := child.ask((path, number))) is not None:
            yield item
            number += 1
    except Exception as error:  # noqa: BLE001 - whatever a shard does to its reader costs this shard only
        words = str(error) if isinstance(error, DocumentError) else f"{type(error).__name__}: {error}"
        yield Input(str(path), path.suffix, None, DocumentError("read", f"shard broken after record {number}: {words}"))


def _record(place: tuple[Path, int]) -> Input | Skipped | None:
    """The record of a shard, counted from 0; None behind the last. One after the other costs no search."""
    path, number = place
    given, items = _open.pop(path, (-1, iter(())))
    if given != number:
        items = islice(inputs_of(path), number, None)
    item = next(items, None)
    if item is not None:
        _open[path] = (number + 1, items)
    return item
