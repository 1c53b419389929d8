"""`gouji run`: every input in one row, what a wrong command says, exit statuses, pages."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import inference.engines.local
import inference.process
import inference.run as running
from inference.parts import BATCH, batched
from inference.reading import Report
from inference.rows import SCHEMAS, Rows
from inference.run import RunSettings
from inference.stages import Stages
from models.readers.inputs import OUTPUTS, Input
from models.schema.errors import ConfigError
from models.tagger.tagger import Marked, Named
from tests.running import NO_PAGES, FakeTagger, accounted, command, fill, first_of_its_kinds, report, run, tables


@pytest.fixture(autouse=True)
def tagger(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    return FakeTagger.installed(monkeypatch)


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
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {*(f"{name}.parquet" for name in SCHEMAS), "run.json"}
    run([str(crawl)], tmp_path / "out", replace(NO_PAGES, html=True))
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(OUTPUTS)


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
        return [first_of_its_kinds(n) for n in narratives]

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


def test_status_2_of_the_process_without_a_checkpoint(root: Path, crawl: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gouji", "run", fill(crawl, 1), "--out", tmp_path / "out", "--model", tmp_path],
        cwd=root,
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


def test_show_prints_all_digits(crawl: Path) -> None:
    path = crawl / "long.txt"
    path.write_text(report(1).replace("101条", "3456789条"), "utf-8")
    assert "3456789" in command("show", path).stdout


def test_show_says_which_of_many_it_shows(crawl: Path) -> None:
    fill(crawl, 3)
    (crawl / "s.jsonl").write_text(json.dumps({"text": report(4)}) + "\n", "utf-8")
    shown = command("show", crawl, "--device", "cpu")
    assert shown.stderr == f"{crawl} 有 4 个文件,只显示第一份:{crawl}/000.txt\n"
    assert command("show", crawl / "s.jsonl").stderr == f"{crawl}/s.jsonl 有 1 个文件,只显示第一份:{crawl}/s.jsonl#1\n"
    assert command("show", crawl / "000.txt").stderr == ""


def test_show_of_a_folder_without_reports(crawl: Path) -> None:
    shown = command("show", crawl)
    assert (shown.exit_code, shown.stdout, shown.stderr) == (1, "", f"gouji: {crawl}: no report in it\n")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has no safe path before 3.11")
def test_no_module_that_lies_in_the_crawl_is_imported(crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 1)
    (crawl / "struct.py").write_text("open('imported', 'w').close()\n", "utf-8")
    program = Path(sys.executable).with_name("gouji")
    subprocess.run([program, "run", ".", "--out", tmp_path / "out", "--no-html"], cwd=crawl, check=True)
    assert not (crawl / "imported").exists()


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


def test_while_the_tagger_is_at_one_batch_the_next_is_read(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_guarded, name = inference.process.read_guarded, tagger.read
    second = threading.Event()

    def reading(item: Input, stages: Stages) -> Report:
        if item.source.endswith(f"{BATCH:03}.txt"):
            second.set()
        return read_guarded(item, stages)

    def waiting(narratives: Sequence[Marked]) -> list[Named]:
        assert second.wait(60), "the second batch is read only after the first"
        return name(narratives)

    monkeypatch.setattr(inference.process, "read_guarded", reading)
    monkeypatch.setattr(tagger, "read", waiting)
    rows = run([str(fill(crawl, BATCH + 1))], tmp_path / "out", NO_PAGES)
    assert len(rows.reports) == BATCH + 1
    assert tagger.asked == [BATCH, 1]
