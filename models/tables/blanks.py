"""Blank cells that a layout of one cell a line keeps as empty lines.

Between two cells stands the same number of line breaks throughout a table. Where more stand, blank
cells do; they are believed only where they fill the line exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.schema.document import Span
from models.tables.match import FoundLine
from models.tables.tokens import Piece


@dataclass(frozen=True, slots=True)
class Gaps:
    """Usual line breaks from label to first value, between values, and from last value to what follows."""

    first: int
    between: int
    last: int


def usual_gaps(text: str, lines: Sequence[FoundLine]) -> dict[str, Gaps]:
    """Usual gaps of each table, from its complete lines; from the smallest ones where none is."""
    by_table: dict[str, list[FoundLine]] = {}
    for line in lines:
        if _one_a_line(line) and line.values:
            by_table.setdefault(line.line.table, []).append(line)
    usual: dict[str, Gaps] = {}
    for table, found in by_table.items():
        complete = [gaps for f in found if len(f.values) == len(f.line.cells) and (gaps := _gaps(text, f))]
        everything = complete or [gaps for f in found if (gaps := _gaps(text, f))]
        if everything:
            pick = _mode if complete else min
            usual[table] = Gaps(
                pick([g[0] for g in everything]),
                pick([x for g in everything for x in g[1:-1]] or [g[0] for g in everything]),
                pick([g[-1] for g in everything]),
            )
    return usual


def with_blank_lines(text: str, line: FoundLine, usual: Gaps | None) -> list[Piece] | None:
    """The line's values with a blank piece for each empty line, where that fills it exactly."""
    width = len(line.line.cells)
    if usual is None or not line.values or len(line.values) >= width or not _one_a_line(line):
        return None
    gaps = _gaps(text, line)
    if gaps is None:
        return None
    expected = [usual.first, *[usual.between] * (len(line.values) - 1), usual.last]
    for step in dict.fromkeys((usual.between, 1)):
        extra = [gap - base for gap, base in zip(gaps, expected, strict=True)]
        if all(e >= 0 and e % step == 0 for e in extra):
            counts = [e // step for e in extra]
            if sum(counts) + len(line.values) == width:
                return _filled(line, counts)
    return None


def _one_a_line(line: FoundLine) -> bool:
    rows = [p.row for p in line.values]
    return len(set(rows)) == len(rows) and (not rows or line.labels[-1].row not in rows)


def _gaps(text: str, line: FoundLine) -> list[int] | None:
    """Line breaks before each value and after the last; None where a label stands among the values."""
    ends = [line.labels[-1].span.end, *(p.span.end for p in line.values)]
    starts = [*(p.span.start for p in line.values), line.following]
    if any(start < end for start, end in zip(starts, ends, strict=True)):
        return None
    return [text.count("\n", end, start) for start, end in zip(starts, ends, strict=True)]


def _filled(line: FoundLine, counts: Sequence[int]) -> list[Piece]:
    filled: list[Piece] = []
    position = line.labels[-1].span.end
    for count, value in zip(counts, [*line.values, None], strict=True):
        filled += [Piece("blank", Span(position, position), "", row=line.labels[-1].row)] * count
        if value is not None:
            filled.append(value)
            position = value.span.end
    return filled


def _mode(values: Sequence[int]) -> int:
    return Counter(values).most_common(1)[0][0]
