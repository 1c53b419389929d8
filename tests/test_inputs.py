"""From names to inputs: folders, globs, shards. Whatever is there is given once, as bytes or as a failure."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from models.readers import inputs
from models.readers.inputs import Input, iterate_inputs
from models.schema.errors import ConfigError

TEXT = "清溪县财政局2021年政府信息公开工作年度报告\n2021年公开信息135条。"


def read(*names: Path | str) -> list[Input]:
    return list(iterate_inputs([str(name) for name in names]))


def lines(records: list[Any]) -> bytes:
    return b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in records)


def shard(path: Path, records: list[Any]) -> Path:
    """Write records in the format of the path's suffix."""
    pack: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress,
        ".zst": zstandard.ZstdCompressor().compress,
        ".jsonl": bytes,
    }
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    else:
        path.write_bytes(pack[path.suffix](lines(records)))
    return path


SHARDS = ["crawl.jsonl", "crawl.jsonl.gz", "crawl.jsonl.zst", "crawl.parquet", "CRAWL.JSONL", "a b\nc.jsonl"]


# Files, folders, globs


def test_a_folder_is_read_recursively_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b/报告.txt", "a.html", "b/c/d.md", "z", "b/.hidden/e.txt", ".git/f.txt", ".DS_Store"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    found = [Path(i.source).relative_to(tmp_path).as_posix() for i in read(tmp_path)]
    assert found == ["a.html", "b/c/d.md", "b/报告.txt", "z"]


def test_a_folder_whose_own_path_is_hidden_is_read(tmp_path: Path) -> None:
    (tmp_path / ".crawl").mkdir()
    (tmp_path / ".crawl" / "a.txt").write_text(TEXT, "utf-8")
    assert len(read(tmp_path / ".crawl")) == 1


def test_globs_files_and_folders_together(tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/b/2.txt", "a/3.html", "c/4.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    found = [Path(i.source).name for i in read(tmp_path / "a/**/*.txt", tmp_path / "c", tmp_path / "a/3.html")]
    assert found == ["1.txt", "2.txt", "4.txt", "3.html"]


@pytest.mark.parametrize("names", [["."], ["panel"], ["**"], ["*/*"], ["*", "panel/pages/*.html"]])
def test_what_a_run_wrote_is_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, names: list[str]
) -> None:
    own = ("panel/a.txt", "more/run.json", "more/a.txt")
    for name in ("panel/run.json", "panel/reports.parquet", "panel/pages/a.html", *own):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    found = {Path(item.source) for item in iterate_inputs(names)}
    assert found == {Path(name) for name in own if names != ["panel"] or name.startswith("panel/")}
    assert {record.getMessage() for record in caplog.records} == {"left out what a run wrote into 'panel'"}


def test_a_table_of_a_run_that_is_named_itself_is_read(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    assert read(shard(tmp_path / "reports.parquet", [{"text": TEXT}]))[0].data == TEXT.encode()


@pytest.mark.parametrize(
    "name",
    ["a b.txt", "a\nb.txt", "报告[1].txt", "*.txt", "-x.txt", "#1.txt", "a?.txt", "{a}.txt", "a'\".txt", "   .txt"],
)
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TEXT, "utf-8")
    for named in (tmp_path, tmp_path / name):
        (item,) = read(named)
        assert (item.source, item.suffix, item.data) == (str(tmp_path / name), ".txt", TEXT.encode())


@pytest.mark.parametrize("name", ["none.txt", "none/", "*.txt", "a/**/b", "[", "", "~none"])
def test_a_name_that_stands_for_nothing_is_an_error_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if name:
        with pytest.raises(ConfigError, match="no such file"):
            read(name)


def test_an_empty_folder_has_no_inputs(tmp_path: Path) -> None:
    assert read(tmp_path) == []


def test_a_broken_link_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nowhere")
    with contextlib.suppress(ConfigError):
        assert [i.data for i in read(tmp_path / "broken.txt")] == [None]


def test_a_broken_link_in_a_folder_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nowhere")
    (item,) = read(tmp_path)
    assert item.failure is not None


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(read(tmp_path)) >= 1


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _mode: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    (item,) = read(tmp_path)
    assert item.data is None
    assert "Permission denied" in str(item.failure)


def test_a_hundred_megabytes_are_refused_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "long.txt").open("wb") as file:
        file.truncate(100 * 10**6)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("read"))
    (item,) = read(tmp_path)
    assert item.data is None
    assert "the limit is" in str(item.failure)


