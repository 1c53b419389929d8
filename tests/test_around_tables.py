"""What stands around tables, and accidents of the crawl, against planted truth."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from models.readers import webpage
from models.schema.document import Span
from models.schema.table import Cell
from models.tables.align import align
from tests.planted import (
    AFTER,
    BEFORE,
    plant,
)
from tests.planted.checked import ALL_FORMS, FORMS, aligned, differences, right, wrong

# ---------------------------------------------------------------- what stands around the tables


HARMLESS = [
    "总计",
    "合计",
    "其他",
    "5",
    "- 5 -",
    "规章\n3",
    "行政许可\n41",
    "(一)予以公开\n10",
    "附件\n行政许可\n行政处罚",
]
HEADINGS = ["行政复议", "(二)行政复议", "其他结果", "1.行政复议\n2"]


@pytest.mark.parametrize("tail", [*HARMLESS, *((h) for h in HEADINGS)])
def test_short_lines_after_the_tables(tail: str) -> None:
    for layout in ("spaced", "tabs", "html"):
        planted = plant("2021", layout, seed=5)
        planted = replace(planted, text=f"{planted.text}\n{tail}\n")
        assert not differences(planted, aligned(planted))


@pytest.mark.parametrize("head", [*HARMLESS, *HEADINGS, "信息内容\n规章", "行政处罚\n5\n行政强制\n3"])
def test_short_lines_before_the_title(head: str) -> None:
    planted = plant("2021", "lines", seed=5)
    result = align(f"{head}\n{planted.text}", ())
    assert result is not None
    away = len(head) + 1
    moved = {c.id: replace(c, span=Span(c.span.start - away, c.span.end - away)) if c.span else c for c in result.cells}
    assert not differences(planted, moved)


def test_figures_in_a_list_right_before_the_table() -> None:
    planted = plant("2021", "lines", seed=5)
    title = "二、主动公开政府信息情况\n"
    text = planted.text.replace(title, f"{title}行政处罚\n5\n行政强制\n3\n", 1)
    result = align(text, ())
    assert result is not None
    cells = {c.id: c for c in result.cells}
    assert cells["disclosure.penalties.decisions"].value == planted.numbers["disclosure.penalties.decisions"]


@pytest.mark.parametrize("layout", ["spaced", "html"])
@pytest.mark.parametrize("form_id", ALL_FORMS)
def test_the_form_is_told_by_the_header_not_by_the_year(form_id: str, layout: str) -> None:
    planted = plant(form_id, layout, seed=6)
    for year in ("2018", "2019", "2021", "2024"):
        text = re.sub("20(?:16|20|23)年", f"{year}年", planted.text)
        result = align(text, planted.grids)
        assert result is not None
        assert result.form == form_id
        assert {c.id: c.value for c in result.cells} == {c: x.value for c, x in planted.truth.items()}


PROSE = "\n".join([*BEFORE, *AFTER])


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "。", "5", "0\n0\n0\n0\n0\n0\n0", PROSE,
        "本年制发行政规范性文件3件,现行有效件数12件。全年行政许可41件,行政处罚5件,行政强制0件。",
        "一、总体情况\n本年新收政府信息公开申请5件。\n予以公开3件,不予公开2件。\n未经复议直接起诉0件。",
        "行政许可\n行政处罚\n行政复议\n行政诉讼\n政府采购",
        "表格见附件:政府信息公开申请办理情况表.xlsx\n二、主动公开政府信息情况\n三、收到和处理政府信息公开申请情况",
        "年份\t收入\t支出\n2019\t100\t90\n2020\t120\t95\n总计\t220\t185",
    ],
)  # fmt: skip
def test_a_text_without_tables(text: str) -> None:
    assert align(text, ()) is None


def test_spans_hold_the_tables() -> None:
    planted = plant("2019", "tabs", seed=1)
    result = align(planted.text, ())
    assert result is not None
    for expected in planted.truth.values():
        assert expected.span is not None
        assert any(s.start <= expected.span.start and expected.span.end <= s.end for s in result.spans)
    assert not any(s.start <= planted.text.index("统计期限") < s.end for s in result.spans)


@pytest.mark.parametrize("page", ["{}", "<table><tr><td>{}</td></tr></table>"])
def test_values_in_a_table_for_layout(page: str) -> None:
    """Smallest case of a page whose tables stand inside a table that lays it out."""
    inner = "<table><tr><td>信息内容</td><td>本年处理决定数量</td></tr><tr><td>行政许可</td><td>7</td></tr>"
    inner += "<tr><td>行政处罚</td><td>5</td></tr><tr><td>行政强制</td><td>3</td></tr></table>"
    source = webpage.read(page.format(f"<p>首页</p>{inner}<p>尾页</p>").encode())
    result = align(source.text, source.grids)
    assert result is not None
    assert {c.id: c.value for c in result.cells}["disclosure.permits.decisions"] == 7


# ---------------------------------------------------------------- accidents


@pytest.mark.parametrize("layout", ["spaced", "lines"])
@pytest.mark.parametrize("damage", ["page number", "bare page number"])
def test_a_page_number_between_rows(damage: str, layout: str) -> None:
    for seed in range(8):
        planted = plant(FORMS[seed % 2], layout, seed=seed, damage=damage)  # type: ignore[arg-type]
        cells = aligned(planted)
        assert not wrong(planted, cells)
        assert right(planted, cells) > 0.95


def test_a_lost_value_is_not_inferred_wrongly() -> None:
    for seed in range(12):
        planted = plant(FORMS[seed % 2], "lines", seed=seed, profile="busy", damage="value lost")
        cells = aligned(planted)
        assert not wrong(planted, cells)
        assert right(planted, cells) > 0.9


def _one_row(values: str) -> dict[str, Cell]:
    text = "自然人\n商业企业\n科研机构\n总计\n一、本年新收政府信息公开申请数量\n" + "\n".join(values.split())
    result = align(f"{text}\n存在的问题。", ())
    assert result is not None
    return {c.id.removeprefix("applications.received."): c for c in result.cells if ".received." in c.id}


def test_no_placement_fits() -> None:
    """The total 5 is lost: the six that are left close with no blank, so the total is not 0."""
    cells = _one_row("0 0 5 0 0 0")
    assert cells["total"].value in (None, Decimal(5))
    cells = _one_row("0 0 5 0 0 0 5")
    assert [cell.value for cell in cells.values()] == [0, 0, 5, 0, 0, 0, 5]


def test_smallest_dropped_line() -> None:
    cells = _one_row("5 5")
    assert (cells["total"].value, cells["total"].status) == (Decimal(5), "inferred")
    assert {cells[c].status for c in cells if c != "total"} == {"ambiguous"}
    cells = _one_row("2 3 0 0 0 5")
    assert [cells[c].value for c in cells][-1] == 5
    cells = _one_row("0 0 0")
    assert {(c.value, c.status) for c in cells.values()} == {(Decimal(0), "inferred")}


def test_a_lost_label_makes_no_blanks() -> None:
    for layout in ("tabs", "html", "lines"):
        for seed in range(12):
            planted = plant(FORMS[seed % 2], layout, seed=seed, profile="busy", damage="label lost")
            cells = aligned(planted)
            assert not wrong(planted, cells)
            assert right(planted, cells) > 0.95


# ---------------------------------------------------------------- units


@pytest.mark.parametrize("note", ["单位:元", "（单位：元）", "金额单位：人民币元"])
@pytest.mark.parametrize("above", ["第二十条第(一)项", "第二十条第(八)项"])
def test_the_unit_above_a_table_holds_where_its_header_has_none(note: str, above: str) -> None:
    planted = plant("2021", "lines", seed=5)
    bare_header = planted.text.replace("本年收费金额(单位:万元)", "本年收费金额", 1)
    assert bare_header != planted.text
    assert _fees_unit(bare_header) == "万元"
    assert _fees_unit(bare_header.replace(above, f"{note}\n{above}", 1)) == "元"
    assert _fees_unit(planted.text.replace(above, f"{note}\n{above}", 1)) == "万元"


def test_a_unit_far_above_says_nothing() -> None:
    planted = plant("2021", "lines", seed=5)
    bare_header = planted.text.replace("(单位:万元)", "", 1)
    above = bare_header.replace("第二十条第(八)项", "填报单位:元谋县财政局\n第二十条第(八)项", 1)
    assert _fees_unit(above) == "万元"
    assert _fees_unit("单位:元\n" + "甲。\n" * 200 + planted.text.replace("(单位:万元)", "", 1)) == "万元"


def _fees_unit(text: str) -> str | None:
    result = align(text, ())
    assert result is not None
    (unit,) = (c.unit for c in result.cells if c.id == "disclosure.fees.amount")
    return unit
