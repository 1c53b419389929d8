"""The form of 2014 as one printed table: headings, labels, a column of units, single values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from models.forms import Block, Form, Table, table_rows
from tests.planted.sheets import Item, Line, Sheet

HEADER = ("统计指标", "单位", "统计数")
UNITS = {
    "disclosure": "条",
    "disclosure.normative_documents.issued": "件",
    "responses": "次",
    "responses.interpretations": "篇",
    "organization": "个",
    "organization.staff": "人",
    "training": "次",
    "training.participants": "人次",
}
"""Units of tables and rows where they are not 件; the longest name that fits counts."""
INDENTS = ("", "\u3000", "\u3000\u3000")


def unit_of(row: str, *, money: bool) -> str:
    """What the official form prints in the column of units beside a row `table.row`."""
    if money:
        return "万元"
    fitting = [name for name in UNITS if f"{row}.".startswith(f"{name}.")]
    return UNITS[max(fitting, key=len)] if fitting else "件"


def sheet(form: Form, text_of: Callable[[str], Item], skip: frozenset[str]) -> Sheet:
    """All tables of the form below one header; a heading has a dash for its unit, and no value."""
    lines = [Line([(0, Item(HEADER[0]))], [Item(word) for word in HEADER[1:]], header=True)]
    for table in form.tables:
        for block in table.blocks:
            lines += [
                Line([(0, Item(caption, role="group"))], [Item("——", role="unit"), Item("")])
                for caption in block.captions[:1]
            ]
            lines += _rows(table, block, text_of, skip)
    return Sheet(form.id, lines, 1, 2)


def _rows(table: Table, block: Block, text_of: Callable[[str], Item], skip: frozenset[str]) -> Iterator[Line]:
    for row in table_rows(Table(id=table.id, section="", blocks=(block,))):
        (column,) = row.columns
        if f"{table.id}.{row.key}" in skip:
            continue
        unit = Item(unit_of(f"{table.id}.{row.key}", money=column.money), role="unit")
        yield Line([(0, Item(row.labels[0], role="label"))], [unit, text_of(row.cell(table.id, column))])
