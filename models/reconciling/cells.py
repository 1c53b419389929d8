"""Narrative figures against cells: narrative.cell.

The readings of a statistic stand in `configs/statistics`, plainest first. The first that exists in
the report's form is the plain counterpart. A figure that differs from it and equals a later one is
explained; so is a figure of another scope. Only what is left contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from models.forms import load_forms
from models.ontology import load_ontology
from models.reconciling.bodies import named_body
from models.reconciling.expressions import Expression, by_parts, expression
from models.reconciling.lists import role_of
from models.reconciling.powers import listed_powers
from models.reconciling.precision import SURE, stated, unit_factor
from models.reconciling.reasons import reason_to_differ, wholes_of
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Severity, Verdict
from models.schema.quantity import Quantity, exact

SCOPES = {"cumulative": "历年累计", "previous_year": "上一年度", "partial": "部分时段", "other": "其他范围"}
MYRIAD = Decimal(10_000)
UNIT_ERROR = "应是单位(元、万元)写错"
UNSURE_FIGURE = "这个数字的含义不够确定"
UNSURE_WHOLE = "它所属总数的含义不够确定"
BOTH = {"reconsideration.total": "litigation.total", "litigation.total": "reconsideration.total"}
COORDINATED = re.compile(
    r"复议(?:案件|申请)?\s?(?:、|和|及|与|或|以及)\s?(?:被?提起)?(?:行政)?诉讼(?:案件|事项|情况|案|数量|数)?"
    r"(?:均|都|各|共|合计)?(?:发生|收到)?[为有]?\s?$"
)
"""Both are named before one figure."""
ROW_SUM = "(总计空白,按本行各格合计)"
ROW_SUM_WITH_BLANKS = "(总计空白,按本行各格合计,空白格按0计)"
ALL_ANSWERED = re.compile(
    r"(?:均|都|全部|全)(?:已|已经)?[^，,。；;未不]{0,14}?(?:答复|办结|办理完毕|处理完毕|回复)|(?:答复|办结)率[均为达]{0,2}(?:到)?100\s*[%％]"
)


class Comparison(NamedTuple):
    """One reading of a statistic over the cells of a report.

    Attributes:
        sure: whether every cell has its own value; else blank ones of a row were taken for zero.
    """

    expression: Expression
    words: str
    value: Decimal | None
    sure: bool = True


@check("narrative.cell")
def check_cells(extraction: Extraction) -> Iterator[Finding]:
    """Each figure, worded zeros included, whose statistic has a cell in the report's form."""
    if extraction.document.form is None:
        return
    wholes = wholes_of(extraction)
    for figure in (*extraction.figures, *_also_zero(extraction)):
        comparisons = _comparisons(extraction, figure.statistic)
        if comparisons and figure.quantity is not None:
            yield _compare(extraction, figure, comparisons, wholes)
    yield from _all_answered(extraction)
    yield from listed_powers(extraction)


def _comparisons(extraction: Extraction, statistic: str) -> list[Comparison]:
    known = tuple(extraction.cell)
    entry = load_ontology().by_id.get(statistic)
    parsed = ((expression(r.expression, known), r.words) for r in (entry.readings if entry else ()))
    return [_comparison(extraction, found, words) for found, words in parsed if found is not None]


def _comparison(extraction: Extraction, found: Expression, words: str) -> Comparison:
    """A reading with its value; a total that is blank is the sum of its row, where that has numbers."""
    cells = extraction.cell
    value = found.value(cells)
    if value is not None:
        return Comparison(found, words, value)
    parts = by_parts(found, cells, _row_parts(extraction.document.form or ""))
    statuses = {cells[name].status for _, name in parts.terms}
    if parts == found or not statuses <= {"printed", "inferred", "blank"} or statuses == {"blank"}:
        return Comparison(found, words, None)
    value = sum((sign * (cells[name].value or Decimal(0)) for sign, name in parts.terms), Decimal(0))
    sure = "blank" not in statuses
    return Comparison(parts, words + (ROW_SUM if sure else ROW_SUM_WITH_BLANKS), value, sure)


@cache
def _row_parts(form: str) -> dict[str, tuple[str, ...]]:
    """The cells of a row by the total that closes it."""
    rows = ("table.row_sum", "table.remedies_sum")
    return {e.total[0]: e.parts for e in load_forms()[form].equations if e.check in rows and len(e.total) == 1}


