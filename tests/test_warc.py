"""Web archives to inputs: which records are reports, and what a damaged archive costs."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from models.readers import inputs, warc
from models.readers.inputs import Input, Skipped, inputs_of, iterate_inputs

TEXT = "清溪县财政局2021年政府信息公开工作年度报告\n2021年公开信息135条。"
PAGE = f"<html><body><p>{TEXT}</p></body></html>".encode()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive(records: Iterable[dict[str, Any]], *, packed: bool = False) -> bytes:
    """An archive with a request and a response for each record; keys: data, type, url, kind, status, headers, about."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    for number, record in enumerate(records):
        url = record.get("url", f"http://www.example.cn/{number}.html")
        media = record.get("type", "text/html")
        given = [*([("Content-Type", media)] if media else []), *record.get("headers", ())]
        headers = StatusAndHeaders(record.get("status", "200 OK"), given, protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                url,
                record.get("kind", "response"),
                payload=io.BytesIO(record.get("data", PAGE)),
                http_headers=headers,
                warc_headers_dict={"WARC-Date": "2021-03-02T08:00:00Z", **record.get("about", {})},
            )
        )
    return out.getvalue()


def read(path: Path, data: bytes) -> list[Input | Skipped]:
    path.write_bytes(data)
    return list(inputs_of(path))


def one(path: Path, **record: Any) -> Input | Skipped:
    (item,) = read(path, archive([record]))
    return item


@pytest.mark.parametrize("packed", [False, True])
def test_pages_become_inputs_with_address_and_date(tmp_path: Path, packed: bool) -> None:
    name = "crawl.warc.gz" if packed else "crawl.warc"
    records = [
        {"kind": "request", "status": "GET / HTTP/1.1"},
        {},
        {"type": "image/png", "data": b"\x89PNG"},
        {"type": "text/plain; charset=gbk", "data": TEXT.encode("gbk")},
        {"status": "404 Not Found"},
    ]
    found = read(tmp_path / name, archive(records, packed=packed))
    assert [i.why for i in found if isinstance(i, Skipped)] == ["record of type request", "image/png", "status 404"]
    first, second = (i for i in found if isinstance(i, Input))
    assert (first.data, first.suffix, first.source, first.url) == (PAGE, ".html", *["http://www.example.cn/1.html"] * 2)
    assert first.fetched_at == "2021-03-02T08:00:00Z"
    assert (second.data, second.suffix) == (TEXT.encode("gbk"), ".txt")
    assert list(iterate_inputs([str(tmp_path)])) == [first, second]


@pytest.mark.parametrize(
    ("media", "url", "suffix"),
    [
        ("application/pdf", "http://a.cn/x", ".pdf"),
        ("APPLICATION/PDF ; x=1", "http://a.cn/x", ".pdf"),
        (DOCX, "http://a.cn/x", ".docx"),
        ("application/msword", "http://a.cn/x.doc", ".docx"),
        ("application/xhtml+xml", "http://a.cn/x", ".html"),
        ("application/octet-stream", "http://a.cn/b/x.PDF?y=1", ".pdf"),
        ("", "http://a.cn/x.docx", ".docx"),
        ("application/octet-stream", "http://a.cn/x.exe", None),
        ("", "http://[a.cn/x.docx", None),
        ("text/css", "http://a.cn/x.html", None),
    ],
)
def test_the_type_tells_the_reader(tmp_path: Path, media: str, url: str, suffix: str | None) -> None:
    found = one(tmp_path / "a.warc", type=media, url=url)
    assert found.suffix == suffix if isinstance(found, Input) else suffix is None


