"""Hostile inputs through a whole run: each is a row or a failure that says why, and no page runs what they hold."""

from __future__ import annotations

import os
import re
import socket
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

import inference.run as running
from inference import reading
from inference.child import Child
from inference.run import RunSettings
from inference.sinks.parquet import read_tables
from models.readers.inputs import inputs_of, iterate_inputs
from models.tagger.tagger import Tagger
from tests.hostile_cases import ADDRESSES, CASES, HANGS, READ, Case
from tests.hostile_files import REPORT
from tests.running import FakeTagger

SETTINGS = RunSettings(model="none", device="cpu")
Outcomes = dict[str, list[str]]
"""By file: the words of a failure, or `READ`, for each row."""


def outcomes(cases: list[Case], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    """What a run makes of the cases."""
    monkeypatch.setattr(Tagger, "load", lambda *_args, **_kwargs: FakeTagger())
    for case in cases:
        path = folder / "in" / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.data())
    running.run([str(folder / "in")], folder / "out", SETTINGS)
    rows = read_tables(folder / "out")
    found: Outcomes = defaultdict(list)
    for row in [*rows.reports, *rows.failures]:
        name = str(row["source"]).removeprefix(f"{folder / 'in'}/")
        found[ADDRESSES.get(name, re.sub(r"#\d+$", "", name))].append(row.get("message", READ))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def found(folder: Path) -> Iterator[Outcomes]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield outcomes(CASES, folder, monkeypatch)


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        child = Child(reading.read_timed, seconds=3)
        monkeypatch.setattr(reading, "_readers", [child])
        yield outcomes(HANGS, tmp_path_factory.mktemp("hangs"), monkeypatch)
        child.stop()


def _as_expected(case: Case, found: Outcomes) -> bool:
    """Rows in any order: reports and failures stand in two tables."""
    got = sorted(found[case.name])
    return len(got) == len(case.expected) and all(
        any(e == g if e == READ else g and re.search(e, g) for e in case.expected) for g in got
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.name)[1:60])
def test_every_file_is_read_or_refused_with_its_reason(case: Case, found: Outcomes) -> None:
    assert _as_expected(case, found), found[case.name]


@pytest.mark.parametrize("case", HANGS, ids=lambda case: case.name)
def test_what_would_never_end_is_ended(case: Case, hung: Outcomes) -> None:
    assert _as_expected(case, hung), hung[case.name]


def test_no_row_came_from_elsewhere(found: Outcomes) -> None:
    assert set(found) <= {case.name for case in CASES}


def test_no_page_runs_or_loads_anything(folder: Path, found: Outcomes) -> None:
    pages = [folder / "out" / "index.html", *(folder / "out" / "pages").iterdir()]
    assert len(pages) > 40
    for path in pages:
        page = LexborHTMLParser(path.read_text("utf-8"))
        assert not page.css("script, img, iframe, object, embed, form, svg, link, base, meta[http-equiv=refresh]")
        assert page.root is not None
        for node in page.root.traverse():
            names = [name.lower() for name in node.attributes]
            assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcdoc")]
            assert re.match(r"#|pages/|\.\./|https?://|[0-9a-f]{16}\.html", node.attributes.get("href") or "#")


def test_a_formula_stays_text_in_typed_columns(folder: Path, found: Outcomes) -> None:
    """Nothing that a run writes is opened by a spreadsheet as cells without types."""
    assert {path.suffix for path in (folder / "out").rglob("*") if path.is_file()} == {".parquet", ".html", ".json"}
    texts = [row["text"] for row in read_tables(folder / "out").reports]
    assert any(text.startswith("=HYPERLINK(") for text in texts)


# What is no plain file


def failures(path: Path) -> list[str]:
    """Words of what failed among the inputs of a folder; a report is `READ`."""
    return [str(item.failure or READ) for item in iterate_inputs([str(path)])]


def test_pipes_devices_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "zero.warc").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as place:
        monkeypatch.chdir(tmp_path)
        place.bind("socket.txt")
        found = failures(tmp_path)
    assert len(found) == 5
    assert all("no regular file" in words for words in found)
    assert "no regular file" in failures(tmp_path / "pipe.txt")[0]


def test_links_in_a_circle_and_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text(REPORT, "utf-8")
    (tmp_path / "in" / "one.txt").symlink_to(tmp_path / "in" / "two.txt")
    (tmp_path / "in" / "two.txt").symlink_to(tmp_path / "in" / "one.txt")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "up").symlink_to(tmp_path / "out", target_is_directory=True)
    found = failures(tmp_path / "in")
    assert [bool(re.search("symbolic links|a link to one", words)) for words in found] == [True] * 4


def test_a_folder_with_the_name_of_a_file_is_a_folder(tmp_path: Path) -> None:
    for name in ("x.html", "x.jsonl"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(REPORT, "utf-8")
    assert failures(tmp_path) == [READ, READ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "no").mkdir(mode=0)
    (tmp_path / "a.txt").touch(mode=0)
    assert all("ermission" in words or "cannot be read" in words for words in failures(tmp_path))


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.jsonl.gz", "a.parquet", "a.warc"])
def test_a_file_that_is_gone_when_its_turn_comes(tmp_path: Path, name: str) -> None:
    (item,) = inputs_of(tmp_path / name)
    assert item.failure is not None  # type: ignore[union-attr]
