"""The tables against their own arithmetic, as the form prescribes it (勾稽关系).

Sources: 国办公开办函〔2019〕60号 and 〔2021〕30号, which print under the applications table: 第一项加第二项
之和,等于第三项加第四项之和. The equations stand in `configs/forms`.

One wrong cell breaks every sum that it is in. Where one other number in a cell would mend several broken sums
and break none, the first of them is the contradiction and names the cell; the others are explained by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

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
    made = [
        (equation, _finding(extraction, equation))
        for equation in load_forms()[extraction.document.form].equations
        if any(extraction.cell[c].value is not None for c in equation.cells)
    ]
    yield from _by_cause(extraction, made)


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


class _Cause(NamedTuple):
    """A cell, the number that would mend sums, and the places of these among the findings."""

    cell: str
    value: Decimal
    places: tuple[int, ...]


def _by_cause(extraction: Extraction, made: Sequence[tuple[Equation, Finding]]) -> list[Finding]:
    findings = [finding for _, finding in made]
    broken = {i for i, f in enumerate(findings) if f.verdict == "contradicts"}
    while len(broken) > 1 and (cause := _cause(extraction, made, broken)) is not None:
        broken -= set(cause.places)
        first, *others = cause.places
        label = load_forms()[extraction.document.form or ""].labels_by_cell[cause.cell]
        printed = number(extraction.cell[cause.cell].value)
        mended = f"“{label}”若为{number(cause.value)}(现为{printed})"
        evidence = {e: None for i in cause.places for e in findings[i].evidence}
        findings[first] = replace(
            findings[first],
            message=f"{findings[first].message};{mended},则连同另外{len(others)}项核对都成立",
            evidence=tuple(evidence),
        )
        for i in others:
            findings[i] = replace(
                findings[i], verdict="explained", reading=f"同一处错误:{mended},则本项成立", severity="info"
            )
    return findings


def _cause(extraction: Extraction, made: Sequence[tuple[Equation, Finding]], broken: Set[int]) -> _Cause | None:
    """The cell whose change mends most of the broken sums, at least two, and is in none that holds."""
    mends: defaultdict[tuple[str, Decimal], list[int]] = defaultdict(list)
    holding = {c for e, f in made if f.verdict == "agrees" for c in e.cells}
    for i in sorted(broken):
        equation, finding = made[i]
        difference = (finding.stated or Decimal(0)) - (finding.computed or Decimal(0))
        for side, change in ((equation.total, -difference), (equation.parts, difference)):
            for cell in side:
                value = extraction.cell[cell].value
                if cell not in holding and value is not None and value + change >= 0:
                    mends[cell, value + change].append(i)
    best = max(mends, key=lambda key: len(mends[key]), default=None)
    return None if best is None or len(mends[best]) < 2 else _Cause(*best, tuple(mends[best]))


def _sum(extraction: Extraction, ids: tuple[str, ...]) -> Decimal | None:
    values = [extraction.cell[c].value for c in ids]
    return None if None in values else sum((v for v in values if v is not None), Decimal(0))


def _evidence(extraction: Extraction, equation: Equation) -> Iterator[Evidence]:
    labels = load_forms()[extraction.document.form or ""].labels_by_cell
    for name in equation.cells:
        cell = extraction.cell[name]
        if cell.span is not None and (cell.value or name in equation.total):
            yield Evidence(cell.span, f"{labels[name]}:{number(cell.value)}")
