"""Inputs with the same bytes: read once, listed at every source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from inference.rows import Row, Rows
from models.numerals import fold
from models.readers.inputs import Input
from models.readers.registry import is_readable

_ZEROS = str.maketrans("○零O", "〇〇〇")
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


class Copies:
    """The same bytes are read once; every further source of them gets the same row.

    Where the text names neither the agency nor the year of its row, those are of the crawl's record, and the row of a
    copy has those of its own record. Figures, cells and findings stay one, as `report_id` is of the bytes alone.

    What no reader takes is no first, so that `a.bak` does not hide the same bytes in `a.txt`.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: defaultdict[str, list[Row]] = defaultdict(list)
        self.number = 0

    def without(self, items: Iterator[Input]) -> Iterator[Input]:
        """The inputs whose bytes did not come before."""
        for item in items:
            if item.data is None or not is_readable(item.data, item.suffix):
                yield item
            elif (first := self._first.get(item.report_id)) is not None:
                self._others[first].append({name: getattr(item, name) for name in ("source", "url", "agency", "year")})
                self.number += 1
            else:
                self._first[item.report_id] = item.key
                yield item

    def add_to(self, rows: Rows) -> None:
        """Rows of the copies of a batch's inputs, reports or failures as those are."""
        for row in list(rows.reports):
            if others := self._others.get(row["input"]):
                of_the_record = ("source", "url", *_untold(row))
                rows.reports += [
                    row | {name: other[name] for name in of_the_record if name == "url" or other[name] is not None}
                    for other in others
                ]
        rows.failures += [
            {**row, "source": other["source"]} for row in rows.failures for other in self._others.get(row["input"], ())
        ]


def _untold(report: Row) -> list[str]:
    """Which of agency and year do not stand in the text."""
    words = _tight(f"{report['title'] or ''}\n{report['text']}")
    year = str(report["year"])
    told = {
        "agency": bool(report["agency"]) and _tight(report["agency"]) in words,
        "year": year in words or year.translate(_DIGITS) in words,
    }
    return [name for name, there in told.items() if not there]


def _tight(words: str) -> str:
    return re.sub(r"\s", "", fold(words)).translate(_ZEROS)
