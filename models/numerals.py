"""Numerals as these reports print them: 1,234 · １２ · 1.42万 · 两 · 一百零五 · 2亿3千万."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import opencc

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "○": 0}
UNITS = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10**4, "亿": 10**8}
CHINESE = "零〇一二两三四五六七八九十百千万亿"
_ARABIC = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SEPARATOR = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")


def _simplifying() -> dict[int, str]:
    """Traditional characters and their simplified ones (OpenCC, t2s), one for one."""
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    simple = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(a): b for a, b in zip(characters, simple, strict=True) if a != b and len(b) == 1}


_SIMPLIFIED = _simplifying()
_FOLDED = _SIMPLIFIED | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}


def simplified(text: str) -> str:
    """Traditional characters as simplified ones, one for one, so that offsets stay the same."""
    return text.translate(_SIMPLIFIED)


def fold(text: str) -> str:
    """Full-width to half-width, traditional to simplified: one for one, so that offsets stay the same."""
    return text.translate(_FOLDED)


def parse_numeral(text: str) -> Decimal | None:
    """The value of a numeral, None where it is none.

    万 and 亿 scale what stands before them; `text` carries neither unit nor qualifier.
    """
    folded = _SEPARATOR.sub("", fold(text).strip()).replace(" ", "")
    if not folded or len(folded) > 40:
        return None
    if _ARABIC.match(folded):
        return _arabic(folded)
    return _chinese(folded)


def _arabic(text: str) -> Decimal | None:
    total = Decimal(0)
    number = ""
    for character in text:
        if character in MYRIADS or character in UNITS:
            value = _decimal(number)
            if value is None:
                return None
            total += value * (MYRIADS.get(character) or UNITS[character])
            number = ""
        else:
            number += character
    if not number:
        return total
    value = _decimal(number)
    return None if value is None else total + value


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if _ARABIC.fullmatch(text) else None
    except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
        return None


def _chinese(text: str) -> Decimal | None:
    if any(c not in CHINESE and c != "○" for c in text):
        return None
    if all(c in DIGITS for c in text):
        return Decimal("".join(str(DIGITS[c]) for c in text))
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in UNITS:
            section += (digit or 1) * UNITS[character]
            digit = 0
        else:
            total = (total + section + digit) * MYRIADS[character]
            section = digit = 0
    return Decimal(total + section + digit)
