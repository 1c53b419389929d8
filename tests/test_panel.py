"""Two years of one agency: carry, stock, changes, copied texts; several reports of a year; names of one agency."""

from __future__ import annotations

from itertools import permutations

import pytest

from inference.panel import MAX_SENTENCES, Panel, sentences_of
from inference.rows import Row, Rows, report_rows
from models.readers.inputs import Input
from models.reconciling.copied import sentence
from models.reconciling.panel import panel_checks, remembered
from models.structure.agency import agency_key
from tests.contradictions import measure_years
from tests.oracle import read_marked
from tests.planted.filled import tables
from tests.planted.years import CONSISTENT, YEAR_KINDS, YearKind


def annual(year: int, narrative: str = "", *, agency: str = "测试县水务局", **cells: int) -> Rows:
    """Rows of a report of the form of 2021 with these cells."""
    marked = f"{agency}⟦{year}|O⟧年政府信息公开工作年度报告\n{narrative}"
    extraction, findings = read_marked(marked, tables(**cells))
    data = extraction.document.text.encode()
    return report_rows(Input(f"{agency}{year}.txt", ".txt", data), extraction, findings)


def checked(*years: Rows) -> list[Row]:
    """Findings of the last report after all were remembered."""
    panel = Panel()
    for rows in years:
        panel.add(rows)
    for rows in years:
        panel.check(rows)
    return years[-1].findings


def said(findings: list[Row], check: str) -> list[tuple[str, str, float | None, float | None]]:
    return [(f["verdict"], f["expression"], f["stated"], f["computed"]) for f in findings if f["check"] == check]


def forward(n: int, natural: int | None = None) -> dict[str, int]:
    natural = n if natural is None else natural
    return {
        "applications__carried_forward__natural_person": natural,
        "applications__carried_forward__enterprise": n - natural,
        "applications__carried_forward__total": n,
    }


def carried(n: int, natural: int | None = None) -> dict[str, int]:
    return {name.replace("carried_forward", "carried_in"): value for name, value in forward(n, natural).items()}


def test_every_panel_check_is_known() -> None:
    assert list(panel_checks()) == ["panel.carry", "panel.copied", "panel.stock"]


def test_a_carry_that_matches_agrees_in_every_column_that_has_something() -> None:
    findings = said(checked(annual(2021, **forward(3)), annual(2022, **carried(3))), "panel.carry")
    assert findings == [
        ("agrees", "2021:applications.carried_forward.natural_person", 3, 3),
        ("agrees", "2021:applications.carried_forward.total", 3, 3),
    ]


def test_a_wrong_carry_is_one_finding_with_its_columns_as_evidence() -> None:
    rows = annual(2022, **carried(2))
    findings = [f for f in checked(annual(2021, **forward(3)), rows) if f["check"] == "panel.carry"]
    assert [(f["verdict"], f["severity"], f["stated"], f["computed"]) for f in findings] == [
        ("contradicts", "error", 2, 3)
    ]
    text = rows.reports[0]["text"]
    assert [text[e["start"] : e["end"]] for e in findings[0]["evidence"]] == ["2", "2"]
    assert rows.reports[0]["n_contradictions"] == sum(f["verdict"] == "contradicts" for f in rows.findings)


def test_applicants_exchanged_between_the_years_are_told_apart_from_a_wrong_total() -> None:
    findings = said(checked(annual(2021, **forward(3, 3)), annual(2022, **carried(3, 2))), "panel.carry")
    assert [(f[0], f[1].rpartition(".")[2]) for f in findings] == [
        ("contradicts", "natural_person"),
        ("contradicts", "enterprise"),
        ("agrees", "total"),
    ]


