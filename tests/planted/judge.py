"""What a reader must find for a cell, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from models.schema.document import Span
from models.schema.table import Cell

Kind = Literal["printed", "blank", "dropped", "lost", "missing"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands in the source for a cell.

    Attributes:
        kind: printed; blank (the layout shows it); dropped (0 or blank, the layout lost the place);
            lost (damage took it); missing (the row is not in the source).
        span: where the value is printed.
        complete: the line holds a piece for each of its columns.
    """

    kind: Kind
    value: Decimal | None = None
    span: Span | None = None
    unit: str | None = None
    complete: bool = True


Judgement = Literal["right", "wrong", "open"]


def judge(expected: Expected, cell: Cell) -> Judgement:
    """Whether a cell is right, wrong though it is given, or left open.

    0 and blank are both right for a dropped blank. A lost value may be inferred; said to be blank or
    another number it is wrong.
    """
    if cell.status in ("ambiguous", "missing"):
        return "right" if expected.kind == "missing" == cell.status else "open"
    if expected.kind == "dropped":
        return "right" if cell.status == "blank" or cell.value == 0 else "wrong"
    if expected.kind == "blank":
        return "right" if cell.status == "blank" else "open" if cell.value == 0 else "wrong"
    return "right" if cell.value == expected.value and cell.status != "blank" else "wrong"
