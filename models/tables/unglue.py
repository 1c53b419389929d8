"""Lines that hold several cells of a table with nothing between them, and cells that take several lines.

A flattened table can stand on one line (`规章000行政规范性文件141414`), and a header that a page sets
upright can stand one character a line. Both are cut at the labels of the forms; a line is taken apart
only where it consists of labels and numbers, so that a sentence never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice, pairwise
from typing import Literal, NamedTuple

from models.forms import form_labels, load_forms
from models.lines import NUMBERING
from models.numerals import fold
from models.tables.untangle import is_tangled, untangled

MAX_RESIDUE = 0.15
"""Share of a line that may be neither label nor number where it is cut."""
MANY_LABELS = 8
MAX_PROSE = 0.5
"""That share of a part of a longer line with so many labels: a title and a note stand with its table."""
LONG_LINE = 800
"""A line with a full stop is prose, unless it is longer than this: then it may be a whole report."""
MAX_LINE = 200_000
MAX_CELLS = 2_000
"""Cells of a line, beyond which it is no table of a form: two reports have less than a thousand."""
SHORT_LINE = 30
"""A line up to this long without a digit or a space is one cell."""
MIN_STACKED = 2
_CHARACTERS = frozenset(map(chr, range(0x4E00, 0xA000))) - set("无零")
UPRIGHT = re.compile(r"\n[^\S\n]{0,8}[\u4e00-\u9fff](?:[^\S\n]{1,8}[\u4e00-\u9fff]){0,23}[^\S\n]{0,8}\n")
"""A line of one Chinese character, or of several apart by spaces, somewhere in a text."""
_NUMBERED = re.compile(r"(?:[(（]\s*[一二三四五六七八九十]{1,2}\s*[)）]|[一二三四五六七八九十]{1,2}\s*[、.．])\s*$")
_SEVERAL = re.compile(r"[\s0-9０-９]")
_VALUE = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:万?元)?|[/\-—|]+|无")
_GLUED = re.compile(r"[+-]?\d(?:[\d.+-]*\d)", re.ASCII)
_BEFORE_WORDS = re.compile(r"[\s\d+.,/—-]*\d[\s/—-]*(?=[一二三四五六七八九十]、|第二十条|\s[^\s\d/—-])")
"""Values, and the title of a section or other words after them."""
_PUNCTUATION = "、,.。:;()“”\"'〔〕[]"


class Cut(NamedTuple):
    """A cell within a line: where it begins, its words, and what they are.

    A glued cell holds the digits of several cells; values stand apart by spaces.
    """

    start: int
    words: str
    kind: Literal["label", "values", "glued", "other"]


def joined_lines(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines of one Chinese character each as one line; its text keeps the line breaks, so that places stay.

    Where several such columns stand side by side, a line of the labels that they spell (`untangle.py`).
    """
    stack: list[tuple[int, str]] = []
    for start, line in _beside(lines):
        if len(line) < 8 and ((words := line.strip()) in _CHARACTERS or (stack and not words)):
            stack.append((start, line))
            continue
        if stack:
            yield from _stacked(stack)
            stack.clear()
        yield start, line
    yield from _stacked(stack)


