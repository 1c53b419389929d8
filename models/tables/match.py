"""Which row of the form each piece of a table belongs to.

The pieces of a document are read in order against the rows of the form in order. The reading with
the highest score is found by dynamic programming (Viterbi) over (row, number of its values): row
labels open rows, fragments continue them, values fill them, what is neither costs. So a lost row,
a broken label, a repeated header or a stray line moves nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from models.forms import Block, Column, Form, Table, load_forms, table_rows
from models.lines import NUMBERING, bare
from models.numerals import fold
from models.tables.tokens import PROSE_LENGTH, Piece

CLOSED = 99
"""Count of values of a row that takes no more: a header or prose came after it."""
MAX_SURPLUS = 16
"""Values beyond the width of a line that it still takes: those of a row whose label was lost."""
MIN_FRAGMENT = 0.4
"""Share of a label that a fragment of it must hold to open the row."""
BEAM = 12
MIN_RATIO = 80
SURE_LABEL = 0.75
"""Score from which a piece counts as a label of a form."""


@dataclass(frozen=True, slots=True)
class FormLine:
    """One printed line of values: a row, or all rows of a block that stand side by side."""

    table: str
    cells: tuple[str, ...]
    columns: tuple[Column, ...]
    labels: tuple[str, ...]
    across: bool


@dataclass(slots=True)
class FoundLine:
    """A line of the form as found: its label pieces, and its values and blanks in reading order."""

    line: FormLine
    labels: list[Piece] = field(default_factory=list)
    values: list[Piece] = field(default_factory=list)
    headers: list[Piece] = field(default_factory=list)
    """Header pieces seen since the line before."""
    exact: bool = True
    following: int = 0
    """Where the piece after its last one begins."""


@dataclass(frozen=True, slots=True)
class _Option:
    role: Literal["row", "part", "header", "group", "across"]
    index: int
    score: float


@dataclass(frozen=True, slots=True)
class _Step:
    role: str
    row: int
    score: float
    previous: _Step | None


def form_lines(form: Form) -> tuple[FormLine, ...]:
    """Lines of values of a form, in printed order."""
    return tuple(line for table in form.tables for block in table.blocks for line in _block(table.id, block))


def _block(table: str, block: Block) -> Iterator[FormLine]:
    if block.layout == "across":
        cells = [f"{table}.{row.id}.{c.id}" for row in block.rows for c in block.columns]
        labels = [label for row in block.rows for label in row.labels]
        labels += [label for column in block.columns for label in column.labels]
        yield FormLine(table, tuple(cells), block.columns * len(block.rows), tuple(labels), across=True)
        return
    for row in table_rows(Table(id=table, section="", blocks=(block,))):
        cells = [row.cell(table, column) for column in row.columns]
        yield FormLine(table, tuple(cells), row.columns, row.labels, across=False)


class Vocabulary:
    """The words of one form, and what each piece of text can be among them."""

    def __init__(self, form: Form) -> None:
        self.lines = form_lines(form)
        self._rows: list[tuple[str, str, int]] = []
        self._headers: list[tuple[str, str, str]] = []
        for index, line in enumerate(self.lines):
            for label in line.labels:
                self._rows.append((bare(label), heading_number(label), index))
        for label, role in _header_labels(form):
            self._headers.append((bare(label), heading_number(label), role))
        self.options = lru_cache(maxsize=50_000)(self._options)

    def _options(self, word: str, number: str) -> tuple[_Option, ...]:
        if not word or len(word) > PROSE_LENGTH + 12:
            return ()
        found: dict[tuple[str, int], float] = {}
        for label, label_number, index in self._rows:
            across = self.lines[index].across
            score = _similarity(word, label)
            if score >= MIN_RATIO / 100:
                key = ("across" if across else "row", index)
                bonus = _number_bonus(number, label_number)
                found[key] = max(found.get(key, 0.0), score + (0.0 if across else bonus))
            elif 2 <= len(word) < len(label) and word in label:
                numbered = label.startswith(word) and number != "" and number == label_number
                worth = 0.5 if across else 0.6 if numbered else len(word) / len(label)
                key = ("across" if across else "part", index)
                found[key] = max(found.get(key, 0.0), worth)
        for label, label_number, role in self._headers:
            score = _similarity(word, label)
            fragment = 2 <= len(word) < len(label) and word in label
            if score >= MIN_RATIO / 100 or fragment:
                worth = score if score >= MIN_RATIO / 100 else 0.5
                key = (role, -1)
                stray_number = 0.6 if number and not label_number else 0.0
                found[key] = max(found.get(key, 0.0), worth + _number_bonus(number, label_number) - stray_number)
            elif len(word) == 1 and word in label:
                found.setdefault(("group", -1), 0.1)
        return tuple(_Option(role, i, s) for (role, i), s in found.items())  # type: ignore[arg-type]


def _header_labels(form: Form) -> Iterator[tuple[str, str]]:
    for table in form.tables:
        yield from ((label, "header") for label in table.headers)
        for block in table.blocks:
            yield from ((label, "header") for label in block.captions)
            if block.layout == "rows":
                for column in block.columns:
                    yield from ((label, "header") for label in column.labels)
        for row in table_rows(table):
            yield from ((label, "group") for group in row.groups for label in group)


def heading_number(label: str) -> str:
    """The list number that a label begins with: 三, (一), 1; empty where there is none."""
    match = NUMBERING.match(fold(label))
    return match[0].strip(" .、()") if match else ""


def _number_bonus(number: str, label_number: str) -> float:
    if number and label_number:
        return 0.3 if number == label_number else -0.2
    return 0.0 if number == label_number else -0.25


@lru_cache(maxsize=200_000)
def _similarity(word: str, label: str) -> float:
    if word == label:
        return 1.0
    if abs(len(word) - len(label)) > max(2, len(label) // 3):
        return 0.0
    return fuzz.ratio(word, label) / 100 if len(label) >= 4 else 0.0


@lru_cache(maxsize=8)
def _vocabulary(form_id: str) -> Vocabulary:
    return Vocabulary(load_forms()[form_id])


def labels_among(form: Form, words: set[tuple[str, str]]) -> float:
    """How much of the words, with their list numbers, are labels of the form: one each, less where not exact."""
    options = _vocabulary(form.id).options
    best = (max((o.score for o in options(*word) if o.role != "part"), default=0.0) for word in words)
    return sum(min(score, 1.0) for score in best if score >= SURE_LABEL)


def match_lines(form: Form, pieces: list[Piece]) -> tuple[list[FoundLine], list[bool]]:
    """Lines found, in reading order, and for each piece whether it belongs to a table."""
    vocabulary = _vocabulary(form.id)
    beam: dict[tuple[int, int], _Step] = {(-1, CLOSED): _Step("", -1, 0.0, None)}
    for piece in pieces:
        following: dict[tuple[int, int], _Step] = {}
        for (row, count), step in beam.items():
            for state, role, gain in _moves(vocabulary, piece, row, count):
                score = step.score + gain
                if state not in following or score > following[state].score:
                    following[state] = _Step(role, state[0], score, step)
        best = sorted(following.items(), key=lambda item: -item[1].score)[:BEAM]
        beam = dict(best)
    roles: list[tuple[str, int]] = []
    last = max(beam.values(), key=lambda s: s.score)
    while last.previous is not None:
        roles.append((last.role, last.row))
        last = last.previous
    return _collect(vocabulary.lines, pieces, roles[::-1])


def _moves(vocabulary: Vocabulary, piece: Piece, row: int, count: int) -> Iterator[tuple[tuple[int, int], str, float]]:
    if piece.kind != "text":
        yield from _value_moves(vocabulary, piece, row, count)
        return
    long = len(piece.word) > PROSE_LENGTH
    yield ((row, CLOSED), "other", 0.0 if long or count == CLOSED else -0.3)
    if count != CLOSED and not long:
        yield ((row, count), "other", -0.6)
    options = vocabulary.options(piece.word, heading_number(piece.raw))
    own_label = any(option.role == "across" and option.index == row for option in options)
    for option in options:
        if option.role in ("row", "part"):
            yield from _label_moves(option, row, count)
        elif option.role == "across":
            yield from _across_moves(option, row, count)
        elif option.role == "group" or not own_label:
            closed = CLOSED if option.role == "header" else count
            yield ((row, closed), "header", 0.5 * option.score)


def _label_moves(option: _Option, row: int, count: int) -> Iterator[tuple[tuple[int, int], str, float]]:
    if option.role == "row":
        yield from _row_moves(option, row, count, 2.0)
    elif option.index == row:
        yield ((row, count), "label", 0.6)
    elif option.score >= MIN_FRAGMENT:
        yield from _row_moves(option, row, count, 1.0)


def _across_moves(option: _Option, row: int, count: int) -> Iterator[tuple[tuple[int, int], str, float]]:
    """Header words of rows side by side; after values they begin the table anew, or are of a menu."""
    if row == option.index and count == 0:
        yield ((row, 0), "label", 0.5 * option.score)
    elif row == option.index:
        yield ((row, 0), "row", -1.0)
    elif option.index > row:
        yield ((option.index, 0), "label", option.score - 0.05 * (option.index - row - 1))


def _row_moves(option: _Option, row: int, count: int, weight: float) -> Iterator[tuple[tuple[int, int], str, float]]:
    if option.index > row:
        skipped = 0.0 if row < 0 else 0.4 * min(option.index - row - 1, 8)
        yield ((option.index, 0), "row", weight * option.score - skipped)
    elif option.index < row:
        yield ((option.index, 0), "row", weight * option.score - 4.0)
    elif count == 0:
        yield ((row, 0), "label", 0.2)


def _value_moves(
    vocabulary: Vocabulary, piece: Piece, row: int, count: int
) -> Iterator[tuple[tuple[int, int], str, float]]:
    if row < 0 or count == CLOSED:
        yield ((row, count), "other", 0.0)
        return
    if piece.kind == "blank":
        yield ((row, count), "value", 0.0)
        return
    surplus = count + 1 - len(vocabulary.lines[row].cells)
    if surplus <= MAX_SURPLUS:
        yield ((row, count + 1), "value", 0.3 if surplus <= 0 else -0.15)
    if surplus <= 0 or surplus > MAX_SURPLUS:
        yield ((row, count), "other", -0.5)


def _collect(
    lines: tuple[FormLine, ...], pieces: list[Piece], roles: list[tuple[str, int]]
) -> tuple[list[FoundLine], list[bool]]:
    found: list[FoundLine] = []
    headers: list[Piece] = []
    inside = [role != "other" for role, _ in roles]
    open_row = -1
    starts = [*(p.span.start for p in pieces[1:]), pieces[-1].span.end] if pieces else []
    for piece, (role, row), following in zip(pieces, roles, starts, strict=True):
        if role == "header" or (role == "other" and piece.kind == "text" and headers and "元" in piece.raw):
            headers.append(piece)
        elif role == "row" or (role == "label" and row != open_row):
            found.append(FoundLine(lines[row], labels=[piece], headers=headers))
            found[-1].exact = any(piece.word == bare(label) for label in lines[row].labels)
            headers, open_row = [], row
        elif role == "label":
            found[-1].labels.append(piece)
            if lines[row].across:
                found[-1].values.clear()
            found[-1].exact = found[-1].exact and lines[row].across
        elif role == "value" and _belongs(piece, found[-1]):
            found[-1].values.append(piece)
        if role in ("row", "label", "value"):
            found[-1].following = following
    return found, inside


def _belongs(piece: Piece, found: FoundLine) -> bool:
    """An empty cell belongs to the line whose layout row it stands in, not to the one before its label.

    The values of rows side by side stand in a layout row below their labels.
    """
    if piece.kind == "value" or piece.raw:
        return True
    labels = {p.row for p in found.labels}
    return piece.row not in labels if found.line.across else piece.row in labels | {p.row for p in found.values}
