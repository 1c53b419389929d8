"""Rows of the form that stand side by side in one line of values: the table of remedies.

Its groups of columns come in any order, one below the other, or cut by a page; the labels that stand
before the values tell which group they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.forms import own_sums
from models.tables.match import FormLine, FoundLine
from models.tables.place import Placement, satisfying
from models.tables.tokens import Piece, is_shown


def grouped(found: Sequence[FoundLine]) -> list[FoundLine]:
    """The occurrences of a line of rows side by side as one line, or as one for each group.

    Args:
        found: every occurrence of one such line, in reading order; some may be words of a menu.
    """
    line = found[0].line
    width = len(line.cells)
    with_values = [f for f in found if _shown(f)]
    whole = [f for f in with_values if len(_shown(f)) >= width]
    if whole or len(with_values) <= 1:
        best = max(found, key=lambda f: (len(_shown(f)), len(f.labels)))
        return _ordered(best)
    named = [_named(f) for f in with_values]
    single = [names for names in named if len(names) == 1]
    if len(single) == len(named) == len(set(single)):
        return [_group(f, names[0], f.values) for f, names in zip(with_values, named, strict=True)]
    return [_joined(with_values)]


def _shown(found: FoundLine) -> list[Piece]:
    return [p for p in found.values if is_shown(p)]


def _named(found: FoundLine) -> tuple[int, ...]:
    """Groups that the labels name, in their order; a label over several groups stands before them all."""
    words = [label.word for label in found.labels]
    places: dict[int, list[int]] = {}
    for k, levels in enumerate(found.line.groups):
        first = [min((i for i, w in enumerate(words) if w in level), default=len(words)) for level in levels]
        if first[-1] < len(words):
            places[k] = [min(first), first[-1]]
    return tuple(sorted(places, key=lambda k: places[k]))


def _ordered(found: FoundLine) -> list[FoundLine]:
    """Groups in the order of their labels, each a line of its own; the whole line if that is the form's order."""
    names, n = _named(found), len(found.line.groups)
    width = len(found.line.cells) // n
    if list(names) == sorted(names):
        return [found]
    values = [p for p in found.values if is_shown(p)]
    if len(values) != width * len(names):
        return [replace(found, values=[], loose=list(found.values))]
    return [_group(found, k, values[at * width : (at + 1) * width]) for at, k in enumerate(names)]


def _group(found: FoundLine, k: int, values: Sequence[Piece]) -> FoundLine:
    return replace(found, line=_of_group(found.line, k), values=list(values))


def _of_group(line: FormLine, k: int) -> FormLine:
    width = len(line.cells) // len(line.groups)
    own = slice(k * width, (k + 1) * width)
    cells = line.cells[own]
    sums = own_sums(cells, line.sums)
    return replace(line, cells=cells, columns=line.columns[own], across=False, groups=(), sums=sums)


def _joined(found: Sequence[FoundLine]) -> FoundLine:
    """Values before and after a header that stands again, if they fill the line and its sums hold."""
    values = [p for f in found for p in f.values if is_shown(p)]
    line = found[0].line
    if len(values) == len(line.cells) and satisfying([Placement(tuple(values))], line.cells, line.sums):
        return replace(found[0], values=values, exact=False)
    return replace(found[0], values=[], loose=values)
