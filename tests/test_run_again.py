"""`gouji run` over what it has seen: copies of a report, interrupted runs, failures read again."""

from __future__ import annotations

import json
import shutil
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import inference.engines.local
import inference.process
import inference.run as running
from inference.parts import Parts
from inference.rows import SCHEMAS, Rows
from inference.run import RunSettings
from inference.sinks.parquet import read_tables
from inference.stages import STAGES, Stages
from models.readers.inputs import Input
from models.schema.errors import ConfigError
from models.tagger.tagger import Tagger
from tests.running import NO_PAGES, FakeTagger, accounted, fill, report, run, tables


@pytest.fixture(autouse=True)
def tagger(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    return FakeTagger.installed(monkeypatch)


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


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", [("甲县水务局", 2021), ("乙县教育局", 2022), ("丙县民政局", 2021), ("甲县水务局", 2021)]),
        ("甲县水 务局二○二一年", [("甲县水务局", 2021)] * 4),
        ("甲县水务局二O二一年", [("甲县水务局", 2021)] * 4),
        ("丁县人民政府2020年", [("丁县人民政府", 2020)] * 4),
    ],
)
def test_copies_have_the_agency_and_year_of_their_records_where_the_text_tells_none(
    crawl: Path, tmp_path: Path, head: str, expected: list[tuple[str, int]]
) -> None:
    told: list[dict[str, Any]] = [
        {"agency": "甲县水务局", "year": 2021}, {"agency": "乙县教育局", "year": 2022}, {"agency": "丙县民政局"}, {}
    ]  # fmt: skip
    text = f"{head}政府信息公开工作年度报告\n一、总体情况\n公开政府信息5条。信息公开制度和信息公开平台都好。\n"
    records = [{"url": f"http://a.example/{number}", "text": text, **own} for number, own in enumerate(told)]
    (crawl / "s.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", replace(NO_PAGES, html=True))
    assert [(r["agency"], r["year"]) for r in rows.reports] == expected
    assert [r["url"] for r in rows.reports] == [record["url"] for record in records]
    (key,) = {r["report_id"] for r in rows.reports}
    page = (tmp_path / "out" / "pages" / f"{key}.html").read_text("utf-8")
    assert expected[0][0] in page
    assert "乙县教育局" not in page


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


@pytest.mark.parametrize("changed", ["code/reading/read.py", "settings/forms/2021.yaml", "model/config.json", None])
def test_an_interrupted_run_is_resumed_under_the_same_code_settings_and_checkpoint_only(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch, changed: str | None
) -> None:
    for name in ("code/reading/read.py", "settings/forms/2021.yaml", "model/config.json", "model/tokenizer.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1", "ascii")
    sources = ((tmp_path / "code", "**/*.py"), (tmp_path / "settings", "**/*.yaml"))
    monkeypatch.setattr(running, "SOURCES", sources)
    settings = replace(NO_PAGES, model=str(tmp_path / "model"))
    tagger.break_at = 1
    with pytest.raises(KeyboardInterrupt):
        run([str(fill(crawl, 20))], tmp_path / "out", settings)
    tagger.break_at = -1
    if changed:
        (tmp_path / changed).write_text("2", "ascii")
    tagger.asked.clear()
    assert len(run([str(crawl)], tmp_path / "out", settings).reports) == 20
    assert sum(tagger.asked) == (20 if changed else 4)


def test_all_that_makes_rows_counts_for_resuming(root: Path) -> None:
    files = {path.resolve() for folder, pattern in running.SOURCES for path in folder.glob(pattern)}
    for name in ("models/reconciling/cells.py", "inference/rows.py", "configs/forms/2021-30.yaml"):
        assert root / name in files


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


@pytest.mark.parametrize("wrong", [RunSettings(model="nowhere"), RunSettings(engine="ray")], ids=["model", "engine"])
@pytest.mark.parametrize("fresh", [False, True])
def test_wrong_settings_remove_nothing_of_earlier_runs(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch, wrong: RunSettings, fresh: bool
) -> None:
    def load(model: str, *_options: Any) -> FakeTagger:
        if model == "nowhere":
            raise ConfigError("nowhere: no checkpoint")
        return tagger

    monkeypatch.setattr(Tagger, "load", load)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "inference.engines.ray", raising=False)
    fill(crawl, 20)
    if fresh:
        _interrupted(crawl, tmp_path / "out", tagger, 1)
    else:
        (crawl / "empty.txt").write_text("")
        run([str(crawl)], tmp_path / "out", NO_PAGES)
    before = sorted((tmp_path / "out").rglob("*"))
    with pytest.raises(ConfigError, match=r"no checkpoint|not installed"):
        run([str(crawl)], tmp_path / "out", replace(wrong, device="cpu", fresh=fresh))
    assert sorted((tmp_path / "out").rglob("*")) == before


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
    read = {"reading", "tables", "structure", "handing_over"}  # beside the others
    for beside in (read, set(STAGES) - read):
        assert sum(whole["stages"][stage]["seconds"] for stage in beside) <= whole["seconds"] + 0.1
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


class Watched(list[Input]):
    """A batch that a weak reference may watch."""


def test_batches_that_are_there_are_passed_over_without_their_bytes(tmp_path: Path) -> None:
    seen: list[weakref.ref[Watched]] = []
    most = 0

    def batches() -> Iterator[list[Input]]:
        nonlocal most
        for number in range(20):
            batch = Watched([Input(f"{number}.txt", ".txt", b"")])
            seen.append(weakref.ref(batch))
            yield batch
            del batch
            most = max(most, sum(one() is not None for one in seen))

    def engine(todo: Iterator[list[Input]]) -> Iterator[Rows]:
        for batch in todo:
            del batch
            yield Rows()

    def parts() -> Parts:
        return Parts(tmp_path, "1", only_failures=False, stages=Stages())

    first = [part.folder for part in parts().of(batches(), engine)]
    assert len(set(first)) == 20
    most = 0
    seen.clear()
    assert [part.folder for part in parts().of(batches(), engine)] == first
    assert 0 < most < 4
