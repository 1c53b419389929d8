"""Accidents of crawling, done to printed lines before they are laid out."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, get_args

from tests.planted.sheets import Item, Line, Sheet

Damage = Literal[
    "value lost", "value emptied", "label lost", "digit lost", "cells swapped", "page number", "bare page number"
]
PLAIN = re.compile(r"-?\d+(\.\d+)?")
DAMAGES: tuple[Damage, ...] = get_args(Damage)


@dataclass(slots=True)
class Loss:
    """What accidents did to cells.

    Attributes:
        taken: they are not in the source any more.
        emptied: their number is gone, their place is shown.
        shown: the number that is printed now.
        also: another number that a reader may give, for the source says nothing else.
        unlabelled: rows (`table.row`) whose label is gone.
    """

    taken: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    shown: dict[str, Decimal] = field(default_factory=dict)
    also: dict[str, Decimal] = field(default_factory=dict)
    unlabelled: set[str] = field(default_factory=set)


def repeat_header(sheet: Sheet) -> None:
    """Print the header of a table again in its middle."""
    headers = [line for line in sheet.lines if line.header]
    middle = len(sheet.lines) // 2
    again = [Line(list(line.labels), list(line.values), header=True) for line in headers]
    sheet.lines[middle:middle] = again


def damaged(sheets: list[Sheet], damage: Damage, amount: int, rng: random.Random) -> Loss:
    """Do `amount` accidents of one kind to the sheets."""
    loss = Loss()
    for _ in range(amount):
        lines = [line for sheet in sheets for line in sheet.lines if line.values and not line.header]
        _ACCIDENTS[damage](lines, loss, rng)
    return loss


def both(one: Loss, other: Loss) -> Loss:
    """What two copies of a table leave, damaged in one manner: a cell is lost where both lost it."""
    return Loss(
        taken=one.taken & other.taken,
        emptied=one.emptied & other.emptied,
        shown={c: v for c, v in one.shown.items() if c in other.shown},
        also=one.also | other.also | one.shown | other.shown,
        unlabelled=one.unlabelled & other.unlabelled,
    )


def _value_lost(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    line = rng.choice(lines)
    full = [(x, item) for x in lines for item in x.values if item.text not in ("", "0") and item.cell]
    line, item = rng.choice(full) if full and rng.random() < 0.8 else (line, rng.choice(line.values))
    line.values.remove(item)
    line.short += 1
    if item.cell:
        loss.taken.add(item.cell)


def _value_emptied(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    full = [(x, item) for x in lines for item in x.values if item.text not in ("", "0") and item.cell]
    if full:
        line, item = rng.choice(full)
        line.values[line.values.index(item)] = replace(item, text="")
        loss.emptied.add(item.cell)


def _label_lost(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    line = rng.choice([x for x in lines if any(item.role == "label" for _, item in x.labels)])
    line.labels = [x for x in line.labels if x[1].role != "label"]
    loss.taken |= {item.cell for item in line.values if item.cell}
    loss.unlabelled |= {item.cell.rsplit(".", 1)[0] for item in line.values if item.cell}


def _digit_lost(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    """One digit of a number of two or more; nothing happens where there is none."""
    long = [(x, i) for x in lines for i, v in enumerate(x.values) if v.cell and v.text.isdigit() and len(v.text) > 1]
    if long:
        line, i = rng.choice(long)
        item = line.values[i]
        at = rng.randrange(len(item.text))
        text = item.text[:at] + item.text[at + 1 :]
        line.values[i] = replace(item, text=text)
        loss.shown[item.cell] = Decimal(int(text))


def _cells_swapped(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    """Two neighbours in reading order: two values of a row, or a value and the label before or after it.

    Of two values nothing tells that they changed places, so that either number may be given.
    """
    ways: list[Callable[[], None]] = []
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        for i, (a, b) in enumerate(zip(line.values, line.values[1:], strict=False)):
            if a.text != b.text and a.cell and b.cell and PLAIN.fullmatch(a.text) and PLAIN.fullmatch(b.text):
                ways.append(lambda line=line, i=i: _swap(line, i, loss))  # type: ignore[misc]
        if after is not None and after.labels:
            if _moves(line, last=True):
                ways.append(lambda line=line, after=after: _move(line, after, down=True))  # type: ignore[misc]
            if _moves(after, last=False):
                ways.append(lambda line=line, after=after: _move(after, line, down=False))  # type: ignore[misc]
    if ways:
        rng.choice(ways)()


def _moves(line: Line, *, last: bool) -> bool:
    """Whether its last or first value can stand in the row beside it, and be told from a 0."""
    return len(line.values) > 1 and line.values[-1 if last else 0].text not in ("", "0")


def _move(line: Line, other: Line, *, down: bool) -> None:
    """The last value changes places with the label after it, or the first one with the label before it."""
    if down:
        other.values.insert(0, line.values.pop())
    else:
        other.values.append(line.values.pop(0))
    line.short, other.short = line.short + 1, other.short - 1


def _swap(line: Line, i: int, loss: Loss) -> None:
    a, b = line.values[i : i + 2]
    line.values[i : i + 2] = [b, a]
    loss.also[a.cell], loss.also[b.cell] = Decimal(b.text), Decimal(a.text)


def _page_number(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    rng.choice(lines).values.append(Item(f"— {rng.randint(1, 9)} —"))


def _bare_page_number(lines: list[Line], loss: Loss, rng: random.Random) -> None:
    rng.choice(lines).values.append(Item(str(rng.randint(1, 9))))


_ACCIDENTS: dict[Damage, Callable[[list[Line], Loss, random.Random], None]] = {
    "value lost": _value_lost,
    "value emptied": _value_emptied,
    "label lost": _label_lost,
    "digit lost": _digit_lost,
    "cells swapped": _cells_swapped,
    "page number": _page_number,
    "bare page number": _bare_page_number,
}
