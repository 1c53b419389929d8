"""Inputs with the same bytes: read once, listed at every source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inference.rows import Row, Rows
from models.readers.inputs import Input
from models.readers.registry import readers


class Copies:
    """The same bytes are read once; every further source of them gets the same row.

    What no reader takes is no first, so that `a.bak` does not hide the same bytes in `a.txt`.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: defaultdict[str, list[Row]] = defaultdict(list)

    def without(self, items: Iterator[Input]) -> Iterator[Input]:
        """The inputs whose bytes did not come before."""
        for item in items:
            if item.data is None or item.suffix.lower() not in readers():
                yield item
            elif item.report_id in self._first:
                self._others[item.report_id].append({"source": item.source, "url": item.url})
            else:
                self._first[item.report_id] = item.source
                yield item

    def add_to(self, rows: Rows) -> None:
        """Rows of the copies of a batch's inputs: reports are found by their id, failures by their source."""
        failed = {self._first[key]: others for key, others in self._others.items()} if rows.failures else {}
        rows.reports += [row | other for row in rows.reports for other in self._others.get(row["report_id"], ())]
        rows.failures += [
            {**row, "source": other["source"]} for row in rows.failures for other in failed.get(row["source"], ())
        ]
