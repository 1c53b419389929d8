"""Tables without rules, or with horizontal ones only: columns from where stretches of type stand above each other.

A table is a run of lines with values apart from their labels. A line with values begins a row; lines of
labels alone belong to the row above or below, by list number, by ruling line, or to the nearer one.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from models.lines import NUMBERING
from models.numerals import fold
from models.readers.pdf_page import Box
from models.readers.type_lines import TypeLine, cell_text, stretches

VALUE = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?:万?元|[件条项])?|[/\-—–无]")
MIN_ROWS = 2
"""Lines with three stretches or more that make a table, one of them with values."""
MAX_BETWEEN = 8
"""Lines of labels that may stand between two lines with values."""
LONG = 44
"""Characters in one stretch beyond which a line is prose."""
HEADING = 8
"""Characters from which a numbered line (一、) that stands alone is a heading."""
WRAPPED = 1.55
"""Share of the font size within which baselines may be lines of one label."""
MAX_STRETCHES = 6_000
"""Stretches of a page beyond which no table is looked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a line, and the columns [first, last] that it stands over."""

    line: TypeLine
    text: str
    value: bool
    first: int = 0
    last: int = 0


Row = list[Stretch]


@dataclass(frozen=True, slots=True)
class LooseCell:
    """A cell with its text; it takes one row."""

    row: int
    column: int
    colspan: int
    text: str


@dataclass(frozen=True, slots=True)
class LooseTable:
    """A table from type alone.

    Attributes:
        first: of the lines of the page that it takes.
        last: the line after them.
        columns: where they begin and end.
        labels: how many columns at the left hold labels.
    """

    first: int
    last: int
    box: Box
    columns: tuple[tuple[float, float], ...]
    labels: int
    cells: tuple[LooseCell, ...]


def loose_tables(
    lines: Sequence[TypeLine], rules: Sequence[float], before: LooseTable | None = None
) -> list[LooseTable]:
    """Tables among the lines of a page.

    Args:
        lines: lines outside ruled tables, from top to bottom.
        rules: heights of horizontal lines, which part rows.
        before: the table that the page before ends with; it may go on here, with the same columns of values.
    """
    rows = [[_stretch(s) for s in stretches(line)] for line in lines]
    if sum(map(len, rows)) > MAX_STRETCHES:
        return []
    found: list[LooseTable] = []
    for first, last in _runs(rows, goes_on=before is not None):
        found.append(_table(rows[first:last], first, sorted(rules), before if first == 0 else None))
    return found


def _stretch(line: TypeLine) -> Stretch:
    text = line.text
    return Stretch(line, text, VALUE.fullmatch(fold(text).replace(" ", "")) is not None)


def _tabular(row: Row) -> bool:
    """A label and values, or three stretches."""
    return len(row) > 2 or (len(row) == 2 and row[1].value and not row[0].value)


def _runs(rows: Sequence[Row], *, goes_on: bool) -> Iterator[tuple[int, int]]:
    """Ranges of lines from the first of a table to its last one with values."""
    start: int | None = 0 if goes_on else None
    end = 0
    for i, row in enumerate(rows):
        if _tabular(row) or (start is not None and any(s.value for s in row)):
            start = i if start is None else start
            end = i + 1
        elif start is not None and (i - end >= MAX_BETWEEN or _prose(row)):
            yield from _checked(rows, start, end, goes_on=goes_on)
            start = None
    if start is not None:
        yield from _checked(rows, start, end, goes_on=goes_on)


def _prose(row: Row) -> bool:
    heading = len(row) == 1 and len(row[0].text) >= HEADING and NUMBERING.match(row[0].text)
    return any(len(s.text) > LONG or s.text.endswith("。") for s in row) or bool(heading and heading["top"])


def _checked(rows: Sequence[Row], start: int, end: int, *, goes_on: bool) -> Iterator[tuple[int, int]]:
    while end > start and not any(s.value for s in rows[end - 1]):
        end -= 1
    while start > 0 and len(rows[start - 1]) == 2 and not _prose(rows[start - 1]):
        start -= 1
    many = [row for row in rows[start:end] if len(row) > 2]
    enough = 1 if goes_on and start == 0 else MIN_ROWS
    if len(many) >= enough and any(sum(s.value for s in row) > 1 for row in many):
        yield start, end


def cells_between(lines: Sequence[TypeLine], xs: Sequence[float], ys: Sequence[float]) -> list[LooseCell]:
    """Cells of a table whose columns are ruled and whose rows are not, or not all of them."""
    columns = list(pairwise(xs))
    rows = [[_stretch(s) for part in _cut(line, xs) for s in stretches(part)] for line in lines]
    return _cells(rows, columns, _label_columns(_all_placed(rows, columns)), sorted(ys))


def _cut(line: TypeLine, xs: Sequence[float]) -> Iterator[TypeLine]:
    for _, glyphs in groupby(line.glyphs, key=lambda g: bisect(xs, g.middle[0])):
        group = tuple(glyphs)
        if any(not g.text.isspace() for g in group):
            yield TypeLine(group, group[0].x0, group[-1].x1, line.base, line.size)


def _table(rows: Sequence[Row], first: int, rules: Sequence[float], before: LooseTable | None) -> LooseTable:
    known = before.columns[before.labels :] if before else ()
    columns = _columns(rows, known)
    beside = sum(b <= known[0][0] for _, b in columns) if known else 0
    labels = beside if known else _label_columns(_all_placed(rows, columns))
    cells = _cells(rows, columns, labels, rules)
    lines = [s.line for row in rows for s in row]
    box = Box(min(x.x0 for x in lines), lines[0].top, max(x.x1 for x in lines), lines[-1].base)
    return LooseTable(first, first + len(rows), box, tuple(columns), labels, tuple(cells))


def _all_placed(rows: Sequence[Row], columns: Sequence[tuple[float, float]]) -> list[Row]:
    return [[_placed(s, columns) for s in row] for row in rows]


def _cells(
    rows: Sequence[Row], columns: Sequence[tuple[float, float]], labels: int, rules: Sequence[float]
) -> list[LooseCell]:
    """Cells of all rows; the labels of groups of rows are told apart first, for they stand between the rows."""
    placed = _all_placed(rows, columns)
    main = [[s for s in row if s.last >= labels - 1] for row in placed]
    groups = _grouped([row for row in main if row], labels, rules)
    beside = _beside(groups, _group_labels([s for row in placed for s in row if s.last < labels - 1]))
    cells: list[LooseCell] = []
    values = False
    for number, group in enumerate(groups):
        anchored = any(s.last >= labels for row in group for s in row)
        row = _row_cells(number, group, columns, labels if anchored or values else len(columns))
        values = values or any(s.value for part in group for s in part)
        found = [*beside.get(number, []), *row]
        cells += sorted(found, key=lambda c: c.column)
    return cells


def _group_labels(parts: Sequence[Stretch]) -> list[list[Stretch]]:
    """The labels of groups of rows, each of one line or more, left of the labels of the rows."""
    found: list[list[Stretch]] = []
    for part in sorted(parts, key=lambda s: (s.first, s.line.base)):
        last = found[-1][-1] if found else None
        near = last is not None and part.line.base - last.line.base < 1.6 * part.line.size
        if last is not None and near and part.first == last.first and not NUMBERING.match(part.text):
            found[-1].append(part)
        else:
            found.append([part])
    return found


def _beside(groups: Sequence[Sequence[Row]], labels: Sequence[list[Stretch]]) -> dict[int, list[LooseCell]]:
    """Each label of a group in the row where it begins, or the nearest one that has room for it."""
    bases = [sum(row[0].line.base for row in group) / len(group) for group in groups]
    firsts = [min(s.first for row in group for s in row) for group in groups]
    found: dict[int, list[LooseCell]] = {}
    for parts in labels:
        first, last = parts[0].first, max(s.last for s in parts)
        room = [i for i in range(len(groups)) if firsts[i] > last]
        room = [i for i in room if all(first >= c.column + c.colspan or last < c.column for c in found.get(i, []))]
        if room:
            row = min(room, key=lambda i: abs(bases[i] - parts[0].line.base))
            text = "".join(s.text for s in parts)
            found.setdefault(row, []).append(LooseCell(row, first, last - first + 1, text))
    return found


def _label_columns(rows: Sequence[Row]) -> int:
    """How many columns at the left hold labels: those with words beside values."""
    labels, values = 0, MAX_STRETCHES
    for row in rows:
        first = next((s.first for s in row if s.value), None)
        if first is not None:
            labels = max([labels, *(s.last + 1 for s in row if not s.value and s.last < first)])
            values = min(values, first)
    return min(labels, values)


def _columns(rows: Sequence[Row], known: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Columns by the narrowest stretches first: what stands over two of them spans them and makes none."""
    columns = [list(column) for column in known]
    everything = sorted((s.line for row in rows for s in row), key=lambda x: x.x1 - x.x0)
    for line in everything:
        over = [c for c in columns if line.x0 < c[1] and c[0] < line.x1]
        if len(over) == 1:
            room = _room(over[0], columns)
            over[0][0] = max(min(over[0][0], line.x0), room[0])
            over[0][1] = min(max(over[0][1], line.x1), room[1])
        elif not over:
            columns.append([line.x0, line.x1])
    return sorted((a, b) for a, b in columns)


