"""Which row of the form each piece of a table belongs to.

The pieces of a document are read in order against the rows of the form in order. The reading with
the highest score is found by dynamic programming (Viterbi) over (row, number of its values): row
labels open rows, fragments continue them, values fill them, what is neither costs. So a lost row,
a broken label, a repeated header or a stray line moves nothing else.

Values and blanks that follow each other make one step, and prose between tables none, so that a
report of two hundred cells takes about a hundred steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from models.forms import Form
from models.tables.tokens import PROSE_LENGTH, Piece
from models.tables.vocabulary import SURE_LABEL, FormLine, Option, Vocabulary, vocabulary_of

CLOSED = 99
"""Count of values of a row that takes no more: a header or prose came after it."""
MAX_SURPLUS = 16
"""Values beyond the width of a line that it still takes: those of a row whose label was lost."""
MAX_TAKEN = 100
"""Values and blanks of a line, beyond which what follows is none of its."""
MIN_FRAGMENT = 0.4
"""Share of a label that a fragment of it must hold to open the row."""
BEAM = 12
MARGIN = 5.0
"""A reading this far behind the best is given up: the best can go where it goes at a cost of 4 at most."""
CERTAIN_LENGTH = 5
"""Characters of a label that stands for nothing else where it is printed exactly."""


@dataclass(slots=True)
class FoundLine:
    """A line of the form as found: its label pieces, and its values and blanks in reading order."""

    line: FormLine
    labels: list[Piece] = field(default_factory=list)
    values: list[Piece] = field(default_factory=list)
    headers: list[Piece] = field(default_factory=list)
    """Header pieces seen since the line before."""
    units: list[Piece] = field(default_factory=list)
    """Its cells in the column of units."""
    exact: bool = True
    unlabelled: bool = False
    """Its label is lost: that these values are its own follows from the sums."""
    start: int = 0
    """Its pieces are [start, end) among those of the document, strange ones in between included."""
    end: int = 0
    following: int = 0
    """Where the piece after its last one begins."""
    loose: list[Piece] = field(default_factory=list)
    """Values that stand after it, apart from it by words that are neither its own nor another line's."""
    refused: bool = False
    """Whose values these are is not known."""
    cut: bool = False
    """Whether words of a header stand right before these: a page was turned within the line."""


def has_glued(line: FoundLine) -> bool:
    """Whether digits of several cells stand in it with nothing between them."""
    return any(p.kind == "glued" for p in line.values)


_Step: TypeAlias = "tuple[str, int, int, _Step | None]"
"""Role of a piece or run, row, values of the row before it, and the step before. A plain tuple: many are made."""
State = tuple[int, int]
Move = tuple[State, str, float]
"""The state after a text, its role there, and what it adds to the score."""
Beam = dict[State, "tuple[float, _Step | None]"]


def match_lines(form: Form, pieces: list[Piece]) -> tuple[list[FoundLine], list[bool]]:
    """Lines found, in reading order, and for each piece whether it belongs to a table."""
    vocabulary = vocabulary_of(form.id)
    beam: Beam = {(-1, CLOSED): (0.0, None)}
    ranges: list[tuple[int, int]] = []
    """Pieces [start, end) of each step taken; pieces of none are prose."""
    for start, end in _runs(pieces):
        piece = pieces[start]
        following = (
            _after_text(vocabulary, piece, beam)
            if piece.kind == "text"
            else _after_values(vocabulary.widths, sum(map(_n_values, pieces[start:end])), beam)
        )
        if following is not None:
            beam = _pruned(following)
            ranges.append((start, end))
    steps: list[_Step] = []
    step = max(beam.values(), key=lambda s: s[0])[1]
    while step is not None:
        steps.append(step)
        step = step[3]
    return _collect(vocabulary, pieces, list(zip(ranges, reversed(steps), strict=True)))


def _runs(pieces: list[Piece]) -> Iterator[tuple[int, int]]:
    """Each text alone, values and blanks that follow each other together: [start, end)."""
    start = 0
    while start < len(pieces):
        end = start + 1
        if pieces[start].kind != "text":
            while end < len(pieces) and pieces[end].kind != "text":
                end += 1
        yield start, end
        start = end


def _n_values(piece: Piece) -> int:
    """Values that a piece stands for, for the score."""
    return len(piece.raw) if piece.kind == "glued" else int(piece.kind in ("value", "unread"))


def _pruned(beam: Beam) -> Beam:
    if len(beam) == 1:
        return beam
    least = max([score for score, _ in beam.values()]) - MARGIN
    kept = {state: value for state, value in beam.items() if value[0] >= least}
    if len(kept) <= BEAM:
        return kept
    return dict(sorted(kept.items(), key=lambda item: -item[1][0])[:BEAM])


