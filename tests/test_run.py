"""`gouji run` with a tagger that needs no checkpoint: every input in one row, resuming, copies, exit statuses."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import inference.engines.local
import inference.process
import inference.run as running
from gouji import app
from inference.parts import BATCH, batched
from inference.rows import SCHEMAS, Rows
from inference.run import RunSettings
from inference.sinks.parquet import read_tables
from inference.stages import STAGES, Stages
from models.readers.inputs import Input
from models.schema.errors import ConfigError
from models.tagger.tagger import Label, Marked, Named, Tagger

ROOT = Path(__file__).resolve().parents[1]
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

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        """One label a candidate, and no worded zero."""
        if len(self.asked) == self.break_at:
            raise KeyboardInterrupt
        self.asked.append(len(narratives))
        return [_first_of_its_kinds(n) for n in narratives]


def _first_of_its_kinds(narrative: Marked) -> Named:
    return Named([Label(c.kinds[0], 0.9) for c in narrative.candidates], [()] * len(narrative.cues))


@pytest.fixture(autouse=True)
def tagger(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    fake = FakeTagger()
    monkeypatch.setattr(Tagger, "load", lambda *_args, **_kwargs: fake)
    return fake


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    folder = tmp_path / "crawl"
    folder.mkdir()
    return folder


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


# Everything is accounted for


def test_every_input_gives_one_row(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 5)
    texts = {
        "empty.txt": "",
        "notes.txt": "会议记录,与报告无关。",
        "old.doc": report(7),
        "none": report(8),
        "page.html": "<p></p>",
    }
    for name, text in texts.items():
        (crawl / name).write_text(text, "utf-8")
    (crawl / "a\nb 报告.txt").write_text(report(9), "utf-8")
    (crawl / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    with (crawl / "long.txt").open("wb") as file:
        file.truncate(100 * 10**6)
    records = [
        {"text": report(10)},
        {"text": 5},
        ["x"],
        {"html": f"<p>{report(11)}</p>"},
        {"url": "http://a.example/1"},
    ]
    (crawl / "shard.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n{broken\n", "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    files = [str(p) for p in crawl.iterdir() if p.suffix != ".jsonl"]
    assert accounted(rows) == sorted([*files, *(f"{crawl}/shard.jsonl#{i}" for i in range(1, 7))])
    assert len(rows.reports) == 8
    assert all(row["message"] and row["stage"] and row["error"] for row in rows.failures)
    assert {row["stage"] for row in rows.failures} <= {"read", "decode", "parse"}


def test_a_run_leaves_its_tables_and_its_record(crawl: Path, tmp_path: Path) -> None:
    run([str(fill(crawl, 20))], tmp_path / "out", NO_PAGES)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        [*(f"{n}.parquet" for n in SCHEMAS), "run.json"]
    )


def test_places_lie_in_the_text_as_it_was(crawl: Path, tmp_path: Path) -> None:
    run([str(fill(crawl, 3))], tmp_path / "out", NO_PAGES)
    found = tables(tmp_path / "out")
    texts = {r["report_id"]: r["text"] for r in found["reports"]}
    assert sorted(texts.values()) == sorted(report(i) for i in range(3))
    assert found["figures"]
    for figure in found["figures"]:
        assert texts[figure["report_id"]][figure["start"] : figure["end"]] == figure["text"]
        assert figure["low"] is None or figure["low"] <= figure["value"] <= figure["high"]
    assert {f["section"] for f in found["figures"] if f["text"] == "101"} == {"1"}


@pytest.mark.parametrize("table", SCHEMAS)
def test_an_empty_run_writes_tables_with_their_columns(crawl: Path, tmp_path: Path, table: str) -> None:
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert rows == Rows()
    assert pq.read_schema(tmp_path / "out" / f"{table}.parquet").equals(SCHEMAS[table])


def test_one_report_that_breaks_the_code_costs_only_itself(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(crawl, 6)

    def read(narratives: Sequence[Marked]) -> list[Named]:
        if any("青禾镇3号" in n.text for n in narratives):
            raise RuntimeError("broken")
        return [_first_of_its_kinds(n) for n in narratives]

    monkeypatch.setattr(tagger, "read", read)
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert len(rows.reports) == 5
    (failure,) = rows.failures
    assert (failure["source"], failure["error"]) == (str(crawl / "003.txt"), "RuntimeError")


def test_a_report_whose_rows_cannot_be_made_doubles_no_other(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = inference.process.report_rows

    def report_rows(item: Input, *rest: Any) -> Rows:
        if item.source.endswith("003.txt"):
            raise ValueError("broken")
        return true(item, *rest)

    monkeypatch.setattr(inference.process, "report_rows", report_rows)
    rows = run([str(fill(crawl, 6))], tmp_path / "out", NO_PAGES)
    assert accounted(rows) == sorted(str(p) for p in crawl.iterdir())


def test_a_file_name_in_gbk_costs_no_run(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 2)
    Path(os.fsdecode(os.fsencode(crawl) + b"/" + "报告".encode("gbk") + b".txt")).write_text(report(3), "utf-8")
    assert len(run([str(crawl)], tmp_path / "out", NO_PAGES).reports) == 3


def test_a_share_with_many_decimals_costs_no_report(crawl: Path, tmp_path: Path) -> None:
    words = f"收到申请7件,其中自然人3件,占42.{'857142' * 6}%。\n"
    (crawl / "a.txt").write_text(report(1) + words, "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert len(rows.reports) == 1


def test_rows_stay_within_a_multiple_of_the_text(crawl: Path, tmp_path: Path) -> None:
    (crawl / "a.txt").write_text(report(1) + "公开条目A1," + "第号甲乙丙丁戊 2021 " * 400, "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    size = len((crawl / "a.txt").read_text("utf-8"))
    assert sum(len(f["sentence"]) for f in rows.figures) < 50 * size


# Copies


def test_the_same_bytes_are_read_once_and_listed_at_both_sources(
    crawl: Path, tmp_path: Path, tagger: FakeTagger
) -> None:
    for name in ("a.txt", "b.txt", "z/c.txt"):
        (crawl / name).parent.mkdir(exist_ok=True)
        (crawl / name).write_text(report(1), "utf-8")
    (crawl / "d.txt").write_text(report(2), "utf-8")
    (crawl / "s.jsonl").write_text(json.dumps({"text": report(1)}) + "\n", "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert sum(tagger.asked) == 2
    names = ("a.txt", "b.txt", "d.txt", "s.jsonl#1", "z/c.txt")
    assert accounted(rows) == sorted(f"{crawl}/{name}" for name in names)
    assert len({r["report_id"] for r in rows.reports}) == 2
    figures = [(f["report_id"], f["start"], f["statistic"]) for f in rows.figures]
    assert len(set(figures)) == len(figures)


def test_copies_of_what_fails_are_failures_too(crawl: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (crawl / name).write_text("与报告无关。", "utf-8")
    rows = run([str(crawl), str(crawl / "a.txt")], tmp_path / "out", NO_PAGES)
    assert accounted(rows) == sorted(str(crawl / n) for n in ("a.txt", "a.txt", "b.txt"))
    assert not rows.reports


def test_a_copy_under_an_unknown_suffix_hides_no_report(crawl: Path, tmp_path: Path) -> None:
    (crawl / "a.bak").write_text(report(1), "utf-8")
    (crawl / "a.txt").write_text(report(1), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert [r["source"] for r in rows.reports] == [str(crawl / "a.txt")]


def test_a_copy_under_a_wrong_suffix_hides_no_report(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    """A page that was saved as a Word file is read as a page, whichever of the two comes first."""
    page = "<!DOCTYPE html><html><body>" + "".join(f"<p>{line}</p>" for line in report(1).splitlines())
    for name in ("a.docx", "b.html", "c.pdf"):
        (crawl / name).write_text(page, "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert accounted(rows) == [str(crawl / name) for name in ("a.docx", "b.html", "c.pdf")]
    assert not rows.failures
    assert sum(tagger.asked) == 1
    assert {r["text"] for r in rows.reports} == {report(1)}


@pytest.mark.parametrize("wrong", ["a.docx", "a.pdf"])
def test_a_copy_whose_suffix_its_bytes_belie_hides_no_report(crawl: Path, tmp_path: Path, wrong: str) -> None:
    for name in (wrong, "b.txt"):
        (crawl / name).write_text(report(1), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert [r["source"] for r in rows.reports] == [str(crawl / "b.txt")]
    assert [r["source"] for r in rows.failures] == [str(crawl / wrong)]


def captures(crawl: Path, *texts: str, name: str = "s.jsonl") -> None:
    """Records of one address."""
    records = [{"url": "http://a.example/list", "text": text} for text in texts]
    (crawl / name).write_text("\n".join(map(json.dumps, records)), "utf-8")


def test_captures_of_one_url_have_fates_of_their_own(crawl: Path, tmp_path: Path) -> None:
    """One of them is no report: copies of the other are reports, and its own are failures."""
    captures(crawl, report(1), "与报告无关。")
    (crawl / "t.txt").write_text(report(1), "utf-8")
    (crawl / "u.txt").write_text("与报告无关。", "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    url = "http://a.example/list"
    assert [r["source"] for r in rows.reports] == [url, str(crawl / "t.txt")]
    assert [r["source"] for r in rows.failures] == [url, str(crawl / "u.txt")]


def test_copies_of_records_that_share_a_url(crawl: Path, tmp_path: Path) -> None:
    url = "http://a.example/list"
    records = [{"url": url, "text": report(1)}, {"url": url, "text": report(2)}, {"url": f"{url}/2", "text": report(2)}]
    (crawl / "s.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert {r["text"] for r in rows.reports if r["source"] == f"{url}/2"} == {report(2)}


# Resuming


def _interrupted(crawl: Path, out: Path, tagger: FakeTagger, break_at: int) -> None:
    tagger.break_at = break_at
    with pytest.raises(KeyboardInterrupt):
        run([str(crawl)], out, NO_PAGES)
    tagger.break_at = -1


@pytest.mark.parametrize("break_at", [0, 1, 2, 3])
def test_resuming_gives_equal_tables(crawl: Path, tmp_path: Path, tagger: FakeTagger, break_at: int) -> None:
    fill(crawl, 60)
    (crawl / "010b.txt").write_text("", "utf-8")
    (crawl / "020b.txt").write_text(report(20), "utf-8")
    whole = run([str(crawl)], tmp_path / "whole", NO_PAGES)
    batches = len(tagger.asked)
    tagger.asked.clear()
    _interrupted(crawl, tmp_path / "out", tagger, break_at)
    assert not (tmp_path / "out" / "reports.parquet").exists()
    resumed = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert resumed == whole
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")
    assert len(tagger.asked) == batches
    assert not (tmp_path / "out" / ".parts").exists()


def test_fresh_ignores_what_was_left(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    _interrupted(fill(crawl, 40), tmp_path / "out", tagger, 2)
    tagger.asked.clear()
    run([str(crawl)], tmp_path / "out", RunSettings(model="none", device="cpu", html=False, fresh=True))
    assert sum(tagger.asked) == 40


def test_changed_inputs_are_read_anew(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    _interrupted(fill(crawl, 40), tmp_path / "out", tagger, 2)
    (crawl / "005.txt").write_text(report(5, year=2022), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert sorted(r["year"] for r in rows.reports) == [2021] * 39 + [2022]


def test_changed_records_are_read_anew(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    def write(agency: str) -> None:
        texts = [f"政府信息公开、信息公开、信息公开{i}条。" for i in range(32)]
        (crawl / "s.jsonl").write_text("\n".join(json.dumps({"text": t, "agency": agency}) for t in texts), "utf-8")

    write("甲局")
    _interrupted(crawl, tmp_path / "out", tagger, 1)
    write("乙局")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert {r["agency"] for r in rows.reports} == {"乙局"}


def test_only_failures_reads_them_alone(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed for a passing reason is read again; the tables are then those of an undisturbed run."""
    fill(crawl, 40)
    (crawl / "010b.txt").write_text("", "utf-8")
    (crawl / "020b.txt").write_bytes((crawl / "005.txt").read_bytes())
    whole = run([str(crawl)], tmp_path / "whole", NO_PAGES)
    read_guarded = inference.process.read_guarded

    def out_of_memory(item: Input, stages: Stages) -> Any:
        if item.source.endswith(("005.txt", "030.txt")):
            raise MemoryError
        return read_guarded(item, stages)

    monkeypatch.setattr(inference.process, "read_guarded", out_of_memory)
    assert len(run([str(crawl)], tmp_path / "out", NO_PAGES).failures) == 4
    monkeypatch.setattr(inference.process, "read_guarded", read_guarded)
    tagger.asked.clear()
    again = RunSettings(model="none", device="cpu", html=False, only_failures=True)
    assert run([str(crawl)], tmp_path / "out", again) == whole
    assert sum(tagger.asked) == 2
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")