def test_stock_is_last_years_with_what_was_made_and_repealed() -> None:
    last = annual(2021, disclosure__normative_documents__in_force=10)
    stock = "disclosure__normative_documents__"
    right = annual(2022, **{f"{stock}in_force": 11, f"{stock}issued": 3, f"{stock}repealed": 2})
    wrong = annual(2022, **{f"{stock}in_force": 12, f"{stock}issued": 3, f"{stock}repealed": 2})
    expression = (
        "2021:disclosure.normative_documents.in_force + disclosure.normative_documents.issued"
        " - disclosure.normative_documents.repealed"
    )
    assert said(checked(last, right), "panel.stock") == [("agrees", expression, 11, 11)]
    assert said(checked(last, wrong), "panel.stock") == [("contradicts", expression, 12, 11)]


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("全年收到申请⟦12|applications.received⟧件,比上年增加⟦2|count⟧件。", "agrees"),
        ("全年收到申请⟦12|applications.received⟧件,比上年增加⟦4|count⟧件。", "contradicts"),
        ("全年收到申请⟦12|applications.received⟧件,同比增长⟦20|percent⟧%。", "agrees"),
        ("全年收到申请⟦12|applications.received⟧件,同比下降⟦20|percent⟧%。", "contradicts"),
    ],
)
def test_a_change_is_decided_by_last_years_report(sentence: str, verdict: str) -> None:
    last = annual(2021, applications__received__natural_person=10, applications__received__total=10)
    alone = [f for f in checked(annual(2022, sentence)) if f["check"] == "narrative.growth"]
    assert [f["verdict"] for f in alone] == ["undecided"]
    findings = [f for f in checked(last, annual(2022, sentence)) if f["check"] == "narrative.growth"]
    assert [f["verdict"] for f in findings] == [verdict]
    assert "2021" in findings[0]["reading"]


def test_only_the_year_before_and_the_same_agency_are_asked() -> None:
    now = annual(2022, **carried(2))
    for other in (annual(2020, **forward(3)), annual(2021, agency="测试县水利局", **forward(3))):
        assert not [f for f in checked(other, now) if f["check"].startswith("panel.")]


def test_copies_that_differ_tell_nothing_and_equal_ones_do() -> None:
    now = annual(2022, **carried(2))
    assert not said(checked(annual(2021, **forward(3)), annual(2021, **forward(2)), now), "panel.carry")
    assert said(checked(annual(2021, **forward(2)), annual(2021, "又一份。", **forward(2)), now), "panel.carry")


def test_the_order_of_copies_does_not_matter() -> None:
    """Two tell one sentence, one another, one none: no sentence is what all of them tell."""
    one, other = (f"主动公开⟦{n}|disclosure.total⟧条。" for n in (23, 45))
    for narratives in set(permutations((one, other, one, ""))):
        panel = Panel()
        for narrative in narratives:
            panel.add(annual(2021, narrative, **forward(3)))
        last = panel._last(annual(2022).reports[0])
        assert last is not None
        assert last.sentences == frozenset()
    panel = Panel()
    for narrative in (one, "", one):
        panel.add(annual(2021, narrative, **forward(3)))
    last = panel._last(annual(2022).reports[0])
    assert last is not None
    assert len(last.sentences) == 1


def test_what_is_remembered_is_small_and_has_what_the_checks_ask_for() -> None:
    assert len(remembered()) < 150
    assert {"applications.carried_forward.total", "disclosure.regulations.in_force", "applications.received"} <= set(
        remembered()
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("西屏区人民政府办公室", "西屏区政府办", True),
        ("西屏区人民政府办公厅", "西屏区人民政府办公室", True),
        ("云溪街道办事处", "云溪街道", True),
        ("云溪街道办", "云溪街道办事处", True),
        ("泉口经济开发区管理委员会", "泉口经济开发区管委会", True),
        ("西屏区卫生健康委员会", "西屏区 卫生健康委", True),
        ("西屏區衛生健康委員會", "西屏区卫生健康委", True),
        ("西屏区人民政府", "西屏区人民政府办公室", False),
        ("安岭市(全市)", "安岭市本级", False),
        ("西屏区水务局", "东屏区水务局", False),
    ],
)
def test_names_of_one_agency(one: str, other: str, same: bool) -> None:
    assert (agency_key(one) == agency_key(other)) is same


def test_numbers_that_a_report_tells_twice_differently_are_not_handed_on() -> None:
    said_twice = "收到申请⟦10|applications.received⟧件。收到申请⟦11|applications.received⟧件。"
    last = annual(2021, said_twice)
    sentence = "全年公开⟦12|disclosure.total⟧条。收到申请⟦12|applications.received⟧件,比上年增加⟦2|count⟧件。"
    now = annual(2022, sentence)
    (finding,) = (f for f in checked(last, now) if f["check"] == "narrative.growth")
    assert finding["computed"] == 12