def _after_values(widths: list[int], n: int, beam: Beam) -> Beam | None:
    """States after a run of n values; None where no state takes any."""
    if all(count == CLOSED for _, count in beam):
        return None
    following: Beam = {}
    for (row, count), (score, step) in beam.items():
        if count == CLOSED:
            state, gain, role = (row, count), 0.0, "other"
        else:
            inside = max(0, min(widths[row] - count, n))
            surplus = min(n - inside, widths[row] + MAX_SURPLUS - max(count, widths[row]))
            state, role = (row, count + inside + surplus), "value"
            gain = 0.3 * inside - 0.15 * surplus - 0.5 * (n - inside - surplus)
        if state not in following or score + gain > following[state][0]:
            following[state] = (score + gain, (role, row, count, step))
    return following


def _after_text(vocabulary: Vocabulary, piece: Piece, beam: Beam) -> Beam | None:
    """States after a text; None where it is prose among prose."""
    word, number = piece.word, piece.number
    if word in vocabulary.units:
        return {state: (score, ("unit", *state, step)) for state, (score, step) in beam.items()}
    known = bool(vocabulary.options(word, number))
    if not known and all(count == CLOSED for _, count in beam):
        return None
    following: Beam = {}
    for (row, count), (score, step) in beam.items():
        moves = (
            _moves(vocabulary, word, number, row, count)
            if known
            else _text_moves((), row, count, long=len(word) > PROSE_LENGTH)
        )
        for state, role, gain in moves:
            total = score + gain
            if state not in following or total > following[state][0]:
                following[state] = (total, (role, state[0], count, step))
    return following


@lru_cache(maxsize=400_000)
def _moves(vocabulary: Vocabulary, word: str, number: str, row: int, count: int) -> tuple[Move, ...]:
    """Where a text that may be a label leads from a state."""
    options = vocabulary.options(word, number)
    certain = _certain(word, options)
    if certain is not None and certain.line > row:
        return tuple(_row_moves(certain, row, count, 2.0))
    return tuple(_text_moves(options, row, count, long=len(word) > PROSE_LENGTH))


def _certain(word: str, options: tuple[Option, ...]) -> Option | None:
    """The option of a piece that can only be the label of one row: words and number are exact, and it is long."""
    if len(options) == 1 and options[0].role == "row" and options[0].score >= 1 and len(word) >= CERTAIN_LENGTH:
        return options[0]
    return None


def _text_moves(options: tuple[Option, ...], row: int, count: int, *, long: bool) -> Iterator[Move]:
    yield ((row, CLOSED), "other", 0.0 if long or count == CLOSED else -0.3)
    if count != CLOSED and not long:
        yield ((row, count), "other", -0.6)
    headed = any(option.line < 0 for option in options)
    for option in options:
        if option.role == "row" and option.line == row and count == CLOSED and headed:
            continue
        if option.role in ("row", "part"):
            yield from _label_moves(option, row, count)
        elif option.role == "across":
            yield from _across_moves(option, row, count)
        elif option.role == "group" or not any(o.role == "across" and o.line == row for o in options):
            closed = CLOSED if option.role == "header" else count
            yield ((row, closed), "header", 0.5 * option.score)


def _label_moves(option: Option, row: int, count: int) -> Iterator[Move]:
    if option.role == "row":
        yield from _row_moves(option, row, count, 2.0)
    elif option.line == row:
        yield ((row, count), "label", 0.6)
    elif option.score >= MIN_FRAGMENT:
        yield from _row_moves(option, row, count, 1.0)


def _across_moves(option: Option, row: int, count: int) -> Iterator[Move]:
    """Header words of rows side by side; after values they begin the table anew, or are of a menu."""
    if row == option.line and count == 0:
        yield ((row, 0), "label", 0.5 * option.score)
    elif row == option.line:
        yield ((row, 0), "row", -0.5)
    elif option.line > row:
        yield ((option.line, 0), "label", option.score - 0.05 * (option.line - row - 1))


def _row_moves(option: Option, row: int, count: int, weight: float) -> Iterator[Move]:
    if option.line > row:
        skipped = 0.0 if row < 0 else 0.4 * min(option.line - row - 1, 8)
        yield ((option.line, 0), "row", weight * option.score - skipped)
    elif option.line < row:
        yield ((option.line, 0), "row", weight * option.score - 4.0)
    elif count == CLOSED:
        yield ((row, 0), "row", weight * option.score)
    elif option.score < SURE_LABEL:
        rest = weight * option.score if count == 0 else 0.0
        yield ((row, count), "label", max(0.6, rest))
    elif count == 0:
        yield ((row, 0), "label", 0.2)


