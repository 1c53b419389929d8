"""How far two annotators of the same passages agree, label by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.narrative.candidates import scan
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, read_annotated

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


def compare_files(first: Path, second: Path, labels: Iterable[str]) -> list[LabelAgreement]:
    """Agreement on the passages of the second file or folder, a row for each label that occurs, then one for all.

    Raises:
        ConfigError: a passage of the second is not in the first, or has another text there, or nothing is labelled.
    """
    one, other = _by_id(first), _by_id(second)
    if alone := sorted(other.keys() - one.keys()):
        raise ConfigError(f"{second}: {len(alone)} passages are not in {first}, such as {alone[0]}")
    one = {identifier: one[identifier] for identifier in other}
    if changed := [i for i in one if one[i].text != other[i].text]:
        raise ConfigError(f"{first}, {second}: passage {changed[0]} has two different texts")
    return compare(list(one.values()), list(other.values()), labels)


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


def _labels(passages: Iterable[AnnotatedPassage]) -> Labels:
    found: dict[Place, set[str]] = {}
    for passage in passages:
        for figure in passage.figures:
            found.setdefault((passage.id, figure.start, figure.end), set()).add(figure.statistic)
    return {place: frozenset(labels) for place, labels in found.items()}
