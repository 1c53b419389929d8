"""Bytes to text and grids: encodings, binaries, hostile markup. Nothing but DocumentError may come out."""

from __future__ import annotations

import io
import random
import time
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.readers.decode import decode
from models.readers.registry import read_bytes, readers
from models.schema.document import Grid, Source
from models.schema.errors import DocumentError

TITLE = "清溪县财政局2022年政府信息公开工作年度报告"
REPORT = (
    f"{TITLE}\n一、总体情况\n2022年,本局主动公开政府信息135条,其中门户网站98条、公众号37条。\n"
    "全年收到依申请公开12件,办结11件,结转下年度1件。\n二、主动公开政府信息情况\n"
)
SHORT = ["收到12件", TITLE, "全年收到申请3件。", "申请0件,复议0件。"]


def grids_of(markup: str) -> tuple[Grid, ...]:
    return page(markup).grids


def page(markup: str | bytes, suffix: str = ".html") -> Source:
    return read_bytes(markup.encode() if isinstance(markup, str) else markup, suffix)


def words_of(source: Source, grid: Grid) -> list[str]:
    return [source.text[c.span.start : c.span.end].strip() for c in grid.cells]


# Encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk", "gb2312"]
)
def test_a_report_is_read_in_every_encoding_of_the_contract(encoding: str) -> None:
    assert page(REPORT.encode(encoding), ".txt").text == REPORT


