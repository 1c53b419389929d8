"""Glyphs to lines of type, and lines that the page or a cell wraps to running text.

Only geometry decides: the order of the content stream says nothing about the order of reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.lines import NUMBERING
from models.readers.pdf_page import Box, Glyph

SAME_LINE = 0.4
"""Share of the font size within which baselines are one line."""
GAP = 0.7
"""Share of the font size beyond which characters stand in separate stretches."""
LETTER_GAP = 0.25
"""Share of the font size that parts two Latin words."""
WIDE_GAP = 0.7
"""Share of the font size from which a space between Chinese characters is kept."""
PADDING = 11.0
"""Points of white space at both sides of a cell together."""
LONG_CELL = 7
"""A cell with as many lines, and wide, holds paragraphs."""
SENTENCE_END = "。!?！？;；:："


@dataclass(frozen=True, slots=True)
class TypeLine:
    """Characters on one baseline, from left to right."""

    glyphs: tuple[Glyph, ...]
    x0: float
    x1: float
    base: float
    size: float

    @property
    def text(self) -> str:
        """The characters, with spaces where they separate words."""
        return text_of(self.glyphs)

    @property
    def top(self) -> float:
        """Where its characters begin."""
        return self.base - 0.85 * self.size


def type_lines(glyphs: Sequence[Glyph]) -> list[TypeLine]:
    """Lines from top to bottom; what holds only spaces is none."""
    groups: list[list[Glyph]] = []
    base = 0.0
    for glyph in sorted((g for g in glyphs if not g.text.isspace()), key=lambda g: g.base):
        if groups and glyph.base - base <= SAME_LINE * min(glyph.size, groups[-1][0].size):
            groups[-1].append(glyph)
            base += (glyph.base - base) / len(groups[-1])
        else:
            groups.append([glyph])
            base = glyph.base
    lines = [_line(group) for group in groups]
    spaces = [g for g in glyphs if g.text.isspace()]
    return [_with_spaces(line, spaces) for line in lines] if spaces else lines


def _line(glyphs: Sequence[Glyph]) -> TypeLine:
    ordered = sorted(glyphs, key=lambda g: (g.x0, g.x1))
    sizes = sorted(g.size for g in ordered)
    bases = sorted(g.base for g in ordered)
    middle = len(ordered) // 2
    return TypeLine(tuple(ordered), ordered[0].x0, max(g.x1 for g in ordered), bases[middle], sizes[middle])


def _with_spaces(line: TypeLine, spaces: Sequence[Glyph]) -> TypeLine:
    inner = [s for s in spaces if abs(s.base - line.base) < SAME_LINE * line.size and line.x0 < s.x0 < line.x1]
    if not inner:
        return line
    ordered = sorted((*line.glyphs, *inner), key=lambda g: (g.x0, g.text.isspace()))
    return TypeLine(tuple(ordered), line.x0, line.x1, line.base, line.size)


def text_of(glyphs: Sequence[Glyph]) -> str:
    """Characters in their order, with a space where one is set or a gap stands for it."""
    parts: list[str] = []
    last: Glyph | None = None
    spaced = False
    for glyph in glyphs:
        if glyph.text.isspace():
            spaced = True
            continue
        if last is not None and _parted(last, glyph, spaced=spaced):
            parts.append(" ")
        parts.append(glyph.text)
        last, spaced = glyph, False
    return "".join(parts)


def _parted(left: Glyph, right: Glyph, *, spaced: bool) -> bool:
    gap = (right.x0 - left.x1) / max(left.size, right.size)
    a, b = left.text[-1], right.text[0]
    if gap > GAP:
        return True
    if spaced:
        return gap > (LETTER_GAP / 2 if a < "\u2e80" or b < "\u2e80" else WIDE_GAP)
    return gap > LETTER_GAP and a.isascii() and b.isascii() and a.isalpha() and b.isalpha()


def stretches(line: TypeLine) -> list[TypeLine]:
    """The parts of a line that stand apart by more than `GAP`; spaces between them fall away."""
    found: list[list[Glyph]] = []
    last: Glyph | None = None
    for glyph in line.glyphs:
        if glyph.text.isspace():
            if found:
                found[-1].append(glyph)
            continue
        if last is None or glyph.x0 - last.x1 > GAP * max(last.size, glyph.size):
            found.append([])
        found[-1].append(glyph)
        last = glyph
    return [_stretch(group) for group in found]


def _stretch(glyphs: list[Glyph]) -> TypeLine:
    while glyphs[-1].text.isspace():
        glyphs.pop()
    line = _line([g for g in glyphs if not g.text.isspace()])
    return TypeLine(tuple(glyphs), line.x0, line.x1, line.base, line.size)


def cell_text(lines: Sequence[TypeLine], box: Box) -> str:
    """The text of a cell: its lines together; in a long and wide one paragraphs stay apart."""
    if len(lines) >= LONG_CELL and box.x1 - box.x0 > 20 * lines[0].size:
        return "\n".join(paragraphs(lines, min(x.x0 for x in lines), max(x.x1 for x in lines)))
    text = ""
    last: TypeLine | None = None
    for line in lines:
        text = line.text if last is None else _in_cell(text, last, line.text, box)
        last = line
    return text


def _in_cell(text: str, last: TypeLine, following: str, box: Box) -> str:
    """A number goes on in the next line only where the first one fills the cell."""
    numbers = re.search(r"[\d.,]$", text) and re.match(r"[\d.,]", following)
    if numbers and last.x1 - last.x0 + 0.55 * last.size <= box.x1 - box.x0 - PADDING:
        return f"{text}\n{following}"
    return joined(text, following)


def joined(text: str, following: str) -> str:
    """Two lines of one text: a space where Latin words meet, else nothing."""
    latin = text[-1:].isascii() and text[-1:].isalpha() and following[:1].isascii() and following[:1].isalpha()
    return f"{text}{' ' if latin else ''}{following}"


def paragraphs(lines: Sequence[TypeLine], left: float, right: float) -> list[str]:
    """Lines between two margins as paragraphs."""
    found: list[str] = []
    pitch = usual_pitch(lines)
    for last, line in zip([None, *lines], lines, strict=False):
        if last is not None and goes_on(last, line, left, right, pitch):
            found[-1] = joined(found[-1], line.text)
        else:
            found.append(line.text)
    return found


def usual_pitch(lines: Sequence[TypeLine]) -> float:
    """Median distance of baselines; 0 where there is none."""
    steps = sorted(b.base - a.base for a, b in pairwise(lines) if b.base > a.base)
    return steps[len(steps) // 2] if steps else 0.0


def goes_on(line: TypeLine, following: TypeLine, left: float, right: float, pitch: float) -> bool:
    """Whether the margin broke a paragraph here.

    Args:
        line: the upper line.
        following: the lower line; on the next page its baseline is smaller, and the pitch says nothing.
        left: where full lines begin.
        right: where full lines end.
        pitch: usual distance of baselines.
    """
    size = max(line.size, following.size)
    if abs(line.size - following.size) > 0.2 * size or following.base - line.base > 1.5 * max(pitch, 1.2 * size):
        return False
    if _centred(line, left, right) and _centred(following, left, right):
        return line.text[-1] not in SENTENCE_END and not NUMBERING.match(following.text)
    full = line.x1 > right - 2.2 * size
    indented = following.x0 > left + 0.8 * size
    if not full or indented:
        return False
    return line.text[-1] not in SENTENCE_END or (line.x0 <= left + 0.8 * size or not NUMBERING.match(following.text))


def _centred(line: TypeLine, left: float, right: float) -> bool:
    before, after = line.x0 - left, right - line.x1
    return min(before, after) > 2.5 * line.size and abs(before - after) < 1.5 * line.size
