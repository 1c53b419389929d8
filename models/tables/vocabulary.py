"""The words of a form as its table prints them, and which of them a piece of text can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from models.forms import Block, Column, Equation, Form, Row, Table, load_forms, own_sums, table_rows
from models.lines import bare
from models.tables.tokens import PROSE_LENGTH, heading_number

MIN_RATIO = 80
MIN_JOINED = 0.9
"""Likeness from which a cell is a row's label with that of its group before it."""
SURE_LABEL = 0.75
"""Score from which a piece counts as a label of a form."""


@dataclass(frozen=True, slots=True)
class FormLine:
    """One printed line of values: a row, or all rows of a block that stand side by side."""

    table: str
    cells: tuple[str, ...]
    columns: tuple[Column, ...]
    labels: tuple[str, ...]
    words: frozenset[str]
    """The labels as they are compared."""
    across: bool
    groups: tuple[tuple[frozenset[str], ...], ...] = ()
    """Of rows side by side, the labels of each row, those of the group it stands in before its own."""
    sums: tuple[Equation, ...] = ()
    """The form's equations that speak of this line alone."""
    joined: tuple[str, ...] = ()
    """Its label with those of its groups before it, as where both share a cell."""


class Option(NamedTuple):
    """What a piece of text can be, and how well it fits."""

    role: Literal["row", "part", "header", "group", "across"]
    line: int
    """Of the form, -1 for a header."""
    score: float


def form_lines(form: Form) -> tuple[FormLine, ...]:
    """Lines of values of a form, in printed order."""
    return vocabulary_of(form.id).lines


def _block(table: str, block: Block) -> Iterator[FormLine]:
    rows = list(table_rows(Table(id=table, section="", blocks=(block,))))
    if block.layout == "across":
        cells = [row.cell(table, c) for row in rows for c in block.columns]
        labels = [label for row in rows for group in (*row.groups, row.labels) for label in group]
        labels += [label for column in block.columns for label in column.labels]
        groups = tuple(tuple(frozenset(map(bare, g)) for g in (*row.groups, row.labels)) for row in rows)
        words = frozenset(map(bare, labels))
        printed = tuple(dict.fromkeys(labels))
        yield FormLine(table, tuple(cells), block.columns * len(rows), printed, words, across=True, groups=groups)
        return
    for row in rows:
        cells = [row.cell(table, column) for column in row.columns]
        joined = tuple(_joined(row))
        words = frozenset(map(bare, (*row.labels, *joined)))
        yield FormLine(table, tuple(cells), row.columns, row.labels, words, across=False, joined=joined)


def _joined(row: Row) -> Iterator[str]:
    """三、本年度办理结果(一)予以公开: the row's label after the group it stands in, and after all its groups."""
    for first in range(len(row.groups)):
        yield from map("".join, product(*row.groups[first:], row.labels))


