"""Tables as crawls and PDF text leave them, in small: what each mechanism of the reader must give."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.readers import webpage
from models.reading import read_document
from models.schema.document import Source
from models.schema.table import Cell
from models.tables.align import align
from models.tables.tokens import pieces_of
from models.tables.untangle import untangled
from tests.planted import plant

HEADER = ["(本列数据的勾稽关系为:第一项加第二项之和,等于第三项加第四项之和)", "申请人情况", "自然人", "法人或其他组织", "总计",
          "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他"]  # fmt: skip
NEW, CARRIED = "一、本年新收政府信息公开申请数量", "二、上年结转政府信息公开申请数量"
OUTCOMES = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]


def read(text: str) -> dict[str, Cell]:
    result = align(text, ())
    assert result is not None
    return {cell.id: cell for cell in result.cells}


def row(cells: dict[str, Cell], key: str) -> list[int | None]:
    """Values of a row, None where it has none."""
    return [None if c.value is None else int(c.value) for i, c in cells.items() if i.startswith(f"{key}.")]


def statuses(cells: dict[str, Cell], key: str) -> set[str]:
    return {c.status for i, c in cells.items() if i.startswith(f"{key}.")}


# ---------------------------------------------------------------- glued, upright, on one line


def words(text: str) -> list[tuple[str, str]]:
    return [(p.kind, p.raw) for p in pieces_of(text, ())]


def test_labels_and_digits_without_a_separator() -> None:
    assert words("规章000行政规范性文件141414行政许可7") == [
        ("text", "规章"), ("glued", "000"), ("text", "行政规范性文件"), ("glued", "141414"), ("text", "行政许可"), ("value", "7"),
    ]  # fmt: skip
    assert words("1.属于国家秘密00000002.重复申请0") == [
        ("text", "1.属于国家秘密"), ("glued", "0000000"), ("text", "2.重复申请"), ("value", "0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sentence",
    [
        "全年予以公开10件,部分公开2件,不予公开1件,无法提供2件",
        "其中自然人申请3件、商业企业申请2件",
        "行政许可、行政处罚、行政强制、行政复议、行政诉讼等信息应公开尽公开",
    ],
)
def test_a_sentence_is_never_cut(sentence: str) -> None:
    assert words(sentence) == [("text", sentence)]


def test_digits_of_several_cells_are_split_only_where_one_way_holds() -> None:
    lines = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数", "规章000", "行政规范性文件141414", *HEADER]
    cells = read("\n".join([*lines, f"{NEW}1200003", f"{CARRIED}110000012", "(一)予以公开0000000"]))
    assert row(cells, "disclosure.regulations") == [0, 0, 0]
    assert row(cells, "disclosure.normative_documents") == [None, None, None], "14, 14, 14 or 1, 4, 1414"
    assert row(cells, "applications.received") == [1, 2, 0, 0, 0, 0, 3]
    assert row(cells, "applications.carried_in") == [None] * 5 + [None, None], "11 and 1, or 1 and 11"
    assert row(cells, "applications.granted") == [0] * 7


def test_glued_digits_below_their_label() -> None:
    rows = [*HEADER, NEW, "1200003", CARRIED, "0000000", "(一)予以公开", "0000000"]
    cells = read("\n".join(rows))
    assert row(cells, "applications.received") == [1, 2, 0, 0, 0, 0, 3]
    assert row(cells, "applications.carried_in") == [0] * 7
    remedies = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
    remedies = [
        "行政复议",
        *remedies,
        "行政诉讼",
        "未经复议直接起诉",
        *remedies,
        "复议后起诉",
        *remedies,
        "100010000000000",
    ]
    cells = read("\n".join([*rows, *remedies]))
    assert row(cells, "remedies.reconsideration") == [1, 0, 0, 0, 1]
    assert row(cells, "remedies.litigation_after_reconsideration") == [0] * 5


def test_signs_and_decimals_among_glued_digits() -> None:
    lines = [
        "行政许可",
        "上一年项目数量",
        "本年增/减",
        "处理决定数量",
        "行政许可1-10",
        "行政处罚0+57",
        "采购项目数量",
        "采购总金额",
    ]
    cells = read("\n".join([*lines, "政府集中采购045584.49", *HEADER, f"{NEW}1200003", f"{CARRIED}0000000"]))
    assert row(cells, "disclosure.permits") == [1, -1, 0]
    assert row(cells, "disclosure.penalties") == [0, 5, 7]
    assert cells["disclosure.procurement.amount"].value == Decimal("45584.49")


def test_one_row_with_too_few_digits_leaves_others_open() -> None:
    lines = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数", "规章894", "行政规范性文件57", *HEADER]
    cells = read("\n".join([*lines, f"{NEW}1200003", f"{CARRIED}1100002", "(一)予以公开0000000"]))
    assert row(cells, "disclosure.regulations") == [None] * 3, "8, 9, 4 or 894 with two blanks"
    assert row(cells, "applications.received")[-1] == 3


def test_headers_set_upright() -> None:
    upright = "\n".join("\n".join(word) for word in HEADER[2:])
    cells = read(f"{upright}\n{NEW}\n" + "\n".join("1200003") + f"\n{CARRIED}\n" + "\n".join("0000000"))
    assert row(cells, "applications.received") == [1, 2, 0, 0, 0, 0, 3]


def test_list_numbers_on_lines_of_their_own() -> None:
    lines = [*HEADER, "一、", NEW[2:], *"1200003", "二、", CARRIED[2:], *"0000000", "(一)", "予以公开", *"0000000"]
    cells = read("\n".join(lines))
    assert row(cells, "applications.received") == [1, 2, 0, 0, 0, 0, 3]
    assert row(cells, "applications.granted") == [0] * 7


# ---------------------------------------------------------------- lost, shifted, parted


def applications(received: str, *, others: str = "0 0 0 0 0 0 0") -> dict[str, Cell]:
    """A table in which one row is broken and twelve others are whole."""
    labels = [CARRIED, "(一)予以公开", "(二)部分公开", "1.属于国家秘密", "2.其他法律行政法规禁止公开", "4.保护第三方合法权益",
              "5.属于三类内部事务信息", "6.属于四类过程性信息", "7.属于行政执法案卷", "8.属于行政查询事项", "2.重复申请",
              "四、结转下年度继续办理"]  # fmt: skip
    rows = [line for label in labels for line in (label, *others.split())]
    return read("\n".join([*HEADER, NEW, *received.split(), *rows]))


def _whole(label: str, values: str) -> list[str]:
    return [label, *values.split()]


OUTCOME_ROWS = [
    line
    for label in (
        "1.属于国家秘密", "2.其他法律行政法规禁止公开", "3.危及“三安全一稳定”", "4.保护第三方合法权益", "5.属于三类内部事务信息",
        "6.属于四类过程性信息", "7.属于行政执法案卷", "8.属于行政查询事项", "1.本机关不掌握相关政府信息", "2.没有现成信息需要另行制作",
        "3.补正后申请内容仍不明确", "1.信访举报投诉类申请", "2.重复申请", "3.要求提供公开出版物", "4.无正当理由大量反复申请",
        "5.要求行政机关确认或重新出具已获取信息", "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
        "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请", "3.其他",
    )
    for line in (label, *"0000000")
]  # fmt: skip


def test_one_lost_number_follows_from_the_sum_of_its_row() -> None:
    """Only where a sum over other rows demands it too: the agency's own sum may be wrong."""
    zeros = "0 0 0 0 0 0 0"
    for received, whole in (("3 2 0 0 0 0", "3 2 0 0 0 0 5"), ("2 0 0 0 0 5", "3 2 0 0 0 0 5")):
        assert row(applications(received), "applications.received") == [None] * 7, "no row of totals"
        lines = [*HEADER, *_whole(NEW, received), *_whole(CARRIED, zeros), *_whole("(一)予以公开", whole)]
        lines += [*_whole("(二)部分公开", zeros), *OUTCOME_ROWS, *_whole("(七)总计", whole)]
        cells = read("\n".join([*lines, *_whole("四、结转下年度继续办理", zeros)]))
        assert row(cells, "applications.received") == [int(x) for x in whole.split()]
        assert statuses(cells, "applications.received") == {"inferred"}


