"""Figures of the narrative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.schema.document import Span
from models.schema.quantity import Qualifier, Quantity

Scope = Literal["year", "cumulative", "previous_year", "partial", "other"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, or one statistic that a worded zero zeroes.

    Attributes:
        section: id of the section it stands in, "intro" before the first.
        span: the numeral, or the cue of a worded zero.
        place: the same in the running narrative, where chrome and spam are left out.
        statistic: a statistic id, or the bare kind.
        quantity: in `unit`; None for dates.
        date: ISO, as far as known: 2020-12-31, 2020-12, 2020.
        unit: as printed after the numeral, None where there is none.
        sentence: the sentence it stands in, as a range of the source.
        confidence: in [0, 1].
    """

    section: str
    span: Span
    place: Span
    text: str
    kind: str
    statistic: str
    quantity: Quantity | None
    date: str | None
    unit: str | None
    qualifier: Qualifier
    scope: Scope
    zero: bool
    confidence: float
    sentence: Span
