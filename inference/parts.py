"""The batches of a run as folders of tables: what an interrupted run, or one with failures, leaves for the next.

A batch's folder is named by its content, is written elsewhere and renamed, so that its existence says that it is whole.
One that a power cut damaged all the same is removed, and its inputs are read again.
Beside the columns of the contract its rows say which input they are of (`Input.key`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from inference.rows import PART_SCHEMAS, Rows
from inference.sinks.parquet import read_column, read_tables, why_unreadable, write_tables
from inference.stages import Stages
from models.readers.inputs import Input

log = logging.getLogger("gouji")
BATCH = 16
"""Inputs that are read together."""
Engine = Callable[[Iterator[list[Input]]], Iterable[Rows]]
"""Gives the rows of batches in their order, and may read ahead."""


class Part(NamedTuple):
    """A batch that is whole: its folder, its rows, and how many of its inputs were read now."""

    folder: Path
    rows: Rows
    read: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """A batch as it waits for its turn, without the bytes of its inputs, of which thousands may be read already.

    Attributes:
        keys: of its inputs, in order.
        left: how many of them have to be read.
    """

    folder: Path
    keys: list[str]
    left: int


class Parts:
    """The batches under a folder.

    Args:
        folder: holds them.
        version: changes with gouji's code, settings and checkpoint (`run.rows_version`), though not with the libraries;
            batches of another one are not looked at.
        only_failures: whether every report there is taken, in whichever batch it is, and everything else is read.
            Otherwise batches of just the same inputs are taken, failures and all.
    """

    def __init__(self, folder: Path, version: str, *, only_failures: bool, stages: Stages) -> None:
        self._folder, self._stages = folder, stages
        self._version = hashlib.sha256(version.encode()).hexdigest()[:8]
        self._only_failures = only_failures
        self._reports: dict[str, Path] = {}
        for part in sorted(folder.glob(f"{self._version}-*")) if only_failures else ():
            if self._is_whole(part):
                self._reports.update(dict.fromkeys(read_column(part, "reports", "input"), part))

    def of(self, batches: Iterator[list[Input]], engine: Engine) -> Iterator[Part]:
        """Every batch in order: read back where that can be, else read by the engine and kept."""
        queue: deque[_Plan] = deque()

        def to_do() -> Iterator[list[Input]]:
            for batch in batches:
                plan, left = self._plan(batch)
                queue.append(plan)
                if left:
                    yield left

        def found() -> Iterator[Part]:
            while queue and not queue[0].left:
                yield self._whole(queue.popleft(), Rows())

        for rows in engine(to_do()):
            yield from found()
            yield self._whole(queue.popleft(), rows)
        yield from found()

    def remove_others(self, folders: Iterable[Path]) -> None:
        """Remove what is left of runs over other inputs, or of batches that were not finished."""
        keep = set(folders)
        for path in self._folder.glob("*"):
            if path not in keep:
                remove(path)

    def _plan(self, batch: list[Input]) -> tuple[_Plan, list[Input]]:
        """What becomes of a batch, and the inputs of it that have to be read."""
        keys = [item.key for item in batch]
        digest = hashlib.sha256(json.dumps(keys).encode()).hexdigest()
        folder = self._folder / f"{self._version}-{digest[:24]}"
        if self._only_failures:
            left = [item for item, key in zip(batch, keys, strict=True) if key not in self._reports]
        else:
            left = [] if self._is_whole(folder) else batch
        return _Plan(folder, keys, len(left)), left

    def _is_whole(self, folder: Path) -> bool:
        """Whether a batch is there; one that cannot be read is removed."""
        if not folder.is_dir():
            return False
        with self._stages.time("batches"):
            why = why_unreadable(folder, PART_SCHEMAS)
        if why:
            log.warning("removed %s, its inputs are read again: %s", folder, why)
            remove(folder)
        return not why

    def _whole(self, plan: _Plan, rows: Rows) -> Part:
        with self._stages.time("batches"):
            if not plan.left and plan.folder.is_dir():
                return Part(plan.folder, read_tables(plan.folder, PART_SCHEMAS), 0)
            if plan.left < len(plan.keys):
                rows = _together(self._known(plan), rows, plan.keys)
            self._keep(rows, plan.folder)
            return Part(plan.folder, rows, plan.left)

    def _known(self, plan: _Plan) -> Rows:
        """Rows of the reports of a batch that stand in others."""
        wanted: defaultdict[Path, set[str]] = defaultdict(set)
        for key in plan.keys:
            if key in self._reports:
                wanted[self._reports[key]].add(key)
        rows = Rows()
        for part, keys in wanted.items():
            rows.extend(_only(read_tables(part, PART_SCHEMAS), keys))
        return rows

    def _keep(self, rows: Rows, folder: Path) -> None:
        temporary = folder.with_name(f"tmp-{folder.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        write_tables(rows, temporary, PART_SCHEMAS)
        remove(folder)
        temporary.rename(folder)


def remove(folder: Path) -> None:
    """Remove a batch, or all of them, if there; whenever this is interrupted, no half of it has its name."""
    gone = folder.with_name(".gone")
    shutil.rmtree(gone, ignore_errors=True)
    if folder.is_dir():
        folder.rename(gone)
        shutil.rmtree(gone)


def batched(items: Iterable[Input]) -> Iterator[list[Input]]:
    """Inputs in batches of `BATCH`."""
    batch: list[Input] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _only(rows: Rows, keys: set[str]) -> Rows:
    """The reports of some inputs, with all that is theirs."""
    reports = [row for row in rows.reports if row["input"] in keys]
    ids = {row["report_id"] for row in reports}
    figures, cells, findings = (
        [row for row in table if row["report_id"] in ids] for table in (rows.figures, rows.cells, rows.findings)
    )
    return Rows(reports, figures, cells, findings)


def _together(known: Rows, new: Rows, keys: Sequence[str]) -> Rows:
    """Rows of a batch that were read at different times, in the order of its inputs."""
    places = {key: place for place, key in enumerate(keys)}
    rows = Rows()
    rows.extend(known)
    rows.extend(new)
    rows.reports.sort(key=lambda row: places[row["input"]])
    order = {row["report_id"]: place for place, row in enumerate(rows.reports)}
    for table in (rows.figures, rows.cells, rows.findings):
        table.sort(key=lambda row: order[row["report_id"]])
    return rows
