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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

import inference.engines
from inference.rows import Rows
from inference.sinks.html import write_pages
from inference.sinks.parquet import read_tables, write_tables
from models.readers.inputs import Input, iterate_inputs
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, resolve_device

VERSION = "0.1.0"
BATCH = 16
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
    if settings.engine not in engines():
        raise ConfigError(f"--engine {settings.engine}: unknown; known: {', '.join(engines())}")
    if settings.workers < 1:
        raise ConfigError(f"--workers {settings.workers}: must be at least 1")
    resolve_device(settings.device)
    started = time.time()
    parts = out / ".parts"
    if settings.fresh:
        shutil.rmtree(parts, ignore_errors=True)
    first_source: dict[str, str] = {}
    copies: list[tuple[str, str]] = []
    rows = Rows()
    unique = _unique(iterate_inputs(names), first_source, copies)
    for part in _parts(_batches(unique), parts, settings):
        rows.extend(part)
        progress(len(rows.reports), len(rows.failures))
    _add_copies(rows, copies)
    write_tables(rows, out)
    if settings.html:
        write_pages(rows, out)
    _write_record(rows, out, settings, time.time() - started)
    shutil.rmtree(parts, ignore_errors=True)
    return rows


def _unique(items: Iterator[Input], first_source: dict[str, str], copies: list[tuple[str, str]]) -> Iterator[Input]:
    """The same bytes once; later sources of them are noted as (first source, source)."""
    for item in items:
        if item.data is None:
            yield item
        elif item.report_id in first_source:
            copies.append((first_source[item.report_id], item.source))
        else:
            first_source[item.report_id] = item.source
            yield item


def _add_copies(rows: Rows, copies: Sequence[tuple[str, str]]) -> None:
    for first, source in copies:
        for table in (rows.reports, rows.failures):
            same = next((row for row in table if row["source"] == first), None)
            if same is not None:
                table.append({**same, "source": source})


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
    """Rows of each batch: read back where a run before finished it, else computed and kept."""
    engine = importlib.import_module(f"inference.engines.{settings.engine}")
    model = _model_digest(Path(settings.model))
    pending: list[str] = []
    done: list[Path] = []

    def to_do() -> Iterator[list[Input]]:
        for batch in batches:
            key = _key(batch, model)
            if (folder / key).is_dir():
                done.append(folder / key)
            else:
                pending.append(key)
                yield batch

    computed = engine.run(to_do(), model=settings.model, device=settings.device, workers=settings.workers)
    for rows in computed:
        key = pending.pop(0)
        temporary = folder / f"tmp-{key}"
        shutil.rmtree(temporary, ignore_errors=True)
        write_tables(rows, temporary)
        temporary.rename(folder / key)
        while done:
            yield read_tables(done.pop(0))
        yield rows
    yield from (read_tables(path) for path in done)


def _key(batch: Sequence[Input], model: str) -> str:
    content = json.dumps([VERSION, model, [(i.source, i.report_id, str(i.failure)) for i in batch]])
    return hashlib.sha256(content.encode()).hexdigest()[:24]


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
