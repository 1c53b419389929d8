"""From the bytes of one report to its structure and its tables: everything before the tagger.

This needs no network's weights, so that a process of its own can do it within limits (`inference/reading.py`).
"""

from __future__ import annotations

from models.numerals import simplified
from models.readers.inputs import Input, limit_of
from models.readers.registry import kind_of, read_bytes
from models.schema.document import Document, Source
from models.schema.errors import DocumentError
from models.schema.table import Cell
from models.structure.build import build_document
from models.tables.align import Aligned, align

MIN_MENTIONS = 3
"""A text without title and tables that names 信息公开 less often is no report."""


def read_document(
    source: Source, *, agency: str | None = None, year: int | None = None
) -> tuple[Document, tuple[Cell, ...]]:
    """Tables aligned to their form, then the structure of what is around them."""
    return around(source, align(source.text, source.grids), agency=agency, year=year)


def around(
    source: Source, aligned: Aligned | None, *, agency: str | None = None, year: int | None = None
) -> tuple[Document, tuple[Cell, ...]]:
    """The structure of what is around the tables."""
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
    source = source_of(item)
    return report_of(item, source, align(source.text, source.grids))


def source_of(item: Input) -> Source:
    """Decode one input.

    Raises:
        DocumentError: it cannot be read.
    """
    if item.failure is not None:
        raise item.failure
    data = item.data or b""
    limit = limit_of(kind_of(data, item.suffix))
    if len(data) > limit:
        raise DocumentError("read", f"{len(data)} bytes; the limit is {limit}")
    return read_bytes(data, item.suffix)


def report_of(item: Input, source: Source, aligned: Aligned | None) -> tuple[Document, tuple[Cell, ...]]:
    """The structure and tables of an input that was decoded.

    Raises:
        DocumentError: it is no report.
    """
    document, cells = around(source, aligned, agency=item.agency, year=item.year)
    if not cells and not document.title and simplified(source.text).count("信息公开") < MIN_MENTIONS:
        raise DocumentError("parse", "no report: neither its title, nor a statutory table, nor its subject is there")
    return document, cells
