"""HTML pages: the visible text, a block a line, and the tables with their rows and columns.

Parsed by lexbor (selectolax), which like a browser accepts anything and does not recurse. The
walk here is iterative too, so that depth costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from models.readers.decode import decode
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
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
MAX_SPAN = 100
MAX_CELLS = 20_000


@dataclass(slots=True)
class _Table:
    start: int
    row: int = -1
    column: int = 0
    taken: dict[tuple[int, int], bool] = field(default_factory=dict)
    cells: list[GridCell] = field(default_factory=list)
    """Cells that are closed."""


class _Writer:
    """Collects visible text; white space is folded, blocks end lines."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.line_open = False

    def text(self, raw: str) -> None:
        words = re.sub(r"[ \t\r\n\f\xa0\u3000]+", " ", raw)
        if not self.line_open:
            words = words.lstrip(" ")
        if words:
            self._put(words)
            self.line_open = not words.isspace()

    def line(self) -> None:
        if self.line_open:
            self._put("\n")
            self.line_open = False

    def _put(self, words: str) -> None:
        self.parts.append(words)
        self.length += len(words)


def read(data: bytes) -> Source:
    """Visible text and grids of a page; the charset that it declares is often wrong and not asked.

    Raises:
        DocumentError: the bytes are no text, or the page shows none.
    """
    markup, encoding, warnings = decode(data)
    tree = LexborHTMLParser(markup)
    writer = _Writer()
    grids = _walk(tree, writer)
    text = "".join(writer.parts)
    if not text.strip():
        raise DocumentError("parse", "the page shows no text")
    title = tree.css_first("title")
    return Source(
        text=text,
        encoding=encoding,
        title=title.text(strip=True)[:300] if title is not None else "",
        grids=tuple(grids),
        warnings=warnings,
    )


def _walk(tree: LexborHTMLParser, writer: _Writer) -> list[Grid]:
    """Depth first with a stack of its own; a table inside a cell makes a grid of its own."""
    grids: list[Grid] = []
    tables: list[_Table] = []
    opened: list[tuple[int, int, int, int, int]] = []
    root = tree.body or tree.root
    stack: list[tuple[LexborNode, bool]] = [(root, False)] if root is not None else []
    while stack:
        node, leaving = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            writer.text(node.text_content or "")
            continue
        if leaving:
            _leave(tag, writer, tables, opened, grids)
            continue
        if tag in SKIPPED or tag.startswith(("-", "!", "_")) or _hidden(node):
            continue
        _enter(tag, node, writer, tables, opened)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(_children(node)))
    return grids


def _children(node: LexborNode) -> list[LexborNode]:
    children = []
    child = node.child
    while child is not None:
        children.append(child)
        child = child.next
    return children


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(HIDDEN.search(attributes.get("style") or ""))


def _enter(
    tag: str,
    node: LexborNode,
    writer: _Writer,
    tables: list[_Table],
    opened: list[tuple[int, int, int, int, int]],
) -> None:
    if tag in BLOCKS:
        writer.line()
    if tag == "table":
        tables.append(_Table(writer.length))
    elif tag == "tr" and tables:
        tables[-1].row += 1
        tables[-1].column = 0
    elif tag in ("td", "th") and tables:
        table = tables[-1]
        table.row = max(table.row, 0)
        while table.taken.get((table.row, table.column)):
            table.column += 1
        rowspan, colspan = _number(node, "rowspan"), _number(node, "colspan")
        if len(table.taken) < MAX_CELLS:
            for down in range(rowspan):
                for right in range(colspan):
                    table.taken[table.row + down, table.column + right] = True
        opened.append((table.row, table.column, rowspan, colspan, writer.length))
        table.column += colspan


def _leave(
    tag: str,
    writer: _Writer,
    tables: list[_Table],
    opened: list[tuple[int, int, int, int, int]],
    grids: list[Grid],
) -> None:
    if tag in ("td", "th") and tables and opened:
        row, column, rowspan, colspan, start = opened.pop()
        tables[-1].cells.append(GridCell(row, column, rowspan, colspan, Span(start, writer.length)))
    if tag == "table" and tables:
        table = tables.pop()
        if table.cells:
            cells = sorted(table.cells, key=lambda c: (c.row, c.column))
            grids.append(Grid(Span(table.start, writer.length), tuple(cells)))
    if tag in BLOCKS:
        writer.line()


def _number(node: LexborNode, name: str) -> int:
    value = (node.attributes.get(name) or "").strip()
    return min(max(int(value), 1), MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1
