"""Lines of a text with their offsets, and how a heading's number is told from its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.numerals import fold

NUMBERING = re.compile(
    r"\s*(?:"
    r"(?P<top>第?[一二三四五六七八九十]{1,3}(?:部分)?[、.．:：\s])"
    r"|(?P<bracket>[(（][一二三四五六七八九十\d]{1,3}[)）][、.．]?)"
    r"|(?P<digit>\d{1,2}[、.．)）](?!\d))"
    r")\s*"
)
PINYIN = re.compile(r"(?<=[\u4e00-\u9fff])[(（][a-zü]{0,4}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńň][a-zü]{0,4}[)）]")
"""The sound of a character in brackets after it, as copies of pages carry it: 申请(qǐng)."""
ORDINALS = {c: i for i, c in enumerate("一二三四五六七八九十", 1)}
_PUNCTUATION = re.compile(r"[\s、,，.。．:：;；()（）\[\]【】<>《》“”\"'‘’/·\-—_|*#]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its surrounding white space: [start, end) of the text."""

    start: int
    end: int
    text: str


def lines_of(text: str) -> Iterator[Line]:
    """Lines that hold more than white space and bars."""
    for match in re.finditer(r"[^\n\r\x0b\x0c\u2028\x85]+", text):
        raw = match[0]
        start = match.start() + len(raw) - len(raw.lstrip(" \t\u3000\xa0\ufeff|"))
        end = match.end() - (len(raw) - len(raw.rstrip(" \t\u3000\xa0\ufeff|")))
        if start < end:
            yield Line(start, end, text[start:end])


def bare(text: str) -> str:
    """Text without number, punctuation and spaces, half-width: what labels are compared by."""
    words = NUMBERING.sub("", text, count=1) if NUMBERING.match(text) else text
    return _PUNCTUATION.sub("", fold(PINYIN.sub("", words) if "(" in words or "（" in words else words))
