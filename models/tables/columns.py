"""Where the values of a table begin, in layouts that keep columns, and which rows lost their label.

Label columns are merged, shifted and padded; what stands in them looks like blank cells. The column
in which the values begin is one for the whole table, or one for the rows whose label stands in the
same column: the one that leaves a value for every cell, and sums that hold, in the most rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from models.lines import bare
from models.numerals import fold
from models.tables.match import FoundLine, has_glued
from models.tables.place import Placement, placements, satisfying
from models.tables.tokens import Piece, is_shown
from models.tables.vocabulary import FormLine

MIN_ROWS = 5
"""Rows that must speak for a column."""
MAX_STRAY = 0.05
"""Share of rows that may have a value left of it."""
MAX_SHORT = 0.4
"""Share of rows that may have fewer columns than the others."""
MIN_TELLING = 3
"""Short rows with numbers that must close without what is missing."""
MAX_UNLABELLED = 3
"""Rows in a row whose labels were lost that are still told from their number of values."""


def refuse_disordered(lines: Sequence[FoundLine]) -> None:
    """Leave open what stands below a header whose columns are in another order than the form's."""
    disordered = False
    table = ""
    for line in lines:
        if line.line.table != table:
            disordered, table = False, line.line.table
        if line.headers:
            disordered = any(sequence != sorted(sequence) for sequence in _header_columns(line))
        line.refused = line.refused or disordered


def _header_columns(line: FoundLine) -> list[list[int]]:
    """For each row of the header in a layout with columns, the columns of the form that its words name."""
    in_columns = {piece.row for piece in line.headers if piece.column} - {piece.row for piece in line.labels}
    if not in_columns or line.line.across:
        return []
    names = {bare(label): k for k, column in enumerate(line.line.columns) for label in column.labels}
    rows: dict[int, list[int]] = {}
    for piece in line.headers:
        if piece.word in names and piece.row in in_columns:
            rows.setdefault(piece.row, []).append(names[piece.word])
    return list(rows.values())


def settle(lines: Sequence[FoundLine]) -> None:
    """Take away what stands in the label columns and after the last column, table by table."""
    by_table: dict[str, list[FoundLine]] = {}
    for line in lines:
        if any(p.column for p in line.values) and len({p.row for p in line.values}) == 1:
            by_table.setdefault(line.line.table, []).append(line)
    for group in by_table.values():
        _shorten(group)
        by_label: dict[int, list[FoundLine]] = {}
        for line in group:
            by_label.setdefault(line.labels[-1].column, []).append(line)
        begin = _begin(group)
        if begin is None:
            begin = _only_column(group)
        if begin is not None:
            _keep_from(group, begin)
            continue
        for rows in by_label.values() if len(by_label) > 1 else ():
            begin = _begin(rows)
            if begin is not None:
                _keep_from(rows, begin)


def _shorten(lines: Sequence[FoundLine]) -> None:
    """Of a row with fewer columns than the others one is lost: its empty cells say nothing.

    Where rows of more cells have no more columns than rows of fewer, all rows are compared; else only
    those with as many cells.
    """
    columns = [max(p.column for p in line.values) for line in lines]
    usual, n = Counter(columns).most_common(1)[0]
    widths = {len(line.line.cells) for line, c in zip(lines, columns, strict=True) if c == usual}
    if len(widths) == 1 and len({len(line.line.cells) for line in lines}) > 1:
        for width in {len(line.line.cells) for line in lines}:
            _shorten([line for line in lines if len(line.line.cells) == width])
    elif n >= max(MIN_ROWS, (1 - MAX_SHORT) * len(lines)):
        for line, column in zip(lines, columns, strict=True):
            if column < usual:
                line.values = [p for p in line.values if is_shown(p)]


def _keep_from(lines: Sequence[FoundLine], begin: int) -> None:
    """Cut every row down to its cells, unless its sums speak against it.

    Where other rows print their totals, a row whose total would be blank has been shifted; and where one
    row has been, those that say nothing for the column may have been too.
    """
    totals = any(_speaks(line, begin) > 0 and _values(line, begin)[-1].value for line in lines)
    moved = {i for i, line in enumerate(lines) if not _offers(line, begin) or (totals and _is_shifted(line, begin))}
    for i, line in enumerate(lines):
        values = _values(line, begin)
        if i not in moved and (not moved or len(line.values) == len(values) or _speaks(line, begin) > 0):
            line.values = values


def _is_shifted(line: FoundLine, begin: int) -> bool:
    """Whether the row has room to be read otherwise, and its sums do not hold as it would be read."""
    values, cells = _values(line, begin), line.line.cells
    if not len(line.values) > len(values) == len(cells) or not any(p.value for p in values):
        return False
    return not satisfying([Placement(tuple(values))], cells, line.line.sums)


def _values(line: FoundLine, begin: int) -> list[Piece]:
    return [p for p in line.values if p.column >= begin][: len(line.line.cells)]


def _offers(line: FoundLine, begin: int) -> bool:
    """Whether only empty cells stand left of the column, and after the last cell that it leaves."""
    kept, width = 0, len(line.line.cells)
    for piece in line.values:
        inside = piece.column >= begin
        if not (inside and kept < width) and is_shown(piece):
            return False
        kept += inside
    return True


def _begin(lines: Sequence[FoundLine]) -> int | None:
    """The column that most rows speak for; None if that is not clear."""
    scores = {column: _score(lines, column) for column in _columns_after_labels(lines)}
    fitting = {c: s for c, s in scores.items() if s is not None}
    if not fitting or len(lines) < MIN_ROWS:
        return None
    best = max(fitting, key=lambda c: fitting[c])
    return best if fitting[best] >= MIN_ROWS and sum(s == fitting[best] for s in fitting.values()) == 1 else None


