"""Planted truth: reports whose tables are printed in known layouts from known values.

`plant` draws values that satisfy a form's arithmetic and prints the three tables as crawlers leave
them. For every cell of the form it tells what a reader must find, and where.
"""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from models.forms import Block, Column, Form, Table, load_forms, table_rows
from models.readers import webpage
from models.schema.document import Grid, Span
from models.schema.table import Cell

Kind = Literal["printed", "blank", "dropped", "lost", "missing"]
Profile = Literal["zeros", "quiet", "ordinary", "busy"]
Damage = Literal["value lost", "label lost", "page number", "bare page number"]

PROFILES: dict[str, tuple[float, float]] = {
    "zeros": (0.0, 0.0),
    "quiet": (0.03, 0.0),
    "ordinary": (0.12, 0.1),
    "busy": (0.4, 0.3),
}
"""Shares of cells that are not zero, and of large numbers among them."""

LABEL_COLUMNS = 3
"""Columns that the labels of the applications table take where they are not merged."""


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are printed.

    Attributes:
        none: printed instead of 0 (`/`, `-`, `—`, `无`).
        signs: changes carry a sign or a word for it.
        money: unit printed in cells of amounts.
        lead: white space before a value.
    """

    full_width: bool = False
    thousands: bool = False
    signs: bool = False
    units: bool = False
    money: str = ""
    none: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What stands in the source for a cell.

    Attributes:
        kind: printed; blank (the layout shows it); dropped (0 or blank, the layout lost the place);
            lost (damage took it); missing (the row is not in the source).
        span: where the value is printed.
        complete: the line holds a piece for each of its columns.
    """

    kind: Kind
    value: Decimal | None = None
    span: Span | None = None
    unit: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Planted:
    """A report with its truth; `numbers` are the agency's, blanks and damage aside."""

    form: str
    text: str
    grids: tuple[Grid, ...]
    truth: dict[str, Expected]
    numbers: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Item:
    """One cell of a printed table; `cell` is its id where it holds a value."""

    text: str
    cell: str = ""
    role: Literal["header", "group", "label", "value", "prose"] = "header"


@dataclass(slots=True)
class Line:
    """One row of a printed table: labels that begin in it (by depth), then its values."""

    labels: list[tuple[int, Item]] = field(default_factory=list)
    values: list[Item] = field(default_factory=list)
    header: bool = False


@dataclass(slots=True)
class Sheet:
    """A printed table."""

    id: str
    lines: list[Line]
    label_columns: int
    value_columns: int


# ---------------------------------------------------------------- values


def numbers_of(form: Form, rng: random.Random, profile: Profile = "ordinary") -> dict[str, Decimal]:
    """Values of every cell that satisfy the form's equations."""
    share, large = PROFILES[profile]

    def count() -> Decimal:
        if rng.random() >= share:
            return Decimal(0)
        return Decimal(rng.randint(10, 2500) if rng.random() < large else rng.randint(1, 9))

    values: dict[str, Decimal] = {}
    for cell, column in form.columns_by_cell.items():
        value = count()
        if column.money and value:
            value = Decimal(rng.randint(1, 9_999_999)) / 100
        if column.signed and rng.random() < 0.5:
            value = -value
        values[cell] = value
    for check in ("table.column_sum", "table.balance", "table.row_sum", "table.remedies_sum"):
        for equation in form.equations:
            if equation.check == check == "table.balance":
                received, carried_in = equation.total
                whole = sum((values[c] for c in equation.parts), Decimal(0))
                values[carried_in] = min(values[carried_in], whole)
                values[received] = whole - values[carried_in]
            elif equation.check == check:
                values[equation.total[0]] = sum((values[c] for c in equation.parts), Decimal(0))
    for equation in form.equations:
        assert sum(values[c] for c in equation.total) == sum(values[c] for c in equation.parts)
    return values


def printed(value: Decimal, column: Column, style: Style, rng: random.Random) -> str:
    """A value as a cell prints it."""
    if value == 0 and style.none:
        return style.none
    magnitude = abs(value)
    text = f"{magnitude:,}" if style.thousands else str(magnitude)
    if value < 0:
        text = (rng.choice(["-", "减", "减少", "-"]) if style.signs else "-") + text
    elif value and column.signed and style.signs:
        text = rng.choice(["+", "增", "增加", "+"]) + text
    if column.money:
        text += style.money
    elif style.units and value:
        text += rng.choice(["件", "项", "件"])
    if style.full_width:
        text = "".join(chr(ord(c) + 0xFEE0) if c in "0123456789,.+-" else c for c in text)
    return text


