"""Cells of the form as found in a report."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from models.schema.document import Span

Status = Literal["printed", "blank", "inferred", "ambiguous", "missing"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the form.

    Attributes:
        id: `table.row.column`.
        value: in `unit`; None where blank, missing, or where several values fit.
        unit: as printed in the cell or its header, else the form's own; None for plain counts.
        confidence: in [0, 1].
        span: of the printed value, or of the row's label where no one place is its own.
    """

    id: str
    value: Decimal | None
    unit: str | None
    status: Status
    confidence: float
    span: Span | None