def _beside(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, upright headers that stand side by side replaced by their labels."""
    block: list[tuple[int, str]] = []
    for start, line in lines:
        if is_tangled(line) and (block or len(line.split()) > 1):
            block.append((start, line))
            continue
        yield from untangled(block)
        block.clear()
        yield start, line
    yield from untangled(block)


def _stacked(stack: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    while stack and not stack[-1][1].strip():
        stack.pop()
    if len(stack) < MIN_STACKED:
        yield from stack
        return
    first = stack[0][0]
    parts: list[str] = []
    end = first
    for start, line in stack:
        parts.append("\n" * (start - end) + line)
        end = start + len(line)
    yield first, "".join(parts)


def segments(line: str) -> list[tuple[int, str]]:
    """The sentences of a line that holds whole sections, tables among them."""
    if len(line) <= LONG_LINE:
        return [(0, line)]
    starts = sorted({0, len(line), *(m.end() for m in re.finditer("。", line))})
    parts = ((a, line[a:b]) for a, b in pairwise(starts))
    return [(a + len(part) - len(part.lstrip()), part.strip()) for a, part in parts if part.strip()]


def cells_within(line: str, *, part: bool = False) -> list[Cut] | None:
    """Cells of a line, or of a part of a longer one, that consists of labels and numbers; None where it is prose."""
    if not 4 <= len(line) <= MAX_LINE or ("。" in line and len(line) <= LONG_LINE and not part):
        return None
    if len(line) <= SHORT_LINE and not _SEVERAL.search(line):
        return None
    folded = fold(line)
    cuts = [cut for cut in islice(_cuts(line, folded), MAX_CELLS + 1) if cut.words.strip()]
    if len(cuts) > MAX_CELLS:
        return None
    n_labels = sum(cut.kind == "label" for cut in cuts)
    several = n_labels > 1 or [cut.kind for cut in cuts] in (["label", "glued"], ["label", "values"])
    residue = sum(len(cut.words.strip()) for cut in cuts if cut.kind == "other")
    table = part and n_labels >= MANY_LABELS and any(cut.kind in ("values", "glued") for cut in cuts)
    return cuts if several and residue <= (MAX_PROSE if table else MAX_RESIDUE) * len(line) else None


def _cuts(line: str, folded: str) -> Iterator[Cut]:
    done = 0
    for match in _label_pattern().finditer(folded):
        start = max(done, match.start() - len(_number_before(folded, match.start(), match[0])))
        yield from _between(line, folded, done, start)
        yield Cut(start, line[start : match.end()], "label")
        done = match.end()
    yield from _between(line, folded, done, len(line))


def _between(line: str, folded: str, start: int, end: int) -> Iterator[Cut]:
    """What stands between two labels: a unit, then values; digits right after a label may be those of several cells."""
    after = start > 0
    unit = _unit_pattern().match(folded, start, end) if after else None
    if unit is not None:
        yield Cut(unit.start(1), line[unit.start(1) : unit.end()], "label")
        start = unit.end()
    if after and (values := _BEFORE_WORDS.match(folded, start, end)):
        yield from _between(line, folded, start, values.end())
        start = values.end()
    words = folded[start:end].strip()
    at = start + (folded.index(words[0], start) - start if words else 0)
    cell = line[at : at + len(words)]
    if at == start and after and _GLUED.fullmatch(words):
        yield Cut(at, cell, "glued")
    else:
        yield Cut(at, cell, "values" if all(_VALUE.fullmatch(w) for w in words.split()) else "other")


def _number_before(folded: str, end: int, label: str) -> str:
    """The list number right before a label, with its punctuation; of digits only one that the form gives it."""
    head = folded[max(0, end - 12) : end]
    if match := _NUMBERED.search(head):
        return match[0]
    for number in _numbers()["".join(c for c in label if not c.isspace() and c not in _PUNCTUATION)]:
        if match := re.search(rf"{number}\s*[.、．)]\s*$", head):
            return match[0]
    return ""


@cache
def _numbers() -> dict[str, tuple[str, ...]]:
    """For each label without its number and punctuation, the Arabic list numbers that the forms give it."""
    found: dict[str, set[str]] = {}
    for label in chain.from_iterable(form_labels(form) for form in load_forms().values()):
        number, words = _parts(label)
        bare = "".join(c for c in words if c not in _PUNCTUATION)
        found.setdefault(bare, set()).update([number] if number.isdigit() else [])
    return {words: tuple(sorted(numbers, key=len, reverse=True)) for words, numbers in found.items()}


def _parts(label: str) -> tuple[str, str]:
    """List number and words of a label."""
    folded = fold(label)
    match = NUMBERING.match(folded)
    return (match[0].strip(" .、()"), folded[match.end() :]) if match else ("", folded)


@cache
def _label_pattern() -> re.Pattern[str]:
    """Any label of any form, the longest first; spaces may stand inside and punctuation may be lost.

    Labels are grouped by their first character, so that a character which begins none costs one look.
    """
    words = {_parts(label)[1].lstrip(_PUNCTUATION) for form in load_forms().values() for label in form_labels(form)}
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda w: (-len(w), w)):
        if len(word) > 1:
            rest = (r"\s*" + re.escape(c) + ("?" if c in _PUNCTUATION else "") for c in word[1:])
            by_first.setdefault(word[0], []).append("".join(rest))
    return re.compile(
        f"(?=[{''.join(map(re.escape, by_first))}])(?:"
        + "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in by_first.items())
        + ")"
    )


@cache
def _unit_pattern() -> re.Pattern[str]:
    """A unit of a form that has a column of units; none matches where no form has."""
    units = {unit for form in load_forms().values() for table in form.tables for unit in table.units}
    words = "|".join(sorted(map(re.escape, units), key=lambda u: (-len(u), u)))
    return re.compile(rf"\s*({words or '(?!)'})(?=[\s\d]|$)")