def _also_zero(extraction: Extraction) -> Iterator[Figure]:
    """行政复议、行政诉讼0件 is one figure and says two things: the other one."""
    for figure in extraction.figures:
        other = BOTH.get(figure.statistic)
        if other is None or figure.zero or figure.quantity != exact(Decimal(0)):
            continue
        if COORDINATED.search(extraction.narrative, max(0, figure.place.start - 30), figure.place.start):
            yield replace(figure, statistic=other)


def _compare(
    extraction: Extraction,
    figure: Figure,
    comparisons: Sequence[Comparison],
    wholes: Mapping[Figure, Sequence[Figure]],
) -> Finding:
    plain = comparisons[0]
    assert figure.quantity is not None  # noqa: S101 - callers pass only figures with a quantity
    says = stated(figure, figure.quantity)
    if figure.scope != "year":
        words = f"口径是{SCOPES[figure.scope]},与表格的本年口径不同"
        return _finding(extraction, figure, "explained", plain, words)
    matching = [c for c in comparisons if c.value is not None and _agree(extraction, says, figure, c)]
    if plain in matching:
        return _finding(extraction, figure, "agrees" if plain.sure else "explained", plain, plain.words)
    if plain.value is None:
        if matching:
            return _finding(extraction, figure, "explained", matching[0], matching[0].words)
        return _finding(extraction, figure, "undecided", plain, plain.words)
    if not figure.zero and matching:
        return _finding(extraction, figure, "explained", matching[0], f"与{plain.words}不同,等于{matching[0].words}")
    if words := (
        _unit_error(extraction, figure, says, plain) or reason_to_differ(extraction, figure, plain.value, wholes)
    ):
        return _finding(extraction, figure, "explained", plain, words)
    if words := _doubt(extraction, figure, plain, wholes.get(figure, ())):
        return _finding(extraction, figure, "undecided", plain, words)
    return _finding(extraction, figure, "contradicts", plain, plain.words)


def _doubt(extraction: Extraction, figure: Figure, plain: Comparison, wholes: Sequence[Figure]) -> str:
    """Words, where it is not sure enough what is compared for a contradiction."""
    if not plain.sure:
        return plain.words
    if figure.confidence < SURE or not _plausible_unit(figure):
        return UNSURE_FIGURE
    unsure = role_of(figure) and any(_is_unsure(extraction, whole) for whole in wholes)
    return UNSURE_WHOLE if unsure else ""


def _is_unsure(extraction: Extraction, whole: Figure) -> bool:
    """Whether nobody knows what a whole is: its name is unsure, and its cell does not confirm it."""
    if whole.confidence >= SURE and (whole.statistic not in load_ontology().by_id or _plausible_unit(whole)):
        return False
    return not is_confirmed(extraction, whole)


def is_confirmed(extraction: Extraction, figure: Figure) -> bool:
    """Whether the plain counterpart of a figure in the table has its value."""
    if extraction.document.form is None or figure.quantity is None:
        return False
    plain = _comparisons(extraction, figure.statistic)[:1]
    return any(c.value is not None and _agree(extraction, figure.quantity, figure, c) for c in plain)


def _unit_error(extraction: Extraction, figure: Figure, says: Quantity, plain: Comparison) -> str:
    """Words, where an amount would agree if 元 were 万元, here or in the table, or the other way round."""
    if figure.kind != "amount":
        return ""
    value = (plain.value or Decimal(0)) * unit_factor(extraction.cell[plain.expression.terms[0][1]].unit)
    for factor, words in ((MYRIAD, "正文是表格的一万分之一"), (1 / MYRIAD, "正文是表格的一万倍")):
        if value and says.agrees_with(exact(value / factor)):
            return f"{words},{UNIT_ERROR}"
    return ""


def _agree(extraction: Extraction, says: Quantity, figure: Figure, comparison: Comparison) -> bool:
    assert comparison.value is not None  # noqa: S101 - callers pass only comparisons with a value
    value = comparison.value
    if figure.kind == "amount":
        unit = extraction.cell[comparison.expression.terms[0][1]].unit
        value *= unit_factor(unit)
    return says.agrees_with(exact(value))


def _plausible_unit(figure: Figure) -> bool:
    """Whether the statistic is ever printed with this unit; 21篇 counts no lawsuits."""
    return (
        figure.unit is None or figure.kind == "amount" or figure.unit in load_ontology().by_id[figure.statistic].units
    )


