"""Amounts whose unit is off by a power of ten: disclosure.plausible.

The form asks for 万元; agencies write 元 into the cell, or 万元 behind a number of 元 in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.forms import load_forms
from models.ontology import load_ontology
from models.reconciling.expressions import expression
from models.reconciling.precision import SURE, stated, unit_factor
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Severity, Verdict
from models.schema.quantity import exact
from models.schema.table import Cell

POWERS = {Decimal(10) ** n: f"10的{n}次方" for n in (2, 3, 4, 5, 6, 8)}
"""Factors by which units are mistaken: 万元 for 元, 亿元 for 万元, a point lost."""
HUGE = Decimal(10) ** 10
"""元: more than any one agency's fees or purchases of a year."""


@check("disclosure.plausible")
def check_amounts(extraction: Extraction) -> Iterator[Finding]:
    """Each amount of the form that is not zero, against the amounts that the narrative tells of it."""
    if extraction.document.form is None:
        return
    columns = load_forms()[extraction.document.form].columns_by_cell
    for cell in extraction.cells:
        if columns[cell.id].money and cell.value:
            yield from _plausible(extraction, cell)


def _plausible(extraction: Extraction, cell: Cell) -> Iterator[Finding]:
    value = (cell.value or Decimal(0)) * unit_factor(cell.unit)
    told = [f for f in extraction.figures if _tells(extraction, f, cell)]
    mistaken: Finding | None = None
    for figure in told:
        assert figure.quantity is not None  # noqa: S101 - `_tells` takes no others
        says = stated(figure, figure.quantity)
        if says.agrees_with(exact(value)):
            yield _finding(extraction, cell, "agrees", "与正文金额一致", figure)
            return
        for factor, words in POWERS.items():
            for other, side in ((value / factor, "表格是正文的"), (value * factor, "正文是表格的")):
                if says.agrees_with(exact(other)):
                    mistaken = _finding(extraction, cell, "contradicts", f"{side}{words}倍,单位写错", figure)
    if mistaken is not None:
        yield mistaken
    elif value >= HUGE:
        yield _finding(extraction, cell, "undecided", f"超过100亿元,可能把元填成了{cell.unit or '万元'}", None)


def _tells(extraction: Extraction, figure: Figure, cell: Cell) -> bool:
    """Whether a figure is the amount of this cell: the cell is its statistic's plain counterpart."""
    if figure.kind != "amount" or figure.scope != "year" or figure.zero or figure.confidence < SURE:
        return False
    entry = load_ontology().by_id.get(figure.statistic)
    parsed = (expression(r.expression, tuple(extraction.cell)) for r in (entry.readings if entry else ()))
    plain = next((p for p in parsed if p is not None), None)
    return plain is not None and plain.terms == ((1, cell.id),)


def _finding(extraction: Extraction, cell: Cell, verdict: Verdict, reading: str, figure: Figure | None) -> Finding:
    label = load_forms()[extraction.document.form or ""].labels_by_cell[cell.id]
    places = [Evidence(cell.span, f"{label}:{number(cell.value)}")] if cell.span is not None else []
    told = ""
    if figure is not None:
        says = f"{figure.text}{figure.unit or ''}"
        told = f",正文为{says}"
        places.append(Evidence(figure.span, f"正文:{says}"))
    severities: dict[str, Severity] = {"contradicts": "error", "undecided": "warning"}
    return Finding(
        check="disclosure.plausible",
        verdict=verdict,
        statistic=figure.statistic if figure else None,
        span=None,
        stated=cell.value,
        expression=cell.id,
        computed=figure.quantity.value if figure and figure.quantity else None,
        reading=reading,
        message=f"{label}{number(cell.value)}{cell.unit or ''}{told}:{reading}",
        severity=severities.get(verdict, "info"),
        evidence=tuple(places),
    )
