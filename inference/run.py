"""`gouji run`: every input to rows, tables and pages; resumes what was interrupted.

Work is cut into batches, each of which is kept when it is read (`parts.py`). When all are there, a second pass holds
the years of each agency against each other and puts tables and pages together, batch by batch, so that memory does not
grow with the run.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import pkgutil
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import transformers

import configs
import inference.engines
import models
from inference.copies import Copies
from inference.files import only_run, write_whole
from inference.panel import Panel
from inference.parts import Parts, batched, remove
from inference.reading import inputs_guarded
from inference.rows import PART_SCHEMAS
from inference.sinks.html import page_name, remove_pages, write_index, write_pages
from inference.sinks.parquet import open_tables, read_tables
from inference.stages import Stages
from inference.totals import Totals
from models.readers.inputs import OUTPUTS, Input, Skipped, find_paths
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, Tagger, checkpoint_digest, resolve_device

log = logging.getLogger("gouji")
VERSION = "0.1.0"
KEPT = ".kept"
"""The batches of a run that had failures, for `only_failures`; any other run into the folder removes it."""
SOURCES = tuple(
    (Path(package.__path__[0]), pattern)
    for package, pattern in ((models, "**/*.py"), (inference, "**/*.py"), (configs, "**/*.yaml"))
)
"""What makes rows, beside the checkpoint and the libraries: folders, and the files that count there."""
SMALL = 64 * 2**20
"""Bytes of a checkpoint's files that are no weights; a larger one is left by its training."""
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
        only_failures: whether the reports of the last run are taken from it, and only what is none is read.
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
        ConfigError: an option or input name is wrong, or another run works in the folder; nothing was done then.
        OSError: a file cannot be written, which it names; what was read so far is kept.
    """
    _check(names, out, settings)
    paths = find_paths(names, without=[out.resolve() / name for name in OUTPUTS])
    with only_run(out):
        return _run(paths, out, settings, progress)


def _run(paths: Sequence[Path], out: Path, settings: RunSettings, progress: Progress) -> Totals:
    started = time.time()
    folder, kept = out / ".parts", out / KEPT
    if settings.fresh:
        remove(folder)
    if settings.only_failures and kept.is_dir():
        kept.rename(folder)
    remove(kept)
    totals, skipped, copies, panel = Totals(), Counter[str](), Copies(), Panel()
    items = _without_skipped(_timed(inputs_guarded(paths), totals.stages), skipped)
    version = rows_version(Path(settings.model))
    parts = Parts(folder, version, only_failures=settings.only_failures, stages=totals.stages)
    engine = importlib.import_module(f"inference.engines.{settings.engine}").run
    engine = partial(engine, model=settings.model, device=settings.device, workers=settings.workers)
    folders: list[Path] = []
    reports = failures = 0
    for part, rows, read in parts.of(batched(copies.without(items)), engine):
        folders.append(part)
        panel.add(rows)
        totals.stages.add(rows.stages)
        totals.read += read
        reports, failures = reports + len(rows.reports), failures + len(rows.failures)
        progress(reports, failures)
    totals.found, totals.copies = reports + failures - totals.read, copies.number
    _put_together(folders, out, panel, copies, totals, html=settings.html)
    _write_record(totals, out, settings, skipped, time.time() - started)
    if failures:
        parts.remove_others(folders)
        folder.rename(kept)
    remove(folder)
    return totals


def rows_version(model: Path) -> str:
    """Changes with what makes rows of inputs: the code, its settings, and every file of the checkpoint."""
    digest = hashlib.sha256(f"{VERSION} {checkpoint_digest(model)}".encode())
    for folder, pattern in (*SOURCES, (model, "*")):
        for path in sorted(folder.glob(pattern)):
            if path.suffix != ".safetensors" and path.is_file() and path.stat().st_size <= SMALL:
                digest.update(f"{path.relative_to(folder)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _timed(items: Iterator[Input | Skipped], stages: Stages) -> Iterator[Input | Skipped]:
    while True:
        with stages.time("inputs"):
            item = next(items, None)
        if item is None:
            return
        stages.inputs["inputs"] += 1
        yield item


def _put_together(
    parts: Sequence[Path], out: Path, panel: Panel, copies: Copies, totals: Totals, *, html: bool
) -> None:
    stages = totals.stages
    pages: set[str] = set()
    with open_tables(out) as tables:
        for part in parts:
            with stages.time("batches"):
                rows = read_tables(part, PART_SCHEMAS)
            with stages.time("years", len(rows.reports)):
                panel.check(rows)
            copies.add_to(rows)
            totals.add(rows)
            with stages.time("writing", len(rows.reports) + len(rows.failures)):
                if html:
                    write_pages(rows, out, panel)
                    pages.update(page_name(row["report_id"]) for row in rows.reports)
                tables.write(rows)
    remove_pages(out, pages)
    if html:
        write_index(totals, out)


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
    importlib.import_module(f"inference.engines.{settings.engine}")
    Tagger.load(settings.model, "cpu")


def _without_skipped(items: Iterator[Input | Skipped], skipped: Counter[str]) -> Iterator[Input]:
    """The inputs; what is no report by its kind is counted and named in the log."""
    for item in items:
        if isinstance(item, Input):
            yield item
        else:
            skipped[item.why] += 1
            log.info("skipped %r: %s", item.source, item.why)


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
        "stages": totals.stages.record(),
        "inputs": {"read": totals.read, "found": totals.found, "copies": totals.copies},
        "reports": totals.rows["reports"],
        "failures": totals.rows["failures"],
        "skipped": skipped,
        "figures": totals.rows["figures"],
        "cells": dict(totals.statuses),
        "findings": {f"{check} {verdict}": n for (check, verdict), n in totals.checks.items()},
    }
    write_whole(out / "run.json", json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
