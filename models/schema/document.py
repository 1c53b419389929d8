"""A report as read: its text, where its parts stand, and the grids that its format kept.

Every position is a half-open range [start, end) of characters in `Source.text`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range of characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a table whose format kept rows and columns (HTML, PDF, Word)."""

    row: int
    column: int
    rowspan: int
    colspan: int
    span: Span


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with known rows and columns; cells in reading order."""

    span: Span
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One decoded input.

    Attributes:
        text: what every offset points into; for HTML the visible text.
        title: what the format itself gives as the title (HTML), else empty.
        warnings: what a person should know about the decoding, in Chinese.
        pictures: positions in `text` where a picture stands that is large enough to hold a table.
    """

    text: str
    encoding: str
    title: str = ""
    grids: tuple[Grid, ...] = ()
    warnings: tuple[str, ...] = ()
    pictures: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section of the report ("intro" before the first)."""

    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Noise:
    """Text that is no part of the report: chrome of the site, contact lines, or spam."""

    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A source with its structure.

    Attributes:
        year: the report year, null where neither title nor text tells it.
        form: id of the form whose words the tables use, null without tables.
        sections: in order, without overlap.
        tables: stretches of flattened text that hold tables.
        noise: in order, without overlap.
    """

    source: Source
    agency: str | None
    year: int | None
    title: str
    form: str | None
    sections: tuple[Section, ...]
    tables: tuple[Span, ...]
    noise: tuple[Noise, ...]
    warnings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The decoded text."""
        return self.source.text

    def section_at(self, position: int) -> str:
        """Id of the section that holds a position."""
        return next((s.id for s in self.sections if s.span.start <= position < s.span.end), "intro")
