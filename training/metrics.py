"""Scores as counts that add; ratios only at the end, None where undefined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from models.narrative.candidates import Candidate, scan
from models.numerals import simplified
from models.ontology import KINDS
from models.schema.gold import AnnotatedPassage
from models.tagger.tagger import Label, Tagger

Labeller = Callable[[str, Sequence[Candidate]], list[Label]]
Key = tuple[int, int, str]
"""start, end, label of one figure."""


@dataclass(slots=True)
class Counts:
    """True positives, false positives and false negatives."""

    hit: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the given ones that are right."""
        return self.hit / (self.hit + self.extra) if self.hit + self.extra else None

    @property
    def recall(self) -> float | None:
        """Share of the true ones that were given."""
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        total = 2 * self.hit + self.extra + self.missed
        return 2 * self.hit / total if total else None

    def add(self, gold: set[Key], given: set[Key]) -> None:
        """Count one text; span and label must both be right."""
        self.hit += len(gold & given)
        self.extra += len(given - gold)
        self.missed += len(gold - given)

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and ratios."""
        ratios = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        rounded = {k: None if v is None else round(v, 4) for k, v in ratios.items()}
        return {"hit": self.hit, "extra": self.extra, "missed": self.missed, **rounded}


@dataclass(slots=True)
class Scores:
    """Counts over all figures, over named statistics, and per label.

    Doubtful figures count neither as missed nor, where given at their place, as extra.
    """

    everything: Counts = field(default_factory=Counts)
    named: Counts = field(default_factory=Counts)
    per_label: dict[str, Counts] = field(default_factory=dict)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, gold: Iterable[tuple[Key, bool]], given: set[Key]) -> None:
        """Count one text; gold pairs a figure with whether it is doubtful."""
        pairs = list(gold)
        doubtful = {key[:2] for key, doubt in pairs if doubt}
        sure = {key for key, doubt in pairs if not doubt and key[:2] not in doubtful}
        given = {key for key in given if key[:2] not in doubtful}
        self.everything.add(sure, given)
        self.named.add(_named(sure), _named(given))
        for label in {key[2] for key in sure | given}:
            counts = self.per_label.setdefault(label, Counts())
            counts.add(_of(sure, label), _of(given, label))
        by_place = {key[:2]: key[2] for key in given}
        for start, end, label in sure:
            found = by_place.get((start, end), "O")
            if found != label:
                self.confusions[label, found] += 1

    def as_dict(self) -> dict[str, object]:
        """For run.json and reports."""
        return {
            "named": self.named.as_dict(),
            "all": self.everything.as_dict(),
            "per_label": {k: self.per_label[k].as_dict() for k in sorted(self.per_label)},
        }


def _named(keys: set[Key]) -> set[Key]:
    return {k for k in keys if k[2] not in KINDS}


def _of(keys: set[Key], label: str) -> set[Key]:
    return {k for k in keys if k[2] == label}


def score_tagger(tagger: Tagger, passages: Sequence[AnnotatedPassage]) -> Scores:
    """Score the tagger alone (no worded zeros) on annotated passages, all in one go."""
    texts = [simplified(p.text) for p in passages]
    scanned = [scan(text) for text in texts]
    labelled = tagger.label_many(list(zip(texts, scanned, strict=True)))
    return _score(passages, scanned, labelled)


def score_labels(labeller: Labeller, passages: Sequence[AnnotatedPassage]) -> Scores:
    """Score anything that labels the candidates of a text, passage by passage."""
    scanned = [scan(p.text) for p in passages]
    return _score(passages, scanned, [labeller(simplified(p.text), c) for p, c in zip(passages, scanned, strict=True)])


def _score(
    passages: Sequence[AnnotatedPassage], scanned: Sequence[Sequence[Candidate]], labelled: Sequence[Sequence[Label]]
) -> Scores:
    scores = Scores()
    for passage, candidates, labels in zip(passages, scanned, labelled, strict=True):
        given = {
            (c.start, c.end, label.statistic)
            for c, label in zip(candidates, labels, strict=True)
            if label.statistic is not None
        }
        gold = [((f.start, f.end, f.statistic), f.doubtful) for f in passage.figures if not f.zero]
        scores.add(gold, given)
    return scores