def test_what_is_missing_in_a_whole_table_may_be_a_number() -> None:
    """No row of the table drops a blank: five zeros of seven do not say that the two others are zero."""
    assert row(applications("0 0 0 0 0"), "applications.received") == [None] * 7


def test_what_is_missing_in_a_table_that_drops_blanks_is_zero() -> None:
    assert row(applications("0 0 0 0 0", others="0 0 0"), "applications.received") == [0] * 7


def test_a_space_inside_a_number() -> None:
    assert (
        row(applications("1\xa0113\n2\n0\n0\n0\n0\n1\xa0115".replace("\n", " \n ")), "applications.carried_in")
        == [0] * 7
    )
    lines = [*HEADER, NEW, "1 113", "2", "0", "0", "0", "0", "1 115", CARRIED, *"0000000"]
    assert row(read("\n".join(lines)), "applications.received") == [1113, 2, 0, 0, 0, 0, 1115]


def test_a_row_cut_by_a_page() -> None:
    """The header stands again before the rest of the row, and a page number may be taken for a value."""
    for page in ("- 4 -", "4"):
        lines = [*HEADER, NEW, "1", "2", "0", "0", page, *HEADER, "0", "0", "3", CARRIED, *"0000000"]
        cells = read("\n".join(lines))
        assert row(cells, "applications.received") in ([1, 2, 0, 0, 0, 0, 3], [None] * 7)
        assert row(cells, "applications.carried_in") == [0] * 7


