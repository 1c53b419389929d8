"""Runs that are killed: `python -m tests.kills 10 [--reports 160] [--workers 2]`.

`gouji run` reads planted reports of a shard and of files, broken ones and copies among them, and is killed with all its
processes (`kill -9`) at a random moment, again and again; what the last start gives is held against a run that nobody
disturbed. The command prints where the kills fell and what differs, and fails where anything does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
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
        kills: seconds after which each start was killed, and the batches that were whole then.
        problems: what differs from the undisturbed run; empty where nothing does.
    """

    kills: list[tuple[float, int]]
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


def kill(n: int, *, number_of_reports: int = 160, workers: int = 2, seed: int = 0) -> Outcome:
    """Kill a run n times, let it end, and compare."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crawl = write_crawl(folder, number_of_reports)
        start(crawl, folder / "whole", workers).wait()
        kills: list[tuple[float, int]] = []
        while len(kills) < n:
            process = start(crawl, folder / "out", workers)
            seconds = _kill(process, folder / "out", rng)
            if process.returncode == -signal.SIGKILL:
                kills.append((round(seconds, 1), len(parts(folder / "out"))))
            else:
                shutil.rmtree(folder / "out")
        code = start(crawl, folder / "out", workers).wait()
        problems = [f"exit status {code}"] if code else differences(folder / "whole", folder / "out")
    return Outcome(kills, problems)


def _kill(process: subprocess.Popen[bytes], out: Path, rng: random.Random) -> float:
    """Kill a start with all its processes: some seconds after it, or soon after a further batch of it is whole.

    Returns:
        The seconds that it lived.
    """
    started = time.monotonic()
    before = len(parts(out))
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0, 10))
    else:
        while process.poll() is None and len(parts(out)) == before:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 1))
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return time.monotonic() - started


def parts(out: Path) -> list[Path]:
    """The batches of a run that are whole."""
    return [path for path in (out / ".parts").glob("*") if not path.name.startswith("tmp-")]


def start(crawl: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    """A run without pages, with a process group of its own."""
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


def differences(whole: Path, out: Path) -> list[str]:
    """In words, how the tables of a run differ from those of another one."""
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
    parser.add_argument("--reports", type=int, default=160)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    outcome = kill(chosen.kills, number_of_reports=chosen.reports, workers=chosen.workers, seed=chosen.seed)
    for seconds, parts in outcome.kills:
        sys.stdout.write(f"killed after {seconds} s, {parts} batches whole\n")
    sys.stdout.write("\n".join(outcome.problems or ["all rows equal, none twice, none missing"]) + "\n")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