@pytest.mark.parametrize("bom", ["\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_byte_order_mark_is_no_text(encoding: str, bom: str) -> None:
    assert page((bom + REPORT).encode(encoding), ".txt").text == REPORT


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_short_texts_that_say_their_encoding(encoding: str, text: str) -> None:
    assert page(text.encode(encoding), ".txt").text == text


@pytest.mark.parametrize("text", SHORT[:2])
def test_short_texts_in_gbk(text: str) -> None:
    assert page(text.encode("gbk"), ".txt").text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_mark_whose_bytes_are_ascii(encoding: str) -> None:
    text = "公开\n" * 30
    assert page(text.encode(encoding), ".txt").text == text


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("damage", ["cut", "byte"])
def test_one_broken_byte_costs_no_report(encoding: str, damage: str) -> None:
    data = bytearray((REPORT * 10 + "报").encode(encoding))
    if damage == "cut":
        del data[-1]
    else:
        data[len(data) // 2] = 0xFF
    source = page(bytes(data), ".txt")
    assert "主动公开政府信息135条" in source.text


@pytest.mark.parametrize("declared", ["gbk", "gb2312", "GB18030", "utf-8", "iso-8859-1", "x-nonsense", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_the_declared_charset_may_be_wrong(declared: str, encoding: str) -> None:
    markup = f'<html><head><meta charset="{declared}"><title>{TITLE}</title></head><body><p>{REPORT}</p></body></html>'
    source = page(markup.encode(encoding))
    assert source.title == TITLE
    assert "主动公开政府信息135条" in source.text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=300))
def test_utf_8_is_never_changed(text: str) -> None:
    data = text.encode()
    if not data.strip() or text.startswith("\ufeff") or text.count("\ufffd") > 8:
        return
    assert page(data, ".txt").text == text


@given(st.text(alphabet="一二公开政府信息报告申请年月日件条0123456789,。、\n", min_size=200, max_size=600))
@settings(max_examples=30)
def test_gb18030_of_some_length_is_never_changed(text: str) -> None:
    text = REPORT + text
    assert page(text.encode("gb18030"), ".txt").text == text


def test_windows_line_ends_and_form_feeds_stay() -> None:
    text = REPORT.replace("\n", "\r\n") + "\f\v"
    assert page(text.encode(), ".txt").text == text


# What is no text


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", REPORT * 50)
    return buffer.getvalue()


BINARIES = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\6\0\0\0"
    + zlib.compress(random.Random(1).randbytes(5000)),
    "zip": _zip(),
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + zlib.compress(random.Random(2).randbytes(5000)),
    "nul": b"\0" * 5000,
    "nul text": b"abc\0\0\0\0" * 500,
    "control": bytes(range(1, 32)) * 50,
    "random": random.Random(3).randbytes(20_000),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0" + zlib.compress(random.Random(4).randbytes(3000)),
}


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize("name", BINARIES)
def test_a_renamed_binary_is_refused(name: str, suffix: str) -> None:
    with pytest.raises(DocumentError):
        page(BINARIES[name], suffix)


@pytest.mark.parametrize("suffix", sorted(readers()))
@pytest.mark.parametrize("data", [b"", b" ", b"\n\n\t", "\u3000\ufeff".encode(), b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused_or_empty(suffix: str, data: bytes) -> None:
    try:
        source = read_bytes(data, suffix)
    except DocumentError as error:
        assert str(error)
    else:
        assert not source.text.strip(" \t\n\u3000\ufeff")


@pytest.mark.parametrize("suffix", sorted({".txt", ".md", ".html", ".htm"} & set(readers())))
@given(data=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_text_or_a_document_error(suffix: str, data: bytes) -> None:
    try:
        source = read_bytes(data, suffix)
    except DocumentError:
        return
    assert all(0 <= c.span.start <= c.span.end <= len(source.text) for g in source.grids for c in g.cells)


@pytest.mark.parametrize("suffix", ["", ".", ".bak", ".exe", ".txt~"])
def test_an_unknown_suffix_names_the_known_ones(suffix: str) -> None:
    with pytest.raises(DocumentError, match=r"\.html.*\.txt"):
        read_bytes(REPORT.encode(), suffix)


@pytest.mark.parametrize("suffix", [".TXT", ".Html", ".HTM", ".MD"])
def test_suffixes_in_capitals_are_known(suffix: str) -> None:
    assert "135条" in read_bytes(REPORT.encode(), suffix).text


def test_a_long_gb18030_text_is_read_wherever_the_sample_ends() -> None:
    for shift in range(4):
        text = "a" * shift + REPORT * 2000
        assert page(text.encode("gb18030"), ".txt").text == text


def test_detection_does_not_slow_down_with_size() -> None:
    text = REPORT * 20_000
    started = time.perf_counter()
    assert decode(text.encode("utf-16-le"))[0] == text
    assert time.perf_counter() - started < 5


# HTML


@pytest.mark.parametrize("tag", ["div", "table", "ul", "b", "x-y"])
@pytest.mark.parametrize("closed", [True, False])
def test_ten_thousand_nested_tags(tag: str, closed: bool) -> None:
    started = time.perf_counter()
    source = page(f"<{tag}>" * 10_000 + "收到12件" + (f"</{tag}>" * 10_000 if closed else ""))
    assert "收到12件" in source.text
    assert time.perf_counter() - started < 5


def test_nested_tables_each_make_a_grid() -> None:
    source = page(
        "<table><tr><td>外一</td><td><table><tr><td>内一</td><td>内二</td></tr></table></td><td>外三</td></tr></table>"
    )
    assert sorted(map(tuple, (words_of(source, g) for g in source.grids))) == [
        ("内一", "内二"),
        ("外一", "内一\n内二", "外三"),
    ]


def test_deeply_nested_cells() -> None:
    source = page("<table><tr><td>" * 3000 + "收到12件")
    assert "收到12件" in source.text


@pytest.mark.parametrize(
    ("value", "span"),
    [("2", 2), ("0", 1), ("-3", 1), ("", 1), ("abc", 1), ("3.5", 1), (" 2 ", 2), ("99999", 100), ("9" * 400, 1)],
)
@pytest.mark.parametrize("name", ["rowspan", "colspan"])
def test_absurd_spans(name: str, value: str, span: int) -> None:
    (grid,) = grids_of(f'<table><tr><td {name}="{value}">甲</td><td>乙</td></tr></table>')
    assert getattr(grid.cells[0], name) == span


@pytest.mark.parametrize("value", ["²", "①", "1²"])
def test_spans_in_odd_digits(value: str) -> None:
    (grid,) = grids_of(f'<table><tr><td rowspan="{value}">甲</td></tr></table>')
    assert grid.cells[0].rowspan == 1


def test_many_absurd_spans_stay_bounded() -> None:
    started = time.perf_counter()
    cell = '<td rowspan="99999" colspan="99999">甲</td>'
    source = page("<table>" + f"<tr>{cell * 20}</tr>" * 200 + "</table>")
    assert len(source.grids[0].cells) == 4000
    assert time.perf_counter() - started < 5


def test_a_cell_below_a_rowspan_moves_right() -> None:
    (grid,) = grids_of(
        '<table><tr><td rowspan="2">甲</td><td colspan="2">乙</td></tr><tr><td>丙</td><td>丁</td></tr></table>'
    )
    assert [(c.row, c.column) for c in grid.cells] == [(0, 0), (0, 1), (1, 1), (1, 2)]


@pytest.mark.parametrize(
    "hidden",
    [
        '<tr style="display:none"><td>隐藏</td></tr>',
        '<tr hidden><td>隐藏</td></tr>',
        '<tr STYLE="DISPLAY : NONE"><td>隐藏</td></tr>',
        "<tr><td><script>隐藏</script></td></tr>",
        "<tr><td><style>隐藏</style></td></tr>",
        "<tr><td><!-- 隐藏 --></td></tr>",
        "<tr><td><template><p>隐藏</p></template></td></tr>",
        "<tr><td><noscript>隐藏</noscript></td></tr>",
        '<tr><td><span style="visibility: hidden">隐藏</span></td></tr>',
        "<tr><td><select><option>隐藏</option></select></td></tr>",
    ],
)  # fmt: skip
def test_what_a_browser_hides_is_no_text(hidden: str) -> None:
    source = page(f"<p>收到12件</p><table>{hidden}<tr><td>显示</td></tr></table>")
    assert "隐藏" not in source.text
    assert "显示" in source.text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>收到&#49;&#50;件</p>", "收到12件"),
        ("<p>收到&nbsp;12&emsp;件</p>", "收到 12\u2003件"),
        ("<p>&lt;12&gt;件</p>", "<12>件"),
        ("<p>收到12件&unknown;</p>", "收到12件&unknown;"),
        ("<p>收到&#xD800;12件", "收到\ufffd12件"),
        ("<p>收到<b>12</b>件</p>", "收到12件"),
        ("<p>收到12件<p>办结9件", "收到12件\n办结9件"),
        ("收到12件<br>办结9件", "收到12件\n办结9件"),
        ("<div>收到12件</div>\n\n<div>  办结9件 </div>", "收到12件\n办结9件"),
        ("<p>收到12件</p", "收到12件"),
        ("<![CDATA[x]]><p>收到12件", "收到12件"),
        ("<p>收到12件<a href='x'>", "收到12件"),
    ],
)
def test_visible_text(markup: str, text: str) -> None:
    assert page(markup).text.strip() == text


def test_a_page_without_words_is_refused() -> None:
    with pytest.raises(DocumentError, match="no text"):
        page("<html><head><title>报告</title></head><body><script>var a</script></body></html>")


@pytest.mark.parametrize("markup", ["<table></table>收到", "<td>收到</td>", "<tr><td>收到", "<table>收到</table>"])
def test_broken_tables_keep_their_words(markup: str) -> None:
    assert "收到" in page(markup).text


PIECES = st.sampled_from(
    "<table> </table> <tr> </tr> <td> </td> <th> <td|rowspan=3> <td|colspan=2> <td|rowspan=0> <div> </div> <p> "
    "<svg> </svg> <template> <tr|hidden> <!-- --> <script> </script> 收到 12 件 &lt; &#0; <caption> <math> <select>".split()
)


@given(st.lists(PIECES, max_size=40))
@settings(max_examples=60, deadline=None)
def test_cells_of_any_markup_lie_in_the_text_and_apart(pieces: list[str]) -> None:
    try:
        source = page("".join(pieces).replace("|", " ") or "空")
    except DocumentError:
        return
    for grid in source.grids:
        assert 0 <= grid.span.start <= grid.span.end <= len(source.text)
        places = [(c.row, c.column) for c in grid.cells]
        assert len(set(places)) == len(places)
        assert places == sorted(places)
        assert all(grid.span.start <= c.span.start <= c.span.end <= grid.span.end for c in grid.cells)