def _room(column: list[float], columns: list[list[float]]) -> tuple[float, float]:
    """How far a column may grow before it meets its neighbours."""
    left = max((c[1] for c in columns if c[1] <= column[0] and c is not column), default=float("-inf"))
    right = min((c[0] for c in columns if c[0] >= column[1] and c is not column), default=float("inf"))
    return left, right


def _placed(stretch: Stretch, columns: Sequence[tuple[float, float]]) -> Stretch:
    x0, x1 = stretch.line.x0, stretch.line.x1
    over = [i for i, (a, b) in enumerate(columns) if min(b, x1) - max(a, x0) > 0.3 * min(b - a, x1 - x0)]
    if not over:
        middle = (x0 + x1) / 2
        over = [min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - middle))]
    return Stretch(stretch.line, stretch.text, stretch.value, over[0], over[-1])


def _grouped(rows: Sequence[Row], labels: int, rules: Sequence[float]) -> list[list[Row]]:
    """Lines as rows of the table: each line with something beside its labels is one, with the labels around it."""
    anchors = [i for i, row in enumerate(rows) if any(s.last >= labels for s in row)]
    if not anchors:
        return [[row] for row in rows]
    groups: list[list[Row]] = [[row] for row in rows[: anchors[0]]]
    before: list[Row] = []
    for here, after in zip(anchors, [*anchors[1:], None], strict=True):
        between = list(range(here + 1, len(rows) if after is None else after))
        own, loose, others = _shared(rows, here, between, after, rules)
        groups.append([*before, rows[here], *(rows[i] for i in own)])
        groups += [[rows[i]] for i in loose]
        before = [rows[i] for i in others]
    return groups