def test_a_row_whose_label_is_lost() -> None:
    lines = [*HEADER, NEW, *"1200003", *"0010001", "(一)予以公开", *"1210004"]
    cells = read("\n".join(lines))
    assert row(cells, "applications.received") == [1, 2, 0, 0, 0, 0, 3]
    assert row(cells, "applications.carried_in") == [0, 0, 1, 0, 0, 0, 1]
    assert statuses(cells, "applications.carried_in") == {"inferred"}


def test_rows_that_only_one_province_has() -> None:
    lines = ["第二十条第(一)项", "信息内容", "本年制发件数", "本年废止件数", "现行有效件数", "规章", *"000",
             "行政规范性文件", "2", "其他主动公开文件", "7", "8", "9", "第二十条第(五)项", "信息内容", "本年处理决定数量",
             "行政许可", "5"]  # fmt: skip
    cells = read("\n".join(lines))
    assert row(cells, "disclosure.regulations") == [0, 0, 0]
    assert row(cells, "disclosure.normative_documents") == [None] * 3
    assert row(cells, "disclosure.permits") == [5]


def test_a_label_whose_value_stands_elsewhere_is_not_blank() -> None:
    """All labels first, then all values: nobody can tell whose they are."""
    text = "\n".join(["信息内容", "本年处理决定数量", "行政许可", "行政处罚", "行政强制", "7", "8", "9"])
    cells = read(text)
    assert statuses(cells, "disclosure.permits") == {"ambiguous"}
    assert statuses(cells, "disclosure.penalties") == {"ambiguous"}


# ---------------------------------------------------------------- groups side by side


def remedies(*blocks: list[str]) -> dict[str, Cell]:
    return read(
        "\n".join(word for block in (HEADER, [NEW, *"0000000", CARRIED, *"0000000"], *blocks) for word in block)
    )


REVIEW, DIRECT, AFTER = list("10001"), list("02002"), list("00303")


def test_groups_in_the_order_of_their_labels() -> None:
    cells = remedies(
        [
            "行政复议",
            "行政诉讼",
            *OUTCOMES,
            "复议后起诉",
            "未经复议直接起诉",
            *OUTCOMES,
            *OUTCOMES,
            *REVIEW,
            *AFTER,
            *DIRECT,
        ]
    )
    assert row(cells, "remedies.litigation_direct") == [0, 2, 0, 0, 2]
    assert row(cells, "remedies.litigation_after_reconsideration") == [0, 0, 3, 0, 3]
    cells = remedies(
        [
            "行政诉讼",
            "行政复议",
            "未经复议直接起诉",
            "复议后起诉",
            *OUTCOMES,
            *OUTCOMES,
            *OUTCOMES,
            *DIRECT,
            *AFTER,
            *REVIEW,
        ]
    )
    assert row(cells, "remedies.reconsideration") == [1, 0, 0, 0, 1]
    assert row(cells, "remedies.litigation_direct") == [0, 2, 0, 0, 2]


def test_groups_below_each_other() -> None:
    cells = remedies(
        ["行政诉讼", "复议后起诉", *OUTCOMES, *AFTER],
        ["行政诉讼", "未经复议直接起诉", *OUTCOMES, *DIRECT],
        ["行政复议", *OUTCOMES, *REVIEW],
    )
    assert row(cells, "remedies.reconsideration") == [1, 0, 0, 0, 1]
    assert row(cells, "remedies.litigation_direct") == [0, 2, 0, 0, 2]
    assert row(cells, "remedies.litigation_after_reconsideration") == [0, 0, 3, 0, 3]


