"""Every engine over the same reports: `python -m tests.engines 500`.

Generated reports, with copies and broken ones among them, go through `gouji run` on this machine and on Ray, with one
process and with two, and once more on Ray while one of two workers is killed (`kill -9`) when half of the batches are
there. The command prints reports a second of each run, its start included, and fails where a table differs from that of
one local process.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from inference.parts import BATCH
from tests.kills import differences, parts, write_crawl

RUNS = (("local", 1, False), ("local", 2, False), ("ray", 1, False), ("ray", 2, False), ("ray", 2, True))
"""Engine, workers, and whether one of them is killed."""


class Outcome(NamedTuple):
    """What a run came to.

    Attributes:
        name: its engine, workers, and what happened to it.
        seconds: of wall time from start to end.
        record: its `run.json`.
        problems: how its tables differ from those of the first run.
    """

    name: str
    seconds: float
    record: dict[str, object]
    problems: list[str]


def compare(n: int) -> Iterator[Outcome]:
    """Run after run over n reports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crawl, whole = write_crawl(folder, n), folder / "0"
        for number, (engine, workers, killed) in enumerate(RUNS):
            out = folder / str(number)
            options = ("--engine", engine, "--workers", str(workers))
            started = time.perf_counter()
            with subprocess.Popen(command(crawl, out, *options), stderr=subprocess.DEVNULL) as process:
                if killed:
                    kill_worker(process, out, n // BATCH // 2)
            seconds = time.perf_counter() - started
            problems = [f"exit status {process.returncode}"] if process.returncode else differences(whole, out)
            record = json.loads((out / "run.json").read_text("utf-8")) if not process.returncode else {}
            words = f"{engine}, {workers} {'workers, one killed' if killed else 'workers' if workers > 1 else 'worker'}"
            yield Outcome(words, seconds, record, problems)


def command(crawl: Path, out: Path, *options: str) -> list[str]:
    """A run without pages."""
    return [sys.executable, "-m", "gouji", "run", str(crawl), "--out", str(out), "--no-html", *options]


def kill_worker(process: subprocess.Popen[bytes], out: Path, after: int) -> None:
    """Kill one of the actors of a run when so many batches are whole.

    Raises:
        RuntimeError: the run ended before.
    """
    while process.poll() is None:
        victim = next(ray_workers(process.pid), None)
        if victim is not None and len(parts(out)) >= after:
            os.kill(victim, signal.SIGKILL)
            return
        time.sleep(0.1)
    raise RuntimeError("the run ended before a worker could be killed")


def ray_workers(parent: int) -> Iterator[int]:
    """Processes of actors below a process."""
    for process in psutil.Process(parent).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Worker"):
                yield process.pid


def main() -> int:
    """Print a line a run; 1 where tables differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("reports", type=int)
    chosen = parser.parse_args()
    failed = False
    for outcome in compare(chosen.reports):
        rate = chosen.reports / outcome.seconds
        told = "; ".join(outcome.problems) or "all tables equal"
        sys.stdout.write(f"{outcome.name}: {outcome.seconds:.1f} s, {rate:.1f} reports/s, {told}\n")
        for stage, numbers in outcome.record.get("stages", {}).items():  # type: ignore[attr-defined]
            rate = numbers["per_second"] or "-"
            sys.stdout.write(
                f"    {stage}: {numbers['seconds']} s, of a processor {numbers['processor']} s, {rate} a second\n"
            )
        sys.stdout.flush()
        failed = failed or bool(outcome.problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