def fail_once(monkeypatch: pytest.MonkeyPatch, *words: bytes) -> Callable[[], None]:
    """Let inputs that hold some words fail for a passing reason, until the function is called that this gives."""
    read_guarded = inference.process.read_guarded

    def out_of_memory(item: Input, stages: Stages) -> Any:
        if any(word in (item.data or b"") for word in words):
            raise MemoryError
        return read_guarded(item, stages)

    monkeypatch.setattr(inference.process, "read_guarded", out_of_memory)
    return lambda: monkeypatch.setattr(inference.process, "read_guarded", read_guarded)


AGAIN = RunSettings(model="none", device="cpu", html=False, only_failures=True)


def test_only_failures_tells_captures_of_one_url_apart(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures(crawl, *(report(i) for i in range(5)))
    whole = run([str(crawl)], tmp_path / "whole", NO_PAGES)
    pass_by = fail_once(monkeypatch, "青禾镇3号".encode())
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    pass_by()
    tagger.asked.clear()
    assert run([str(crawl)], tmp_path / "out", AGAIN) == whole
    assert sum(tagger.asked) == 1


def test_only_failures_reads_no_report_again_where_inputs_came_and_went(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every batch holds other inputs than before; what fails again keeps its batches for the next time."""
    fill(crawl, 50)
    pass_by = fail_once(monkeypatch, "青禾镇7号".encode(), "青禾镇30号".encode())
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    pass_by()
    (crawl / "000.txt").unlink()
    (crawl / "003b.txt").write_text(report(77), "utf-8")
    (crawl / "008b.txt").write_text("", "utf-8")
    whole = run([str(crawl)], tmp_path / "whole", NO_PAGES)
    for expected in (3, 0):
        tagger.asked.clear()
        assert run([str(crawl)], tmp_path / "out", AGAIN) == whole
        assert sum(tagger.asked) == expected
        assert tables(tmp_path / "out") == tables(tmp_path / "whole")
        assert len(list((tmp_path / "out" / ".kept").iterdir())) == 4


def test_only_failures_takes_nothing_of_another_model(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(crawl, 5)
    (crawl / "empty.txt").write_text("")
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    tagger.asked.clear()
    monkeypatch.setattr(running, "checkpoint_digest", lambda _: "another")
    run([str(crawl)], tmp_path / "out", AGAIN)
    assert sum(tagger.asked) == 5


def test_the_record_tells_what_stages_took_and_what_was_found(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    def record(out: Path) -> Any:
        return json.loads((out / "run.json").read_text("utf-8"))

    fill(crawl, 40)
    (crawl / "010b.txt").write_text("与报告无关。", "utf-8")
    (crawl / "020b.txt").write_text(report(20), "utf-8")
    run([str(crawl)], tmp_path / "whole", NO_PAGES)
    whole = record(tmp_path / "whole")
    assert whole["inputs"] == {"read": 41, "found": 0, "copies": 1}
    assert set(whole["stages"]) == set(STAGES)
    counts = {stage: numbers["inputs"] for stage, numbers in whole["stages"].items()}
    assert counts == {
        "inputs": 42, "reading": 41, "tables": 41, "structure": 41, "handing_over": 41, "narrative": 40, "reconciling": 40,
        "batches": 0, "years": 40, "writing": 42,
    }  # fmt: skip
    for numbers in whole["stages"].values():
        assert numbers["seconds"] >= 0
        assert numbers["processor"] >= 0
        assert (numbers["per_second"] is None) == (numbers["inputs"] == 0)
    assert sum(numbers["seconds"] for numbers in whole["stages"].values()) <= whole["seconds"] + 0.1
    tagger.asked.clear()
    _interrupted(crawl, tmp_path / "out", tagger, 1)
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    resumed = record(tmp_path / "out")
    assert resumed["inputs"] == {"read": 25, "found": 16, "copies": 1}
    assert resumed["stages"]["narrative"]["inputs"] == 25


def test_only_failures_where_there_were_none(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 3)
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    with pytest.raises(ConfigError, match="--only-failures: the last run into"):
        run([str(crawl)], tmp_path / "out", RunSettings(model="none", device="cpu", html=False, only_failures=True))


def test_a_half_written_part_is_no_part(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    _interrupted(fill(crawl, 40), tmp_path / "out", tagger, 1)
    for part in (tmp_path / "out" / ".parts").iterdir():
        half = part.with_name(f"tmp-{part.name}")
        part.rename(half)
        (half / "cells.parquet").unlink()
    assert len(run([str(crawl)], tmp_path / "out", NO_PAGES).reports) == 40


def test_batches_that_were_being_removed_are_no_batches(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed while it clears up leaves no batch of which a table is missing."""
    whole = run([str(fill(crawl, 40))], tmp_path / "out", NO_PAGES)

    def interrupted(folder: Path, **_options: bool) -> None:
        for path in sorted(folder.rglob("cells.parquet"))[:1]:
            path.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert run([str(crawl)], tmp_path / "out", NO_PAGES) == whole
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        [*(f"{n}.parquet" for n in SCHEMAS), "run.json"]
    )


def test_a_second_run_gives_equal_files(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 20)
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.parquet")}
    run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.parquet")} == before


def test_resuming_keeps_the_order_under_an_engine_that_reads_ahead(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = types.ModuleType("inference.engines.ahead")

    def read_ahead(batches: Iterable[list[Input]], **_options: Any) -> Iterator[Rows]:
        for batch in list(batches):
            yield inference.process.process(batch, tagger)  # type: ignore[arg-type]

    ahead.run = read_ahead  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "inference.engines.ahead", ahead)
    monkeypatch.setattr(running, "engines", lambda: ("ahead", "local"))
    fill(crawl, 64)
    whole = run([str(crawl)], tmp_path / "whole", NO_PAGES)
    _interrupted(crawl, tmp_path / "out", tagger, 7)
    parts = {p: read_tables(p).reports[0]["source"] for p in (tmp_path / "out" / ".parts").iterdir()}
    first = min(parts, key=lambda p: parts[p])
    for file in first.iterdir():
        file.unlink()
    first.rmdir()
    settings = RunSettings(model="none", device="cpu", html=False, engine="ahead")
    assert run([str(crawl)], tmp_path / "out", settings) == whole


# What is wrong with the command


@pytest.mark.parametrize(
    "settings",
    [
        RunSettings(engine="spark", html=False),
        RunSettings(workers=0, html=False),
        RunSettings(device="cuda", html=False),
        RunSettings(device="gpu0", html=False),
    ],
)  # fmt: skip
def test_wrong_settings_stop_before_any_work(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch, settings: RunSettings
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError):
        run([str(fill(crawl, 2))], tmp_path / "out", settings)
    assert not tagger.asked


def test_a_wrong_name_stops_before_any_work(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    with pytest.raises(ConfigError):
        run([str(fill(crawl, 40)), str(tmp_path / "none.txt")], tmp_path / "out", NO_PAGES)
    assert not tagger.asked


def test_an_out_that_is_a_file_stops_before_any_work(crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ConfigError):
        run([str(fill(crawl, 2))], tmp_path / "out", NO_PAGES)
    assert not tagger.asked


def test_the_output_of_a_run_is_no_input_of_the_next(crawl: Path) -> None:
    fill(crawl, 3)
    once = run([str(crawl)], crawl / "panel", NO_PAGES)
    assert run([str(crawl)], crawl / "panel", NO_PAGES) == once


def test_status_0_and_the_last_line(crawl: Path, tmp_path: Path) -> None:
    (fill(crawl, 3) / "x.bin").write_text("x")
    result = command("run", crawl, "--out", tmp_path / "out", "--no-html", "--device", "cpu")
    assert (result.exit_code, result.stdout) == (0, "")
    last = result.stderr.strip().splitlines()[-1]
    assert "报告 3 份" in last
    assert "失败 1 份" in last


@pytest.mark.parametrize("names", [["a.txt"], []])
def test_status_1_where_nothing_could_be_processed(crawl: Path, tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (crawl / name).write_text("")
    result = command("run", crawl, "--out", tmp_path / "out", "--no-html", "--device", "cpu")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(tables(tmp_path / "out")["failures"]) == len(names)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"], ["run", "x"], ["nonsense"], ["run", "x", "--out"], ["run", "x", "--out", "o", "--workers", "0"],
        ["run", "x", "--out", "o", "--workers", "many"], ["run", "x", "--out", "o", "--unknown"], ["show"], ["show", "a", "b"],
    ],
)  # fmt: skip
def test_status_2_for_a_wrong_command(arguments: list[str]) -> None:
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    "arguments",
    [["run", "none.txt", "--out", "out"], ["show", "none.txt"], ["run", "{file}", "--out", "out", "--engine", "x"]],
)
def test_a_wrong_configuration_is_an_error_of_the_configuration(crawl: Path, arguments: list[str]) -> None:
    name = str(fill(crawl, 1) / "000.txt")
    result = command(*(a.format(file=name) for a in arguments))
    assert isinstance(result.exception, ConfigError)


