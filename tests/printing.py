"""Prints planted reports as PDF and Word files in the manner of office programs."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from docx import Document
from docx.document import Document as DocxDocument
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from models.schema.document import Grid, GridCell
from tests.planted import Planted

FONT = "STSong-Light"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 595.0, 842.0, 72.0, 72.0, 72.0
COLUMNS = {4: [150.0, 100, 100, 100], 10: [46.0, 40, 113, *[36.0] * 7], 15: [30.0] * 15}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a PDF is made.

    Attributes:
        rules: all; rows (horizontal lines only); columns (lines between columns, none between rows of
            values); none.
        broken: rows whose label has two lines are cut by the page break; the values stand in the part given.
        order: seed of the order in the content stream; None for the order of reading.
        apart: each digit is set alone, with a gap.
        bold: everything is printed twice, a little apart.
        turn: of the page, in degrees; sideways: of the text on it.
        boxes: lines are thin filled boxes, a piece for each cell, as browsers and office programs draw them.
        pad: white space around the text of a row, in points.
    """

    rules: str = "all"
    height: float = HEIGHT
    broken: int | None = None
    order: int | None = None
    apart: bool = False
    bold: bool = False
    turn: int = 0
    sideways: int = 0
    number: str = "- {} -"
    head: str = ""
    boxes: bool = False
    pad: float = 6.0
    size: float = 10.0


@dataclass(slots=True)
class _Sheet:
    texts: list[tuple[float, float, str, float]] = field(default_factory=list)
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)


def prose_and_grids(planted: Planted) -> Iterable[list[str] | Grid]:
    """The report as paragraphs and tables in turn."""
    done = 0
    for grid in sorted(planted.grids, key=lambda g: g.span):
        yield planted.text[done : grid.span.start].splitlines()
        yield grid
        done = grid.span.end
    yield planted.text[done:].splitlines()


def text_in(planted: Planted, cell: GridCell) -> str:
    """The words of a cell."""
    return planted.text[cell.span.start : cell.span.end].strip()


# ---------------------------------------------------------------- PDF


