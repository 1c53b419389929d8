"""Contradictions of a finished run, read from its tables, with the text around every place that they rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.narrative.text import sentences
from models.schema.document import Span
from models.schema.errors import ConfigError

FINDINGS = (
    "report_id", "check", "verdict", "statistic", "start", "end", "stated", "expression", "computed", "reading",
    "message", "evidence",
)  # fmt: skip
REPORTS = ("report_id", "url", "agency", "year", "text")
"""Columns of the contract that a review needs."""
OPEN, CLOSE = "⟦", "⟧"
"""Around a figure that is meant, as in the markup of annotated passages."""
AROUND = 80
"""Characters of context on each side of a place, at most."""
MAX_SENTENCE = 400
NUMBER = re.compile(r"[\d.,%⟦⟧…/—-]+")
"""A line that is only that is a cell of the row above it."""
REPORTS_AT_ONCE = 200
"""Rows of the reports' table in memory; they hold the texts."""
MAX_EVIDENCE = 24


@dataclass(frozen=True, slots=True)
class Place:
    """Words from a report, and what they show; figures that are meant are marked."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A finding for a person to judge: both rows by the columns of the contract.

    Attributes:
        sentence: of the narrative figure; empty where the finding is about tables only.
        places: the evidence, in the order of the text; none repeats the figure of the sentence.
    """

    report: dict[str, Any]
    finding: dict[str, Any]
    sentence: str
    places: tuple[Place, ...]


def contradictions(run: Path) -> Iterator[Contradiction]:
    """The findings with the verdict `contradicts`, report by report.

    Raises:
        ConfigError: the folder is not that of a finished run, or its tables are damaged.
    """
    import pyarrow as pa

    findings, reports = run / "findings.parquet", run / "reports.parquet"
    if missing := [path.name for path in (findings, reports) if not path.is_file()]:
        raise ConfigError(f"{run}: no finished run, it has no {missing[0]}")
    try:
        by_report = _findings(findings)
        for report in _reports(reports):
            for finding in by_report.pop(report["report_id"], ()):
                yield _with_context(report, finding)
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{run}: the tables of the run cannot be read: {str(error).splitlines()[0]}") from None


def marked(text: str, window: Span, places: list[Span]) -> str:
    """The window of a text with marks around places; of those that overlap the first is marked."""
    pieces, done = [], window.start
    for start, end in sorted(places):
        if done <= start < end <= window.end:
            pieces += [text[done:start], OPEN, text[start:end], CLOSE]
            done = end
    return "".join((*pieces, text[done : window.end]))


def window_around(text: str, place: Span) -> Span:
    """The line of a place, cut where it is long, and whole lines beside it."""
    first, last = max(0, place.start - AROUND), min(len(text), place.end + AROUND)
    line_break, stop = text.find("\n", first, place.start), text.rfind("\n", place.end, last)
    start = first if first == 0 or line_break < 0 else line_break + 1
    return Span(start, last if last == len(text) or stop < 0 else stop)


def sentence_around(text: str, place: Span) -> Span:
    """The sentence of a place; one that is long is cut around it."""
    line = text.rfind("\n", 0, place.start) + 1
    stop = text.find("\n", place.end)
    whole = text[line : len(text) if stop < 0 else stop]
    parts = [s for s in sentences(whole) if line + s.end > place.start and line + s.start < place.end]
    start, end = (line + parts[0].start, line + parts[-1].end) if parts else place
    return Span(max(start, place.start - MAX_SENTENCE // 2), min(end, place.end + MAX_SENTENCE // 2))


def _findings(path: Path) -> dict[str, list[dict[str, Any]]]:
    import pyarrow.parquet as pq

    by_report: dict[str, list[dict[str, Any]]] = {}
    table = pq.read_table(path, columns=list(FINDINGS), filters=[("verdict", "==", "contradicts")])
    for row in table.to_pylist():
        by_report.setdefault(row["report_id"], []).append(row)
    return by_report


def _reports(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if missing := sorted(set(REPORTS) - set(file.schema_arrow.names)):
            raise ConfigError(f"{path}: no column {missing[0]}: is this the table of a run?")
        for batch in file.iter_batches(REPORTS_AT_ONCE, columns=list(REPORTS)):
            yield from batch.to_pylist()


def _with_context(report: dict[str, Any], finding: dict[str, Any]) -> Contradiction:
    text, sentence = report["text"], ""
    own = None if finding["start"] is None else Span(finding["start"], finding["end"])
    if own is not None:
        sentence = marked(text, sentence_around(text, own), [own]).strip()
    evidence = [(Span(e["start"], e["end"]), e["label"]) for e in finding["evidence"] or ()]
    return Contradiction(report, finding, sentence, _places(text, [e for e in evidence if e[0] != own][:MAX_EVIDENCE]))


def _places(text: str, evidence: list[tuple[Span, str]]) -> tuple[Place, ...]:
    """Evidence in its context; where contexts overlap they are one."""
    groups: list[tuple[Span, list[tuple[Span, str]]]] = []
    for place, label in sorted(evidence):
        window = window_around(text, place)
        if groups and window.start < groups[-1][0].end:
            before, members = groups[-1]
            groups[-1] = (Span(before.start, max(before.end, window.end)), [*members, (place, label)])
        else:
            groups.append((window, [(place, label)]))
    return tuple(
        Place(";".join(label for _, label in members), _in_rows(text, window, [place for place, _ in members]))
        for window, members in groups
    )


def _in_rows(text: str, window: Span, places: list[Span]) -> str:
    """A window as people read it: without blank lines, a row of cells on one line, cut lines with an ellipsis."""
    before = "…" if text[: window.start][-1:] not in ("", "\n") else ""
    after = "…" if text[window.end : window.end + 1] not in ("", "\n") else ""
    rows = ""
    for line in (before + marked(text, window, places).strip() + after).split("\n"):
        if words := line.strip():
            rows += (" | " if NUMBER.fullmatch(words) else "\n") + words
    return rows.strip("\n |").replace("\t", " | ")
