"""The form of 2014 as sites print it, told from its successors, and reconciled with the narrative."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import count

import pytest

from models.forms import load_forms
from models.ontology import load_ontology
from models.readers import webpage
from models.reading import read_document
from models.reconciling.expressions import expression
from models.schema.document import Source
from models.schema.finding import Finding
from models.schema.table import Cell
from models.tables.align import align
from tests.oracle import read_marked
from tests.planted import LAYOUTS, Planted, Style, plant
from tests.planted.checked import PROFILES, aligned, differences, wrong
from tests.planted.form_2014 import HEADER, INDENTS, UNITS, sheet
from tests.planted.sheets import Item

FORM = load_forms()["2014"]
BROKEN = ("tabs, labels broken", "lines, labels around", "spaces, labels around", "columns first")
"""Layouts that take a label apart around its one value, or the value far away: what is read is right, not all is read."""
SEVERAL = ("html merged tables",)
"""Layouts of several tables."""
UNIT = rf"(?:{'|'.join({'件', '万元', *UNITS.values()})})"


def table(values: dict[str, int | str], *, end: str = "\n") -> str:
    """The complete form, a cell a line, zero but for the values given."""
    assert set(values) <= set(FORM.cells)
    whole = sheet(FORM, lambda cell: Item(str(values.get(cell, 0)), cell, "value"), frozenset())
    return "".join(item.text + end for line in whole.lines for item in (*(x for _, x in line.labels), *line.values))


def read(text: str) -> dict[str, Cell]:
    result = align(text, ())
    assert result is not None and result.form == "2014"
    return {cell.id: cell for cell in result.cells}


def same(planted: Planted, text: str) -> list[str]:
    """Cells of the changed text that differ from the truth; places are not compared."""
    cells = read(text)
    return [
        f"{cells[c]} is not {x}"
        for c, x in planted.truth.items()
        if (cells[c].value, cells[c].status) != (x.value, x.kind)
    ]


# ---------------------------------------------------------------- as sites print it


@pytest.mark.parametrize("layout", [x for x in LAYOUTS if x not in SEVERAL])
def test_every_layout(layout: str) -> None:
    for seed, profile in enumerate(PROFILES):
        planted = plant("2014", layout, seed=seed, profile=profile)
        assert not (wrong if layout in BROKEN else differences)(planted, aligned(planted))
        planted = plant("2014", layout, seed=seed, profile=profile, blank=0.6)
        assert not wrong(planted, aligned(planted))


def _indented(text: str) -> str:
    indents = {"(": INDENTS[1], "一": INDENTS[0]}
    return re.sub(r"\n(?=[(\d一-九其制涉危不法])", lambda m: "\n" + indents.get(text[m.end()], INDENTS[2]), text)


def _numbered_reasons(text: str) -> str:
    text = text.replace("其中:涉及国家秘密", "其中:1.涉及国家秘密")
    for number, label in enumerate(["涉及商业秘密", "涉及个人隐私", "危及国家安全", "不是《条例》", "法律法规规定"], 2):
        text = text.replace(label, f"({number}){label}")
    return text


ONE_A_LINE: dict[str, Callable[[str], str]] = {
    "no units": lambda t: re.sub(rf"\n(?:{UNIT}|——)(?=\n)", "", t),
    "units in values": lambda t: re.sub(rf"\n({UNIT})\n([\d.]+)(?=\n)", r"\n\2\1", t),
    "units in labels": lambda t: re.sub(rf"\n({UNIT})\n([\d.]+)(?=\n)", r"(\1)\n\2", t),
    "other header": lambda t: t.replace("\n".join(HEADER), "序号\n指标\n计量单位\n数量"),
    "no header": lambda t: t.replace("\n".join(HEADER), ""),
    "head of a form": lambda t: t.replace(
        HEADER[0], f"政府信息公开情况统计表\n(2016年度)\n填报单位(盖章):\n{HEADER[0]}", 1
    ),
    "notes on lines of their own": lambda t: t.replace("(不同", "\n(不同").replace("(不包括", "\n(不包括"),
    "indents": _indented,
    "numbered reasons": _numbered_reasons,
    "last character lost": lambda t: re.sub(rf"数(?=\n{UNIT}\n)", "", t),
    "no 其中": lambda t: t.replace("其中:", ""),
    "no headings": lambda t: re.sub(r"\n[^\n]+\n——\n", "\n", t),
    "rows of the province": lambda t: t.replace(
        "\n(二)通过不同", "\n主动公开政府文件数\n条\n41\n财政预决算信息\n条\n9\n(二)通过不同"
    ),
}


@pytest.mark.parametrize("manner", ONE_A_LINE)
def test_manners_of_printing(manner: str) -> None:
    for seed in range(3):
        planted = plant("2014", "lines", seed=seed, profile="busy")
        text = ONE_A_LINE[manner](planted.text)
        assert text != planted.text
        assert not same(planted, text)


@pytest.mark.parametrize("mark", ["", "/", "—", "0"])
def test_rows_without_value(mark: str) -> None:
    """In tabs a blank is shown, and the row after it is not moved."""
    planted = plant("2014", "tabs", seed=4, profile="quiet", style=Style(none=mark), blank=0.0 if mark else 1.0)
    assert not differences(planted, aligned(planted))


def test_a_column_that_counts_the_rows() -> None:
    for blank in (0.0, 0.7):
        planted = plant("2014", "tabs", seed=1, profile="busy", blank=blank)
        numbers = count(1)
        lines = [f"{next(numbers)}\t{x}" if "\t" in x else x for x in planted.text.split("\n")]
        assert not same(planted, "\n".join(lines).replace("1\t统计指标", "序号\t统计指标", 1))


def test_a_merged_first_column() -> None:
    """The headings stand beside their rows, merged; rows of top level take both columns of labels."""
    values = {cell: k for k, cell in enumerate(FORM.cells)}
    whole = sheet(FORM, lambda cell: Item(str(values[cell]), cell, "value"), frozenset())
    parts: list[list[str]] = []
    for line in whole.lines:
        label, cells = line.labels[0][1].text, "".join(f"<td>{item.text}</td>" for item in line.values)
        if label[1] == "、" and cells.startswith("<td>——"):
            parts.append([f"<td rowspan=ROWS>{label}</td>"])
        elif label[1] == "、" or line.header:
            parts.append([f"<td colspan=2>{label}</td>{cells}"])
        else:
            parts[-1].append(f"<td>&nbsp;{label}</td>{cells}")
    rows = [row.replace("ROWS", str(len(part) - 1)) for part in parts for row in _joined(part)]
    source = webpage.read(("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>").encode())
    result = align(source.text, source.grids)
    assert result is not None
    assert {c.id: c.value for c in result.cells} == {c: Decimal(v) for c, v in values.items()}


def _joined(part: list[str]) -> list[str]:
    """A merged heading stands in the row of its first label."""
    return [part[0] + part[1], *part[2:]] if "rowspan" in part[0] else part


def test_units_are_those_printed() -> None:
    fees, funds = "fees.information.amount", "organization.funds.amount"
    cells = read(table({fees: "0.05", funds: 12}))
    assert (cells[fees].value, cells[fees].unit, cells[funds].unit) == (Decimal("0.05"), "万元", "万元")
    assert {c.unit for c in cells.values()} == {"万元", None}
    cells = read(table({fees: "500元", funds: "12"}).replace("\n万元\n12\n", "\n元\n12\n"))
    assert (cells[fees].value, cells[fees].unit, cells[funds].unit) == (Decimal(500), "元", "元")
    cells = read(table({"training.participants.count": "32人次", "organization.staff.full_time.count": "2人"}))
    assert (cells["training.participants.count"].value, cells["training.participants.count"].unit) == (32, None)
    assert cells["organization.staff.full_time.count"].value == 2


def test_a_missing_row_moves_nothing_else() -> None:
    layouts = ("spaced", "bars", "tabs", "markdown", "html")
    for k, cell in enumerate(FORM.cells):
        planted = plant("2014", layouts[k % 5], seed=k, profile="busy", skip=frozenset([cell.rsplit(".", 1)[0]]))
        cells = aligned(planted)
        assert cells[cell].value is None
        assert not [x for x in differences(planted, cells) if f"id='{cell}'" not in x]


# ---------------------------------------------------------------- told from the other forms


@pytest.mark.parametrize("form_id", ["2014", "2019", "2021"])
def test_a_damaged_table_is_never_of_another_era(form_id: str) -> None:
    """With lines lost at random the form is known, or nothing is read."""
    for seed in range(6):
        for share in (0.3, 0.6, 0.9):
            rng = random.Random(seed)
            lines = plant(form_id, "lines", seed=seed, profile="busy").text.split("\n")
            result = align("\n".join(x for x in lines if rng.random() > share), ())
            assert result is None or (result.form == "2014") == (form_id == "2014")


QUOTED = """二、主动公开政府信息情况
(一)主动公开政府信息数
全年主动公开政府信息1280条(不同渠道和方式公开相同信息计1条),政务微博公开政府信息数20条,政务微信公开政府信息数31条。
二、回应解读情况
回应公众关注热点或重大舆情数2次,政策解读稿件发布数6篇。
三、依申请公开情况
(一)收到申请数
全年收到申请15件,当面申请数1件、网络申请数14件;同意公开答复数10件,不同意公开答复数2件。
四、行政复议数量
5
五、行政诉讼数量
没有。
六、举报投诉数量
没有。
"""


def test_a_narrative_in_the_words_of_the_form_is_no_table() -> None:
    result = align(f"某某县水务局2016年政府信息公开工作年度报告\n{QUOTED}", ())
    assert result is None


@pytest.mark.parametrize("form_id", ["2019", "2021"])
def test_a_later_report_that_keeps_the_old_words(form_id: str) -> None:
    planted = plant(form_id, "lines", seed=2)
    text = planted.text.replace("二、主动公开政府信息情况", f"{QUOTED}二、主动公开政府信息情况", 1)
    result = align(text, ())
    assert result is not None and result.form == form_id
    assert {c.id: c.value for c in result.cells} == {c: x.value for c, x in planted.truth.items()}


# ---------------------------------------------------------------- reconciled

VALUES: dict[str, int | str] = {
    "disclosure.total.count": 1280, "disclosure.normative_documents.issued.count": 7,
    "disclosure.normative_documents.disclosed.count": 6, "disclosure.channels.website.count": 1100,
    "disclosure.channels.weibo.count": 20, "disclosure.channels.wechat.count": 310,
    "responses.press_conferences.total.count": 3, "responses.press_conferences.principals.count": 1,
    "responses.interpretations.count": 12,
    "applications.received.total.count": 15, "applications.received.online.count": 11,
    "applications.received.letter.count": 4, "applications.processed.total.count": 14,
    "applications.processed.on_time.count": 13, "applications.processed.extended.count": 1,
    "applications.replied.count": 14, "applications.already_public.count": 2, "applications.granted.count": 5,
    "applications.partly_granted.count": 1, "applications.denied.total.count": 3,
    "applications.denied.privacy.count": 2, "applications.denied.forbidden_by_law.count": 1,
    "applications.not_existing.count": 2, "applications.not_responsible.count": 1,
    "remedies.reconsideration.total.count": 2, "remedies.reconsideration.upheld.count": 2,
    "fees.information.amount": "0.05", "organization.staff.total.count": 5,
    "organization.staff.full_time.count": 1, "organization.staff.part_time.count": 4,
    "training.meetings.count": 2, "training.sessions.count": 4,
}  # fmt: skip


def verdicts(findings: list[Finding], check: str) -> list[str]:
    return [f.verdict for f in findings if f.check == check]


@pytest.mark.parametrize(
    ("narrative", "verdict"),
    [
        ("主动公开政府信息⟦1280|disclosure.total⟧条。", "agrees"),
        ("主动公开政府信息⟦1281|disclosure.total⟧条。", "contradicts"),
        ("主动公开政府信息⟦1430|disclosure.total⟧条。", "explained"),
        ("网站公开信息⟦1100|disclosure.website⟧条。", "agrees"),
        ("微信发布⟦310|disclosure.wechat⟧条。", "agrees"),
        ("微博发布⟦21|disclosure.weibo⟧条。", "contradicts"),
        ("制发规范性文件⟦7|normative_documents.issued⟧件。", "agrees"),
        ("公开规范性文件⟦6|normative_documents.issued⟧件。", "explained"),
        ("发布政策解读⟦12|interpretations.total⟧篇。", "agrees"),
        ("召开新闻发布会⟦3|press_conferences.total⟧次。", "agrees"),
        ("收到政府信息公开申请⟦15|applications.received⟧件。", "agrees"),
        ("收到政府信息公开申请⟦16|applications.received⟧件。", "contradicts"),
        ("答复申请⟦14|applications.processed⟧件。", "agrees"),
        ("同意公开⟦5|applications.granted⟧件。", "agrees"),
        ("同意公开⟦6|applications.granted⟧件。", "explained"),
        ("不予公开⟦3|applications.denied⟧件。", "agrees"),
        ("不予公开⟦6|applications.denied⟧件。", "explained"),
        ("信息不存在⟦2|applications.unavailable⟧件。", "agrees"),
        ("信函申请⟦4|applications.channel⟧件。", "explained"),
        ("网上申请⟦11|applications.channel⟧件。", "agrees"),
        ("行政复议⟦2|reconsideration.total⟧件。", "agrees"),
        ("⟦未发生|0 litigation.total⟧行政诉讼。", "agrees"),
        ("⟦未发生|0 reconsideration.total⟧行政复议。", "contradicts"),
        ("收取信息处理费⟦500|information_fees.amount⟧元。", "agrees"),
        ("收取信息处理费⟦5|information_fees.amount⟧万元。", "contradicts"),
        ("工作人员⟦5|staff.total⟧名。", "agrees"),
        ("专职人员⟦1|staff.total⟧名。", "explained"),
        ("举办培训⟦4|training.sessions⟧次。", "agrees"),
    ],
)  # fmt: skip
def test_a_figure_against_the_table(narrative: str, verdict: str) -> None:
    extraction, findings = read_marked(narrative, table(VALUES))
    assert extraction.document.form == "2014"
    assert verdicts(findings, "narrative.cell") == [verdict]


@pytest.mark.parametrize("number", range(len(FORM.equations)))
def test_each_sum_is_checked(number: int) -> None:
    equation = FORM.equations[number]
    _, findings = read_marked("正文。", table(VALUES))
    assert {f.verdict for f in findings if f.check.startswith("table.")} == {"agrees"}
    (total,) = equation.total
    _, findings = read_marked("正文。", table(VALUES | {total: int(VALUES.get(total, 0)) + 3}))
    found = [f for f in findings if f.check.startswith("table.") and f.verdict != "agrees"]
    assert [(f.verdict, f.severity) for f in found if f.verdict != "explained"] == [("contradicts", "error")]
    words = equation.words or ("", "")
    (own,) = (f for f in found if all(word in f.message for word in words))
    assert own.check == equation.check and "相差3" in own.message
    assert (len(found) > 1) == (total == "applications.denied.total.count")


def test_the_channels_of_disclosure_are_no_sum() -> None:
    assert not any("channels" in cell for equation in FORM.equations for cell in equation.cells)


def test_no_reading_fits_two_eras() -> None:
    later = [load_forms()[name].cells for name in ("2019", "2021")]
    for statistic in load_ontology().statistics:
        for reading in statistic.readings:
            assert not (
                expression(reading.expression, FORM.cells) and any(expression(reading.expression, x) for x in later)
            )


# ---------------------------------------------------------------- the whole report

REPORT = """某某县水务局2016年政府信息公开工作年度报告
本报告的统计期限为2016年1月1日至12月31日。
一、概述
我局认真贯彻政府信息公开条例。
二、主动公开政府信息情况
主动公开政府信息1280条。
三、依申请公开政府信息情况
收到申请15件。
四、政府信息公开的收费及减免情况
没有收费。
五、因政府信息公开申请行政复议、提起行政诉讼的情况
行政复议2件。
六、存在的主要问题和改进措施
更新不够及时。
附表
政府信息公开情况统计表
(2016年度)
"""


def test_a_report_of_2016() -> None:
    document, cells = read_document(Source(text=REPORT + table(VALUES) + "单位负责人:李某\n", encoding="utf-8"))
    assert (document.agency, document.year, document.form) == ("某某县水务局", 2016, "2014")
    assert not document.warnings
    assert [s.id for s in document.sections] == ["intro", "1", "2", "3", "4", "5", "6", "8"]
    assert {c.id: c.value for c in cells if c.value} == {c: Decimal(v) for c, v in VALUES.items()}
    (span,) = document.tables
    assert document.text[span.start : span.end].startswith(HEADER[0])
