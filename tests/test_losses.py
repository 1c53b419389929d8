"""Tables of which a crawl took repeated lines or the end, padded rows, and rows that carry their numbers."""

from __future__ import annotations

from decimal import Decimal

from models.schema.table import Cell
from models.tables.align import align
from tests.planted import plant
from tests.planted.checked import differences

COLUMNS = ["自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"]
HEADER = ["第二十条第(一)项", "信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]
END = "五、存在的主要问题及改进情况"


def read(text: str) -> dict[str, Cell]:
    result = align(text, ())
    assert result is not None
    return {cell.id: cell for cell in result.cells}


def row(cells: dict[str, Cell], key: str) -> list[int | None]:
    found = [c.value for i, c in cells.items() if i.startswith(f"{key}.")]
    return [None if value is None else int(value) for value in found]


def test_bars_that_pad_a_row_are_no_cells() -> None:
    """Empty cells in the middle are gone, and the row is filled up to the width of the table."""
    rows = [
        f"申请人情况 | {' | '.join(COLUMNS)} |",
        "一、本年新收政府信息公开申请数量 | 3 | 3 | ||||||",
        "二、上年结转政府信息公开申请数量 | 2 | 1 | 3 | |||||",
        "(一)予以公开 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |",
    ]
    cells = read("\n".join([*HEADER, *rows, END]))
    assert cells["applications.received.total"].value in (None, Decimal(3))
    assert cells["applications.carried_in.total"].value in (None, Decimal(3))
    assert {c.status for i, c in cells.items() if i.startswith("applications.carried_in.")} <= {"inferred", "ambiguous"}
    assert row(cells, "applications.granted") == [0] * 7


def test_a_report_on_one_line_with_its_prose() -> None:
    planted = plant("2021", "one line", seed=5)
    line = " ".join(planted.text.split("\n"))
    cells = read("本报告依据条例编制。全年公开信息12条,办理建议3件。" * 40 + line)
    for cell_id, expected in planted.truth.items():
        if expected.kind == "printed":
            assert cells[cell_id].value == expected.value, cell_id


def test_tables_without_repeated_lines_have_lost_their_zeros() -> None:
    planted = plant("2021", "lines", seed=2, profile="quiet")
    assert not differences(planted, read(planted.text))
    cells = read("\n".join(dict.fromkeys(planted.text.split("\n"))))
    assert "blank" not in {cell.status for cell in cells.values()}


def test_numbers_of_rows_are_no_values() -> None:
    labels = ["规章", "行政规范性文件", "行政许可", "行政处罚", "行政强制"]
    values = ["0\t1\t2", "", "", "7", "0"]
    lines = [f"{n}\t{label}\t{v}".strip() for n, (label, v) in enumerate(zip(labels, values, strict=True), start=1)]
    cells = read("\n".join([*HEADER, *lines, END]))
    assert row(cells, "disclosure.regulations") == [0, 1, 2]
    assert row(cells, "disclosure.normative_documents") == [None] * 3
    assert row(cells, "disclosure.permits") == [None]
    assert row(cells, "disclosure.penalties") == [7]


def test_codes_of_rows_are_no_values() -> None:
    labels = [
        "主动公开政府信息数",
        "主动公开规范性文件数",
        "政府公报公开政府信息数",
        "政府网站公开政府信息数",
        "政务微博公开政府信息数",
    ]
    lines = [line for n, label in enumerate(labels, start=1) for line in (label, "条", f"{n:02}", "7")]
    cells = read("\n".join(["政府信息公开情况统计表", *lines, END]))
    assert cells["disclosure.total.count"].value == 7
    blank = read("\n".join(["政府信息公开情况统计表", *(line for line in lines if line != "7"), END]))
    assert {cell.value for cell in blank.values()} == {None}


def test_the_row_in_which_the_text_ends() -> None:
    lines = [*HEADER, "规章", "0", "0", "0", *COLUMNS, "一、本年新收政府信息公开申请数量", *"1200003", "(一)予以公开"]
    assert read("\n".join(lines))["applications.granted.total"].status == "ambiguous"
    assert read("\n".join([*lines, END]))["applications.granted.total"].status == "blank"