CHUNKS = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (10, PAGE[:10], len(PAGE) - 10, PAGE[10:])


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (CHUNKS, [("Transfer-Encoding", "chunked")]),
        (PAGE, [("Transfer-Encoding", "chunked")]),
        (gzip.compress(PAGE), [("Content-Encoding", "gzip")]),
        (zlib.compress(PAGE), [("Content-Encoding", "deflate")]),
        (PAGE, [("Content-Encoding", "gzip")]),
        (PAGE, [("Content-Encoding", "identity")]),
    ],
)
def test_bodies_are_unpacked(tmp_path: Path, data: bytes, headers: list[tuple[str, str]]) -> None:
    found = one(tmp_path / "a.warc", data=data, headers=headers)
    assert isinstance(found, Input)
    assert found.data == PAGE


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"data": gzip.compress(b"a" * 10**7), "headers": [("Content-Encoding", "gzip")]}, "the limit"),
        ({"data": b"a" * (inputs.MAX_BYTES + 1)}, "the limit"),
        ({"data": gzip.compress(PAGE)[:-9], "headers": [("Content-Encoding", "gzip")]}, "ends before it is unpacked"),
        ({"data": b"\x1f\x8b" + b"x" * 50, "headers": [("Content-Encoding", "gzip")]}, "damaged"),
        ({"headers": [("Content-Encoding", "br")]}, "packed as 'br'"),
        ({"about": {"WARC-Truncated": "length"}}, "WARC-Truncated: length"),
        ({"headers": [("X-Long", "y" * warc.MAX_HEADERS)]}, "its headers"),
    ],
)
def test_a_body_that_cannot_be_had_costs_its_record_only(tmp_path: Path, record: dict[str, Any], words: str) -> None:
    first, second = read(tmp_path / "a.warc.gz", archive([record, {}], packed=True))
    assert isinstance(first, Input)
    assert words in str(first.failure)
    assert (first.data, first.source) == (None, "http://www.example.cn/0.html")
    assert isinstance(second, Input)
    assert second.data == PAGE


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("share", [0.31, 0.51, 0.72, 0.96])
def test_a_cut_archive_keeps_the_records_before_it(tmp_path: Path, packed: bool, share: float) -> None:
    data = archive([{}] * 40, packed=packed)
    *before, last = read(tmp_path / ("a.warc.gz" if packed else "a.warc"), data[: int(len(data) * share)])
    assert abs(len(before) - 40 * share) < 2
    assert all(isinstance(i, Input) and i.data == PAGE for i in before)
    assert isinstance(last, Input)
    assert str(last.failure).startswith(f"shard broken after record {len(before)}: the record at byte ")


def test_the_byte_of_a_broken_record_is_named(tmp_path: Path) -> None:
    good = archive([{}])
    (_, last) = read(tmp_path / "a.warc", good + b"nonsense\r\n" + good)
    assert isinstance(last, Input)
    assert f"at byte {len(good)} of" in str(last.failure)


@pytest.mark.parametrize("changed", [(b"Content-Length: ", b"Content-Width: "), (b"WARC/1.0", b"WARC/9.9")])
def test_an_archive_without_its_bearings_is_one_failure(tmp_path: Path, changed: tuple[bytes, bytes]) -> None:
    (item,) = read(tmp_path / "a.warc", archive([{}, {}]).replace(*changed))
    assert isinstance(item, Input)
    assert item.failure is not None


def test_a_damaged_packed_archive_is_one_failure(tmp_path: Path) -> None:
    data = bytearray(archive([{}] * 20, packed=True))
    middle = len(data) // 2
    data[middle : middle + 20] = bytes(b ^ 0xFF for b in data[middle : middle + 20])
    *before, last = read(tmp_path / "a.warc.gz", bytes(data))
    assert all(isinstance(i, Input) and i.data == PAGE for i in before)
    assert isinstance(last, Input)
    assert "at byte" in str(last.failure)


def test_headers_without_end_are_refused(tmp_path: Path) -> None:
    for endless in (b"WARC/1.0\r\nX: " + b"y" * 10**7, b"WARC/1.0\r\n" + b"X: y\r\n" * 10**6, b"y" * 10**7):
        (item,) = read(tmp_path / "a.warc.gz", gzip.compress(endless))
        assert isinstance(item, Input)
        assert item.failure is not None


def test_an_archive_packed_as_one_is_read(tmp_path: Path) -> None:
    found = read(tmp_path / "a.warc.gz", gzip.compress(archive([{}, {}])))
    assert [isinstance(i, Input) and i.data for i in found] == [PAGE, PAGE]
