"""One report, from its bytes to figures, cells and findings. The same code on every engine."""

from __future__ import annotations

from collections.abc import Sequence

from models.narrative.read import read_many
from models.reconciling.registry import reconcile
from models.schema.document import Document, Source
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.schema.table import Cell
from models.structure.build import build_document
from models.tables.align import align
from models.tagger.tagger import Tagger


def read_document(
    source: Source, *, agency: str | None = None, year: int | None = None
) -> tuple[Document, tuple[Cell, ...]]:
    """Tables aligned to their form, then the structure of what is around them."""
    aligned = align(source.text, source.grids)
    document = build_document(
        source,
        form=aligned.form if aligned else None,
        tables=aligned.spans if aligned else (),
        agency=agency,
        year=year,
    )
    return document, aligned.cells if aligned else ()


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
