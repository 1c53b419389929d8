"""What a line as found allows on its own: the placements of its values, before other lines are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.tables.cut import split
from models.tables.match import CERTAIN_LENGTH, FoundLine, has_glued
from models.tables.place import Placement, joined, placements, satisfying, trimmed, with_one_lost
from models.tables.tokens import Piece, heading_number, is_shown


def is_empty(line: FoundLine) -> bool:
    """Whether the line has its label and nothing else."""
    return not any(map(is_shown, line.values))


def unplaceable(lines: Sequence[FoundLine]) -> set[int]:
    """Empty lines right above one with far more values than cells: whose values these are, nobody can tell."""
    found: set[int] = set()
    for i, line in enumerate(lines):
        if sum(p.kind == "value" for p in line.values) + len(line.loose) > len(line.line.cells):
            above = i - 1
            while above >= 0 and is_empty(lines[above]):
                found.add(above)
                above -= 1
    return found


def spoilt(lines: Sequence[FoundLine], options: Mapping[int, Sequence[Placement]]) -> list[int]:
    """Complete lines whose sums do not hold, below a line with values too many: the first of their own stand there."""
    return [
        i
        for i in range(1, len(lines))
        if len(options[i]) == 1
        and sum(map(is_shown, lines[i - 1].values)) > len(lines[i - 1].line.cells)
        and not is_empty(lines[i])
        and not satisfying(options[i], lines[i].line.cells, lines[i].line.sums)
    ]


def options_of(line: FoundLine, *, drops: bool) -> list[Placement]:
    """Placements that the line's own sums allow; none where nothing can be said about its cells.

    Args:
        line: as found, its label columns taken away.
        drops: the layout leaves blank cells out, so that what is not there was blank.
    """
    width = len(line.line.cells)
    values = line.values
    if line.refused:
        return []
    if is_empty(line) and not line.loose:
        return [Placement((None,) * width)] if _is_whole(line) else []
    if has_glued(line):
        return split(values, line.line.cells, line.line.sums, drops=drops)
    if len(values) > width and (trims := trimmed(values, width)):
        return _trimmings(line, trims)
    if len(values) != width:
        values = one_a_row(line, [p for p in values if is_shown(p)])
    if len(values) == width:
        return _complete(line, values)
    if any(p.kind == "unread" for p in values):
        return []
    if len(values) > width:
        return _more(line, values)
    return _fewer(line, values, drops=drops)


def _is_whole(line: FoundLine) -> bool:
    """Whether the words taken for the label begin as it does and hold no number: else values may belong to it.

    A short word without the list number of the label may be one of a header: 总计, 其他.
    """
    label = line.labels[0]
    if not label.number and len(label.word) < CERTAIN_LENGTH and all(map(heading_number, line.line.labels)):
        return False
    first = label.word[:2]
    begins = any(words.startswith(first) for words in line.line.words)
    return line.exact or (begins and not any(c.isdigit() for p in line.labels for c in p.word))


def one_a_row(line: FoundLine, values: list[Piece]) -> list[Piece]:
    """Values of which each has a layout row of its own; where several share one, a space stands inside a number."""
    rows = [p.row for p in values]
    distinct = len(set(rows))
    if distinct == len(rows) or distinct * 2 <= len(rows) or line.labels[-1].row in rows:
        return values
    found: list[Piece] = []
    for piece in values:
        if found and found[-1].row == piece.row and found[-1].raw.isdigit() and piece.raw.isdigit():
            found[-1] = joined(found[-1], piece)
        else:
            found.append(piece)
    return found


def _complete(line: FoundLine, values: Sequence[Piece]) -> list[Placement]:
    """As many values as cells; nothing where a page cuts the line and its sums do not hold."""
    found = [Placement(tuple(values))]
    if line.cut and not (line.line.sums and satisfying(found, line.line.cells, line.line.sums)):
        return _continued(line, values)
    several = 1 < len({p.row for p in values}) < len(values)
    return satisfying(found, line.line.cells, line.line.sums) if several else found


def _more(line: FoundLine, values: Sequence[Piece]) -> list[Placement]:
    """More values than cells: a stray number, spaces inside numbers, or values of a row whose label was lost."""
    width = len(line.line.cells)
    if len(values) == width + 1:
        found = placements(values, width)
    elif len(values) > width + 2:
        found = [Placement(tuple(values[:width]))]
    else:
        found = [Placement(tuple(values[at : at + width])) for at in range(3)]
    found += _joinings(values, width)
    return satisfying(found, line.line.cells, line.line.sums) if line.line.sums else []


def _joinings(values: Sequence[Piece], width: int) -> list[Placement]:
    """Ways to read neighbours in one layout row as one number, `1 113` as 1113, so that `width` are left."""
    ways: list[tuple[Piece, ...]] = [()]
    for piece in values if len(values) <= width + 3 else ():
        ways = [
            after
            for way in ways
            for after in ((*way, piece), *(((*way[:-1], joined(way[-1], piece)),) if _join(way, piece) else ()))
        ]
    return [Placement(way) for way in ways if len(way) == width]


def _join(way: Sequence[Piece], piece: Piece) -> bool:
    left = way[-1] if way else None
    if left is None or (left.row, left.column) != (piece.row, piece.column) or not left.value:
        return False
    digits = left.raw.replace(" ", "").isdigit() and piece.raw.isdigit()
    return digits and piece.span.start - left.span.end == 1


def _fewer(line: FoundLine, values: Sequence[Piece], *, drops: bool) -> list[Placement]:
    """Fewer values than cells: blanks were left out, or one number was lost, or a page cuts the line."""
    if line.loose:
        return _continued(line, values)
    cells, sums = line.line.cells, line.line.sums
    if drops:
        return satisfying(placements(values, len(cells)), cells, sums)
    return with_one_lost(values, cells, sums)


def _continued(line: FoundLine, values: Sequence[Piece]) -> list[Placement]:
    """Values before and after what stands in between, one of them perhaps the number of a page."""
    cells = line.line.cells
    everything = [*values, *line.loose]
    readable = line.line.sums and all(p.kind in ("value", "blank") for p in everything)
    if not readable or not len(cells) <= len(everything) <= len(cells) + 1:
        return []
    return satisfying(placements(everything, len(cells)), cells, line.line.sums)


def _trimmings(line: FoundLine, ways: list[tuple[int, int]]) -> list[Placement]:
    """The line without its surplus empty cells; where its sums leave several ways, all of them."""
    width = len(line.line.cells)
    options = [Placement(tuple(line.values[left : left + width])) for left, _ in ways]
    return options if len(options) == 1 else satisfying(options, line.line.cells, line.line.sums) or options
