"""Runs that are killed: `python -m tests.kills 10 [--reports 60] [--workers 2]`.

`gouji run` reads planted reports of a shard and of files, broken ones and copies among them, and is killed with all its
processes (`kill -9`) at a random moment, again and again; what the last start gives is held against a run that nobody
disturbed. The command prints where the kills fell and what differs, and fails where anything does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from inference.rows import SCHEMAS
from inference.sinks.parquet import read_tables
from tests.scale import reports


@dataclass(frozen=True, slots=True)
class Outcome:
    """What killing a run came to.

    Attributes:
        seconds: after which each start was killed.
        parts: batches that were whole at each kill.
        problems: what differs from the undisturbed run; empty where nothing does.
    """

    seconds: list[float]
    parts: list[int]
    problems: list[str]


def write_crawl(folder: Path, n: int) -> Path:
    """Reports: half in a shard, half as files; and copies, empty files and broken records."""
    crawl = folder / "crawl"
    crawl.mkdir()
    texts = list(reports(n))
    with (crawl / "shard.jsonl").open("w", encoding="utf-8") as file:
        for text in texts[: n // 2]:
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        file.write("{broken\n")
    for number, text in enumerate(texts[n // 2 :]):
        (crawl / f"{number:04}.txt").write_text(text, "utf-8")
    (crawl / "copy.txt").write_text(texts[0], "utf-8")
    (crawl / "empty.txt").write_bytes(b"")
    return crawl


def kill(n: int, *, number_of_reports: int = 60, workers: int = 2, seed: int = 0) -> Outcome:
    """Kill a run n times, let it end, and compare."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crawl = write_crawl(folder, number_of_reports)
        started = time.monotonic()
        _start(crawl, folder / "whole", workers).wait()
        whole = time.monotonic() - started
        seconds: list[float] = []
        parts: list[int] = []
        while len(seconds) < n:
            process = _start(crawl, folder / "out", workers)
            seconds.append(round(rng.uniform(0.2, 1.0) * whole, 2))
            try:
                process.wait(seconds[-1])
            except subprocess.TimeoutExpired:
                pass
            else:
                seconds.pop()
                for path in (folder / "out").rglob("*.parquet"):
                    path.unlink()
                continue
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            parts.append(sum(not p.name.startswith("tmp-") for p in (folder / "out" / ".parts").glob("*")))
        code = _start(crawl, folder / "out", workers).wait()
        problems = [f"exit status {code}"] if code else _differences(folder / "whole", folder / "out")
    return Outcome(seconds, parts, problems)


def _start(crawl: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    """A run with a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "gouji",
        "run",
        str(crawl),
        "--out",
        str(out),
        "--workers",
        str(workers),
        "--no-html",
    ]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def _differences(whole: Path, out: Path) -> list[str]:
    found = []
    one, other = read_tables(whole), read_tables(out)
    for table in SCHEMAS:
        expected, got = getattr(one, table), getattr(other, table)
        if not expected:
            found.append(f"{table}: the undisturbed run has none")
        if expected != got:
            missing, more = (Counter(map(repr, rows)) for rows in (expected, got))
            found.append(f"{table}: {(missing - more).total()} missing, {(more - missing).total()} too many")
    return found


def main() -> int:
    """Print what came of it; 1 where rows differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--reports", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    outcome = kill(chosen.kills, number_of_reports=chosen.reports, workers=chosen.workers, seed=chosen.seed)
    for seconds, parts in zip(outcome.seconds, outcome.parts, strict=True):
        sys.stdout.write(f"killed after {seconds} s, {parts} batches whole\n")
    sys.stdout.write("\n".join(outcome.problems or ["all rows equal, none twice, none missing"]) + "\n")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
