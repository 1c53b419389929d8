"""From the bytes of one report to its structure and its tables: everything before the tagger.

This needs no network's weights, so that a process of its own can do it within limits (`inference/reading.py`).
"""

from __future__ import annotations

from models.readers.inputs import Input
from models.readers.registry import read_bytes
from models.schema.document import Document, Source
from models.schema.errors import DocumentError
from models.schema.table import Cell
from models.structure.build import build_document
from models.tables.align import align

MIN_MENTIONS = 3
"""A text without title and tables that names 信息公开 less often is no report."""


def read_document(
    source: Source, *, agency: str | None = None, year: int | None = None
) -> tuple[Document, tuple[Cell, ...]]:
    """Tables aligned to their form, then the structure of what is around them."""
    aligned = align(source.text, source.grids)
    document = build_document(
        source,
        form=aligned.form if aligned else None,
        tables=aligned.spans if aligned else (),
        absent=aligned.absent if aligned else (),
        agency=agency,
        year=year,
    )
    return document, aligned.cells if aligned else ()


def read_report(item: Input) -> tuple[Document, tuple[Cell, ...]]:
    """Decode one input and read its structure and tables.

    Raises:
        DocumentError: it cannot be read, or is no report.
    """
    if item.failure is not None:
        raise item.failure
    source = read_bytes(item.data or b"", item.suffix)
    document, cells = read_document(source, agency=item.agency, year=item.year)
    if not cells and not document.title and source.text.count("信息公开") < MIN_MENTIONS:
        raise DocumentError("parse", "no report: neither its title, nor a statutory table, nor its subject is there")
    return document, cells
