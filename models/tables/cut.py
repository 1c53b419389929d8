"""Ways to cut digits that stand glued, `1200003` for seven cells, into the numbers of a line.

Every cell takes the next few digits as a number without leading zeros, or is lost where the layout leaves blanks
out. The sums that the cells from one place on can make are found from the last cell backwards, each place in the
digits once; then only the ways whose sums hold are walked. So none is missed, and none is tried in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache, cached_property
from itertools import islice

from models.forms import Equation
from models.numerals import fold
from models.schema.document import Span
from models.tables.place import Placement
from models.tables.tokens import Piece

MAX_WORK = 100_000
"""Additions beyond which nothing is said about a line: some hundredths of a second."""
MAX_WAYS = 2_000
"""Ways whose sums hold, beyond which nothing is said."""
NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,11})(?:\.\d{1,2})?")
CENTS = 100
FIELD = 64
"""Bits of one sum in the integer that holds all sums of a line."""
HALF = 1 << FIELD - 1
Place = tuple[int, int]
"""A piece and how many of its characters are taken."""


def split(values: Sequence[Piece], cells: Sequence[str], sums: Sequence[Equation], *, drops: bool) -> list[Placement]:
    """Ways to cut runs of glued digits into numbers that satisfy the line's own sums.

    Args:
        values: pieces of the line, glued ones among them.
        cells: of the line.
        sums: the line's own.
        drops: the layout leaves blanks out: then there may be fewer numbers than cells.

    Returns:
        Those whose sums hold; where no sum speaks of the line, the only way if there is one. Nothing where
        they are too many.
    """
    drops = drops and len(cells) > 1
    if drops and not sums:
        return []
    ways = _Cuts(values, cells, sums, drops=drops).ways()
    found = {way.numbers: way for way in reversed(list(islice(ways, MAX_WAYS + 1)))}
    return list(found.values()) if len(found) <= (MAX_WAYS if sums else 1) else []


class _Cuts:
    """The ways of one line."""

    def __init__(self, values: Sequence[Piece], cells: Sequence[str], sums: Sequence[Equation], *, drops: bool) -> None:
        self._values, self._width, self._drops = values, len(cells), drops
        self._digits = [fold(piece.raw) for piece in values]
        self._end = (len(values), 0)
        signs = [[(c in e.total) - (c in e.parts) for e in sums] for c in cells]
        self._weights = [sum(sign << n * FIELD for n, sign in enumerate(of_cell)) for of_cell in signs]
        """What one more in a cell adds to the sums."""
        self._bias = sum(HALF << n * FIELD for n in range(len(sums)))
        negative = any("-" in digits for digits in self._digits)
        before = [signs[:k] for k in range(len(cells))]
        self._allowed = [[_allowed({s[n] for s in rows}, negative) for n in range(len(sums))] for rows in before]
        self._next = cache(self._steps)

    def ways(self) -> Iterator[Placement]:
        """Every way whose sums hold; none where they are too many to find them."""
        for pieces in self._walk((0, 0), 0, 0):
            yield Placement(pieces)

    def _walk(self, place: Place, k: int, needed: int) -> Iterator[tuple[Piece | None, ...]]:
        """Pieces of the cells from the k-th on that make the sums that are needed."""
        if k == self._width:
            yield ()
            return
        for piece, number, after in self._next(place):
            rest = needed - self._weights[k] * number
            if rest in self._tails[k + 1].get(after, ()):
                yield from ((piece, *others) for others in self._walk(after, k + 1, rest))

    @cached_property
    def _tails(self) -> list[dict[Place, set[int]]]:
        """For each cell and place in the digits, the sums that the cells from there on make of all that is left.

        Empty where that is too much work.
        """
        sizes = [len(self._digits[i]) if piece.kind == "glued" else 1 for i, piece in enumerate(self._values)]
        places = [*((i, at) for i, size in enumerate(sizes) for at in range(size)), self._end]
        tails: list[dict[Place, set[int]]] = [{} for _ in range(self._width)] + [{self._end: {0}}]
        work = 0
        for k in range(self._width - 1, -1, -1):
            for place in places:
                found: set[int] = set()
                for _, number, after in self._next(place):
                    if rests := tails[k + 1].get(after):
                        work += len(rests)
                        added = self._weights[k] * number
                        found |= {rest + added for rest in rests}
                if work > MAX_WORK:
                    return [{} for _ in tails]
                if found := self._within(found, k):
                    tails[k][place] = found
        return tails

    def _steps(self, place: Place) -> list[tuple[Piece | None, int, Place]]:
        """What the next cell may hold, its number in hundredths, and where the cell after it goes on."""
        i, start = place
        found: list[tuple[Piece | None, int, Place]] = []
        if i < len(self._values):
            piece, digits = self._values[i], self._digits[i]
            if piece.kind != "glued":
                found.append((piece, int((piece.value or 0) * CENTS), (i + 1, 0)))
            for end in range(start + 1, len(digits) + 1) if piece.kind == "glued" else ():
                if NUMBER.fullmatch(digits, start, end):
                    span, words = Span(piece.span.start + start, piece.span.start + end), digits[start:end]
                    part = piece._replace(kind="value", span=span, raw=words, value=Decimal(words))
                    found.append((part, int(Decimal(words) * CENTS), (i, end) if end < len(digits) else (i + 1, 0)))
        return [*found, (None, 0, place)] if self._drops else found

    def _within(self, found: set[int], k: int) -> set[int]:
        """The sums that the cells before the k-th can still bring to zero."""
        for n, (low, high) in enumerate(self._allowed[k]):
            shift = n * FIELD
            found = {s for s in found if low <= (s + self._bias >> shift & 2 * HALF - 1) - HALF <= high}
        return found


def _allowed(signs: set[int], negative: bool) -> tuple[int, int]:
    """Between what a sum must be, where numbers are yet to come with these signs, negative ones perhaps."""
    rises, falls = 1 in signs, -1 in signs
    if negative and (rises or falls):
        rises = falls = True
    return -HALF if rises else 0, HALF if falls else 0
