"""The progress line on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def show_progress() -> Iterator[Callable[[int, int], None]]:
    """Gives the function that a run calls with its numbers of reports and failures."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("开始", total=None)

        def update(reports: int, failures: int) -> None:
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = (reports + failures) / elapsed if elapsed else 0.0
            progress.update(task, description=f"报告 {reports} 份,失败 {failures} 份,每秒 {rate:.1f} 份")

        yield update
