"""What a reader must find for a cell, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from models.schema.document import Span
from models.schema.table import Cell
from models.tables.align import Aligned

Kind = Literal["printed", "blank", "dropped", "lost", "emptied", "missing"]
Judgement = Literal["right", "wrong", "open"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands in the source for a cell.

    Attributes:
        kind: printed; blank (the layout shows it); dropped (0 or blank, the layout lost the place);
            lost (damage took it); emptied (damage took it, the layout shows its place); missing (the
            row is not in the source).
        span: where the value is printed.
        complete: the line holds a piece for each of its columns.
        also: another value that the source allows as well as `value`.
    """

    kind: Kind
    value: Decimal | None = None
    span: Span | None = None
    unit: str | None = None
    complete: bool = True
    also: Decimal | None = None


def judge(expected: Expected, cell: Cell) -> Judgement:
    """Whether a cell is right, wrong though it is given, or left open.

    0 and blank are both right for a dropped blank, and for a 0 that was lost, for the sources are the
    same. Another lost value may be inferred; said to be blank or another number it is wrong. An emptied
    cell is blank to the eye: said so, or its number inferred, it is right.
    """
    if cell.status in ("ambiguous", "missing"):
        return "right" if expected.kind == "missing" == cell.status else "open"
    blank = cell.status == "blank"
    if expected.kind == "dropped" or (expected.kind == "lost" and expected.value == 0):
        return "right" if blank or cell.value == 0 else "wrong"
    if expected.kind == "blank":
        return "right" if blank else "open" if cell.value == 0 else "wrong"
    if expected.kind == "emptied" and blank:
        return "right"
    allowed = {expected.value, expected.value if expected.also is None else expected.also}
    return "right" if not blank and cell.value in allowed else "wrong"


def judge_all(truth: Mapping[str, Expected], aligned: Aligned | None) -> Iterator[tuple[str, Judgement, Cell | None]]:
    """Every cell of the form with its judgement; all are said to be missing where no table was found.

    A reader that found another form said nothing about the cells that this form alone has.
    """
    cells = {cell.id: cell for cell in aligned.cells} if aligned else {}
    for cell_id, expected in truth.items():
        cell = cells.get(cell_id)
        if cell is None:
            yield cell_id, "right" if expected.kind == "missing" else "open", None
        else:
            yield cell_id, judge(expected, cell), cell