def _shared(
    rows: Sequence[Row], here: int, between: list[int], after: int | None, rules: Sequence[float]
) -> tuple[list[int], list[int], list[int]]:
    """Lines of labels below a row: those that are its own, those of neither, those of the row below."""
    if after is None or not between:
        return between, [], []
    bands = [_band(rows[i], rules) for i in (here, *between, after)]
    if bands[0] != bands[-1]:
        own = [i for i, band in zip(between, bands[1:-1], strict=True) if band == bands[0]]
        others = [i for i, band in zip(between, bands[1:-1], strict=True) if band == bands[-1]]
        return own, [i for i in between if i not in own and i not in others], others
    own, loose, others = _by_numbers(rows, between, after) or _by_gaps(rows, here, between, after)
    near = [_near(rows[a], rows[b]) for a, b in pairwise((here, *between, after))]
    reach_down = next((k for k, close in enumerate(near) if not close), len(between))
    reach_up = len(between) - next((k for k, close in enumerate(near[::-1]) if not close), len(between))
    for k, i in enumerate(between):
        if (k < reach_down) == (k >= reach_up) and k < reach_down:
            continue
        for part in (own, loose, others):
            if i in part:
                part.remove(i)
        (own if k < reach_down else others if k >= reach_up else loose).append(i)
    return sorted(own), sorted(loose), sorted(others)


def _near(upper: Row, lower: Row) -> bool:
    """Whether two lines may be one label: rows without lines between them stand further apart, or it is not known."""
    return lower[0].line.base - upper[0].line.base < WRAPPED * lower[0].line.size


def _by_numbers(rows: Sequence[Row], between: list[int], after: int) -> tuple[list[int], list[int], list[int]] | None:
    """Lines of labels by their list numbers: each begins a row, the last one that of an unnumbered row below."""
    numbered = [i for i in between if _numbered(rows[i])]
    if not numbered:
        return (list(between), [], []) if _numbered(rows[after]) else None
    own = [i for i in between if i < numbered[0]]
    if _numbered(rows[after]):
        return own, [i for i in between if i >= numbered[0]], []
    return own, [i for i in between if numbered[0] <= i < numbered[-1]], [i for i in between if i >= numbered[-1]]


def _by_gaps(rows: Sequence[Row], here: int, between: list[int], after: int) -> tuple[list[int], list[int], list[int]]:
    """Lines of labels by the widest gap among them, the last one of several."""
    bases = [rows[i][0].line.base for i in (here, *between, after)]
    gaps = [b - a for a, b in pairwise(bases)]
    cut = max(range(len(gaps)), key=lambda k: (round(gaps[k]), k))
    return between[:cut], [], between[cut:]


def _band(row: Row, rules: Sequence[float]) -> int:
    return bisect(rules, row[0].line.base - row[0].line.size / 3)


def _numbered(row: Row) -> bool:
    return NUMBERING.match(row[0].text) is not None


def _row_cells(
    number: int, group: Sequence[Row], columns: Sequence[tuple[float, float]], first_empty: int
) -> Iterator[LooseCell]:
    """Cells of a row: what overlaps in columns is one; from `first_empty` on, nothing in a column is an empty one."""
    cells: list[tuple[int, int, list[Stretch]]] = []
    for stretch in sorted((s for row in group for s in row), key=lambda s: (s.first, s.last)):
        if cells and stretch.first <= cells[-1][1]:
            first, last, members = cells[-1]
            cells[-1] = (first, max(last, stretch.last), [*members, stretch])
        else:
            cells.append((stretch.first, stretch.last, [stretch]))
    taken = {c for first, last, _ in cells for c in range(first, last + 1)}
    empty: list[tuple[int, int, list[Stretch]]] = [
        (c, c, []) for c in range(first_empty, len(columns)) if c not in taken
    ]
    for first, last, members in sorted([*cells, *empty], key=lambda cell: cell[0]):
        lines = [s.line for s in sorted(members, key=lambda s: (s.line.base, s.line.x0))]
        box = Box(columns[first][0] - 6, 0, columns[last][1] + 6, 0)
        yield LooseCell(number, first, last - first + 1, cell_text(lines, box) if lines else "")
