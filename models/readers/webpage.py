"""HTML pages: the visible text, a block a line, and the tables with their rows and columns.

Parsed by lexbor (selectolax), which like a browser accepts anything and does not recurse. The
walk here is iterative too, so that depth costs nothing. Rows and columns are those that a browser
shows: heads first, hidden rows not at all, spans as far as their part of the table goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from models.readers.budgets import budgets
from models.readers.decode import decode
from models.readers.writer import Writer
from models.schema.document import Grid, GridCell, Source, Span
from models.schema.errors import DocumentError

SUFFIXES = (".html", ".htm")
SKIPPED = {"script", "style", "noscript", "template", "head", "svg", "select", "iframe", "object"}
BLOCKS = set(
    """
    address article aside blockquote body br caption dd div dl dt fieldset figure footer form h1 h2 h3
    h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul
    """.split()
)
CHROME = {"nav", "header", "footer", "aside"}
"""What stands around a report; pictures there are no tables."""
ROW_GROUPS = {"thead": 0, "tbody": 1, "tr": 1, "tfoot": 2}
"""The parts of a table by the order in which they are shown."""
GONE = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*collapse)", re.IGNORECASE)
UNSEEN = re.compile(r"(?:^|[;\s])visibility\s*:\s*hidden", re.IGNORECASE)
"""Takes its place, but shows nothing."""
SIZE = re.compile(r"(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*([\d.]{1,9})px", re.IGNORECASE)
TYPED = {"", "text", "number", "tel", "search"}
"""Kinds of fields whose value is seen."""
MIN_PICTURE = 100
"""Smallest width and height of a picture that could hold a table, in pixels."""
MAX_SPAN = budgets().spans
MAX_CELLS = budgets().table_cells


@dataclass(slots=True)
class _Table:
    start: int
    row: int = -1
    column: int = 0
    group: int = 0
    """The first cell, among those closed, of the part of the table that is read."""
    taken: set[tuple[int, int]] = field(default_factory=set)
    cells: list[GridCell] = field(default_factory=list)
    """Cells that are closed; a rowspan of 0 goes to the end of its part."""


def read(data: bytes) -> Source:
    """Visible text and grids of a page; the charset that it declares is often wrong and not asked.

    Raises:
        DocumentError: the bytes are no text, or the page shows none.
    """
    markup, encoding, warnings = decode(data)
    tree = LexborHTMLParser(markup)
    page = _Page()
    root = tree.body or tree.root
    if root is not None:
        page.walk(root)
    text = page.writer.whole
    if not text.strip():
        raise DocumentError("parse", "the page shows no text")
    title = tree.css_first("title")
    return Source(
        text=text,
        encoding=encoding,
        title=title.text(strip=True)[:300] if title is not None else "",
        grids=tuple(page.grids),
        warnings=warnings,
        pictures=tuple(page.pictures),
    )


class _Page:
    """Depth first with a stack of its own; a table inside a cell makes a grid of its own."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.grids: list[Grid] = []
        self.pictures: list[int] = []
        self.tables: list[_Table] = []
        self.opened: list[tuple[int, int, int, int, int]] = []
        self.chrome = 0
        self.unseen = 0

    def walk(self, root: LexborNode) -> None:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag or ""
            if tag == "-text":
                if not self.unseen:
                    self.writer.text(node.text_content or "")
            elif leaving:
                self._leave(tag, node)
            elif tag not in SKIPPED and not tag.startswith(("-", "!", "_")) and not _gone(node):
                self._enter(tag, node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(_children(node, tag)))

    def _enter(self, tag: str, node: LexborNode) -> None:
        if tag in BLOCKS:
            self.writer.line()
        self.chrome += tag in CHROME
        self.unseen += _unseen(node)
        if tag == "table":
            self.tables.append(_Table(self.writer.length))
        elif tag == "tr" and self.tables:
            self.tables[-1].row += 1
            self.tables[-1].column = 0
        elif tag in ("td", "th") and self.tables:
            self._enter_cell(node)
        elif tag == "input" and not self.unseen and (node.attributes.get("type") or "").lower() in TYPED:
            self.writer.text(node.attributes.get("value") or "")
        elif tag == "img" and not self.chrome and not self.unseen and _large(node):
            self.pictures.append(self.writer.length)

    def _enter_cell(self, node: LexborNode) -> None:
        table = self.tables[-1]
        table.row = max(table.row, 0)
        while (table.row, table.column) in table.taken:
            table.column += 1
        rowspan, colspan = _number(node, "rowspan", 0), _number(node, "colspan", 1)
        if len(table.taken) < MAX_CELLS:
            for down in range(rowspan or MAX_SPAN):
                table.taken |= {(table.row + down, table.column + right) for right in range(colspan)}
        self.opened.append((table.row, table.column, rowspan, colspan, self.writer.length))
        table.column += colspan

    def _leave(self, tag: str, node: LexborNode) -> None:
        if tag in ("td", "th") and self.tables and self.opened:
            row, column, rowspan, colspan, start = self.opened.pop()
            self.tables[-1].cells.append(GridCell(row, column, rowspan, colspan, Span(start, self.writer.length)))
        elif tag in ("thead", "tbody", "tfoot", "table") and self.tables:
            _close_group(self.tables[-1])
        if tag == "table" and self.tables:
            self._close_table(self.tables.pop())
        self.chrome -= tag in CHROME
        self.unseen -= _unseen(node)
        if tag in BLOCKS:
            self.writer.line()

    def _close_table(self, table: _Table) -> None:
        """A table of one cell within another only wraps what the cell shows."""
        if table.cells and not (self.tables and len(table.cells) == 1):
            cells = sorted(table.cells, key=lambda c: (c.row, c.column))
            self.grids.append(Grid(Span(table.start, self.writer.length), tuple(cells)))


def _close_group(table: _Table) -> None:
    """A cell ends with its part of the table, however many rows it claims."""
    for i in range(table.group, len(table.cells)):
        cell = table.cells[i]
        rows = table.row - cell.row + 1
        table.cells[i] = replace(cell, rowspan=min(cell.rowspan or rows, rows))
    table.group = len(table.cells)
    table.taken.clear()


def _children(node: LexborNode, tag: str) -> list[LexborNode]:
    children = []
    child = node.child
    while child is not None:
        children.append(child)
        child = child.next
    return sorted(children, key=lambda c: ROW_GROUPS.get(c.tag or "", -1)) if tag == "table" else children


def _gone(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(GONE.search(attributes.get("style") or ""))


def _unseen(node: LexborNode) -> bool:
    return bool(UNSEEN.search(node.attributes.get("style") or ""))


def _large(node: LexborNode) -> bool:
    """Whether no size that the page gives to a picture is too small for a table."""
    attributes = node.attributes
    if not attributes.get("src"):
        return False
    sizes = [re.match(r"\s*([\d.]{1,9})(?:px)?\s*$", attributes.get(side) or "") for side in ("width", "height")]
    given = [m[1] for m in sizes if m] + SIZE.findall(attributes.get("style") or "")
    return all(float(g.strip(".") or 0) >= MIN_PICTURE for g in given if g.count(".") < 2)


def _number(node: LexborNode, name: str, least: int) -> int:
    value = (node.attributes.get(name) or "").strip()
    return min(max(int(value), least), MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1
