"""The tables against their own arithmetic, as the form prescribes it (勾稽关系).

Sources: 国办公开办函〔2019〕60号 and 〔2021〕30号, which print under the applications table: 第一项加第二项
之和,等于第三项加第四项之和. The equations stand in `configs/forms`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.forms import Equation, load_forms
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.finding import Evidence, Finding

WORDS = {
    "table.balance": ("本列第一项加第二项", "第三项加第四项"),
    "table.column_sum": ("本列“总计”行", "各项办理结果之和"),
    "table.row_sum": ("本行总计", "各类申请人之和"),
    "table.remedies_sum": ("总计", "四种结果之和"),
}


@check("table.balance", "table.column_sum", "table.row_sum", "table.remedies_sum")
def check_tables(extraction: Extraction) -> Iterator[Finding]:
    """Each equation of the form over the cells that the report gives."""
    if extraction.document.form is None:
        return
    for equation in load_forms()[extraction.document.form].equations:
        cells = [extraction.cell[c] for c in equation.cells]
        if any(c.value is not None for c in cells):
            yield _finding(extraction, equation)


def _finding(extraction: Extraction, equation: Equation) -> Finding:
    total = _sum(extraction, equation.total)
    parts = _sum(extraction, equation.parts)
    left, right = equation.words or WORDS[equation.check]
    place = equation.place
    if total is None or parts is None:
        verdict, message = "undecided", f"{place}:有单元格空白、缺失或位置不明,{left}与{right}无法核对"
    elif total == parts:
        verdict, message = "agrees", f"{place}:{left}{number(total)},与{right}一致"
    else:
        verdict = "contradicts"
        message = f"{place}:{left}为{number(total)},{right}为{number(parts)},相差{number(abs(total - parts))}"
    return Finding(
        check=equation.check,
        verdict=verdict,  # type: ignore[arg-type]
        statistic=None,
        span=None,
        stated=total,
        expression=f"{' + '.join(equation.total)} = {' + '.join(equation.parts)}",
        computed=parts,
        reading=f"{place}:{left} = {right}",
        message=message,
        severity="error" if verdict == "contradicts" else "info",
        evidence=tuple(_evidence(extraction, equation)),
    )


def _sum(extraction: Extraction, ids: tuple[str, ...]) -> Decimal | None:
    values = [extraction.cell[c].value for c in ids]
    return None if None in values else sum((v for v in values if v is not None), Decimal(0))


def _evidence(extraction: Extraction, equation: Equation) -> Iterator[Evidence]:
    labels = load_forms()[extraction.document.form or ""].labels_by_cell
    for name in equation.cells:
        cell = extraction.cell[name]
        if cell.span is not None and (cell.value or name in equation.total):
            yield Evidence(cell.span, f"{labels[name]}:{number(cell.value)}")
