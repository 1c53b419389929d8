"""What a check found: two figures, whether they agree, and why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from models.schema.document import Span

Verdict = Literal["agrees", "contradicts", "explained", "undecided"]
Severity = Literal["error", "warning", "info"]


class Evidence(NamedTuple):
    """A place in the text that a finding rests on, with words for it."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One check that could be made.

    Attributes:
        span: the narrative figure; None for checks of tables.
        stated: what the narrative or the printed total says.
        expression: over cell ids or narrative figures.
        computed: its value, None where undecided.
        reading: the words for why this expression is the right one.
        message: one sentence for a person.
    """

    check: str
    verdict: Verdict
    statistic: str | None
    span: Span | None
    stated: Decimal | None
    expression: str
    computed: Decimal | None
    reading: str
    message: str
    severity: Severity
    evidence: tuple[Evidence, ...]
