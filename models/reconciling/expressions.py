"""Expressions over cells: `applications.received.total + applications.carried_in.total`, with `*`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from models.schema.table import Cell

TERM = re.compile(r"\s*([+-]?)\s*([a-z_][a-z_.*]*)")


@dataclass(frozen=True, slots=True)
class Expression:
    """Signed cells; wildcards are expanded."""

    terms: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        words = " ".join(f"{'+' if sign > 0 else '-'} {cell}" for sign, cell in self.terms)
        return words.removeprefix("+ ")

    def value(self, cells: Mapping[str, Cell]) -> Decimal | None:
        """The sum, None where a cell has no value."""
        total = Decimal(0)
        for sign, name in self.terms:
            value = cells[name].value
            if value is None:
                return None
            total += sign * value
        return total


def by_parts(whole: Expression, cells: Mapping[str, Cell], rows: Mapping[str, tuple[str, ...]]) -> Expression:
    """The expression with every total that has no value replaced by the cells of its row.

    Args:
        whole: over totals.
        cells: of the report.
        rows: the parts of each total.
    """
    terms: list[tuple[int, str]] = []
    for sign, name in whole.terms:
        names = rows.get(name, (name,)) if cells[name].value is None else (name,)
        terms += [(sign, part) for part in names]
    return Expression(tuple(terms))


@lru_cache(maxsize=4096)
def expression(text: str, known: tuple[str, ...]) -> Expression | None:
    """Parse an expression over the known cell ids; None where a term is not among them.

    Raises:
        ValueError: the text is no expression.
    """
    terms: list[tuple[int, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = TERM.match(text, position)
        if match is None or (position and not match[1]):
            raise ValueError(f"not an expression over cells: {text!r}")
        position = match.end()
        names = [c for c in known if fnmatch.fnmatchcase(c, match[2]) and c.count(".") == match[2].count(".")]
        if not names:
            return None
        terms += [(-1 if match[1] == "-" else 1, name) for name in names]
    return Expression(tuple(terms)) if terms else None
