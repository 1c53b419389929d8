"""Options of `gouji run` and `gouji show`; what they do stands in `run.py` and `show.py`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[str], typer.Argument(help="Files, folders (recursive), globs, or crawl shards.", metavar="INPUT...")
]
Model = Annotated[str, typer.Option(help="Checkpoint folder; the shipped one by default.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def mount(app: typer.Typer) -> None:
    """Add the commands of this stage."""
    app.command("run", help="Read, label, align, reconcile. Example: gouji run crawl/ --out panel/")(run)
    app.command("show", help="One report in the terminal. Example: gouji show report.txt")(show)


def run(
    inputs: Inputs,
    out: Annotated[Path, typer.Option(help="Folder for tables and pages.")],
    model: Model = "",
    device: Device = "auto",
    engine: Annotated[
        str, typer.Option(help="Where the work is done: local, or ray (a cluster in RAY_ADDRESS).")
    ] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    no_html: Annotated[bool, typer.Option("--no-html", help="No review pages.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore what an interrupted run left.")] = False,
    only_failures: Annotated[
        bool, typer.Option("--only-failures", help="Read again what failed in the last run into this folder.")
    ] = False,
) -> None:
    """Process inputs; exit status 1 where none became a report."""
    from inference.progress import show_progress
    from inference.run import RunSettings
    from inference.run import run as run_all
    from inference.show import summary
    from models.tagger.tagger import DEFAULT

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    settings = RunSettings(model or str(DEFAULT), device, engine, workers, not no_html, fresh, only_failures)
    with show_progress() as progress:
        totals = run_all(inputs, out, settings, progress)
    sys.stderr.write(summary(totals, out))
    if not totals.rows["reports"]:
        raise typer.Exit(1)


def show(
    report: Annotated[str, typer.Argument(help="A file; of a folder or a shard the first report.", metavar="REPORT")],
    model: Model = "",
    device: Device = "auto",
) -> None:
    """Print figures, tables and findings of one report; exit status 1 where it is none."""
    from inference.process import process
    from inference.show import clean, print_report
    from models.readers.inputs import Input, find_paths, inputs_of
    from models.tagger.tagger import DEFAULT, Tagger

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    paths = find_paths([report])
    item = next((item for path in paths for item in inputs_of(path) if isinstance(item, Input)), None)
    if item is None:
        sys.stderr.write(f"gouji: {clean(report)}: no report in it\n")
        raise typer.Exit(1)
    if item.source != report:
        sys.stderr.write(f"{clean(report)} 有 {len(paths)} 个文件,只显示第一份:{clean(item.source)}\n")
    rows = process([item], Tagger.load(model or DEFAULT, device))
    print_report(rows)
    if not rows.reports:
        raise typer.Exit(1)
