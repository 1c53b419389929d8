"""Word files to text and grids: merged cells, tracked changes, list numbers, boxes, and files that are broken."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from docx import Document
from docx.shared import Cm
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.readers import word_package
from models.readers.registry import read_bytes
from models.readers.word_numbers import shown
from models.schema.document import Grid, Source
from models.schema.errors import DocumentError
from models.tables.align import align
from tests.planted import judge, plant
from tests.printing import print_docx

NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def package(body: str, numbering: str = "", styles: str = "", **more: bytes) -> bytes:
    """A Word file written by hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>")
        if numbering:
            archive.writestr("word/numbering.xml", f"<w:numbering {NAMES}>{numbering}</w:numbering>")
        if styles:
            archive.writestr("word/styles.xml", f"<w:styles {NAMES}>{styles}</w:styles>")
        for name, data in more.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(body: str | bytes, **parts: str) -> Source:
    return read_bytes(package(body, **parts) if isinstance(body, str) else body, ".docx")


def run(words: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(r if r.startswith('<') else run(r) for r in runs)}</w:p>"


def cell(words: str, properties: str = "") -> str:
    inner = words if words.startswith("<") else paragraph(words)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(c if c.startswith('<') else cell(c) for c in cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"


def cells_of(source: Source, grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return [(c.row, c.column, c.rowspan, c.colspan, source.text[c.span.start : c.span.end].strip()) for c in grid.cells]


# Tables


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("blank", [0.0, 0.5])
def test_every_cell_of_a_printed_form_is_read(form: str, blank: float) -> None:
    for seed in range(2):
        planted = plant(form, "html", seed=seed, profile="busy", blank=blank)
        source = read(print_docx(planted))
        aligned = align(source.text, source.grids)
        assert aligned is not None
        cells = {c.id: c for c in aligned.cells}
        assert [c for c, expected in planted.truth.items() if judge(expected, cells[c]) != "right"] == []


def test_merged_cells_have_their_spans() -> None:
    source = read(
        table(
            row(cell("甲", '<w:vMerge w:val="restart"/>'), cell("乙", '<w:gridSpan w:val="2"/>')),
            row(cell("", "<w:vMerge/>"), "1", "2"),
            row(cell("", '<w:vMerge w:val="continue"/>'), "3", ""),
            row("丙", "4", "5", properties='<w:gridBefore w:val="0"/>'),
            row("6", "7", properties='<w:gridBefore w:val="1"/>'),
        )
    )
    assert cells_of(source, source.grids[0]) == [
        (0, 0, 3, 1, "甲"),
        (0, 1, 1, 2, "乙"),
        (1, 1, 1, 1, "1"),
        (1, 2, 1, 1, "2"),
        (2, 1, 1, 1, "3"),
        (2, 2, 1, 1, ""),
        (3, 0, 1, 1, "丙"),
        (3, 1, 1, 1, "4"),
        (3, 2, 1, 1, "5"),
        (4, 1, 1, 1, "6"),
        (4, 2, 1, 1, "7"),
    ]


def test_paragraphs_and_tables_stand_in_the_order_of_the_body() -> None:
    source = read(paragraph("二、主动公开") + table(row("规章", "0")) + paragraph("三、收到和处理"))
    assert source.text == "二、主动公开\n规章\n0\n三、收到和处理\n"
    assert source.text[slice(*source.grids[0].span)] == "规章\n0\n"


def test_a_table_in_a_cell_makes_a_grid_of_its_own() -> None:
    source = read(table(row(cell(table(row("规章", "1")) + paragraph("")), "外")))
    assert [[c[4] for c in cells_of(source, g)] for g in source.grids] == [["规章\n1", "外"], ["规章", "1"]]


def test_a_thousand_nested_tables_end() -> None:
    body = "收到12件"
    for _ in range(1000):
        body = table(row(cell(body if body.startswith("<") else paragraph(body))))
    with pytest.raises(DocumentError):
        read(body)


def test_absurd_spans_stay_bounded() -> None:
    source = read(
        table(row(cell("甲", '<w:gridSpan w:val="99999999"/>'), cell("乙", '<w:gridSpan w:val="900"/>'), "丙"))
    )
    assert [c[1:4] for c in cells_of(source, source.grids[0])] == [(0, 1, 1), (1, 1, 100), (101, 1, 1)]


def test_a_deleted_or_hidden_row_is_none() -> None:
    for properties in ('<w:del w:id="1" w:author="甲"/>', "<w:hidden/>"):
        source = read(table(row("规章", "1"), row("旧", "9", properties=properties), row("文件", "2")))
        assert [c[4] for c in cells_of(source, source.grids[0])] == ["规章", "1", "文件", "2"]


# Text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph("收到", run("12"), "件"), "收到12件"),
        (paragraph("收到", f"<w:del>{run('99')}</w:del><w:ins>{run('12')}</w:ins>", "件"), "收到12件"),
        (paragraph("收到", "<w:del><w:r><w:delText>99</w:delText></w:r></w:del>", "12件"), "收到12件"),
        (paragraph(f"<w:moveFrom>{run('99')}</w:moveFrom><w:moveTo>{run('12')}</w:moveTo>"), "12"),
        (paragraph("收到", run("99", "<w:vanish/>"), "12件"), "收到12件"),
        (paragraph("收到", run("12", '<w:vanish w:val="0"/>'), "件"), "收到12件"),
        (f"<w:sdt><w:sdtPr><w:t>99</w:t></w:sdtPr><w:sdtContent>{paragraph('收到12件')}</w:sdtContent></w:sdt>", "收到12件"),
        (paragraph(f"<w:sdt><w:sdtContent>{run('收到12件')}</w:sdtContent></w:sdt>"), "收到12件"),
        (paragraph(f"<w:hyperlink><w:smartTag>{run('收到12件')}</w:smartTag></w:hyperlink>"), "收到12件"),
        (paragraph("<w:r><w:instrText>PAGE 99</w:instrText></w:r>", "收到12件"), "收到12件"),
        (paragraph("<w:r><w:t>收到</w:t><w:br/><w:t>12件</w:t></w:r>"), "收到\n12件"),
        (paragraph("<w:r><w:t>收到</w:t><w:tab/><w:t>12件</w:t></w:r>"), "收到 12件"),
        (paragraph("收到", properties='<w:rPr><w:del w:id="1"/></w:rPr>') + paragraph("12件"), "收到12件"),
        (paragraph("<w:r><w:t>办法</w:t><w:noBreakHyphen/><w:t>12</w:t></w:r>"), "办法-12"),
        (paragraph("<w:ruby><w:rt>" + run("shou") + "</w:rt><w:rubyBase>" + run("收") + "</w:rubyBase></w:ruby>", "到"), "收到"),
    ],
)  # fmt: skip
def test_what_prints(body: str, text: str) -> None:
    assert read(body).text.strip() == text


