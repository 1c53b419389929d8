"""`gouji run` in tests: reports to run over, a tagger that needs no checkpoint, the tables that a run left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import inference.run as running
from gouji import app
from inference.rows import SCHEMAS, Rows
from inference.run import RunSettings
from inference.sinks.parquet import read_tables
from models.tagger.tagger import Label, Marked, Named, Tagger

NO_PAGES = RunSettings(model="none", device="cpu", html=False)


def run(names: Sequence[str], out: Path, settings: RunSettings) -> Rows:
    """The tables of a run."""
    running.run(names, out, settings)
    return read_tables(out)


def report(number: int, *, year: int = 2021) -> str:
    return (
        f"青禾镇{number}号街道办事处{year}年政府信息公开工作年度报告\n一、总体情况\n"
        f"{year}年公开政府信息{100 + number}条,其中网站{50 + number}条。未收到依申请公开。\n"
        "二、主动公开政府信息情况\n见附表。\n三、收到和处理政府信息公开申请情况\n没有发生。\n"
    )


class FakeTagger:
    """Names every candidate by the first of its kinds; counts how often it is asked, and can break off."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.break_at = -1

    @classmethod
    def installed(cls, monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
        """One that every run of a test loads."""
        fake = cls()
        monkeypatch.setattr(Tagger, "load", lambda *_args, **_kwargs: fake)
        return fake

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        """One label a candidate, and no worded zero."""
        if len(self.asked) == self.break_at:
            raise KeyboardInterrupt
        self.asked.append(len(narratives))
        return [first_of_its_kinds(n) for n in narratives]


def first_of_its_kinds(narrative: Marked) -> Named:
    """A label for each candidate, whatever it counts."""
    return Named([Label(c.kinds[0], 0.9) for c in narrative.candidates], [()] * len(narrative.cues))


def fill(folder: Path, count: int) -> Path:
    for i in range(count):
        (folder / f"{i:03}.txt").write_text(report(i), "utf-8")
    return folder


def tables(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in SCHEMAS}


def accounted(rows: Rows) -> list[str]:
    return sorted(row["source"] for row in (*rows.reports, *rows.failures))


def command(*arguments: Path | str) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])