def test_status_2_of_the_process_without_a_checkpoint(crawl: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gouji", "run", fill(crawl, 1), "--out", tmp_path / "out", "--model", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().splitlines()[-1].startswith("gouji: ")
    assert "Traceback" not in done.stderr


def test_show_prints_a_report(crawl: Path) -> None:
    result = command("show", fill(crawl, 1) / "000.txt", "--device", "cpu")
    assert result.exit_code == 0
    assert "2021" in result.stdout
    assert "100" in result.stdout


@pytest.mark.parametrize("words", ["", "与报告无关。"])
def test_show_of_what_is_no_report(crawl: Path, words: str) -> None:
    (crawl / "a.txt").write_text(words, "utf-8")
    assert command("show", crawl / "a.txt", "--device", "cpu").exit_code == 1


def test_messages_print_no_control_characters(crawl: Path, tmp_path: Path) -> None:
    (crawl / "a\x1b]0;x\x07\n[red]b.txt").write_text("", "utf-8")
    result = command("run", crawl, "--out", tmp_path / "out", "--no-html", "--device", "cpu")
    assert "\x1b" not in result.stderr.replace("\x1b[", "")
    assert "\x07" not in result.stderr


# Pages


def test_a_run_with_pages_leads_from_the_index_to_every_report(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 3)
    (crawl / "b<script>alert(1);.txt").write_text(report(8).replace("见附表", "<script>alert(2)</script>"), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", RunSettings(model="none", device="cpu"))
    index = (tmp_path / "out" / "index.html").read_text("utf-8")
    for row in rows.reports:
        page = f"pages/{row['report_id']}.html"
        assert page in index
        assert "<script>alert" not in (tmp_path / "out" / page).read_text("utf-8") + index


def test_every_engine_can_be_loaded() -> None:
    for name in running.engines():
        assert callable(importlib.import_module(f"inference.engines.{name}").run)


def test_no_batch_is_lost_or_doubled_at_any_size() -> None:
    for size in itertools.chain(range(4), (15, 16, 17, 31, 32, 33, 100)):
        items = [Input(str(i), ".txt", b"x") for i in range(size)]
        batches = list(batched(iter(items)))
        assert [i for b in batches for i in b] == items
        assert all(0 < len(b) <= BATCH for b in batches)
