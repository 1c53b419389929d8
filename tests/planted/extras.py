"""What some agencies add to a form: rows of their own, explanations in the header."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tests.planted.sheets import Item, Line, Sheet

NOTES = ["(2023年办件量)", "(单位:件)", "(示例:-8)", "(历史累计)", "(截至12月31日)", "(不含2019年以前)"]
GROUPS = {"denied": "state_secret", "unavailable": "not_held", "not_processed": "petition"}


def add_rows(sheet: Sheet, numbers: Mapping[str, Decimal], rng: random.Random) -> None:
    """Rows that are no cells of the form: their values have no cell, and the form's sums hold without them."""
    if sheet.id == "disclosure":
        _after(sheet, "disclosure.normative_documents.", "其他主动公开文件", [rng.randint(0, 40) for _ in range(3)])
        line = _line(sheet, "disclosure.permits.")
        if line is not None:
            share = [rng.randint(0, 9) for _ in line.values]
            _after(sheet, "disclosure.permits.", "其中:行政审批", share)
    elif sheet.id == "applications":
        for group in GROUPS:
            _subtotal(sheet, group, numbers)
        _other_row(sheet)


def add_notes(sheet: Sheet, rng: random.Random) -> None:
    """Explanations with digits behind the words of the header."""
    if sheet.id == "remedies":
        return
    for line in sheet.lines:
        if line.header:
            line.values = [
                replace(item, text=item.text + rng.choice(NOTES))
                if "(" not in item.text and rng.random() < 0.4
                else item
                for item in line.values
            ]


def _line(sheet: Sheet, prefix: str) -> Line | None:
    """The last line whose cells begin so."""
    found = [x for x in sheet.lines if x.values and x.values[0].cell.startswith(prefix)]
    return found[-1] if found else None


def _after(sheet: Sheet, prefix: str, label: str, numbers: list[int], depth: int | None = None) -> None:
    line = _line(sheet, prefix)
    if line is not None:
        at = next(k for k, other in enumerate(sheet.lines) if other is line)
        where = max(d for d, _ in line.labels) if depth is None else depth
        values = [Item(str(n), role="value") for n in numbers]
        sheet.lines.insert(at + 1, Line([(where, Item(label, role="label"))], values))


def _subtotal(sheet: Sheet, group: str, numbers: Mapping[str, Decimal]) -> None:
    """小计 below the rows of a group."""
    columns = [c.rsplit(".", 1)[1] for c in numbers if c.startswith("applications.received.")]
    sums = [
        sum(int(v) for c, v in numbers.items() if c.startswith(f"applications.{group}.") and c.endswith(f".{column}"))
        for column in columns
    ]
    _after(sheet, f"applications.{group}.", "小计", sums)


def _other_row(sheet: Sheet) -> None:
    """(七)其他 above the total, which becomes (八)."""
    line = _line(sheet, "applications.processed_total.")
    if line is None:
        return
    depth, label = line.labels[-1]
    line.labels[-1] = (depth, replace(label, text=label.text.replace("七", "八")))
    at = next(k for k, other in enumerate(sheet.lines) if other is line)
    zeros = [Item("0", role="value") for _ in line.values]
    sheet.lines.insert(at, Line([(depth, Item("(七)其他", role="label"))], zeros))
