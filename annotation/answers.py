"""What annotators answered, before anybody has chosen among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from models.schema.gold import AnnotatedPassage, GoldFigure


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What a model proposes for a passage.

    Attributes:
        score: in [0, 1]; the server sorts tasks by it, so that the least certain come first.
        confidences: in [0, 1], one for each figure; empty where only the score is known.
    """

    figures: tuple[GoldFigure, ...]
    score: float
    model_version: str
    confidences: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished annotation of a passage.

    Attributes:
        annotator: mail address, or id where the export gives no address.
        names: every name by which the annotator may be meant.
        updated: when it was last changed (ISO), empty where the export does not say.
        order: grows with the number of the annotation, so that the newest can be told without a date.
        ground_truth: somebody marked it as the right one on the server.
        suggestions: what the annotator was shown, as far as the export holds it.
    """

    annotator: str
    names: frozenset[str]
    updated: str
    order: str
    ground_truth: bool
    figures: tuple[GoldFigure, ...]
    suggestions: Suggestions | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A task with its finished annotations; the passage itself has no figures."""

    task: str
    passage: AnnotatedPassage
    answers: tuple[Answer, ...]


@dataclass
class Export:
    """The tasks of an export; `skipped` counts what is no finished annotation, by the reason."""

    tasks: list[Answered] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
