"""Options of `gouji train` and `gouji evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def mount(app: typer.Typer) -> None:
    """Add the commands of this stage."""
    app.command("train", help="Fit a tagger. Example: gouji train --config configs/training/tagger.yaml")(train)
    app.command(
        "evaluate",
        help="Score a tagger on annotated passages. Example: gouji evaluate --data held-out.jsonl --out report/",
    )(evaluate)


def train(config: Annotated[Path, typer.Option(help="Settings of the run (YAML).")]) -> None:
    """Train; the run folder is named in the settings."""
    from training.fit import train as fit
    from training.settings import read_settings

    folder = fit(read_settings(config))
    sys.stderr.write(f"run folder: {folder}\n")


def evaluate(
    data: Annotated[
        list[Path],
        typer.Option(
            help="Annotated passages (JSONL, or folders of it); those that the model was fitted with are left out."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the report.")],
    model: Annotated[str, typer.Option(help="Checkpoint folder; the shipped one by default.")] = "",
    beside: Annotated[Path | None, typer.Option(help="Another checkpoint folder, to compare with.")] = None,
) -> None:
    """Write the evaluation report."""
    from models.tagger.tagger import DEFAULT
    from training.evaluate import evaluate as score

    path = score(Path(model or DEFAULT), data, out, beside)
    sys.stderr.write(f"evaluation report: {path}\n")
