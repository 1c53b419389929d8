"""The statutory tables of a document as cells of its form."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from models.forms import Column, Equation, Form, load_forms
from models.numerals import fold
from models.schema.document import Grid, Span
from models.schema.table import Cell, Status
from models.tables.blanks import rhythms, with_blank_lines
from models.tables.columns import loses_blanks, refuse_disordered, reglue, settle, unlabelled
from models.tables.copies import chosen
from models.tables.groups import grouped, without_stray
from models.tables.losses import refuse_cut, refuse_deduplicated, without_codes, without_numbering
from models.tables.match import FoundLine, has_glued, match_lines
from models.tables.options import is_empty, options_of, spoilt, unplaceable
from models.tables.place import Placement, trimmed
from models.tables.solve import impossible, solve
from models.tables.tokens import Piece, pieces_of
from models.tables.vocabulary import form_lines, labels_among

MIN_LABELS = 3
"""A stretch with fewer labels of the form than this is no table."""
MIN_EMPTY = 6
"""Rows without any value that make a table all the same: one printed blank."""
MAX_STRAY = 3
"""Foreign pieces in a row that do not end a table."""
UNIT = re.compile(r"(?:[百千]?[万亿])?元")
UNIT_NOTE = re.compile(r"(?<![报表送填])单位\s*[:：]\s*(?:人民币)?\s*((?:[百千]?[万亿])?元)(?![\u4e00-\u9fff])")
"""The unit of the amounts, above a table whose header does not give it."""
NOTE_REACH = 240
"""How far above the row of an amount such a note may stand, in characters: the tables of one section."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Cells of every cell of the form, and where the tables stand in the text.

    Attributes:
        absent: sections of the form whose table is not in the text.
    """

    form: str
    cells: tuple[Cell, ...]
    spans: tuple[Span, ...]
    absent: tuple[str, ...]


def align(text: str, grids: Sequence[Grid]) -> Aligned | None:
    """Align the tables of a text to the form whose words they use; None without tables."""
    pieces = pieces_of(text, tuple(grids))
    form = tell_form(pieces)
    if form is None:
        return None
    pieces = without_numbering(pieces)
    found, inside = match_lines(form, pieces)
    spans = _spans(pieces, inside)
    starts = [span.start for span in spans]
    found = [line for line in found if _within(line.labels[0].span, spans, starts)]
    if not any(line.values for line in found) and len(found) < MIN_EMPTY:
        return None
    lines = _best_of_each(form, found)
    if not lines:
        return None
    without_codes(lines)
    refuse_deduplicated(lines, pieces, inside)
    refuse_cut(lines, form_lines(form), len(pieces))
    rhythm = rhythms(text, lines)
    for line in lines:
        line.values = with_blank_lines(text, line, rhythm.get(line.line.table)) or line.values
    refuse_disordered(lines)
    settle(lines)
    reglue(lines)
    cells = _cells(form, unlabelled(lines, form_lines(form)), text)
    ordered = tuple(cells.get(c) or Cell(c, None, None, "missing", 0.9, None) for c in form.cells)
    there = {cell.id.partition(".")[0] for cell in cells.values()}
    absent = tuple(table.section for table in form.tables if table.id not in there)
    return Aligned(form.id, ordered, tuple(spans), absent)


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


def _within(span: Span, spans: Sequence[Span], starts: Sequence[int]) -> bool:
    """Whether one of the spans, which lie in order with these starts, holds it."""
    last = bisect_right(starts, span.start) - 1
    return last >= 0 and span.end <= spans[last].end


def _best_of_each(form: Form, found: Sequence[FoundLine]) -> list[FoundLine]:
    """One occurrence of each line of the form, in reading order."""
    found = without_stray(found)
    lines = chosen(found, form_lines(form))
    end = max((line.following for line in lines), default=0)
    across: dict[tuple[str, ...], list[FoundLine]] = {}
    for line in found:
        if line.line.across:
            across.setdefault(line.line.cells, []).append(line)
    lines += [line for group in across.values() for line in grouped(group, end)]
    return sorted(lines, key=lambda f: f.labels[0].span)


def _cells(form: Form, lines: Sequence[FoundLine], text: str) -> dict[str, Cell]:
    lost = unplaceable(lines)
    drops = loses_blanks(lines)
    options: dict[int, Sequence[Placement]] = {
        i: [] if i in lost else options_of(line, drops=drops) for i, line in enumerate(lines)
    }
    options |= {i: [] for i in spoilt(lines, options)}
    solution, broken, unconfirmed = _solved(form, lines, options)
    while unconfirmed:
        options |= {i: [] for i in unconfirmed}
        solution, broken, unconfirmed = _solved(form, lines, options)
    summed = frozenset(c for e in form.equations for c in e.cells)
    unsafe = frozenset(c for e in broken for c in e.cells)
    notes = [_unit_above(line, text) for line in lines]
    drafts = {
        draft.id: draft
        for i, line in enumerate(lines)
        for draft in _drafts(line, solution[i], summed, unsafe, notes[i])
    }
    return _confident(form, drafts)


def _solved(
    form: Form, lines: Sequence[FoundLine], options: Mapping[int, Sequence[Placement]]
) -> tuple[dict[int, Sequence[Placement]], list[Equation], list[int]]:
    """What the sums over all lines leave of the placements; sums that none satisfies; lines to leave open.

    What other lines owe to a line that is left open is not known either: then all is solved anew without it.
    """
    fixed: dict[str, Decimal] = {}
    for i, line in enumerate(lines):
        if len(options[i]) == 1:
            read = zip(line.line.cells, options[i][0].pieces, options[i][0].numbers, strict=True)
            fixed |= {c: n for c, p, n in read if p is None or p.kind != "unread"}
    still_open = {i: o for i, o in options.items() if len(o) > 1}
    open_cells = {i: lines[i].line.cells for i in still_open}
    placed = {c for i, line in enumerate(lines) if not _direct(line, options[i]) for c in line.line.cells}
    equations = [e for e in form.equations if not placed.isdisjoint(e.cells)]
    broken = impossible(still_open, open_cells, fixed, equations)
    solution = solve(still_open, open_cells, fixed, [e for e in equations if e not in broken]) if still_open else {}
    if solution is None:
        solution, broken = {}, equations
    solved = {**options, **solution}
    return solved, broken, _unconfirmed(lines, solved, fixed, equations)


def _unconfirmed(
    lines: Sequence[FoundLine],
    options: Mapping[int, Sequence[Placement]],
    fixed: Mapping[str, Decimal],
    equations: Sequence[Equation],
) -> list[int]:
    """Lines with a lost number that no sum over other lines demands: the agency's own sum may be wrong."""
    known = set(fixed).union(*(line.line.cells for i, line in enumerate(lines) if options[i]))
    found = []
    for i, line in enumerate(lines):
        lost = {line.line.cells[o.lost[0]] for o in options[i] if o.lost is not None and o.lost[1]}
        across = [e for e in equations if e not in line.line.sums and known.issuperset(e.cells)]
        if not all(any(c in e.cells for e in across) for c in lost):
            found.append(i)
    return found


