"""How tests compare what was aligned with what was planted."""

from __future__ import annotations

from models.forms import load_forms
from models.schema.table import Cell
from models.tables.align import align
from tests.planted import (
    Planted,
    Profile,
    Style,
    judge,
    parse,
)

FORMS = ("2019", "2021")
ALL_FORMS = ("2014", *FORMS)
PROFILES: tuple[Profile, ...] = ("zeros", "quiet", "ordinary", "busy")
STYLES = {
    "full-width": Style(full_width=True),
    "thousands": Style(thousands=True),
    "full-width thousands": Style(full_width=True, thousands=True),
    "signs": Style(signs=True),
    "full-width signs": Style(signs=True, full_width=True),
    "units": Style(units=True, money="万元"),
    "yuan": Style(money="元", thousands=True),
    "none in words": Style(none="无"),
    "white space": Style(lead=" \u3000"),
}


def aligned(planted: Planted) -> dict[str, Cell]:
    result = align(planted.text, planted.grids)
    assert result is not None
    assert result.form == planted.form
    cells = {cell.id: cell for cell in result.cells}
    assert list(cells) == list(load_forms()[planted.form].cells)
    return cells


def check_places(text: str, cells: dict[str, Cell]) -> None:
    """Every printed value stands at its place."""
    for cell in cells.values():
        if cell.status == "printed":
            assert cell.span is not None
            assert parse(text[cell.span.start : cell.span.end]) == cell.value, cell


def differences(planted: Planted, cells: dict[str, Cell], tables: tuple[str, ...] = ("",)) -> list[str]:
    """Cells that differ from the truth in value, status, unit or place."""
    found = []
    for cell_id, expected in planted.truth.items():
        cell = cells[cell_id]
        value, status = (expected.value, expected.kind) if expected.kind != "missing" else (None, "missing")
        same = (cell.value, cell.status) == (value, status)
        if expected.kind != "missing":
            same = same and cell.unit == expected.unit
        if expected.kind == "printed":
            same = same and cell.span == expected.span
        if not same and cell_id.startswith(tables):
            found.append(f"{cell} is not {expected}")
    return found


def wrong(planted: Planted, cells: dict[str, Cell], tables: tuple[str, ...] = ("",)) -> list[str]:
    """Cells that say something false."""
    truth = planted.truth
    return [
        f"{cells[c]} is not {truth[c]}" for c in truth if c.startswith(tables) and judge(truth[c], cells[c]) == "wrong"
    ]


def right(planted: Planted, cells: dict[str, Cell], tables: tuple[str, ...] = ("",)) -> float:
    """The share of the cells that are read, and read rightly; what is left open is not."""
    names = [name for name in planted.truth if name.startswith(tables)]
    return sum(judge(planted.truth[name], cells[name]) == "right" for name in names) / len(names)
