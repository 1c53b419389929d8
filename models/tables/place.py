"""Which column each value of a line belongs to, decided by the form's arithmetic.

A line with a value or blank for every column needs no decision. A line with fewer has lost cells:
what was lost is taken to have been blank, and a blank to stand for zero, which is how agencies fill
the form. Every order-preserving placement is tried against the line's own sums, and those that
remain against the sums over rows, all lines at once (`solve`). What is the same in every placement
that remains is known; the rest is ambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations

from models.forms import Equation
from models.schema.document import Span
from models.tables.tokens import LONE_BAR, Piece

MAX_PLACEMENTS = 7000
"""Placements of one line beyond which nothing is said about it."""
Numbers = tuple[Decimal, ...]


@dataclass(frozen=True)
class Placement:
    """One way to place the pieces of a line: for each cell its piece, None where it was lost.

    Attributes:
        lost: a value that is not in the source and follows from the line's own sum, by its cell.
    """

    pieces: tuple[Piece | None, ...]
    lost: tuple[int, Decimal] | None = None

    @cached_property
    def numbers(self) -> Numbers:
        """Values, with blank and lost as zero."""
        numbers = [Decimal(0) if p is None or p.value is None else p.value for p in self.pieces]
        if self.lost is not None:
            numbers[self.lost[0]] = self.lost[1]
        return tuple(numbers)


def trimmed(values: Sequence[Piece], width: int) -> list[tuple[int, int]]:
    """Ways (left, right) to drop surplus empty cells at the ends so that `width` pieces remain."""
    surplus = len(values) - width
    empty = [p.kind == "blank" and p.raw in ("", LONE_BAR) for p in values]
    return [
        (left, surplus - left)
        for left in range(surplus + 1)
        if all(empty[:left]) and all(empty[len(values) - surplus + left :])
    ]


def placements(values: Sequence[Piece], width: int) -> list[Placement]:
    """Order-preserving placements of the pieces in `width` cells; [] where there are too many."""
    n = len(values)
    if n == width:
        return [Placement(tuple(values))]
    found: dict[tuple[Decimal | None, ...], Placement] = {}
    for tried, chosen in enumerate(combinations(range(max(n, width)), min(n, width))):
        if tried >= MAX_PLACEMENTS:
            return []
        if n < width:
            cells: list[Piece | None] = [None] * width
            for piece, place in zip(values, chosen, strict=True):
                cells[place] = piece
        else:
            cells = [values[i] for i in chosen]
        key = tuple(None if p is None else p.value for p in cells)
        found.setdefault(key, Placement(tuple(cells)))
    return list(found.values())


def with_one_lost(values: Sequence[Piece], cells: Sequence[str], sums: Sequence[Equation]) -> list[Placement]:
    """Placements of a line that lacks one piece, whose number the line's own sums demand.

    For each place of the gap, an equation within the line that holds the cell gives its number; all of
    them must give the same, and no number below zero was lost.
    """
    if len(values) != len(cells) - 1:
        return []
    found = []
    for gap in range(len(cells)):
        pieces = (*values[:gap], None, *values[gap:])
        numbers = dict(zip(cells, Placement(pieces).numbers, strict=True))
        needed = {_needed(e, cells[gap], numbers) for e in sums if cells[gap] in e.cells}
        if len(needed) == 1 and (number := needed.pop()) >= 0:
            found.append(Placement(pieces, (gap, number)))
    return satisfying(found, cells, sums)


def _needed(equation: Equation, cell: str, numbers: Mapping[str, Decimal]) -> Decimal:
    """The number with which the equation holds, the cell itself being zero in `numbers`."""
    missing = sum(numbers[c] for c in equation.parts) - sum(numbers[c] for c in equation.total)
    return Decimal(missing if cell in equation.total else -missing)


def joined(left: Piece, right: Piece) -> Piece:
    """Two neighbours as one number: the space between them stands inside it."""
    digits = (left.raw + right.raw).replace(" ", "")
    span = Span(left.span.start, right.span.end)
    return left._replace(span=span, raw=f"{left.raw} {right.raw}", value=Decimal(digits))


def satisfying(options: Sequence[Placement], cells: Sequence[str], sums: Sequence[Equation]) -> list[Placement]:
    """The placements that satisfy the line's own sums; none where the line contradicts itself."""
    if not sums:
        return list(options)
    return [o for o in options if _all_hold(_readable(sums, cells, o), dict(zip(cells, o.numbers, strict=True)))]


def _readable(sums: Sequence[Equation], cells: Sequence[str], option: Placement) -> Sequence[Equation]:
    """The sums without those over cells that are not read."""
    unread = {c for c, p in zip(cells, option.pieces, strict=True) if p is not None and p.kind == "unread"}
    return [e for e in sums if unread.isdisjoint(e.cells)] if unread else sums


def _all_hold(sums: Sequence[Equation], numbers: Mapping[str, Decimal]) -> bool:
    return all(sum([numbers[c] for c in e.total]) == sum([numbers[c] for c in e.parts]) for e in sums)
