"""Reports with planted tables, and the truth about each of their cells."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.forms import Form, load_forms
from models.schema.document import Grid, Span
from tests.planted.damage import Damage, damaged, repeat_header
from tests.planted.judge import Expected, Kind
from tests.planted.layouts import DROPPING, HTML_LAYOUTS, TEXT_LAYOUTS, Layout, Writer
from tests.planted.pages import html_page
from tests.planted.prose import prose_of
from tests.planted.sheets import Item, Sheet, sheet_of
from tests.planted.values import Profile, Style, numbers_of, printed


@dataclass(frozen=True, slots=True)
class Planted:
    """A report with its truth; `numbers` are the agency's, blanks and damage aside."""

    form: str
    text: str
    grids: tuple[Grid, ...]
    truth: dict[str, Expected]
    numbers: dict[str, Decimal]


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
    sheets = [sheet_of(form, t, lambda c: Item(texts[c], c, "value"), skip) for t in form.tables]
    lost: set[str] = set()
    if damage:
        sheets, lost = damaged(sheets, damage, rng)
    if header_again:
        repeat_header(sheets[1])
    year = 2020 if form_id == "2019" else 2023
    prose = prose_of(year, [s.id for s in sheets], remarks=remarks)
    if twice:
        sheets = [sheets[0], sheets[0], sheets[1], sheets[1], sheets[2], sheets[2]]
        prose = [prose[0], ["附表"], prose[1], ["附表"], prose[2], ["附表"], prose[3]]
    if layout in HTML_LAYOUTS:
        text, grids, spans = html_page(prose, sheets, rng, nested=layout == "html nested")
    else:
        text, spans = _text(prose, sheets, TEXT_LAYOUTS[layout], rng, style.lead)
        grids = ()
    truth = _truth(form, sheets, numbers, spans, (layout in DROPPING or layout == "bars", lost), style)
    return Planted(form_id, text, grids, truth, numbers)


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
