"""Reports with planted tables, and the truth about each of their cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from models.forms import Form, load_forms, table_rows
from models.schema.document import Grid, Span
from tests.planted import form_2014
from tests.planted.damage import Damage, Loss, both, damaged, repeat_header
from tests.planted.extras import add_notes, add_rows
from tests.planted.judge import Expected
from tests.planted.layouts import ONE_A_LINE, TEXT_LAYOUTS
from tests.planted.pages import HTML_LAYOUTS, html_page
from tests.planted.prose import prose_of
from tests.planted.sheets import ORDERS, Item, Order, Sheet, sheet_of
from tests.planted.values import Profile, Style, numbers_of, printed
from tests.planted.writing import Breaks, PagedWriter, Writer

YEARS = {"2014": 2016, "2019": 2020, "2021": 2023}
LAYOUTS = (*TEXT_LAYOUTS, *HTML_LAYOUTS)
DROPPING = {
    "spaced, blanks dropped", "lines, blanks dropped", "spaces", "headers interleaved", "headers two by two",
    "spaces, labels around", "glued", "one line", "one line, glued", "markdown, short rows", "html short rows",
}  # fmt: skip
"""Layouts that lose the place of a blank."""
SHOWING = ("spaced", "lines", "markdown", "tabs", "html")
"""Layouts that show where a blank stands."""
BLANKS = ("/", "-", "—")
"""Printed marks that are blanks; 无 is a 0."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A report with its truth.

    Attributes:
        numbers: the agency's, blanks and damage aside.
        page: the markup, of HTML.
        unlabelled: rows (`table.row`) whose label is not in the source.
    """

    form: str
    text: str
    grids: tuple[Grid, ...]
    truth: dict[str, Expected]
    numbers: dict[str, Decimal]
    page: str = ""
    unlabelled: frozenset[str] = field(default_factory=frozenset)


def plant(
    form_id: str,
    layout: str,
    *,
    seed: int = 0,
    profile: Profile = "ordinary",
    style: Style | None = None,
    blank: float = 0.0,
    blank_as: str = "",
    blank_totals: bool = False,
    skip: frozenset[str] = frozenset(),
    absent: frozenset[str] = frozenset(),
    given: Mapping[str, Decimal] | None = None,
    errors: dict[str, Decimal] | None = None,
    header_again: bool = False,
    twice: bool = False,
    copies_differ: bool = False,
    remarks: bool = True,
    damage: Damage | None = None,
    amount: int = 1,
    order: Order = "form",
    extra_rows: bool = False,
    notes: bool = False,
    breaks: Breaks | None = None,
) -> Planted:
    """A report with planted tables.

    Args:
        form_id: "2014", "2019" or "2021".
        layout: one of `LAYOUTS`.
        seed: everything random follows from it.
        profile: how many cells are not zero, and how large.
        style: how numbers are printed.
        blank: share of the zeros that the agency leaves blank; 1 means all.
        blank_as: printed for a blank.
        blank_totals: cells of the column of totals are blank, whatever their number.
        skip: rows (`table.row`) that are not in the source.
        absent: tables that are not in the source; their headings are.
        given: numbers of cells that are no sums, in place of random ones.
        errors: numbers printed instead of the right ones.
        header_again: the header of the applications table is repeated in its middle.
        twice: every table is printed twice.
        copies_differ: of the two copies each has accidents of its own.
        remarks: prose between tables.
        damage: an accident of crawling.
        amount: how many of them.
        order: of the three groups of values of the remedies; others than the form's in text only.
        extra_rows: rows that are no cells of the form.
        notes: explanations with digits in the header.
        breaks: pages break within the tables of a text.
    """
    form = load_forms()[form_id]
    rng = Random(f"{form_id} {layout} {seed}")
    style = style or Style()
    numbers = numbers_of(form, rng, profile, given) | (errors or {})
    texts = {
        cell: blank_as if numbers[cell] == 0 and rng.random() < blank else printed(numbers[cell], column, style, rng)
        for cell, column in form.columns_by_cell.items()
    }
    emptied = {cell for cell in texts if blank_totals and cell.endswith(".total")}
    texts |= dict.fromkeys(emptied, "")
    sheets = _sheets(form, lambda c: Item(texts[c], c, "value"), skip, order)
    for sheet in sheets:
        if extra_rows:
            add_rows(sheet, numbers, rng)
        if notes:
            add_notes(sheet, rng)
        if sheet.id in absent:
            sheet.lines = []
    second = [sheet.copy() for sheet in sheets] if copies_differ else sheets
    loss = damaged(sheets, damage, amount, rng) if damage else Loss()
    if damage and copies_differ:
        loss = both(loss, damaged(second, damage, amount, rng))
    loss.emptied |= emptied
    if order.endswith("headers in place"):
        loss.also |= _in_place(form, order, numbers)
    if header_again:
        repeat_header(sheets[len(sheets) // 2])
    printing = _Printing(sheets, second, twice=twice, remarks=remarks)
    text, page, grids, spans = printing.laid_out(YEARS[form_id], layout, rng, style, breaks)
    truth = _truth(form, printing.sheets, numbers, spans, _Reading(layout, loss, style))
    return Planted(form_id, text, grids, truth, numbers, page, frozenset(loss.unlabelled))


def _sheets(form: Form, text_of: Callable[[str], Item], skip: frozenset[str], order: Order) -> list[Sheet]:
    """The printed tables of a form; that of 2014 prints all of its tables as one."""
    if form.id == "2014":
        return [form_2014.sheet(form, text_of, skip)]
    return [sheet_of(form, table, text_of, skip, order) for table in form.tables]


class _Printing:
    """Sheets with the prose around them, and how they become a text or a page."""

    def __init__(self, sheets: list[Sheet], second: list[Sheet], *, twice: bool, remarks: bool) -> None:
        self.twice, self.remarks = twice, remarks
        self.tables = [s.id for s in sheets]
        self.sheets = [x for pair in zip(sheets, second, strict=True) for x in pair] if twice else sheets

    def laid_out(
        self, year: int, layout: str, rng: Random, style: Style, breaks: Breaks | None
    ) -> tuple[str, str, tuple[Grid, ...], dict[str, Span]]:
        """Text, markup, grids and the places of the values."""
        prose = prose_of(year, self.tables, remarks=self.remarks)
        if self.twice:
            *before, last = prose
            prose = [*(x for paragraphs in before for x in (paragraphs, ["附表"])), last]
        if layout in HTML_LAYOUTS:
            page, text, grids, spans = html_page(prose, self.sheets, rng, HTML_LAYOUTS[layout])
            return text, page, grids, spans
        writer = self._text(prose, layout, rng, style.lead, breaks)
        return writer.text, "", (), writer.spans

    def _text(self, prose: Sequence[list[str]], layout: str, rng: Random, lead: str, breaks: Breaks | None) -> Writer:
        end = ONE_A_LINE.get(layout.partition(",")[0], "\n")
        writer = PagedWriter(breaks, rng, end) if breaks else Writer()
        for k, paragraphs in enumerate(prose):
            for paragraph in paragraphs:
                writer.put(paragraph + end)
            if k == len(self.sheets):
                break
            before = dict(writer.spans)
            if isinstance(writer, PagedWriter):
                writer.begin(TEXT_LAYOUTS[layout], self.sheets[k], lead)
            TEXT_LAYOUTS[layout](writer, self.sheets[k], rng, lead)
            if isinstance(writer, PagedWriter):
                writer.end()
            writer.spans.update(before)
        return writer


def _in_place(form: Form, order: Order, numbers: dict[str, Decimal]) -> dict[str, Decimal]:
    """What a reader gives for the remedies who takes the values in the order of the header."""
    table = next(t for t in form.tables for b in t.blocks if b.layout == "across")
    cells = [[row.cell(table.id, c) for c in row.columns] for row in table_rows(table)]
    return {
        cell: numbers[there]
        for at, group in enumerate(ORDERS[order])
        for cell, there in zip(cells[at], cells[group], strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Reading:
    layout: str
    loss: Loss
    style: Style

    @property
    def dropping(self) -> bool:
        return self.layout in DROPPING or self.layout == "bars"


def _truth(
    form: Form, sheets: Sequence[Sheet], numbers: dict[str, Decimal], spans: dict[str, Span], reading: _Reading
) -> dict[str, Expected]:
    loss = reading.loss
    truth = {cell: Expected("missing") for cell in form.cells}
    for line in (line for sheet in sheets for line in sheet.lines if not line.header):
        cells = [item for item in line.values if item.cell]
        complete = not (reading.dropping and any(not item.text for item in cells))
        for item in cells:
            if truth[item.cell].kind != "printed":
                truth[item.cell] = _expected(form, item, numbers, spans, reading, complete=complete)
    taken = loss.taken | (loss.emptied if reading.dropping else set())
    return truth | {c: Expected("lost", numbers[c], complete=False) for c in taken}


def _expected(
    form: Form,
    item: Item,
    numbers: dict[str, Decimal],
    spans: dict[str, Span],
    reading: _Reading,
    *,
    complete: bool,
) -> Expected:
    cell, loss = item.cell, reading.loss
    column = form.columns_by_cell[cell]
    unit = ((reading.style.money if item.text else "") or column.unit) if column.money else None
    if item.text and item.text not in BLANKS:
        value = loss.shown.get(cell, numbers[cell])
        return Expected("printed", value, spans[cell], unit, complete, loss.also.get(cell))
    if cell in loss.emptied:
        return Expected("emptied", numbers[cell], None, unit, complete)
    kind = "dropped" if reading.dropping and not item.text else "blank"
    return Expected(kind, None, spans.get(cell), unit, complete)  # type: ignore[arg-type]
