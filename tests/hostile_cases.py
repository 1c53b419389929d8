"""Hostile inputs, a line a case: the name of the file, what makes its bytes, and what has to come of it.

`READ` is a report; words are those of its failure, as a pattern. A shard has one for each record, in order.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.hostile_files import (
    CATALOGUE,
    ONE_PAGE,
    REPORT,
    archive,
    docx,
    nested_zip,
    one_page,
    packed_objects,
    page,
    pdf,
    stream,
)

READ = ""
MB = 2**20
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Case(NamedTuple):
    """A hostile file and what has to come of it."""

    name: str
    data: Callable[[], bytes]
    expected: tuple[str, ...]


def _case(name: str, data: Callable[[], bytes] | bytes, *expected: str) -> Case:
    return Case(name, data if callable(data) else lambda: data, expected)


def _record(**fields: Any) -> bytes:
    return json.dumps({"text": REPORT, **fields}).encode() + b"\n"


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _repeated(words: str, times: int) -> pa.Table:
    """A column that is small in its file."""
    return pa.table({"text": pa.DictionaryArray.from_arrays([0] * times, [words])})


def _zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def _own(n: int) -> str:
    """A report of its own: the same bytes twice would be read once."""
    return f"{REPORT}本页编号{n}。\n"


def _numbered(n: int) -> bytes:
    return _own(n).encode()


HTML = [
    _case("deep.html", lambda: page("<div>" * 5_000 + "深"), READ),
    _case("deep-tables.html", lambda: page("<table><tr><td>" * 2_000), READ),
    _case("wide.html", lambda: page("<table><tr>" + "<td>1" * 20_000), READ),
    _case("attributes.html", lambda: page("<p " + " ".join(f"a{i}=1" for i in range(5_000)) + ">x"), READ),
    _case("long-attribute.html", lambda: page(f'<p title="{"x" * 3 * MB}">x'), READ),
    _case("rowspan.html", lambda: page("<table><tr>" + "<td rowspan=1000000000 colspan=1000000000>1" * 3000), READ),
    _case("rowspans.html", lambda: page("<table>" + "<tr><td rowspan=65534 colspan=1000>1" * 5000), READ),
    _case("unclosed.html", lambda: page("<b><i><u><font><a>" * 2_000), READ),
    _case("misnested.html", lambda: page("<b><p></b></p>" * 3_000), READ),
    _case("comment.html", lambda: page("<!--" * 100_000), READ),
    _case("script.html", lambda: page(SCRIPT, f"<title>{SCRIPT}</title>"), READ),
    _case("entities.html", lambda: ENTITIES.encode() + page("&i;"), READ),
    _case("entity-list.html", lambda: page("&amp;" * 500_000), READ),
    _case("external.html", lambda: page('<iframe src="file:///etc/passwd"></iframe><img src="\\\\host\\share\\a.png">'), READ),
    _case("base.html", lambda: page('<link rel=stylesheet href="http://127.0.0.1:9/a.css"><object data="file:///etc/passwd">'), READ),
    _case("doctype.html", lambda: b'<!DOCTYPE html SYSTEM "file:///etc/passwd">' + page("外"), READ),
    _case("regex-style.html", lambda: page(f'<p style="{" " * 200_000}display">x</p>'), READ),
    _case("template.html", lambda: page("<template>" * 50_000), READ),
    _case("nothing.html", lambda: b"<html>" + b"<p></p>" * 100_000, "shows no text"),
]  # fmt: skip
TEXT = [
    _case("empty.txt", b"", "empty"),
    _case("spaces.txt", b" \n" * 10**6, "empty"),
    _case("nul.txt", b"\0" * 10**6, "empty|binary|neither"),
    _case("nuls-between.txt", lambda: REPORT.encode().replace(b"\n", b"\0\n"), READ),
    _case("long-line.txt", lambda: REPORT.encode() + b"1" * 10 * MB, "the limit is"),
    _case("digits.txt", lambda: REPORT.encode() + b"1" * MB, READ),
    _case("dots.txt", lambda: REPORT.encode() + b"1." * 200_000, READ),
    _case("brackets.txt", lambda: REPORT.encode() + "（".encode() * 100_000, READ),
    _case("figures.txt", lambda: REPORT.encode() + "公开信息1条，".encode() * 3_000, READ),
    _case("bom-lie.txt", lambda: b"\xff\xfe" + REPORT.encode(), "neither|binary|no report"),
    _case("bom-lie-2.txt", lambda: b"\xef\xbb\xbf" + REPORT.encode("gb18030"), "neither"),
    _case("bom-of-utf-32.txt", lambda: REPORT.encode("utf-32"), "binary|neither|no report"),
    _case("error-page.pdf", b"<html><body>404 Not Found</body></html>", "no report"),
    _case("error-page.docx", b"<html>404</html>", "no report"),
    _case("gbk.txt", lambda: REPORT.encode("gbk"), READ),
    _case("two-encodings.txt", lambda: REPORT.encode() * 40 + "半".encode("gbk"), READ),
    _case("surrogates.txt", lambda: (REPORT + "\ud800").encode("utf-8", "surrogatepass"), READ),
    _case("bidi.txt", f"\u202e\u2066{REPORT}\u202e".encode(), READ),
    _case("terminal.txt", f"{REPORT}\x1b]0;owned\x07\x1b[2J".encode(), READ),
    _case("formula.txt", f'=HYPERLINK("http://127.0.0.1/","x")\n@SUM(1)\n{REPORT}'.encode(), READ),
    _case("combining.txt", lambda: REPORT.encode() + "\u0301".encode() * 200_000, READ),
    _case("zip.txt", lambda: nested_zip(1), "binary|neither|broken"),
    _case("unknown.exe", lambda: _numbered(1), "no reader"),
    _case("no-suffix", lambda: _numbered(2), "no reader"),
]  # fmt: skip
WORD = [
    _case("bomb.docx", lambda: archive({"word/document.xml": b"<a>" + b" " * 40 * MB}), "unpacks to"),
    _case("nested.docx", lambda: nested_zip(2), "no word/document"),
    _case("parts.docx", lambda: docx(**{f"word__{i}.xml": "" for i in range(6000)}), "more than 5000 parts"),
    _case("laughs.docx", lambda: docx("<w:p><w:r><w:t>&i;</w:t></w:r></w:p>", ENTITIES), "declares entities"),
    _case("file.docx", lambda: docx("&x;", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares entities"),
    _case("unc.docx", lambda: docx("&x;", r'<!DOCTYPE a [<!ENTITY x SYSTEM "\\host\share\x">]>'), "declares entities"),
    _case("http.docx", lambda: docx("&x;", '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'), "declares entities"),
    _case("utf-16-entities.docx", lambda: archive({"word/document.xml": (
        '<?xml version="1.0" encoding="utf-16"?>' + ENTITIES + "<a>&i;</a>").encode("utf-16")}), "entit|no body|broken"),
    _case("deep.docx", lambda: docx("<w:p>" * 100_000 + "</w:p>" * 100_000), "broken"),
    _case("spans.docx", lambda: docx(
        "<w:tbl>" + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr><w:p/></w:tc></w:tr>' * 5000 + "</w:tbl>"), READ),
    _case("template.docx", lambda: docx(word___rels__document="", **{"word__attached.xml": "file:///etc/passwd"}), READ),
    _case("escape.docx", lambda: docx(**{"..__..__..__tmp__x": "y"}, text=_own(3)), READ),
    _case("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, r"old Word format"),
    _case("cut.docx", lambda: docx()[:-30], "broken"),
    _case("no-zip.docx", lambda: _numbered(4), "no Word file"),
]  # fmt: skip
PDF = [
    _case("pages-loop.pdf", lambda: pdf(CATALOGUE, "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"), "PDF"),
    _case("parent-loop.pdf", lambda: pdf(CATALOGUE, "<</Type/Pages/Kids[3 0 R]/Count 1/Parent 3 0 R>>",
        "<</Type/Pages/Kids[2 0 R]/Parent 2 0 R>>"), "PDF"),
    _case("length-loop.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>",
        b"<</Length 4 0 R>>stream\nq\nendstream"), "PDF"),
    _case("xref-loop.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        trailer="/Prev {start}"), "PDF"),
    _case("object-stream-in-itself.pdf", lambda: packed_objects("", b"\2\0\0\0\5\0" * 3), "PDF"),
    _case("object-stream-extends-itself.pdf", lambda: packed_objects("/Extends 5 0 R", b"\2\0\0\0\4\0" * 3), "PDF"),
    _case("many-objects.pdf", lambda: packed_objects("/N 999999999", b"\2\0\0\0\5\0" * 3), "PDF"),
    _case("form-in-itself.pdf", lambda: one_page(b"/X Do", stream(b"/X Do /X Do",
        "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"),
        keys="/Resources<</XObject<</X 5 0 R>>>>"), "PDF shows no text"),
    _case("huge-page.pdf", lambda: one_page(b"0 0 9 9 re f", box="0 0 1e30 1e30"), "no size|no text"),
    _case("no-page-size.pdf", lambda: one_page(b"0 0 9 9 re f", box="0 0 NaN 0"), "PDF"),
    _case("operators.pdf", lambda: one_page(b"q Q " * 100_000, packed=True), "PDF"),
    _case("strokes.pdf", lambda: one_page(b"0 0 m 9 9 l S " * 70_000, packed=True), "paints more than"),
    _case("path.pdf", lambda: one_page(b"1 1 l " * 30_000, packed=True), "PDF"),
    _case("arrays.pdf", lambda: one_page(b"[" * 50_000, packed=True), "PDF"),
    _case("dictionary.pdf", lambda: pdf(CATALOGUE, "<<" * 10_000), "PDF"),
    _case("bomb.pdf", lambda: one_page(b" " * 40 * MB, packed=True), "unpacks to more than"),
    _case("lzw.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        stream(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01" * 10_000, "/Filter/LZWDecode")), "PDF"),
    _case("run-length.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        stream(b"\x81 " * 200_000, "/Filter/RunLengthDecode")), "PDF|took more|memory"),
    _case("predictor.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        stream(b"x" * 1000, "/DecodeParms<</Predictor 12/Columns 999999999>>", packed=True)), "memory"),
    _case("many-pages.pdf", lambda: pdf(CATALOGUE, f"<</Type/Pages/Kids[{'3 0 R ' * 5_000}]/Count 5000>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"), "PDF|more than 200 pages"),
    _case("cid-widths.pdf", lambda: one_page(b"BT /F 9 Tf (ab) Tj ET",
        "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/A/W[0 99999999 500]>>",
        keys="/Resources<</Font<</F 5 0 R>>>>"), "memory|took more"),
    _case("script.pdf", lambda: pdf("<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", ONE_PAGE,
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"), "PDF"),
    _case("remote.pdf", lambda: pdf(CATALOGUE, ONE_PAGE, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        "<</Length 0/F(\\\\\\\\host\\\\share\\\\x)/FFilter/FlateDecode>>stream\n\nendstream"), "PDF"),
    _case("no-pdf.pdf", lambda: _numbered(5), "no PDF"),
]  # fmt: skip
SHARDS = [
    _case("deep.jsonl", lambda: b'{"text":' * 100_000 + b"\n" + _record(agency="深局"), "no JSON", READ),
    _case("arrays.jsonl", lambda: b"[" * MB + b"\n", "no JSON"),
    _case("numbers.jsonl", lambda: b'{"text": 1e999}\n{"text": %s}\n' % (b"9" * 100_000), "neither text", "no JSON"),
    _case("nan.jsonl", lambda: b'{"text": NaN}\n{"text": Infinity, "year": NaN}\n', "neither text", "neither text"),
    _case("keys.jsonl", lambda: b'{"text": 1, "text": %s}\n' % json.dumps(_own(6)).encode(), READ),
    _case("types.jsonl", lambda: b'{}\n{"text": []}\n"x"\nnull\n{"text": {"a": 1}}\n', *["neither text"] * 2, *["an object"] * 2, "neither text"),
    _case("metadata.jsonl", lambda: _record(text=_own(7), url={"a": []}, agency=9, year=[2021], fetched_at=True), READ),
    _case("script-url.jsonl", lambda: _record(text=_own(8), url="javascript:alert(1)", agency=SCRIPT), READ),
    _case("surrogate.jsonl", b'{"text": "\\ud800", "url": "\\udfff"}\n', "no report"),
    _case("long.jsonl", lambda: b'{"text": "' + b"x" * 10 * MB + b'"}\n' + _record(text=_own(9)), "a line of more", READ),
    _case("bomb.jsonl.gz", lambda: gzip.compress(b" " * 40 * MB), "a line of more"),
    _case("bomb.jsonl.zst", lambda: _zst(b" " * 40 * MB), "a line of more"),
    _case("twice.jsonl.gz", lambda: gzip.compress(gzip.compress(b" ")), "no JSON"),
    _case("cut.jsonl.gz", lambda: gzip.compress(_record())[:-9], "broken after record [01]"),
    _case("empty.jsonl.zst", b"", "within a zstd frame"),
    _case("window.jsonl.zst", b"\x28\xb5\x2f\xfd\x00\xff" + b"\0" * 20, "shard broken"),
    _case("broken.parquet", b"PAR1" + b"\xff" * 1000 + b"PAR1", "shard broken"),
    _case("footer.parquet", b"PAR1" + b"\0" * 20 + b"\xff\xff\xff\x7fPAR1", "shard broken"),
    _case("bomb.parquet", lambda: _parquet(_repeated("x" * 5 * MB, 20)), *["the limit"] * 20),
    _case("memory.parquet", lambda: _parquet(_repeated("x" * 60 * MB, 60)), *["the limit"] * 60),
    _case("types.parquet", lambda: _parquet(pa.table({"text": [1, 2], "year": ["x", "y"]})), "neither text", "neither text"),
    _case("null.parquet", lambda: _parquet(pa.table({"text": pa.nulls(2), "html": pa.nulls(2)})), "neither text", "neither text"),
    _case("lists.parquet", lambda: _parquet(pa.table({"text": [[["a"]]]})), "neither text"),
    _case("empty.warc", b"", ),
    _case("no.warc", b"GET / HTTP/1.1\r\n\r\n", "at byte 0"),
    _case("bomb.warc.gz", lambda: gzip.compress(b"WARC/1.0\r\nX: " + b"y" * 40 * MB), "its headers have more"),
    _case("length.warc", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999999999999999\r\n\r\nx", "ends within"),
    _case("negative.warc", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -9\r\n\r\nx\r\n\r\n", "at byte"),
    _case("chunks.warc", lambda: _warc("chunks", b"Transfer-Encoding: chunked", b"7fffffff\r\n" + _numbered(10)), READ),
    _case("inner-bomb.warc", lambda: _warc("bomb", b"Content-Encoding: gzip", gzip.compress(b" " * 40 * MB)), "the limit"),
]  # fmt: skip


def _warc(name: str, header: bytes, body: bytes) -> bytes:
    """An archive of one response."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + header + b"\r\n\r\n" + body
    about = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example.cn/" + name.encode()
    return about + b"\r\nContent-Length: %d\r\n\r\n" % len(block) + block + b"\r\n\r\n"