class Vocabulary:
    """The words of one form, and what each piece of text can be among them."""

    def __init__(self, form: Form) -> None:
        lines = (line for table in form.tables for block in table.blocks for line in _block(table.id, block))
        self.lines = tuple(replace(line, sums=own_sums(line.cells, form.equations)) for line in lines)
        self.widths = [len(line.cells) for line in self.lines]
        self.units = frozenset(bare(unit) for table in form.tables for unit in table.units)
        self._labels: list[tuple[str, str, str, int]] = []
        for index, line in enumerate(self.lines):
            role = "across" if line.across else "row"
            self._labels += [(bare(label), heading_number(label), role, index) for label in line.labels]
            self._labels += [(bare(label), heading_number(label), "joined", index) for label in line.joined]
        self._labels += [(bare(label), heading_number(label), role, -1) for label, role in _header_labels(form)]
        self._by_pair: dict[str, set[int]] = {}
        self._by_character: dict[str, set[int]] = {}
        for i, (label, *_) in enumerate(self._labels):
            for pair in _pairs(label):
                self._by_pair.setdefault(pair, set()).add(i)
            for character in label:
                self._by_character.setdefault(character, set()).add(i)
        self.options = lru_cache(maxsize=50_000)(self._options)
        self.worth = lru_cache(maxsize=50_000)(self._worth)

    def _options(self, word: str, number: str) -> tuple[Option, ...]:
        """What a piece can be, with a score; labels that share no two neighbouring characters with it are out."""
        if not word or len(word) > PROSE_LENGTH + 12:
            return ()
        if len(word) == 1:
            headed = any(self._labels[i][3] < 0 for i in self._by_character.get(word, ()))
            return (Option("group", -1, 0.1),) if headed else ()
        found: dict[tuple[str, int], float] = {}
        for i in sorted(set().union(*(self._by_pair.get(pair, ()) for pair in _pairs(word)))):
            label, label_number, role, index = self._labels[i]
            if (option := _option(word, number, label, label_number, role)) is not None:
                key = (option[0], index)
                found[key] = max(found.get(key, 0.0), option[1])
        return tuple(Option(role, i, s) for (role, i), s in found.items())  # type: ignore[arg-type]

    def _worth(self, word: str, number: str) -> float:
        """How surely a piece is a label of the form, 0 where it may well be none."""
        best = max((o.score for o in self.options(word, number) if o.role != "part"), default=0.0)
        return min(best, 1.0) if best >= SURE_LABEL else 0.0


def _option(word: str, number: str, label: str, label_number: str, role: str) -> tuple[str, float] | None:
    """Role and score of a word as one label, or as a fragment of it."""
    score = _similarity(word, label)
    alike = score >= MIN_RATIO / 100
    if role == "joined":
        return ("row", score + _number_bonus(number, label_number)) if score >= MIN_JOINED else None
    if not alike and not (len(word) < len(label) and word in label):
        return None
    bonus = _number_bonus(number, label_number)
    if role == "row" and not alike and number and label_number and number != label_number:
        return None
    if role == "row" and not alike:
        numbered = label.startswith(word) and number != "" and number == label_number
        return "part", 0.6 if numbered else len(word) / len(label)
    if role == "row":
        return role, score + bonus
    worth = score if alike else 0.5
    stray_number = 0.6 if number and not label_number else 0.0
    return role, worth if role == "across" else worth + bonus - stray_number


def _pairs(word: str) -> set[str]:
    return {word[i : i + 2] for i in range(len(word) - 1)}


def _header_labels(form: Form) -> Iterator[tuple[str, str]]:
    for table in form.tables:
        yield from ((label, "header") for label in table.headers)
        for block in table.blocks:
            yield from ((label, "header") for label in block.captions)
            if block.layout == "rows":
                for column in block.columns:
                    yield from ((label, "header") for label in column.labels)
            if block.layout == "rows":
                for row in table_rows(Table(id=table.id, section="", blocks=(block,))):
                    yield from ((label, "group") for group in row.groups for label in group)


def _number_bonus(number: str, label_number: str) -> float:
    if number and label_number:
        return 0.3 if number == label_number else -0.2
    return 0.0 if number == label_number else -0.25


@lru_cache(maxsize=200_000)
def _similarity(word: str, label: str) -> float:
    if word == label:
        return 1.0
    if abs(len(word) - len(label)) > max(2, len(label) // 3):
        return 0.0
    return fuzz.ratio(word, label) / 100 if len(label) >= 4 else 0.0


@lru_cache(maxsize=8)
def vocabulary_of(form_id: str) -> Vocabulary:
    """Of one edition of the form; made once."""
    return Vocabulary(load_forms()[form_id])


def labels_among(form: Form, words: set[tuple[str, str]]) -> float:
    """How much of the words, with their list numbers, are labels of the form: one each, less where not exact."""
    worth = vocabulary_of(form.id).worth
    return sum([worth(*word) for word in words])
