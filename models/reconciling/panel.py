"""One year of an agency against the year before: what a year hands on, and changes that only both years can tell.

A panel check is a function with `@panel_check` that takes the report and what is remembered of the last one; the
modules beside this one that hold them (`carried.py`, `copied.py`) are all loaded.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import models.reconciling as package
from models.forms import load_forms
from models.ontology import load_ontology
from models.reconciling.expressions import expression
from models.reconciling.growth import growth_message, is_change
from models.reconciling.precision import SURE
from models.reconciling.words import number
from models.schema.document import Span
from models.schema.finding import Finding, Verdict
from models.schema.quantity import Quantity, exact, printed_step
from models.schema.table import Cell

CARRIED_IN, CARRIED_FORWARD = "applications.carried_in", "applications.carried_forward"
STOCKS = ("disclosure.regulations", "disclosure.normative_documents")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next year's report is checked against.

    Attributes:
        values: of cells, and of statistics that the report tells once.
        sentences: the marks of its sentences that hold numbers.
    """

    year: int
    values: Mapping[str, Decimal]
    sentences: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Telling:
    """A number of this year that would hardly come again by chance.

    Attributes:
        statistic: its id; that of the cell, if it is one.
        text: as printed.
        confirmed: whether the report's own table has it too.
    """

    statistic: str
    span: Span
    text: str
    value: Decimal
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with numbers, as far as two years need it.

    Attributes:
        wording: 32 bits that tell its words apart, whatever its digits.
        mark: the wording, then 32 bits that tell its figures apart.
    """

    wording: int
    mark: int
    telling: tuple[Telling, ...]


@dataclass(frozen=True, slots=True)
class Annual:
    """A report, as the panel sees it.

    Attributes:
        form: "" without tables.
        cells: by id.
        sentences: those with numbers, in order.
    """

    form: str
    cells: Mapping[str, Cell]
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A narrative figure, as far as changes need it; `exact` where it has no 约, 余, 近.

    Attributes:
        text: as printed.
        circle: the circle of agencies that its sentence names, "" where the figure is the agency's own.
    """

    statistic: str
    kind: str
    text: str
    quantity: Quantity
    exact: bool
    confidence: float
    circle: str = ""


PanelCheck = Callable[[Annual, Remembered], Iterator[Finding]]
_CHECKS: dict[str, PanelCheck] = {}


def panel_check(name: str) -> Callable[[PanelCheck], PanelCheck]:
    """Mark a function as the one that makes a check between two years."""

    def mark(function: PanelCheck) -> PanelCheck:
        _CHECKS[name] = function
        return function

    return mark


@cache
def panel_checks() -> dict[str, PanelCheck]:
    """Every marked function by the name of its check."""
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
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


def decide(change: Finding, figure: Told, stated: Told, last: Remembered) -> Finding | None:
    """An open change as the last year's report decides it; None where it does not tell the statistic.

    Where narrative and table told last year's number differently (受理 with what was carried in), either will do.

    Amounts stay open: the two years may have been told in different units. So does the figure of another circle of
    agencies, which this agency's last report need not have counted.

    Args:
        change: an undecided finding of narrative.growth.
        figure: this year's figure.
        stated: the change that is printed.
        last: what the last year's report told.
    """
    if figure.circle:
        return replace(change, reading=f"正文说的是“{figure.circle}”,{last.year}年报告的统计范围可能不同")
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
