"""Everything that is read from one report, before it is reconciled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from models.schema.document import Document
from models.schema.figure import Figure
from models.schema.table import Cell


@dataclass(frozen=True)
class Extraction:
    """A document with its running narrative, figures and cells.

    Attributes:
        narrative: running text in which `Figure.place` counts.
        cells: one for each cell of the form, in the form's order; empty without tables.
    """

    document: Document
    narrative: str
    figures: tuple[Figure, ...]
    cells: tuple[Cell, ...]

    @cached_property
    def cell(self) -> Mapping[str, Cell]:
        """Cells by id."""
        return {c.id: c for c in self.cells}