# ---------------------------------------------------------------- the form as printed lines


def _sheet(form: Form, table: Table, text_of: Callable[[str], Item], skip: frozenset[str]) -> Sheet:
    lines: list[Line] = []
    width = max(len(block.columns) for block in table.blocks)
    depth = 1
    for block in table.blocks:
        if block.layout == "across":
            lines += _across(table, block, text_of)
            return Sheet(table.id, lines, 0, len(block.columns) * len(block.rows))
        if table.id == "applications":
            depth = LABEL_COLUMNS
            lines += _applicant_headers(table, block)
        else:
            lines.append(Line([(0, Item(block.captions[0]))], header=True))
            lines.append(Line([(0, Item("信息内容"))], [Item(c.labels[0]) for c in block.columns], header=True))
        shown: tuple[str, ...] = ()
        for row in table_rows(Table(id=table.id, section="", blocks=(block,))):
            groups = tuple(g[0] for g in row.groups)
            new = [(k, Item(g, role="group")) for k, g in enumerate(groups) if groups[: k + 1] != shown[: k + 1]]
            shown = groups
            if f"{table.id}.{row.key}" in skip:
                lines.append(Line(new))
                continue
            label = (len(groups), Item(row.labels[0], role="label"))
            lines.append(Line([*new, label], [text_of(row.cell(table.id, c)) for c in row.columns]))
    return Sheet(table.id, lines, depth, width)


def _applicant_headers(table: Table, block: Block) -> list[Line]:
    first, *inner, last = (c.labels[0] for c in block.columns)
    return [
        Line([(0, Item(table.headers[0]))], [Item("申请人情况")], header=True),
        Line([], [Item(first), Item("法人或其他组织"), Item(last)], header=True),
        Line([], [Item(c) for c in inner], header=True),
    ]


def _across(table: Table, block: Block, text_of: Callable[[str], Item]) -> list[Line]:
    outcomes = [Item(c.labels[0]) for c in block.columns]
    cells = [f"{table.id}.{row.id}.{c.id}" for row in block.rows for c in block.columns]
    lawsuits = [Item(row.labels[0]) for row in block.rows[1:]]
    return [
        Line([], [Item(block.rows[0].labels[0]), Item("行政诉讼")], header=True),
        Line([], [*outcomes, *lawsuits], header=True),
        Line([], outcomes * 2, header=True),
        Line([], [text_of(c) for c in cells]),
    ]


# ---------------------------------------------------------------- prose

TITLE = "某某市自然资源局{year}年政府信息公开工作年度报告"
BEFORE = [
    "本报告依据《中华人民共和国政府信息公开条例》(国务院令第711号)编制,统计期限为{year}年1月1日至12月31日。",
    "一、总体情况",
    "(一)主动公开。全年通过门户网站公开信息1280条,制发行政规范性文件3件,行政许可决定41件。",
    "(二)依申请公开。全年收到政府信息公开申请15件,予以公开10件,部分公开2件,不予公开1件,无法提供2件。",
    "(三)监督保障。全年未发生行政复议、行政诉讼。",
    "二、主动公开政府信息情况",
]
BETWEEN = {
    "applications": ["三、收到和处理政府信息公开申请情况"],
    "remedies": ["四、政府信息公开行政复议、行政诉讼情况"],
}
REMARK = ["本年度无行政事业性收费,上述数据不含下属单位;其中2件申请因内容不明确要求补正,均已按期办结。"]
AFTER = [
    "五、存在的主要问题及改进情况",
    "(一)存在的问题。一是公开内容不够全面;二是业务水平有待提高,全年仅培训2次。",
    "1.加强学习。组织培训4次,参训120人次。",
    "六、其他需要报告的事项",
    "无。",
    "某某市自然资源局",
    "{next}年1月20日",
]


# ---------------------------------------------------------------- writing text


