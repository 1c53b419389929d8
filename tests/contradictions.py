"""How well planted contradictions are found, and how often there is a false alarm: `python -m tests.contradictions [N]`.

N reports of each kind, of the forms of 2019 and 2021 in turn, read with the tagger that knows the answers: what is
measured is the reconciler. Found means a finding `contradicts` at the very figure, or over the very cell. A false alarm
is any `contradicts` in a report without contradiction. Contradictions between years are planted in two reports of one
agency and pass through the panel of a run. By chance: the share of narrative figures that are said to agree with a
cell, or to be explained, when every figure is replaced by another, random one of as many digits.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from random import Random

from inference.panel import Panel
from inference.rows import Rows, report_rows
from models.readers.inputs import Input
from models.schema.finding import Finding
from tests.oracle import read_marked
from tests.planted.narrative import KINDS, Kind, Report, tell
from tests.planted.years import CONSISTENT, YEAR_KINDS, YearKind, tell_years

FORMS = ("2021", "2019")


def findings_of(report: Report) -> list[Finding]:
    """What the reconciler says of a report."""
    return read_marked(report.marked, report.tables)[1]


def is_found(report: Report, findings: Sequence[Finding]) -> bool:
    """Whether a finding contradicts at the planted place."""
    wrong = [f for f in findings if f.verdict == "contradicts"]
    if report.cell:
        return any(report.cell in f.expression for f in wrong)
    return any(f.span is not None and f.span.start == report.place for f in wrong) or any(
        e.span.start == report.place for f in wrong for e in f.evidence
    )


def measure(kind: Kind, n: int) -> Counter[str]:
    """Reports made, and found; for consistent ones those with a false alarm; unit errors that are named."""
    counts: Counter[str] = Counter()
    seed = 0
    while counts["reports"] < n and seed < 20 * n:
        report = tell(FORMS[seed % 2], seed, kind)
        seed += 1
        if report is None:
            continue
        findings = findings_of(report)
        counts["reports"] += 1
        if kind == "none":
            counts["false alarm"] += any(f.verdict == "contradicts" for f in findings)
        elif kind == "unit":
            counts["found"] += any(f.span and f.span.start == report.place and "单位" in f.reading for f in findings)
        else:
            counts["found"] += is_found(report, findings)
    return counts


def measure_years(kind: YearKind, n: int) -> Counter[str]:
    """Pairs of reports made, and found; for consistent ones those with a false alarm."""
    counts: Counter[str] = Counter()
    seed = 0
    while counts["reports"] < n and seed < 20 * n:
        years = tell_years(FORMS[seed % 2], seed, kind)
        seed += 1
        if years is None:
            continue
        counts["reports"] += 1
        last, report = _rows(years.last, 2022), _rows(years.report, 2023)
        panel = Panel()
        panel.add(last)
        panel.add(report)
        panel.check(report)
        wrong = [f for f in report.findings if f["verdict"] == "contradicts"]
        counts["false alarm"] += bool(wrong) and kind in CONSISTENT
        counts["found"] += any(
            f["check"] == years.check and (kind != "last year's figure" or "上一年" in f["reading"]) for f in wrong
        )
    return counts


def _rows(report: Report, year: int) -> Rows:
    title = f"测试县水务局⟦{year}|O⟧年政府信息公开工作年度报告\n"
    extraction, findings = read_marked(title + report.marked, report.tables)
    return report_rows(Input(f"{year}.txt", ".txt", extraction.document.text.encode()), extraction, findings)


def by_chance(n: int, digits: int) -> Counter[str]:
    """Verdicts of figures of so many digits against cells where every figure is another; 3 stands for more, too."""
    counts: Counter[str] = Counter()
    for seed in range(n):
        report = tell(FORMS[seed % 2], seed)
        if report is None:
            continue
        rng = Random(seed)
        marked = re.sub(r"(?<=⟦)\d+(?=\|)", lambda m, r=rng: _random(m[0], r), report.marked)
        findings = read_marked(marked, report.tables)[1]
        cells = (f for f in findings if f.check == "narrative.cell" and f.stated)
        counts.update(f.verdict for f in cells if min(3, len(str(int(f.stated or 0)))) == digits)
    return counts


def _random(text: str, rng: Random) -> str:
    """Another number of as many digits."""
    first = 10 ** (len(text) - 1)
    return str(first + (int(text) - first + rng.randint(1, 9 * first - 1)) % (9 * first))


def _by_chance(digits: str, verdicts: Counter[str]) -> str:
    matched, total = verdicts["agrees"] + verdicts["explained"], verdicts.total()
    share = 100 * matched / max(1, total)
    words = ", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items()))
    return f"by chance, {digits} digits: {matched} of {total} figures ({share:.1f} %: {words})\n"


def main() -> None:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    write = sys.stdout.write
    write("| planted | reports | found % |\n| --- | ---: | ---: |\n")
    for kind in KINDS:
        counts = measure(kind, n)
        write(f"| {kind} | {counts['reports']} | {100 * counts['found'] / max(1, counts['reports']):.1f} |\n")
    for between in YEAR_KINDS:
        counts = measure_years(between, n)
        write(f"| between years: {between} | {counts['reports']} | {100 * counts['found'] / counts['reports']:.1f} |\n")
    counts = measure("none", n)
    write(f"\nfalse alarms: {counts['false alarm']} of {counts['reports']} consistent reports, ")
    counts = measure_years("none", n)
    write(f"{counts['false alarm']} of {counts['reports']} pairs of consistent years, ")
    counts = measure_years("steady", n)
    write(f"{counts['false alarm']} of {counts['reports']} pairs of steady years\n")
    every: Counter[str] = Counter()
    for digits in (1, 2, 3):
        chance = by_chance(n, digits)
        write(_by_chance(str(digits), chance))
        every += chance
    write(_by_chance("any number of", every))


if __name__ == "__main__":
    main()