@pytest.mark.parametrize("kind", YEAR_KINDS)
def test_what_is_planted_between_two_years_is_found(kind: YearKind) -> None:
    """A few of each kind; the full measure is `python -m tests.contradictions`."""
    counts = measure_years(kind, 12)
    assert (counts["reports"], counts["found"]) == (12, 12)


def test_consistent_years_give_no_alarm() -> None:
    for kind in CONSISTENT:
        counts = measure_years(kind, 20)
        assert (counts["reports"], counts["false alarm"]) == (20, 0)


def test_last_years_number_may_be_that_of_the_narrative_or_of_the_table() -> None:
    """受理12件 with what was carried in, 10 newly received in the table: either may be meant."""
    last = annual(
        2021,
        "受理申请⟦12|applications.received⟧件(含上年结转⟦2|applications.carried_in⟧件)。",
        applications__received__total=10,
        applications__carried_in__total=2,
    )
    for change in (4, 6):
        sentence = f"收到申请⟦16|applications.received⟧件,比上年增加⟦{change}|count⟧件。"
        (finding,) = (f for f in checked(last, annual(2022, sentence)) if f["check"] == "narrative.growth")
        assert (finding["verdict"], finding["computed"]) == ("agrees", change)


def test_a_figure_left_from_last_year_is_called_that() -> None:
    last = annual(2021, "作出行政许可决定⟦41|permits.decisions⟧件。", disclosure__permits__decisions=41)
    now = annual(2022, "作出行政许可决定⟦41|permits.decisions⟧件。", disclosure__permits__decisions=57)
    (finding,) = (f for f in checked(last, now) if f["verdict"] == "contradicts")
    assert "等于2021年报告的数字" in finding["message"]
    other = annual(2022, "作出行政许可决定⟦40|permits.decisions⟧件。", disclosure__permits__decisions=57)
    (finding,) = (f for f in checked(last, other) if f["verdict"] == "contradicts")
    assert "2021" not in finding["message"]


# ---------------------------------------------------------------- copied texts

PASSAGE = (
    "全年公开信息⟦1687|disclosure.total⟧条,其中网站⟦347|disclosure.website⟧条、微信⟦539|disclosure.wechat⟧条。"
    "⟦{year}|O⟧年发布解读⟦83|interpretations.total⟧篇,办理留言⟦915|messages.total⟧件。"
)
PERMITS = "disclosure__permits__decisions"


def copied(last: str, now: str, **cells: int) -> list[Row]:
    """What is said of copying, of a narrative after another; one cell is another number than last year."""
    years = annual(2021, last.format(year=2021), **{PERMITS: 40}), annual(2022, now.format(year=2022), **{PERMITS: 57})
    if cells:
        years = years[0], annual(2022, now.format(year=2022), **cells)
    return [f for f in checked(*years) if f["check"] == "panel.copied"]


def test_last_years_numbers_in_copied_sentences_are_one_contradiction_at_the_first_of_them() -> None:
    now = annual(2022, "导语。\n" + PASSAGE.format(year=2022), **{PERMITS: 57})
    last = annual(2021, PASSAGE.format(year=2021), **{PERMITS: 40})
    (finding,) = (f for f in checked(last, now) if f["verdict"] == "contradicts")
    assert (finding["check"], finding["severity"]) == ("panel.copied", "warning")
    assert (finding["stated"], finding["expression"], finding["computed"]) == (1687, "2021:disclosure.total", 1687)
    text = now.reports[0]["text"]
    assert text[finding["start"] : finding["end"]] == "1687"
    assert [text[e["start"] : e["end"]] for e in finding["evidence"]] == ["1687", "347", "539", "83", "915"]
    assert "其中5个数字(1687、347、539、83、915)都没有变" in finding["message"]
    assert now.reports[0]["n_contradictions"] == 1


