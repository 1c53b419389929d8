"""Rows of the form that stand side by side in one line of values: the table of remedies.

Its groups of columns come in any order, one below the other, or cut by a page; the labels that stand
before the values tell which group they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.forms import own_sums
from models.tables.match import FoundLine
from models.tables.place import Placement, satisfying
from models.tables.tokens import Piece, is_shown
from models.tables.vocabulary import FormLine

MIN_LABELS = 3
"""Different words of the header, where none names a group: 总计 alone heads other tables as well."""


def without_stray(found: Sequence[FoundLine]) -> list[FoundLine]:
    """The lines without those that words of another table's header opened; their values are nobody's."""
    kept: list[FoundLine] = []
    for line in found:
        if not line.line.across or _named(line) or len({label.word for label in line.labels}) >= MIN_LABELS:
            kept.append(line)
        elif kept and line.values:
            kept[-1].loose = [*kept[-1].loose, *_shown(line)]
            kept[-1].cut = True
    return kept


def grouped(found: Sequence[FoundLine], after: int) -> list[FoundLine]:
    """The occurrences of a line of rows side by side as one line, or as one for each group.

    Args:
        found: every occurrence of one such line, in reading order; some may be words of a menu.
        after: where the tables before it end; of several whole occurrences the first one below is taken.
    """
    line = found[0].line
    width, n = len(line.cells), len(line.groups)
    with_values = [f for f in found if _shown(f)]
    whole = [f for f in with_values if len(f.values) == width or len(_shown(f)) >= width]
    if whole or len(with_values) <= 1:
        below = [f for f in whole if f.labels[0].span.start >= after] or whole
        return _ordered(below[0] if below else max(found, key=lambda f: (len(_shown(f)), len(f.labels))))
    named = [_named(f) for f in with_values]
    if all(names == tuple(range(n)) for names in named):
        return [_joined(with_values)]
    every = [k for names in named for k in names]
    single = all(len(names) == 1 for names in named)
    fitting = all(len(f.values) == width // n * len(names) for f, names in zip(with_values, named, strict=True))
    if len(every) == len(set(every)) and (single or fitting) and all(named):
        return [part for f, names in zip(with_values, named, strict=True) for part in _parts(f, names)]
    return [replace(with_values[0], refused=True)]


def _parts(found: FoundLine, names: Sequence[int]) -> list[FoundLine]:
    """A line for each group that the labels name, in their order."""
    if len(names) == 1:
        return [_group(found, names[0], found.values)]
    width = len(found.line.cells) // len(found.line.groups)
    return [_group(found, k, found.values[at * width : (at + 1) * width]) for at, k in enumerate(names)]


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
    if list(names) == sorted(names):
        return [found]
    width = len(found.line.cells) // n * len(names)
    if len(found.values) != width:
        found = replace(found, values=_shown(found))
    return _parts(found, names) if len(found.values) == width else [replace(found, refused=True)]


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
    values = [p for f in found for p in _shown(f)]
    line = found[0].line
    if len(values) == len(line.cells) and satisfying([Placement(tuple(values))], line.cells, line.sums):
        return replace(found[0], values=values, exact=False)
    return replace(found[0], refused=True)
