"""The statutory tables of a document as cells of its form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.forms import Column, Equation, Form, load_forms
from models.lines import bare
from models.numerals import fold
from models.schema.document import Grid, Span
from models.schema.table import Cell, Status
from models.tables.blanks import usual_gaps, with_blank_lines
from models.tables.match import FoundLine, match_lines
from models.tables.place import Placement, placements, satisfying, solve, trimmed
from models.tables.tokens import Piece, pieces_of

MIN_LABELS = 3
"""A stretch with fewer labels of the form than this is no table."""
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
    if not found:
        return None
    lines = _best_of_each(found)
    gaps = usual_gaps(text, lines)
    for line in lines:
        line.values = with_blank_lines(text, line, gaps.get(line.line.table)) or line.values
    cells = _cells(form, lines)
    ordered = tuple(cells.get(c) or Cell(c, None, None, "missing", 0.9, None) for c in form.cells)
    return Aligned(form.id, ordered, tuple(spans))


def tell_form(pieces: Sequence[Piece]) -> Form | None:
    """The form whose own words occur most among the labels; the year of the title says nothing."""
    words = Counter(p.word for p in pieces if p.kind == "text" and len(p.word) <= 60)
    scores = {}
    for form in load_forms().values():
        marks = [bare(mark) for mark in form.marks]
        scores[form.id] = sum(any(mark in word for word in words) for mark in marks)
    best = max(scores, key=lambda i: scores[i])
    if scores[best] > 0:
        return load_forms()[best]
    shared = sum("本年新收政府信息公开申请" in word or "未经复议直接起诉" in word for word in words)
    return load_forms()[max(scores)] if shared else None


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


def _best_of_each(found: Sequence[FoundLine]) -> list[FoundLine]:
    """One occurrence of each line: the first with the most values (a table may stand twice)."""
    best: dict[tuple[str, ...], FoundLine] = {}
    for line in found:
        have = best.get(line.line.cells)
        if have is None or _n_values(line) > _n_values(have):
            best[line.line.cells] = line
    return sorted(best.values(), key=lambda f: f.labels[0].span)


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
    width = len(line.line.cells)
    values = line.values
    if not any(p.kind == "value" or p.raw for p in values):
        return [Placement((None,) * width)]
    if len(values) > width and (ways := trimmed(values, width)):
        left, _ = _usual(ways, lines) if len(ways) > 1 else ways[0]
        return [Placement(tuple(values[left : left + width]))]
    if len(values) != width:
        values = [p for p in values if p.kind == "value" or p.raw]
    return satisfying(placements(values, width), line.line.cells, equations)


def _usual(ways: list[tuple[int, int]], lines: Sequence[FoundLine]) -> tuple[int, int]:
    """Of several ways to trim, the one that most other lines need."""
    needed: Counter[tuple[int, int]] = Counter()
    for line in lines:
        width = len(line.line.cells)
        if len(line.values) > width and len(only := trimmed(line.values, width)) == 1:
            needed[only[0]] += 1
    return max(ways, key=lambda way: (needed[way], way[0]))


def _line_cells(line: FoundLine, options: Sequence[Placement], summed: set[str]) -> list[Cell]:
    certainty = 0.99 if line.exact else 0.95
    direct = len(options) == 1 and len(line.values) >= len(line.line.cells)
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
