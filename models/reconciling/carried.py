"""What is carried over and what stays in force, this year against last year: panel.carry and panel.stock.

Where the carry of all applicants differs, the columns that differ stand in that finding as its evidence; they
are findings of their own only where the totals agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from models.forms import load_forms
from models.reconciling.panel import CARRIED_FORWARD, CARRIED_IN, STOCKS, Annual, Remembered, panel_check
from models.reconciling.words import number
from models.schema.finding import Evidence, Finding, Verdict
from models.schema.table import Cell


@panel_check("panel.carry")
def check_carry(report: Annual, last: Remembered) -> Iterator[Finding]:
    """上年结转 against last year's 结转下年, per column."""
    prefix = f"{CARRIED_IN}."
    columns = [c.removeprefix(prefix) for c in report.cells if c.startswith(prefix)]
    pairs = {c: (report.cells[prefix + c], last.values.get(f"{CARRIED_FORWARD}.{c}")) for c in columns}
    if "total" not in pairs or pairs["total"][1] is None:
        return
    differing = [c for c, (cell, before) in pairs.items() if None not in (cell.value, before) and cell.value != before]
    whole = "total" in differing
    for column, (cell, before) in pairs.items():
        if column != "total" and (before is None or not (cell.value or before) or (whole and column in differing)):
            continue
        others = [pairs[c][0] for c in differing if c != column] if column == "total" else []
        yield _carry(report, last, column, cell, before or Decimal(0), others)


def _carry(
    report: Annual, last: Remembered, column: str, cell: Cell, before: Decimal, others: Sequence[Cell]
) -> Finding:
    name = f"{CARRIED_FORWARD}.{column}"
    label = load_forms()[report.form].labels_by_cell[cell.id]
    says = f"{label}{number(cell.value)}"
    verdict = _verdict(cell.value, before)
    there = f"{last.year}年报告结转下年度的{number(before)}"
    message = {
        "agrees": f"{says},与{there}一致",
        "contradicts": f"{says},但{there},相差{number(abs((cell.value or 0) - before))}",
        "undecided": f"{says},无法与{there}核对",
    }[verdict]
    return Finding(
        check="panel.carry",
        verdict=verdict,
        statistic="applications.carried_in",
        span=None,
        stated=cell.value,
        expression=f"{last.year}:{name}",
        computed=before,
        reading="本年“上年结转”应等于上年“结转下年度继续办理”",
        message=message,
        severity=("error" if column == "total" else "warning") if verdict == "contradicts" else "info",
        evidence=tuple(_evidence(report, [cell, *others])),
    )


@panel_check("panel.stock")
def check_stock(report: Annual, last: Remembered) -> Iterator[Finding]:
    """现行有效 against last year's 现行有效 + 制发 - 废止."""
    for stock in STOCKS:
        ids = [f"{stock}.{column}" for column in ("in_force", "issued", "repealed")]
        before = last.values.get(ids[0])
        if before is None or not all(name in report.cells for name in ids):
            continue
        cells = [report.cells[name] for name in ids]
        values = [c.value for c in cells]
        if not any([*values, before]):
            continue
        computed = None if None in values[1:] else before + (values[1] or 0) - (values[2] or 0)
        verdict = _verdict(values[0], computed)
        label = load_forms()[report.form].labels_by_cell[ids[0]]
        sums = f"{last.year}年{number(before)}加制发{number(values[1])}减废止{number(values[2])}"
        message = {
            "agrees": f"{label}{number(values[0])},与{sums}一致",
            "contradicts": f"{label}{number(values[0])},但{sums}应为{number(computed)}",
            "undecided": f"{label}{number(values[0])},有单元格空白或位置不明,无法与{sums}核对",
        }[verdict]
        yield Finding(
            check="panel.stock",
            verdict=verdict,
            statistic=f"{stock.partition('.')[2]}.in_force",
            span=None,
            stated=values[0],
            expression=f"{last.year}:{ids[0]} + {ids[1]} - {ids[2]}",
            computed=computed,
            reading="现行有效 = 上年现行有效 + 本年制发 - 本年废止",
            message=message,
            severity="warning" if verdict == "contradicts" else "info",
            evidence=tuple(_evidence(report, cells)),
        )


def _verdict(stated: Decimal | None, computed: Decimal | None) -> Verdict:
    if stated is None or computed is None:
        return "undecided"
    return "agrees" if stated == computed else "contradicts"


def _evidence(report: Annual, cells: Sequence[Cell]) -> Iterator[Evidence]:
    labels = load_forms()[report.form].labels_by_cell
    for cell in cells:
        if cell.span is not None:
            yield Evidence(cell.span, f"{labels[cell.id]}:{number(cell.value)}")
