"""The numbered sections, found by the titles that the form gives them.

Titles decide; the number before them only helps, for numbers are missing, doubled and wrong, and
the same words stand as sub-headings inside section 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rapidfuzz import fuzz

from models.forms import Form, load_forms
from models.lines import NUMBERING, ORDINALS, Line, bare
from models.schema.document import Section, Span

MAX_HEADING = 42
"""Longest line, in characters, that can be a heading."""
MIN_RATIO = 78
NONE = (0.0, -1)
"""Score and last candidate of the empty chain."""
TABLE_WORDS = re.compile("信息内容|第二十条第|申请人情况|自然人|结果维持|本年新收")


Known = tuple[tuple[int, str, tuple[str, ...]], ...]
"""Order, id and bare titles of each section of a form."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    section: str
    order: int
    line: Line
    end: int
    score: float


def find_sections(text: str, lines: list[Line], form: Form | None) -> tuple[Section, ...]:
    """Sections in order; "intro" is what stands before the first.

    The chosen headings are the sequence, in the form's order, with the highest summed score.
    Reports older than the forms keep their own numbering: their top-level headings are used.
    """
    forms = load_forms()
    titles = (form or next(reversed(forms.values()))).sections
    known = tuple((order, s.id, tuple(bare(t) for t in s.titles)) for order, s in enumerate(titles))
    table = [len(line.text) < 60 and bool(TABLE_WORDS.search(line.text)) for line in lines]
    chosen = _best_sequence(
        [c for i, line in enumerate(lines) for c in _candidates(line, known, any(table[i + 1 : i + 6]))]
    )
    if len(chosen) < 2 and form is None:
        chosen = _by_number(lines)
    starts = [0, *(c.line.start for c in chosen)]
    names = ["intro", *(c.section for c in chosen)]
    return tuple(
        Section(name, Span(start, end))
        for name, start, end in zip(names, starts, [*starts[1:], len(text)], strict=True)
    )


def _candidates(line: Line, known: Known, before_table: bool) -> list[_Candidate]:
    number = NUMBERING.match(line.text)
    head = line.text[: MAX_HEADING + (number.end() if number else 0)]
    glued = len(head) < len(line.text)
    found = []
    for order, section, ratio in _alike(bare(head), known, glued=glued and bool(number and number["top"])):
        score = ratio / 100 + _number_score(number, order)
        if section in ("2", "3", "4") and before_table:
            score += 0.4
        if score > 0.5:
            found.append(_Candidate(section, order, line, line.end, score))
    return found


@lru_cache(maxsize=20_000)
def _alike(words: str, known: Known, *, glued: bool) -> list[tuple[int, str, float]]:
    """Order, id and likeness of the sections that a line of these words can head."""
    ratios = [(order, section, _title_ratio(words, titles, glued=glued)) for order, section, titles in known]
    return [found for found in ratios if found[2] >= MIN_RATIO]


def _title_ratio(words: str, titles: tuple[str, ...], *, glued: bool) -> float:
    if not words:
        return 0.0
    if glued:
        return 95.0 if any(words.startswith(t) for t in titles if len(t) >= 4) else 0.0
    return max(fuzz.ratio(words, title) for title in titles)


def _number_score(number: re.Match[str] | None, order: int) -> float:
    if number is None:
        return 0.0
    if number["top"]:
        digit = ORDINALS[number["top"].lstrip("第")[0]]
        return 0.5 if digit == order + 1 else 0.3
    return -0.35


def _best_sequence(candidates: list[_Candidate]) -> list[_Candidate]:
    """Highest summed score with lines and sections both increasing (longest-path dynamic programme).

    Only the best chain that ends in each section is kept, so that time is linear in the candidates.
    """
    best: list[tuple[float, int]] = []
    ending: dict[int, tuple[float, int]] = {}
    for _, of_line in groupby(enumerate(candidates), key=lambda item: item[1].line.start):
        reached = dict(ending)
        for i, c in of_line:
            score, previous = max((chain for order, chain in reached.items() if order < c.order), default=NONE)
            best.append((score + c.score, previous))
            ending[c.order] = max(ending.get(c.order, NONE), (best[i][0], i))
    chain: list[_Candidate] = []
    at = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while at >= 0:
        chain.append(candidates[at])
        at = best[at][1]
    return chain[::-1]


def _by_number(lines: list[Line]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for line in lines:
        number = NUMBERING.match(line.text)
        if number and number["top"] and len(line.text) <= MAX_HEADING and line.text[-1] not in "。;；":
            digit = ORDINALS[number["top"].lstrip("第")[0]]
            if digit > (found[-1].order if found else 0):
                found.append(_Candidate(str(digit), digit, line, line.end, 1.0))
    return found
