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
from models.extract import extract_many
from models.readers.inputs import Input
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
            read.append((item, read_guarded(item)))
        except DocumentError as error:
            rows.extend(failure_row(item.source, error.stage, error))
        except Exception as error:
            log.exception("reading %r", item.source)
            rows.extend(failure_row(item.source, "internal", error))
    try:
        results = extract_many([document for _, document in read], tagger)
        made = Rows()
        for (item, _), (extraction, findings) in zip(read, results, strict=True):
            made.extend(report_rows(item, extraction, findings))
        rows.extend(made)
    except Exception as error:
        if len(read) <= 1:
            log.exception("extracting %r", [item.source for item, _ in read])
            rows.extend(failure_row(read[0][0].source, "internal", error))
        else:
            for item, _ in read:
                rows.extend(process([item], tagger))
    return rows
