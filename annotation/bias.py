"""How much suggestions steer annotators: what became of each, by the confidence of the suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from annotation.answers import Answer, Suggestions
from models.schema.gold import GoldFigure

Fate = Literal["accepted", "changed", "removed", "added"]
BANDS = (0.0, 0.5, 0.8, 0.95, 0.99)
"""Lower bounds of the bands of confidence; the last one ends at 1."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A suggestion and what became of it, or a figure that was added.

    Attributes:
        confidence: of the suggestion; None where it was added.
    """

    figure: GoldFigure
    fate: Fate
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """Suggestions with a confidence in [low, high), the last band's 1 included."""

    low: float
    high: float
    accepted: int
    changed: int
    removed: int

    @property
    def suggested(self) -> int:
        """All of them."""
        return self.accepted + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class Bias:
    """What one annotator (or all) made of suggestions.

    Attributes:
        passages: finished annotations that were shown suggestions.
        added: figures that no suggestion touched.
    """

    annotator: str
    passages: int
    bands: tuple[Band, ...]
    added: int

    @property
    def total(self) -> Band:
        """All bands as one."""
        sums = (sum(getattr(b, name) for b in self.bands) for name in ("accepted", "changed", "removed"))
        return Band(0.0, 1.0, *sums)


def fates(suggestions: Suggestions, figures: Sequence[GoldFigure]) -> list[Judged]:
    """What became of every suggestion, in their order, then what was added.

    A suggestion is accepted where a figure equals it in all but doubt and damage, changed where another
    figure touches its place, else removed.
    """
    unchanged = {_essence(f) for f in figures}
    suggested_as = {_essence(s) for s in suggestions.figures}
    free = [f for f in figures if _essence(f) not in suggested_as]
    covered, suggested_at = _covered(free), _covered(suggestions.figures)
    confidences = suggestions.confidences or (suggestions.score,) * len(suggestions.figures)
    judged = []
    for suggested, confidence in zip(suggestions.figures, confidences, strict=True):
        fate: Fate = "removed"
        if _essence(suggested) in unchanged:
            fate = "accepted"
        elif not covered.isdisjoint(range(suggested.start, suggested.end)):
            fate = "changed"
        judged.append(Judged(suggested, fate, confidence))
    added = [f for f in free if suggested_at.isdisjoint(range(f.start, f.end))]
    return judged + [Judged(figure, "added", None) for figure in added]


def bias(answers: Iterable[Answer], annotator: str) -> Bias | None:
    """Counts over the annotations that were shown suggestions; None where there are none."""
    shown = [(a.suggestions, a.figures) for a in answers if a.suggestions is not None]
    if not shown:
        return None
    judged = [fate for suggestions, figures in shown for fate in fates(suggestions, figures)]
    bands = []
    for low, high in zip(BANDS, (*BANDS[1:], 1.0), strict=True):
        here = [j.fate for j in judged if j.confidence is not None and _within(j.confidence, low, high)]
        bands.append(Band(low, high, here.count("accepted"), here.count("changed"), here.count("removed")))
    return Bias(annotator, len(shown), tuple(bands), sum(j.fate == "added" for j in judged))


def _within(confidence: float, low: float, high: float) -> bool:
    return low <= confidence and (confidence < high or high == 1.0)


def _essence(figure: GoldFigure) -> tuple[int, int, str, str, bool]:
    return figure.start, figure.end, figure.statistic, figure.scope, figure.zero


def _covered(figures: Iterable[GoldFigure]) -> set[int]:
    """The characters that figures cover."""
    return {at for figure in figures for at in range(figure.start, figure.end)}
