"""The reports of a run held against each other: one agency, two years in a row.

Of every report only the numbers that the next year is checked against are kept, some hundred floats, so
that a run of any length can be checked in a second pass over its batches.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache

from inference.rows import Row, Rows, by_report, finding_row
from models.ontology import KINDS
from models.reconciling.panel import Annual, Remembered, Told, decide, reconcile_years, remembered, stale
from models.reconciling.precision import SURE
from models.schema.document import Span
from models.schema.finding import Evidence, Finding
from models.schema.quantity import Quantity
from models.schema.table import Cell
from models.structure.agency import agency_key


class Panel:
    """What each agency's report of each year hands on; of several copies, what they do not contradict."""

    def __init__(self) -> None:
        self._years: defaultdict[str, dict[int, array[float]]] = defaultdict(dict)
        self._reports: defaultdict[str, dict[int, tuple[str, str | None]]] = defaultdict(dict)

    def add(self, rows: Rows) -> None:
        """Remember a batch."""
        cells, figures = by_report(rows.cells), by_report(rows.figures)
        for report in rows.reports:
            key, year = report["agency"] and agency_key(report["agency"]), report["year"]
            if not key or not year:
                continue
            own = _handed_on(cells[report["report_id"]], figures[report["report_id"]])
            kept = self._years[key].get(year)
            self._years[key][year] = own if kept is None else _agreed(kept, own)
            self._reports[key].setdefault(year, (report["report_id"], report["form"]))

    def years(self, agency: str | None) -> Mapping[int, tuple[str, str | None]]:
        """Report id and form of an agency's reports by year."""
        return self._reports.get(agency_key(agency), {}) if agency else {}

    def check(self, rows: Rows) -> None:
        """Add to a batch what the reports of the year before say of it; open changes are decided."""
        cells, figures, findings = by_report(rows.cells), by_report(rows.figures), by_report(rows.findings)
        for report in rows.reports:
            last = self._last(report)
            if last is None:
                continue
            own = findings[report["report_id"]]
            _decide(own, figures[report["report_id"]], last)
            _name_stale(own, last)
            if report["form"]:
                annual = Annual(report["form"], {c["cell"]: _cell(c) for c in cells[report["report_id"]]})
                own += [finding_row(report["report_id"], f) for f in reconcile_years(annual, last)]
            report["n_contradictions"] = sum(f["verdict"] == "contradicts" for f in own)
        rows.findings = [row for report in rows.reports for row in findings[report["report_id"]]]

    def _last(self, report: Row) -> Remembered | None:
        if not report["agency"] or not report["year"]:
            return None
        year = report["year"] - 1
        kept = self._years.get(agency_key(report["agency"]), {}).get(year)
        if kept is None:
            return None
        values = {n: Decimal(repr(v)) for n, v in zip(remembered(), kept, strict=True) if not math.isnan(v)}
        return Remembered(year, values)


@cache
def _places() -> dict[str, int]:
    return {name: i for i, name in enumerate(remembered())}


def _handed_on(cells: Sequence[Row], figures: Sequence[Row]) -> array[float]:
    """Values of the remembered cells, and of the statistics that the narrative tells with one number only."""
    places = _places()
    values = array("d", [math.nan]) * len(places)
    for cell in cells:
        if cell["cell"] in places and cell["value"] is not None:
            values[places[cell["cell"]]] = cell["value"]
    told: defaultdict[str, set[float]] = defaultdict(set)
    for figure in figures:
        if figure["scope"] == "year" and figure["statistic"] not in KINDS and figure["value"] is not None:
            told[figure["statistic"]].add(figure["value"] if _is_sure(figure) else math.nan)
    for statistic, numbers in told.items():
        if len(numbers) == 1 and statistic in places:
            values[places[statistic]] = numbers.pop()
    return values


def _is_sure(figure: Row) -> bool:
    return bool(figure["confidence"] >= SURE and figure["qualifier"] == "exact")


def _agreed(one: array[float], other: array[float]) -> array[float]:
    """What two copies of a report both say, or one of them alone."""
    pairs = zip(one, other, strict=True)
    return array("d", [b if math.isnan(a) else a if math.isnan(b) or a == b else math.nan for a, b in pairs])


def _decide(findings: list[Row], figures: Sequence[Row], last: Remembered) -> None:
    """Replace open changes by what the last year's report makes of them."""
    told = {f["start"]: f for f in figures}
    for place, row in enumerate(findings):
        if row["check"] != "narrative.growth" or row["verdict"] != "undecided":
            continue
        figure, stated = told.get(row["evidence"][0]["start"]), told.get(row["start"])
        if figure is None or stated is None or f"{last.year}:" not in row["expression"]:
            continue
        if decided := decide(_finding(row), _told(figure), _told(stated), last):
            findings[place] = finding_row(row["report_id"], decided)


def _name_stale(findings: list[Row], last: Remembered) -> None:
    """Say of contradicting figures where they are last year's."""
    for place, row in enumerate(findings):
        if row["check"] == "narrative.cell" and row["verdict"] == "contradicts":
            findings[place] = finding_row(row["report_id"], stale(_finding(row), last))


# ---------------------------------------------------------------- rows back to what they were


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))


def _cell(row: Row) -> Cell:
    span = None if row["start"] is None else Span(row["start"], row["end"])
    return Cell(row["cell"], _decimal(row["value"]), row["unit"], row["status"], row["confidence"], span)


def _told(row: Row) -> Told:
    value, low, high = (Decimal(repr(row[name])) for name in ("value", "low", "high"))
    quantity = Quantity(value, low, high)
    return Told(row["statistic"], row["kind"], row["text"], quantity, row["qualifier"] == "exact", row["confidence"])


def _finding(row: Row) -> Finding:
    evidence = tuple(Evidence(Span(e["start"], e["end"]), e["label"]) for e in row["evidence"])
    return Finding(
        check=row["check"],
        verdict=row["verdict"],
        statistic=row["statistic"],
        span=Span(row["start"], row["end"]),
        stated=_decimal(row["stated"]),
        expression=row["expression"],
        computed=_decimal(row["computed"]),
        reading=row["reading"],
        message=row["message"],
        severity=row["severity"],
        evidence=evidence,
    )
