"""Automatic list numbers of Word: 一、 and (一) and 1. that stand in no text, but on paper."""

from __future__ import annotations

import re
from typing import Any

_Element = Any
_DIGITS = "零一二三四五六七八九"
_CHINESE = {
    "chineseCounting",
    "chineseCountingThousand",
    "japaneseCounting",
    "ideographDigital",
    "taiwaneseCountingThousand",
    "taiwaneseCounting",
}
_CIRCLED = {"decimalEnclosedCircle", "decimalEnclosedCircleChinese"}
MAX_BASED_ON = 10
"""Styles based on each other that are followed."""


def local(element: _Element) -> str:
    """The name of an element without its namespace, which differs between editions of the format."""
    return str(element.tag).rpartition("}")[2]


def child(element: _Element | None, *path: str) -> _Element | None:
    """The first element down a path of names."""
    for name in path:
        element = next((c for c in element if local(c) == name), None) if element is not None else None
    return element


def value(element: _Element | None, name: str = "val") -> str | None:
    """An attribute, whatever its namespace."""
    if element is None:
        return None
    return next((str(v) for k, v in element.attrib.items() if str(k).rpartition("}")[2] == name), None)


class Numbers:
    """Counts paragraphs of lists in reading order."""

    def __init__(self, numbering: _Element | None, styles: _Element | None) -> None:
        self._lists: dict[str, str] = {}
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._styles: dict[str, _Element] = {}
        self._counts: dict[str, dict[int, int]] = {}
        for part in numbering if numbering is not None else ():
            if local(part) == "num":
                self._lists[value(part, "numId") or ""] = value(child(part, "abstractNumId")) or ""
            elif local(part) == "abstractNum":
                self._read_levels(value(part, "abstractNumId") or "", part)
        for part in styles if styles is not None else ():
            if local(part) == "style":
                self._styles[value(part, "styleId") or ""] = part

    def _read_levels(self, name: str, part: _Element) -> None:
        for level in (c for c in part if local(c) == "lvl"):
            form = value(child(level, "numFmt")) or "decimal"
            start = _number(value(child(level, "start")), 1)
            self._levels[name, _number(value(level, "ilvl"), 0)] = form, value(child(level, "lvlText")) or "", start

    def of(self, paragraph: _Element) -> str:
        """The number of a paragraph; empty where it has none, or one of a kind that is not known."""
        place = self._place(paragraph)
        if place is None or (place[0], place[1]) not in self._levels:
            return ""
        name, level = place
        counts = self._counts.setdefault(name, {})
        counts[level] = counts.get(level, self._levels[name, level][2] - 1) + 1
        for deeper in [k for k in counts if k > level]:
            del counts[deeper]
        return re.sub(r"%(\d)", lambda m: self._shown(name, int(m[1]) - 1, counts), self._levels[name, level][1])

    def _shown(self, name: str, level: int, counts: dict[int, int]) -> str:
        form, _, start = self._levels.get((name, level), ("decimal", "", 1))
        return shown(counts.get(level, start), form)

    def _place(self, paragraph: _Element) -> tuple[str, int] | None:
        """The list and the level of a paragraph, its own or that of its style."""
        properties = child(paragraph, "pPr")
        style = value(child(properties, "pStyle"))
        for _ in range(MAX_BASED_ON):
            numbers = child(properties, "numPr")
            number = value(child(numbers, "numId"))
            if number is not None:
                name = self._lists.get(number)
                return (name, _number(value(child(numbers, "ilvl")), 0)) if name is not None else None
            if style is None or style not in self._styles:
                return None
            properties, style = child(self._styles[style], "pPr"), value(child(self._styles[style], "basedOn"))
        return None


def shown(number: int, form: str) -> str:
    """A number as a list prints it; empty for bullets and forms that are not known."""
    if form in ("decimal", "decimalFullWidth"):
        return str(number)
    if form in _CHINESE and 0 < number < 100:
        tens, ones = divmod(number, 10)
        head = "" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十"
        return head + (_DIGITS[ones] if ones else "")
    if form in _CIRCLED and 0 < number <= 20:
        return chr(0x245F + number)
    return ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 5 else otherwise