@pytest.mark.parametrize(("size", "refused"), [(0, False), (100, False), (101, True)])
def test_the_limit_of_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, refused: bool) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 100)
    (tmp_path / "a.txt").write_bytes(b"x" * size)
    (item,) = read(tmp_path)
    assert (item.failure is not None) == refused


# Shards


@pytest.mark.parametrize("name", SHARDS)
def test_records_of_a_shard(tmp_path: Path, name: str) -> None:
    path = shard(
        tmp_path / name if name != "CRAWL.JSONL" else tmp_path / "crawl.jsonl",
        [
            {"text": TEXT, "html": None, "url": "http://a.example/1", "agency": "清溪县财政局", "year": 2021},
            {"text": None, "html": "<p>报告</p>", "url": None, "agency": None, "year": None},
        ],
    )
    if name == "CRAWL.JSONL":
        path = path.rename(tmp_path / name)
    first, second = read(path)
    assert (first.source, first.suffix, first.agency, first.year) == (
        "http://a.example/1",
        ".txt",
        "清溪县财政局",
        2021,
    )
    assert (second.source, second.suffix, second.agency, second.year) == (f"{path}#2", ".html", None, None)
    assert (first.data, second.data) == (TEXT.encode(), "<p>报告</p>".encode())


@pytest.mark.parametrize(
    "record",
    [
        1, None, "text", [], [1], True, {}, {"text": None}, {"text": ""}, {"text": 1}, {"text": ["a"]}, {"html": {}},
        {"url": "http://a.example"}, {"TEXT": "a"}, {"text": False, "html": 0},
    ],
)  # fmt: skip
def test_a_record_of_the_wrong_type_is_a_failure(tmp_path: Path, record: Any) -> None:
    found = read(shard(tmp_path / "a.jsonl", [{"text": "前"}, record, {"text": "后"}]))
    assert [i.failure is None for i in found] == [True, False, True]
    assert found[1].source.endswith("a.jsonl#2")


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"nonsense", b'{"text": "a"', b"\xff\xfe\xfd", "{'text': 1}".encode("gbk"), b"[" * 100_000, b"1" * 5000, b"\0",
        b'{"text": NaN}', b'{"text": "a"} {"text": "b"}', "{\"text\": \"报\"}".encode("gbk"),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_broken_line_costs_only_itself(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines([{"text": "前"}]) + line + b"\n\n  \n" + lines([{"text": "后"}]))
    found = read(tmp_path)
    assert [i.failure is None for i in found] == [True, False, True]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n"])
def test_ends_of_lines(tmp_path: Path, start: bytes, end: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(start + lines([{"text": "一"}]) + b'{"text": "b"}' + end)
    assert [i.data for i in read(tmp_path)] == ["一".encode(), b"b"]


def test_a_line_beyond_the_limit_is_one_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 100)
    for size in (99, 100, 101, 200, 201, 1000):
        (tmp_path / "a.jsonl").write_bytes(b'{"text": "' + b"x" * size + b'"}\n' + lines([{"text": "b"}]))
        assert [i.failure is None for i in read(tmp_path)] == [size <= 87, True]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_a_line_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 1000)
    suffix = "gz" if compress is gzip.compress else "zst"
    (tmp_path / f"a.jsonl.{suffix}").write_bytes(compress(b" " * 20_000_000 + b"\n" + lines([{"text": "b"}])))
    assert [i.failure is None for i in read(tmp_path)] == [False, True]


