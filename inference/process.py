"""Inputs to rows: the per-report work, the same on every engine.

What goes wrong with one report costs that report only: it becomes a row of failures.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence

import torch

from inference.reading import read_guarded
from inference.rows import Rows, failure_row, report_rows
from models.extract import extractions_of
from models.readers.inputs import Input
from models.reconciling.registry import reconcile
from models.schema.document import Document
from models.schema.errors import DocumentError
from models.schema.table import Cell
from models.tagger.tagger import Tagger

log = logging.getLogger("gouji")
COLLECT_AFTER = 50_000
"""New objects between two looks of the garbage collector; a report makes some thousands, hardly any in circles."""


def settle() -> None:
    """Call before the first batch: one thread, and the collector does not look again at what was loaded once.

    Several threads wait for each other at every matrix product, which is worse than useless where other work is on the
    cores; processes (`workers`) do not.
    """
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)


def process(items: Sequence[Input], tagger: Tagger) -> Rows:
    """Rows of a batch of inputs; the tagger reads the whole batch at once."""
    rows = Rows()
    read: list[tuple[Input, tuple[Document, tuple[Cell, ...]]]] = []
    for item in items:
        try:
            read.append((item, read_guarded(item, rows.stages)))
        except DocumentError as error:
            rows.extend(failure_row(item, error.stage, error))
        except Exception as error:
            log.exception("reading %r", item.source)
            rows.extend(failure_row(item, "internal", error))
    try:
        with rows.stages.time("narrative", len(read)):
            extractions = extractions_of([document for _, document in read], tagger)
        with rows.stages.time("reconciling", len(read)):
            findings = [reconcile(extraction) for extraction in extractions]
        made = Rows()
        with rows.stages.time("writing"):
            for (item, _), extraction, own in zip(read, extractions, findings, strict=True):
                made.extend(report_rows(item, extraction, own))
        rows.extend(made)
    except Exception as error:
        if len(read) <= 1:
            log.exception("extracting %r", [item.source for item, _ in read])
            rows.extend(failure_row(read[0][0], "internal", error))
        else:
            for item, _ in read:
                rows.extend(process([item], tagger))
    return rows
