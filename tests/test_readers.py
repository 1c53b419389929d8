"""Bytes to text and grids: encodings, binaries, hostile markup. Nothing but DocumentError may come out."""

from __future__ import annotations

import io
import random
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.readers.decode import decode
from models.readers.inputs import MAX_BYTES, Input
from models.readers.registry import is_readable, kind_of, read_bytes, readers
from models.reading import read_report
from models.schema.document import Grid, Source
from models.schema.errors import DocumentError
from models.tables.align import align
from tests.planted import judge, plant

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


@pytest.mark.timeout(60)
def test_detection_does_not_slow_down_with_size() -> None:
    text = REPORT * 20_000
    assert decode(text.encode("utf-16-le"))[0] == text


# HTML


@pytest.mark.timeout(60)
@pytest.mark.parametrize("tag", ["div", "table", "ul", "b", "x-y"])
@pytest.mark.parametrize("closed", [True, False])
def test_ten_thousand_nested_tags(tag: str, closed: bool) -> None:
    source = page(f"<{tag}>" * 10_000 + "收到12件" + (f"</{tag}>" * 10_000 if closed else ""))
    assert "收到12件" in source.text


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
def test_absurd_spans_over_columns(value: str, span: int) -> None:
    (grid,) = grids_of(f'<table><tr><td colspan="{value}">甲</td><td>乙</td></tr></table>')
    assert grid.cells[0].colspan == span


@pytest.mark.parametrize(
    ("value", "span"),
    [("2", 2), ("0", 3), ("-3", 1), ("", 1), ("abc", 1), ("3.5", 1), (" 2 ", 2), ("99999", 3), ("9" * 400, 1)],
)
@pytest.mark.parametrize("part", ["tbody", "thead", "tfoot"])
def test_absurd_spans_over_rows_end_with_their_part_of_the_table(part: str, value: str, span: int) -> None:
    (grid,) = grids_of(
        f'<table><{part}><tr><td rowspan="{value}">甲</td><td>乙</td></tr><tr><td>丙</td></tr><tr><td>丁</td></tr>'
        f"</{part}><tbody><tr><td>戊</td></tr></tbody></table>"
    )
    assert next(c.rowspan for c in grid.cells if c.column == 0 and c.row == (1 if part == "tfoot" else 0)) == span
    below = {0: 0, 1: 0} | ({1: 1} if span > 1 else {}) | ({2: 1} if span > 2 else {})
    first = 1 if part == "tfoot" else 0
    starts = {row: min(c.column for c in grid.cells if c.row == row) for row in range(first, first + 3)}
    assert starts == {first + k: below.get(k, 0) for k in range(3)}
    assert [c.column for c in grid.cells if c.row == (0 if part == "tfoot" else 3)] == [0]


@pytest.mark.parametrize("value", ["²", "①", "1²"])
def test_spans_in_odd_digits(value: str) -> None:
    (grid,) = grids_of(f'<table><tr><td rowspan="{value}">甲</td></tr></table>')
    assert grid.cells[0].rowspan == 1


@pytest.mark.timeout(60)
def test_many_absurd_spans_stay_bounded() -> None:
    cell = '<td rowspan="99999" colspan="99999">甲</td>'
    source = page("<table>" + f"<tr>{cell * 20}</tr>" * 200 + "</table>")
    assert len(source.grids[0].cells) == 4000


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
        ("<p>收到&nbsp;12&emsp;件</p>", "收到 12 件"),
        ("<p>收到\u200b12\ufeff件</p>", "收到12件"),
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


@pytest.mark.parametrize("style", ["display:none", "visibility:collapse", "color:red; display : none"])
def test_a_row_that_is_gone_takes_no_place(style: str) -> None:
    (grid,) = grids_of(
        '<table><tr><td rowspan="2">甲</td><td>1</td></tr>'
        f'<tr style="{style}"><td>旧</td></tr><tr><td>2</td></tr></table>'
    )
    assert [(c.row, c.column, c.rowspan) for c in grid.cells] == [(0, 0, 2), (0, 1, 1), (1, 1, 1)]


def test_a_cell_that_is_only_unseen_keeps_its_place() -> None:
    source = page('<table><tr><td style="visibility:hidden">旧</td><td>1</td></tr></table>')
    assert [(c.column, w) for c, w in zip(source.grids[0].cells, words_of(source, source.grids[0]), strict=True)] == [
        (0, ""),
        (1, "1"),
    ]


def test_heads_stand_first_and_feet_last_wherever_they_are_written() -> None:
    source = page(
        "<table><tfoot><tr><td>总计</td></tr></tfoot><tbody><tr><td>规章</td></tr></tbody>"
        "<thead><tr><td>信息内容</td></tr></thead></table>"
    )
    assert words_of(source, source.grids[0]) == ["信息内容", "规章", "总计"]


def test_columns_and_captions_are_no_cells() -> None:
    source = page(
        "<table><caption>附表</caption><colgroup><col width=9><col></colgroup><tr><td>规章</td><td>0</td></tr></table>"
    )
    assert words_of(source, source.grids[0]) == ["规章", "0"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<td>商业<br>企业</td>", "商业\n企业"),
        ("<td><span>1</span><span>2</span></td>", "12"),
        ('<td><input value="12"></td>', "12"),
        ('<td><input type="text" value=" 12 "></td>', "12"),
        ('<td><input type="hidden" value="99">12</td>', "12"),
        ('<td><input type="checkbox" value="99">12</td>', "12"),
        ("<td><textarea>12</textarea></td>", "12"),
        ("<td><!-- 99 -->12<![CDATA[99]]></td>", "12"),
        ("<td><!--[if gte mso 9]><p>99</p><![endif]-->12<o:p></o:p></td>", "12"),
        ("<td>&emsp;12\u200b</td>", "12"),
        ("<td><p>&nbsp;</p></td>", ""),
        ("<td><table><tr><td>12</td></tr></table></td>", "12"),
    ],
)
def test_what_a_cell_shows(cell: str, words: str) -> None:
    source = page(f"<table><tr><td>规章</td>{cell}<td>尾</td></tr></table>")
    assert [words_of(source, g) for g in source.grids] == [["规章", words, "尾"]]