def test_groups_a_row_each() -> None:
    rows = [["类别", *OUTCOMES], ["未经复议直接起诉", *DIRECT], ["复议后起诉", *AFTER], ["行政复议", *REVIEW]]
    cells = cells_of(rows)
    assert row(cells, "remedies.reconsideration") == [1, 0, 0, 0, 1]
    assert row(cells, "remedies.litigation_direct") == [0, 2, 0, 0, 2]
    turned = [["", "行政复议", "未经复议直接起诉", "复议后起诉"]]
    turned += [[word, *values] for word, *values in zip(OUTCOMES, REVIEW, DIRECT, AFTER, strict=True)]
    assert {c.value for i, c in cells_of(turned).items() if i.startswith("remedies.")} == {None}


# ---------------------------------------------------------------- other tables of the page, other cells


COLUMNS = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]


def cells_of(*tables: list[list[str]]) -> dict[str, Cell]:
    """Cells of a page with these tables, below a first one."""
    first = [["信息内容", "本年收费金额(单位:万元)"], ["行政事业性收费", "3.5"]]
    page = "<p>附:</p>".join(
        "<table>" + "".join("<tr>" + "".join(f"<td>{x}</td>" for x in r) + "</tr>" for r in rows) + "</table>"
        for rows in (*tables, first)
    )
    source = webpage.read(page.encode())
    result = align(source.text, source.grids)
    assert result is not None
    return {cell.id: cell for cell in result.cells}


def test_the_table_of_another_year_fills_no_blank() -> None:
    own = [COLUMNS, ["规章", "", "", ""], ["行政规范性文件", "", "1", "12"], ["行政许可", ""], ["行政处罚", "5"]]
    other = [
        COLUMNS,
        ["规章", "0", "0", "0"],
        ["行政规范性文件", "7", "6", "99"],
        ["行政许可", "80"],
        ["行政处罚", "70"],
    ]
    cells = cells_of(own, other)
    assert row(cells, "disclosure.normative_documents") == [None, 1, 12]
    assert (cells["disclosure.permits.decisions"].status, row(cells, "disclosure.penalties")) == ("blank", [5])


@pytest.mark.parametrize(
    "words", ["41余", "约41", "41*", "41注", "三", "〇", "同上", "见附件", "12(含简易程序3)", "×", "3 5 7"]
)
def test_a_cell_that_is_no_number_is_not_blank(words: str) -> None:
    cells = cells_of([COLUMNS, ["规章", "0", "0", "0"], ["行政规范性文件", "3", words, "12"], ["行政许可", words]])
    assert cells["disclosure.permits.decisions"].status in ("ambiguous", "printed")
    assert cells["disclosure.permits.decisions"].value in (None, Decimal(357))
    assert row(cells, "disclosure.normative_documents")[::2] == [3, 12]


def test_columns_in_another_order_are_left_open() -> None:
    swapped = [COLUMNS[0], COLUMNS[2], COLUMNS[1], COLUMNS[3]]
    cells = cells_of([swapped, ["规章", "0", "0", "0"], ["行政规范性文件", "3", "1", "12"]])
    assert row(cells, "disclosure.normative_documents") == [None, None, None]


@pytest.mark.parametrize("space", ["\u2003", "\u2002", "\u2009", "\u202f", "\u3000", "\xa0", "   "])
def test_any_space_parts_cells(space: str) -> None:
    lines = [
        "信息内容",
        "本年制发件数",
        *(space.join(r) for r in (["规章", *"000"], ["行政规范性文件", "3", "1", "12"])),
    ]
    assert row(read("\n".join(lines)), "disclosure.normative_documents") == [3, 1, 12]


def test_bars_on_lines_of_their_own() -> None:
    """A bar below a cell ends it; a further one is an empty cell."""
    whole = [*HEADER[2:], NEW, *"0000202", CARRIED, *"0000000"]
    assert row(read("\n|\n".join(whole)), "applications.received") == [0, 0, 0, 0, 2, 0, 2]


# ---------------------------------------------------------------- absent tables, confidence


