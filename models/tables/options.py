"""What a line as found allows on its own: the placements of its values, before other lines are asked."""

from __future__ import annotations

from collections.abc import Sequence

from models.forms import Equation
from models.tables.match import FoundLine
from models.tables.place import Placement, joined, placements, satisfying, split, trimmed, with_one_lost
from models.tables.tokens import Piece

MIN_AGREEING = 5
"""Lines that must begin in one column before another is taken to begin there."""


def is_empty(line: FoundLine) -> bool:
    """Whether the line has its label and nothing else."""
    return not any(p.kind != "blank" or p.raw for p in line.values)


def has_glued(line: FoundLine) -> bool:
    """Whether digits of several cells stand in it with nothing between them."""
    return any(p.kind == "glued" for p in line.values)


def unplaceable(lines: Sequence[FoundLine]) -> set[int]:
    """Empty lines right above one with far more values than cells: whose values these are, nobody can tell."""
    found: set[int] = set()
    for i, line in enumerate(lines):
        if sum(p.kind == "value" for p in line.values) + line.loose >= len(line.line.cells) + 2:
            above = i - 1
            while above >= 0 and is_empty(lines[above]) and lines[above].line.table == line.line.table:
                found.add(above)
                above -= 1
    return found


def options_of(line: FoundLine, equations: Sequence[Equation], lines: Sequence[FoundLine]) -> list[Placement]:
    """Placements that the line's own sums allow; none where its values contradict them in every place."""
    width = len(line.line.cells)
    values = line.values
    if is_empty(line):
        return [] if line.loose else [Placement((None,) * width)]
    if has_glued(line):
        ways = split(values, width)
        return ways if len(ways) == 1 else satisfying(ways, line.line.cells, equations)
    if len(values) > width and (trims := trimmed(values, width)):
        return _trimmings(line, trims, lines, equations)
    if len(values) != width:
        values = [p for p in values if p.kind == "value" or p.raw]
    if len(values) == width:
        return [Placement(tuple(values))]
    if len(values) > width + 2:
        return _first_ones(values, width, line, equations)
    if len(values) > width:
        return satisfying([*placements(values, width), *joined(values, width)], line.line.cells, equations)
    return [] if line.loose else _fewer(line, values, equations)


def _fewer(line: FoundLine, values: Sequence[Piece], equations: Sequence[Equation]) -> list[Placement]:
    """Placements of too few values: blanks were lost, or else one number."""
    found = satisfying(placements(values, len(line.line.cells)), line.line.cells, equations)
    return found or with_one_lost(values, line.line.cells, equations)


def _trimmings(
    line: FoundLine, ways: list[tuple[int, int]], lines: Sequence[FoundLine], equations: Sequence[Equation]
) -> list[Placement]:
    """The line without its surplus empty cells: where its sums leave several ways, the usual one."""
    width = len(line.line.cells)
    options = {way: Placement(tuple(line.values[way[0] : way[0] + width])) for way in ways}
    if len(ways) == 1:
        return list(options.values())
    holding = satisfying(list(options.values()), line.line.cells, equations)
    left = [way for way in ways if options[way] in holding] or ways
    return [options[way] for way in _usual(left, line, lines)]


def _first_ones(values: Sequence[Piece], width: int, line: FoundLine, equations: Sequence[Equation]) -> list[Placement]:
    """Many values too many are those of a row whose label was lost: the first ones are this row's."""
    first = [Placement(tuple(values[:width]))]
    inner = any(set(e.total) | set(e.parts) <= set(line.line.cells) for e in equations)
    return satisfying(first, line.line.cells, equations) if inner else []


def _usual(ways: list[tuple[int, int]], line: FoundLine, lines: Sequence[FoundLine]) -> list[tuple[int, int]]:
    """Of several ways to trim, the one that begins in the column where the table's other lines begin.

    These must agree: all of them, with labels in several columns; else those with their label in the
    same column. All ways stay otherwise, for label columns may be shifted.
    """
    if len(ways) == 1:
        return ways
    begins: dict[int, list[int]] = {}
    for other in lines:
        width = len(other.line.cells)
        if other.line.table == line.line.table and len(other.values) >= width:
            only = trimmed(other.values, width)
            if len(only) == 1:
                begins.setdefault(other.labels[-1].column, []).append(other.values[only[0][0]].column)
    everywhere = [column for columns in begins.values() for column in columns]
    for columns in (everywhere if len(begins) > 1 else [], begins.get(line.labels[-1].column, [])):
        if len(columns) >= MIN_AGREEING and len(set(columns)) == 1:
            return [way for way in ways if line.values[way[0]].column == columns[0]] or ways
    return ways