def test_last_years_wording_with_new_numbers_is_said_and_is_no_contradiction() -> None:
    new = PASSAGE.replace("1687", "1702").replace("347", "361").replace("539", "540").replace("83|", "79|")
    (finding,) = copied(PASSAGE, new.replace("915", "870"))
    assert (finding["verdict"], finding["severity"], finding["computed"]) == ("agrees", "info", None)
    assert "5个数字已经更新" in finding["message"]


def test_a_sentence_with_one_new_number_is_no_copy() -> None:
    (finding,) = copied(PASSAGE, PASSAGE.replace("1687", "1688").replace("83|", "84|"))
    assert finding["verdict"] == "agrees"


@pytest.mark.parametrize(
    "narrative",
    [
        "根据《条例》第五十条和国办公开办函〔⟦2021|O⟧〕⟦30|O⟧号,编制本报告。下设⟦37|count⟧个科室、⟦142|count⟧个村、⟦683|count⟧个组。",
        "公开信息⟦0|disclosure.total⟧条,网站⟦0|disclosure.website⟧条,微信⟦0|disclosure.wechat⟧条。未收到申请。",
        "公开信息⟦9|disclosure.total⟧条。发布解读⟦4|interpretations.total⟧篇。召开发布会⟦2|press_conferences.total⟧场。",
        "公开信息⟦500|disclosure.total⟧条。发布简报⟦52|disclosure.media⟧期。答复留言⟦200|messages.total⟧件。接访⟦365|visits.total⟧次。",
        "现有人员⟦137|staff.total⟧人,历年累计公开⟦18435|disclosure.cumulative⟧条,有效文件⟦263|normative_documents.in_force⟧件。",
        "公开信息⟦24|disclosure.total⟧条,网站⟦31|disclosure.website⟧条。发布解读⟦17|interpretations.total⟧篇。",
        "公开信息约⟦1687|disclosure.total⟧条,网站约⟦347|disclosure.website⟧条,微信约⟦539|disclosure.wechat⟧条。",
    ],
)  # fmt: skip
def test_what_may_rightly_come_again_is_no_copy(narrative: str) -> None:
    """No figures, zeros, small, round and yearly numbers, what stands for years, too few digits, about."""
    assert [f for f in copied(narrative, narrative) if f["verdict"] != "agrees"] == []


def test_numbers_that_this_years_table_has_were_not_left_standing() -> None:
    told = "行政许可⟦4137|permits.decisions⟧件。行政处罚⟦2915|penalties.decisions⟧件。行政强制⟦318|coercive_measures.decisions⟧件。"
    own = {PERMITS: 4137, "disclosure__penalties__decisions": 2915, "disclosure__coercive_measures__decisions": 318}
    assert copied(told, told, **own) == []
    (finding,) = copied(told, told, **dict.fromkeys(own, 11))
    assert finding["verdict"] == "contradicts"


def test_one_report_under_two_years_is_called_that_and_held_against_nothing() -> None:
    numbers = {"applications__received__natural_person": 31, "applications__received__total": 31, PERMITS: 4137}
    numbers |= {"disclosure__penalties__decisions": 2915, **forward(3)}
    grown = "收到申请⟦31|applications.received⟧件,比上年增加⟦2|count⟧件。"
    for narrative in ("", PASSAGE.format(year=2021) + grown):
        rows = annual(2022, narrative, **numbers)
        between = [f for f in checked(annual(2021, narrative, **numbers), rows) if "2021:" in f["expression"]]
        assert {(f["check"], f["verdict"]) for f in between} <= {
            ("panel.copied", "undecided"),
            ("narrative.growth", "undecided"),
        }
        assert sum(f["check"] == "panel.copied" for f in between) == 1
    same_text = checked(annual(2021, PASSAGE.format(year=2021)), annual(2022, PASSAGE.format(year=2022)))
    assert [(f["check"], f["verdict"]) for f in same_text if "2021:" in f["expression"]] == [
        ("panel.copied", "undecided")
    ]


def test_what_a_year_hands_on_of_its_text_is_bounded_and_the_same_in_every_process() -> None:
    assert sentence("全年公开信息1,687条。", ["1,687"]).mark == sentence("全年公开信息 １,６８７ 条", ["1,687"]).mark
    assert sentence("全年公开信息12条。", ["12"]).wording == sentence("全年公开信息1687条。", ["1687"]).wording
    assert sentence("公开信息12条", ["12"]).mark == 17270734402503263437
    many = "".join(f"第{'甲乙丙丁'[n % 4] * (n // 4 + 1)}类⟦{n}|count⟧条。" for n in range(1500))
    assert len(list(sentences_of(annual(2021, many).figures))) == MAX_SENTENCES


