"""One year of an agency against the year before: panel.carry, panel.stock, and changes that only both years can tell.

A panel check is a function with `@panel_check` that takes the report and what is remembered of the last one.
Where the carry of all applicants differs, the columns that differ stand in that finding as its evidence; they
are findings of their own only where the totals agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from models.forms import load_forms
from models.ontology import load_ontology
from models.reconciling.expressions import expression
from models.reconciling.growth import growth_message, is_change
from models.reconciling.precision import SURE
from models.reconciling.words import number
from models.schema.finding import Evidence, Finding, Verdict
from models.schema.quantity import Quantity, exact, printed_step
from models.schema.table import Cell

CARRIED_IN, CARRIED_FORWARD = "applications.carried_in", "applications.carried_forward"
STOCKS = ("disclosure.regulations", "disclosure.normative_documents")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next year's report is checked against: values of cells and of statistics that the report tells once."""

    year: int
    values: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Annual:
    """The tables of a report, as the panel sees them.

    Attributes:
        cells: by id.
    """

    form: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Told:
    """A narrative figure, as far as changes need it; `exact` where it has no 约, 余, 近.

    Attributes:
        text: as printed.
    """

    statistic: str
    kind: str
    text: str
    quantity: Quantity
    exact: bool
    confidence: float


PanelCheck = Callable[[Annual, Remembered], Iterator[Finding]]
_CHECKS: dict[str, PanelCheck] = {}


def panel_check(name: str) -> Callable[[PanelCheck], PanelCheck]:
    """Mark a function as the one that makes a check between two years."""

    def mark(function: PanelCheck) -> PanelCheck:
        _CHECKS[name] = function
        return function

    return mark


def panel_checks() -> dict[str, PanelCheck]:
    """Every marked function by the name of its check."""
    return dict(sorted(_CHECKS.items()))


@cache
def remembered() -> tuple[str, ...]:
    """Ids of the cells and statistics that a report hands on to the next year's."""
    ontology = load_ontology()
    cells: dict[str, None] = {}
    for form in load_forms().values():
        for name in form.cells:
            if name.startswith(f"{CARRIED_FORWARD}.") or name in [f"{stock}.in_force" for stock in STOCKS]:
                cells[name] = None
        for statistic in ontology.statistics:
            if plain := _plain_cell(statistic.id, form.id):
                cells[plain] = None
    return (*cells, *ontology.by_id)


@cache
def _plain_cell(statistic: str, form_id: str) -> str | None:
    """The cell that is the plain counterpart of a statistic, None where that is a sum."""
    form = load_forms()[form_id]
    for reading in load_ontology().by_id[statistic].readings:
        parsed = expression(reading.expression, tuple(form.cells))
        if parsed is not None:
            return parsed.terms[0][1] if len(parsed.terms) == 1 else None
    return None


def reconcile_years(report: Annual, last: Remembered) -> list[Finding]:
    """Every check that a report and the one of the year before allow."""
    return [f for function in panel_checks().values() for f in function(report, last)]


# ---------------------------------------------------------------- carry and stock


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


# ---------------------------------------------------------------- changes


def decide(change: Finding, figure: Told, stated: Told, last: Remembered) -> Finding | None:
    """An open change as the last year's report decides it; None where it does not tell the statistic.

    Where narrative and table told last year's number differently (受理 with what was carried in), either will do.

    Amounts stay open: the two years may have been told in different units.

    Args:
        change: an undecided finding of narrative.growth.
        figure: this year's figure.
        stated: the change that is printed.
        last: what the last year's report told.
    """
    bases = _told_last(last, figure.statistic)
    if not bases or change.stated is None or figure.kind == "amount":
        return None
    sign = -1 if change.stated < 0 else 1
    percent = stated.kind == "percent"
    step = printed_step(stated.text) if stated.exact else Decimal(1)
    fitting = (
        b for b in bases if is_change(figure.quantity, stated.quantity, step, sign, percent=percent, base=exact(b))
    )
    agreed = next(fitting, None)
    base = bases[0] if agreed is None else agreed
    computed = figure.quantity.value - base
    if percent:
        computed = round(100 * computed / base, 4) if base else Decimal(0)
    verdict: Verdict = "contradicts" if agreed is None else "agrees"
    if verdict == "contradicts" and figure.confidence < SURE:
        verdict = "undecided"
    return replace(
        change,
        verdict=verdict,
        computed=computed,
        reading=f"与{last.year}年报告的{number(base)}相比",
        message=growth_message(figure.statistic, figure.text, sign, stated.text, verdict, computed),
        severity="warning" if verdict == "contradicts" else "info",
    )


def stale(finding: Finding, last: Remembered) -> Finding:
    """A figure that contradicts its cell and is last year's number says so: it was likely left standing.

    Args:
        finding: of narrative.cell.
        last: what the last year's report told.
    """
    told = () if finding.statistic is None else _told_last(last, finding.statistic)
    if finding.verdict != "contradicts" or not finding.stated or finding.stated not in told:
        return finding
    words = f"等于{last.year}年报告的数字,可能是上一年的没有更新"
    return replace(finding, reading=f"{finding.reading};{words}", message=f"{finding.message};{words}")


def _told_last(last: Remembered, statistic: str) -> tuple[Decimal, ...]:
    """The statistic in last year's report: in its narrative, and in the cell that is its plain counterpart."""
    cells = [cell for form in load_forms() if (cell := _plain_cell(statistic, form)) is not None]
    return tuple(dict.fromkeys(last.values[name] for name in (statistic, *cells) if name in last.values))
