"""How far two annotators of the same passages agree, label by label.

A worded zero lies at the cue that it touches, as in training: how far a cue reaches annotators mark as they feel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from annotation.answers import Export
from models.narrative.candidates import scan
from models.narrative.cues import cue_at, find_cues
from models.numerals import simplified
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated

TOTAL = "all"
Place = tuple[str, int, int]
"""Passage, start and end: what is compared."""
Labels = dict[Place, frozenset[str]]


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Counts and scores of one label (or of all).

    Attributes:
        first: figures that the first annotator gave this label.
        second: likewise.
        both: those of the same place and label.
        f1: of one taken as truth for the other, which is the same both ways.
        kappa: Cohen's, over every place that the scanner finds or either annotator labelled;
            None where chance alone would agree on all.
    """

    label: str
    first: int
    second: int
    both: int
    kappa: float | None

    @property
    def f1(self) -> float:
        """Twice the common figures over those of both."""
        return 2 * self.both / (self.first + self.second)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotations of the same passages, in the same order.

    Attributes:
        names: of the annotators, or of the files.
        rows: a label each, then all.
    """

    names: tuple[str, str]
    first: tuple[AnnotatedPassage, ...]
    second: tuple[AnnotatedPassage, ...]
    rows: tuple[LabelAgreement, ...]


def compare_files(first: Path, second: Path, labels: Iterable[str]) -> Pair:
    """Agreement on the passages of the second file or folder.

    Raises:
        ConfigError: a passage of the second is not in the first, or has another text there, or nothing is labelled.
    """
    one, other = _by_id(first), _by_id(second)
    if alone := sorted(other.keys() - one.keys()):
        raise ConfigError(f"{second}: {len(alone)} passages are not in {first}, such as {alone[0]}")
    one = {identifier: one[identifier] for identifier in other}
    if changed := [i for i in one if one[i].text != other[i].text]:
        raise ConfigError(f"{first}, {second}: passage {changed[0]} has two different texts")
    before, after = tuple(one.values()), tuple(other.values())
    return Pair((str(first), str(second)), before, after, tuple(compare(before, after, labels)))


def compare_people(export: Export, labels: Sequence[str]) -> list[Pair]:
    """Every pair of annotators of an export, on the passages that both finished; of each one's the newest.

    Raises:
        ConfigError: no passage was finished by two people, or what they finished holds no figure.
    """
    work: dict[str, dict[str, AnnotatedPassage]] = {}
    for task in export.tasks:
        for answer in sorted(task.answers, key=lambda a: (a.updated, a.order)):
            work.setdefault(answer.annotator, {})[task.passage.id] = replace(task.passage, figures=answer.figures)
    pairs = []
    for names in combinations(sorted(work), 2):
        one, other = (work[name] for name in names)
        common = [i for i in one if i in other]
        first, second = (tuple(passages[i] for i in common) for passages in (one, other))
        if any(p.figures for p in (*first, *second)):
            pairs.append(Pair(names, first, second, tuple(compare(first, second, labels))))
    if not pairs:
        raise ConfigError("no passage with a figure was finished by two annotators")
    return pairs


def compare(
    first: Sequence[AnnotatedPassage], second: Sequence[AnnotatedPassage], labels: Iterable[str]
) -> list[LabelAgreement]:
    """Agreement of two annotations of the same passages.

    Raises:
        ConfigError: nothing is labelled.
    """
    one, other = _labels(first), _labels(second)
    scanned = {(p.id, c.start, c.end) for p in first for c in scan(p.text)}
    places = sorted(scanned | one.keys() | other.keys())
    rows = [_row(label, one, other, places) for label in labels]
    found = [row for row in rows if row.first + row.second]
    if not found:
        raise ConfigError("nothing is labelled in either file")
    sums = (sum(row.first for row in found), sum(row.second for row in found), sum(row.both for row in found))
    chosen = ([" ".join(sorted(given.get(p, ()))) for p in places] for given in (one, other))
    return [*found, LabelAgreement(TOTAL, *sums, _kappa(*chosen))]


def print_agreement(rows: Iterable[LabelAgreement], names: Mapping[str, str]) -> None:
    """The rows as a table; `names` are the Chinese names of labels."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for title in ("标签", "名称"):
        table.add_column(title, overflow="fold")
    for title in ("甲", "乙", "一致", "F1", "κ"):
        table.add_column(title, justify="right")
    for row in rows:
        kappa = "–" if row.kappa is None else f"{row.kappa:.3f}"
        counts = (str(n) for n in (row.first, row.second, row.both))
        table.add_row(row.label, names.get(row.label, ""), *counts, f"{row.f1:.3f}", kappa)
    Console().print(table)


def _row(label: str, one: Labels, other: Labels, places: Sequence[Place]) -> LabelAgreement:
    a = [label in one.get(p, ()) for p in places]
    b = [label in other.get(p, ()) for p in places]
    return LabelAgreement(label, sum(a), sum(b), sum(x and y for x, y in zip(a, b, strict=True)), _kappa(a, b))


def _kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    if len({*first, *second}) < 2:
        return None
    return float(cohen_kappa_score(first, second))


def _by_id(path: Path) -> dict[str, AnnotatedPassage]:
    passages: dict[str, AnnotatedPassage] = {}
    for passage in read_annotated([path]):
        if passages.setdefault(passage.id, passage) is not passage:
            raise ConfigError(f"{path}: passage {passage.id} occurs twice")
    return passages


def placed(passage: AnnotatedPassage) -> list[GoldFigure]:
    """Its figures, every worded zero at the cue that it touches."""
    cues = find_cues(simplified(passage.text))
    figures = {}
    for figure in passage.figures:
        start, end = cue_at(cues, figure.start, figure.end) if figure.zero else (figure.start, figure.end)
        figures[start, end, figure.statistic] = replace(figure, start=start, end=end, text=passage.text[start:end])
    return list(figures.values())


def _labels(passages: Iterable[AnnotatedPassage]) -> Labels:
    found: dict[Place, set[str]] = {}
    for passage in passages:
        for figure in placed(passage):
            found.setdefault((passage.id, figure.start, figure.end), set()).add(figure.statistic)
    return {place: frozenset(labels) for place, labels in found.items()}
