"""What a run comes to: counts over all batches, and the few rows that its index and its last lines show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from inference.rows import SCHEMAS, Row, Rows
from inference.stages import Stages

MAX_LISTED = 5000
"""Reports and failures that the index lists."""
MAX_SHOWN = 40
"""Contradictions and failures that the last lines name."""


@dataclass(slots=True)
class Totals:
    """Counts and samples, in bounded memory.

    Attributes:
        rows: of each table.
        statuses: of cells.
        verdicts: of findings.
        checks: findings by check and verdict.
        reports: those to list first, without their text: most contradictions, most warnings, then by name.
        failures: the first ones.
        contradictions: source and row of the first ones.
        stages: what they took, in this run alone.
        read: inputs that were read in this run.
        found: inputs that an earlier run had read.
        copies: inputs with the bytes of another one.
    """

    rows: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    reports: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    contradictions: list[tuple[str, Row]] = field(default_factory=list)
    stages: Stages = field(default_factory=Stages)
    read: int = 0
    found: int = 0
    copies: int = 0

    def add(self, rows: Rows) -> None:
        """Count a batch."""
        for name in SCHEMAS:
            self.rows[name] += len(getattr(rows, name))
        self.statuses.update(row["status"] for row in rows.cells)
        self.verdicts.update(row["verdict"] for row in rows.findings)
        self.checks.update((row["check"], row["verdict"]) for row in rows.findings)
        self.reports += [{name: value for name, value in row.items() if name != "text"} for row in rows.reports]
        if len(self.reports) > 2 * MAX_LISTED:
            self.reports = sorted(self.reports, key=_rank)[:MAX_LISTED]
        self.failures += rows.failures[: MAX_LISTED - len(self.failures)]
        sources = {row["report_id"]: row["source"] for row in reversed(rows.reports)}
        wrong = ((sources[f["report_id"]], f) for f in rows.findings if f["verdict"] == "contradicts")
        self.contradictions += list(wrong)[: MAX_SHOWN - len(self.contradictions)]

    def listed(self) -> list[Row]:
        """The reports that the index lists, in its order."""
        return sorted(self.reports, key=_rank)[:MAX_LISTED]


def _rank(report: Row) -> tuple[int, int, str, int]:
    warnings, agency = len(report["warnings"] or ()), report["agency"] or "\uffff"
    return (-report["n_contradictions"], -warnings, agency, report["year"] or 0)