def test_a_text_box_follows_its_paragraph_once() -> None:
    box = f"<w:txbxContent>{paragraph('附表一')}{table(row('规章', '1'))}</w:txbxContent>"
    drawing = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    source = read(paragraph("全年收到", drawing, "12件") + paragraph("办结9件"))
    assert source.text == "全年收到12件\n附表一\n规章\n1\n办结9件\n"
    assert len(source.grids) == 1


LEVELS = (
    '<w:abstractNum w:abstractNumId="7">'
    '<w:lvl w:ilvl="0"><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="%1、"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="(%2)"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="decimal"/><w:lvlText w:val="%3."/></w:lvl>'
    '<w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl>'
    '</w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="7"/></w:num>'
)


def listed(level: int, words: str, number: int = 2) -> str:
    return paragraph(words, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def test_list_numbers_are_written() -> None:
    levels = [
        (0, "总体情况"),
        (1, "主动公开"),
        (1, "依申请公开"),
        (2, "收到"),
        (0, "主动公开情况"),
        (1, "规章"),
        (3, "无"),
    ]
    source = read("".join(listed(*x) for x in levels) + listed(0, "无号", 9), numbering=LEVELS)
    assert source.text.split() == [
        "一、总体情况", "(一)主动公开", "(二)依申请公开", "1.收到", "二、主动公开情况", "(一)规章", "无", "无号",
    ]  # fmt: skip


def test_list_numbers_of_styles() -> None:
    styles = (
        '<w:style w:styleId="1"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="2"><w:basedOn w:val="1"/></w:style><w:style w:styleId="3"><w:basedOn w:val="3"/></w:style>'
    )
    body = "".join(paragraph("标题", properties=f'<w:pStyle w:val="{style}"/>') for style in "123")
    assert read(body, numbering=LEVELS, styles=styles).text.split() == ["一、标题", "二、标题", "标题"]


@pytest.mark.parametrize(
    ("number", "form", "words"),
    [(10, "chineseCounting", "十"), (12, "japaneseCounting", "十二"), (20, "chineseCounting", "二十"), (31, "chineseCounting", "三十一"),
     (3, "decimalEnclosedCircleChinese", "③"), (7, "decimal", "7"), (7, "bullet", ""), (0, "chineseCounting", "")],
)  # fmt: skip
def test_forms_of_numbers(number: int, form: str, words: str) -> None:
    assert shown(number, form) == words


def test_pictures_that_could_hold_a_table() -> None:
    document = Document()
    document.add_paragraph("三、收到和处理情况")
    for width, height in ((12, 8), (1, 1)):
        picture = io.BytesIO()
        Image.new("L", (8, 8)).save(picture, "png")
        picture.seek(0)
        document.add_picture(picture, width=Cm(width), height=Cm(height))
    document.add_paragraph("四、复议")
    buffer = io.BytesIO()
    document.save(buffer)
    source = read(buffer.getvalue())
    assert source.pictures == (source.text.index("四"),)


def test_a_picture_of_old_programs() -> None:
    shape = '<w:r><w:pict><v:shape style="width:300pt;height:200.5pt"><v:imagedata/></v:shape></w:pict></w:r>'
    assert read(paragraph("附表") + paragraph(shape)).pictures == (3,)
    assert read(paragraph("附表") + paragraph(shape.replace("300", "30"))).pictures == ()


def test_a_file_of_pictures_alone_needs_ocr() -> None:
    shape = '<w:r><w:pict><v:shape style="width:300pt;height:200.5pt"><v:imagedata/></v:shape></w:pict></w:r>'
    with pytest.raises(DocumentError, match=r"only pictures.*OCR"):
        read(paragraph(shape))


# Files that are broken


def _entities(inner: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", inner)
    return buffer.getvalue()


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><w:document/>"
OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><w:document/>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Word format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"{\\rtf1\\ansi abc}", "Rich Text"),
        (b"404 Not Found", "no Word file"),
        (b"PK\x03\x04" + b"\0" * 300, "broken"),
        (_entities("<w:document"), "broken"),
        (_entities(BOMB), "entities"),
        (_entities(OUTSIDE), "entities"),
        (_entities("<document/>"), "no body"),
        (package(""), "no text"),
        (package(paragraph("")), "no text"),
    ],
)
def test_what_is_no_report_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read(data)


