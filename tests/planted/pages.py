"""HTML pages with planted tables, read as the reader reads them."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from models.readers import webpage
from models.schema.document import Grid, Span
from tests.planted.sheets import LABEL_COLUMNS, Item, Line, Sheet

MARKS = 0xF0000
"""Characters of private use, from here on, mark the places of values."""
FILL = "\ue000"
UNSEEN = [
    "<tr style='display:none'>{}</tr>",
    "<tr style='height:0; DISPLAY: none;'>{}</tr>",
    "<tr hidden>{}</tr>",
    "<template><tr>{}</tr></template>",
    "<tbody style='display:none'><tr>{}</tr></tbody>",
]
"""Rows that a browser does not show."""


@dataclass(frozen=True, slots=True)
class Markup:
    """How a page is marked up.

    Attributes:
        nested: tables stand inside a table that lays out the page.
        wrapped: every cell is a paragraph with a span.
        hidden: rows that a browser does not show stand among the others, with other numbers.
        merged: two tables are one, with the heading between them in a row.
        split: a table goes on in a second one, with its header printed again or not.
        spans: rowspan and colspan; without them rows have too few cells.
        padded: no spans, but every row has a cell for each column, and more at its end.
        short: no spans, and rows end with their last cell that is not empty.
    """

    nested: bool = False
    wrapped: bool = False
    hidden: bool = False
    merged: bool = False
    split: Literal["", "plain", "header again"] = ""
    spans: bool = True
    padded: bool = False
    short: bool = False


HTML_LAYOUTS: dict[str, Markup] = {
    "html": Markup(),
    "html nested": Markup(nested=True),
    "html wrapped": Markup(wrapped=True),
    "html hidden rows": Markup(hidden=True),
    "html merged tables": Markup(merged=True),
    "html split tables": Markup(split="plain"),
    "html split tables, header again": Markup(split="header again"),
    "html without spans": Markup(spans=False),
    "html padded": Markup(spans=False, padded=True),
    "html short rows": Markup(spans=False, short=True),
}


class _Tables:
    """Writes tables; `marked` writes a mark of the same length for each value, to find its place."""

    def __init__(self, markup: Markup, rng: Random, *, marked: bool) -> None:
        self.markup, self.rng, self.marked = markup, rng, marked
        self.marks: list[Item] = []
        self.padding = rng.randint(0, 2) if markup.padded else 0

    def td(self, item: Item, rows: int = 1, columns: int = 1) -> str:
        """One cell."""
        spans = (f' rowspan="{rows}"' if rows > 1 else "") + (f' colspan="{columns}"' if columns > 1 else "")
        inner = html.escape(self._text(item)) or self.rng.choice(["", "&nbsp;", " "])
        ways = ["{}", "<p>{}</p>", "<p style='x'><span> {} </span></p>", "\n  {}\n"]
        way = "<p class=MsoNormal><span style='x'>{}</span></p>" if self.markup.wrapped else self.rng.choice(ways)
        return f"<td{spans if self.markup.spans else ''}>{way.format(inner)}</td>"

    def _text(self, item: Item) -> str:
        if not (self.marked and item.cell and item.text):
            return item.text
        self.marks.append(item)
        rest = "".join(c if c.isspace() else FILL for c in item.text[1:])
        return chr(MARKS + len(self.marks) - 1) + rest

    def rows(self, sheet: Sheet) -> list[str]:
        """Rows of a table."""
        found = []
        for line in sheet.lines:
            row = self._row(sheet, line)
            if row and self.markup.hidden and not line.header and self.rng.random() < 0.2:
                found.append(self.rng.choice(UNSEEN).format(self._other(line)))
            if row:
                found.append(f"<tr>{row}</tr>")
        return found

    def _row(self, sheet: Sheet, line: Line) -> str:
        if self.markup.padded or self.markup.short:
            return "".join(self.td(item) for item in self._flat(sheet, line))
        if line.header:
            return _header(sheet, line, self.td)
        data = [other for other in sheet.lines if not other.header]
        cells = []
        for k, (depth, item) in enumerate(line.labels):
            last = k == len(line.labels) - 1 and item.role == "label"
            columns = sheet.label_columns - depth
            cells.append(self.td(item, columns=columns) if last else self.td(item, _members(data, line, depth)))
        return "".join([*cells, *(self.td(item) for item in line.values)])

    def _flat(self, sheet: Sheet, line: Line) -> list[Item]:
        if self.markup.short:
            row = line.items()
            while row and not row[-1].text:
                row.pop()
            return row
        labels = [Item("")] * sheet.label_columns
        for depth, item in line.labels:
            labels[depth] = item
        missing = sheet.value_columns - len(line.values) - line.short + self.padding
        return [*labels, *line.values, *[Item("")] * missing]

    def _other(self, line: Line) -> str:
        """The line with other numbers."""
        labels = "".join(f"<td>{html.escape(item.text)}</td>" for _, item in line.labels)
        return labels + "".join(f"<td>{self.rng.randint(1, 99)}</td>" for _ in line.values)


def _members(data: list[Line], line: Line, depth: int) -> int:
    """How many lines the group that begins in this line holds."""
    at = next(k for k, other in enumerate(data) if other is line)
    n = 1
    for other in data[at + 1 :]:
        if not other.labels or min(d for d, _ in other.labels) <= depth:
            break
        n += 1
    return n


def _header(sheet: Sheet, line: Line, td: Callable[..., str]) -> str:
    at = next(k for k, other in enumerate(sheet.lines) if other is line)
    if sheet.id in ("disclosure", "2014"):
        if len(line.items()) == 1:
            return td(line.items()[0], columns=1 + sheet.value_columns)
        return "".join(td(item) for item in line.items())
    if sheet.id == "applications":
        if at == 0:
            return td(line.labels[0][1], 3, LABEL_COLUMNS) + td(line.values[0], 1, sheet.value_columns)
        if at == 1:
            return td(line.values[0], 2) + td(line.values[1], 1, 5) + td(line.values[2], 2)
        return "".join(td(item) for item in line.values)
    if at == 0:
        return td(line.values[0], 1, 5) + td(line.values[1], 1, 10)
    if at == 1:
        return "".join(td(i, 2) for i in line.values[:5]) + "".join(td(i, 1, 5) for i in line.values[5:])
    return "".join(td(item) for item in line.values)


def html_page(
    prose: Sequence[list[str]], sheets: Sequence[Sheet], rng: Random, markup: Markup
) -> tuple[str, str, tuple[Grid, ...], dict[str, Span]]:
    """Markup, text and grids of a page, and where the values stand in the text."""
    state = rng.getstate()
    page = _page(prose, sheets, _Tables(markup, rng, marked=False))
    rng.setstate(state)
    tables = _Tables(markup, rng, marked=True)
    marked = webpage.read(_page(prose, sheets, tables).encode()).text
    source = webpage.read(page.encode())
    spans: dict[str, Span] = {}
    for k, item in enumerate(tables.marks):
        start = marked.index(chr(MARKS + k))
        assert source.text[start : start + len(item.text)] == item.text
        spans.setdefault(item.cell, Span(start, start + len(item.text)))
    return page, source.text, source.grids, spans


def _page(prose: Sequence[list[str]], sheets: Sequence[Sheet], tables: _Tables) -> str:
    body: list[str] = []
    merged = tables.rng.randrange(len(sheets) - 1) if tables.markup.merged else -1
    rows: list[str] = []
    for k, paragraphs in enumerate(prose):
        if rows:
            rows += [f"<tr><td colspan=8>{html.escape(p)}</td></tr>" for p in paragraphs]
        else:
            body += [f"<p>{html.escape(p)}</p>" for p in paragraphs]
        if k == len(sheets):
            break
        parts = _halves(sheets[k], tables) if tables.markup.split else [sheets[k]]
        for part in parts:
            rows += tables.rows(part)
            if k != merged:
                body += [_table(rows)] if rows else []
                rows = []
    inner = "\n".join(body)
    if tables.markup.nested:
        inner = f"<table width=100%><tr><td>当前位置:首页</td></tr><tr><td><div>{inner}</div></td></tr></table>"
    return f"<html><head><title>{prose[0][0]}</title><style>td{{}}</style></head><body>{inner}</body></html>"


def _table(rows: list[str]) -> str:
    return "<table border=1><tbody>" + "".join(f"{row}\n" for row in rows) + "</tbody></table>"


def _halves(sheet: Sheet, tables: _Tables) -> list[Sheet]:
    """A table broken between two rows of values; the groups that go on keep an empty cell."""
    rows = [k for k, line in enumerate(sheet.lines) if not line.header]
    if len(rows) < 2:
        return [sheet]
    cut = tables.rng.choice(rows[1:])
    first, second = sheet.lines[:cut], sheet.copy(sheet.lines[cut:])
    start = min((d for d, _ in second.lines[0].labels), default=0)
    second.lines[0].labels[:0] = [(d, Item("", role="group")) for d in range(start)]
    if tables.markup.split == "header again":
        from_ = max(k for k in range(cut) if sheet.lines[k].header)
        while from_ and sheet.lines[from_ - 1].header:
            from_ -= 1
        again = [line for line in sheet.lines[from_:cut] if line.header]
        second.lines[:0] = [Line(list(x.labels), list(x.values), header=True) for x in again]
    return [sheet.copy(first), second]
