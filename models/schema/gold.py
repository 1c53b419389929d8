"""Annotated passages: what training reads and what `gouji annotate pull` gives.

One JSON object a line. Offsets are half-open character positions in `text`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from models.schema.errors import ConfigError


def default_scope(label: str) -> str:
    """The scope that annotators need not write: `other` for dates, else `year`."""
    return "other" if label == "date" else "year"


@dataclass(frozen=True, slots=True)
class GoldFigure:
    """One annotated figure, or one statistic that a worded zero zeroes."""

    start: int
    end: int
    text: str
    statistic: str
    scope: str = "year"
    zero: bool = False
    doubtful: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class AnnotatedPassage:
    """A stretch of narrative of one agency, with every figure in it.

    Attributes:
        family: who wrote it in which manner; splits keep a family and an agency together.
        level: ministry, province, city, county, township, bureau, zone or vertical.
    """

    id: str
    agency: str
    year: int
    level: str
    region: str
    family: str
    text: str
    figures: tuple[GoldFigure, ...]


def to_json(passage: AnnotatedPassage) -> str:
    """The passage as one line of JSON; default attributes of figures are left out."""
    record = asdict(passage)
    defaults = {f.name: f.default for f in fields(GoldFigure)}
    record["figures"] = [{k: v for k, v in figure.items() if v != defaults.get(k)} for figure in record["figures"]]
    return json.dumps(record, ensure_ascii=False)


def from_json(line: str, *, where: str) -> AnnotatedPassage:
    """Read one line of an annotated file and check its offsets against its text.

    Raises:
        ConfigError: the line is no annotated passage; names `where`.
    """
    try:
        record: dict[str, Any] = json.loads(line)
        figures = tuple(GoldFigure(**figure) for figure in record.pop("figures"))
        passage = AnnotatedPassage(figures=figures, **record)
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{where}: not an annotated passage: {error}") from error
    for figure in figures:
        if passage.text[figure.start : figure.end] != figure.text:
            found = passage.text[figure.start : figure.end]
            raise ConfigError(
                f"{where}: passage {passage.id}: figure {figure.text!r} at "
                f"{figure.start}-{figure.end}, but the text there is {found!r}"
            )
    return passage


def read_annotated(paths: Iterable[Path]) -> Iterator[AnnotatedPassage]:
    """Every passage of the given JSONL files, in order; a folder stands for its files."""
    files = (file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path]))
    for path in files:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield from_json(line, where=f"{path}:{number}")
