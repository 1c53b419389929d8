"""From documents with their tables to figures and findings: what needs the tagger. The same code on every engine."""

from __future__ import annotations

from collections.abc import Sequence

from models.narrative.read import read_many
from models.reconciling.registry import reconcile
from models.schema.document import Document
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.schema.table import Cell
from models.tagger.tagger import Tagger


def extractions_of(documents: Sequence[tuple[Document, tuple[Cell, ...]]], tagger: Tagger) -> list[Extraction]:
    """Figures and cells of several documents; the tagger reads them together."""
    read = read_many([document for document, _ in documents], tagger)
    return [
        Extraction(document, narrative.text, tuple(figures), cells)
        for (document, cells), (narrative, figures) in zip(documents, read, strict=True)
    ]


def extract_many(
    documents: Sequence[tuple[Document, tuple[Cell, ...]]], tagger: Tagger
) -> list[tuple[Extraction, list[Finding]]]:
    """Figures and findings of several documents."""
    return [(extraction, reconcile(extraction)) for extraction in extractions_of(documents, tagger)]