class Printer:
    """Lays out pages from top to bottom."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.sheets = [_Sheet()]
        self.y = TOP
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))

    @property
    def room(self) -> float:
        """Points left on the page."""
        return self.manner.height - BOTTOM - self.y

    def new_page(self) -> None:
        self.sheets.append(_Sheet())
        self.y = TOP

    def text(self, x: float, y: float, words: str, size: float = 0) -> None:
        self.sheets[-1].texts.append((x, y, words, size or self.manner.size))

    def paragraph(self, words: str, size: float = 12, indent: int = 2) -> None:
        for line in wrapped("\u3000" * indent + words, WIDTH - 2 * LEFT, size):
            if self.room < 22:
                self.new_page()
            self.y += 22
            shown = line.lstrip("\u3000")
            self.text(LEFT + size * (len(line) - len(shown)), self.y - 6, shown, size)

    def title(self, words: str) -> None:
        self.y += 30
        self.text((WIDTH - pdfmetrics.stringWidth(words, FONT, 18)) / 2, self.y - 8, words, 18)
        self.y += 10

    def table(self, planted: Planted, grid: Grid) -> None:
        """Rows until the page is full; the rest on the next page, with the sides drawn anew."""
        layout = _Layout(planted, grid, self.manner)
        begun: dict[int, int] = {}
        row = 0
        while row < layout.rows:
            page: list[tuple[int, int, float]] = []
            y = self.y
            while row < layout.rows and layout.part_height(row, begun.get(row)) <= self.manner.height - BOTTOM - y:
                page.append((row, begun.get(row, -1), y))
                y += layout.part_height(row, begun.pop(row, None))
                row += 1
            if row < layout.rows and self.manner.broken is not None and row not in begun and layout.can_break(row):
                page.append((row, 0, y))
                y += layout.part_height(row, 0)
                begun[row] = 1
            if page:
                layout.draw(self.sheets[-1], page, y)
            self.y = y
            if row < layout.rows:
                self.new_page()
        self.y += 10

    def done(self) -> bytes:
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=self._pagesize(), invariant=1)
        for number, sheet in enumerate(self.sheets, 1):
            self._page(canvas, sheet, number)
        canvas.save()
        return buffer.getvalue()

    def _pagesize(self) -> tuple[float, float]:
        """Of the canvas; reportlab exchanges width and height of a turned page, and this takes it back."""
        across = (self.manner.sideways % 180 == 90) != (self.manner.turn % 180 == 90)
        return (self.manner.height, WIDTH) if across else (WIDTH, self.manner.height)

    def _page(self, canvas: Canvas, sheet: _Sheet, number: int) -> None:
        manner = self.manner
        if manner.turn:
            canvas.setPageRotation(manner.turn)
        if manner.sideways == 90:
            canvas.translate(manner.height, 0)
            canvas.rotate(90)
        elif manner.sideways == 270:
            canvas.translate(0, WIDTH)
            canvas.rotate(-90)
        if manner.number:
            sheet.texts.append((WIDTH / 2 - 10, manner.height - 40, manner.number.format(number), 10))
        if manner.head:
            sheet.texts.append((LEFT, 40, manner.head, 9))
        texts = [part for text in sheet.texts for part in self._parts(text)]
        if manner.order is not None:
            random.Random(manner.order).shuffle(texts)
        for x0, y0, x1, y1 in sheet.lines:
            if manner.boxes:
                canvas.rect(x0, manner.height - y1, max(x1 - x0, 0.48), max(y1 - y0, 0.48), stroke=0, fill=1)
            else:
                canvas.line(x0, manner.height - y0, x1, manner.height - y1)
        for x, y, words, size in texts:
            for shift in (0, 0.4) if manner.bold else (0,):
                canvas.setFont(FONT, size)
                canvas.drawString(x + shift, manner.height - y, words)
        canvas.showPage()

    def _parts(self, text: tuple[float, float, str, float]) -> list[tuple[float, float, str, float]]:
        x, y, words, size = text
        if not (self.manner.apart or self.manner.order is not None):
            return [text]
        parts = []
        for character in words:
            parts.append((x, y, character, size))
            x += pdfmetrics.stringWidth(character, FONT, size) + (
                0.15 * size if self.manner.apart and character.isdigit() else 0
            )
        return parts


class _Layout:
    """Where the cells of one table stand."""

    def __init__(self, planted: Planted, grid: Grid, manner: Manner) -> None:
        self.manner = manner
        self.cells = [(cell, text_in(planted, cell)) for cell in grid.cells]
        self.rows = max(c.row + c.rowspan for c, _ in self.cells)
        n = max(c.column + c.colspan for c, _ in self.cells)
        self.xs = [LEFT]
        for width in COLUMNS[n]:
            self.xs.append(self.xs[-1] + width)
        self.heights = [
            self._needed([x for x in self.cells if x[0].row == r and x[0].rowspan == 1]) for r in range(self.rows)
        ]
        for cell, words in self.cells:
            lack = self._needed([(cell, words)]) - sum(self.heights[cell.row : cell.row + cell.rowspan])
            self.heights[cell.row + cell.rowspan - 1] += max(lack, 0)

    def lines(self, cell: GridCell, words: str) -> list[str]:
        return wrapped(words, self.xs[cell.column + cell.colspan] - self.xs[cell.column] - 8, self.manner.size)

    def _needed(self, cells: list[tuple[GridCell, str]]) -> float:
        n = max((len(self.lines(*x)) for x in cells), default=1)
        return n * 1.3 * self.manner.size + self.manner.pad

    def can_break(self, row: int) -> bool:
        cells = [(c, w) for c, w in self.cells if c.row == row and c.rowspan == 1]
        return sum(len(self.lines(*x)) > 1 for x in cells) == 1

    def part_height(self, row: int, part: int | None) -> float:
        """Of a whole row (None, -1), or of its first or second half."""
        if part is None or part < 0:
            return self.heights[row]
        return self.heights[row] / 2 + self.manner.pad

    def draw(self, sheet: _Sheet, page: list[tuple[int, int, float]], bottom: float) -> None:
        """The rows of one page, each with its part (-1 whole) and its top."""
        tops = {row: y for row, _, y in page}
        parts = {row: part for row, part, _ in page}
        ends = dict(zip(tops, [*list(tops.values())[1:], bottom], strict=True))
        for cell, words in self.cells:
            rows = [r for r in range(cell.row, cell.row + cell.rowspan) if r in tops]
            if not rows:
                continue
            top, end = tops[rows[0]], ends[rows[-1]]
            first_page = rows[0] == cell.row and parts[cell.row] != 1
            shown = self._shown(cell, words, parts.get(cell.row, -1)) if cell.rowspan == 1 else [words] * first_page
            lines = [x for w in shown for x in self.lines(cell, w)]
            self._place(sheet, cell, lines, top, end)
            self._rules(sheet, cell, top, end)

    def _shown(self, cell: GridCell, words: str, part: int) -> list[str]:
        """What of a cell stands in a half of its row."""
        if part < 0:
            return [words]
        lines = self.lines(cell, words)
        if len(lines) > 1:
            half = len(lines) // 2
            return lines[:half] if part == 0 else lines[half:]
        return [words] if part == self.manner.broken else []

    def _place(self, sheet: _Sheet, cell: GridCell, lines: list[str], top: float, end: float) -> None:
        size = self.manner.size
        x0, x1 = self.xs[cell.column], self.xs[cell.column + cell.colspan]
        y = (top + end - len(lines) * 1.3 * size) / 2 + size
        for line in lines:
            sheet.texts.append(((x0 + x1 - pdfmetrics.stringWidth(line, FONT, size)) / 2, y, line, size))
            y += 1.3 * size

    def _rules(self, sheet: _Sheet, cell: GridCell, top: float, end: float) -> None:
        x0, x1 = self.xs[cell.column], self.xs[cell.column + cell.colspan]
        values = cell.row > 2 and cell.row < self.rows - 1
        if self.manner.rules in ("all", "rows") or (self.manner.rules == "columns" and not values):
            sheet.lines += [(x0, top, x1, top), (x0, end, x1, end)]
        if self.manner.rules in ("all", "columns"):
            sheet.lines += [(x0, top, x0, end), (x1, top, x1, end)]


def wrapped(words: str, width: float, size: float) -> list[str]:
    """Lines that fit a width, broken anywhere."""
    lines = [""]
    for character in words:
        if lines[-1] and pdfmetrics.stringWidth(lines[-1] + character, FONT, size) > width:
            lines.append("")
        lines[-1] += character
    return lines


def print_pdf(planted: Planted, manner: Manner | None = None) -> bytes:
    """The whole report as a PDF."""
    printer = Printer(manner or Manner())
    for part in prose_and_grids(planted):
        if isinstance(part, Grid):
            printer.table(planted, part)
            continue
        for number, words in enumerate(part):
            if printer.y == TOP and len(printer.sheets) == 1 and number == 0:
                printer.title(words)
            else:
                printer.paragraph(words)
    return printer.done()


# ---------------------------------------------------------------- Word


def print_docx(planted: Planted) -> bytes:
    """The whole report as a Word file, with merged cells as Word makes them."""
    document = Document()
    for part in prose_and_grids(planted):
        if isinstance(part, Grid):
            _docx_table(document, planted, part)
            continue
        for words in part:
            document.add_paragraph(words)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _docx_table(document: DocxDocument, planted: Planted, grid: Grid) -> None:
    rows = max(c.row + c.rowspan for c in grid.cells)
    columns = max(c.column + c.colspan for c in grid.cells)
    table = document.add_table(rows, columns)
    for cell in grid.cells:
        first = table.cell(cell.row, cell.column)
        merged = first.merge(table.cell(cell.row + cell.rowspan - 1, cell.column + cell.colspan - 1))
        merged.text = text_in(planted, cell)


__all__ = ["Manner", "Printer", "print_docx", "print_pdf", "replace"]
