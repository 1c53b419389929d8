"""What stands on the pages of a PDF for the pages' sake: page numbers, running heads and feet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.numerals import fold
from models.readers.pdf_page import Page
from models.readers.rulings import ruled_tables
from models.readers.type_lines import TypeLine, type_lines

MARGIN = 70.0
"""Points at the top and the bottom of a page that hold page numbers and running heads."""
OUTERMOST = 2
"""Lines at either end of a page that may be such."""
_DASH = r"[-—–―─·•.~\s]*"
PAGE_NUMBER = re.compile(
    rf"{_DASH}(?:\d{{1,3}}|\d{{1,3}}\s*/\s*\d{{1,3}}|第\s*\d{{1,3}}\s*页(?:\s*[,/(]?\s*共\s*\d{{1,3}}\s*页\s*\)?)?){_DASH}"
)


def remove_furniture(pages: Sequence[Page]) -> None:
    """Take page numbers off the pages, and all but the first of a line that stands at the same end of several.

    What stands in a ruled table is none of these.
    """
    seen: set[tuple[bool, str]] = set()
    for page in pages:
        boxes = [t.box for t in ruled_tables(page.rules)]
        lines = [x for x in type_lines(page.glyphs) if not any(b.holds(*g.middle) for b in boxes for g in x.glyphs)]
        drop: list[TypeLine] = []
        for upper, outer in ((True, lines[:OUTERMOST]), (False, lines[::-1][:OUTERMOST])):
            for number, line in enumerate(outer):
                if MARGIN < line.base < page.height - MARGIN or upper != (line.base <= MARGIN):
                    continue
                text = fold(line.text)
                key = (upper, re.sub(r"\d+", "#", text))
                if (PAGE_NUMBER.fullmatch(text) and number == len([x for x in drop if x in outer])) or key in seen:
                    drop.append(line)
                elif len(text) > 1:
                    seen.add(key)
        gone = {id(g) for line in drop for g in line.glyphs}
        page.glyphs = [g for g in page.glyphs if id(g) not in gone]
