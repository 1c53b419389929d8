"""The numbered sections, found by the titles that the form gives them.

Titles decide; the number before them only helps, for numbers are missing, doubled and wrong, and
the same words stand as sub-headings inside section 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from models.forms import Form, load_forms
from models.lines import NUMBERING, ORDINALS, Line, bare
from models.schema.document import Section, Span

MAX_HEADING = 42
"""Longest line, in characters, that can be a heading."""
MIN_RATIO = 78
TABLE_WORDS = ("信息内容", "第二十条第", "申请人情况", "自然人", "结果维持", "本年新收")


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
    known = [(order, s.id, tuple(bare(t) for t in s.titles)) for order, s in enumerate(titles)]
    chosen = _best_sequence(
        [c for i, line in enumerate(lines) for c in _candidates(line, known, _followed_by_table(lines, i))]
    )
    if len(chosen) < 2 and form is None:
        chosen = _by_number(lines)
    starts = [0, *(c.line.start for c in chosen)]
    names = ["intro", *(c.section for c in chosen)]
    return tuple(
        Section(name, Span(start, end))
        for name, start, end in zip(names, starts, [*starts[1:], len(text)], strict=True)
    )


def _candidates(line: Line, known: list[tuple[int, str, tuple[str, ...]]], before_table: bool) -> list[_Candidate]:
    number = NUMBERING.match(line.text)
    head = line.text[: MAX_HEADING + (number.end() if number else 0)]
    glued = len(head) < len(line.text)
    words = bare(head)
    found = []
    for order, section, titles in known:
        ratio = _title_ratio(words, titles, glued=glued and bool(number and number["top"]))
        if ratio < MIN_RATIO:
            continue
        score = ratio / 100 + _number_score(number, order)
        if section in ("2", "3", "4") and before_table:
            score += 0.4
        if score > 0.5:
            found.append(_Candidate(section, order, line, line.end, score))
    return found


@lru_cache(maxsize=20_000)
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
        digit = next((ORDINALS[c] for c in number["top"] if c in ORDINALS), 0)
        return 0.5 if digit == order + 1 else 0.3
    return -0.35


def _followed_by_table(lines: list[Line], index: int) -> bool:
    return any(
        len(line.text) < 60 and any(word in line.text for word in TABLE_WORDS) for line in lines[index + 1 : index + 6]
    )


def _best_sequence(candidates: list[_Candidate]) -> list[_Candidate]:
    """Highest summed score with lines and sections both increasing (longest-path dynamic programme)."""
    best: list[tuple[float, int]] = []
    for i, c in enumerate(candidates):
        before = [
            (best[j][0], j)
            for j in range(i)
            if candidates[j].line.start < c.line.start and candidates[j].order < c.order
        ]
        score, previous = max(before, default=(0.0, -1))
        best.append((score + c.score, previous))
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
            digit = next((ORDINALS[c] for c in number["top"] if c in ORDINALS), 0)
            if digit > (found[-1].order if found else 0):
                found.append(_Candidate(str(digit), digit, line, line.end, 1.0))
    return found
