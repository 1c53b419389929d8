"""Items of a list of powers (权责清单) against the items that the form of 2019 counts: part of narrative.cell.

The list of an agency and the table count nearly the same, and by other rules: that they agree is worth saying,
that they differ contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from models.forms import load_forms, plain_label, table_rows
from models.narrative.powers import LIST
from models.narrative.text import statement_before
from models.reconciling.expressions import expression
from models.reconciling.precision import stated
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding
from models.schema.quantity import exact

ITEMS = ("items_last_year", "change")
"""Columns whose sum is how many items there are this year."""


def listed_powers(extraction: Extraction) -> Iterator[Finding]:
    """Each figure of such a list right after the label of a row that counts items."""
    for figure in extraction.figures:
        if figure.statistic != "count" or figure.quantity is None or figure.scope != "year":
            continue
        text, start = extraction.narrative, figure.place.start
        rows = _rows(extraction.document.form or "")
        row = next((r for label, r in rows.items() if text.endswith(label, 0, start)), None)
        if row is not None and LIST.search(statement_before(text, start)):
            yield from _compared(extraction, figure, row)


@cache
def _rows(form: str) -> dict[str, str]:
    """The rows of a form that count items, by their labels: 行政许可 → disclosure.permits."""
    found: dict[str, str] = {}
    for table in load_forms()[form].tables:
        for row in table_rows(table):
            cells = {column.id: row.cell(table.id, column) for column in row.columns}
            if all(column in cells for column in ITEMS):
                found |= {plain_label(label): cells[ITEMS[0]].rpartition(".")[0] for label in row.labels}
    return found


def _compared(extraction: Extraction, figure: Figure, row: str) -> Iterator[Finding]:
    items = expression(" + ".join(f"{row}.{column}" for column in ITEMS), tuple(extraction.cell))
    value = items.value(extraction.cell) if items is not None else None
    if items is None or value is None or figure.quantity is None:
        return
    agrees = stated(figure, figure.quantity).agrees_with(exact(value))
    labels = load_forms()[extraction.document.form or ""].labels_by_cell
    said = f"{figure.text}{figure.unit or ''}"
    word = "一致" if agrees else "不同,口径可能不同"
    cells = [extraction.cell[name] for _, name in items.terms]
    yield Finding(
        check="narrative.cell",
        verdict="agrees" if agrees else "undecided",
        statistic=figure.statistic,
        span=figure.span,
        stated=figure.quantity.value,
        expression=str(items),
        computed=value,
        reading="权责清单的事项数,对表格上一年项目数量与本年增减之和",
        message=f"权责清单有{said},与表格的项目数量{number(value)}(上一年项目数量加本年增减){word}",
        severity="info",
        evidence=(
            Evidence(figure.span, f"正文:{said}"),
            *(Evidence(c.span, f"{labels[c.id]}:{number(c.value)}") for c in cells if c.span is not None),
        ),
    )
