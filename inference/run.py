"""`gouji run`: every input to rows, tables and pages; resumes what was interrupted.

Work is cut into batches named by their content. A finished batch is a folder of tables under
`.parts`, written elsewhere and renamed, so that its existence says that it is whole.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import platform
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

import inference.engines
from inference.rows import SCHEMAS, Rows
from inference.sinks.html import write_pages
from inference.sinks.parquet import read_tables, write_tables
from models.readers.inputs import Input, iterate_inputs
from models.readers.registry import readers
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, resolve_device

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


def run(names: Sequence[str], out: Path, settings: RunSettings, progress: Progress = lambda _r, _f: None) -> Rows:
    """Process every input and write tables, pages and `run.json`.

    Raises:
        ConfigError: an option or input name is wrong; nothing was done then.
    """
    _check(names, out, settings)
    items = iterate_inputs(names, without=[out.resolve() / name for name in OUTPUTS])
    started = time.time()
    parts = out / ".parts"
    if settings.fresh:
        shutil.rmtree(parts, ignore_errors=True)
    first_source: dict[str, str] = {}
    copies: list[tuple[str, str]] = []
    rows = Rows()
    for part in _parts(_batches(_unique(items, first_source, copies)), parts, settings):
        rows.extend(part)
        progress(len(rows.reports), len(rows.failures))
    _add_copies(rows, first_source, copies)
    write_tables(rows, out)
    if settings.html:
        write_pages(rows, out)
    _write_record(rows, out, settings, time.time() - started)
    shutil.rmtree(parts, ignore_errors=True)
    return rows


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


def _unique(items: Iterator[Input], first_source: dict[str, str], copies: list[tuple[str, str]]) -> Iterator[Input]:
    """The same bytes once; later sources of them are noted as (report id, source).

    What no reader takes is no first, so that `a.bak` does not hide the same bytes in `a.txt`.
    """
    for item in items:
        if item.data is None or item.suffix.lower() not in readers():
            yield item
        elif item.report_id in first_source:
            copies.append((item.report_id, item.source))
        else:
            first_source[item.report_id] = item.source
            yield item


def _add_copies(rows: Rows, first_source: dict[str, str], copies: Sequence[tuple[str, str]]) -> None:
    """Reports are found by their id, as records of one url share their source; failures have none."""
    reports = {row["report_id"]: row for row in rows.reports}
    failures = {row["source"]: row for row in rows.failures}
    for report_id, source in copies:
        if report_id in reports:
            rows.reports.append({**reports[report_id], "source": source})
        else:
            rows.failures.append({**failures[first_source[report_id]], "source": source})


def _batches(items: Iterator[Input]) -> Iterator[list[Input]]:
    batch: list[Input] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _parts(batches: Iterator[list[Input]], folder: Path, settings: RunSettings) -> Iterator[Rows]:
    """Rows of each batch: read back where a run before finished it, else computed and kept.

    An engine may read ahead, so one queue holds both kinds, and rows come in the order of the inputs.
    """
    engine = importlib.import_module(f"inference.engines.{settings.engine}")
    model = _model_digest(Path(settings.model))
    queue: deque[tuple[Path, bool]] = deque()

    def to_do() -> Iterator[list[Input]]:
        for batch in batches:
            part = folder / _key(batch, model)
            queue.append((part, part.is_dir()))
            if not queue[-1][1]:
                yield batch

    def done() -> Iterator[Rows]:
        while queue and queue[0][1]:
            yield read_tables(queue.popleft()[0])

    for rows in engine.run(to_do(), model=settings.model, device=settings.device, workers=settings.workers):
        yield from done()
        _keep(rows, queue.popleft()[0])
        yield rows
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


def _model_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _write_record(rows: Rows, out: Path, settings: RunSettings, seconds: float) -> None:
    record = {
        "gouji": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "model": settings.model,
        "model_digest": _model_digest(Path(settings.model)),
        "device": resolve_device(settings.device),
        "engine": settings.engine,
        "workers": settings.workers,
        "seconds": round(seconds, 2),
        "reports": len(rows.reports),
        "failures": len(rows.failures),
        "figures": len(rows.figures),
        "cells": dict(Counter(row["status"] for row in rows.cells)),
        "findings": dict(Counter(f"{row['check']} {row['verdict']}" for row in rows.findings)),
    }
    (out / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
