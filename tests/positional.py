"""The baseline: a form filled by position, as parsers of these reports usually do it.

After the heading of each section with a table, every number up to the next heading is taken, and the
form's cells are filled in reading order until they or the numbers run out. Marks for none (`/`, `-`,
`—`) count as a number each where they stand alone. List numbers, years, page numbers with a mark,
and what is in brackets are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from models.forms import Form
from models.numerals import fold
from models.schema.document import Span
from models.schema.table import Cell

NUMBER = re.compile(
    r"(?P<sign>(?<![\d.])[+-]|增加?|减少?)?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"|(?:^|(?<=[\s|]))(?P<mark>[/—-]|无)(?=$|[\s|])",
    re.MULTILINE,
)
BRACKETS = re.compile(r"[(][^()\n]*[)]")
LIST_NUMBER = re.compile(r"(?:^|(?<=[\s|]))\d{1,2}[.、](?=\s*[^\d\s|])", re.MULTILINE)
YEAR = re.compile(r"20\d\d年")
PAGE_NUMBER = re.compile(r"^\s*(?:[-—]\s*\d+\s*[-—]|第\d+页.*|\d+\s*/\s*\d+)\s*$", re.MULTILINE)


def fill(text: str, form: Form) -> dict[str, Cell]:
    """Every cell of the form, which is told beforehand."""
    folded = fold(text)
    plain = folded
    for pattern in (PAGE_NUMBER, BRACKETS, LIST_NUMBER, YEAR):
        plain = pattern.sub(lambda m: " " * len(m[0]), plain)
    found: dict[str, Cell] = {}
    for table in form.tables:
        start, end = _section(form, table.section, folded)
        cells = [c for c in form.cells if c.startswith(f"{table.id}.")]
        numbers = _numbers(plain, start, end)
        for cell in cells:
            value, span = next(numbers, (None, None))
            status = "missing" if span is None else "blank" if value is None else "printed"
            found[cell] = Cell(cell, value, None, status, 1.0, span)  # type: ignore[arg-type]
    return found


def _section(form: Form, section: str, text: str) -> tuple[int, int]:
    """From the heading of a section to the next heading; empty where it is not there."""
    following = [s for s in form.sections if s.id > section]
    heading = _heading(next(s.titles for s in form.sections if s.id == section)).search(text)
    if heading is None:
        return 0, 0
    ends = (_heading(s.titles).search(text, heading.end()) for s in following)
    return heading.end(), min((e.start() for e in ends if e), default=len(text))


def _heading(titles: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"[一二三四五六]、(?:{'|'.join(re.escape(t) for t in titles)})")


def _numbers(text: str, start: int, end: int) -> Iterator[tuple[Decimal | None, Span]]:
    for match in NUMBER.finditer(text, start, end):
        span = Span(match.start(), match.end())
        if match["mark"]:
            yield (Decimal(0) if match["mark"] == "无" else None), span
        else:
            value = Decimal(match["digits"].replace(",", ""))
            yield (-value if match["sign"] in ("-", "减", "减少") else value), span
