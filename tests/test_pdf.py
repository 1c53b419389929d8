"""PDF to text and grids: tables by lines and by the places of words, pages, scans, and files that are broken."""

from __future__ import annotations

import io
import logging
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from models.readers import pdf_page
from models.readers.pdf_furniture import PAGE_NUMBER
from models.readers.registry import read_bytes
from models.schema.document import Grid, Source
from models.schema.errors import DocumentError
from models.tables.align import align
from tests.planted import Planted, judge, plant
from tests.printing import Manner, print_pdf

FONT = "STSong-Light"
MANNERS = {
    "ruled": Manner(),
    "ruled, over pages": Manner(height=420),
    "rows cut, values above": Manner(height=420, broken=0),
    "rows cut, values below": Manner(height=380, broken=1),
    "shuffled": Manner(order=3),
    "shuffled, over pages": Manner(order=4, height=500, number="第 {} 页"),
    "lines as thin boxes": Manner(boxes=True, height=600),
    "digits apart": Manner(apart=True),
    "printed twice": Manner(bold=True),
    "turned page": Manner(turn=90),
    "sideways text": Manner(sideways=90),
    "sideways text, other way": Manner(sideways=270),
    "turned page with sideways text": Manner(turn=90, sideways=270),
    "horizontal lines only": Manner(rules="rows"),
    "horizontal lines only, cut": Manner(rules="rows", broken=0, height=420),
    "no lines": Manner(rules="none"),
    "no lines, wide": Manner(rules="none", pad=12),
    "running head": Manner(height=420, head="清溪县财政局2022年政府信息公开工作年度报告"),
}


def read(data: bytes) -> Source:
    return read_bytes(data, ".pdf")


def wrong_cells(planted: Planted, source: Source) -> list[str]:
    aligned = align(source.text, source.grids)
    assert aligned is not None
    assert aligned.form == planted.form
    cells = {c.id: c for c in aligned.cells}
    return [cell for cell, expected in planted.truth.items() if judge(expected, cells[cell]) != "right"]


def rows_of(source: Source, grid: Grid) -> list[list[str]]:
    rows: dict[int, list[str]] = {}
    for cell in grid.cells:
        rows.setdefault(cell.row, []).append(source.text[cell.span.start : cell.span.end].strip())
    return [rows[row] for row in sorted(rows)]


class Paper:
    """A page to write on; y counts from the top."""

    def __init__(self, **options: object) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(595, 842), invariant=1, **options)

    def write(self, x: float, y: float, words: str, size: float = 12) -> Paper:
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(x, 842 - y, words)
        return self

    def line(self, x0: float, y0: float, x1: float, y1: float) -> Paper:
        self.canvas.line(x0, 842 - y0, x1, 842 - y1)
        return self

    def mesh(self, xs: list[float], ys: list[float]) -> Paper:
        for y in ys:
            self.line(xs[0], y, xs[-1], y)
        for x in xs:
            self.line(x, ys[0], x, ys[-1])
        return self

    def picture(self, x: float, y: float, width: float, height: float) -> Paper:
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        self.canvas.drawImage(ImageReader(Image.new("L", (8, 8), 200)), x, 842 - y - height, width, height)
        return self

    def turn_over(self) -> Paper:
        self.canvas.showPage()
        return self

    def read(self) -> Source:
        return read(self.data())

    def data(self) -> bytes:
        self.canvas.save()
        return self.buffer.getvalue()


