"""`gouji run` and the file system: folders that cannot be written, full disks, damaged batches, two runs in one folder."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from inference.files import LOCK, only_run
from inference.rows import SCHEMAS
from models.schema.errors import ConfigError
from models.tagger.tagger import Marked, Named
from tests.running import NO_PAGES, FakeTagger, command, fill, first_of_its_kinds, report, run

FULL_DISK = "import resource, gouji; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); gouji.main()"
"""No file can have more than 1000 bytes, which libraries are told as they are told of a full disk."""


@pytest.fixture(autouse=True)
def tagger(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    return FakeTagger.installed(monkeypatch)


def tree(folder: Path) -> dict[str, bytes]:
    """All files under a folder."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def gouji(root: Path, *arguments: Path | str, code: str = "import gouji; gouji.main()") -> tuple[int, str]:
    """Exit status and the last line of a process; it must be no traceback."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=root, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip().splitlines()[-1]


# What the system refuses


def test_an_out_that_cannot_be_made(root: Path, crawl: Path, tmp_path: Path, tagger: FakeTagger) -> None:
    (tmp_path / "file").write_text("")
    for out in ("/proc/nothing", tmp_path / "file" / "out"):
        with pytest.raises(ConfigError, match=f"--out {out}: "):
            run([str(fill(crawl, 1))], Path(out), NO_PAGES)
    assert not tagger.asked
    assert gouji(root, "run", crawl, "--out", "/proc/nothing", "--device", "cpu") == (
        2,
        "gouji: --out /proc/nothing: cannot be written: No such file or directory",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_out_that_may_not_be_written(crawl: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written: Permission denied"):
        run([str(fill(crawl, 1))], tmp_path / "out", NO_PAGES)


def test_a_full_disk_is_one_line_and_the_run_can_go_on(root: Path, crawl: Path, tmp_path: Path) -> None:
    fill(crawl, 2)
    status, line = gouji(root, "run", crawl, "--out", tmp_path / "out", "--device", "cpu", code=FULL_DISK)
    assert status == 1
    assert line.startswith(f"gouji: {tmp_path}/out/.parts/")
    assert line.endswith(": File too large")
    assert len(run([str(crawl)], tmp_path / "out", NO_PAGES).reports) == 2


def test_the_record_of_a_run_is_replaced_as_a_whole(crawl: Path, tmp_path: Path) -> None:
    run([str(fill(crawl, 1))], tmp_path / "out", NO_PAGES)
    before = (tmp_path / "out" / "run.json").read_bytes()
    (tmp_path / "out" / ".run.json.tmp").mkdir()
    with pytest.raises(IsADirectoryError):
        run([str(fill(crawl, 2))], tmp_path / "out", NO_PAGES)
    assert (tmp_path / "out" / "run.json").read_bytes() == before


# Damaged batches


@pytest.mark.parametrize("table", ["reports", "figures", "failures"])
@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "gone"])
def test_a_batch_that_cannot_be_read_is_read_again(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, caplog: pytest.LogCaptureFixture, table: str, damage: str
) -> None:
    whole = run([str(fill(crawl, 40))], tmp_path / "whole", NO_PAGES)
    tagger.asked.clear()
    tagger.break_at = 1
    with pytest.raises(KeyboardInterrupt):
        run([str(crawl)], tmp_path / "out", NO_PAGES)
    tagger.break_at = -1
    tagger.asked.clear()
    (path,) = (tmp_path / "out" / ".parts").glob(f"*/{table}.parquet")
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "zeros": bytes(len(data))}[damage])
    with caplog.at_level(logging.WARNING):
        assert run([str(crawl)], tmp_path / "out", NO_PAGES) == whole
    assert sum(tagger.asked) == 40
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"removed {path.parent}, its inputs are read again: ")


def test_only_failures_reads_the_reports_of_a_damaged_batch_too(
    crawl: Path, tmp_path: Path, tagger: FakeTagger
) -> None:
    (crawl / "empty.txt").write_text("")
    before = run([str(fill(crawl, 20))], tmp_path / "out", NO_PAGES)
    tagger.asked.clear()
    parts = (tmp_path / "out" / ".kept").glob("*/reports.parquet")
    (part,) = (path for path in parts if pq.read_metadata(path).num_rows == 16)
    part.write_bytes(b"")
    assert run([str(crawl)], tmp_path / "out", replace(NO_PAGES, only_failures=True)) == before
    assert sum(tagger.asked) == 16


# Pages of earlier runs


def test_pages_are_those_of_the_last_run(crawl: Path, tmp_path: Path) -> None:
    out, with_pages = tmp_path / "out", replace(NO_PAGES, html=True)
    run([str(fill(crawl, 3))], out, with_pages)
    (out / "pages" / "notes.html").write_text("")
    (crawl / "001.txt").unlink()
    rows = run([str(crawl)], out, with_pages)
    names = {f"{row['report_id']}.html" for row in rows.reports}
    assert len(names) == 2
    assert {path.name for path in (out / "pages").iterdir()} == {*names, "notes.html"}
    (out / "pages" / "notes.html").unlink()
    assert str(out / "index.html") in command("run", crawl, "--out", out, "--device", "cpu").stderr
    assert "index.html" not in command("run", crawl, "--out", out, "--device", "cpu", "--no-html").stderr
    assert not {"index.html", "pages"} & {path.name for path in out.iterdir()}


# Two runs in one folder


def test_a_second_run_into_a_folder_touches_nothing(
    crawl: Path, tmp_path: Path, tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(crawl, 20)
    others: list[str] = []

    def read(narratives: Sequence[Marked]) -> list[Named]:
        monkeypatch.undo()
        FakeTagger.installed(monkeypatch)
        before = tree(tmp_path / "out")
        for fresh in (False, True):
            with pytest.raises(ConfigError) as refused:
                run([str(crawl)], tmp_path / "out", replace(NO_PAGES, fresh=fresh))
            others.append(str(refused.value))
        assert tree(tmp_path / "out") == before
        return [first_of_its_kinds(n) for n in narratives]

    monkeypatch.setattr(tagger, "read", read)
    assert len(run([str(crawl)], tmp_path / "out", NO_PAGES).reports) == 20
    assert len(others) == 2
    assert set(others) == {f"--out {tmp_path}/out: another run works in it; wait for it, or name another"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run.json", *(f"{t}.parquet" for t in SCHEMAS)}


def test_a_run_that_is_killed_leaves_no_lock(root: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from inference.files import only_run\n"
        "with only_run(Path(sys.argv[1])): print('locked', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=root, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(ConfigError, match="another run works in it"), only_run(tmp_path):
            pass
        other.kill()
    assert (tmp_path / LOCK).exists()
    with only_run(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


def test_a_lock_that_another_run_removes_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that was opened is locked, but another one stands there now, which a third run could lock."""
    true = os.fstat
    seen: list[int] = []

    def fstat(descriptor: int) -> os.stat_result:
        if not seen:
            (tmp_path / LOCK).unlink()
        seen.append(descriptor)
        return true(descriptor)

    monkeypatch.setattr("inference.files.os.fstat", fstat)
    with only_run(tmp_path), pytest.raises(ConfigError), only_run(tmp_path):
        pass
    assert len(seen) == 2


def test_the_lock_of_a_killed_run_is_no_input(crawl: Path, tmp_path: Path) -> None:
    (crawl / "panel").mkdir()
    (crawl / "panel" / LOCK).touch()
    (crawl / "a.txt").write_text(report(1), "utf-8")
    rows = run([str(crawl)], tmp_path / "out", NO_PAGES)
    assert [row["source"] for row in rows.reports] == [str(crawl / "a.txt")]
    assert not rows.failures
