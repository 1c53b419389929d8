"""Inputs to rows: the per-report work, the same on every engine.

What goes wrong with one report costs that report only: it becomes a row of failures.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import torch

from inference.reading import Report, read_guarded
from inference.rows import Rows, failure_row, report_rows
from models.extract import extractions_of
from models.readers.inputs import Input
from models.reconciling.registry import reconcile
from models.schema.errors import DocumentError
from models.tagger.tagger import Tagger

log = logging.getLogger("gouji")
COLLECT_AFTER = 50_000
"""New objects between two looks of the garbage collector; a report makes some thousands, hardly any in circles."""

_reader = ThreadPoolExecutor(1, "reader")
"""The thread that waits for the process that reads, which ends with it: always the same one."""


def settle() -> None:
    """Call before the first batch: one thread, and the collector does not look again at what was loaded once.

    Several threads wait for each other at every matrix product, which is worse than useless where other work is on the
    cores; processes (`workers`) do not.
    """
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)


class Parsed(NamedTuple):
    """A batch before the tagger: what was read, and the rows of what could not be."""

    reports: list[tuple[Input, Report]]
    rows: Rows


def process(items: Sequence[Input], tagger: Tagger) -> Rows:
    """Rows of a batch of inputs."""
    return finish(_reader.submit(parse, items).result(), tagger)


def overlapped(batches: Iterable[Sequence[Input]], tagger: Tagger) -> Iterator[Rows]:
    """Rows of each batch, in their order; while the tagger is at one, the process that reads is at the next."""
    before: Future[Parsed] | None = None
    for batch in batches:
        following = _reader.submit(parse, batch)
        if before is not None:
            yield finish(before.result(), tagger)
        before = following
    if before is not None:
        yield finish(before.result(), tagger)


def parse(items: Sequence[Input]) -> Parsed:
    """Read a batch, one input after the other."""
    parsed = Parsed([], Rows())
    for item in items:
        try:
            parsed.reports.append((item, read_guarded(item, parsed.rows.stages)))
        except DocumentError as error:
            parsed.rows.extend(failure_row(item, error.stage, error))
        except Exception as error:
            log.exception("reading %r", item.source)
            parsed.rows.extend(failure_row(item, "internal", error))
    return parsed


def finish(parsed: Parsed, tagger: Tagger) -> Rows:
    """Rows of a batch that was read; the tagger reads all of it at once."""
    reports, rows = parsed
    try:
        with rows.stages.time("narrative", len(reports)):
            extractions = extractions_of([report for _, report in reports], tagger)
        with rows.stages.time("reconciling", len(reports)):
            findings = [reconcile(extraction) for extraction in extractions]
        made = Rows()
        with rows.stages.time("writing"):
            for (item, _), extraction, own in zip(reports, extractions, findings, strict=True):
                made.extend(report_rows(item, extraction, own))
        rows.extend(made)
    except Exception as error:
        if len(reports) <= 1:
            log.exception("extracting %r", [item.source for item, _ in reports])
            rows.extend(failure_row(reports[0][0], "internal", error))
        else:
            for report in reports:
                rows.extend(finish(Parsed([report], Rows()), tagger))
    return rows