def test_a_table_that_is_a_picture_is_missing_and_said() -> None:
    planted = plant("2021", "html", seed=3)
    start, end = planted.page.index("四、政府信息公开"), planted.page.index("五、存在的")
    page = planted.page[:start] + "<p>四、政府信息公开行政复议、行政诉讼情况</p><p><img src=x.png width=600></p><p>"
    document, cells = read_document(webpage.read((page + planted.page[end:]).encode()))
    assert {c.status for c in cells if c.id.startswith("remedies.")} == {"missing"}
    assert [w for w in document.warnings if "表格" in w] == ["没有找到第四部分的表格(该部分有图片,表格可能是图片)"]


def test_tables_that_are_nowhere_are_said() -> None:
    title = "某某县水利局2022年政府信息公开工作年度报告\n一、总体情况\n全年公开信息3条。\n"
    document, cells = read_document(Source(title, "utf-8", pictures=(5, 9)))
    assert not cells
    assert any("2幅图片" in w for w in document.warnings)


def test_confidence_falls_where_sums_break() -> None:
    right = {c.id: c for c in align(plant("2021", "html", seed=1).text, plant("2021", "html", seed=1).grids).cells}  # type: ignore[union-attr]
    planted = plant("2021", "html", seed=1, errors={"applications.received.total": Decimal(999)})
    broken = {c.id: c for c in align(planted.text, planted.grids).cells}  # type: ignore[union-attr]
    assert broken["applications.received.total"].value == 999, "a printed value is never replaced"
    assert broken["applications.received.total"].confidence < right["applications.received.total"].confidence
    assert right["applications.received.total"].confidence > right["disclosure.permits.decisions"].confidence


# ---------------------------------------------------------------- headers set upright side by side


def test_upright_headers_side_by_side_are_spelt_out() -> None:
    planted = plant("2021", "headers interleaved", seed=4, profile="busy")
    aligned = align(planted.text, ())
    assert aligned is not None
    assert {c.id for c in aligned.cells if c.status == "printed"} == set(planted.truth)
    assert all(aligned_cell.value == planted.truth[aligned_cell.id].value for aligned_cell in aligned.cells)


@pytest.mark.parametrize(
    ("lines", "labels"),
    [
        ("结 结 总\n果 果 计\n维 纠\n持 正", ["结果维持 结果纠正 总计"]),
        ("行 行\n政 政\n复 诉\n议 讼\n结 总\n果 计\n维\n持", ["行政复议 行政诉讼", "结果维持 总计"]),
        ("春 眠\n不 觉", ["春 眠", "不 觉"]),
        ("结 结\n果 果\n维 纠", ["结 结", "果 果", "维 纠"]),
    ],
)
def test_only_labels_of_the_forms_are_spelt_out(lines: str, labels: list[str]) -> None:
    places = [(7 * i, line) for i, line in enumerate(lines.split("\n"))]
    assert [words for _, words in untangled(places)] == labels


@pytest.mark.timeout(60)
@pytest.mark.parametrize("filling", [" ", "\u3000"])
def test_a_long_row_of_bars_and_spaces_costs_little(filling: str) -> None:
    row = "规章 | 3 | " + filling * (100_000 // len(filling)) + "0 ||"
    assert any(p.value == 3 for p in pieces_of(row, ()))


@pytest.mark.parametrize("dash", ["-", "—", "/"])
def test_a_long_row_of_dashes_is_a_row(dash: str) -> None:
    assert pieces_of("规章1" + f" {dash}" * 3_000, ())


@pytest.mark.timeout(60)
def test_upright_headers_that_spell_nothing_cost_little() -> None:
    lines = [(0, "总 " * 24), (0, "计 " * 24), (0, "总 " * 23)] * 2_000
    assert len(list(untangled(lines))) > 0


@pytest.mark.parametrize(
    "broken",
    ["一、本年新\n收政府信息公开申请数量", "一、本年新收\n政府信息公开申请数量", "一、本年新收政府信息\n公开申请数量"],
)
def test_the_rest_of_a_broken_label_continues_its_row(broken: str) -> None:
    """Though it resembles the label of the row below as well."""
    values = ["0", "0", "0", "4", "0", "0", "4"]
    zeros = ["0"] * 7
    cells = read("\n".join([*HEADER, broken, *values, CARRIED, *zeros, "三、本年度办理结果", "(一)予以公开", *zeros]))
    assert row(cells, "applications.received") == [0, 0, 0, 4, 0, 0, 4]
    assert row(cells, "applications.carried_in") == [0] * 7
