"""`gouji run`: every input to rows, tables and pages; resumes what was interrupted.

Work is cut into batches named by their content. A finished batch is a folder of tables under
`.parts`, written elsewhere and renamed, so that its existence says that it is whole. When all are there,
a second pass holds the years of each agency against each other and puts tables and pages together, batch
by batch, so that memory does not grow with the run.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import platform
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

import inference.engines
from inference.panel import Panel
from inference.rows import SCHEMAS, Rows
from inference.sinks.html import write_index, write_pages
from inference.sinks.parquet import open_tables, read_tables, write_tables
from inference.totals import Totals
from models.readers.inputs import Input, iterate_inputs
from models.readers.registry import readers
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, checkpoint_digest, resolve_device

VERSION = "0.1.0"
BATCH = 16
OUTPUTS = ("run.json", "index.html", "pages", *(f"{table}.parquet" for table in SCHEMAS))
"""What a run leaves in its folder; never an input of the next."""
Progress = Callable[[int, int], None]
"""Called with the numbers of reports and failures so far."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Options of `gouji run`.

    Attributes:
        model: checkpoint folder.
        device: auto, cpu or cuda.
        engine: a module of `inference.engines`.
        workers: processes, at least 1.
        html: whether review pages are written.
        fresh: whether what an interrupted run left is thrown away.
    """

    model: str = str(DEFAULT)
    device: str = "auto"
    engine: str = "local"
    workers: int = 1
    html: bool = True
    fresh: bool = False


def engines() -> tuple[str, ...]:
    """Names of the engines there are."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(inference.engines.__path__)))


def run(names: Sequence[str], out: Path, settings: RunSettings, progress: Progress = lambda _r, _f: None) -> Totals:
    """Process every input and write tables, pages and `run.json`.

    Raises:
        ConfigError: an option or input name is wrong; nothing was done then.
    """
    _check(names, out, settings)
    items = iterate_inputs(names, without=[out.resolve() / name for name in OUTPUTS])
    started = time.time()
    folder = out / ".parts"
    if settings.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    copies = _Copies()
    panel = Panel()
    parts: list[Path] = []
    reports = failures = 0
    for part, rows in _parts(_batches(copies.without(items)), folder, settings):
        parts.append(part)
        panel.add(rows)
        reports, failures = reports + len(rows.reports), failures + len(rows.failures)
        progress(reports, failures)
    totals = _put_together(parts, out, panel, copies, html=settings.html)
    _write_record(totals, out, settings, time.time() - started)
    shutil.rmtree(folder, ignore_errors=True)
    return totals


def _put_together(parts: Sequence[Path], out: Path, panel: Panel, copies: _Copies, *, html: bool) -> Totals:
    totals = Totals()
    with open_tables(out) as tables:
        for part in parts:
            rows = read_tables(part)
            panel.check(rows)
            copies.add_to(rows)
            totals.add(rows)
            if html:
                write_pages(rows, out, panel)
            tables.write(rows)
    if html:
        write_index(totals, out)
    return totals


def _check(names: Sequence[str], out: Path, settings: RunSettings) -> None:
    if settings.engine not in engines():
        raise ConfigError(f"--engine {settings.engine}: unknown; known: {', '.join(engines())}")
    if settings.workers < 1:
        raise ConfigError(f"--workers {settings.workers}: must be at least 1")
    resolve_device(settings.device)
    there = next(path for path in (out, *out.parents) if path.exists())
    if not there.is_dir():
        raise ConfigError(f"--out {out}: {there} is no folder")
    if any(Path(name).is_dir() and Path(name).resolve() == out.resolve() for name in names):
        raise ConfigError(f"--out {out}: is an input folder too; name another, or one inside it")


class _Copies:
    """The same bytes are read once; every further source of them gets the same row.

    What no reader takes is no first, so that `a.bak` does not hide the same bytes in `a.txt`.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: defaultdict[str, list[str]] = defaultdict(list)

    def without(self, items: Iterator[Input]) -> Iterator[Input]:
        """The inputs whose bytes did not come before."""
        for item in items:
            if item.data is None or item.suffix.lower() not in readers():
                yield item
            elif item.report_id in self._first:
                self._others[item.report_id].append(item.source)
            else:
                self._first[item.report_id] = item.source
                yield item

    def add_to(self, rows: Rows) -> None:
        """Rows of the copies of a batch's inputs: reports are found by their id, failures by their source."""
        failed = (
            {self._first[report_id]: sources for report_id, sources in self._others.items()} if rows.failures else {}
        )
        rows.reports += [
            {**row, "source": source} for row in rows.reports for source in self._others.get(row["report_id"], ())
        ]
        rows.failures += [
            {**row, "source": source} for row in rows.failures for source in failed.get(row["source"], ())
        ]


def _batches(items: Iterator[Input]) -> Iterator[list[Input]]:
    batch: list[Input] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _parts(batches: Iterator[list[Input]], folder: Path, settings: RunSettings) -> Iterator[tuple[Path, Rows]]:
    """Folder and rows of each batch: read back where a run before finished it, else computed and kept.

    An engine may read ahead, so one queue holds both kinds, and rows come in the order of the inputs.
    """
    engine = importlib.import_module(f"inference.engines.{settings.engine}")
    model = checkpoint_digest(Path(settings.model))
    queue: deque[tuple[Path, bool]] = deque()

    def to_do() -> Iterator[list[Input]]:
        for batch in batches:
            part = folder / _key(batch, model)
            queue.append((part, part.is_dir()))
            if not queue[-1][1]:
                yield batch

    def done() -> Iterator[tuple[Path, Rows]]:
        while queue and queue[0][1]:
            part = queue.popleft()[0]
            yield part, read_tables(part)

    for rows in engine.run(to_do(), model=settings.model, device=settings.device, workers=settings.workers):
        yield from done()
        part = queue.popleft()[0]
        _keep(rows, part)
        yield part, rows
    yield from done()


def _keep(rows: Rows, part: Path) -> None:
    """Two batches of equal failures have one name; the second is there already."""
    if not part.is_dir():
        temporary = part.with_name(f"tmp-{part.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        write_tables(rows, temporary)
        temporary.rename(part)


def _key(batch: Sequence[Input], model: str) -> str:
    items = [(i.source, i.suffix, i.report_id, i.agency, i.year, str(i.failure)) for i in batch]
    return hashlib.sha256(json.dumps([VERSION, model, items]).encode()).hexdigest()[:24]


def _write_record(totals: Totals, out: Path, settings: RunSettings, seconds: float) -> None:
    record = {
        "gouji": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "model": settings.model,
        "model_digest": checkpoint_digest(Path(settings.model)),
        "device": resolve_device(settings.device),
        "engine": settings.engine,
        "workers": settings.workers,
        "seconds": round(seconds, 2),
        "reports": totals.rows["reports"],
        "failures": totals.rows["failures"],
        "figures": totals.rows["figures"],
        "cells": dict(totals.statuses),
        "findings": {f"{check} {verdict}": n for (check, verdict), n in totals.checks.items()},
    }
    (out / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
