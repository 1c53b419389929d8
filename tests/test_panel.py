"""Two years of one agency: carry, stock, changes; which names are of one agency."""

from __future__ import annotations

import pytest

from inference.panel import Panel
from inference.rows import Row, Rows, report_rows
from models.readers.inputs import Input
from models.reconciling.panel import panel_checks, remembered
from models.structure.agency import agency_key
from tests.contradictions import measure_years
from tests.oracle import read_marked
from tests.planted.filled import tables
from tests.planted.years import YEAR_KINDS, YearKind


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
    assert list(panel_checks()) == ["panel.carry", "panel.stock"]


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
    counts = measure_years("none", 20)
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
