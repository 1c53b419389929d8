"""From a text or a grid to the pieces that tables are made of: labels, values and blanks.

A piece is one cell as far as the layout tells: a line, a stretch between tabs or bars, a grid cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from models.lines import NUMBERING, bare
from models.numerals import fold, parse_numeral
from models.schema.document import Grid, Span
from models.tables.unglue import MAX_CELLS, UPRIGHT, cells_within, joined_lines, segments

VALUE = re.compile(
    r"(?P<sign>[+-]|增加?|减少?|新增)?\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    r"(?P<unit>[万亿]?元|人次|件次|[件条项个宗份次篇人起名家户批场期])?"
)
UNREAD = re.compile(
    r"[约近超逾]?过?(?:\d+(?:,\d{3})*(?:\.\d+)?(?![\d.,、年月日点)])[^\d\s.、]{0,2}(?:[(\[].{0,12})?"
    r"|[〇○零一二三四五六七八九两][〇○零一二三四五六七八九十百千]*[万余]?[件条项个宗份次篇人起名家户批场期]?)"
    r"|\d+(?:\s+\d+)+|[?×oO]|[nN]/?[aA]"
)
UNREAD_WORDS = {"同上", "见附件", "不涉及", "不适用", "略", "见附表", "详见附件"}
"""Cells that stand for something that is not read: a number with words, a mark, a reference."""
NO_VALUE = {"/", "／", "-", "—", "－", "–", "--", "——", "\\", "*", "＼"}
ZERO_WORDS = {"无", "零"}
PADDING = "||"
"""Bars at the end of a row whose other bars have spaces around them: it was padded to the width of the table."""
LONE_BAR = "|"
"""A line of nothing but a bar: an empty cell of a layout with trailing bars. Several bars end a row."""
SPACED_VALUE = re.compile(
    r"(?:[+-]|增加?|减少?)?\d[\d,]*(?:\.\d+)?(?:万?元|人次|件次|[件条项个宗份次篇人起名家户批场期])?|[/\-—无×oO]"
)
"""A value of a line whose cells stand apart by spaces."""
SPACE = re.compile(r"\s")
HEADER_WORD = re.compile(r"[^\s，。；、,;:：]{2,14}")
LINE = re.compile(r"[^\n\r\x0b\x0c\u2028\x85]+")
PAGE = re.compile(
    r"[-—–~·•]\s*\d{1,3}\s*[-—–~·•]|第\s*\d{1,3}\s*页(?:\s*[,，/]?\s*共\s*\d{1,3}\s*页)?|\d{1,3}\s*/\s*\d{1,3}"
    r"|(?:[Pp]age|P\.)\s*\d{1,3}(?:\s*of\s*\d{1,3})?"
)
"""A line that only numbers the page."""
LIST_NUMBER = re.compile(
    r"\d{1,2}[.、．)）]|[一二三四五六七八九十]{1,3}[、.．]|[(（][一二三四五六七八九十\d]{1,3}[)）]"
)
"""A list number alone on its line: the label comes below."""
MAX_SPACED = 400
"""Longest line, in characters, that is read as cells apart by spaces."""
MIN_HEADERS = 3
"""So many short words in a line, apart by spaces, are headers of columns."""
PROSE_LENGTH = 48
"""A piece longer than this, in characters, that resembles no label is prose."""
MAX_UNREAD = 20
"""Longest cell that is taken for a number with words, in characters."""
NOTE = re.compile(r"(.{2,40}?)\([^()]*\)")
"""A label with an explanation in brackets at its end."""
MAX_CELL = 60
"""Longest cell whose reading is remembered, in characters: cells repeat, prose does not."""
MAX_LINE = 160
"""Longest line whose cells are remembered, in characters."""
EDGES = " \t\n\r\u3000\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\ufeff|"


class Piece(NamedTuple):
    """One cell of a table, or a stretch of other text.

    Attributes:
        kind: text; value; blank (an empty cell, or a mark for "none"); glued (digits of several cells
            with nothing between them); unread (a cell that says something else than a number).
        word: what labels are compared by, empty for values and blanks.
        number: the list number that a text begins with: 三, (一), 1; empty where there is none.
        value: of a value, with its sign.
        unit: printed in the cell.
        row: pieces of one layout row share it.
        column: of its layout row, where the layout has columns.
    """

    kind: Literal["text", "value", "blank", "glued", "unread"]
    span: Span
    raw: str
    word: str = ""
    number: str = ""
    value: Decimal | None = None
    unit: str | None = None
    row: int = 0
    column: int = 0


Reading = tuple[Literal["text", "value", "blank", "glued", "unread"], str, str, Decimal | None, str | None]
"""Kind, word, list number, value and unit of a cell."""
GLUED: Reading = ("glued", "", "", None, None)
EMPTY: Reading = ("blank", "", "", None, None)
LineCell = tuple[int, str, Reading, int]
"""Offset in the line, words, reading and column of a cell."""


def is_shown(piece: Piece) -> bool:
    """Whether the piece is more than an empty cell."""
    return piece.kind != "blank" or piece.raw not in ("", LONE_BAR)


def pieces_of(text: str, grids: tuple[Grid, ...]) -> list[Piece]:
    """Every piece of a document in reading order; a grid is read by its rows, the rest by lines."""
    found: list[Piece] = []
    done = row = 0
    for grid in _innermost(grids):
        for pieces in (_flat(text, Span(done, grid.span.start), row), _grid(text, grid, row + 1)):
            found.extend(pieces)
            row = max(row, found[-1].row) if found else row
        done = grid.span.end
    found.extend(_flat(text, Span(done, len(text)), row))
    return found


def _innermost(grids: tuple[Grid, ...]) -> list[Grid]:
    """Grids in order without those that hold another: these only lay out the page."""
    ordered = sorted(grids, key=lambda g: (g.span.start, -g.span.end))
    outer = {g.span for g, after in pairwise(ordered) if after.span.start < g.span.end}
    return [grid for grid in ordered if grid.span not in outer]


def _flat(text: str, span: Span, row: int) -> Iterator[Piece]:
    lines = ((m.start(), m[0]) for m in LINE.finditer(text, span.start, span.end))
    closing = False
    """A lone bar below a line without bars ends that cell."""
    for start, line in joined_lines(lines) if UPRIGHT.search(text, span.start, span.end) else lines:
        row += 1
        cells = (_remembered_cells if len(line) <= MAX_LINE else _line_cells)(line)
        if cells is None:
            if line.strip() == LONE_BAR and not closing:
                place = start + line.index(LONE_BAR)
                yield Piece("blank", Span(place, place + 1), LONE_BAR, row=row)
            closing = closing and "|" not in line
            continue
        closing = "|" not in line
        for offset, raw, (kind, word, number, value, unit), column in cells:
            place = start + offset
            yield Piece(kind, Span(place, place + len(raw)), raw, word, number, value, unit, row, column)


def _line_cells(line: str) -> tuple[LineCell, ...] | None:
    """Cells of a line; None where it has no words."""
    words = line.strip(EDGES)
    if not words:
        return None
    if ("\t" in words or "|" in words) and words.count("\t") + words.count("|") <= MAX_CELLS:
        return tuple(_columns(line))
    start = line.index(words[0])
    return tuple((start + at, raw, reading, 0) for at, raw, reading in _apart(words))


_remembered_cells = lru_cache(maxsize=20_000)(_line_cells)


def _apart(words: str, *, part: bool = False) -> tuple[tuple[int, str, Reading], ...]:
    """Offset, words and reading of each cell of a line without columns."""
    if words.isdigit() or words in NO_VALUE:
        return ((0, words, _read(words)),)
    if PAGE.fullmatch(words) or LIST_NUMBER.fullmatch(words):
        return ()
    parts = segments(words)
    if len(parts) > 1:
        return tuple((at + start, cell, read) for at, p in parts for start, cell, read in _apart(p, part=True))
    cuts = cells_within(words, part=part)
    if cuts is None:
        return tuple((at, cell, _read(cell)) for at, cell in _spaced(words))
    found: list[tuple[int, str, Reading]] = []
    for start, cell, kind in cuts:
        if kind == "glued":
            found.append((start, cell, GLUED))
        else:
            found += [(start + at, w, _read(w)) for at, w in _spaced(cell)]
    return tuple(found)


def _columns(line: str) -> Iterator[LineCell]:
    """A line with tabs or bars between cells."""
    for column, (at, cell) in enumerate(_split(line, "\t" if "\t" in line.strip(" \t") else "|")):
        words = cell.strip(EDGES)
        if words:
            yield at + cell.index(words[0]), words, _reading(words), column
        else:
            yield at, "", EMPTY, column


def _spaced(line: str) -> list[tuple[int, str]]:
    """Cells of a line that stand apart by spaces: a label and its values, or short headers."""
    if len(line) > MAX_SPACED or not SPACE.search(line):
        return [(0, line)]
    words = [(m.start(), m[0]) for m in re.finditer(r"\S+", line)]
    first = len(words)
    while first and SPACED_VALUE.fullmatch(fold(words[first - 1][1])):
        first -= 1
    if first < len(words) and len(words) > 1:
        return [*_labels(line[: words[first][0]]), *words[first:]]
    if len(words) >= MIN_HEADERS and all(HEADER_WORD.fullmatch(w) for _, w in words):
        return words
    return list(_labels(line)) if len(line) <= MAX_CELL else [(0, line)]


def _labels(head: str) -> Iterator[tuple[int, str]]:
    """The group label and the row label of a line, each with its own list number."""
    starts = [0, *(m.end() for m in re.finditer(r"\s+(?=[(（][一二三四五六七八九]|\d{1,2}[.、．]\D)", head))]
    for a, b in zip(starts, [*starts[1:], len(head)], strict=True):
        if words := head[a:b].strip():
            yield a + head[a:b].index(words[0]), words


def _split(line: str, separator: str) -> Iterator[tuple[int, str]]:
    offset = 0
    if separator == "|":
        stripped = line.strip()
        offset = line.index(stripped) if stripped else 0
        if stripped.startswith("|"):
            stripped, offset = stripped[1:], offset + 1
        line = stripped.rstrip("|" + EDGES) if stripped.endswith(PADDING) and " | " in stripped else stripped
        line = line.removesuffix("|")
    for cell in line.split(separator):
        yield offset, cell
        offset += len(cell) + len(separator)


def _grid(text: str, grid: Grid, row: int) -> Iterator[Piece]:
    for cell in grid.cells:
        raw = text[cell.span.start : cell.span.end]
        words = raw.strip(EDGES)
        if words:
            yield _piece(words, cell.span.start + raw.index(words[0]), row + cell.row, cell.column)
        else:
            yield Piece("blank", Span(cell.span.start, cell.span.start), "", row=row + cell.row, column=cell.column)


def _piece(words: str, start: int, row: int, column: int) -> Piece:
    kind, word, number, value, unit = _reading(words)
    return Piece(kind, Span(start, start + len(words)), words, word, number, value, unit, row, column)


def _reading(words: str) -> Reading:
    return (_remembered if len(words) <= MAX_CELL else _read)(words)


def _read(words: str) -> Reading:
    value, unit = read_value(words)
    if value is not None:
        return "value", "", "", value, unit
    if words in NO_VALUE:
        return "blank", "", "", None, None
    folded = fold(words)
    if words in UNREAD_WORDS or (len(words) <= MAX_UNREAD and UNREAD.fullmatch(folded)):
        return "unread", "", "", None, None
    note = NOTE.fullmatch(folded) if folded.endswith(")") else None
    return "text", bare(note[1] if note else words), heading_number(words), None, None


_remembered = lru_cache(maxsize=50_000)(_read)


def heading_number(label: str) -> str:
    """The list number that a label begins with: 三, (一), 1; empty where there is none."""
    match = NUMBERING.match(fold(label))
    return match[0].strip(" .、()") if match else ""


def read_value(words: str) -> tuple[Decimal | None, str | None]:
    """Value and unit of a cell: `0`, `+17`, `减38`, `1,113`, `22979.87万元`, `无`; else None."""
    if words in ZERO_WORDS:
        return Decimal(0), None
    match = VALUE.fullmatch(fold(words).replace(" ", ""))
    if match is None:
        return None, None
    number = parse_numeral(match["number"])
    if number is not None and match["sign"] in ("-", "减", "减少"):
        number = -number
    return number, match["unit"]
