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
import logging
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
from inference.copies import Copies
from inference.panel import Panel
from inference.reading import inputs_guarded
from inference.rows import SCHEMAS, Rows
from inference.sinks.html import write_index, write_pages
from inference.sinks.parquet import open_tables, read_tables, write_tables
from inference.totals import Totals
from models.readers.inputs import Input, Skipped, find_paths
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, checkpoint_digest, resolve_device

log = logging.getLogger("gouji")
VERSION = "0.1.0"
BATCH = 16
OUTPUTS = ("run.json", "index.html", "pages", *(f"{table}.parquet" for table in SCHEMAS))
"""What a run leaves in its folder; never an input of the next."""
KEPT = ".kept"
"""The batches of a run that had failures, for `only_failures`; any other run into the folder removes it."""
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
        only_failures: whether what failed in the last run is read again, and nothing else.
    """

    model: str = str(DEFAULT)
    device: str = "auto"
    engine: str = "local"
    workers: int = 1
    html: bool = True
    fresh: bool = False
    only_failures: bool = False


def engines() -> tuple[str, ...]:
    """Names of the engines there are."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(inference.engines.__path__)))


def run(names: Sequence[str], out: Path, settings: RunSettings, progress: Progress = lambda _r, _f: None) -> Totals:
    """Process every input and write tables, pages and `run.json`.

    Raises:
        ConfigError: an option or input name is wrong; nothing was done then.
    """
    _check(names, out, settings)
    paths = find_paths(names, without=[out.resolve() / name for name in OUTPUTS])
    started = time.time()
    folder, kept = out / ".parts", out / KEPT
    if settings.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if settings.only_failures and kept.is_dir():
        kept.rename(folder)
    shutil.rmtree(kept, ignore_errors=True)
    skipped: Counter[str] = Counter()
    items = _without_skipped(inputs_guarded(paths), skipped)
    copies = Copies()
    panel = Panel()
    parts: list[Path] = []
    reports = failures = 0
    for part, rows in _parts(_batches(copies.without(items)), folder, settings):
        parts.append(part)
        panel.add(rows)
        reports, failures = reports + len(rows.reports), failures + len(rows.failures)
        progress(reports, failures)
    totals = _put_together(parts, out, panel, copies, html=settings.html)
    _write_record(totals, out, settings, skipped, time.time() - started)
    if failures:
        folder.rename(kept)
    shutil.rmtree(folder, ignore_errors=True)
    return totals


def _put_together(parts: Sequence[Path], out: Path, panel: Panel, copies: Copies, *, html: bool) -> Totals:
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
    if settings.only_failures and not ((out / KEPT).is_dir() or (out / ".parts").is_dir()):
        raise ConfigError(f"--only-failures: the last run into {out} left none; run without it")
    if settings.workers < 1:
        raise ConfigError(f"--workers {settings.workers}: must be at least 1")
    resolve_device(settings.device)
    there = next(path for path in (out, *out.parents) if path.exists())
    if not there.is_dir():
        raise ConfigError(f"--out {out}: {there} is no folder")
    if any(Path(name).is_dir() and Path(name).resolve() == out.resolve() for name in names):
        raise ConfigError(f"--out {out}: is an input folder too; name another, or one inside it")


def _without_skipped(items: Iterator[Input | Skipped], skipped: Counter[str]) -> Iterator[Input]:
    """The inputs; what is no report by its kind is counted and named in the log."""
    for item in items:
        if isinstance(item, Input):
            yield item
        else:
            skipped[item.why] += 1
            log.info("skipped %r: %s", item.source, item.why)


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
    queue: deque[tuple[Path, bool, list[Input]]] = deque()

    def to_do() -> Iterator[list[Input]]:
        for batch in batches:
            part = folder / _key(batch, model)
            again = _failed(batch, part) if settings.only_failures and part.is_dir() else []
            done = part.is_dir() and not again
            queue.append((part, done, batch if again else []))
            if not done:
                yield again or batch

    def done() -> Iterator[tuple[Path, Rows]]:
        while queue and queue[0][1]:
            part = queue.popleft()[0]
            yield part, read_tables(part)

    for rows in engine.run(to_do(), model=settings.model, device=settings.device, workers=settings.workers):
        yield from done()
        part, _, batch = queue.popleft()
        if batch and part.is_dir():
            rows = _mended(read_tables(part), rows, batch)
            shutil.rmtree(part)
        _keep(rows, part)
        yield part, rows
    yield from done()


def _failed(batch: Sequence[Input], part: Path) -> list[Input]:
    """The inputs of a batch that are failures in its part."""
    rows = read_tables(part)
    sources, read = {row["source"] for row in rows.failures}, {row["report_id"] for row in rows.reports}
    return [item for item in batch if item.source in sources and (item.data is None or item.report_id not in read)]


def _mended(old: Rows, new: Rows, batch: Sequence[Input]) -> Rows:
    """The rows of a batch whose failures were read again, in the order of its inputs."""
    places = {item.source: place for place, item in enumerate(batch)}
    rows = Rows()
    rows.extend(old)
    rows.failures = list(new.failures)
    new.failures = []
    rows.extend(new)
    rows.reports.sort(key=lambda row: places[row["source"]])
    order = {row["report_id"]: place for place, row in enumerate(rows.reports)}
    for table in (rows.figures, rows.cells, rows.findings):
        table.sort(key=lambda row: order[row["report_id"]])
    return rows


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


def _write_record(totals: Totals, out: Path, settings: RunSettings, skipped: Counter[str], seconds: float) -> None:
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
        "skipped": skipped,
        "figures": totals.rows["figures"],
        "cells": dict(totals.statuses),
        "findings": {f"{check} {verdict}": n for (check, verdict), n in totals.checks.items()},
    }
    (out / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