class Writer:
    """Text with the places of its cells."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.spans: dict[str, Span] = {}

    def put(self, text: str) -> None:
        """Append text."""
        self.parts.append(text)
        self.length += len(text)

    def item(self, item: Item, lead: str = "") -> None:
        """Append an item; its place is that of its text without the white space before it."""
        if item.text:
            self.put(lead)
        if item.cell and item.text:
            self.spans[item.cell] = Span(self.length, self.length + len(item.text))
        self.put(item.text)

    @property
    def text(self) -> str:
        """Everything written."""
        return "".join(self.parts)


Layout = Callable[[Writer, Sheet, random.Random, str], None]


def _items(sheet: Sheet) -> Iterator[Item]:
    for line in sheet.lines:
        yield from (item for _, item in line.labels)
        yield from line.values


def _one_a_line(end: str, *, drop: bool = False, pieces: Callable[[Item, random.Random], list[str]] | None = None):
    def write(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
        for item in _items(sheet):
            if drop and not item.text:
                continue
            broken = pieces(item, rng) if pieces else [item.text]
            if len(broken) == 1:
                writer.item(item, lead if item.cell else "")
                writer.put(end)
            else:
                for part in broken:
                    writer.put(part + end)

    return write


def _break_header(item: Item, rng: random.Random) -> list[str]:
    """商业⏎企业, 总⏎计; one in two."""
    if item.role != "header" or not 2 <= len(item.text) <= 12 or rng.random() < 0.5:
        return [item.text]
    at = len(item.text) // 2
    return [item.text[:at], item.text[at:]]


def _stack_header(item: Item, rng: random.Random) -> list[str]:
    """Every column header a character a line."""
    return list(item.text) if item.role == "header" and 2 <= len(item.text) <= 8 else [item.text]


def _break_label(item: Item, rng: random.Random) -> list[str]:
    """Row labels in two lines of three characters or more; one in three."""
    if item.role != "label" or len(item.text) < 8 or rng.random() > 0.34:
        return [item.text]
    at = rng.randint(5, len(item.text) - 3)
    return [item.text[:at], item.text[at:]]


def _bars(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    for line in sheet.lines:
        items = [*(item for _, item in line.labels), *line.values]
        for item in items:
            writer.item(item, lead if item.cell else "")
            writer.put(" |\n" if item.text else "|\n")
        if line.header:
            writer.put("|" * rng.randint(3, 9) + "\n")
        elif sheet.label_columns > 1 and line.values:
            writer.put("|" * rng.randint(1, 2) + "\n")


def _spaces(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    """A row a line, its cells apart by a space, as text copied from a page or a PDF."""
    for line in sheet.lines:
        shown = [item for item in (*(label for _, label in line.labels), *line.values) if item.text]
        for k, item in enumerate(shown):
            writer.put(" " if k else "")
            writer.item(item)
        writer.put("\n" if shown else "")


def _grid_row(sheet: Sheet, line: Line) -> list[Item]:
    """The line in all columns of the table, as if nothing were merged."""
    labels = [Item("")] * sheet.label_columns
    for depth, item in line.labels:
        labels[depth] = item
    values = list(line.values)
    values += [Item("")] * (sheet.value_columns - len(values))
    return [*labels, *values]


def _markdown(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    for number, line in enumerate(sheet.lines):
        row = _grid_row(sheet, line)
        for item in row:
            writer.put("| ")
            writer.item(item, lead if item.cell else "")
            writer.put(" ")
        writer.put("|\n")
        if number == 0:
            writer.put("|" + " --- |" * len(row) + "\n")


def _tab_row(writer: Writer, row: Sequence[Item], lead: str = "") -> None:
    for k, item in enumerate(row):
        if k:
            writer.put("\t")
        writer.item(item, lead if item.cell else "")
    writer.put("\n")


def _tabs(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    for line in sheet.lines:
        _tab_row(writer, _grid_row(sheet, line), lead)


def _shifted(sheet: Sheet, line: Line, rng: random.Random) -> list[Item]:
    """Label columns merged in this row: the values move left, the row is filled at its end."""
    row = _grid_row(sheet, line)
    depth = max((d for d, _ in line.labels), default=sheet.label_columns - 1)
    away = rng.randint(0, max(sheet.label_columns - 1 - depth, 0))
    return [*row[: depth + 1], *row[depth + 1 + away :], *[Item("")] * away]


def _tabs_shifted(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    for line in sheet.lines:
        _tab_row(writer, _shifted(sheet, line, rng), lead)


def _tabs_broken(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
    """Labels broken around their values, as a PDF's page break leaves them."""
    for line in sheet.lines:
        depth, label = line.labels[-1] if line.labels else (0, Item(""))
        if label.role != "label" or len(label.text) < 8 or rng.random() > 0.2:
            _tab_row(writer, _grid_row(sheet, line), lead)
            continue
        at = rng.randint(5, len(label.text) - 3)
        row = _grid_row(sheet, line)
        row[depth] = Item(label.text[:at])
        _tab_row(writer, row, lead)
        writer.put("\n")
        rest = [Item("")] * len(row)
        rest[depth] = Item(label.text[at:])
        _tab_row(writer, rest)


