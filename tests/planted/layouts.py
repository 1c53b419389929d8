"""Layouts of plain text: how a sheet is written a row or a cell a line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tests.planted.extracted import EXTRACTED
from tests.planted.sheets import Item, Line, Sheet, items
from tests.planted.writing import Layout, Writer


def _one_a_line(end: str, *, drop: bool = False, pieces: Callable[[Item, random.Random], list[str]] | None = None):
    def write(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
        for item in items(sheet):
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


def _number_alone(item: Item, rng: random.Random) -> list[str]:
    """The list number of a label on a line of its own; two in three."""
    match = re.match(r"[一二三四]、|\([一二三四五六七八]\)|(\d)\.", item.text)
    if item.role not in ("group", "label") or match is None or rng.random() < 0.34:
        return [item.text]
    number = f"{match[1]}、" if match[1] and rng.random() < 0.3 else match[0]
    return [number, item.text[match.end() :]]


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
    values += [Item("")] * (sheet.value_columns - len(values) - line.short)
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


def _markdown_ragged(*, shifted: bool) -> Layout:
    """Rows end with their last cell that is not empty; label columns are merged here and there."""

    def write(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
        for number, line in enumerate(sheet.lines):
            row = _shifted(sheet, line, rng) if shifted else _grid_row(sheet, line)
            while row and not row[-1].text and (not row[-1].cell or not shifted):
                row.pop()
            for item in row:
                writer.put("| ")
                writer.item(item, lead if item.cell else "")
                writer.put(" ")
            writer.put(rng.choice(["|\n", "\n"]))
            if number == 0 and rng.random() < 0.7:
                writer.put("|" + " --- |" * len(row) + "\n")

    return write


def _labels_joined(layout: Layout) -> Layout:
    """A row's label in one cell with those of the groups that begin there."""

    def write(writer: Writer, sheet: Sheet, rng: random.Random, lead: str) -> None:
        joined = sheet.copy()
        for line in joined.lines:
            if len(line.labels) > 1 and line.values:
                words = "".join(item.text for _, item in line.labels)
                line.labels = [(line.labels[-1][0], Item(words, role="label"))]
        layout(writer, joined, rng, lead)

    return write


TEXT_LAYOUTS: dict[str, Layout] = {
    "spaced": _one_a_line("\n\n"),
    "lines": _one_a_line("\n"),
    "bars": _bars,
    "spaces": _spaces,
    "markdown": _markdown,
    "tabs": _tabs,
    "tabs shifted": _tabs_shifted,
    "tabs, labels broken": _tabs_broken,
    "lines, labels joined": _labels_joined(_one_a_line("\n")),
    "tabs, labels joined": _labels_joined(_tabs),
    "headers broken": _one_a_line("\n\n", pieces=_break_header),
    "headers stacked": _one_a_line("\n", pieces=_stack_header),
    "labels broken": _one_a_line("\n", pieces=_break_label),
    "spaced, blanks dropped": _one_a_line("\n\n", drop=True),
    "lines, blanks dropped": _one_a_line("\n", drop=True),
    "lines, numbers alone": _one_a_line("\n", pieces=_number_alone),
    "markdown, short rows": _markdown_ragged(shifted=False),
    "markdown, misaligned": _markdown_ragged(shifted=True),
    **EXTRACTED,
}
ONE_A_LINE = {"spaced": "\n\n", "lines": "\n"}
