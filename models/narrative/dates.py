"""Dates as printed, also with lost characters, to ISO as far as they are known."""

from __future__ import annotations

import re
from calendar import monthrange

from models.numerals import fold, parse_numeral

_CHINESE_YEAR = re.compile(r"([二一][〇零○一九]{1,2}[〇零○一二三四五六七八九]{1,2})年")


def parse_date(text: str, year: int | None) -> str | None:
    """ISO date of a printed one; `year` fills in where it prints none.

    Runs of digits that lost 年, 月 or 日 are split the one valid way; of two valid ways the one
    that makes 1 January or 31 December, the ends of a report's period, is taken, else the shorter
    month.
    """
    folded = re.sub(r"\s+", "", fold(text))
    if match := _CHINESE_YEAR.match(folded):
        return _chinese(match[1], folded[match.end() :])
    numbers = re.findall(r"\d+", folded)
    if not numbers:
        return None
    head = numbers[0]
    if len(head) >= 4 and head[:2] in ("19", "20"):
        return _iso(int(head[:4]), head[4:], numbers[1:], with_day=folded.endswith("日"))
    return _iso(year, "", numbers) if year else None


def _chinese(year: str, rest: str) -> str | None:
    value = parse_numeral(year.replace("○", "〇"))
    parts = [parse_numeral(p) for p in re.findall(r"[一二三四五六七八九十]+", rest)]
    numbers = [str(int(p)) for p in parts if p is not None]
    return None if value is None else _iso(int(value), "", numbers)


def _iso(year: int, run: str, rest: list[str], *, with_day: bool = False) -> str | None:
    """`with_day` says that 日 was printed, so that a run of two digits is a month and a day."""
    parts = [run, *rest] if run else rest
    if not parts:
        return str(year)
    if len(parts) == 1 and (len(parts[0]) > 2 or (with_day and len(parts[0]) == 2)):
        parts = _split(parts[0], year) or []
    if not parts or not all(p.isdigit() and len(p) <= 2 for p in parts[:2]):
        return None
    month = int(parts[0])
    if not 1 <= month <= 12:
        return None
    if len(parts) == 1:
        return f"{year}-{month:02}"
    day = int(parts[1])
    return f"{year}-{month:02}-{day:02}" if _valid(year, month, day) else None


def _split(run: str, year: int) -> list[str] | None:
    """Month and day of a run of two to four digits."""
    ways = [(run[:1], run[1:]), (run[:2], run[2:])]
    valid = [
        (m, d) for m, d in ways if 1 <= len(d) <= 2 and not d.startswith("0") and _valid(year, int(m), int(d))
    ] or [(m, d) for m, d in ways if 1 <= len(d) <= 2 and _valid(year, int(m), int(d))]
    ends = [(m, d) for m, d in valid if (int(m), int(d)) in ((1, 1), (12, 31))]
    chosen = (ends or valid)[:1]
    return list(chosen[0]) if chosen else None


def _valid(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
