"""What a crawl or a page does to whole tables: repeated lines taken out, the end cut off, rows numbered in a column.

Each of these makes other numbers of a table look like values, or lost values like blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from models.tables.columns import n_cells
from models.tables.match import FoundLine
from models.tables.tokens import Piece, is_shown
from models.tables.vocabulary import FormLine

MIN_LINES = 20
"""So many lines of a form, headers and labels and values, always hold some twice: 信息内容, 总计, 0."""
MIN_NUMBERED = 4
"""So many rows whose first numbers rise from row to row are numbered."""


def without_numbering(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without the numbers of rows: those before the label in its layout row that rise from row to row."""
    runs: list[list[int]] = [[]]
    for i, (piece, after) in enumerate(pairwise(pieces)):
        if after.kind == "text" and piece.value is not None and piece.row == after.row and _is_first(pieces, i):
            if runs[-1] and (pieces[runs[-1][-1]].value or 0) >= piece.value:
                runs.append([])
            runs[-1].append(i)
    numbers = {i for run in runs if len(run) >= MIN_NUMBERED for i in run}
    return [piece for i, piece in enumerate(pieces) if i not in numbers]


def _is_first(pieces: Sequence[Piece], at: int) -> bool:
    """Whether nothing but empty cells stands before a piece in its layout row."""
    before = takewhile(lambda p: p.row == pieces[at].row, (pieces[k] for k in range(at - 1, -1, -1)))
    return not any(map(is_shown, before))


def without_codes(lines: Sequence[FoundLine]) -> None:
    """Take away a column of codes after the labels: 01, 02, 10, which rise from row to row."""
    firsts = [next((p for p in line.values if is_shown(p)), None) for line in lines]
    found = [p.value for p in firsts if p is not None and p.value is not None]
    shown = [p for p in firsts if p is not None]
    coded = len(found) == len(shown) > MIN_NUMBERED and re.match(r"0\d", shown[0].raw)
    if coded and all(a < b for a, b in pairwise(found)):
        for line, first in zip(lines, firsts, strict=True):
            line.values = [p for p in line.values if p is not first]


def refuse_deduplicated(lines: Sequence[FoundLine], pieces: Sequence[Piece], inside: Sequence[bool]) -> None:
    """Where no line of the tables stands twice, repeated ones were taken out: a short row has lost anything."""
    words = [p for p, belongs in zip(pieces, inside, strict=True) if belongs and p.raw]
    alone = len({p.row for p in words}) == len(words)
    if alone and len(words) >= MIN_LINES and len({p.raw for p in words}) == len(words):
        for line in lines:
            line.refused = line.refused or _is_short(line)


def refuse_cut(lines: Sequence[FoundLine], order: Sequence[FormLine], end: int) -> None:
    """Where the text ends within a table, the rest of its last row may have been anything.

    Args:
        lines: in reading order.
        order: of the form.
        end: number of pieces of the text.
    """
    last = max(lines, key=lambda line: line.end, default=None)
    if last is not None and last.end == end and last.line is not order[-1] and not last.line.across:
        last.refused = last.refused or _is_short(last)


def _is_short(line: FoundLine) -> bool:
    return sum(map(n_cells, line.values)) < len(line.line.cells)
