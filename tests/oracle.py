"""Reports and passages read with a tagger that knows the answers."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.markup import parse_markup
from models.extract import extract_many
from models.narrative.cues import cue_at, find_cues
from models.numerals import simplified
from models.ontology import load_ontology
from models.reading import read_document
from models.schema.document import Source
from models.schema.extraction import Extraction
from models.schema.finding import Finding
from models.schema.gold import AnnotatedPassage
from models.tagger.tagger import Label, Marked, Named

HEADER = "@@ agency=测试县水务局 | year=2021 | level=bureau | region=江西 | family=test\n"


class Answers:
    """Stands in for a tagger: labels each candidate and cue as one annotated passage says."""

    def __init__(self, passage: AnnotatedPassage) -> None:
        self.text = passage.text
        self.labels = {(f.start, f.text): f.statistic for f in passage.figures if not f.zero}
        self.zeros: dict[int, tuple[Label, ...]] = {}
        cues = find_cues(simplified(passage.text))
        for figure in passage.figures:
            if figure.zero:
                start = cue_at(cues, figure.start, figure.end).start
                self.zeros[start] = (*self.zeros.get(start, ()), Label(figure.statistic, 0.99))

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        """Labels and zeros by the place of the candidate or cue in the passage."""
        results = []
        for text, candidates, cues in narratives:
            offset = simplified(self.text).find(text[:40])
            labels = [self._label(c.start + offset, c.end + offset) for c in candidates]
            results.append(Named(labels, [self.zeros.get(cue.start + offset, ()) for cue in cues]))
        return results

    def _label(self, start: int, end: int) -> Label:
        return Label(self.labels.get((start, self.text[start:end])), 0.99)


class Oracle(Answers):
    """The answers of a text in markup."""

    def __init__(self, marked: str) -> None:
        (passage,) = parse_markup(HEADER + marked, name="test", labels=load_ontology().labels)
        super().__init__(passage)


def read_marked(narrative: str, tables: str = "") -> tuple[Extraction, list[Finding]]:
    """Extraction and findings of a report with this narrative before its tables."""
    oracle = Oracle(narrative)
    source = Source(text=f"{oracle.text}\n{tables}", encoding="utf-8")
    ((extraction, findings),) = extract_many([read_document(source)], oracle)  # type: ignore[arg-type]
    return extraction, findings