NAMES = [
    _case(name, _numbered(20 + i), READ)
    for i, name in enumerate(
        ["a\nb.txt", "a'\"b.txt", "\u202etxt.exe.txt", "a..txt", "<svg onload=alert(1)>.txt", "=cmd|' !A1.txt",
         "%2e%2e%2f.txt", "x" * 240 + ".txt", "-rf.txt", "$(id).txt", "a;b&c|d.txt", "\" onclick=alert(1) x.txt",
         "\x1b[2J.txt", "x.html/y.txt", "[a]*?.txt", " .txt", "\ufeff\u200b.txt", "{{7*7}}.txt"]
    )
]  # fmt: skip
HANGS = [
    _case("root-loop.pdf", lambda: pdf("1 0 R", ONE_PAGE), "took more than"),
    _case("cmap.pdf", lambda: one_page(b"BT /F 9 Tf (ab) Tj ET",
        "<</Type/Font/Subtype/Type1/BaseFont/A/ToUnicode 6 0 R>>",
        stream(b"begincmap 1 beginbfrange <00000000> <ffffffff> <0000> endbfrange endcmap"),
        keys="/Resources<</Font<</F 5 0 R>>>>"), "took more than|more than .* MiB"),
    _case("deep.html", lambda: page("<div>" * 400_000), "took more than"),
]  # fmt: skip
"""What the libraries that parse take without end for; only the limit of time ends it."""
ADDRESSES = {
    "javascript:alert(1)": "script-url.jsonl",
    "\\udfff": "surrogate.jsonl",
    "http://a.example.cn/chunks": "chunks.warc",
    "http://a.example.cn/bomb": "inner-bomb.warc",
}
"""Records that say their address, and the files that they stand in."""
CASES = [*HTML, *TEXT, *WORD, *PDF, *SHARDS, *NAMES]
