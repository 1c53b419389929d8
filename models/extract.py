"""One report, from its bytes to figures, cells and findings. The same code on every engine."""

from __future__ import annotations

from collections.abc import Sequence

from models.narrative.read import read_many
from models.readers.inputs import Input
from models.readers.registry import read_bytes
from models.reconciling.registry import reconcile
from models.schema.document import Document, Source
from models.schema.errors import DocumentError
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.schema.table import Cell
from models.structure.build import build_document
from models.tables.align import align
from models.tagger.tagger import Tagger

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


def extract_many(
    documents: Sequence[tuple[Document, tuple[Cell, ...]]], tagger: Tagger
) -> list[tuple[Extraction, list[Finding]]]:
    """Figures and findings of several documents; the tagger reads them together."""
    read = read_many([document for document, _ in documents], tagger)
    extractions = [
        Extraction(document, narrative.text, tuple(figures), cells)
        for (document, cells), (narrative, figures) in zip(documents, read, strict=True)
    ]
    return [(extraction, reconcile(extraction)) for extraction in extractions]
