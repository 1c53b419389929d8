"""HTML pages with planted tables, read as the reader reads them."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Sequence

from models.readers import webpage
from models.schema.document import Grid, Span
from tests.planted.sheets import LABEL_COLUMNS, Item, Line, Sheet


def _html_table(sheet: Sheet, rng: random.Random, order: list[Item]) -> str:
    """A table with merged cells; `order` receives its cells in reading order."""

    def td(item: Item, rows: int = 1, columns: int = 1) -> str:
        order.append(item)
        spans = (f' rowspan="{rows}"' if rows > 1 else "") + (f' colspan="{columns}"' if columns > 1 else "")
        inner = html.escape(item.text) or rng.choice(["", "&nbsp;", " "])
        inner = rng.choice(["{}", "<p>{}</p>", "<p style='x'><span> {} </span></p>", "\n  {}\n"]).format(inner)
        return f"<td{spans}>{inner}</td>"

    rows = []
    data = [line for line in sheet.lines if not line.header]
    for line in sheet.lines:
        if line.header:
            rows.append(_html_header(sheet, line, td))
            continue
        cells = []
        for k, (depth, item) in enumerate(line.labels):
            last = k == len(line.labels) - 1 and item.role == "label"
            cells.append(
                td(item, columns=sheet.label_columns - depth) if last else td(item, _members(data, line, depth))
            )
        cells += [td(item) for item in line.values]
        if cells:
            rows.append("".join(cells))
    return "<table border=1><tbody>" + "".join(f"<tr>{row}</tr>\n" for row in rows) + "</tbody></table>"


def _members(data: list[Line], line: Line, depth: int) -> int:
    """How many lines the group that begins in this line holds."""
    at = next(k for k, other in enumerate(data) if other is line)
    n = 1
    for other in data[at + 1 :]:
        if not other.labels or min(d for d, _ in other.labels) <= depth:
            break
        n += 1
    return n


def _html_header(sheet: Sheet, line: Line, td: Callable[..., str]) -> str:
    at = next(k for k, other in enumerate(sheet.lines) if other is line)
    if sheet.id == "disclosure":
        everything = [*(item for _, item in line.labels), *line.values]
        if len(everything) == 1:
            return td(everything[0], columns=1 + sheet.value_columns)
        return "".join(td(item) for item in everything)
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
    prose: Sequence[list[str]], sheets: Sequence[Sheet], rng: random.Random, *, nested: bool
) -> tuple[str, tuple[Grid, ...], dict[str, Span]]:
    """Text and grids of a page, and where the values stand in the text."""
    orders: list[list[Item]] = []
    body = []
    for k, paragraphs in enumerate(prose):
        body += [f"<p>{html.escape(p)}</p>" for p in paragraphs]
        if k < len(sheets):
            orders.append([])
            body.append(_html_table(sheets[k], rng, orders[-1]))
    inner = "\n".join(body)
    if nested:
        inner = f"<table width=100%><tr><td>当前位置:首页</td></tr><tr><td><div>{inner}</div></td></tr></table>"
    page = f"<html><head><title>{prose[0][0]}</title><style>td{{}}</style></head><body>{inner}</body></html>"
    source = webpage.read(page.encode())
    spans: dict[str, Span] = {}
    grids = [g for g in sorted(source.grids, key=lambda g: g.span) if not nested or len(g.cells) > 2]
    for grid, order in zip(grids, orders, strict=True):
        for cell, item in zip(grid.cells, order, strict=True):
            raw = source.text[cell.span.start : cell.span.end]
            assert raw.strip() == item.text.strip()
            if item.cell and item.text:
                start = cell.span.start + len(raw) - len(raw.lstrip())
                spans[item.cell] = Span(start, start + len(item.text))
    return source.text, source.grids, spans