def _direct(line: FoundLine, options: Sequence[Placement]) -> bool:
    """Whether the line has just a piece for every cell, so that reading order places it."""
    if len(options) != 1 or line.unlabelled or None in options[0].pieces:
        return False
    return (
        options[0].pieces == tuple(line.values)
        or has_glued(line)
        or len(trimmed(line.values, len(line.line.cells))) == 1
    )


class _Draft(NamedTuple):
    """A cell without its confidence; `exact` says that its row's label is printed as in the form."""

    id: str
    value: Decimal | None
    unit: str | None
    status: Status
    span: Span
    exact: bool


def _drafts(
    line: FoundLine, options: Sequence[Placement], summed: Set[str], unsafe: Set[str], note: str | None
) -> Iterator[_Draft]:
    """Cells of a line.

    Args:
        line: as found.
        options: the placements that remain.
        summed: cells that the form's arithmetic speaks of: what was lost there counts as zero.
        unsafe: cells of sums that no placement satisfies: nothing is inferred there.
        note: the unit of amounts that is said above the table.
    """
    direct = _direct(line, options)
    empty = is_empty(line) and not line.loose and bool(options)
    for place, (cell_id, column) in enumerate(zip(line.line.cells, line.line.columns, strict=True)):
        piece = options[0].pieces[place] if direct else _common(options, place)
        span = piece.span if piece is not None else line.labels[0].span
        value = piece.value if piece is not None else None
        status: Status = "blank" if value is None else "printed"
        if piece is not None and piece.kind == "unread":
            status = "ambiguous"
        elif not direct and not empty:
            value = None if cell_id in unsafe else _inferred(options, place, zeros=cell_id in summed)
            status = "ambiguous" if value is None else "inferred"
        unit = _unit(column, piece, line, note) if column.money else None
        yield _Draft(cell_id, value, unit, status, span, line.exact)


