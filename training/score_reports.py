"""Score the whole pipeline against gold reports: cells, figures and links.

`python -m training.score_reports REPORTS GOLD [MODEL]` prints the scores as JSON. A folder of gold
holds, for each report NNN.txt, NNN.tables.json, NNN.statistics.json and NNN.links.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.extract import extract_many
from models.readers.registry import read_bytes
from models.reading import read_document
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.tagger.tagger import DEFAULT, Tagger
from training.metrics import Case, Counts, Scores, compare, count

LINK_KINDS = ("cell", "cell_sum", "implied", "narrative_sum", "percentage")


@dataclass(slots=True)
class ReportScores:
    """Sums over reports; every list names what went wrong."""

    cells_right: int = 0
    cells_open: list[str] = field(default_factory=list)
    cells_wrong: list[str] = field(default_factory=list)
    figures: Scores = field(default_factory=Scores)
    zero_cases: list[Case] = field(default_factory=list)
    values_right: int = 0
    values_wrong: list[str] = field(default_factory=list)
    links_agreed: int = 0
    links_missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def zeros(self) -> Counts:
        """Over worded zeros, which are among the figures too."""
        return count(self.zero_cases)

    def as_dict(self) -> dict[str, Any]:
        """For printing and for the test that holds these scores."""
        determinable = self.cells_right + len(self.cells_open) + len(self.cells_wrong)
        links = self.links_agreed + len(self.links_missed)
        return {
            "cells": {"determinable": determinable, "right": self.cells_right, "open": self.cells_open,
                      "wrong": self.cells_wrong},
            "figures": self.figures.everything.as_dict(),
            "named": self.figures.named.as_dict(),
            "worded_zeros": self.zeros.as_dict(),
            "values": {"right": self.values_right, "wrong": self.values_wrong},
            "links": {"agree_in_gold": links, "agreed": self.links_agreed, "missed": self.links_missed},
            "false_alarms": self.false_alarms,
        }  # fmt: skip


def score_reports(reports: Path, gold: Path, tagger: Tagger) -> ReportScores:
    """Score every report that has gold."""
    scores = ReportScores()
    for path in sorted(reports.glob("[0-9]*.txt")):
        source = read_bytes(path.read_bytes(), path.suffix)
        ((extraction, findings),) = extract_many([read_document(source)], tagger)
        _score_cells(scores, path.stem, extraction, _gold(gold, path.stem, "tables")["cells"])
        _score_figures(scores, path.stem, extraction, _gold(gold, path.stem, "statistics")["figures"])
        _score_links(scores, path.stem, findings, _gold(gold, path.stem, "links")["links"])
    return scores


def _gold(folder: Path, stem: str, what: str) -> Any:
    return json.loads((folder / f"{stem}.{what}.json").read_text("utf-8"))


def _score_cells(scores: ReportScores, name: str, extraction: Extraction, gold: dict[str, Any]) -> None:
    """`"0?"` in gold is right as 0, blank or ambiguous, and not counted as determinable."""
    for cell_id, expected in gold.items():
        cell = extraction.cell.get(cell_id)
        value = None if cell is None or cell.value is None else float(cell.value)
        if expected == "0?":
            if value not in (0.0, None):
                scores.cells_wrong.append(f"{name} {cell_id}: {value} for 0?")
        elif value == expected and cell is not None and (value is not None or cell.status == "blank"):
            scores.cells_right += 1
        elif cell is not None and cell.status in ("printed", "inferred"):
            scores.cells_wrong.append(f"{name} {cell_id}: {value} for {expected}")
        else:
            scores.cells_open.append(f"{name} {cell_id}: {expected}")


def _score_figures(scores: ReportScores, name: str, extraction: Extraction, gold: Sequence[dict[str, Any]]) -> None:
    true = [(g["start"], g["end"], g["statistic"], bool(g["doubtful"])) for g in gold]
    given = {(f.span.start, f.span.end, f.statistic): f for f in extraction.figures}
    scores.figures.cases += compare(true, [(*key, f.confidence) for key, f in given.items()])
    scores.zero_cases += compare(
        [entry for entry, g in zip(true, gold, strict=True) if g["zero"]],
        [(*key, f.confidence) for key, f in given.items() if f.zero],
    )
    for (*key, doubt), entry in zip(true, gold, strict=True):
        figure = given.get((key[0], key[1], key[2]))
        if doubt or figure is None:
            continue
        value = figure.date if figure.kind == "date" else float(figure.quantity.value) if figure.quantity else None
        if value == entry["value"] and figure.unit == entry["unit"] and figure.scope == entry["scope"]:
            scores.values_right += 1
        else:
            found = (value, figure.unit, figure.scope)
            scores.values_wrong.append(f"{name} {key}: {found} for {entry['value'], entry['unit'], entry['scope']}")


def _score_links(scores: ReportScores, name: str, findings: Sequence[Finding], gold: Sequence[dict[str, Any]]) -> None:
    for link in gold:
        title = f"{name} {link['statistic']}: {link['narrative_value']} {link['kind']} {link['expression']}"
        same = list(_findings_of(link, findings))
        if link["verdict"] == "agree" and link["kind"] in LINK_KINDS:
            if any(f.verdict == "agrees" for f in same):
                scores.links_agreed += 1
            else:
                scores.links_missed.append(title)
        if link["verdict"] in ("agree", "scope_differs") and any(f.verdict == "contradicts" for f in same):
            scores.false_alarms.append(title)


def _findings_of(link: dict[str, Any], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings about the same stated value, over the same cells or numbers."""
    expression = _terms(link["expression"] or "")
    for finding in findings:
        stated = None if finding.stated is None else float(finding.stated)
        if stated == link["narrative_value"] and finding.check.startswith("narrative."):
            checked = _terms(finding.expression)
            if checked == expression or (link["verdict"] == "scope_differs" and finding.check == "narrative.cell"):
                yield finding


def _terms(expression: str) -> list[str]:
    return sorted(expression.replace("100 *", "").replace("/", "+").replace("+", " ").split())


def main() -> None:
    """Print the scores of a model, the shipped one by default."""
    reports, gold, *model = sys.argv[1:]
    scores = score_reports(Path(reports), Path(gold), Tagger.load(model[0] if model else DEFAULT, "cpu"))
    sys.stdout.write(json.dumps(scores.as_dict(), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