TEXT_LAYOUTS: dict[str, Layout] = {
    "spaced": _one_a_line("\n\n"),
    "lines": _one_a_line("\n"),
    "bars": _bars,
    "spaces": _spaces,
    "markdown": _markdown,
    "tabs": _tabs,
    "tabs shifted": _tabs_shifted,
    "tabs, labels broken": _tabs_broken,
    "headers broken": _one_a_line("\n\n", pieces=_break_header),
    "headers stacked": _one_a_line("\n", pieces=_stack_header),
    "labels broken": _one_a_line("\n", pieces=_break_label),
    "spaced, blanks dropped": _one_a_line("\n\n", drop=True),
    "lines, blanks dropped": _one_a_line("\n", drop=True),
}
HTML_LAYOUTS = ("html", "html nested")
LAYOUTS = (*TEXT_LAYOUTS, *HTML_LAYOUTS)
DROPPING = {"spaced, blanks dropped", "lines, blanks dropped", "spaces"}
"""Layouts that lose the place of a blank."""
SHOWING = ("spaced", "lines", "markdown", "tabs", "html")
"""Layouts that show where a blank stands."""
ONE_A_LINE = {"spaced": "\n\n", "lines": "\n"}


# ---------------------------------------------------------------- HTML


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


def _html_page(
    prose: Sequence[list[str]], sheets: Sequence[Sheet], rng: random.Random, *, nested: bool
) -> tuple[str, tuple[Grid, ...], dict[str, Span]]:
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


# ---------------------------------------------------------------- planting


def plant(
    form_id: str,
    layout: str,
    *,
    seed: int = 0,
    profile: Profile = "ordinary",
    style: Style | None = None,
    blank: float = 0.0,
    skip: frozenset[str] = frozenset(),
    errors: dict[str, Decimal] | None = None,
    header_again: bool = False,
    twice: bool = False,
    remarks: bool = True,
    damage: Damage | None = None,
) -> Planted:
    """A report with planted tables.

    Args:
        form_id: "2019" or "2021".
        layout: one of `LAYOUTS`.
        seed: everything random follows from it.
        profile: how many cells are not zero, and how large.
        style: how numbers are printed.
        blank: share of the zeros that the agency leaves blank; 1 means all.
        skip: rows (`table.row`) that are not in the source.
        errors: numbers printed instead of the right ones.
        header_again: the header of the applications table is repeated in its middle.
        twice: every table is printed twice.
        remarks: prose between tables.
        damage: one accident of crawling, in layouts of one cell a line.
    """
    form = load_forms()[form_id]
    rng = random.Random(f"{form_id} {layout} {seed}")
    style = style or Style()
    numbers = numbers_of(form, rng, profile) | (errors or {})
    texts = {
        cell: "" if numbers[cell] == 0 and rng.random() < blank else printed(numbers[cell], column, style, rng)
        for cell, column in form.columns_by_cell.items()
    }
    sheets = [_sheet(form, t, lambda c: Item(texts[c], c, "value"), skip) for t in form.tables]
    lost: set[str] = set()
    if damage:
        sheets, lost = _damaged(sheets, damage, rng)
    if header_again:
        _repeat_header(sheets[1])
    year = 2020 if form_id == "2019" else 2023
    prose = _prose(year, [s.id for s in sheets], remarks=remarks)
    if twice:
        sheets = [sheets[0], sheets[0], sheets[1], sheets[1], sheets[2], sheets[2]]
        prose = [prose[0], ["附表"], prose[1], ["附表"], prose[2], ["附表"], prose[3]]
    if layout in HTML_LAYOUTS:
        text, grids, spans = _html_page(prose, sheets, rng, nested=layout == "html nested")
    else:
        text, spans = _text(prose, sheets, TEXT_LAYOUTS[layout], rng, style.lead)
        grids = ()
    truth = _truth(form, sheets, numbers, spans, (layout in DROPPING or layout == "bars", lost), style)
    return Planted(form_id, text, grids, truth, numbers)


