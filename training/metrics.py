"""Scores of named figures and worded zeros: cases compared one by one, counts that add, ratios only at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from models.narrative.candidates import Candidate, scan
from models.narrative.cues import cue_at, find_cues
from models.narrative.names import settled
from models.narrative.qualify import scope_of, unit_of
from models.narrative.read import without_talk
from models.narrative.zeros import all_zeros
from models.numerals import simplified
from models.ontology import KINDS, load_ontology
from models.schema.document import Span
from models.schema.gold import AnnotatedPassage, GoldFigure
from models.tagger.tagger import Label, Marked, Tagger

BINS = 10
RESAMPLES = 1_000


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

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and ratios."""
        ratios = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        rounded = {k: None if v is None else round(v, 4) for k, v in ratios.items()}
        return {"hit": self.hit, "extra": self.extra, "missed": self.missed, **rounded}


class Case(NamedTuple):
    """One figure or worded zero: what it is and what it was taken for, None where it is none or was not found.

    Attributes:
        confidence: of what was found, 0 where nothing was.
        passage: where it stands; None for a whole report.
    """

    start: int
    end: int
    gold: str | None
    found: str | None
    confidence: float = 0.0
    zero: bool = False
    passage: AnnotatedPassage | None = None


Gold = tuple[int, int, str, bool]
"""start, end, label, and whether the label is doubtful."""
Found = tuple[int, int, str, float]
"""start, end, label and confidence."""


def compare(
    gold: Iterable[Gold], found: Iterable[Found], *, zero: bool = False, passage: AnnotatedPassage | None = None
) -> Iterator[Case]:
    """Cases of one text: span and label must both be right; places with a doubtful entry are left out."""
    true: dict[tuple[int, int], list[str]] = defaultdict(list)
    given: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    doubtful = set()
    for start, end, label, doubt in gold:
        true[start, end].append(label)
        if doubt:
            doubtful.add(start)
    for start, end, label, confidence in found:
        given[start, end][label] = confidence
    for start, end in sorted({*true, *given}):
        if start in doubtful:
            continue
        labels, guesses = set(true[start, end]), given[start, end]
        for label in sorted(labels & set(guesses)):
            yield Case(start, end, label, label, guesses[label], zero, passage)
        for label, guess in zip_longest(sorted(labels - set(guesses)), sorted(set(guesses) - labels)):
            yield Case(start, end, label, guess, guesses.get(guess or "", 0.0), zero, passage)


def count(cases: Iterable[Case], keep: Callable[[str], bool] = lambda _: True) -> Counts:
    """Counts over the cases whose label is kept."""
    counts = Counts()
    for case in cases:
        if case.gold == case.found:
            counts.hit += case.gold is not None and keep(case.gold)
        else:
            counts.extra += case.found is not None and keep(case.found)
            counts.missed += case.gold is not None and keep(case.gold)
    return counts


def is_named(label: str) -> bool:
    """Whether a label is a statistic and not a bare kind."""
    return label not in KINDS


@dataclass(slots=True)
class Scores:
    """Cases, and what is counted over them.

    Attributes:
        scopes: right and wrong scopes of the figures found.
    """

    cases: list[Case] = field(default_factory=list)
    scopes: Counter[bool] = field(default_factory=Counter)

    @property
    def figures(self) -> list[Case]:
        """All cases but worded zeros."""
        return [case for case in self.cases if not case.zero]

    @property
    def everything(self) -> Counts:
        """Over all figures."""
        return count(self.figures)

    @property
    def named(self) -> Counts:
        """Over the figures that are statistics."""
        return count(self.figures, is_named)

    @property
    def zeros(self) -> Counts:
        """Over worded zeros."""
        return count(case for case in self.cases if case.zero)

    @property
    def per_label(self) -> dict[str, Counts]:
        """Over the figures of each label, in order of the labels."""
        labels = sorted({label for case in self.figures for label in (case.gold, case.found) if label})
        return {label: count(self.figures, label.__eq__) for label in labels}

    @property
    def confusions(self) -> Counter[tuple[str, str]]:
        """How often a label was taken for another; O stands for no figure."""
        return Counter((c.gold, c.found or "O") for c in self.figures if c.gold and c.gold != c.found)

    def per(self, key: Callable[[AnnotatedPassage], object]) -> dict[object, Counts]:
        """Named statistics over groups of passages, in order of the groups."""
        groups: dict[object, list[Case]] = defaultdict(list)
        for case in self.figures:
            if case.passage is not None:
                groups[key(case.passage)].append(case)
        return {group: count(groups[group], is_named) for group in sorted(groups, key=str)}

    def reliability(self) -> list[tuple[int, float, float]]:
        """For each tenth of confidence: figures given, their mean confidence, and the share that is right."""
        bins: list[list[Case]] = [[] for _ in range(BINS)]
        for case in self.figures:
            if case.found is not None:
                bins[min(BINS - 1, int(case.confidence * BINS))].append(case)
        return [(len(b), _mean([c.confidence for c in b]), _mean([c.gold == c.found for c in b])) for b in bins]

    def calibration_error(self) -> float | None:
        """Expected calibration error: mean distance of confidence and share right, over the figures given."""
        bins = self.reliability()
        n = sum(size for size, _, _ in bins)
        return sum(size * abs(confidence - right) for size, confidence, right in bins) / n if n else None

    def interval(self, seed: int = 0) -> tuple[float, float] | None:
        """95 % of the F1 of named statistics over resampled agencies (bootstrap, percentiles)."""
        per_agency = list(self.per(lambda p: p.agency).values())
        counts = np.array([(c.hit, c.extra, c.missed) for c in per_agency], dtype=float)
        if len(counts) < 2:
            return None
        drawn = np.random.default_rng(seed).integers(0, len(counts), (RESAMPLES, len(counts)))
        hit, extra, missed = counts[drawn].sum(axis=1).T
        low, high = np.percentile(2 * hit / np.maximum(2 * hit + extra + missed, 1), [2.5, 97.5])
        return float(low), float(high)

    def as_dict(self) -> dict[str, object]:
        """For run.json and reports."""
        error, interval = self.calibration_error(), self.interval()
        return {
            "named": self.named.as_dict(),
            "named_f1_interval": None if interval is None else [round(x, 4) for x in interval],
            "all": self.everything.as_dict(),
            "worded_zeros": self.zeros.as_dict(),
            "scopes_right": round(self.scopes[True] / self.scopes.total(), 4) if self.scopes.total() else None,
            "calibration_error": None if error is None else round(error, 4),
            "per_label": {label: counts.as_dict() for label, counts in self.per_label.items()},
        }


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


