"""The reports of a run held against each other: one agency, two years in a row.

Of every report only what the next year is checked against is kept, some hundred floats and 64 bits for each
sentence with numbers, so that a run of any length can be checked in a second pass over its batches.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby, islice

from inference.rows import MAX_SENTENCE, Row, Rows, by_report, finding_row
from models.ontology import KINDS
from models.reconciling.bodies import circle
from models.reconciling.copied import same_report, sentence, tells
from models.reconciling.panel import (
    Annual,
    Remembered,
    Sentence,
    Telling,
    Told,
    decide,
    reconcile_years,
    remembered,
    stale,
)
from models.reconciling.precision import SURE
from models.schema.document import Span
from models.schema.finding import Evidence, Finding
from models.schema.quantity import Quantity
from models.schema.table import Cell
from models.structure.agency import agency_key

MAX_SENTENCES = 1000
"""Sentences of a report that are held against the other year's."""
CONTESTED = math.inf
"""Stands for a number that copies of a report tell differently."""

Packed = tuple[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a year hands on.

    Attributes:
        values: in the order of `remembered`; nan where the report does not tell.
        sentences: marks, in order; None where it has none, which is not the same as none that its copies share.
    """

    values: array[float]
    sentences: array[int] | None

    def packed(self) -> Packed:
        """The same in a third of the memory: most numbers are zero or not told."""
        sentences = None if self.sentences is None else self.sentences.tobytes()
        return zlib.compress(self.values.tobytes(), 1), sentences

    @classmethod
    def unpacked(cls, packed: Packed) -> Kept:
        """What was packed."""
        values, sentences = packed
        return cls(array("d", zlib.decompress(values)), None if sentences is None else array("Q", sentences))


class Panel:
    """What each agency's report of each year hands on; of several copies, what they do not contradict.

    Of an agency and year with several copies that contradict each other in most numbers, one is of another year; as
    nobody knows which, nothing is held against them.
    """

    def __init__(self) -> None:
        self._years: defaultdict[str, dict[int, Packed]] = defaultdict(dict)
        self._reports: defaultdict[str, dict[int, tuple[str, str | None]]] = defaultdict(dict)

    def add(self, rows: Rows) -> None:
        """Remember a batch."""
        cells, figures = by_report(rows.cells), by_report(rows.figures)
        for report in rows.reports:
            key, year = report["agency"] and agency_key(report["agency"]), report["year"]
            if not key or not year:
                continue
            own = _handed_on(report, cells[report["report_id"]], figures[report["report_id"]])
            kept = self._years[key].get(year)
            self._years[key][year] = (own if kept is None else _agreed(Kept.unpacked(kept), own)).packed()
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
            own, told = findings[report["report_id"]], figures[report["report_id"]]
            tables = {c["cell"]: _cell(c) for c in cells[report["report_id"]]}
            annual = Annual(report["form"] or "", tables, tuple(sentences_of(told, own)))
            if twice := same_report(annual, last):
                own.append(finding_row(report["report_id"], twice))
                continue
            _decide(report, own, told, last)
            _name_stale(own, last)
            own += [finding_row(report["report_id"], f) for f in reconcile_years(annual, last)]
            report["n_contradictions"] = sum(f["verdict"] == "contradicts" for f in own)
        rows.findings = [row for report in rows.reports for row in findings[report["report_id"]]]

    def _last(self, report: Row) -> Remembered | None:
        if not report["agency"] or not report["year"]:
            return None
        years = self._years.get(agency_key(report["agency"]), {})
        if (packed := years.get(report["year"] - 1)) is None:
            return None
        kept, own = Kept.unpacked(packed), years.get(report["year"])
        if _is_doubtful(kept) or (own is not None and _is_doubtful(Kept.unpacked(own))):
            return None
        values = {n: Decimal(repr(v)) for n, v in zip(remembered(), kept.values, strict=True) if math.isfinite(v)}
        return Remembered(report["year"] - 1, values, frozenset(kept.sentences or ()))


@cache
def _places() -> dict[str, int]:
    return {name: i for i, name in enumerate(remembered())}


def _handed_on(report: Row, cells: Sequence[Row], figures: Sequence[Row]) -> Kept:
    """Values of the remembered cells and of the statistics that the narrative tells with one number only; sentences."""
    places = _places()
    values = array("d", [math.nan]) * len(places)
    for cell in cells:
        if cell["cell"] in places and cell["value"] is not None:
            values[places[cell["cell"]]] = cell["value"]
    told: defaultdict[str, set[float]] = defaultdict(set)
    for figure in figures:
        if figure["scope"] != "year" or figure["statistic"] in KINDS or figure["value"] is None:
            continue
        if not _circle(report, figure):
            told[figure["statistic"]].add(figure["value"] if _is_sure(figure) else math.nan)
    for statistic, numbers in told.items():
        if len(numbers) == 1 and statistic in places:
            values[places[statistic]] = numbers.pop()
    return Kept(values, array("Q", sorted({s.mark for s in sentences_of(figures)})) or None)


def sentences_of(figures: Sequence[Row], findings: Sequence[Row] = ()) -> Iterator[Sentence]:
    """The sentences with numbers, as the panel compares them.

    Args:
        figures: of one report.
        findings: of the same report; they tell which figures its table has too.
    """
    confirmed = {
        f["start"]
        for f in findings
        if f["check"] == "narrative.cell"
        and (f["verdict"] == "agrees" or (f["verdict"] == "explained" and f["stated"] == f["computed"]))
    }
    numbers = sorted((f for f in figures if f["value"] is not None and not f["zero"]), key=lambda f: f["start"])
    for words, together in islice(groupby(numbers, key=lambda f: f["sentence"]), MAX_SENTENCES):
        same = list(together)
        clear = (f for f in same if f["scope"] == "year" and _is_sure(f))
        telling = (f for f in clear if tells(f["statistic"], Decimal(repr(f["value"]))))
        yield sentence(words, [f["text"] for f in same], tuple(_telling(f, f["start"] in confirmed) for f in telling))


def _circle(report: Row, figure: Row) -> str:
    """The circle of agencies that a figure's sentence names, "" where it is the agency's own."""
    return circle(report["text"][max(0, figure["start"] - MAX_SENTENCE) : figure["start"]], report["agency"])


def _is_sure(figure: Row) -> bool:
    return bool(figure["confidence"] >= SURE and figure["qualifier"] == "exact")


def _agreed(one: Kept, other: Kept) -> Kept:
    """What two copies of a report both say, or one of them alone; sentences that both have."""
    pairs = zip(one.values, other.values, strict=True)
    values = [b if math.isnan(a) else a if math.isnan(b) or a == b else CONTESTED for a, b in pairs]
    if one.sentences is None or other.sentences is None:
        return Kept(array("d", values), other.sentences if one.sentences is None else one.sentences)
    return Kept(array("d", values), array("Q", sorted(set(one.sentences) & set(other.sentences))))


def _is_doubtful(kept: Kept) -> bool:
    """Whether copies contradict each other in more numbers than they have."""
    contested = sum(v == CONTESTED for v in kept.values)
    return contested > sum(math.isfinite(v) and v != 0 for v in kept.values)


def _decide(report: Row, findings: list[Row], figures: Sequence[Row], last: Remembered) -> None:
    """Replace open changes by what the last year's report makes of them."""
    told = {f["start"]: f for f in figures}
    for place, row in enumerate(findings):
        if row["check"] != "narrative.growth" or row["verdict"] != "undecided":
            continue
        figure, stated = told.get(row["evidence"][0]["start"]), told.get(row["start"])
        if figure is None or stated is None or f"{last.year}:" not in row["expression"]:
            continue
        if decided := decide(_finding(row), _told(figure, _circle(report, figure)), _told(stated), last):
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


def _telling(row: Row, confirmed: bool) -> Telling:
    span, value = Span(row["start"], row["end"]), Decimal(repr(row["value"]))
    return Telling(row["statistic"], span, row["text"], value, confirmed=confirmed)


def _told(row: Row, named: str = "") -> Told:
    quantity = Quantity(*(Decimal(repr(row[name])) for name in ("value", "low", "high")))
    is_exact = row["qualifier"] == "exact"
    return Told(row["statistic"], row["kind"], row["text"], quantity, is_exact, row["confidence"], named)


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
