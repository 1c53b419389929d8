"""Ruling lines to the cells of tables: a cell is what no line divides, so that merged cells come by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from models.readers.pdf_page import Box

SNAP = 3.0
"""Points within which lines are one, and ends meet."""
COVERED = 0.6
"""Share of a side that a line must cover to divide two cells."""
SOME = 0.2
"""Share of the side of a table that is ruled at least where the side is not open by design."""
MAX_MESH = 40_000
"""Meshes of the grid that all lines of a table span."""
MAX_PAIRS = 400_000
"""Pairs of a horizontal and a vertical line beyond which a page is a drawing."""


class Rule(NamedTuple):
    """A horizontal or vertical line: its position across, and its extent along."""

    position: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RuledCell:
    """Rows and columns that a cell takes, and its place on the page.

    Attributes:
        closed: no line is missing at the side of the table; where some of that side is ruled, an empty place
            without its line is no cell.
    """

    row: int
    column: int
    rowspan: int
    colspan: int
    box: Box
    closed: bool = True


@dataclass(frozen=True, slots=True)
class RuledTable:
    """Cells in reading order, and the positions of the sides of all columns and rows."""

    box: Box
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[RuledCell, ...]


def ruled_tables(rules: Sequence[Box]) -> list[RuledTable]:
    """Tables of two cells or more; an open side is closed where the other lines end."""
    across = _merged([Rule((r.top + r.bottom) / 2, r.x0, r.x1) for r in rules if r.x1 - r.x0 >= r.bottom - r.top])
    down = _merged([Rule((r.x0 + r.x1) / 2, r.top, r.bottom) for r in rules if r.x1 - r.x0 < r.bottom - r.top])
    if len(across) * len(down) > MAX_PAIRS:
        return []
    tables = [_table(h, v) for h, v in _components(across, down) if len(h) > 1 and v]
    return [t for t in tables if t is not None and len(t.cells) > 1]


def _merged(rules: list[Rule]) -> list[Rule]:
    """Lines within `SNAP` at one position, and pieces of one line as one."""
    snapped: list[list[Rule]] = []
    for rule in sorted(rules):
        if snapped and rule.position - snapped[-1][0].position <= SNAP:
            snapped[-1].append(rule)
        else:
            snapped.append([rule])
    merged: list[Rule] = []
    for group in snapped:
        position = sum(r.position for r in group) / len(group)
        pieces: list[list[float]] = []
        for rule in sorted(group, key=lambda r: r.start):
            if pieces and rule.start - pieces[-1][1] <= SNAP:
                pieces[-1][1] = max(pieces[-1][1], rule.end)
            else:
                pieces.append([rule.start, rule.end])
        merged += (Rule(position, start, end) for start, end in pieces)
    return merged


def _components(across: list[Rule], down: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Lines that touch, directly or by others."""
    parent = list(range(len(across) + len(down)))
    for i, h in enumerate(across):
        for j, v in enumerate(down, len(across)):
            if h.start - SNAP <= v.position <= h.end + SNAP and v.start - SNAP <= h.position <= v.end + SNAP:
                parent[_root(parent, i)] = _root(parent, j)
    found: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i in range(len(parent)):
        group = found.setdefault(_root(parent, i), ([], []))
        if i < len(across):
            group[0].append(across[i])
        else:
            group[1].append(down[i - len(across)])
    return list(found.values())


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _table(across: list[Rule], down: list[Rule]) -> RuledTable | None:
    xs = _positions(down, [r.start for r in across], [r.end for r in across])
    ys = _positions(across, [r.start for r in down], [r.end for r in down])
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns > MAX_MESH:
        return None
    parent = list(range(rows * columns))
    by_x, by_y = _at(down, xs), _at(across, ys)
    for row in range(rows):
        for column in range(columns):
            here = row * columns + column
            if column + 1 < columns and not _divides(by_x[column + 1], ys[row], ys[row + 1]):
                parent[_root(parent, here)] = _root(parent, here + 1)
            if row + 1 < rows and not _divides(by_y[row + 1], xs[column], xs[column + 1]):
                parent[_root(parent, here)] = _root(parent, here + columns)
    found = sorted(_cells(parent, xs, ys), key=lambda c: (c.row, c.column))
    left, right = (_covers(by_x[side], ys[0], ys[-1], SOME) for side in (0, -1))
    cells = [
        replace(
            c,
            closed=not (
                (left and c.column == 0 and not _divides(by_x[0], c.box.top, c.box.bottom))
                or (right and c.column + c.colspan == columns and not _divides(by_x[-1], c.box.top, c.box.bottom))
            ),
        )
        for c in found
    ]
    return RuledTable(Box(xs[0], ys[0], xs[-1], ys[-1]), tuple(xs), tuple(ys), tuple(cells))


def _positions(rules: list[Rule], starts: list[float], ends: list[float]) -> list[float]:
    """Where lines stand, with the ends of the lines across them where these reach further."""
    found = sorted({r.position for r in rules})
    if starts and found and min(starts) < found[0] - 2 * SNAP:
        found.insert(0, min(starts))
    if ends and found and max(ends) > found[-1] + 2 * SNAP:
        found.append(max(ends))
    return found


def _at(rules: list[Rule], positions: list[float]) -> list[list[Rule]]:
    by_position: dict[float, list[Rule]] = {}
    for rule in rules:
        by_position.setdefault(rule.position, []).append(rule)
    return [by_position.get(p, []) for p in positions]


def _divides(rules: list[Rule], start: float, end: float) -> bool:
    return _covers(rules, start, end, COVERED)


def _covers(rules: list[Rule], start: float, end: float, share: float) -> bool:
    covered = sum(max(0.0, min(r.end, end) - max(r.start, start)) for r in rules)
    return covered >= share * (end - start)


def _cells(parent: list[int], xs: list[float], ys: list[float]) -> list[RuledCell]:
    """Meshes that nothing divides, as rectangles; what is none falls apart into its rows."""
    columns = len(xs) - 1
    groups: dict[int, list[tuple[int, int]]] = {}
    for i in range(len(parent)):
        groups.setdefault(_root(parent, i), []).append(divmod(i, columns))
    found: list[RuledCell] = []
    for meshes in groups.values():
        top, bottom = min(r for r, _ in meshes), max(r for r, _ in meshes)
        left, right = min(c for _, c in meshes), max(c for _, c in meshes)
        if len(meshes) == (bottom - top + 1) * (right - left + 1):
            found.append(_cell(top, bottom, left, right, xs, ys))
            continue
        for row in range(top, bottom + 1):
            found += (_cell(row, row, a, b, xs, ys) for a, b in _runs(sorted(c for r, c in meshes if r == row)))
    return found


def _cell(top: int, bottom: int, left: int, right: int, xs: list[float], ys: list[float]) -> RuledCell:
    box = Box(xs[left], ys[top], xs[right + 1], ys[bottom + 1])
    return RuledCell(top, left, bottom - top + 1, right - left + 1, box)


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    starts = [columns[0], *(b for a, b in pairwise(columns) if b > a + 1)] if columns else []
    ends = [*(a for a, b in pairwise(columns) if b > a + 1), columns[-1]] if columns else []
    return list(zip(starts, ends, strict=True))
