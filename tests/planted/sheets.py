"""A form as printed lines: labels by depth, then values; what every layout starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from models.forms import Block, Form, Table, table_rows

LABEL_COLUMNS = 3
"""Columns that the labels of the applications table take where they are not merged."""


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


def sheet_of(form: Form, table: Table, text_of: Callable[[str], Item], skip: frozenset[str]) -> Sheet:
    """A table of the form; of the rows (`table.row`) to skip only the groups are left."""
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


def items(sheet: Sheet) -> Iterator[Item]:
    """Every cell of a sheet in reading order."""
    for line in sheet.lines:
        yield from (item for _, item in line.labels)
        yield from line.values
