"""A report written in markup, read with a tagger that knows the answers."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.markup import MARK, parse_markup
from models.extract import extract_many, read_document
from models.narrative.candidates import Candidate
from models.ontology import load_ontology
from models.schema.document import Source
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.tagger.tagger import Label

HEADER = "@@ agency=测试县水务局 | year=2021 | level=bureau | region=江西 | family=test\n"


class Oracle:
    """Stands in for a tagger: labels each candidate as the marks of one text say."""

    def __init__(self, marked: str) -> None:
        self.text = MARK.sub(lambda m: m[1], marked)
        (passage,) = parse_markup(HEADER + marked, name="test", labels=load_ontology().labels)
        self.labels = {(f.start, f.text): f.statistic for f in passage.figures if not f.zero}

    def label_many(self, narratives: Sequence[tuple[str, Sequence[Candidate]]]) -> list[list[Label]]:
        """Labels by the place of the candidate in the marked text."""
        results = []
        for text, candidates in narratives:
            offset = self.text.find(text[:40])
            results.append([self._label(c.start + offset, text[c.start : c.end]) for c in candidates])
        return results

    def _label(self, start: int, text: str) -> Label:
        return Label(self.labels.get((start, text)), 0.99)


def read_marked(narrative: str, tables: str = "") -> tuple[Extraction, list[Finding]]:
    """Extraction and findings of a report with this narrative before its tables."""
    oracle = Oracle(narrative)
    source = Source(text=f"{oracle.text}\n{tables}", encoding="utf-8")
    ((extraction, findings),) = extract_many([read_document(source)], oracle)  # type: ignore[arg-type]
    return extraction, findings
