"""A form as printed lines: labels by depth, then values; what every layout starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from models.forms import Block, Form, Table, table_rows

Role = Literal["header", "group", "label", "unit", "value", "prose"]
Order = Literal[
    "form",
    "litigation swapped",
    "reconsideration last",
    "litigation swapped, headers in place",
    "reconsideration last, headers in place",
    "group by group",
    "group by group, last first",
]
"""Orders in which the three groups of five values of the remedies stand."""
ORDERS: dict[Order, tuple[int, int, int]] = {
    "litigation swapped": (0, 2, 1),
    "reconsideration last": (1, 2, 0),
    "litigation swapped, headers in place": (0, 2, 1),
    "reconsideration last, headers in place": (1, 2, 0),
    "group by group": (0, 1, 2),
    "group by group, last first": (2, 1, 0),
}


LABEL_COLUMNS = 3
"""Columns that the labels of the applications table take where they are not merged."""


@dataclass(frozen=True, slots=True)
class Item:
    """One cell of a printed table; `cell` is its id where it holds a value."""

    text: str
    cell: str = ""
    role: Role = "header"


@dataclass(slots=True)
class Line:
    """One row of a printed table: labels that begin in it (by depth), then its values.

    `short` says by how many cells damage made the row shorter than the others.
    """

    labels: list[tuple[int, Item]] = field(default_factory=list)
    values: list[Item] = field(default_factory=list)
    header: bool = False
    short: int = 0

    def items(self) -> list[Item]:
        """Its cells in reading order."""
        return [*(item for _, item in self.labels), *self.values]


@dataclass(slots=True)
class Sheet:
    """A printed table."""

    id: str
    lines: list[Line]
    label_columns: int
    value_columns: int

    def copy(self, lines: list[Line] | None = None) -> Sheet:
        """A sheet of its own, of these lines or of its own ones."""
        mine = self.lines if lines is None else lines
        return Sheet(
            self.id,
            [Line(list(x.labels), list(x.values), x.header, x.short) for x in mine],
            self.label_columns,
            self.value_columns,
        )


def items(sheet: Sheet) -> Iterator[Item]:
    """Every cell of a sheet in reading order."""
    for line in sheet.lines:
        yield from line.items()


def sheet_of(
    form: Form, table: Table, text_of: Callable[[str], Item], skip: frozenset[str], order: Order = "form"
) -> Sheet:
    """A table of the form; of the rows (`table.row`) to skip only the groups are left."""
    width = max(len(block.columns) for block in table.blocks)
    depth = 1 + max(len(row.groups) for row in table_rows(table))
    lines: list[Line] = []
    for block in table.blocks:
        if block.layout == "across":
            return Sheet(
                table.id, _across(table, block, text_of, order), 0, len(block.columns) * len(list(table_rows(table)))
            )
        lines += HEADERS.get(table.id, _block_headers)(table, block)
        lines += _rows(table, block, text_of, skip)
    return Sheet(table.id, lines, depth, width)


def _rows(table: Table, block: Block, text_of: Callable[[str], Item], skip: frozenset[str]) -> Iterator[Line]:
    shown: tuple[str, ...] = ()
    for row in table_rows(Table(id=table.id, section="", blocks=(block,))):
        groups = tuple(g[0] for g in row.groups)
        new = [(k, Item(g, role="group")) for k, g in enumerate(groups) if groups[: k + 1] != shown[: k + 1]]
        shown = groups
        if f"{table.id}.{row.key}" in skip:
            yield Line(new)
            continue
        label = (len(groups), Item(row.labels[0], role="label"))
        yield Line([*new, label], [text_of(row.cell(table.id, c)) for c in row.columns])


def _block_headers(table: Table, block: Block) -> list[Line]:
    return [
        Line([(0, Item(block.captions[0]))], header=True),
        Line([(0, Item(table.headers[0]))], [Item(c.labels[0]) for c in block.columns], header=True),
    ]


def _applicant_headers(table: Table, block: Block) -> list[Line]:
    first, *inner, last = (c.labels[0] for c in block.columns)
    return [
        Line([(0, Item(table.headers[0]))], [Item("申请人情况")], header=True),
        Line([], [Item(first), Item("法人或其他组织"), Item(last)], header=True),
        Line([], [Item(c) for c in inner], header=True),
    ]


HEADERS: dict[str, Callable[[Table, Block], list[Line]]] = {"applications": _applicant_headers}
"""Tables whose header is not a caption and a line of columns."""


def _across(table: Table, block: Block, text_of: Callable[[str], Item], order: Order) -> list[Line]:
    outcomes = [Item(c.labels[0]) for c in block.columns]
    rows = list(table_rows(Table(id=table.id, section="", blocks=(block,))))
    groups = [[text_of(row.cell(table.id, c)) for c in block.columns] for row in rows]
    labels = [Item(row.labels[0]) for row in rows]
    if order.startswith("group by group"):
        return [line for k in ORDERS[order] for line in _group_lines(k, labels, outcomes, groups[k])]
    upper, lower = [labels[0], Item("行政诉讼")], [*outcomes, *labels[1:]]
    if order == "litigation swapped":
        lower = [*outcomes, labels[2], labels[1]]
    elif order == "reconsideration last":
        upper, lower = upper[::-1], [*labels[1:], *outcomes]
    return [
        Line([], upper, header=True),
        Line([], lower, header=True),
        Line([], outcomes * 2, header=True),
        Line([], [item for k in ORDERS.get(order, (0, 1, 2)) for item in groups[k]]),
    ]


def _group_lines(group: int, labels: list[Item], outcomes: list[Item], values: list[Item]) -> list[Line]:
    """One group with headers of its own."""
    above = [labels[group]] if group == 0 else [Item("行政诉讼"), labels[group]]
    return [Line([], above, header=True), Line([], outcomes, header=True), Line([], values)]
