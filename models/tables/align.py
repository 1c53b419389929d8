"""The statutory tables of a document as cells of its form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.forms import Column, Equation, Form, load_forms
from models.numerals import fold
from models.schema.document import Grid, Span
from models.schema.table import Cell, Status
from models.tables.blanks import rhythms, with_blank_lines
from models.tables.match import FoundLine, form_lines, labels_among, match_lines
from models.tables.place import Placement, placements, satisfying, solve, trimmed
from models.tables.tokens import Piece, pieces_of

MIN_LABELS = 3
"""A stretch with fewer labels of the form than this is no table."""
MIN_AGREEING = 5
"""Lines that must begin in one column before another is taken to begin there."""
MIN_EMPTY = 6
"""Rows without any value that make a table all the same: one printed blank."""
MAX_STRAY = 3
"""Foreign pieces in a row that do not end a table."""
UNIT = re.compile(r"(?:[百千]?[万亿])?元")


@dataclass(frozen=True, slots=True)
class Aligned:
    """Cells of every cell of the form, and where the tables stand in the text."""

    form: str
    cells: tuple[Cell, ...]
    spans: tuple[Span, ...]


def align(text: str, grids: Sequence[Grid]) -> Aligned | None:
    """Align the tables of a text to the form whose words they use; None without tables."""
    pieces = pieces_of(text, tuple(grids))
    form = tell_form(pieces)
    if form is None:
        return None
    found, inside = match_lines(form, pieces)
    spans = _spans(pieces, inside)
    found = [line for line in found if _within(line.labels[0].span, spans)]
    if not any(line.values for line in found) and len(found) < MIN_EMPTY:
        return None
    lines = _best_of_each(form, found)
    rhythm = rhythms(text, lines)
    for line in lines:
        line.values = with_blank_lines(text, line, rhythm.get(line.line.table)) or line.values
    cells = _cells(form, lines)
    ordered = tuple(cells.get(c) or Cell(c, None, None, "missing", 0.9, None) for c in form.cells)
    return Aligned(form.id, ordered, tuple(spans))


def tell_form(pieces: Sequence[Piece]) -> Form | None:
    """The form with the most labels among the pieces; the year of the title says nothing.

    Of two with as many, the smaller one, for the other has labels that are not there.
    """
    words = {(p.word, p.number) for p in pieces if p.kind == "text"}
    scores = {name: labels_among(form, words) for name, form in load_forms().items()}
    best = max(scores, key=lambda name: (scores[name], -len(load_forms()[name].cells)))
    return load_forms()[best] if scores[best] >= MIN_LABELS else None


def _spans(pieces: Sequence[Piece], inside: Sequence[bool]) -> list[Span]:
    """Stretches of pieces that belong to tables, over a few foreign pieces."""
    spans: list[Span] = []
    start = last = None
    labels = stray = 0
    for piece, belongs in zip(pieces, inside, strict=True):
        if belongs:
            start = piece.span.start if start is None else start
            last, stray = piece.span.end, 0
            labels += piece.kind == "text"
            continue
        stray += piece.kind == "text"
        if start is not None and last is not None and (stray > MAX_STRAY or "。" in piece.raw):
            if labels >= MIN_LABELS:
                spans.append(Span(start, last))
            start, labels = None, 0
    if start is not None and last is not None and labels >= MIN_LABELS:
        spans.append(Span(start, last))
    return spans


def _within(span: Span, spans: Sequence[Span]) -> bool:
    return any(s.start <= span.start and span.end <= s.end for s in spans)


def _best_of_each(form: Form, found: Sequence[FoundLine]) -> list[FoundLine]:
    """One occurrence of each line: the one with the most values, then the one beside its neighbours.

    A table may stand twice, and words of a row may stand in a menu.
    """
    order = {line.cells: i for i, line in enumerate(form_lines(form))}
    places = [order[f.line.cells] for f in found]
    best: dict[int, tuple[tuple[int, int], FoundLine]] = {}
    for i, line in enumerate(found):
        beside = sum(0 <= i + step < len(found) and places[i + step] == places[i] + step for step in (-1, 1))
        worth = (_n_values(line), beside)
        if places[i] not in best or worth > best[places[i]][0]:
            best[places[i]] = (worth, line)
    return sorted((line for _, line in best.values()), key=lambda f: f.labels[0].span)


def _n_values(line: FoundLine) -> int:
    return sum(p.kind == "value" for p in line.values)


def _cells(form: Form, lines: Sequence[FoundLine]) -> dict[str, Cell]:
    options = {i: _options(line, form.equations, lines) for i, line in enumerate(lines)}
    fixed: dict[str, Decimal] = {}
    for i, line in enumerate(lines):
        if len(options[i]) == 1:
            fixed |= zip(line.line.cells, options[i][0].numbers, strict=True)
    still_open = {i: o for i, o in options.items() if len(o) > 1}
    open_cells = {i: lines[i].line.cells for i in still_open}
    options |= solve(still_open, open_cells, fixed, form.equations)
    summed = {c for e in form.equations for c in (*e.total, *e.parts)}
    return {cell.id: cell for i, line in enumerate(lines) for cell in _line_cells(line, options[i], summed)}


def _options(line: FoundLine, equations: Sequence[Equation], lines: Sequence[FoundLine]) -> list[Placement]:
    """Placements that the line's own sums allow; none where its values contradict them in every place."""
    width = len(line.line.cells)
    values = line.values
    if not any(p.kind == "value" or p.raw for p in values):
        return [Placement((None,) * width)]
    if len(values) > width and (ways := trimmed(values, width)):
        return _trimmings(line, ways, lines, equations)
    if len(values) != width:
        values = [p for p in values if p.kind == "value" or p.raw]
    if len(values) == width:
        return [Placement(tuple(values))]
    if len(values) > width + 2:
        return _first_ones(values, width, line, equations)
    return satisfying(placements(values, width), line.line.cells, equations)


