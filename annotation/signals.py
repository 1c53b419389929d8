"""What tells that a window of a report deserves an annotator: doubt, dispute, contradiction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.narrative.candidates import scan
from models.numerals import simplified
from models.ontology import KINDS
from models.reconciling.registry import reconcile
from models.schema.document import Span
from models.schema.extraction import Extraction
from models.schema.figure import Figure


@dataclass(frozen=True, slots=True)
class Signals:
    """Of one report.

    Attributes:
        figures: that the tagger found.
        disputes: places in the running narrative where the tagger and the rules name different statistics.
        contradictions: places in the source that contradictions speak of or rest on, a list for each contradiction.
    """

    figures: tuple[Figure, ...]
    disputes: tuple[Span, ...]
    contradictions: tuple[tuple[Span, ...], ...]

    def of_window(self, window: Span, source: Span) -> dict[str, float | int]:
        """The signals of a window, as they stand in the `meta` of its task.

        `doubts` is how many suggestions are expected to be wrong, if their confidences are right; `disputes` and
        `contradictions` are counts; `report_contradictions` is that of the whole report.

        Args:
            window: in the running narrative.
            source: the same in the source.
        """
        inside = [f for f in self.figures if window.start <= f.place.start and f.place.end <= window.end]
        return {
            "doubts": round(sum(1 - f.confidence for f in inside), 4),
            "disputes": sum(window.start <= place.start < window.end for place in self.disputes),
            "contradictions": sum(
                any(source.start <= place.start < source.end for place in places) for places in self.contradictions
            ),
            "report_contradictions": len(self.contradictions),
        }


def signals_of(extraction: Extraction) -> Signals:
    """Ask the rules and the reconciler about a report that the tagger has read."""
    contradictions = [f for f in reconcile(extraction) if f.verdict == "contradicts"]
    places = tuple((*([f.span] if f.span else []), *(e.span for e in f.evidence)) for f in contradictions)
    return Signals(extraction.figures, _disputes(extraction.narrative, extraction.figures), places)


def _disputes(narrative: str, figures: Sequence[Figure]) -> tuple[Span, ...]:
    """Figures to which tagger and rules give two statistics; that the rules know none is nothing new."""
    from models.rules import label_by_rules

    text = simplified(narrative)
    candidates = scan(text)
    labels = label_by_rules(text, candidates)
    rules = {Span(c.start, c.end): label.statistic for c, label in zip(candidates, labels, strict=True)}
    named = [f for f in figures if not f.zero and f.statistic not in KINDS]
    return tuple(f.place for f in named if rules.get(f.place, f.statistic) not in (f.statistic, *KINDS))
