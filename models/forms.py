"""The official forms of `configs/forms`: tables, rows, columns, cell ids and arithmetic.

Each file names its official source and the first year of its reports.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from configs import ROOT
from models.schema.errors import ConfigError

Strings = Annotated[tuple[str, ...], BeforeValidator(tuple)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Model):
    """One of the numbered sections and the titles under which it is printed."""

    id: str
    titles: Strings


class Column(_Model):
    """A column of values."""

    id: str
    labels: Strings
    signed: bool = False
    money: bool = False
    unit: str | None = None


class RowSpec(_Model):
    """A printed row label; a group of rows where it has rows of its own."""

    id: str = ""
    labels: Strings
    rows: tuple[RowSpec, ...] = ()


class Block(_Model):
    """Rows that share one header."""

    captions: Strings = ()
    layout: Literal["rows", "across"] = "rows"
    columns: tuple[Column, ...]
    rows: tuple[RowSpec, ...]


class Table(_Model):
    """One statutory table; `units` are the words of a column of units, where it has one."""

    id: str
    section: str
    headers: Strings = ()
    units: Strings = ()
    blocks: tuple[Block, ...]


class Arithmetic(_Model):
    """`total` and `parts` name columns (sum: columns) or rows (sum: rows) of a table.

    `words` name the two sides for people, where those of the check do not fit.
    """

    check: str
    table: str
    sum: Literal["rows", "columns"]
    total: Strings
    parts: Strings
    words: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of values, with the group labels above it.

    Attributes:
        key: row part of the cell id, such as `denied.state_secret`.
        labels: printed variants of its own label.
        groups: labels of the groups it stands in, outermost first.
    """

    key: str
    labels: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]

    def cell(self, table: str, column: Column) -> str:
        """Cell id `table.row.column`."""
        return f"{table}.{self.key}.{column.id}"


@dataclass(frozen=True)
class Equation:
    """sum(total) == sum(parts), over cell ids."""

    check: str
    total: tuple[str, ...]
    parts: tuple[str, ...]
    place: str
    """The row or column that it speaks of, in the form's words."""
    words: tuple[str, str] | None = None
    """What its two sides are called, where not as usual for the check."""

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """Every cell that it speaks of."""
        return (*self.total, *self.parts)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The cells, for comparing with other sets."""
        return frozenset(self.cells)


class Form(_Model):
    """One edition of the form; keys are explained in `2021-30.yaml`."""

    id: str
    source: str
    first_year: int
    sections: tuple[Section, ...]
    tables: tuple[Table, ...]
    arithmetic: tuple[Arithmetic, ...]

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """Every cell id, in printed order."""
        return tuple(self.columns_by_cell)

    @cached_property
    def columns_by_cell(self) -> dict[str, Column]:
        """Column of each cell id."""
        return {
            row.cell(table.id, column): column
            for table in self.tables
            for row in table_rows(table)
            for column in row.columns
        }

    @cached_property
    def labels_by_cell(self) -> dict[str, str]:
        """`row · column` in the form's words, for people."""
        return {
            row.cell(table.id, column): f"{plain_label(row.labels[0])} · {plain_label(column.labels[0])}"
            for table in self.tables
            for row in table_rows(table)
            for column in row.columns
        }

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The form's arithmetic, one equation for each row or column it speaks of."""
        return tuple(e for rule in self.arithmetic for e in _equations(self, rule))


def plain_label(label: str) -> str:
    """The label without the explanation in brackets and without its list number."""
    for mark in ("、", ")", "."):
        head, found, tail = label.partition(mark)
        if found and len(head) <= 2 and tail:
            label = tail
            break
    return label.split("(", maxsplit=1)[0] or label


def table_rows(table: Table) -> Iterator[Row]:
    """Rows of values of a table, in printed order."""
    for block in table.blocks:
        for spec in block.rows:
            yield from _rows(spec, "", (), block.columns)


def form_labels(form: Form) -> Iterator[str]:
    """Every printed label of a form: headers, captions, columns, groups and rows, with their variants."""
    for table in form.tables:
        yield from table.headers
        for block in table.blocks:
            yield from block.captions
            yield from (label for column in block.columns for label in column.labels)
        for row in table_rows(table):
            yield from row.labels
            yield from (label for group in row.groups for label in group)


def _rows(
    spec: RowSpec, prefix: str, groups: tuple[tuple[str, ...], ...], columns: tuple[Column, ...]
) -> Iterator[Row]:
    key = f"{prefix}.{spec.id}" if prefix and spec.id else spec.id or prefix
    if not spec.rows:
        yield Row(key, spec.labels, groups, columns)
    for inner in spec.rows:
        yield from _rows(inner, key, (*groups, spec.labels), columns)


def _equations(form: Form, rule: Arithmetic) -> Iterator[Equation]:
    table = next(t for t in form.tables if t.id == rule.table)
    rows = list(table_rows(table))
    if rule.sum == "columns":
        for row in rows:
            total = tuple(f"{table.id}.{row.key}.{c}" for c in rule.total)
            parts = tuple(f"{table.id}.{row.key}.{c}" for c in rule.parts)
            yield Equation(rule.check, total, parts, plain_label(row.labels[0]), rule.words)
    else:
        for column in rows[0].columns:
            yield Equation(
                rule.check,
                tuple(f"{table.id}.{key}.{column.id}" for key in _match(rows, rule.total)),
                tuple(f"{table.id}.{key}.{column.id}" for key in _match(rows, rule.parts)),
                plain_label(column.labels[0]),
                rule.words,
            )


def own_sums(cells: Collection[str], equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The equations that speak of these cells alone."""
    return tuple(e for e in equations if set(e.total).union(e.parts) <= set(cells))


def _match(rows: list[Row], patterns: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        yield from (row.key for row in rows if fnmatch.fnmatchcase(row.key, pattern))


@cache
def load_forms(folder: Path = ROOT / "forms") -> dict[str, Form]:
    """Every form of the folder by id, oldest first.

    Raises:
        ConfigError: a file does not parse or has unknown keys.
    """
    forms = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            forms.append(Form.model_validate(yaml.safe_load(path.read_text("utf-8"))))
        except (yaml.YAMLError, ValidationError) as error:
            raise ConfigError(f"{path}: {error}") from error
    return {form.id: form for form in sorted(forms, key=lambda f: f.first_year)}
