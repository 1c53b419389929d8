"""How well and how fast planted tables are read: `python -m tests.bench [tables a row]`.

A row a layout and a level of damage, over all forms and three kinds of agencies in turn (quiet,
ordinary, busy); a report has three tables. "Wrong" is a value given though it is another (printed,
inferred), or a cell called blank though a number stands there; "open" is left ambiguous or missing though the
source has it. "Determined" is the share right among the cells that the form's equations determine
although their row lost pieces (`tests.determined`), over the first reports of a row. "By position" is the
usual way to fill a form (`tests.positional`). Below stands how often each confidence was right.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.process import settle
from models.forms import load_forms
from models.readers import plain
from models.schema.document import Source
from models.tables.align import align
from tests import determined, positional
from tests.bench_rows import Row, rows
from tests.planted import Expected, Planted, judge, judge_all, plant

TABLES = 3
DETERMINED = 60
"""Reports of a row that the oracle is asked about."""


@dataclass(slots=True)
class Score:
    """Counts over one row of the benchmark.

    Attributes:
        cells: right, open, wrong given, wrong blank.
        position: right, open and wrong of the baseline.
        determined: asked, right, undecided (reports that the solver gave up).
        seconds: of processor time for each report, flattened ones read from their bytes.
        calibration: (status, confidence, right) of the cells that are given.
    """

    name: str
    family: str
    forms: tuple[str, ...]
    cells: Counter[str] = field(default_factory=Counter)
    position: Counter[str] = field(default_factory=Counter)
    determined: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    calibration: Counter[tuple[str, float, bool]] = field(default_factory=Counter)

    @property
    def tables(self) -> int:
        """Tables of a report; the form of 2014 prints one."""
        return 1 if self.forms == ("2014",) else TABLES

    def numbers(self) -> dict[str, Any]:
        """The columns of the printed table."""
        total, total_position = self.cells.total(), self.position.total()
        wrong = self.cells["wrong given"] + self.cells["wrong blank"]
        asked = self.determined["asked"]
        return {
            "row": self.name,
            "tables": len(self.seconds) * self.tables,
            "cells": total,
            "right %": _share(self.cells["right"], total),
            "wrong given": self.cells["wrong given"],
            "wrong blank": self.cells["wrong blank"],
            "wrong %": _share(wrong, total, 3),
            "open %": _share(self.cells["open"], total),
            "determined right %": _share(self.determined["right"], asked) if asked else None,
            "determined": asked,
            "position right %": _share(self.position["right"], total_position),
            "position wrong %": _share(self.position["wrong"], total_position),
            "reports/s": round(len(self.seconds) / sum(self.seconds), 1),
            "slowest report, ms a table": round(1000 * max(self.seconds) / self.tables, 1),
        }


def _share(part: int, whole: int, digits: int = 2) -> float:
    return round(100 * part / whole, digits) if whole else 0.0


def score(row: Row, reports: int, asked: int) -> Score:
    """Read the planted reports of one row; the oracle is asked about the first ones."""
    result = Score(row.name, row.family, row.forms)
    for form in row.forms:
        align(plant(form, row.layout).text, ())
    settle()
    for seed in range(reports):
        planted = row.plant(seed)
        data = planted.text.encode()
        start = time.process_time()
        source = Source(planted.text, "utf-8", grids=tuple(planted.grids)) if planted.grids else plain.read(data)
        aligned = align(source.text, source.grids)
        result.seconds.append(time.process_time() - start)
        given = {}
        for cell_id, verdict, cell in judge_all(planted.truth, aligned):
            given[cell_id] = verdict == "right"
            blank = cell is not None and cell.status == "blank"
            result.cells[f"wrong {'blank' if blank else 'given'}" if verdict == "wrong" else verdict] += 1
            if cell is not None and cell.status not in ("ambiguous", "missing"):
                result.calibration[cell.status, round(cell.confidence, 3), verdict == "right"] += 1
        if row.dropping and seed < asked:
            _ask(result, planted, given)
        _by_position(result.position, planted)
    return result


def _ask(result: Score, planted: Planted, given: dict[str, bool]) -> None:
    try:
        asked, right = determined.right_of(planted, given)
    except determined.Undecided:
        result.determined["undecided"] += 1
    else:
        result.determined.update(asked=asked, right=right)


def _by_position(counts: Counter[str], planted: Planted) -> None:
    cells = positional.fill(planted.text, load_forms()[planted.form])
    for cell_id, expected in planted.truth.items():
        cell = cells.get(cell_id)
        counts[_no_cell(expected) if cell is None else judge(expected, cell)] += 1


def _no_cell(expected: Expected) -> str:
    return "right" if expected.kind == "missing" else "open"


# ---------------------------------------------------------------- output


def _markdown(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    rows_ = [header, ["---", *["---:"] * (len(header) - 1)], *lines]
    return "".join("| " + " | ".join("" if x is None else str(x) for x in row) + " |\n" for row in rows_)


def calibration(scores: Iterable[Score]) -> list[tuple[str, float, int, float]]:
    """Status, confidence, cells given with it, and the share of them that is right."""
    counts = sum((s.calibration for s in scores), Counter[tuple[str, float, bool]]())
    kinds = sorted({(status, confidence) for status, confidence, _ in counts}, reverse=True)
    return [
        (
            s,
            c,
            counts[s, c, True] + counts[s, c, False],
            _share(counts[s, c, True], counts[s, c, True] + counts[s, c, False], 3),
        )
        for s, c in kinds
    ]


def summed(scores: Iterable[Score]) -> list[Score]:
    """A score for each family of rows, and one for all."""
    found: dict[str, Score] = {}
    for one in scores:
        for name in (one.family, "all"):
            whole = found.setdefault(name, Score(name, name, one.forms))
            for mine, other in (
                (whole.cells, one.cells),
                (whole.position, one.position),
                (whole.determined, one.determined),
            ):
                mine.update(other)
            whole.seconds += one.seconds
    everything = found.pop("all")
    return [*found.values(), everything]


def _write(path: Path, scores: Sequence[Score]) -> None:
    """The rows as CSV, or as JSON with the calibration and the counts."""
    numbers = [s.numbers() for s in scores]
    with path.open("w", encoding="utf-8", newline="") as out:
        if path.suffix == ".csv":
            writer = csv.DictWriter(out, list(numbers[0]))
            writer.writeheader()
            writer.writerows(numbers)
        else:
            families = [s.numbers() for s in summed(scores)]
            everything = {"rows": numbers, "families": families, "calibration": calibration(scores)}
            json.dump(everything, out, ensure_ascii=False, indent=1)


def _task(task: tuple[Row, int, int]) -> Score:
    return score(*task)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the benchmark as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("tables", nargs="?", type=int, default=18, help="tables a row; a report has three")
    parser.add_argument("--rows", default="", help="only rows whose name matches this regular expression")
    parser.add_argument("--families", default="", help="only rows of families that match this one")
    parser.add_argument("--out", type=Path, help="also write the rows here, as .csv or .json, after each row")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--determined",
        type=int,
        default=DETERMINED,
        help="reports of a row that the oracle, which is slow, is asked about",
    )
    options = parser.parse_args(arguments)
    chosen = [row for row in rows(options.rows) if re.search(options.families, row.family)]
    if not chosen:
        parser.error("no row matches")
    tasks = [
        (row, -(-options.tables // (1 if row.forms == ("2014",) else TABLES)), options.determined) for row in chosen
    ]
    scores: list[Score] = []
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(min(options.processes, len(tasks))) as pool:
        for number, result in enumerate(pool.imap(_task, tasks), start=1):
            scores.append(result)
            if options.out:
                _write(options.out, scores)
            wrong = result.cells["wrong given"] + result.cells["wrong blank"]
            sys.stderr.write(
                f"[{number}/{len(tasks)}, {time.perf_counter() - start:.0f} s] {result.name}: {wrong} wrong\n"
            )
    for part in (scores, summed(scores)):
        numbers = [s.numbers() for s in part]
        sys.stdout.write(_markdown(list(numbers[0]), [list(n.values()) for n in numbers]) + "\n")
    sys.stdout.write("\n" + _markdown(["status", "confidence", "cells", "right %"], calibration(scores)))
    gave_up = sum(s.determined["undecided"] for s in scores)
    if gave_up:
        sys.stdout.write(f"\nThe solver gave up {gave_up} reports.\n")


if __name__ == "__main__":
    main()
