"""How well and how fast planted tables are aligned: `python -m tests.bench [reports a row]`.

A row a layout, over both forms and three kinds of agencies. A report has three tables. "Wrong" is a
value given though it is another (printed, inferred), or called blank though a number stands there;
"open" is left ambiguous or missing though the source has it. `calm`, `ordinary` and `busy` agencies
take turns.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from models.tables.align import align
from tests.planted import DROPPING, LAYOUTS, ONE_A_LINE, SHOWING, Profile, Style, judge, plant

PROFILES: tuple[Profile, ...] = ("quiet", "ordinary", "busy")
TABLES = 3


@dataclass(slots=True)
class Score:
    """Counts over the cells of one row of the benchmark, and seconds a report."""

    cells: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        """The score as a row of a Markdown table."""
        total = sum(self.cells.values())
        shares = [f"{100 * self.cells[kind] / total:.2f}" for kind in ("right", "open")]
        per_table = 1000 * sum(self.seconds) / len(self.seconds) / TABLES
        slowest = 1000 * max(self.seconds) / TABLES
        tables = len(self.seconds) * TABLES
        wrong = f"{self.cells['wrong given']} | {self.cells['wrong blank']}"
        return (
            f"| {name} | {tables} | {total} | {shares[0]} | {wrong} | {shares[1]} | {per_table:.1f} | {slowest:.1f} |"
        )


def cases() -> list[tuple[str, str, dict[str, Any]]]:
    """Name, layout and options of every row."""
    rows: list[tuple[str, str, dict[str, Any]]] = [(name, name, {}) for name in LAYOUTS if name not in DROPPING]
    rows += [(f"{name}, half of the zeros blank", name, {"blank": 0.5}) for name in (*SHOWING, "tabs shifted", "bars")]
    rows += [(f"{name}, all zeros blank", name, {"blank": 1.0}) for name in (*SHOWING, "tabs shifted", "bars")]
    rows += [(f"{name} (half of the zeros)", name, {"blank": 0.5}) for name in sorted(DROPPING)]
    rows += [(f"{name} (all zeros)", name, {"blank": 1.0}) for name in sorted(DROPPING)]
    rows += [(f"lines, zeros as {mark}", "lines", {"style": Style(none=mark)}) for mark in ("/", "-", "—", "无")]
    accidents = ("value lost", "label lost", "page number", "bare page number")
    rows += [(f"{name}, {a}", name, {"damage": a}) for a in accidents for name in (*ONE_A_LINE,)]
    rows += [("html, label lost", "html", {"damage": "label lost"})]
    return rows


def score(layout: str, options: dict[str, Any], reports: int) -> Score:
    """Align planted reports of one row."""
    result = Score()
    for seed in range(reports):
        form = "2019" if seed % 2 else "2021"
        planted = plant(form, layout, seed=seed, profile=PROFILES[seed // 2 % len(PROFILES)], **options)
        start = time.perf_counter()
        aligned = align(planted.text, planted.grids)
        result.seconds.append(time.perf_counter() - start)
        if aligned is None:
            result.cells["open"] += len(planted.truth)
            continue
        for cell in aligned.cells:
            verdict = judge(planted.truth[cell.id], cell)
            if verdict == "wrong":
                verdict = "wrong blank" if cell.status == "blank" else "wrong given"
            result.cells[verdict] += 1
    return result


def main(reports: int = 6) -> None:
    """Print the benchmark as a Markdown table."""
    align(plant("2019", "lines").text, ())
    align(plant("2021", "lines").text, ())
    out = sys.stdout.write
    out("| layout | tables | cells | right % | wrong, given | wrong, blank | open % | ms a table | slowest |\n")
    out("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for name, layout, options in cases():
        out(score(layout, options, reports).row(name) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
