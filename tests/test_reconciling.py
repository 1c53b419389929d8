"""What the reconciler says of reports whose figures are known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from models.forms import load_forms
from models.ontology import load_ontology
from models.reconciling.expressions import expression
from models.reconciling.registry import checks, reconcile
from models.schema.finding import Finding
from tests.contradictions import measure
from tests.oracle import read_marked
from tests.planted.filled import tables
from tests.planted.narrative import KINDS, Kind

RECEIVED = {
    "applications__received__natural_person": 5, "applications__received__total": 5,
    "applications__granted__natural_person": 4, "applications__granted__total": 4,
    "applications__processed_total__natural_person": 4, "applications__processed_total__total": 4,
    "applications__carried_forward__natural_person": 1, "applications__carried_forward__total": 1,
}  # fmt: skip


def verdicts(findings: list[Finding], check: str, statistic: str | None = None) -> list[str]:
    return [f.verdict for f in findings if f.check == check and (statistic is None or f.statistic == statistic)]


def test_every_check_is_known() -> None:
    assert list(checks()) == [
        "disclosure.plausible", "narrative.cell", "narrative.growth", "narrative.parts", "narrative.percentage",
        "table.balance", "table.column_sum", "table.remedies_sum", "table.row_sum",
    ]  # fmt: skip


def test_every_reading_is_an_expression_over_some_form() -> None:
    forms = [f.cells for f in load_forms().values()]
    for statistic in load_ontology().statistics:
        for reading in statistic.readings:
            assert any(expression(reading.expression, cells) for cells in forms), (statistic.id, reading.expression)


def test_expression_expands_wildcards_and_signs() -> None:
    cells = load_forms()["2021"].cells
    denied = expression("applications.denied.*.total", cells)
    assert denied is not None and len(denied.terms) == 8
    assert expression("disclosure.procurement.projects", cells) is None
    difference = expression("applications.received.total - applications.carried_forward.total", cells)
    assert str(difference) == "applications.received.total - applications.carried_forward.total"
    with pytest.raises(ValueError, match="not an expression"):
        expression("3 + x", cells)


@pytest.mark.parametrize(
    ("narrative", "statistic", "verdict"),
    [
        ("全年收到申请⟦5|applications.received⟧件。", "applications.received", "agrees"),
        ("全年收到申请⟦6|applications.received⟧件。", "applications.received", "contradicts"),
        ("全年收到申请约⟦5|applications.received⟧件。", "applications.received", "agrees"),
        ("我局⟦未收到|0 applications.received⟧政府信息公开申请。", "applications.received", "contradicts"),
        ("历年累计受理申请⟦90|applications.received@cumulative⟧件。", "applications.received", "explained"),
        ("办结⟦4|applications.processed⟧件。", "applications.processed", "agrees"),
        ("办结⟦5|applications.processed⟧件。", "applications.processed", "explained"),
        ("⟦未发生|0 reconsideration.total litigation.total⟧行政复议、行政诉讼。", "litigation.total", "agrees"),
    ],
)
def test_figure_against_cell(narrative: str, statistic: str, verdict: str) -> None:
    _, findings = read_marked(narrative, tables(**RECEIVED))
    assert verdicts(findings, "narrative.cell", statistic) == [verdict]


def test_items_of_a_list_of_powers_agree_or_say_nothing() -> None:
    report = "\n".join(
        ["第二十条第(五)项", "信息内容", "上一年项目数量", "本年增/减", "处理决定数量", "行政许可", "7", "-1", "0",
         "其他对外管理服务事项", "0", "0", "0", "第二十条第(六)项", "行政处罚", "5", "0", "0", "行政强制", "4", "0", "0"]
    )  # fmt: skip
    words = "编制权责清单⟦15|count⟧项,其中行政许可⟦6|count⟧项、行政处罚⟦9|count⟧项。"
    _, findings = read_marked(words, report)
    assert verdicts(findings, "narrative.cell", "count") == ["agrees", "undecided"]
    _, findings = read_marked(words.replace("权责清单", "事项"), report)
    assert verdicts(findings, "narrative.cell", "count") == []


@pytest.mark.parametrize(
    "words",
    [
        "公开信息⟦20|disclosure.total⟧条,其中动态⟦11|disclosure.category⟧条、行政许可⟦9|permits.decisions⟧条。",
        "公开信息⟦20|disclosure.total⟧件。其中,动态⟦11|disclosure.category⟧件、行政许可⟦9|permits.decisions⟧件。",
        "通过信用网站公开行政许可信息⟦9|permits.decisions⟧件。",
        "在信用网站公示⟦9|permits.decisions⟧件行政许可信息。",
    ],
)
def test_what_was_published_about_decisions_contradicts_no_decisions(words: str) -> None:
    _, findings = read_marked(words, tables(disclosure__permits__decisions=3))
    (finding,) = (f for f in findings if f.check == "narrative.cell")
    assert (finding.verdict, "不是处理决定数" in finding.reading) == ("explained", True)


@pytest.mark.parametrize(
    "words", ["作出行政许可决定⟦9|permits.decisions⟧件。", "公开信息⟦20|disclosure.total⟧件,其中动态⟦11|disclosure.category⟧件;办理行政许可⟦9|permits.decisions⟧件。"]
)  # fmt: skip
def test_decisions_are_held_against_the_table(words: str) -> None:
    _, findings = read_marked(words, tables(disclosure__permits__decisions=3))
    assert verdicts(findings, "narrative.cell") == ["contradicts"]


@pytest.mark.parametrize(
    "words", ["保留行政权力⟦15|count⟧项。其中,", "公布职权⟦15|count⟧项,其中", "权责清单共⟦15|count⟧项,包括"]
)
def test_items_of_a_list_of_powers_are_counts(words: str) -> None:
    listed = f"{words}行政许可⟦6|permits.decisions⟧项、行政处罚⟦9|penalties.decisions⟧项。"
    extraction, findings = read_marked(f"{listed}全年作出行政处罚⟦2|penalties.decisions⟧件。", tables())
    assert [f.statistic for f in extraction.figures] == ["count", "count", "count", "penalties.decisions"]
    assert verdicts(findings, "narrative.cell") == ["contradicts"]  # what was decided
    assert verdicts(findings, "narrative.parts") == ["agrees"]


def test_decisions_upon_the_powers_of_a_list_stay_decisions() -> None:
    words = "权责清单共⟦15|count⟧项,全年作出行政处罚决定⟦2|penalties.decisions⟧项,依职权实施行政强制⟦3|coercive_measures.decisions⟧项。"
    extraction, _ = read_marked(words)
    assert [f.statistic for f in extraction.figures] == ["count", "penalties.decisions", "coercive_measures.decisions"]


ONE_REVIEW = {
    "remedies__reconsideration__upheld": 1, "remedies__reconsideration__total": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("agency", "words", "verdict"),
    [
        ("平梁县司法局", "全年办理行政复议案件⟦8|reconsideration.total⟧件。", "explained"),
        ("平梁县司法局", "全年因政府信息公开被申请行政复议⟦8|reconsideration.total⟧件。", "contradicts"),
        ("平梁县水务局", "全年办理行政复议案件⟦8|reconsideration.total⟧件。", "contradicts"),
        ("平梁县水务局", "申请内容主要涉及行政复议⟦8|reconsideration.total⟧件。", "explained"),
        ("平梁县水务局", "答复涉及土地、行政复议⟦8|reconsideration.total⟧件、房屋的内容。", "explained"),
        ("平梁县水务局", "涉及信息公开的行政复议⟦8|reconsideration.total⟧件。", "contradicts"),
    ],
)
def test_reviews_that_are_not_of_the_agency_itself(agency: str, words: str, verdict: str) -> None:
    title = f"{agency}⟦2022|O⟧年政府信息公开工作年度报告\n一、总体情况\n"
    _, findings = read_marked(title + words, tables(**ONE_REVIEW))
    assert verdicts(findings, "narrative.cell") == [verdict]


@pytest.mark.parametrize(
    ("granted", "verdict"), [("⟦5|applications.granted⟧", "explained"), ("⟦4|applications.granted⟧", "contradicts")]
)
def test_outcomes_that_the_table_has_beside_those_listed(granted: str, verdict: str) -> None:
    worked = {"received": 9, "granted": 5, "partly_granted": 1, "other__other": 3, "processed_total": 9}
    cells = {f"applications__{row}__{who}": n for row, n in worked.items() for who in ("natural_person", "total")}
    told = f"办结⟦9|applications.processed⟧件。其中予以公开{granted}件,部分公开⟦1|applications.partly_granted⟧件。"
    _, findings = read_marked(told, tables(**cells))
    assert verdicts(findings, "narrative.parts") == [verdict]


@pytest.mark.parametrize("words", ["行政复议、行政诉讼", "行政复议和行政诉讼案件均为", "被申请行政复议及被提起诉讼"])
def test_a_printed_zero_after_two_nouns_is_of_both(words: str) -> None:
    for label in ("reconsideration.total", "litigation.total"):
        _, findings = read_marked(f"因政府信息公开引起的{words}⟦0|{label}⟧件。", tables(**ONE_REVIEW))
        assert verdicts(findings, "narrative.cell", "reconsideration.total") == ["contradicts"]
        assert verdicts(findings, "narrative.cell", "litigation.total") == ["agrees"]
    _, findings = read_marked(
        "行政复议⟦1|reconsideration.total⟧件、行政诉讼⟦0|litigation.total⟧件。", tables(**ONE_REVIEW)
    )
    assert verdicts(findings, "narrative.cell") == ["agrees", "agrees"]


def test_ways_of_application_that_make_the_cell_explain_the_one_without_a_name() -> None:
    told = "收到转办的申请⟦1|applications.received⟧件,通过网站收到⟦3|applications.channel⟧件,邮寄收到⟦1|applications.channel⟧件。"
    _, findings = read_marked(told, tables(**RECEIVED))
    assert verdicts(findings, "narrative.cell") == ["explained"]
    _, findings = read_marked(told.replace("⟦3", "⟦4"), tables(**RECEIVED))
    assert verdicts(findings, "narrative.cell") == ["contradicts"]


@pytest.mark.parametrize(("sure", "verdict"), [(0.7, "undecided"), (0.95, "contradicts")])
def test_a_part_is_no_surer_than_its_whole(sure: float, verdict: str) -> None:
    words = (
        "行政复议⟦8|reconsideration.total⟧件,其中维持⟦5|reconsideration.upheld⟧件、其他⟦3|reconsideration.other⟧件。"
    )
    extraction, _ = read_marked(words, tables(**ONE_REVIEW))
    whole, *parts = extraction.figures
    unsure = replace(extraction, figures=(replace(whole, confidence=sure), *parts))
    assert verdicts(reconcile(unsure), "narrative.cell", "reconsideration.upheld") == [verdict]


def test_a_worded_zero_agrees_with_zero_and_silence_says_nothing() -> None:
    _, findings = read_marked("我局⟦未收到|0 applications.received⟧政府信息公开申请。", tables())
    assert verdicts(findings, "narrative.cell") == ["agrees"]
    _, findings = read_marked("我局认真开展工作。", tables(**RECEIVED))
    assert verdicts(findings, "narrative.cell") == []


def test_all_answered_says_processed_and_nothing_carried_forward() -> None:
    _, findings = read_marked("收到申请⟦5|applications.received⟧件,均已按时答复。", tables(**RECEIVED))
    assert verdicts(findings, "narrative.cell", "applications.carried_forward") == ["contradicts"]
    assert verdicts(findings, "narrative.cell", "applications.processed") == ["contradicts"]


def test_amounts_are_compared_in_one_unit_and_to_their_printed_digit() -> None:
    report = tables(disclosure__fees__amount=12)
    for words, verdict in (
        ("⟦12|fees.amount⟧万元", "agrees"),
        ("⟦120000|fees.amount⟧元", "agrees"),
        ("⟦13|fees.amount⟧万元", "contradicts"),
    ):
        _, findings = read_marked(f"行政事业性收费{words}。", report)
        assert verdicts(findings, "narrative.cell", "fees.amount") == [verdict]


def test_without_tables_there_is_nothing_to_compare() -> None:
    extraction, findings = read_marked("收到申请⟦5|applications.received⟧件。")
    assert extraction.document.form is None
    assert verdicts(findings, "narrative.cell") == []


@pytest.mark.parametrize(
    ("narrative", "verdict"),
    [
        (
            "公开信息⟦25|disclosure.total⟧条,其中:机构类⟦24|disclosure.category⟧条;其他类⟦1|disclosure.category⟧条。",
            "agrees",
        ),
        (
            "收到申请⟦5|applications.received⟧件,其中网上⟦3|applications.channel⟧件、信函⟦1|applications.channel⟧件。",
            "contradicts",
        ),
        (
            "公开信息⟦30|disclosure.total⟧条,其中动态⟦12|disclosure.category⟧条、公告⟦8|disclosure.category⟧条等。",
            "undecided",
        ),
        ("项目⟦32|count⟧个,其中:开工⟦10|count⟧个;投产⟦10|count⟧个。", "undecided"),
        (
            "公开信息⟦20|disclosure.total⟧条,其中网站⟦20|disclosure.website⟧条、微信⟦15|disclosure.wechat⟧条。",
            "explained",
        ),
        ("清单⟦9|count⟧项(其中许可⟦6|count⟧项、处罚⟦3|count⟧项),另有服务⟦7|count⟧项。", "agrees"),
        ("公众号⟦17|count⟧个、微博⟦1|count⟧个、抖音⟦2|count⟧个,共⟦20|count⟧个账号。", "agrees"),
    ],
)
def test_parts_against_their_whole(narrative: str, verdict: str) -> None:
    _, findings = read_marked(narrative)
    assert verdicts(findings, "narrative.parts") == [verdict]


@pytest.mark.parametrize("stop", ["。其中,", "。\n其中:", "\n其中", "。其中:\n", "。包括", "。(其中"])
def test_a_full_stop_before_the_parts_parts_nothing(stop: str) -> None:
    told = f"收到申请⟦9|applications.received⟧件{stop}网上⟦6|applications.channel⟧件、信函⟦3|applications.channel⟧件。"
    _, findings = read_marked(told)
    assert verdicts(findings, "narrative.parts") == ["agrees"]
    _, findings = read_marked(told.replace("⟦3", "⟦4"))
    assert verdicts(findings, "narrative.parts") == ["contradicts"]


@pytest.mark.parametrize(
    ("narrative", "sums"),
    [
        # a list of its own after each full stop, each of the whole that it makes
        (
            "公开信息⟦30|disclosure.total⟧条,其中网站⟦20|disclosure.website⟧条、微信⟦10|disclosure.wechat⟧条。"
            "其中,动态⟦18|disclosure.category⟧条、公告⟦12|disclosure.category⟧条。",
            ["20 + 10 agrees", "18 + 12 agrees"],
        ),
        # parts of what came in, told after what was answered
        (
            "收到申请⟦9|applications.received⟧件,办结⟦8|applications.processed⟧件。"
            "其中网上⟦6|applications.channel⟧件、信函⟦3|applications.channel⟧件。",
            ["6 + 3 agrees"],
        ),
        # of what came in and what was carried in
        (
            "收到申请⟦9|applications.received⟧件,上年结转⟦2|applications.carried_in⟧件。"
            "其中网上⟦7|applications.channel⟧件、信函⟦4|applications.channel⟧件。",
            ["7 + 4 explained"],
        ),
        # a list within a list: both make their wholes, whatever stands before the inner one
        (
            "公开信息⟦30|disclosure.total⟧条,其中网站⟦15|disclosure.website⟧条,具体为:财政⟦8|disclosure.category⟧条、"
            "执法⟦7|disclosure.category⟧条;公众号⟦9|disclosure.wechat⟧条;公示栏⟦6|disclosure.media⟧条。",
            ["8 + 7 agrees", "15 + 9 + 6 agrees"],
        ),
        (
            "收到申请⟦9|applications.received⟧件,其中网上⟦6|applications.channel⟧件,具体包括自然人⟦4|applications.natural_person⟧件、"
            "企业⟦2|applications.legal_person⟧件;信函⟦4|applications.channel⟧件。",
            ["4 + 2 agrees", "6 + 4 contradicts"],
        ),
        (
            "办结⟦9|applications.processed⟧件:予以公开⟦4|applications.granted⟧件;不予公开⟦5|applications.denied⟧件"
            "[涉密⟦2|applications.denied⟧件,过程性⟦3|applications.denied⟧件]。",
            ["2 + 3 agrees", "4 + 5 agrees"],
        ),
        # what is counted in another unit belongs to the list where only so it makes the whole
        (
            "公开信息⟦30|disclosure.total⟧条,其中公文⟦7|disclosure.category⟧件、财政⟦14|disclosure.category⟧条、"
            "就业⟦9|disclosure.category⟧条。",
            ["7 + 14 + 9 agrees"],
        ),
        (
            "公开信息⟦31|disclosure.total⟧条,其中公文⟦7|disclosure.category⟧件、财政⟦14|disclosure.category⟧条、"
            "就业⟦9|disclosure.category⟧条。",
            ["14 + 9 undecided"],
        ),
        # a member of a list that happens to be the sum of those before it
        (
            "公开信息⟦60|disclosure.total⟧条,其中法规⟦6|disclosure.category⟧条,解读⟦2|disclosure.category⟧条,规划⟦4|disclosure.category⟧条,"
            "财务⟦12|disclosure.category⟧条,动态⟦36|disclosure.category⟧条。",
            ["6 + 2 + 4 + 12 + 36 agrees"],
        ),
        # nothing joins two sentences without such a word
        ("收到申请⟦9|applications.received⟧件。网上⟦6|applications.channel⟧件。", []),
        # a line that ends within the list may go on
        ("收到申请⟦9|applications.received⟧件,其中网上⟦6|applications.channel⟧件、信函⟦1|applications.channel⟧\n件、当面⟦2|applications.channel⟧件。", ["6 + 1 undecided"]),
        ("收到申请⟦9|applications.received⟧件,其中:\n网上⟦6|applications.channel⟧件;\n信函⟦3|applications.channel⟧件。", ["6 + 3 agrees"]),
        # a total that closes one list and opens another
        (
            "网站⟦4|disclosure.website⟧条、微信⟦3|disclosure.wechat⟧条、公示栏⟦2|disclosure.media⟧条,共⟦9|disclosure.total⟧条。"
            "其中动态⟦5|disclosure.category⟧条、公告⟦4|disclosure.category⟧条。",
            ["4 + 3 + 2 agrees", "5 + 4 agrees"],
        ),
    ],
)  # fmt: skip
def test_sums_over_several_sentences(narrative: str, sums: list[str]) -> None:
    _, findings = read_marked(narrative)
    assert sorted(f"{f.expression} {f.verdict}" for f in findings if f.check == "narrative.parts") == sorted(sums)


def test_shares_of_what_was_decided_do_not_contradict_the_whole() -> None:
    text = (
        "行政复议⟦73|reconsideration.total⟧件。其中维持⟦48|reconsideration.upheld⟧件,占审结数的⟦78.7|percent⟧%;"
        "纠正⟦13|reconsideration.corrected⟧件,占⟦21.3|percent⟧%;未审结⟦12|reconsideration.pending⟧件。"
    )
    _, findings = read_marked(text)
    assert verdicts(findings, "narrative.parts") == ["agrees"]
    assert verdicts(findings, "narrative.percentage") == ["undecided", "undecided"]


@pytest.mark.parametrize(
    ("share", "verdict"), [("22.2", "agrees"), ("22.3", "contradicts"), ("22", "agrees"), ("22.22", "agrees")]
)
def test_share_of_a_whole(share: str, verdict: str) -> None:
    text = f"公开信息⟦9|disclosure.total⟧条,其中机构类⟦2|disclosure.category⟧条,占⟦{share}|percent⟧%;其他⟦7|disclosure.category⟧条。"
    _, findings = read_marked(text)
    assert verdicts(findings, "narrative.percentage") == [verdict]


@pytest.mark.parametrize(
    ("printed", "expression"),
    [
        ("占⟦6.9|percent⟧%", "100 * 9 / 130"),  # of the website's, not of all
        ("合占⟦26.6|percent⟧%", "100 * (91 + 9) / 376"),
        ("占⟦70.0|percent⟧%", "100 * 91 / 130"),  # of the part before the bracket
    ],
)
def test_a_share_of_another_whole_or_of_several_parts_is_explained(printed: str, expression: str) -> None:
    text = (
        "公开信息⟦376|disclosure.total⟧条,其中网站⟦130|disclosure.website⟧条,占⟦34.6|percent⟧%;微信⟦246|disclosure.wechat⟧条,"
        "占⟦65.4|percent⟧%。网站信息中:动态⟦91|disclosure.category⟧条,解读(图解⟦9|disclosure.category⟧条),"
    )
    _, findings = read_marked(f"{text}{printed}。")
    found = [f for f in findings if f.check == "narrative.percentage" and f.verdict != "agrees"]
    assert [(f.verdict, f.expression) for f in found] == [("explained", expression)]


def test_growth_is_no_share() -> None:
    _, findings = read_marked("公开信息⟦9|disclosure.total⟧条,同比增长⟦12.5|percent@other⟧%。")
    assert verdicts(findings, "narrative.percentage") == []


def test_table_arithmetic_names_what_does_not_add_up() -> None:
    broken = {**RECEIVED, "applications__carried_forward__natural_person": 0}
    _, findings = read_marked("正文。", tables(**broken))
    wrong = [f for f in findings if f.verdict == "contradicts"]
    assert [(f.check, f.stated, f.computed) for f in wrong] == [("table.row_sum", Decimal(1), Decimal(0))]
    assert "若为1(现为0),则连同另外1项核对都成立" in wrong[0].message
    assert all(f.severity == "error" and f.evidence and "相差1" in f.message for f in wrong)


def test_evidence_points_at_the_figure_and_the_cell() -> None:
    extraction, findings = read_marked("全年收到申请⟦6|applications.received⟧件。", tables(**RECEIVED))
    (finding,) = [f for f in findings if f.verdict == "contradicts"]
    assert [extraction.document.text[e.span.start : e.span.end] for e in finding.evidence] == ["6", "5"]


@pytest.mark.parametrize("kind", KINDS)
def test_planted_contradictions_are_found(kind: Kind) -> None:
    """A few of each kind; the full measure is `python -m tests.contradictions`."""
    counts = measure(kind, 25)
    assert counts["reports"] == 25
    assert counts["found"] >= 24


def test_consistent_reports_give_no_alarm() -> None:
    counts = measure("none", 40)
    assert (counts["reports"], counts["false alarm"]) == (40, 0)


def test_an_amount_off_by_ten_thousand_is_a_unit_error() -> None:
    _, findings = read_marked("行政事业性收费⟦12|fees.amount⟧元。", tables(disclosure__fees__amount=12))
    (finding,) = [f for f in findings if f.check == "narrative.cell"]
    assert (finding.verdict, finding.severity) == ("explained", "warning")
    assert "单位" in finding.message


def _with_blanks(text: str, label: str, columns: tuple[int, ...]) -> str:
    """A form, one cell a line, but for one row, which stands in a line with tabs and has blank cells."""
    lines = text.split("\n")
    at = lines.index(label)
    cells = ["" if k in columns else value for k, value in enumerate(lines[at + 1 : at + 8])]
    return "\n".join([*lines[:at], "\t".join([label, *cells]), *lines[at + 8 :]])


@pytest.mark.parametrize(
    ("figure", "blank", "verdict"),
    [(5, (6,), "agrees"), (9, (6,), "contradicts"), (5, (1, 2, 6), "explained"), (9, (1, 2, 6), "undecided")],
)
def test_a_blank_total_is_the_sum_of_its_row(figure: int, blank: tuple[int, ...], verdict: str) -> None:
    form = _with_blanks(tables(**RECEIVED), "一、本年新收政府信息公开申请数量", blank)
    _, findings = read_marked(f"全年收到申请⟦{figure}|applications.received⟧件。", form)
    (finding,) = (f for f in findings if f.statistic == "applications.received" and f.check == "narrative.cell")
    assert (finding.verdict, finding.computed) == (verdict, Decimal(5))
    assert "合计" in finding.message and "applications.received.natural_person" in finding.expression


def test_a_wrong_total_that_breaks_several_sums_is_one_contradiction() -> None:
    wrong = {**RECEIVED, "applications__processed_total__total": 3}
    extraction, findings = read_marked("正文。", tables(**wrong))
    tabular = [f for f in findings if f.check.startswith("table.") and f.verdict != "agrees"]
    assert sorted(f.verdict for f in tabular) == ["contradicts", "explained", "explained"]
    (found,) = (f for f in tabular if f.verdict == "contradicts")
    assert "若为4(现为3)" in found.message
    cell = extraction.cell["applications.processed_total.total"]
    assert cell.span in [e.span for e in found.evidence]


def test_two_wrong_cells_are_two_contradictions() -> None:
    wrong = {**RECEIVED, "applications__processed_total__total": 3, "remedies__reconsideration__total": 2}
    _, findings = read_marked("正文。", tables(**wrong))
    assert sorted(f.check for f in findings if f.verdict == "contradicts") == ["table.remedies_sum", "table.row_sum"]


@pytest.mark.parametrize(
    ("narrative", "verdict"),
    [
        ("收到申请⟦10|applications.received⟧件,上年结转⟦2|applications.carried_in⟧件。办结⟦9|applications.processed⟧件,结转下年⟦3|applications.carried_forward⟧件。", "agrees"),
        ("收到申请⟦10|applications.received⟧件,上年结转⟦2|applications.carried_in⟧件。办结⟦9|applications.processed⟧件,结转下年⟦2|applications.carried_forward⟧件。", "contradicts"),
        ("受理申请⟦12|applications.received⟧件(含上年结转⟦2|applications.carried_in⟧件)。办结⟦9|applications.processed⟧件,结转下年⟦3|applications.carried_forward⟧件。", "explained"),
        ("收到申请⟦10|applications.received⟧件。办结⟦9|applications.processed⟧件,结转下年⟦1|applications.carried_forward⟧件。", "agrees"),
        ("收到申请⟦10|applications.received⟧件。办结⟦9|applications.processed⟧件,结转下年⟦3|applications.carried_forward⟧件。", "undecided"),
    ],
)  # fmt: skip
def test_the_balance_of_the_applications_holds_in_words_where_there_is_no_table(narrative: str, verdict: str) -> None:
    _, findings = read_marked(narrative)
    (finding,) = (f for f in findings if f.expression.startswith("applications.received + "))
    assert (finding.check, finding.verdict, finding.stated) == ("narrative.parts", verdict, 9)


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("办结⟦9|applications.processed⟧件,申请人撤回⟦2|applications.other⟧件,结转下年⟦3|applications.carried_forward⟧件。", "explained"),
        ("办结⟦9|applications.processed⟧件,另有⟦2|count⟧件由申请人主动撤销。结转下年⟦3|applications.carried_forward⟧件。", "explained"),
        ("申请人撤回⟦2|applications.other⟧件。办结⟦9|applications.processed⟧件,其中公开⟦9|applications.granted⟧件,结转下年⟦3|applications.carried_forward⟧件。", "explained"),
        ("办结⟦11|applications.processed⟧件,其中申请人撤回⟦2|applications.other⟧件,结转下年⟦3|applications.carried_forward⟧件。", "agrees"),
        ("办结⟦9|applications.processed⟧件,其中公开⟦7|applications.granted⟧件、申请人撤回⟦2|applications.other⟧件,结转下年⟦3|applications.carried_forward⟧件。", "contradicts"),
        ("办结⟦9|applications.processed⟧件,申请人撤回⟦1|applications.other⟧件,结转下年⟦3|applications.carried_forward⟧件。", "contradicts"),
        ("办结⟦9|applications.processed⟧件,行政复议撤回⟦2|reconsideration.other⟧件,结转下年⟦3|applications.carried_forward⟧件。", "contradicts"),
        ("办结⟦9|applications.processed⟧件,撤回复议⟦2|count⟧件,结转下年⟦3|applications.carried_forward⟧件。", "contradicts"),
        ("办结⟦9|applications.processed⟧件,撤回⟦2|count⟧件,撤回⟦1|count⟧件,结转下年⟦3|applications.carried_forward⟧件。", "contradicts"),
    ],
)  # fmt: skip
def test_what_was_withdrawn_beside_what_was_processed_explains_the_balance(words: str, verdict: str) -> None:
    told = "收到申请⟦10|applications.received⟧件,上年结转⟦4|applications.carried_in⟧件。"
    _, findings = read_marked(told + words)
    (finding,) = (f for f in findings if f.expression.startswith("applications.received + "))
    assert finding.verdict == verdict
    assert ("撤回" in finding.reading) is (verdict == "explained")


def test_what_was_withdrawn_explains_without_a_carry_in_and_with_one_included() -> None:
    for told in (
        "收到申请⟦10|applications.received⟧件",
        "受理⟦10|applications.received⟧件(含上年结转⟦2|applications.carried_in⟧件)",
    ):
        words = f"{told},办结⟦7|applications.processed⟧件,撤件⟦2|count⟧件,结转下年⟦1|applications.carried_forward⟧件。"
        _, findings = read_marked(words)
        (finding,) = (f for f in findings if f.expression.startswith("applications.received + "))
        assert (finding.verdict, finding.severity) == ("explained", "info")


def test_with_the_table_the_balance_is_not_told_twice() -> None:
    _, findings = read_marked(
        "收到申请⟦10|applications.received⟧件。办结⟦9|applications.processed⟧件,结转下年⟦3|applications.carried_forward⟧件。",
        tables(**RECEIVED),
    )
    assert not [f for f in findings if f.expression.startswith("applications.received + ")]


@pytest.mark.parametrize("words", ["全市各级行政机关共", "全市场所共", "各镇(街道)", "局机关", "其中下属单位"])
def test_a_figure_of_another_circle_of_agencies_contradicts_nothing(words: str) -> None:
    _, findings = read_marked(f"{words}收到申请⟦6|applications.received⟧件。", tables(**RECEIVED))
    (finding,) = (f for f in findings if f.check == "narrative.cell")
    assert finding.verdict == "explained"
    assert "统计范围" in finding.reading


@pytest.mark.parametrize("words", [
        "全年", "为提高全民参与度,全年", "按照全市部署。全年", "按照全市统一部署,我局全年", "各科室积极配合,本局",
        "建立健全市级公开目录,全年", "食品安全市场监管方面",
        "面向全市场主体公开,", "全区域推进,全年",
    ],
)  # fmt: skip
def test_words_that_name_no_circle_excuse_nothing(words: str) -> None:
    _, findings = read_marked(f"{words}收到申请⟦6|applications.received⟧件。", tables(**RECEIVED))
    assert [f.verdict for f in findings if f.check == "narrative.cell"] == ["contradicts"]


@pytest.mark.parametrize(
    ("agency", "verdict"),
    [("平梁县人民政府", "contradicts"), ("平梁县人民政府办公室", "contradicts"), ("平梁县水务局", "explained")],
)
def test_a_government_speaks_for_its_whole_county(agency: str, verdict: str) -> None:
    title = f"{agency}⟦2022|O⟧年政府信息公开工作年度报告\n"
    _, findings = read_marked(f"{title}全县收到申请⟦6|applications.received⟧件。", tables(**RECEIVED))
    assert [f.verdict for f in findings if f.check == "narrative.cell"] == [verdict]


def test_what_is_only_likely_a_count_of_applications_contradicts_no_other_cell() -> None:
    """120 of the whole city, all answered: nothing is said of the office's own table."""
    _, findings = read_marked("全市各单位共收到申请⟦120|applications.received⟧件,均已按时答复。", tables(**RECEIVED))
    assert not [f for f in findings if f.verdict == "contradicts"]
