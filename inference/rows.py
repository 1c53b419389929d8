"""The output tables of the contract: their schemas, and rows from what was read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from inference.stages import Stages
from models.readers.inputs import Input
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Finding
from models.schema.table import Cell

Row = dict[str, Any]
MAX_SENTENCE = 300
"""Longer sentences are cut around their figure: text without stops is one sentence, copied for each figure."""

_text, _number, _place, _flag = pa.string(), pa.float64(), pa.int64(), pa.bool_()
SCHEMAS: dict[str, pa.Schema] = {
    "reports": pa.schema(
        {"report_id": _text, "source": _text, "url": _text, "agency": _text, "year": _place, "title": _text,
         "form": _text, "text": _text, "n_figures": _place, "n_cells": _place, "n_contradictions": _place,
         "warnings": pa.list_(_text)}
    ),
    "figures": pa.schema(
        {"report_id": _text, "section": _text, "start": _place, "end": _place, "text": _text, "kind": _text,
         "statistic": _text, "value": _number, "low": _number, "high": _number, "date": _text, "unit": _text,
         "qualifier": _text, "scope": _text, "zero": _flag, "confidence": _number, "sentence": _text}
    ),
    "cells": pa.schema(
        {"report_id": _text, "form": _text, "cell": _text, "value": _number, "unit": _text, "status": _text,
         "confidence": _number, "start": _place, "end": _place}
    ),
    "findings": pa.schema(
        {"report_id": _text, "check": _text, "verdict": _text, "statistic": _text, "start": _place, "end": _place,
         "stated": _number, "expression": _text, "computed": _number, "reading": _text, "message": _text,
         "severity": _text,
         "evidence": pa.list_(pa.struct({"start": _place, "end": _place, "label": _text}))}
    ),
    "failures": pa.schema({"source": _text, "stage": _text, "error": _text, "message": _text}),
}  # fmt: skip
_OF_INPUTS = ("reports", "failures")
PART_SCHEMAS = {
    name: schema.append(pa.field("input", _text)) if name in _OF_INPUTS else schema for name, schema in SCHEMAS.items()
}
"""While a run goes on, reports and failures also say of which input they are (`Input.key`): sources may be shared."""


@dataclass(slots=True)
class Rows:
    """Rows of every table, and what they took."""

    reports: list[Row] = field(default_factory=list)
    figures: list[Row] = field(default_factory=list)
    cells: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    stages: Stages = field(default_factory=Stages, compare=False)

    def extend(self, other: Rows) -> None:
        """Add all rows of another."""
        self.stages.add(other.stages)
        for table in SCHEMAS:
            getattr(self, table).extend(getattr(other, table))


def by_report(table: Iterable[Row]) -> defaultdict[str, list[Row]]:
    """The rows of a table by their report."""
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in table:
        grouped[row["report_id"]].append(row)
    return grouped


def failure_row(item: Input, stage: str, error: Exception) -> Rows:
    """One row of failures."""
    message = str(error)[:2000].encode("utf-8", "backslashreplace").decode()
    row = {
        "source": item.source,
        "stage": stage,
        "error": type(error).__name__,
        "message": message,
        "input": item.key,
    }
    return Rows(failures=[row])


def report_rows(item: Input, extraction: Extraction, findings: list[Finding]) -> Rows:
    """All rows of one report."""
    document, report_id = extraction.document, item.report_id
    report: Row = {
        "report_id": report_id,
        "source": item.source,
        "url": item.url,
        "agency": document.agency,
        "year": document.year,
        "title": document.title or None,
        "form": document.form,
        "text": document.text,
        "n_figures": len(extraction.figures),
        "n_cells": sum(c.status in ("printed", "inferred") for c in extraction.cells),
        "n_contradictions": sum(f.verdict == "contradicts" for f in findings),
        "warnings": list(document.warnings),
        "input": item.key,
    }
    return Rows(
        reports=[report],
        figures=[_figure_row(report_id, f, document.text) for f in extraction.figures],
        cells=[_cell_row(report_id, document.form, c) for c in extraction.cells],
        findings=[finding_row(report_id, f) for f in findings],
    )


def _figure_row(report_id: str, figure: Figure, text: str) -> Row:
    quantity = figure.quantity
    return {
        "report_id": report_id,
        "section": figure.section,
        "start": figure.span.start,
        "end": figure.span.end,
        "text": figure.text,
        "kind": figure.kind,
        "statistic": figure.statistic,
        "value": None if quantity is None else float(quantity.value),
        "low": None if quantity is None else float(quantity.low),
        "high": None if quantity is None else float(quantity.high),
        "date": figure.date,
        "unit": figure.unit,
        "qualifier": figure.qualifier,
        "scope": figure.scope,
        "zero": figure.zero,
        "confidence": figure.confidence,
        "sentence": _sentence(figure, text),
    }


def _sentence(figure: Figure, text: str) -> str:
    start, end = figure.sentence
    if end - start > MAX_SENTENCE:
        middle = (figure.span.start + figure.span.end) // 2
        start = max(start, min(middle - MAX_SENTENCE // 2, end - MAX_SENTENCE))
    return text[start : min(end, start + MAX_SENTENCE)].strip()


def _cell_row(report_id: str, form: str | None, cell: Cell) -> Row:
    return {
        "report_id": report_id,
        "form": form,
        "cell": cell.id,
        "value": None if cell.value is None else float(cell.value),
        "unit": cell.unit,
        "status": cell.status,
        "confidence": cell.confidence,
        "start": cell.span.start if cell.span else None,
        "end": cell.span.end if cell.span else None,
    }


def finding_row(report_id: str, finding: Finding) -> Row:
    """One row of findings."""
    return {
        "report_id": report_id,
        "check": finding.check,
        "verdict": finding.verdict,
        "statistic": finding.statistic,
        "start": finding.span.start if finding.span else None,
        "end": finding.span.end if finding.span else None,
        "stated": None if finding.stated is None else float(finding.stated),
        "expression": finding.expression,
        "computed": None if finding.computed is None else float(finding.computed),
        "reading": finding.reading,
        "message": finding.message,
        "severity": finding.severity,
        "evidence": [{"start": e.span.start, "end": e.span.end, "label": e.label} for e in finding.evidence],
    }


def shown_number(value: float | None) -> str:
    """A value of the tables as people read it, without an exponent."""
    if value is None or not math.isfinite(value) or abs(value) >= 1e15:
        return "—" if value is None else f"{value:g}".replace("inf", "∞")
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
