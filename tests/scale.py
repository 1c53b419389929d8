"""How time and memory grow with the number of reports: `python -m tests.scale 500 5000 [--workers 2]`.

Planted reports with narrative and tables, five years of each agency, stand in a shard; `gouji run` reads
it in a process of its own, whose peak memory is what the system says of it and its workers.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from tests.planted.narrative import tell

YEARS = {2019: "2019", 2020: "2019", 2021: "2021", 2022: "2021", 2023: "2021"}
"""Years of an agency and their forms."""
MARK = re.compile(r"⟦([^|⟧]*)\|[^⟧]*⟧")


def reports(n: int) -> Iterator[str]:
    """Texts of reports, the years of an agency together."""
    made = seed = 0
    while made < n:
        year = 2019 + made % len(YEARS)
        report = tell(YEARS[year], seed)
        seed += 1
        if report is not None:
            narrative = MARK.sub(r"\1", report.marked)
            title = f"测试市第{made // len(YEARS)}街道办事处{year}年政府信息公开工作年度报告"
            yield f"{title}\n一、总体情况\n{narrative}\n{report.tables}"
            made += 1


def measure(n: int, options: list[str]) -> dict[str, object]:
    """Seconds, and peak memory in MiB, of one run over n reports; and what it found between years."""
    with tempfile.TemporaryDirectory() as folder:
        shard, out = Path(folder) / "crawl.jsonl", Path(folder) / "panel"
        with shard.open("w", encoding="utf-8") as file:
            for text in reports(n):
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        command = [sys.executable, "-m", "gouji", "run", str(shard), "--out", str(out), *options]
        started = time.perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        checks = pq.read_table(out / "findings.parquet", columns=["check"]).column("check").to_pylist()
        years = sum(n for check, n in Counter(checks).items() if check.startswith("panel."))
    return {
        "reports": n,
        "seconds": round(seconds, 1),
        "reports/s": round(n / seconds, 1),
        "peak MiB of one process": round(peak),
        "panel checks": years,
    }


def main() -> None:
    """Print a line a size; sizes grow, for the peak is that of all processes so far."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("reports", nargs="+", type=int)
    parser.add_argument("--workers", default="1")
    parser.add_argument("--html", action="store_true", help="write review pages too")
    chosen = parser.parse_args()
    options = ["--workers", chosen.workers, *([] if chosen.html else ["--no-html"])]
    for n in sorted(chosen.reports):
        sys.stdout.write(json.dumps(measure(n, options), ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
