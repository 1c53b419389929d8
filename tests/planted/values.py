"""Numbers that satisfy a form, and how a cell prints them."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from models.forms import Column, Form

Profile = Literal["zeros", "quiet", "ordinary", "busy"]


PROFILES: dict[str, tuple[float, float]] = {
    "zeros": (0.0, 0.0),
    "quiet": (0.03, 0.0),
    "ordinary": (0.12, 0.1),
    "busy": (0.4, 0.3),
}
"""Shares of cells that are not zero, and of large numbers among them."""


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are printed.

    Attributes:
        none: printed instead of 0 (`/`, `-`, `—`, `无`).
        signs: changes carry a sign or a word for it.
        money: unit printed in cells of amounts.
        lead: white space before a value.
        spaced: a space inside numbers (`1 113`, `2 0`).
        decimals: counts as `12.0`, amounts with two places (`0.00`).
    """

    full_width: bool = False
    thousands: bool = False
    signs: bool = False
    units: bool = False
    money: str = ""
    none: str = ""
    lead: str = ""
    spaced: bool = False
    decimals: bool = False


def numbers_of(
    form: Form, rng: random.Random, profile: Profile = "ordinary", given: Mapping[str, Decimal] | None = None
) -> dict[str, Decimal]:
    """Values of every cell that satisfy the form's equations; `given` are those of cells that are no sums."""
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
        values[cell] = (given or {}).get(cell, value)
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
    text = _magnitude(magnitude, column, style)
    if style.spaced and len(text) > 1 and text.isdigit():
        at = len(text) - 3 if len(text) > 3 else rng.randint(1, len(text) - 1)
        text = f"{text[:at]} {text[at:]}"
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


def _magnitude(magnitude: Decimal, column: Column, style: Style) -> str:
    if style.decimals:
        return f"{magnitude:.2f}" if column.money else f"{magnitude:.1f}"
    return f"{magnitude:,}" if style.thousands else str(magnitude)


def parse(words: str) -> Decimal | None:
    """The value of a printed cell, read here without the modules under test."""
    text = unicodedata.normalize("NFKC", words).replace(",", "").replace(" ", "")
    if text == "无":
        return Decimal(0)
    match = re.fullmatch(r"(\+|-|增加?|减少?)?(\d+(?:\.\d+)?)(?:万?元|件|项)?", text)
    if match is None:
        return None
    return -Decimal(match[2]) if match[1] in ("-", "减", "减少") else Decimal(match[2])