def raw_pdf(content: bytes, resources: bytes = b"", *objects: bytes) -> bytes:
    """A PDF of one page written by hand; further objects begin at number 5."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<" + resources + b">>>>",
        b"<</Length %d>>stream\n" % len(content) + content + b"\nendstream",
        *objects,
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
        + table
        + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(out))
    )


# Tables


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("manner", MANNERS)
def test_every_cell_of_a_printed_form_is_read(form: str, manner: str) -> None:
    planted = plant(form, "html", seed=1, profile="busy")
    assert wrong_cells(planted, read(print_pdf(planted, MANNERS[manner]))) == []


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize(
    "manner", ["ruled", "rows cut, values above", "rows cut, values below", "shuffled", "no lines"]
)
def test_blank_cells_stay_blank(form: str, manner: str) -> None:
    planted = plant(form, "html", seed=5, profile="ordinary", blank=0.5)
    assert wrong_cells(planted, read(print_pdf(planted, MANNERS[manner]))) == []


def test_a_table_over_pages_is_one_grid_and_its_cut_rows_are_whole() -> None:
    planted = plant("2021", "html", seed=1, profile="busy")
    whole = read(print_pdf(planted, Manner(height=3000)))
    for manner in ("ruled, over pages", "rows cut, values above", "rows cut, values below"):
        source = read(print_pdf(planted, MANNERS[manner]))
        assert [rows_of(source, g) for g in source.grids] == [rows_of(whole, g) for g in whole.grids]
        assert [[c[:4] for c in _places(g)] for g in source.grids] == [[c[:4] for c in _places(g)] for g in whole.grids]


def _places(grid: Grid) -> list[tuple[int, int, int, int]]:
    return [(c.row, c.column, c.rowspan, c.colspan) for c in grid.cells]


def test_merged_cells_have_their_spans() -> None:
    paper = Paper().mesh([60, 160], [100, 140]).line(160, 100, 360, 100).line(160, 120, 360, 120)
    paper.line(160, 140, 360, 140).line(360, 100, 360, 140).line(260, 120, 260, 140)
    source = paper.write(80, 124, "行政复议").write(240, 114, "结果").write(200, 134, "12").write(300, 134, "3").read()
    (grid,) = source.grids
    assert _places(grid) == [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)]
    assert rows_of(source, grid) == [["行政复议", "结果"], ["12", "3"]]


def test_a_wrapped_cell_stands_together() -> None:
    paper = Paper().mesh([60, 96, 132, 168], [100, 150])
    for x, words in ((66, ["商业", "企业"]), (102, ["总", "计"]), (136, ["22979.", "87"])):
        for k, part in enumerate(words):
            paper.write(x, 116 + 14 * k, part, 10)
    source = paper.read()
    assert rows_of(source, source.grids[0]) == [["商业企业", "总计", "22979.87"]]


def test_numbers_below_each_other_in_a_wide_cell_stay_apart() -> None:
    source = (
        Paper().mesh([60, 160, 260], [100, 150]).write(70, 116, "1").write(70, 132, "2").write(170, 116, "规章").read()
    )
    assert rows_of(source, source.grids[0]) == [["1\n2", "规章"]]


@pytest.mark.parametrize("seed", range(3))
def test_the_second_group_of_lawsuits_may_be_written_first(seed: int) -> None:
    xs = [60 + 30.0 * k for k in range(16)]
    paper = Paper().mesh(xs, [100, 120])
    order = [*range(10, 15), *range(5, 10), *range(5)] if seed == 0 else random.Random(seed).sample(range(15), 15)
    for k in order:
        paper.write(xs[k] + 8, 114, str(k + 1), 10)
    source = paper.read()
    assert rows_of(source, source.grids[0]) == [[str(k + 1) for k in range(15)]]


def test_a_table_open_at_its_sides() -> None:
    paper = Paper().line(160, 100, 160, 160).line(260, 100, 260, 160)
    for y in (100, 120, 140, 160):
        paper.line(60, y, 360, y)
    paper.write(70, 115, "信息内容").write(170, 115, "本年制发件数").write(270, 115, "本年废止件数", 10)
    paper.write(70, 135, "规章").write(170, 135, "3").write(70, 155, "行政规范性文件").write(270, 155, "7")
    source = paper.read()
    assert rows_of(source, source.grids[0])[1:] == [["规章", "3", ""], ["行政规范性文件", "", "7"]]


def test_rows_that_no_line_parts() -> None:
    paper = Paper().mesh([60, 160, 220, 280, 340], [100, 120, 190])
    for k, words in enumerate(["信息内容", "制发", "废止", "有效"]):
        paper.write(64 + (0 if k == 0 else 40) + 60 * k, 114, words, 10)
    for row, words in enumerate([["规章", "0", "1", "2"], ["规范性文件", "3", "4", "5"], ["其他", "6", "", "8"]]):
        for k, word in enumerate(words):
            paper.write(64 + (0 if k == 0 else 50) + 60 * k, 136 + 20 * row, word, 10)
    source = paper.read()
    rows = [
        ["信息内容", "制发", "废止", "有效"],
        ["规章", "0", "1", "2"],
        ["规范性文件", "3", "4", "5"],
        ["其他", "6", "", "8"],
    ]
    assert rows_of(source, source.grids[0]) == rows


def test_a_frame_around_prose_is_no_table() -> None:
    source = Paper().mesh([50, 545], [50, 800]).write(72, 100, "本局全年主动公开政府信息135条。").read()
    assert source.grids == ()
    assert source.text == "本局全年主动公开政府信息135条。\n"


@pytest.mark.timeout(60)
def test_a_drawing_of_many_lines_costs_no_time() -> None:
    paper = Paper().write(72, 60, "收到12件")
    for k in range(1500):
        paper.line(72, 100 + k / 3, 500, 100 + k / 3).line(72 + k / 4, 100, 72 + k / 4, 600)
    data = paper.data()
    assert "收到12件" in read(data).text


# Running text


def test_lines_that_the_margin_breaks_go_on() -> None:
    planted = plant("2021", "html", seed=0)
    source = read(print_pdf(planted))
    for line in planted.text[: planted.grids[0].span.start].splitlines():
        assert f"{line}\n" in source.text


def test_a_paragraph_goes_on_over_the_page_and_its_number() -> None:
    paper = Paper().write(96, 100, "全年通过门户网站公开信息一千二百八十条其中政策文件三十五", 14)
    paper.write(72, 760, "条另有解读材料十二条。" + "全年共收到依申请公开九件均按期办结并送达申请人没有", 12)
    paper.write(290, 810, "— 1 —").turn_over().write(72, 90, "结转下年度的。", 12).write(290, 810, "— 2 —")
    text = paper.read().text
    assert "没有结转下年度的。\n" in text
    assert "—" not in text


def test_indented_lines_and_headings_begin_anew() -> None:
    paper = Paper().write(96, 100, "(一)主动公开。全年通过门户网站公开信息一千二百八十条左右。")
    paper.write(96, 122, "(二)依申请公开。全年收到九件。").write(72, 144, "二、主动公开政府信息情况")
    assert paper.read().text.count("\n") == 3


@pytest.mark.parametrize(
    ("words", "number"),
    [("- 4 -", True), ("— 12 —", True), ("第 3 页", True), ("第3页 共9页", True), ("3/9", True), ("7", True), ("2022年", False), ("第二十条", False), ("135条", False)],
)  # fmt: skip
def test_page_numbers(words: str, number: bool) -> None:
    assert (PAGE_NUMBER.fullmatch(words) is not None) == number


def test_a_lone_value_at_the_foot_of_a_table_is_no_page_number() -> None:
    paper = Paper().mesh([60, 260, 360], [760, 780, 810]).write(70, 775, "行政许可", 10).write(300, 775, "5", 10)
    source = paper.write(70, 791, "行政处罚", 10).write(70, 804, "决定数", 10).write(300, 798, "4", 10).read()
    assert rows_of(source, source.grids[0]) == [["行政许可", "5"], ["行政处罚决定数", "4"]]


def test_running_heads_stand_once() -> None:
    planted = plant("2021", "html", seed=0)
    source = read(print_pdf(planted, MANNERS["running head"]))
    assert source.text.count("清溪县财政局") == 1


def test_characters_printed_twice_are_read_once() -> None:
    paper = Paper()
    for shift in (0, 0.3, 0.6):
        paper.write(72 + shift, 100, "公开政府信息11条,共2200件")
    assert paper.read().text.strip() == "公开政府信息11条,共2200件"


def test_radicals_and_compatibility_characters_become_plain() -> None:
    assert pdf_page._characters("⼀") == "一"
    assert pdf_page._characters("⺠") == "民"
    assert pdf_page._characters("⻓") == "长"
    assert pdf_page._characters("\uf9ba") == "了"
    assert pdf_page._characters("ﬁ") == "fi"
    assert pdf_page._characters("①") == "①"
    assert pdf_page._characters("１") == "１"


def test_text_off_the_page_is_dropped() -> None:
    text = Paper().write(72, 100, "公开信息").write(900, 100, "页外").write(72, -50, "页上").read().text
    assert text.strip() == "公开信息"


def test_a_watermark_aslant_is_dropped() -> None:
    paper = Paper().write(72, 100, "公开信息135条")
    paper.canvas.saveState()
    paper.canvas.translate(200, 500)
    paper.canvas.rotate(45)
    paper.canvas.drawString(0, 0, "内部资料")
    paper.canvas.restoreState()
    assert paper.read().text.strip() == "公开信息135条"


def test_latin_words_and_spaces() -> None:
    paper = Paper().write(72, 100, "网址 www.example.gov.cn 电子 邮箱").write(72, 122, "某").write(110, 122, "报告")
    assert paper.read().text.splitlines() == ["网址 www.example.gov.cn 电子邮箱", "某 报告"]


# Pictures, scans, unreadable fonts


def test_scanned_pages_are_named() -> None:
    paper = (
        Paper().write(72, 100, "本局全年主动公开政府信息135条,收到依申请公开政府信息申请12件,均已办结。").turn_over()
    )
    for _ in range(2):
        paper.picture(0, 0, 595, 842).write(290, 820, "2").turn_over()
    source = paper.read()
    assert source.warnings == ("第2、3页是扫描图像,没有文字层",)
    assert len(source.pictures) == 2
    assert source.pictures[0] == len(source.text)


def test_a_scan_without_text_is_an_error_that_says_so() -> None:
    with pytest.raises(DocumentError, match=r"scan .*OCR"):
        Paper().picture(0, 0, 595, 842).turn_over().picture(20, 20, 550, 800).read()


def test_an_empty_page_is_an_error() -> None:
    with pytest.raises(DocumentError, match="no text"):
        Paper().line(10, 10, 20, 10).read()


def test_a_picture_that_could_hold_a_table_is_noted_where_it_stands() -> None:
    paper = (
        Paper().write(72, 100, "三、收到和处理政府信息公开申请情况").picture(72, 150, 450, 300).picture(72, 20, 50, 50)
    )
    source = paper.write(72, 500, "四、政府信息公开行政复议情况").read()
    assert source.pictures == (source.text.index("四、"),)


def test_a_background_is_no_picture_of_a_table() -> None:
    paper = Paper().picture(0, 0, 595, 842)
    for k in range(8):
        paper.write(72, 100 + 22 * k, "全年主动公开政府信息135条。")
    assert paper.read().pictures == ()


def _without_map(words: str, rest: str = "") -> bytes:
    """Text in a font without ToUnicode, and text in a plain one."""
    cids = "".join(f"{k + 40:04x}" for k, _ in enumerate(words))
    content = f"BT /F1 12 Tf 72 700 Td <{cids}> Tj ET BT /F2 12 Tf 72 600 Td ({rest}) Tj ET".encode()
    return raw_pdf(
        content,
        b"/Font<</F1 5 0 R/F2 7 0 R>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/DW 1000/FontDescriptor<</Type/FontDescriptor/FontName/X/Flags 4/Ascent 800/Descent -200>>>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )


def test_characters_that_no_font_tells_are_counted_by_page() -> None:
    source = read(_without_map("甲乙丙", "received 12 of 15 applications in 2022"))
    assert source.text.splitlines() == ["\ufffd" * 3, "received 12 of 15 applications in 2022"]
    assert source.warnings == ("第1页有3个字的字体没有编码表,无法识别,以\ufffd代替",)


def test_a_text_layer_that_no_font_tells_is_an_error() -> None:
    with pytest.raises(DocumentError, match="do not tell their characters"):
        read(_without_map("甲乙丙丁戊己"))


# Files that are broken


def _text_pdf() -> bytes:
    return Paper().write(72, 100, "本局全年主动公开政府信息135条").data()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"404 Not Found", "no PDF"),
        (b"PK\x03\x04" + b"x" * 100, "no PDF"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + zlib.compress(random.Random(2).randbytes(5000)), "broken|no pages"),
        (b"%PDF-1.4\n", "broken|no pages"),
        (raw_pdf(b"").replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]/Count 0").replace(b"/Type/Page/", b"/Type/Nothing/"), "no pages"),
        (raw_pdf(b""), "no text"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read(data)


def test_a_password_is_asked_for() -> None:
    paper = Paper(encrypt=StandardEncryption("open", "own"))
    with pytest.raises(DocumentError, match="encrypted"):
        paper.write(72, 100, "公开信息135条").read()


def test_a_file_that_only_forbids_changes_is_read() -> None:
    paper = Paper(encrypt=StandardEncryption("", "own", canModify=0, canCopy=0))
    paper.canvas.setFont("Helvetica", 12)
    paper.canvas.drawString(72, 700, "received 135 applications")
    assert paper.read().text.strip() == "received 135 applications"


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.95, 0.99])
def test_a_cut_file_is_read_as_far_as_it_goes_or_refused(kept: float) -> None:
    data = print_pdf(plant("2021", "html", seed=0))
    try:
        source = read(data[: int(kept * len(data))])
    except DocumentError as error:
        assert str(error)
    else:
        assert "文件末尾不完整,后面的内容可能缺失" in source.warnings


def test_a_broken_page_is_named_and_the_others_are_read() -> None:
    paper = Paper(pageCompression=0).write(72, 100, "第一页收到12件").turn_over()
    data = paper.write(72, 100, "第二页收到99件").turn_over().write(72, 100, "第三页办结9件").data()
    contents = [k for k in range(len(data)) if data.startswith(b" Tf", k)]
    broken = bytearray(data)
    place = data.index(b"(", contents[len(contents) // 2])
    broken[place : place + 9] = b"<</A>>  ("
    source = read(bytes(broken))
    assert source.text.splitlines() == ["第一页收到12件", "第三页办结9件"]
    assert source.warnings == ("第2页已损坏,没有读取",)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_damaged_bytes_give_a_source_or_a_document_error(seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(_text_pdf())
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(8, len(data))] = rng.randrange(256)
    try:
        source = read(bytes(data))
    except DocumentError:
        return
    assert all(0 <= c.span.start <= c.span.end <= len(source.text) for g in source.grids for c in g.cells)


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_page, "MAX_PAGES", 3)
    paper = Paper()
    for _ in range(4):
        paper.write(72, 100, "公开").turn_over()
    with pytest.raises(DocumentError, match="more than 3 pages"):
        paper.read()


def test_too_many_characters_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_page, "MAX_GLYPHS", 20)
    with pytest.raises(DocumentError, match="more than 20 characters"):
        Paper().write(72, 100, "公开" * 11).read()


@pytest.mark.timeout(60)
def test_forms_within_forms_end() -> None:
    """Each of nine forms draws the next one ten times: a billion pictures in two thousand bytes."""
    forms = []
    for k in range(9):
        inner = b"/X Do " * 10 if k < 8 else b"0 0 9 9 re f"
        resources = b"/Resources<</XObject<</X %d 0 R>>>>" % (k + 6) if k < 8 else b""
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length %d>>" % (resources, len(inner))
        forms.append(head + b"stream\n" + inner + b"\nendstream")
    with pytest.raises(DocumentError, match="paints more than"):
        read(raw_pdf(b"/X Do", b"/XObject<</X 5 0 R>>", *forms))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("times", [1, 2])
def test_a_stream_that_unpacks_without_end_is_refused(times: int) -> None:
    packed = b"q Q " * (2**25)
    for _ in range(times):
        packed = zlib.compress(packed, 9)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]"
    data = raw_pdf(packed).replace(b"/Length %d" % len(packed), b"/Length %d" % len(packed) + filters)
    with pytest.raises(DocumentError, match="unpacks to more than"):
        read(data)


def test_pdfminer_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    level = logging.getLogger("pdfminer").level
    with caplog.at_level(logging.DEBUG):
        read(_text_pdf().replace(b"/MediaBox", b"/MediaBux"))
    assert caplog.records == []
    assert logging.getLogger("pdfminer").level == level