def _finding(
    extraction: Extraction,
    figure: Figure,
    verdict: Verdict,
    comparison: Comparison,
    reading: str,
) -> Finding:
    name = load_ontology().by_id[figure.statistic].name
    quantity = figure.quantity
    assert quantity is not None  # noqa: S101 - callers pass only figures with a quantity
    said = f"“{figure.text}”(即0)" if figure.zero else f"{figure.text}{figure.unit or ''}"
    there = number(comparison.value)
    why = reading if comparison.value is not None else "单元格空白、缺失或位置不明"
    message = {
        "agrees": f"正文{name}{said},与{comparison.words}{there}一致",
        "contradicts": f"正文{name}{said},但{comparison.words}为{there}",
        "explained": f"正文{name}{said}:{reading}({comparison.words}为{there})",
        "undecided": f"正文{name}{said},{comparison.words}无法核对:{why}",
    }[verdict]
    severity: Severity = "warning" if UNIT_ERROR in reading else "info"
    if verdict == "contradicts":
        severity = "error"
    return Finding(
        check="narrative.cell",
        verdict=verdict,
        statistic=figure.statistic,
        span=figure.span,
        stated=quantity.value,
        expression=str(comparison.expression),
        computed=comparison.value,
        reading=reading,
        message=message,
        severity=severity,
        evidence=(Evidence(figure.span, f"正文:{said}"), *_evidence(extraction, comparison)),
    )


def _evidence(extraction: Extraction, comparison: Comparison) -> Iterator[Evidence]:
    labels = load_forms()[extraction.document.form or ""].labels_by_cell
    for _, name in comparison.expression.terms:
        cell = extraction.cell[name]
        if cell.span is not None:
            yield Evidence(cell.span, f"{labels[name]}:{number(cell.value)}")


def _all_answered(extraction: Extraction) -> Iterator[Finding]:
    """收到5件,均已答复 says two more things: 办结 = 收到, and nothing is carried forward."""
    for figure in extraction.figures:
        if figure.statistic != "applications.received" or figure.scope != "year" or figure.zero:
            continue
        if named_body(extraction, figure):
            continue
        end = re.compile(r"[。！？\n]|$").search(extraction.narrative, figure.place.end)
        after = extraction.narrative[figure.place.end : end.start() if end else None]
        others = [
            f
            for f in extraction.figures
            if f.statistic in ("applications.processed", "applications.carried_forward")
            and figure.place.end <= f.place.start < figure.place.end + len(after)
        ]
        if others or not ALL_ANSWERED.search(after):
            continue
        for statistic in ("applications.processed", "applications.carried_forward"):
            comparisons = _comparisons(extraction, statistic)
            if comparisons:
                yield _implied(extraction, figure, statistic, comparisons)


def _implied(extraction: Extraction, figure: Figure, statistic: str, comparisons: Sequence[Comparison]) -> Finding:
    value = figure.quantity.value if statistic == "applications.processed" and figure.quantity else Decimal(0)
    plain = comparisons[0]
    carried = expression("applications.carried_in.total", tuple(extraction.cell))
    carried_in = carried.value(extraction.cell) if carried else None
    name = load_ontology().by_id[statistic].name
    reading = "“均已答复”一类的话:办结等于收到,没有结转"
    verdict: Verdict = "undecided"
    if plain.value is not None:
        verdict = "agrees" if plain.value == value else "contradicts" if figure.confidence >= SURE else "undecided"
        if (
            verdict == "contradicts"
            and statistic == "applications.processed"
            and carried_in
            and plain.value == value + carried_in
        ):
            verdict, reading = "explained", "办结数包括上年结转"
    word = {"agrees": "一致", "contradicts": "不一致", "explained": f"不同:{reading}", "undecided": "无法核对"}[verdict]
    return Finding(
        check="narrative.cell",
        verdict=verdict,
        statistic=statistic,
        span=figure.span,
        stated=value,
        expression=str(plain.expression),
        computed=plain.value,
        reading=reading,
        message=f"正文说收到的{figure.text}件均已办结,即{name}{number(value)},与{plain.words}{number(plain.value)}{word}",
        severity="warning" if verdict == "contradicts" else "info",
        evidence=(Evidence(figure.span, "正文:均已办结"), *_evidence(extraction, plain)),
    )