@pytest.mark.parametrize("form", ["2019", "2021"])
def test_a_form_cut_in_two_tables_or_in_one_with_the_next(form: str) -> None:
    planted = plant(form, "html", seed=2, profile="busy")
    parts = [
        (g, [planted.text[c.span.start : c.span.end].strip() for c in g.cells]) for g in planted.grids
    ]  # fmt: skip
    cut = "".join(_markup(g, words, cut=12) for g, words in parts)
    merged = (
        "<table>"
        + "".join(_markup(g, words, cut=999).removeprefix("<table>").removesuffix("</table>") for g, words in parts)
        + "</table>"
    )
    for markup in (cut, merged):
        source = page(markup)
        aligned = align(source.text, source.grids)
        assert aligned is not None
        cells = {c.id: c for c in aligned.cells}
        assert [c for c, e in planted.truth.items() if judge(e, cells[c]) != "right"] == []


def _markup(grid: Grid, words: list[str], cut: int) -> str:
    """The table again, cut in two before a row; a merged cell that the cut divides stands in the upper part."""
    rows: dict[int, str] = dict.fromkeys(range(max(c.row + c.rowspan for c in grid.cells)), "")
    for cell, text in zip(grid.cells, words, strict=True):
        rows[cell.row] += f'<td rowspan="{cell.rowspan}" colspan="{cell.colspan}">{text}</td>'
    lines = [f"<tr>{rows[row]}</tr>" + ("</table><table>" if row == cut else "") for row in rows]
    return "<table>" + "".join(lines) + "</table>"


@pytest.mark.parametrize(
    ("markup", "large"),
    [
        ('<img src="a.png">', True),
        ('<img src="a.png" width="600" height="400">', True),
        ('<img src="a.png" style="width:100%;max-width:640px">', True),
        ('<img src="a.png" width="16">', False),
        ('<img src="a.png" style="height:20px">', False),
        ('<img src="a.png" width="3.4.5" height="9..">', True),
        ('<nav><img src="a.png"></nav>', False),
        ('<header><div><img src="a.png"></div></header>', False),
        ('<p style="display:none"><img src="a.png"></p>', False),
        ("<img>", False),
    ],
)
def test_pictures_that_could_hold_a_table(markup: str, large: bool) -> None:
    source = page(f"<p>三、收到和处理情况</p>{markup}<p>四、复议</p>")
    assert source.pictures == ((source.text.index("四"),) if large else ())


PIECES = st.sampled_from(
    "<table> </table> <tr> </tr> <td> </td> <th> <td|rowspan=3> <td|colspan=2> <td|rowspan=0> <div> </div> <p> "
    "<svg> </svg> <thead> </thead> <tfoot> <input|value=1> <img|src=x> <nav> </nav> <td|style=visibility:hidden> <template> <tr|hidden> <!-- --> <script> </script> 收到 12 件 &lt; &#0; <caption> <math> <select>".split()
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


# What a file is


@pytest.mark.parametrize(
    ("data", "suffix", "kind"),
    [
        (b"<!DOCTYPE html><p>x", ".docx", ".html"),
        (b"\xef\xbb\xbf\r\n<?xml version='1.0'?><!-- a --><!-- b -->\n<HTML>", ".txt", ".html"),
        ("\ufeff<html>".encode("utf-16-le"), ".PDF", ".html"),
        (b"<table><tr><td>1", ".txt", ".html"),
        (b"<div align=center>\n\n# A", ".md", ".md"),
        (b"<body>", ".md", ".html"),
        (b"<1> a", ".txt", ".txt"),
        (b"%PDF-1.4\n", ".html", ".pdf"),
        (b"% of %PDF-1.4\n", ".txt", ".txt"),
        (b"PK\3\4...word/document.xml", ".pdf", ".docx"),
        (b"PK\3\4...xl/workbook.xml", ".txt", ".txt"),
        ("年度报告".encode(), ".docx", ".docx"),
        (b"<html>", ".shtml", ".html"),
        (b"%PDF-1.4\n", "", ".pdf"),
        (b"<p>x", ".bak", ".bak"),
        (b"", ".HTM", ".htm"),
        (b"<!---->" * 140 + b"<!--", ".txt", ".txt"),
    ],
)
def test_what_bytes_begin_with_counts_for_more_than_their_suffix(data: bytes, suffix: str, kind: str) -> None:
    assert kind_of(data, suffix) == kind


@pytest.mark.parametrize(
    ("data", "suffix", "readable"),
    [
        (b"x", ".txt", True), (b"x", ".pdf", False), (b"x" * 99 + b"%PDF-", ".pdf", True), (b"x", ".docx", False),
        (b"PK\3\4", ".docx", True), (b"<html>", ".docx", True), (b"x", ".bak", False),
    ],
)  # fmt: skip
def test_what_no_reader_takes(data: bytes, suffix: str, readable: bool) -> None:
    assert is_readable(data, suffix) is readable


def test_a_page_with_the_suffix_of_a_larger_kind_has_the_limit_of_pages() -> None:
    with pytest.raises(DocumentError, match="the limit is"):
        read_report(Input("a.docx", ".docx", b"<html>" + b"x" * MAX_BYTES))
