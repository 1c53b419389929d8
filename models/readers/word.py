"""Word files (.docx): paragraphs and tables in the order of the body, as they print.

Tracked deletions and hidden text are left out, insertions stay; text boxes follow the paragraph that holds
them. Headers, footers and the title of the file's properties, mostly that of an older file, are left aside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from models.readers.budgets import budgets
from models.readers.word_numbers import Numbers, child, local, value
from models.readers.word_package import parts_of
from models.readers.writer import Writer
from models.schema.document import Grid, GridCell, Source, Span
from models.schema.errors import DocumentError

SUFFIXES = (".docx",)
SKIPPED = {
    *("del", "moveFrom", "Fallback", "instrText", "delText", "delInstrText", "rPr", "pPr", "tblPr", "tblGrid"),
    *("trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr", "fldData", "annotationRef", "rt"),
}
MAX_SPAN = budgets().spans
MIN_PICTURE = 952_500
"""Smallest width and height of a picture that could hold a table, in EMU: 100 pixels."""
_POINTS = re.compile(r"(width|height)\s*:\s*([\d.]+)pt")
_Element = Any


@dataclass(slots=True)
class _Cell:
    row: int
    column: int
    rowspan: int
    colspan: int
    start: int
    end: int = 0


@dataclass(slots=True)
class _Table:
    start: int
    row: int = -1
    column: int = 0
    cells: list[_Cell] = field(default_factory=list)
    open: list[_Cell] = field(default_factory=list)
    above: dict[int, _Cell] = field(default_factory=dict)
    """By column, the cell that a merged one below would belong to."""


def read(data: bytes) -> Source:
    """Text and tables of the body.

    Raises:
        DocumentError: no .docx, broken, encrypted, larger than a report, or without text.
    """
    document, numbering, styles = parts_of(data)
    body = child(document, "body")
    if body is None:
        raise DocumentError("parse", "the Word file has no body")
    reader = _Reader(Numbers(numbering, styles))
    reader.walk(body)
    text = reader.writer.whole
    if not text.strip():
        what = "only pictures: it needs OCR" if reader.pictures else "no text"
        raise DocumentError("parse", f"the Word file shows {what}")
    grids = tuple(sorted(reader.grids, key=lambda g: (g.span.start, -g.span.end)))
    return Source(text, "docx", grids=grids, pictures=tuple(reader.pictures))


class _Reader:
    """Walks the body with a stack of its own and writes what prints."""

    def __init__(self, numbers: Numbers) -> None:
        self.writer = Writer()
        self.grids: list[Grid] = []
        self.pictures: list[int] = []
        self.tables: list[_Table] = []
        self.numbers = numbers
        self.boxes: list[_Element] = []

    def walk(self, root: _Element) -> None:
        stack: list[tuple[_Element, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            name = local(node)
            if leaving:
                self._leave(name, node)
                if name == "p":
                    stack.extend((box, False) for box in reversed(self.boxes))
                    self.boxes = []
            elif self._enter(name, node):
                stack.append((node, True))
                stack.extend((c, False) for c in reversed(node) if isinstance(c.tag, str))

    def _enter(self, name: str, node: _Element) -> bool:
        """Write what the element itself prints; whether its parts are to be read."""
        if name in SKIPPED or (name == "r" and _on(child(node, "rPr", "vanish"))):
            return False
        if name == "t":
            self.writer.text(node.text or "")
        elif name in ("tab", "ptab"):
            self.writer.text(" ")
        elif name in ("br", "cr"):
            self.writer.line()
        elif name == "noBreakHyphen":
            self.writer.text("-")
        elif name in ("drawing", "pict", "object"):
            self._picture(node)
        elif name == "p":
            self.writer.text(self.numbers.of(node))
        elif name == "tbl":
            self.writer.line()
            self.tables.append(_Table(self.writer.length))
        elif name == "tr" and self.tables:
            return self._enter_row(node)
        elif name == "tc" and self.tables:
            self._enter_cell(node)
        return name not in ("t", "drawing", "pict", "object")

    def _enter_row(self, node: _Element) -> bool:
        if child(node, "trPr", "del") is not None or _on(child(node, "trPr", "hidden")):
            return False
        self.tables[-1].row += 1
        self.tables[-1].column = _number(value(child(node, "trPr", "gridBefore")), 0)
        return True

    def _enter_cell(self, node: _Element) -> None:
        table = self.tables[-1]
        colspan = _number(value(child(node, "tcPr", "gridSpan")), 1)
        merge = child(node, "tcPr", "vMerge")
        above = table.above.get(table.column)
        if merge is not None and (value(merge) or "continue") != "restart" and above is not None:
            above.rowspan += table.row - (above.row + above.rowspan - 1)
            cell = _Cell(-1, table.column, 1, colspan, self.writer.length)
        else:
            cell = _Cell(max(table.row, 0), table.column, 1, colspan, self.writer.length)
            for column in range(table.column, table.column + colspan):
                table.above.pop(column, None)
            table.above[table.column] = cell
            table.cells.append(cell)
        table.open.append(cell)
        table.column += colspan

    def _leave(self, name: str, node: _Element) -> None:
        if name == "p" and child(node, "pPr", "rPr", "del") is None:
            self.writer.line()
        elif name == "tc" and self.tables and self.tables[-1].open:
            self.writer.line()
            self.tables[-1].open.pop().end = self.writer.length
        elif name == "tbl" and self.tables:
            table = self.tables.pop()
            cells = [
                GridCell(c.row, c.column, c.rowspan, c.colspan, Span(c.start, max(c.end, c.start)))
                for c in sorted(table.cells, key=lambda c: (c.row, c.column))
            ]
            if cells:
                self.grids.append(Grid(Span(table.start, self.writer.length), tuple(cells)))

    def _picture(self, node: _Element) -> None:
        """A picture that could hold a table is noted; the boxes of a drawing are read after the paragraph."""
        inside = [e for e in node.iter() if isinstance(e.tag, str)]
        self.boxes += [e for e in inside if local(e) == "txbxContent" and not _in_fallback(e, node)]
        if any(local(e) in ("blip", "imagedata") for e in inside) and any(map(_large, inside)):
            self.pictures.append(self.writer.length)


def _in_fallback(element: _Element, top: _Element) -> bool:
    """Whether it stands in the form for old programs, or within another box."""
    parent = element.getparent()
    while parent is not None and parent is not top:
        if local(parent) in ("Fallback", "txbxContent"):
            return True
        parent = parent.getparent()
    return False


def _large(element: _Element) -> bool:
    if local(element) in ("extent", "ext"):
        return all(_number(value(element, side), 0, 10) >= MIN_PICTURE for side in ("cx", "cy"))
    sides = dict(_POINTS.findall(value(element, "style") or ""))
    return len(sides) == len(("width", "height")) and all(float(s.strip(".") or 0) >= 75 for s in sides.values())


def _on(switch: _Element | None) -> bool:
    """Whether a property is given and not switched off."""
    return switch is not None and (value(switch) or "true").lower() not in ("0", "false", "off", "none")


def _number(text: str | None, otherwise: int, digits: int = 4) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > digits:
        return otherwise
    return int(text) if digits > len("9999") else min(int(text), MAX_SPAN)
