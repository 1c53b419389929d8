"""The items of a PDF page in reading order: lines of type, tables, pictures; and tables that a page break cuts."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models.lines import NUMBERING
from models.numerals import fold
from models.readers.columns import VALUE, LooseTable, cells_between, loose_tables
from models.readers.pdf_page import Box, Glyph, Page
from models.readers.rulings import RuledCell, RuledTable, ruled_tables
from models.readers.type_lines import PADDING, TypeLine, cell_text, joined, stretches, type_lines

PICTURE = 0.15
"""Share of the page from which a picture could hold a table."""
BACKGROUND = 0.85
"""Share of the page from which a picture under much text is paper, or the scan that the text was read from."""
MUCH_TEXT = 50
"""Characters on a page with a background."""


SAME_SIDE = 4.0
"""Points within which the sides of columns on two pages are one."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell and its text; `full`: its last line reaches the side, so that the text may go on elsewhere."""

    row: int
    column: int
    rowspan: int
    colspan: int
    text: str
    full: bool = False


@dataclass(slots=True)
class PageTable:
    """A table; `xs` are the sides of its columns, empty where no line rules them, as in `loose`."""

    top: float
    rows: int
    xs: tuple[float, ...] = ()
    cells: list[TableCell] = field(default_factory=list)
    loose: LooseTable | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that could hold a table."""

    top: float


Item = TypeLine | PageTable | Picture


def items_of(page: Page, before: Item | None) -> list[Item]:
    """What stands on a page, from top to bottom; `before` is the last thing on the page before."""
    tables, outside, rules = _ruled(page)
    lines = type_lines(outside)
    items: list[Item] = [*tables]
    done = 0
    if tables and lines and min(t.top for t in tables) < lines[0].top:
        before = None
    for loose in loose_tables(lines, rules, before.loose if isinstance(before, PageTable) else None):
        items += lines[done : loose.first]
        cells = [TableCell(c.row, c.column, 1, c.colspan, c.text) for c in loose.cells]
        items.append(PageTable(loose.box.top, max(c.row for c in cells) + 1, (), cells, loose))
        done = loose.last
    items += lines[done:]
    items += (Picture(box.top) for box in page.pictures if _could_hold_table(box, page))
    return sorted(items, key=lambda item: item.top)


def share_of_page(box: Box, page: Page) -> float:
    """How much of the page a box covers, from 0 to 1."""
    width = min(box.x1, page.width) - max(box.x0, 0)
    height = min(box.bottom, page.height) - max(box.top, 0)
    return max(width, 0) * max(height, 0) / max(page.width * page.height, 1)


def _could_hold_table(box: Box, page: Page) -> bool:
    share = share_of_page(box, page)
    return share > PICTURE and not (share > BACKGROUND and len(page.glyphs) >= MUCH_TEXT)


# ---------------------------------------------------------------- ruled tables


def _ruled(page: Page) -> tuple[list[PageTable], list[Glyph], list[float]]:
    """Ruled tables with their text, the glyphs outside them, and the heights of lines that rule no such table."""
    tables = sorted(ruled_tables(page.rules), key=lambda t: (t.box.x1 - t.box.x0) * (t.box.bottom - t.box.top))
    inside: list[dict[RuledCell, list[Glyph]]] = [{} for _ in tables]
    meshes = [_meshes(t) for t in tables]
    outside: list[Glyph] = []
    for glyph in page.glyphs:
        for table, mesh, content in zip(tables, meshes, inside, strict=True):
            cell = mesh.get((bisect(table.ys, glyph.middle[1]) - 1, bisect(table.xs, glyph.middle[0]) - 1))
            if cell is not None:
                content.setdefault(cell, []).append(glyph)
                break
        else:
            outside.append(glyph)
    found: list[PageTable] = []
    heights = [(r.top + r.bottom) / 2 for r in page.rules if r.x1 - r.x0 > r.bottom - r.top]
    for table, content in zip(tables, inside, strict=True):
        lines = {cell: type_lines(glyphs) for cell, glyphs in content.items()}
        written = [x for x in lines.values() if x]
        if len(written) < 2 or _columns_missing(written):
            outside += (g for glyphs in content.values() for g in glyphs)
        else:
            found.append(_page_table(table, lines, [g for glyphs in content.values() for g in glyphs]))
    return found, outside, heights


def _meshes(table: RuledTable) -> dict[tuple[int, int], RuledCell]:
    return {
        (row, column): cell
        for cell in table.cells
        for row in range(cell.row, cell.row + cell.rowspan)
        for column in range(cell.column, cell.column + cell.colspan)
    }


def _columns_missing(cells: Sequence[Sequence[TypeLine]]) -> bool:
    """Two values or more beside each other, several times: the lines do not part the columns."""
    return sum(sum(map(_value, stretches(line))) > 1 for lines in cells for line in lines) > 1


def _value(line: TypeLine) -> bool:
    return VALUE.fullmatch(fold(line.text).replace(" ", "")) is not None


def _page_table(table: RuledTable, lines: dict[RuledCell, list[TypeLine]], glyphs: list[Glyph]) -> PageTable:
    if _rows_missing(lines):
        loose = cells_between(type_lines(glyphs), table.xs, table.ys)
        cells = [TableCell(c.row, c.column, 1, c.colspan, c.text) for c in loose]
        return PageTable(table.box.top, max(c.row for c in cells) + 1, (), cells)
    cells = []
    for cell in table.cells:
        own = lines.get(cell, [])
        if not own and not cell.closed:
            continue
        last = own[-1] if own else None
        full = last is not None and last.x1 - last.x0 + last.size > cell.box.x1 - cell.box.x0 - PADDING
        text = cell_text(own, cell.box)
        cells.append(TableCell(cell.row, cell.column, cell.rowspan, cell.colspan, text, full))
    return PageTable(table.box.top, len(table.ys) - 1, table.xs, cells)


def _rows_missing(lines: dict[RuledCell, list[TypeLine]]) -> bool:
    """Cells beside each other with values below each other, which no width breaks: the lines do not part the rows."""
    stacked: dict[int, int] = {}
    for cell, own in lines.items():
        if len(own) > 1 and all(map(_value, own)) and cell.box.x1 - cell.box.x0 > own[0].x1 - own[0].x0 + PADDING:
            stacked[cell.row] = stacked.get(cell.row, 0) + 1
    return any(n > 1 for n in stacked.values())


# ---------------------------------------------------------------- tables over pages


def continued(upper: PageTable, lower: PageTable) -> tuple[PageTable, PageTable] | None:
    """Two ruled tables with their columns counted alike, where one goes on in the other; None where not.

    The outer sides must be the same, and of the inner ones those of one part be among those of the other.
    """
    if len(upper.xs) < 2 or len(lower.xs) < 2:
        return None
    shift = lower.xs[0] - upper.xs[0]
    below = [x - shift for x in lower.xs]
    wide, narrow = (upper.xs, below) if len(upper.xs) >= len(below) else (below, upper.xs)
    among = [next((i for i, w in enumerate(wide) if abs(w - x) < SAME_SIDE), None) for x in narrow]
    places = [i for i in among if i is not None]
    if len(places) < len(narrow) or places[-1] != len(wide) - 1:
        return None
    if len(upper.xs) >= len(below):
        return upper, replace(lower, cells=[_counted(c, places) for c in lower.cells], xs=upper.xs)
    return replace(upper, cells=[_counted(c, places) for c in upper.cells], xs=tuple(wide)), lower


def _counted(cell: TableCell, places: Sequence[int]) -> TableCell:
    first, after = places[cell.column], places[cell.column + cell.colspan]
    return replace(cell, column=first, colspan=after - first)


def appended(upper: PageTable, lower: PageTable) -> PageTable:
    """Both as one table; a row that the page break cuts becomes one row, and a merged cell one cell."""
    ends = {(c.column, c.colspan): c for c in upper.cells if c.row + c.rowspan == upper.rows}
    first = [c for c in lower.cells if c.row == 0]
    cut = _row_is_cut(ends, first)
    shift = upper.rows - cut
    cells = {(c.row, c.column): c for c in upper.cells}
    for cell in lower.cells:
        above = ends.get((cell.column, cell.colspan)) if cell.row == 0 else None
        if above is not None and (cut or _one_group(above, cell)):
            text = joined(above.text, cell.text)
            rowspan = above.rowspan + cell.rowspan - cut
            cells[above.row, above.column] = replace(above, text=text, rowspan=rowspan, full=cell.full)
        else:
            cells[cell.row + shift, cell.column] = replace(cell, row=cell.row + shift)
    ordered = sorted(cells.values(), key=lambda c: (c.row, c.column))
    return PageTable(upper.top, upper.rows + lower.rows - cut, upper.xs, ordered)


def _row_is_cut(ends: dict[tuple[int, int], TableCell], first: Sequence[TableCell]) -> bool:
    """The lower row has words that go on from the upper one, and no value where that has one."""
    goes_on = False
    for cell in first:
        above = ends.get((cell.column, cell.colspan))
        if above is None:
            return False
        if not cell.text or not above.text:
            continue
        if not above.full or NUMBERING.match(cell.text) or VALUE.fullmatch(cell.text) or VALUE.fullmatch(above.text):
            return False
        goes_on = goes_on or above.rowspan == cell.rowspan == 1
    return goes_on


def _one_group(above: TableCell, cell: TableCell) -> bool:
    """A merged label that goes on over the page: its lower part is empty, or the rest of its words."""
    if above.rowspan == cell.rowspan == 1 or VALUE.fullmatch(above.text) or VALUE.fullmatch(cell.text):
        return False
    return not cell.text or (bool(above.text) and above.full and not NUMBERING.match(cell.text))