RANDOM = random.Random(5)
MANY = lines([{"text": str(RANDOM.getrandbits(2000))} for _ in range(1000)])


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_cut_archive_gives_what_is_whole_and_one_failure(tmp_path: Path, suffix: str) -> None:
    packed = gzip.compress(MANY) if suffix == "gz" else zstandard.ZstdCompressor().compress(MANY)
    (tmp_path / f"a.jsonl.{suffix}").write_bytes(packed[: len(packed) // 2])
    found = read(tmp_path)
    assert len(found) > 100
    assert [i.failure is None for i in found] == [True] * (len(found) - 1) + [False]


def test_a_zst_cut_at_a_line_is_a_failure(tmp_path: Path) -> None:
    writer = zstandard.ZstdCompressor().compressobj()
    head = writer.compress(lines([{"text": "一"}])) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    (tmp_path / "a.jsonl.zst").write_bytes(head)
    assert [i.failure is None for i in read(tmp_path)] == [True, False]


@pytest.mark.parametrize("length", [0, 10])
def test_a_zst_without_a_whole_block_is_a_failure(tmp_path: Path, length: int) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(MANY)[:length])
    assert [i.failure is None for i in read(tmp_path)] == [False]


def test_archives_of_several_members(tmp_path: Path) -> None:
    for suffix, pack in (("gz", gzip.compress), ("zst", zstandard.ZstdCompressor().compress)):
        path = tmp_path / f"a.jsonl.{suffix}"
        path.write_bytes(pack(lines([{"text": "一"}])) + pack(lines([{"text": "二"}])))
        assert [i.data for i in read(path)] == ["一".encode(), "二".encode()]


def test_a_damaged_gzip_is_a_failure(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(MANY))
    packed[12:40] = bytes(b ^ 0xFF for b in packed[12:40])
    (tmp_path / "a.jsonl.gz").write_bytes(packed)
    (tmp_path / "b.txt").write_text(TEXT, "utf-8")
    found = read(tmp_path)
    assert [i.failure is None for i in found[-2:]] == [False, True]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
@pytest.mark.parametrize("data", [b"no archive at all", b"PAR1", b"\x1f\x8b", b"PAR1 \0\0\0 PAR1"])
def test_what_is_no_archive_is_a_failure(tmp_path: Path, name: str, data: bytes) -> None:
    if name.endswith(".zst") and len(data) < 5:
        pytest.skip("see test_a_zst_without_a_whole_block_is_a_failure")
    (tmp_path / name).write_bytes(data)
    (item,) = read(tmp_path)
    assert item.failure is not None


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.parquet"])
def test_an_empty_archive_is_a_failure_or_nothing_that_was_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert all(i.failure is not None for i in read(tmp_path))


def test_a_cut_parquet_is_a_failure(tmp_path: Path) -> None:
    path = shard(tmp_path / "a.parquet", [{"text": TEXT}] * 100)
    path.write_bytes(path.read_bytes()[:-20])
    (item,) = read(path)
    assert item.failure is not None


def test_a_parquet_without_our_columns_gives_failures(tmp_path: Path) -> None:
    assert [i.failure is None for i in read(shard(tmp_path / "a.parquet", [{"body": "x"}, {"body": "y"}]))] == [
        False
    ] * 2


def test_a_parquet_with_broken_utf_8_is_a_failure(tmp_path: Path) -> None:
    offsets = pa.py_buffer((0).to_bytes(4, "little") + (3).to_bytes(4, "little"))
    column = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"\xff\xfe\xfd"))
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    (item,) = read(tmp_path)
    assert item.failure is not None


def broken_utf_8(texts: list[str], broken: set[int]) -> pa.StringArray:
    """A column of words, some of which are no UTF-8; writing and reading it does not look."""
    words = [b"\xff\xfe\xfd" if i in broken else text.encode() for i, text in enumerate(texts)]
    ends = list(itertools.accumulate(map(len, words), initial=0))
    offsets = pa.py_buffer(b"".join(end.to_bytes(4, "little") for end in ends))
    return pa.StringArray.from_buffers(len(texts), offsets, pa.py_buffer(b"".join(words)))


@pytest.mark.parametrize("broken", [{0}, {70}, {199}, {3, 4, 130}])
def test_a_broken_value_of_a_parquet_costs_its_row_only(tmp_path: Path, broken: set[int]) -> None:
    texts = [f"{TEXT}{i}" for i in range(200)]
    pq.write_table(pa.table({"text": broken_utf_8(texts, broken)}), tmp_path / "a.parquet", row_group_size=90)
    found = read(tmp_path)
    assert [i.source for i in found] == [f"{tmp_path}/a.parquet#{i + 1}" for i in range(200)]
    assert [i.data for i in found] == [None if i in broken else t.encode() for i, t in enumerate(texts)]
    assert all("its text cannot be read: " in str(found[i].failure) for i in broken)


def test_a_broken_value_beside_the_text_names_its_column(tmp_path: Path) -> None:
    """A time that no calendar has, as some crawlers write for none."""
    times = pa.array([0, 2**62, 0], pa.timestamp("ms"))
    pq.write_table(pa.table({"text": [f"{TEXT}{i}" for i in range(3)], "fetched_at": times}), tmp_path / "a.parquet")
    found = read(tmp_path)
    assert [i.failure is None for i in found] == [True, False, True]
    assert "its fetched_at cannot be read" in str(found[1].failure)


