"""Blank cells that a layout of one cell a line keeps as empty lines.

Between two cells stands the same number of line breaks throughout a table, its rhythm. Where a
multiple of it stands, blank cells do; they are believed only where they fill the line exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.schema.document import Span
from models.tables.match import FoundLine
from models.tables.tokens import Piece


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Line breaks of a table.

    Attributes:
        step: between two cells, and between a label and its first value.
        last: between the last value of a complete line and the label after it; None where no line is
            complete, so that `step` has to serve.
        labels: where the labels and headers of the table begin.
    """

    step: int
    last: int | None
    labels: frozenset[int]


def rhythms(text: str, lines: Sequence[FoundLine]) -> dict[str, Rhythm]:
    """The rhythm of each table that has one cell a line and a row with too few of them."""
    by_table: dict[str, list[FoundLine]] = {}
    for line in lines:
        if line.values and _one_a_line(line):
            by_table.setdefault(line.line.table, []).append(line)
    found: dict[str, Rhythm] = {}
    for table, group in by_table.items():
        if all(len(line.values) >= len(line.line.cells) for line in group):
            continue
        starts = frozenset(
            piece.span.start for line in lines if line.line.table == table for piece in (*line.headers, line.labels[0])
        )
        gaps = [(line, g) for line in group if (g := _gaps(text, line))]
        steps = [gap for _, g in gaps for gap in g[:-1]]
        complete = [g[-1] for line, g in gaps if len(line.values) == len(line.line.cells) and line.following in starts]
        if steps and min(steps) > 0:
            last = Counter(complete).most_common(1)[0][0] if complete else None
            found[table] = Rhythm(min(steps), last, starts)
    return found


def with_blank_lines(text: str, line: FoundLine, rhythm: Rhythm | None) -> list[Piece] | None:
    """The line's values with a blank piece for each empty line, where that fills it exactly."""
    width = len(line.line.cells)
    if rhythm is None or not line.values or len(line.values) >= width or not _one_a_line(line):
        return None
    gaps = _gaps(text, line)
    if gaps is None or any(gap % rhythm.step for gap in gaps[:-1]):
        return None
    counts = [gap // rhythm.step - 1 for gap in gaps[:-1]]
    counts.append(_trailing(gaps[-1], line, rhythm))
    return _filled(line, counts) if sum(counts) + len(line.values) == width else None


def _trailing(gap: int, line: FoundLine, rhythm: Rhythm) -> int:
    """Blanks after the last value; none are believed where the table ends with this line."""
    last = rhythm.step if rhythm.last is None else rhythm.last
    if line.following not in rhythm.labels or (gap - last) % rhythm.step:
        return 0
    return max(0, (gap - last) // rhythm.step)


def _one_a_line(line: FoundLine) -> bool:
    rows = [p.row for p in line.values]
    return len(set(rows)) == len(rows) and line.labels[-1].row not in rows


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