def _confident(form: Form, drafts: Mapping[str, _Draft]) -> dict[str, Cell]:
    """The cells with the confidence that their status, their label and the form's sums give them.

    The levels are shares of right cells of the benchmark, rounded down (`python -m tests.bench`).
    """
    known = {d.id: d.value or Decimal(0) for d in drafts.values() if d.status != "ambiguous"}
    holding: set[str] = set()
    broken: set[str] = set()
    number = known.__getitem__
    for equation in form.equations:
        if known.keys() >= equation.distinct:
            holds = sum(map(number, equation.total)) == sum(map(number, equation.parts))
            (holding if holds else broken).update(equation.cells)
    return {
        d.id: Cell(d.id, d.value, d.unit, d.status, _confidence(d, d.id in holding, d.id in broken), d.span)
        for d in drafts.values()
    }


def _confidence(draft: _Draft, holds: bool, breaks: bool) -> float:
    if draft.status == "ambiguous":
        return 0.5
    if breaks:
        return 0.95 if holds else 0.9
    if draft.status == "inferred" or not draft.exact:
        return 0.98
    return 0.999 if holds else 0.99


def _common(options: Sequence[Placement], place: int) -> Piece | None:
    """The piece that stands in the cell in every placement."""
    piece = options[0].pieces[place] if options else None
    return piece if len(options) == 1 or all(o.pieces[place] is piece for o in options) else None


def _inferred(options: Sequence[Placement], place: int, *, zeros: bool) -> Decimal | None:
    """The number that the cell has in all placements, None where they differ.

    Args:
        options: the placements that remain.
        place: of the cell in its line.
        zeros: a lost or blank cell counts as zero; otherwise nothing is known of it.
    """
    numbers = {o.numbers[place] for o in options}
    if len(numbers) != 1:
        return None
    shown = all((p := o.pieces[place]) is not None and p.value is not None for o in options)
    return numbers.pop() if zeros or shown else None


def _unit_above(line: FoundLine, text: str) -> str | None:
    """The unit that the last note above a line of amounts gives."""
    if not any(column.money for column in line.line.columns):
        return None
    start = line.labels[0].span.start
    return next((m[1] for m in reversed([*UNIT_NOTE.finditer(text, max(0, start - NOTE_REACH), start)])), None)


def _unit(column: Column, piece: Piece | None, line: FoundLine, note: str | None) -> str | None:
    if piece is not None and piece.unit:
        return piece.unit
    for header in (*line.units, *line.labels, *line.headers):
        if match := UNIT.search(fold(header.raw)):
            return match[0]
    return note or column.unit