Labeller = Callable[[str, Sequence[Candidate]], list[Label]]
Zeros = Iterable[tuple[Span, Sequence[str]]]
"""Cues with the statistics that each zeroes."""


def score_tagger(tagger: Tagger, passages: Sequence[AnnotatedPassage]) -> Scores:
    """Score a tagger, and the rules that correct its names, on annotated passages, all in one go."""
    texts = [simplified(p.text) for p in passages]
    marked = [Marked(text, scan(text), find_cues(text)) for text in texts]
    answers = tagger.read([without_talk(asked) for asked in marked])
    scores = Scores()
    for passage, asked, named in zip(passages, marked, answers, strict=True):
        _add_figures(scores, passage, asked.candidates, _settled(asked, named.labels))
        cues = all_zeros(asked.text, asked.cues, named.zeros)
        zeros = [(*cue, label.statistic or "", label.confidence) for cue, labels in cues for label in labels]
        scores.cases += _compare_zeros(passage, asked.cues, zeros)
    return scores


def _settled(asked: Marked, labels: Sequence[Label]) -> list[Label]:
    """The labels as they are given out: after the rules that correct them."""
    ontology = load_ontology()
    return [
        replace(label, statistic=settled(label.statistic, asked.text, c.start, c.end, _unit(asked.text, c.end, kind)))
        if label.statistic is not None and (kind := ontology.kind(label.statistic))
        else label
        for c, label in zip(asked.candidates, labels, strict=True)
    ]


def score_rules(labeller: Labeller, zeros: Callable[[str], Zeros], passages: Sequence[AnnotatedPassage]) -> Scores:
    """Score anything that labels the candidates of a text, and finds its worded zeros, passage by passage."""
    scores = Scores()
    for passage in passages:
        text = simplified(passage.text)
        candidates = scan(text)
        _add_figures(scores, passage, candidates, labeller(text, candidates))
        given = [(*cue, name, 1.0) for cue, names in zeros(text) for name in names]
        scores.cases += _compare_zeros(passage, find_cues(text), given)
    return scores


def _compare_zeros(passage: AnnotatedPassage, cues: Sequence[Span], given: Iterable[Found]) -> Iterator[Case]:
    """Worded zeros are compared cue by cue: 没有收到 and 没有 at one place are the same cue."""
    gold = [(*cue_at(cues, s, e), label, doubt) for s, e, label, doubt in _gold(passage, zero=True)]
    found = [(*cue_at(cues, s, e), label, confidence) for s, e, label, confidence in given]
    yield from compare(gold, found, zero=True, passage=passage)


def _gold(passage: AnnotatedPassage, *, zero: bool) -> list[Gold]:
    return [(f.start, f.end, f.statistic, f.doubtful) for f in passage.figures if f.zero == zero]


def _add_figures(
    scores: Scores, passage: AnnotatedPassage, candidates: Sequence[Candidate], labels: Sequence[Label]
) -> None:
    pairs = zip(candidates, labels, strict=True)
    given = [(c.start, c.end, label.statistic, label.confidence) for c, label in pairs if label.statistic is not None]
    cases = list(compare(_gold(passage, zero=False), given, passage=passage))
    scores.cases += cases
    gold = {(f.start, f.end): f for f in passage.figures if not f.zero}
    right = (gold[case.start, case.end] for case in cases if case.gold is not None and case.gold == case.found)
    scores.scopes.update(_scope(passage, figure) == figure.scope for figure in right)


def _scope(passage: AnnotatedPassage, figure: GoldFigure) -> str:
    text, kind = simplified(passage.text), load_ontology().kind(figure.statistic)
    unit = _unit(text, figure.end, kind)
    return scope_of(text, figure.start, figure.end, figure.statistic, unit, passage.year)


def _unit(text: str, end: int, kind: str) -> str | None:
    return None if kind == "date" else unit_of(text, end, kind)