def _prose(year: int, tables: list[str], *, remarks: bool) -> list[list[str]]:
    def dated(lines: Sequence[str]) -> list[str]:
        return [line.format(year=year, next=year + 1) for line in lines]

    prose = [dated([TITLE, *BEFORE])]
    prose += [[*(REMARK if remarks else []), *BETWEEN[t]] for t in tables[1:]]
    return [*prose, dated(AFTER)]


def _text(
    prose: Sequence[list[str]], sheets: Sequence[Sheet], layout: Layout, rng: random.Random, lead: str
) -> tuple[str, dict[str, Span]]:
    writer = Writer()
    end = "\n\n" if layout in (TEXT_LAYOUTS["spaced"], TEXT_LAYOUTS["spaced, blanks dropped"]) else "\n"
    for k, paragraphs in enumerate(prose):
        for paragraph in paragraphs:
            writer.put(paragraph + end)
        if k < len(sheets):
            before = dict(writer.spans)
            layout(writer, sheets[k], rng, lead)
            writer.spans.update(before)
    return writer.text, writer.spans


def _repeat_header(sheet: Sheet) -> None:
    headers = [line for line in sheet.lines if line.header]
    middle = len(sheet.lines) // 2
    again = [Line(list(line.labels), list(line.values), header=True) for line in headers]
    sheet.lines[middle:middle] = again


def _damaged(sheets: list[Sheet], damage: Damage, rng: random.Random) -> tuple[list[Sheet], set[str]]:
    """The sheets with one accident, and the cells that it took."""
    lines = [line for sheet in sheets for line in sheet.lines if line.values and not line.header]
    line = rng.choice([x for x in lines if x.labels] if damage == "label lost" else lines)
    if damage == "value lost":
        full = [(x, item) for x in lines for item in x.values if item.text not in ("", "0")]
        line, item = rng.choice(full) if full and rng.random() < 0.8 else (line, rng.choice(line.values))
        line.values.remove(item)
        return sheets, {item.cell}
    if damage == "label lost":
        line.labels = [x for x in line.labels if x[1].role != "label"]
        return sheets, {item.cell for item in line.values}
    number = str(rng.randint(1, 9))
    line.values.append(Item(f"— {number} —" if damage == "page number" else number))
    return sheets, set()


def _truth(
    form: Form,
    sheets: Sequence[Sheet],
    numbers: dict[str, Decimal],
    spans: dict[str, Span],
    loss: tuple[bool, set[str]],
    style: Style,
) -> dict[str, Expected]:
    dropping, lost = loss
    truth = {cell: Expected("missing") for cell in form.cells}
    for line in (line for sheet in sheets for line in sheet.lines if not line.header):
        cells = [item for item in line.values if item.cell]
        complete = not (dropping and any(not item.text for item in cells))
        for item in cells:
            column = form.columns_by_cell[item.cell]
            unit = ((style.money if item.text else "") or column.unit) if column.money else None
            if not item.text or item.text in ("/", "-", "—"):
                kind: Kind = "dropped" if dropping and not item.text else "blank"
                truth[item.cell] = Expected(kind, None, spans.get(item.cell), unit, complete)
            else:
                truth[item.cell] = Expected("printed", numbers[item.cell], spans[item.cell], unit, complete)
    return truth | {cell: Expected("lost", numbers[cell], complete=False) for cell in lost}


# ---------------------------------------------------------------- judging

Judgement = Literal["right", "wrong", "open"]


def judge(expected: Expected, cell: Cell) -> Judgement:
    """Whether a cell is right, wrong though it is given, or left open.

    0 and blank are both right for a dropped blank. A lost value may be inferred; said to be blank or
    another number it is wrong.
    """
    if cell.status in ("ambiguous", "missing"):
        return "right" if expected.kind == "missing" == cell.status else "open"
    if expected.kind == "dropped":
        return "right" if cell.status == "blank" or cell.value == 0 else "wrong"
    if expected.kind == "blank":
        return "right" if cell.status == "blank" else "open" if cell.value == 0 else "wrong"
    return "right" if cell.value == expected.value and cell.status != "blank" else "wrong"
