"""From a text or a grid to the pieces that tables are made of: labels, values and blanks.

A piece is one cell as far as the layout tells: a line, a stretch between tabs or bars, a grid cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from models.lines import bare
from models.numerals import fold, parse_numeral
from models.schema.document import Grid, Span

VALUE = re.compile(
    r"(?P<sign>[+-]|增加?|减少?|新增)?\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    r"(?P<unit>[万亿]?元|[件条项个宗份次])?"
)
NO_VALUE = {"/", "／", "-", "—", "－", "–", "--", "——", "\\", "*", "＼"}
ZERO_WORDS = {"无", "零"}
LONE_BAR = "|"
"""A line of nothing but a bar: an empty cell of a layout with trailing bars. Several bars end a row."""
SPACED_VALUE = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?:万?元)?|[/\-—无]")
"""A value of a line whose cells stand apart by spaces."""
HEADER_WORD = re.compile(r"[^\s，。；、,;:：]{2,14}")
MAX_SPACED = 400
"""Longest line, in characters, that is read as cells apart by spaces."""
MIN_HEADERS = 3
"""So many short words in a line, apart by spaces, are headers of columns."""
PROSE_LENGTH = 48
"""A piece longer than this, in characters, that resembles no label is prose."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One cell of a table, or a stretch of other text.

    Attributes:
        kind: text; value; blank (an empty cell, or a mark for "none"); end (a row of the layout ends).
        word: what labels are compared by, empty for values and blanks.
        value: of a value, with its sign.
        unit: printed in the cell.
        row: pieces of one layout row share it.
        column: of its layout row, where the layout has columns.
    """

    kind: Literal["text", "value", "blank"]
    span: Span
    raw: str
    word: str = ""
    value: Decimal | None = None
    unit: str | None = None
    row: int = 0
    column: int = 0


def pieces_of(text: str, grids: tuple[Grid, ...]) -> list[Piece]:
    """Every piece of a document in reading order; a grid is read by its rows, the rest by lines."""
    found: list[Piece] = []
    done = 0
    row = 0
    for grid in _innermost(grids):
        for piece in _flat(text, Span(done, grid.span.start), row):
            found.append(piece)
            row = piece.row + 1
        for piece in _grid(text, grid, row):
            found.append(piece)
            row = piece.row + 1
        done = grid.span.end
    found.extend(_flat(text, Span(done, len(text)), row))
    return found


def _innermost(grids: tuple[Grid, ...]) -> list[Grid]:
    """Grids in order without those that hold another: these only lay out the page."""
    ordered = sorted(grids, key=lambda g: (g.span.start, -g.span.end))
    outer = {g.span for g, after in pairwise(ordered) if after.span.start < g.span.end}
    return [grid for grid in ordered if grid.span not in outer]


def _flat(text: str, span: Span, row: int) -> Iterator[Piece]:
    for match in re.compile(r"[^\n\r\x0b\x0c\u2028\x85]+").finditer(text, span.start, span.end):
        row += 1
        line = match[0]
        if line.strip() == LONE_BAR:
            place = match.start() + line.index(LONE_BAR)
            yield Piece("blank", Span(place, place + 1), LONE_BAR, row=row)
            continue
        separator = "\t" if "\t" in line.strip(" \t") else "|" if "|" in line else None
        if separator is None:
            for start, cell in _spaced(line, match.start()):
                yield from _piece(cell, start, row, 0, in_row=False)
            continue
        cells = list(_split(line, match.start(), separator))
        if sum(bool(c.strip()) for _, c in cells) <= 1:
            cells = [c for c in cells if c[1].strip()]
        for column, (start, cell) in enumerate(cells):
            yield from _piece(cell, start, row, column, in_row=len(cells) > 1)


def _spaced(line: str, offset: int) -> Iterator[tuple[int, str]]:
    """Cells of a line that stand apart by spaces: a label and its values, or short headers."""
    words = list(re.finditer(r"\S+", line)) if len(line) <= MAX_SPACED else []
    first = len(words)
    while first and SPACED_VALUE.fullmatch(fold(words[first - 1][0])):
        first -= 1
    if first < len(words) and len(words) > 1:
        yield from _labels(line[: words[first].start()], offset)
        yield from ((offset + m.start(), m[0]) for m in words[first:])
    elif len(words) >= MIN_HEADERS and all(HEADER_WORD.fullmatch(m[0]) for m in words):
        yield from ((offset + m.start(), m[0]) for m in words)
    else:
        yield offset, line


def _labels(head: str, offset: int) -> Iterator[tuple[int, str]]:
    """The group label and the row label of a line, each with its own list number."""
    starts = [0, *(m.end() for m in re.finditer(r"\s+(?=[(（][一二三四五六七八九]|\d{1,2}[.、．]\D)", head))]
    yield from ((offset + a, head[a:b]) for a, b in zip(starts, [*starts[1:], len(head)], strict=True))


def _split(line: str, offset: int, separator: str) -> Iterator[tuple[int, str]]:
    if separator == "|":
        stripped = line.strip()
        offset += line.index(stripped) if stripped else 0
        if stripped.startswith("|"):
            stripped, offset = stripped[1:], offset + 1
        line = stripped.removesuffix("|")
    for cell in line.split(separator):
        yield offset, cell
        offset += len(cell) + len(separator)


def _grid(text: str, grid: Grid, row: int) -> Iterator[Piece]:
    for cell in grid.cells:
        raw = text[cell.span.start : cell.span.end]
        yield from _piece(raw, cell.span.start, row + cell.row, cell.column, in_row=True)


def _piece(raw: str, offset: int, row: int, column: int, *, in_row: bool) -> Iterator[Piece]:
    words = raw.strip(" \t\n\r\u3000\xa0\ufeff|")
    start = offset + raw.find(words) if words else offset
    span = Span(start, start + len(words))
    if not words:
        if in_row:
            yield Piece("blank", span, "", row=row, column=column)
        return
    value, unit = read_value(words)
    if value is not None:
        yield Piece("value", span, words, value=value, unit=unit, row=row, column=column)
    elif words in NO_VALUE:
        yield Piece("blank", span, words, row=row, column=column)
    else:
        yield Piece("text", span, words, word=bare(words), row=row, column=column)


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
