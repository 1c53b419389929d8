"""Text with the places of its cells, in one piece or broken over pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from random import Random

from models.schema.document import Span
from tests.planted.sheets import Item, Sheet


class Writer:
    """Text with the places of its cells."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.spans: dict[str, Span] = {}

    def put(self, text: str) -> None:
        """Append text."""
        self.parts.append(text)
        self.length += len(text)

    def item(self, item: Item, lead: str = "") -> None:
        """Append an item; its place is that of its text without the white space before it."""
        if item.text:
            self.put(lead)
        if item.cell and item.text:
            self.spans[item.cell] = Span(self.length, self.length + len(item.text))
        self.put(item.text)

    @property
    def text(self) -> str:
        """Everything written."""
        return "".join(self.parts)


PAGES = 28
Layout = Callable[[Writer, Sheet, Random, str], None]


@dataclass(frozen=True, slots=True)
class Breaks:
    """How pages break within tables.

    Attributes:
        number: the page number, of `{n}` and `{m}`; none where empty.
        running: the line at the head of each page; none where empty.
        again: the first header of the table is printed again.
        lines: written between two breaks, at least and at most.
    """

    number: str = "- {n} -"
    running: str = ""
    again: bool = False
    lines: tuple[int, int] = (10, 30)


class PagedWriter(Writer):
    """Breaks pages between the lines of a table; call `begin` before each table and `end` after it."""

    def __init__(self, breaks: Breaks, rng: Random, end: str) -> None:
        super().__init__()
        self._breaks, self._rng, self._end = breaks, rng, end
        self._page = 2
        self._left = -1
        self._header: Callable[[], None] = lambda: None

    def begin(self, layout: Layout, sheet: Sheet, lead: str) -> None:
        """From here on pages break."""
        header = sheet.copy(list(takewhile(lambda line: line.header, sheet.lines)))
        self._header = lambda: layout(self, header, self._rng, lead)
        self._left = self._rng.randint(*self._breaks.lines)

    def end(self) -> None:
        """From here on they do not."""
        self._left = -1

    def put(self, text: str) -> None:
        """Append text, and a break after it where a page ends."""
        super().put(text)
        if self._left > 0 and text.endswith("\n"):
            self._left -= 1
            if self._left == 0:
                self._break()

    def _break(self) -> None:
        self._left = -1
        self._page += 1
        for line in (self._breaks.number.format(n=self._page, m=PAGES), self._breaks.running):
            if line:
                super().put(line + self._end)
        if self._breaks.again:
            self._header()
        self._left = self._rng.randint(*self._breaks.lines)