def _trimmings(
    line: FoundLine, ways: list[tuple[int, int]], lines: Sequence[FoundLine], equations: Sequence[Equation]
) -> list[Placement]:
    """The line without its surplus empty cells: where its sums leave several ways, the usual one."""
    width = len(line.line.cells)
    options = {way: Placement(tuple(line.values[way[0] : way[0] + width])) for way in ways}
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


def _line_cells(line: FoundLine, options: Sequence[Placement], summed: set[str]) -> list[Cell]:
    certainty = 0.99 if line.exact else 0.95
    direct = len(options) == 1 and len(line.values) >= len(line.line.cells) and None not in options[0].pieces
    empty = not any(p.kind == "value" or p.raw for p in line.values)
    cells = []
    for place, (cell_id, column) in enumerate(zip(line.line.cells, line.line.columns, strict=True)):
        pieces = [o.pieces[place] for o in options]
        piece = pieces[0] if len(set(map(id, pieces))) == 1 else None
        unit = _unit(column, piece, line)
        span = piece.span if piece is not None else line.labels[0].span
        value, status = _value(pieces, direct=direct, empty=empty, zeros=cell_id in summed)
        sure = certainty if status in ("printed", "blank") else 0.95 if status == "inferred" else 0.5
        cells.append(Cell(cell_id, value, unit, status, sure, span))
    return cells


def _value(pieces: Sequence[Piece | None], *, direct: bool, empty: bool, zeros: bool) -> tuple[Decimal | None, Status]:
    """Value and status of a cell from its pieces in all placements that remain.

    Args:
        pieces: in each placement the cell's piece; None where it was lost.
        direct: the line had a piece for every column.
        empty: the line has its label and nothing else.
        zeros: the form's arithmetic speaks of the cell, so that lost counts as zero.
    """
    if empty or not pieces:
        return None, "blank" if empty else "ambiguous"
    values = {p.value if p is not None else None for p in pieces}
    if direct:
        value = values.pop()
        return value, "blank" if value is None else "printed"
    if None in values and zeros:
        values = (values - {None}) | {Decimal(0)}
    if len(values) == 1 and None not in values:
        return values.pop(), "inferred"
    return None, "ambiguous"


def _unit(column: Column, piece: Piece | None, line: FoundLine) -> str | None:
    if not column.money:
        return None
    if piece is not None and piece.unit:
        return piece.unit
    for header in line.headers:
        if match := UNIT.search(fold(header.raw)):
            return match[0]
    return column.unit
