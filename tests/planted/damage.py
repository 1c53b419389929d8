"""Accidents of crawling, done to printed lines before they are laid out."""

from __future__ import annotations

import random
from typing import Literal

from tests.planted.sheets import Item, Line, Sheet

Damage = Literal["value lost", "label lost", "page number", "bare page number"]


def repeat_header(sheet: Sheet) -> None:
    """Print the header of a table again in its middle."""
    headers = [line for line in sheet.lines if line.header]
    middle = len(sheet.lines) // 2
    again = [Line(list(line.labels), list(line.values), header=True) for line in headers]
    sheet.lines[middle:middle] = again


def damaged(sheets: list[Sheet], damage: Damage, rng: random.Random) -> tuple[list[Sheet], set[str]]:
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