def test_a_damaged_page_of_a_parquet_costs_the_rest_of_its_group(tmp_path: Path) -> None:
    texts = [f"{TEXT}{RANDOM.getrandbits(400)}" for _ in range(300)]
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"text": texts}),
        path,
        row_group_size=100,
        data_page_size=2000,
        write_batch_size=10,
        use_dictionary=False,
    )
    data = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    middle = column.data_page_offset + column.total_compressed_size // 2
    data[middle : middle + 300] = b"\xff" * 300
    path.write_bytes(data)
    found = read(path)
    (lost,) = (i for i in found if i.failure is not None)
    first = int(lost.source.rpartition("#")[2])
    assert 110 < first < 190
    assert f"rows {first} to 200 cannot be read" in str(lost.failure)
    whole = [*range(1, first), *range(201, 301)]
    assert [i.source for i in found if i is not lost] == [f"{path}#{i}" for i in whole]
    assert [i.data for i in found if i is not lost] == [texts[i - 1].encode() for i in whole]


@pytest.mark.parametrize(
    ("year", "read_as"),
    [
        (2021, 2021), ("2021", 2021), ("2021年", None), (21, None), (None, None), (True, None), ("", None), ([2021], None),
        (20211, None), (-2021, None), ({}, None),
    ],
)  # fmt: skip
def test_the_year_of_a_record(tmp_path: Path, year: Any, read_as: int | None) -> None:
    (item,) = read(shard(tmp_path / "a.jsonl", [{"text": TEXT, "year": year}]))
    assert item.year == read_as


def test_a_year_in_odd_digits_costs_nothing(tmp_path: Path) -> None:
    found = read(shard(tmp_path / "a.jsonl", [{"text": TEXT, "year": "²⁰²¹"}, {"text": "后"}]))
    assert [i.year for i in found] == [None, None]


def test_a_year_as_a_float(tmp_path: Path) -> None:
    first, second = read(shard(tmp_path / "a.parquet", [{"text": TEXT, "year": 2021.0}, {"text": "后", "year": None}]))
    assert (first.year, second.year) == (2021, None)


def test_html_serves_where_the_text_is_empty(tmp_path: Path) -> None:
    (item,) = read(shard(tmp_path / "a.jsonl", [{"text": "", "html": "<p>报告</p>"}]))
    assert item.suffix == ".html"


def test_lone_surrogates_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a\\ud800b"}\n')
    (item,) = read(tmp_path)
    assert item.data is not None
    item.data.decode("utf-8")


@pytest.mark.parametrize("field", ["url", "agency"])
def test_lone_surrogates_beside_the_text(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a", "%s": "x\\ud800"}\n' % field.encode())
    (item,) = read(tmp_path)
    f"{item.source}{item.agency}".encode()


def test_a_file_name_in_gbk(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + "报告".encode("gbk") + b".txt")).write_text(TEXT, "utf-8")
    (item,) = read(tmp_path)
    assert item.data == TEXT.encode()
    item.source.encode()


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["text", "html", "url", "year", "agency"]), x)), max_size=5))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_every_json_gives_one_input(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / f"any-{threading.get_ident()}.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    if any(isinstance(r, dict) and not str(r.get("year") or "").isascii() for r in records):
        return
    found = read(path)
    assert len(found) == len(records)
    assert all((i.data is None) == (i.failure is not None) for i in found)


def test_the_id_of_a_report_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    shard(tmp_path / "b.jsonl", [{"text": TEXT}])
    first, second = read(tmp_path)
    assert first.report_id == second.report_id
    assert len(first.report_id) == 16


@pytest.mark.parametrize("text", ["", " \n\u3000", None, 5, ["x"], {}])
def test_a_text_that_is_none_hides_no_html(tmp_path: Path, text: Any) -> None:
    (item,) = read(shard(tmp_path / "a.jsonl", [{"text": text, "html": "<p>年报</p>"}]))
    assert (item.suffix, item.data, item.failure) == (".html", "<p>年报</p>".encode(), None)


def test_blank_words_are_none(tmp_path: Path) -> None:
    (item,) = read(shard(tmp_path / "a.jsonl", [{"text": " ", "html": "\n"}]))
    assert "neither text nor html" in str(item.failure)
    (item,) = read(shard(tmp_path / "b.jsonl", [{"text": "年报", "agency": " ", "url": "\t"}]))
    assert (item.source, item.agency, item.url) == (f"{tmp_path}/b.jsonl#1", None, None)
