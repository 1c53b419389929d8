"""The narrative of a document as one running text, without tables, chrome and spam.

Every character knows its place in the source, so that whatever is found here points there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.schema.document import Document, Span

SENTENCE_END = re.compile(r"[。！？!?；;\n]+")
STOP = re.compile(r"[。！？!?]|(?<![，,、；;：:])\n")
"""A full stop, or the end of a line that does not go on in the next."""
STATEMENT_END = re.compile(
    rf"(?:{STOP.pattern})(?!\s{{0,4}}[(（]?(?:其中|分别[为是有]|(?:具体)?包[括含]|具体[为是如]))"
)
"""A full stop before 其中 ends no statement: the parts of what it closes follow."""
STATEMENT = 200
"""How far before a figure, in characters, its statement may begin."""
WINDOW = 200
"""Longest core of a window, in characters."""
CONTEXT = 54
"""Characters before the core that the tagger sees too."""
SHORT = 30
"""Sentences of fewer characters may be headings, which tell what is counted below them."""


@dataclass(frozen=True, slots=True)
class Narrative:
    """Running text; `positions[i]` is the place of `text[i]` in the source."""

    text: str
    positions: tuple[int, ...]

    def source_span(self, start: int, end: int) -> Span:
        """Where [start, end) of the narrative stands in the source."""
        return Span(self.positions[start], self.positions[end - 1] + 1)


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of a narrative as the tagger reads it; it answers for [core, end)."""

    start: int
    core: int
    end: int


def narrative_of(document: Document) -> Narrative:
    """The narrative: what is neither table nor noise, a line break between lines."""
    hidden = bytearray(len(document.text))
    for span in (*document.tables, *(n.span for n in document.noise)):
        hidden[span.start : span.end] = b"\1" * (span.end - span.start)
    characters: list[str] = []
    positions: list[int] = []
    for match in re.finditer(r"[^\n\r\x0b\x0c\u2028\x85]+", document.text):
        line = match[0].strip(" \t\u3000\xa0\ufeff")
        start = match.start() + match[0].find(line) if line else match.end()
        visible = [i for i in range(start, start + len(line)) if not hidden[i]]
        if not visible:
            continue
        if characters:
            characters.append("\n")
            positions.append(visible[0])
        characters.extend(document.text[i] for i in visible)
        positions.extend(visible)
    return Narrative("".join(characters), tuple(positions))


def sentences(text: str) -> Iterator[Span]:
    """Sentences with their closing mark; a line break ends one."""
    start = 0
    for match in SENTENCE_END.finditer(text):
        if match.end() > start:
            yield Span(start, match.end())
        start = match.end()
    if start < len(text):
        yield Span(start, len(text))


def condensed(text: str, places: Sequence[int]) -> tuple[str, list[int]]:
    """The text without long sentences that hold none of the places, which lie in order; and where the places are in it.

    Half of a report is talk without a number, which names nothing. Headings and other short sentences stay.
    """
    kept: list[str] = []
    moved: list[int] = []
    removed = at = 0
    for sentence in sentences(text):
        first = at
        while at < len(places) and places[at] < sentence.end:
            at += 1
        if at > first or sentence.end - sentence.start < SHORT:
            kept.append(text[sentence.start : sentence.end])
            moved += [place - removed for place in places[first:at]]
        else:
            removed += sentence.end - sentence.start
    return "".join(kept), moved


def statement_before(text: str, position: int) -> str:
    """What stands before a position in its statement, of the last `STATEMENT` characters."""
    start = max(0, position - STATEMENT)
    ends = [m.end() for m in STATEMENT_END.finditer(text, start, position)]
    return text[ends[-1] if ends else start : position]


def windows(text: str) -> Iterator[Window]:
    """Cover the text with windows of whole sentences; longer sentences break at commas."""
    start = end = 0
    for piece in _pieces(text):
        if piece.end - start > WINDOW and end > start:
            yield _window(start, end)
            start = end
        end = piece.end
    if end > start:
        yield _window(start, end)


def _window(start: int, end: int) -> Window:
    return Window(max(0, start - CONTEXT), start, end)


def _pieces(text: str) -> Iterator[Span]:
    for sentence in sentences(text):
        start = sentence.start
        while sentence.end - start > WINDOW:
            cut = max((text.rfind(c, start, start + WINDOW) for c in "，,、：:"), default=-1)
            cut = cut + 1 if cut > start + WINDOW // 2 else start + WINDOW
            while cut < sentence.end and text[cut - 1].isdigit() and text[cut].isdigit():
                cut += 1
            yield Span(start, cut)
            start = cut
        yield Span(start, sentence.end)
