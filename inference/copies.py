"""Inputs with the same bytes: read once, listed at every source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inference.rows import Row, Rows
from models.readers.inputs import Input
from models.readers.registry import is_readable


class Copies:
    """The same bytes are read once; every further source of them gets the same row.

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
                self._others[first].append({"source": item.source, "url": item.url})
                self.number += 1
            else:
                self._first[item.report_id] = item.key
                yield item

    def add_to(self, rows: Rows) -> None:
        """Rows of the copies of a batch's inputs, reports or failures as those are."""
        rows.reports += [row | other for row in rows.reports for other in self._others.get(row["input"], ())]
        rows.failures += [
            {**row, "source": other["source"]} for row in rows.failures for other in self._others.get(row["input"], ())
        ]
