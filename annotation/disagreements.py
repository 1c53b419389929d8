"""Where two annotators of the same passages differ, each place with the sentence around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from annotation.agreement import Pair, placed
from models.narrative.text import sentences
from models.schema.gold import AnnotatedPassage, GoldFigure

Kind = Literal["label", "bounds", "first_only", "second_only", "scope"]
CONTEXT = 90
"""Characters of a sentence that are shown on each side of the place."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One place that two annotators read differently.

    Attributes:
        passage: that it stands in.
        start: of all that either marked there, in characters of the passage.
        end: likewise.
        first: what the first annotator marked there.
        second: likewise.
        kind: `bounds` where the labels are the same and the places are not, `scope` where nothing else differs.
        before: the sentence up to the place, cut where it is long.
        after: the sentence behind it, likewise.
    """

    passage: AnnotatedPassage
    start: int
    end: int
    first: tuple[GoldFigure, ...]
    second: tuple[GoldFigure, ...]
    kind: Kind
    before: str
    after: str

    @property
    def words(self) -> str:
        """What is marked."""
        return self.passage.text[self.start : self.end]


def disagreements(pair: Pair) -> list[Disagreement]:
    """Every place where the annotators differ in place, label or scope, in the order of the passages."""
    found = []
    for one, other in zip(pair.first, pair.second, strict=True):
        spans = list(sentences(one.text))
        for first, second in _places(placed(one), placed(other)):
            kind = _kind(first, second)
            if kind is not None:
                start = min(f.start for f in (*first, *second))
                end = max(f.end for f in (*first, *second))
                holding = [s for s in spans if s.start < end and start < s.end]
                left, right = (holding[0].start, holding[-1].end) if holding else (start, end)
                before, after = one.text[left:start], one.text[end:right]
                before = before if len(before) <= CONTEXT else f"…{before[-CONTEXT:]}"
                after = after if len(after) <= CONTEXT else f"{after[:CONTEXT]}…"
                found.append(Disagreement(one, start, end, first, second, kind, before.lstrip(), after.rstrip()))
    return found


def _places(
    one: Sequence[GoldFigure], other: Sequence[GoldFigure]
) -> Iterator[tuple[tuple[GoldFigure, ...], tuple[GoldFigure, ...]]]:
    """What either marked, by stretches that do not touch each other."""
    here: tuple[list[GoldFigure], list[GoldFigure]] = ([], [])
    reach = 0
    for figure, which in sorted([(f, 0) for f in one] + [(f, 1) for f in other], key=_order):
        if figure.start >= reach and (here[0] or here[1]):
            yield tuple(here[0]), tuple(here[1])
            here = ([], [])
        here[which].append(figure)
        reach = max(reach, figure.end)
    if here[0] or here[1]:
        yield tuple(here[0]), tuple(here[1])


def _order(marked: tuple[GoldFigure, int]) -> tuple[int, int, str]:
    figure, _ = marked
    return figure.start, figure.end, figure.statistic


def _kind(first: Sequence[GoldFigure], second: Sequence[GoldFigure]) -> Kind | None:
    if not first or not second:
        return "first_only" if first else "second_only"
    one, other = ({(f.start, f.end, f.statistic) for f in figures} for figures in (first, second))
    if one != other:
        return "bounds" if {f.statistic for f in first} == {f.statistic for f in second} else "label"
    return None if {(f.statistic, f.scope) for f in first} == {(f.statistic, f.scope) for f in second} else "scope"