def test_another_archive_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(DocumentError, match=r"no word/document\.xml"):
        read(buffer.getvalue())


@pytest.mark.timeout(60)
def test_a_part_that_unpacks_without_end_is_refused() -> None:
    data = package(" " * (word_package.MAX_PART + 1))
    assert len(data) < 100_000
    with pytest.raises(DocumentError, match="unpacks to"):
        read(data)


def test_the_declared_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = package(" " * 100_000)
    lie = data.replace(
        (100_000 + len(f"<w:document {NAMES}><w:body></w:body></w:document>")).to_bytes(4, "little"), b"\x10\0\0\0"
    )
    assert lie != data
    monkeypatch.setattr(word_package, "MAX_PART", 1000)
    with pytest.raises(DocumentError):
        read(lie)


@pytest.mark.timeout(60)
def test_bombs_in_other_parts_are_never_unpacked() -> None:
    assert read(package(paragraph("收到12件"), **{"word/media/image1.png": b"\0" * 2**26})).text == "收到12件\n"


def test_broken_numbering_and_styles_cost_nothing_else() -> None:
    assert read(package(listed(0, "收到12件"), numbering="<w:num", styles="</w:x>")).text == "收到12件\n"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_give_a_source_or_a_document_error(seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(package(paragraph("收到12件") + table(row("规章", "1")), numbering=LEVELS))
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)) :]
    try:
        source = read(bytes(data))
    except DocumentError:
        return
    assert all(0 <= c.span.start <= c.span.end <= len(source.text) for g in source.grids for c in g.cells)
