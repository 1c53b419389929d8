"""Inputs to rows: the per-report work, the same on every engine.

What goes wrong with one report costs that report only: it becomes a row of failures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from inference.rows import Rows, failure_row, report_rows
from models.extract import extract_many, read_document
from models.readers.inputs import Input
from models.readers.registry import read_bytes
from models.schema.document import Document
from models.schema.errors import DocumentError
from models.schema.table import Cell
from models.tagger.tagger import Tagger

MIN_MENTIONS = 3
"""A text without title and tables that names 信息公开 less often is no report."""

log = logging.getLogger("gouji")


def process(items: Sequence[Input], tagger: Tagger) -> Rows:
    """Rows of a batch of inputs; the tagger reads the whole batch at once."""
    rows = Rows()
    read: list[tuple[Input, tuple[Document, tuple[Cell, ...]]]] = []
    for item in items:
        try:
            read.append((item, _read(item)))
        except DocumentError as error:
            rows.extend(failure_row(item.source, error.stage, error))
        except Exception as error:
            log.exception("reading %r", item.source)
            rows.extend(failure_row(item.source, "internal", error))
    try:
        results = extract_many([document for _, document in read], tagger)
        for (item, _), (extraction, findings) in zip(read, results, strict=True):
            rows.extend(report_rows(item, extraction, findings))
    except Exception as error:
        if len(read) <= 1:
            log.exception("extracting %r", [item.source for item, _ in read])
            rows.extend(failure_row(read[0][0].source, "internal", error))
        else:
            for item, _ in read:
                rows.extend(process([item], tagger))
    return rows


def _read(item: Input) -> tuple[Document, tuple[Cell, ...]]:
    if item.failure is not None:
        raise item.failure
    source = read_bytes(item.data or b"", item.suffix)
    document, cells = read_document(source, agency=item.agency, year=item.year)
    if not cells and not document.title and source.text.count("信息公开") < MIN_MENTIONS:
        raise DocumentError("parse", "no report: neither its title, nor a statutory table, nor its subject is there")
    return document, cells
