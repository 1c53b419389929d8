"""Which of several tables of a page is the report's, and what stands beside it from others.

A table may stand twice, last year's or a subordinate unit's below the own one, a blank form before or
after, and words of rows in a menu or a list. A copy is one run through the form's rows: where the order
goes back within a table, another begins. One copy is taken; rows that it lacks come from another one only
where both print the same wherever they can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.tables.match import FoundLine
from models.tables.tokens import is_shown
from models.tables.vocabulary import FormLine

MOSTLY = 0.8
"""Share of the rows of the longest copy that another must have to be taken."""
MIN_EQUAL = 3
"""Rows that two copies must print alike."""
Copy = dict[int, FoundLine]
"""The lines of one run through a table, by their place in the form."""


def chosen(found: Sequence[FoundLine], order: Sequence[FormLine]) -> list[FoundLine]:
    """One occurrence of each line of the form, in reading order; lines of rows side by side are left out."""
    place = {line.cells: i for i, line in enumerate(order)}
    by_table: dict[str, list[Copy]] = {}
    for line in found:
        if line.line.across:
            continue
        copies = by_table.setdefault(line.line.table, [{}])
        at = place[line.line.cells]
        last = max(copies[-1], default=-1)
        if at < last:
            copies.append({})
        if at != last or n_shown(line) > n_shown(copies[-1][at]):
            copies[-1][at] = line
    lines = [line for copies in by_table.values() for line in _merged(copies).values()]
    return sorted(lines, key=lambda f: f.labels[0].span)


def _merged(copies: Sequence[Copy]) -> Copy:
    longest = max(map(len, copies))
    candidates = [c for c in copies if len(c) >= MOSTLY * longest]
    candidates = [c for c in candidates if any(map(n_shown, c.values()))] or candidates
    candidates = [c for c in candidates if any(line.headers for line in c.values())] or candidates
    own = candidates[0]
    merged = dict(own)
    for other in copies:
        if other is not own and _same(own, other):
            for at, line in other.items():
                if at not in merged or n_shown(line) > n_shown(merged[at]):
                    merged[at] = line
    return merged


def n_shown(line: FoundLine) -> int:
    """Pieces of a line that are more than empty cells."""
    return sum(map(is_shown, line.values))


def _same(one: Copy, other: Copy) -> bool:
    """Whether two copies print the same in every row that both print whole, or have no row in common."""
    common = one.keys() & other.keys()
    whole = [at for at in common if all(n_shown(c[at]) >= len(c[at].line.cells) for c in (one, other))]
    equal = [at for at in whole if _values(one[at]) == _values(other[at])]
    return len(equal) == len(whole) and (len(equal) >= MIN_EQUAL or not common)


def _values(line: FoundLine) -> list[object]:
    return [p.value if p.kind == "value" else p.raw for p in line.values if is_shown(p)]