# ---------------------------------------------------------------- circles of agencies


def test_a_change_of_another_circle_of_agencies_is_not_decided() -> None:
    last = annual(2021, applications__received__natural_person=10, applications__received__total=10)
    now = annual(2022, "全市各单位收到申请⟦120|applications.received⟧件,比上年增加⟦4|count⟧件。")
    (finding,) = (f for f in checked(last, now) if f["check"] == "narrative.growth")
    assert (finding["verdict"], finding["computed"]) == ("undecided", None)
    assert "各单位" in finding["reading"]


def test_a_number_of_another_circle_is_not_handed_on() -> None:
    now = annual(2022, "收到申请⟦12|applications.received⟧件,比上年增加⟦2|count⟧件。")
    for words, verdict in (("全县", "undecided"), ("全县部署。我局", "agrees")):
        last = annual(2021, f"{words}收到申请⟦10|applications.received⟧件。", applications__granted__total=0)
        last.cells = []
        (finding,) = (f for f in checked(last, now) if f["check"] == "narrative.growth")
        assert finding["verdict"] == verdict


# ---------------------------------------------------------------- several reports of one year


@pytest.mark.parametrize("told", list(permutations((3, 2, 3))))
def test_the_order_of_copies_that_differ_does_not_matter(told: tuple[int, ...]) -> None:
    """The original, a revised version, and the original at a second address."""
    other = {"disclosure__permits__decisions": 41}
    copies = [annual(2021, "又一份。" * k, **forward(n), **other) for k, n in enumerate(told)]
    assert not said(checked(*copies, annual(2022, **carried(2))), "panel.carry")


def test_of_a_report_and_its_revised_version_each_is_checked() -> None:
    last = annual(2021, **forward(3), **{PERMITS: 41})
    wrong, right = annual(2022, **carried(2), **{PERMITS: 57}), annual(2022, "更正。", **carried(3), **{PERMITS: 57})
    told = said(checked(last, wrong, right), "panel.carry")
    assert [f[0] for f in told] == ["agrees", "agrees"]
    assert [f[0] for f in said(wrong.findings, "panel.carry")] == ["contradicts"]


def test_a_copy_at_another_address_repeats_what_is_found_and_adds_nothing() -> None:
    last = annual(2021, PASSAGE.format(year=2021), **{PERMITS: 40})
    one = annual(2022, PASSAGE.format(year=2022), **{PERMITS: 57})
    other = annual(2022, "本站讯。" + PASSAGE.format(year=2022), **{PERMITS: 57})
    findings = checked(last, one, other)
    assert [f["check"] for f in findings if f["verdict"] == "contradicts"] == ["panel.copied"]
    assert len([f for f in one.findings if f["check"] == "panel.copied"]) == 1


def test_of_two_reports_that_differ_throughout_one_is_of_another_year_and_neither_is_checked() -> None:
    rows = annual(2022, **carried(3), **{PERMITS: 57})
    astray = annual(2022, **carried(8), **{PERMITS: 91})
    assert not [f for f in checked(annual(2021, **forward(3)), astray, rows) if f["check"].startswith("panel.")]
    assert not [f for f in checked(astray, rows, annual(2023, **carried(5))) if f["check"].startswith("panel.")]


def test_a_year_range_left_from_last_year_does_not_move_the_report() -> None:
    stale_range = "统计期限自⟦2021年1月1日|O⟧至⟦2021年12月31日|O⟧。收到申请⟦12|applications.received⟧件。"
    last, now = annual(2021, **forward(3)), annual(2022, stale_range, **carried(3), applications__received__total=12)
    findings = checked(last, now)
    assert now.reports[0]["year"] == 2022
    assert [f[0] for f in said(findings, "panel.carry")] == ["agrees", "agrees"]
    assert not [f for f in findings if f["verdict"] == "contradicts" and not f["check"].startswith("table.")]