def _collect(
    vocabulary: Vocabulary, pieces: list[Piece], steps: list[tuple[tuple[int, int], _Step]]
) -> tuple[list[FoundLine], list[bool]]:
    found: list[FoundLine] = []
    headers: list[Piece] = []
    inside = [False] * len(pieces)
    lines = vocabulary.lines
    open_row = -1
    opening = {pieces[start].row: start for (start, _), step in steps if step[0] in ("row", "header")}
    for (start, end), (role, row, filled, _) in steps:
        piece = pieces[start]
        taken = int(role != "other" and (role != "unit" or filled != CLOSED))
        if role == "value":
            run = pieces[start:end]
            room = vocabulary.widths[row] + MAX_SURPLUS - filled
            if len(run) <= room and all(p.kind == "value" and p.row not in opening for p in run):
                found[-1].values += run
                taken = len(run)
            else:
                taken = _take(found[-1], [(p, opening.get(p.row, -1) >= end) for p in run], room)
        elif role == "unit" and filled != CLOSED:
            found[-1].units.append(piece)
        elif role == "header" or (role == "other" and piece.kind == "text" and headers and "元" in piece.raw):
            headers.append(piece)
        elif role == "row" or (role == "label" and row != open_row):
            found.append(FoundLine(lines[row], labels=[piece], headers=headers, start=start))
            found[-1].exact = piece.word in lines[row].words
            headers, open_row = [], row
        elif role == "label":
            found[-1].labels.append(piece)
            if lines[row].across:
                found[-1].values.clear()
            found[-1].exact = found[-1].exact and lines[row].across
        inside[start : start + taken] = [True] * taken
        if role in ("row", "label", "value"):
            found[-1].end = end
            found[-1].following = pieces[end].span.start if end < len(pieces) else pieces[-1].span.end
    _tell_loose(found, pieces, inside, opening)
    return found, inside


def _tell_loose(found: list[FoundLine], pieces: list[Piece], inside: list[bool], opening: dict[int, int]) -> None:
    """Give each line the loose values after it; whose they are is not known where its own stand as loosely.

    Args:
        found: lines in reading order.
        pieces: of the document.
        inside: whether each piece belongs to a line.
        opening: for each layout row that has one, the piece that opens a line.
    """
    for i, line in enumerate(found):
        end = found[i + 1].start if i + 1 < len(found) else len(pieces)
        if all(inside[line.start : end]):
            continue
        own = {p.row for p in line.labels}
        places = [
            k
            for k in _loose(pieces, line.start, end, inside)
            if pieces[k].row in own or opening.get(pieces[k].row, -1) < k
        ]
        line.loose = [pieces[k] for k in places]
        line.cut = bool(places) and inside[places[0] - 1]
        line.refused = line.refused or _is_divided(line, pieces)


def _is_divided(line: FoundLine, pieces: list[Piece]) -> bool:
    """Whether its values are those of several rows, each with words of its own: 行政检查, 行政确认 below one label."""
    width = len(line.line.cells)
    if line.line.across or width == 1 or len(line.values) < width or len(line.loose) < width:
        return False
    label, value = line.labels[-1].span.end, line.values[0].span.start
    return any(p.kind == "text" and label <= p.span.start < value for p in pieces[line.start : line.end])


def _take(found: FoundLine, run: list[tuple[Piece, bool]], room: int) -> int:
    """Give the line the values and blanks of a run; how many of them it has room for."""
    for k, (piece, before) in enumerate(run):
        n = _n_values(piece)
        if (n and room <= 0) or len(found.values) >= MAX_TAKEN:
            return k
        room -= n
        if _belongs(piece, found, before=before):
            found.values.append(piece)
    return len(run)


def _belongs(piece: Piece, found: FoundLine, *, before: bool) -> bool:
    """An empty cell belongs to the line whose layout row it stands in, not to the one before its label.

    The values of rows side by side stand in a layout row below their labels. A number before the label
    of its layout row counts the rows where the line above has all its values.

    Args:
        piece: a value or blank.
        found: the line before it.
        before: its layout row has the label of another line, or a header, after it.
    """
    if before and len(found.values) >= len(found.line.cells) and all(piece.row != p.row for p in found.labels):
        return False
    if piece.kind != "blank" or piece.raw:
        return True
    labels = {p.row for p in found.labels}
    return piece.row not in labels if found.line.across else piece.row in labels | {p.row for p in found.values}


def _loose(pieces: list[Piece], start: int, end: int, inside: list[bool]) -> Iterator[int]:
    """Places of the values from a line to the next line, or to prose, that no line has taken."""
    for k in range(start, end):
        piece = pieces[k]
        if len(piece.word) > PROSE_LENGTH or "。" in piece.raw:
            break
        if not inside[k] and (
            piece.kind in ("value", "glued", "unread") or (piece.kind == "text" and _only_numbers(piece.raw))
        ):
            yield k


def _only_numbers(words: str) -> bool:
    """Digits and signs that are no one number: those of several cells."""
    return words[0].isdigit() and all(c.isdigit() or c in " .,+-" for c in words)
