"""The rows of the benchmark: which layouts, at which levels of damage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from models.forms import load_forms
from tests.planted import (
    DROPPING,
    HTML_LAYOUTS,
    LAYOUTS,
    ONE_A_LINE,
    ORDERS,
    SHOWING,
    Breaks,
    Damage,
    Planted,
    Profile,
    Style,
    plant,
)

FORMS = ("2021", "2019")
PROFILES: tuple[Profile, ...] = ("quiet", "ordinary", "busy")
GLUED = {"glued", "one line, glued"}
"""Layouts that do not show where one number ends and the next begins."""
ROWS_APART = ("tabs", "markdown", "html", "spaces")
STYLES = {
    "full-width digits": Style(full_width=True),
    "thousands separators": Style(thousands=True),
    "spaces inside numbers": Style(spaced=True),
    "signs": Style(signs=True),
    "units in cells": Style(units=True, money="万元"),
    "decimals": Style(decimals=True),
    "full-width, thousands, signs, units": Style(full_width=True, thousands=True, signs=True, units=True, money="元"),
}
BREAKS = {
    "- 4 -": Breaks("- {n} -"),
    "4": Breaks("{n}"),
    "第4页 共28页": Breaks("第{n}页 共{m}页"),
    "4 / 28": Breaks("{n} / {m}"),
    "running header": Breaks("", "某某市自然资源局2023年政府信息公开工作年度报告"),
    "4, header again": Breaks("{n}", again=True),
    "- 4 -, running header, header again": Breaks("- {n} -", "某某市自然资源局政府信息公开年报", again=True),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the benchmark: a layout and the options of `plant`.

    Attributes:
        skipped: so many rows of the form, drawn for each report, are not in the source.
        absent: so many tables are not.
        forms: printed in turn.
        family: under which rows are summed up.
    """

    name: str
    layout: str
    options: dict[str, Any] = field(default_factory=dict)
    skipped: int = 0
    absent: int = 0
    profiles: tuple[Profile, ...] = PROFILES
    forms: tuple[str, ...] = FORMS
    family: str = ""

    @property
    def dropping(self) -> bool:
        """Whether the places of blanks are lost and the oracle, which knows the pieces, has something to say."""
        layouts = {*DROPPING, "bars"} - GLUED
        return bool(self.options.get("blank")) and not self.options.get("blank_as") and self.layout in layouts

    def plant(self, seed: int) -> Planted:
        """The report of a seed: forms alternate, then the kinds of agencies."""
        form = self.forms[seed % len(self.forms)]
        rng = Random(f"{self.name} {seed}")
        options = dict(self.options)
        if self.skipped:
            keys = sorted({c.rsplit(".", 1)[0] for c in load_forms()[form].cells if not c.startswith("remedies.")})
            options["skip"] = frozenset(rng.sample(keys, self.skipped))
        if self.absent:
            options["absent"] = frozenset(rng.sample([t.id for t in load_forms()[form].tables], self.absent))
        profile = self.profiles[seed // len(self.forms) % len(self.profiles)]
        return plant(form, self.layout, seed=seed, profile=profile, **options)


def rows(pattern: str = "") -> list[Row]:
    """Rows whose name matches the pattern, or all."""
    return [row for row in _all() if re.search(pattern, row.name)]


def _all() -> Iterator[Row]:
    for family, found in {
        "as printed": _as_printed(),
        "blanks": _blanks(),
        "damage": _damage(),
        "cut by pages": _pages(),
        "remedies in another order": _orders(),
        "copies": _forms_and_copies(),
        "numbers written otherwise": _styles(),
        "form of 2014": _old_form(),
    }.items():
        yield from (row if row.family else replace(row, family=family) for row in found)


def _as_printed() -> Iterator[Row]:
    for name in LAYOUTS:
        if name in LOSSY:
            yield Row(name, name, family=LOSSY[name])
        elif "blanks dropped" not in name:
            yield Row(name, name)


LOSSY = {
    "glued": "digits glued: 141414",
    "one line, glued": "digits glued: 141414",
    "columns first": "values column by column",
    "headers interleaved": "headers' characters interleaved",
}
"""Layouts that take away more than blanks, by family."""


def _styles() -> Iterator[Row]:
    for style, how in STYLES.items():
        yield from (
            Row(f"{name}, {style}", name, {"style": how}) for name in ("lines", "spaces", "html") if _fits(name, style)
        )


def _old_form() -> Iterator[Row]:
    for name in LAYOUTS:
        if name not in ("html merged tables", "columns first") and "blanks dropped" not in name:
            yield Row(f"2014, {name}", name, forms=("2014",))


def _fits(layout: str, style: str) -> bool:
    """Spaces inside numbers cannot be told from spaces between them."""
    return not (layout == "spaces" and style in ("spaces inside numbers",))


def _blanks() -> Iterator[Row]:
    shown = (
        *SHOWING,
        "tabs shifted",
        "markdown, misaligned",
        "bars",
        "one line, tabs",
        *(n for n in HTML_LAYOUTS if n != "html"),
    )
    for name in dict.fromkeys(n for n in shown if n not in DROPPING):
        for share, words in ((0.5, "half of the zeros blank"), (1.0, "all zeros blank")):
            yield Row(f"{name}, {words}", name, {"blank": share}, family="blanks that the layout shows")
    for name in sorted(DROPPING):
        for share in (0.25, 0.5, 1.0):
            family = "digits glued, blanks dropped" if name in GLUED else f"{share:.0%} of the zeros dropped"
            yield Row(f"{name}, {share:.0%} of the zeros dropped", name, {"blank": share}, family=family)
    for name in ("lines", "spaces", "html"):
        for mark in ("/", "-", "—", "无"):
            family = "zeros as / - — 无"
            yield Row(f"{name}, zeros as {mark}", name, {"style": Style(none=mark)}, family=family)
            yield Row(f"{name}, half of the zeros as {mark}", name, {"blank": 0.5, "blank_as": mark}, family=family)
    for name in ("tabs", "markdown", "html"):
        yield Row(f"{name}, totals blank", name, {"blank_totals": True}, family="blanks that the layout shows")


def _damage() -> Iterator[Row]:
    def row(name: str, damage: Damage, amount: int, profiles: tuple[Profile, ...] = PROFILES) -> Row:
        family = "page numbers" if "page" in damage else f"{damage} × {amount}"
        options = {"damage": damage, "amount": amount}
        return Row(f"{name}, {damage} × {amount}", name, options, profiles=profiles, family=family)

    for name in (*ONE_A_LINE, *ROWS_APART):
        yield from (row(name, "value lost", n) for n in (1, 3, 10))
        yield from (row(name, "label lost", n) for n in (1, 3))
        yield from (row(name, "digit lost", n, ("ordinary", "busy")) for n in (1, 3))
        yield from (row(name, "cells swapped", n) for n in (1, 3))
    yield from (row(name, "value emptied", n) for name in ("tabs", "markdown", "html") for n in (1, 3, 10))
    yield from (row(name, d, 1) for d in ("page number", "bare page number") for name in ONE_A_LINE)  # type: ignore[arg-type]


def _pages() -> Iterator[Row]:
    for name in ("lines", "spaced", "spaces", "tabs", "lines, labels around", "spaces, labels around"):
        family = "labels around their values, cut by pages" if "around" in name else "cut by pages"
        yield from (
            Row(f"{name}, pages: {words}", name, {"breaks": how}, family=family) for words, how in BREAKS.items()
        )


def _orders() -> Iterator[Row]:
    for order in ORDERS:
        yield from (Row(f"{name}, remedies {order}", name, {"order": order}) for name in ("lines", "spaces"))


def _forms_and_copies() -> Iterator[Row]:
    for name in ("lines", "spaces", "tabs", "markdown", "html"):
        more = "rows of others, notes, headers again, rows and tables absent"
        yield Row(f"{name}, rows of others", name, {"extra_rows": True}, family=more)
        yield Row(f"{name}, notes in the header", name, {"notes": True}, family=more)
        yield Row(f"{name}, header again", name, {"header_again": True}, family=more)
        yield Row(f"{name}, twice", name, {"twice": True}, family="twice in a page")
        for n in (1, 10):
            damage = {"twice": True, "copies_differ": True, "damage": "value lost", "amount": n}
            yield Row(
                f"{name}, twice, each with value lost × {n}", name, damage, family="twice in a page, both damaged"
            )
        damage = {"twice": True, "copies_differ": True, "damage": "label lost", "amount": 3}
        yield Row(f"{name}, twice, each with label lost × 3", name, damage, family="twice in a page, both damaged")
        yield from (Row(f"{name}, rows skipped × {n}", name, skipped=n, family=more) for n in (1, 3))
        yield from (Row(f"{name}, tables absent × {n}", name, absent=n, family=more) for n in (1, 3))
