"""The command `gouji`: the commands of the stages, mounted side by side."""

from __future__ import annotations

import os
import sys

import typer

from annotation import cli as annotation
from inference import cli as inference
from models.schema.errors import ConfigError
from training import cli as training

app = typer.Typer(
    name="gouji",
    help="勾稽: crawled 政府信息公开工作年度报告 to a verified panel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
inference.mount(app)
training.mount(app)
app.add_typer(annotation.app, name="annotate")


def main() -> None:
    """Run the command; a wrong configuration is one line and exit status 2, what the file system refuses one and 1."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # our processes must not import what a crawl left in this folder
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"gouji: {error}\n")
        sys.exit(2)
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else str(error)
        sys.stderr.write(f"gouji: {error.filename}: {words}\n" if error.filename else f"gouji: {words}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