def _columns_after_labels(lines: Sequence[FoundLine]) -> list[int]:
    last = max(label.column for line in lines for label in line.labels)
    return sorted({p.column for line in lines for p in line.values if p.column > last})


def _only_column(lines: Sequence[FoundLine]) -> int | None:
    """The only column that leaves no value of any row outside, as in a table of zeros with blanks."""
    fitting = [c for c in _columns_after_labels(lines) if all(_offers(line, c) for line in lines)]
    return fitting[0] if len(fitting) == 1 and len(lines) > MIN_ROWS else None


def _score(lines: Sequence[FoundLine], begin: int) -> int | None:
    """Rows that speak for the column less those that speak against it; None where too many have values before it."""
    offering = [line for line in lines if _offers(line, begin)]
    if len(lines) - len(offering) > MAX_STRAY * len(lines):
        return None
    return sum(_speaks(line, begin) for line in offering)


def _speaks(line: FoundLine, begin: int) -> int:
    """1 for a row that is full or whose sums hold over more than zeros, -3 for one whose sums do not hold."""
    width = len(line.line.cells)
    values = _values(line, begin)
    if len(values) < width:
        return 0
    placement = Placement(tuple(values))
    if satisfying([placement], line.line.cells, line.line.sums):
        return int(all(map(is_shown, values)) or any(placement.numbers))
    return 0 if values[-1].value is None else -3


def unlabelled(lines: Sequence[FoundLine], order: Sequence[FormLine]) -> list[FoundLine]:
    """The lines, and those whose labels were lost: their values stand after those of the line above.

    So many values that they fill the line above and every row of the form up to the next line found,
    with sums that hold in each of them, are theirs.
    """
    place = {line.cells: i for i, line in enumerate(order)}
    found: list[FoundLine] = []
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        found.append(line)
        first = place.get(line.line.cells)
        last = place.get(after.line.cells) if after is not None else len(order)
        if first is None or last is None or not 1 < last - first <= MAX_UNLABELLED + 1:
            continue
        rows = order[first:last]
        if len({r.table for r in rows}) == 1 and (parts := _parted(line.values, rows)):
            line.values = parts[0]
            found += [
                FoundLine(row, line.labels, values, line.headers, line.units, exact=False, unlabelled=True)
                for row, values in zip(rows[1:], parts[1:], strict=True)
            ]
    return found


def _parted(values: Sequence[Piece], rows: Iterable[FormLine]) -> list[list[Piece]]:
    """The values cut in rows, where these take them all and every row's sums hold; else nothing."""
    shown = [p for p in values if is_shown(p)]
    parts: list[list[Piece]] = []
    done = 0
    for row in rows:
        part = shown[done : done + len(row.cells)]
        done += len(row.cells)
        own = row.sums
        if len(part) < len(row.cells) or not own or not satisfying([Placement(tuple(part))], row.cells, row.sums):
            return []
        parts.append(part)
    return parts if done == len(shown) else []


def loses_blanks(lines: Sequence[FoundLine]) -> bool:
    """Whether the layout leaves blank cells out, so that what is missing in a row was blank.

    So it is where most rows are short or no zero is printed at all, and where the sums of every short row
    hold with zero for what is missing, not only in rows of zeros. In any other table a short row has lost
    something that may have been a number. Glued digits do not show how many cells they fill: there one
    row with fewer digits than cells is enough not to trust any other to be complete.
    """
    wide = [line for line in lines if len(line.line.cells) > 1]
    counts = [sum(map(n_cells, line.values)) for line in wide]
    lacking = [(n, line) for n, line in zip(counts, wide, strict=True) if n < len(line.line.cells)]
    if not lacking:
        return False
    short = [line for n, line in lacking if n]
    zeros = any(p.value == Decimal(0) or p.raw.startswith(("0", "０")) for line in wide for p in line.values)
    if len(short) * 2 > sum(map(bool, counts)) or (short and not zeros) or any(map(has_glued, wide)):
        return True
    summed = [line for line in short if line.line.sums]
    telling = [line for line in summed if any(p.value for p in line.values)]
    return len(telling) >= MIN_TELLING and all(_closes(line) for line in summed)


def _closes(line: FoundLine) -> bool:
    shown = [p for p in line.values if is_shown(p)]
    return bool(satisfying(placements(shown, len(line.line.cells)), line.line.cells, line.line.sums))


def n_cells(piece: Piece) -> int:
    """Cells that a piece can fill."""
    return len(piece.raw) if piece.kind == "glued" else int(is_shown(piece))


def reglue(lines: Sequence[FoundLine]) -> None:
    """Where digits stand glued, digits alone below their label are those of all its cells, not one number.

    So says a zero before other digits, where these are enough for every cell: `000`.
    """
    alone = [line for line in lines if len(line.line.cells) > 1 and _digits_alone(line)]
    if any(map(has_glued, lines)) or any(_fills_with_zeros(line) for line in alone):
        for line in alone:
            line.values = [p._replace(kind="glued", value=None) for p in line.values if is_shown(p)]


def _digits_alone(line: FoundLine) -> bool:
    shown = [p.raw for p in line.values if is_shown(p)]
    return len(shown) == 1 and len(shown[0]) > 1 and shown[0].isdigit()


def _fills_with_zeros(line: FoundLine) -> bool:
    (digits,) = (fold(p.raw) for p in line.values if is_shown(p))
    return digits.startswith("0") and len(digits) >= len(line.line.cells)
