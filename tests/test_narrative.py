"""Candidates, units, qualifiers, scopes, worded zeros, windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.narrative.candidates import scan
from models.narrative.cues import find_cues
from models.narrative.qualify import qualifier_of, scope_of, unit_of
from models.narrative.read import read_figures
from models.narrative.text import CONTEXT, SHORT, WINDOW, condensed, sentences, windows
from models.narrative.zeros import all_zeros
from models.reading import read_document
from models.schema.document import Source
from models.tagger.tagger import Label, Marked, Named, Tagger


def found(text: str) -> list[str]:
    return [text[c.start : c.end] for c in scan(text)]


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("全年收到申请12件,办结9件", ["12", "9"]),
        ("发布信息1.42万条", ["1.42万"]),
        ("投资48.3亿元", ["48.3"]),
        ("自2020年1月1日至12月31日", ["2020年1月1日", "12月31日"]),
        ("举办两期培训,三场发布会", ["两", "三"]),
        ("占22.2%", ["22.2"]),
        ("统计期限至202012月31日", ["202012月31日"]),
        ("1,113条", ["1,113"]),
        ("１２件", ["１２"]),
        ("期限为2018年11日至12月31日", ["2018年11日", "12月31日"]),
        ("访问100余万次", ["100"]),
        ("自2007年45日起施行", ["2007年45日"]),
        ("本栏目于20078月开通", ["20078月"]),
    ],
)
def test_figures_are_candidates(text: str, figures: list[str]) -> None:
    assert found(text) == figures


@pytest.mark.parametrize(
    "text",
    [
        "国办公开办函〔2019〕60号", "根据第二十条第(一)项规定", "电话:0598-8370116", "邮编350316", "www.abc123.gov.cn",
        "《2020年政务公开工作要点》", "12345热线平台", "1.健全机制", "(2)加强领导", "一是提高认识", "下一步工作", "时间:14:02",
        "“两微一端”建设", "第3期", "图2 网站概况", "见41857.cn", "某街道28号", "计1条",
    ],
)  # fmt: skip
def test_what_is_no_figure_is_no_candidate(text: str) -> None:
    assert found(text) == []


def test_a_count_fused_with_a_hotline_keeps_its_own_digits() -> None:
    assert found("公开职权事项584312345”政务热线") == ["5843"]
    assert found("热线12345584件") == ["584"]
    assert found("全年网站发布信息1234567条,电视12345678条,微博123456条") == ["1234567", "12345678", "123456"]


@given(st.text(alphabet="0123456789年月日件条万亿.,，。、%一二两十个期()（）号第 \n", max_size=200))
def test_candidates_are_in_order_and_apart(text: str) -> None:
    candidates = scan(text)
    assert all(c.start < c.end <= len(text) for c in candidates)
    assert all(a.end <= b.start for a, b in pairwise(candidates))


@pytest.mark.parametrize(
    ("before", "numeral", "after", "unit", "qualifier"),
    [
        ("收到", "12", "件,", "件", "exact"), ("公开", "300", "余条信息", "条", "over"), ("约", "1.2万", "人次", "人次", "about"),
        ("近", "300", "篇", "篇", "under"), ("超过", "40", "场", "场", "over"), ("共", "25", ",其中", None, "exact"),
        ("培训", "5", "次以上", "次", "at_least"), ("公开", "59", " 条", "条", "exact"), ("不少于", "3", "期", "期", "at_least"),
        ("点击", "100", "余万次", "次", "over"), ("时限", "7", "个工作日", "个工作日", "exact"),
    ],
)  # fmt: skip
def test_unit_and_qualifier(before: str, numeral: str, after: str, unit: str | None, qualifier: str) -> None:
    text = before + numeral + after
    start, end = len(before), len(before + numeral)
    assert unit_of(text, end, "count") == unit
    assert qualifier_of(text, start, end) == qualifier


@pytest.mark.parametrize("after", ["部分内容", "\n本乡公开"])
def test_what_is_no_unit(after: str) -> None:
    assert unit_of(f"共12{after}", 3, "count") is None


@pytest.mark.parametrize(("after", "unit"), [("亿元", "亿元"), ("万美元", "万美元"), ("余万元", "万元"), ("元", "元")])
def test_unit_of_money(after: str, unit: str) -> None:
    assert unit_of(f"投资2000{after}", 6, "amount") == unit


@pytest.mark.parametrize(
    ("text", "numeral", "scope"),
    [
        ("全年公开信息25条", "25", "year"), ("历年累计受理申请5件", "5", "cumulative"), ("累计发布信息472篇", "472", "year"),
        ("同比增长12.5%", "12.5", "other"), ("比上年增加38件", "38", "other"), ("自2008年以来累计公开9000条", "9000", "cumulative"),
        ("上半年公开120条", "120", "partial"), ("日均访问300人次", "300", "other"), ("含上年结转3件", "3", "year"),
        ("截至6月底公开80条", "80", "partial"), ("截至12月31日公开80条", "80", "year"), ("2019年收到7件", "7", "previous_year"),
    ],
)  # fmt: skip
def test_scope(text: str, numeral: str, scope: str) -> None:
    start = text.index(numeral)
    end = start + len(numeral)
    unit = unit_of(text, end, "percent" if text[end:].startswith("%") else "count")
    assert scope_of(text, start, end, "disclosure.total", unit, 2020) == scope


@pytest.mark.parametrize(
    ("text", "numeral", "scope"),
    [
        ("2020年上半年,全县各部门共受理申请12件,答复9件", "12", "partial"), ("2020年上半年,全县各部门共受理申请12件,答复9件", "9", "partial"),
        ("截至9月底，我局共收到申请12件", "12", "partial"), ("第一季度,我局受理申请12件", "12", "partial"),
        ("2020年1至9月,县水务局收到申请12件", "12", "partial"), ("近三年,共收到申请12件", "12", "cumulative"),
        ("“十三五”期间,共收到申请12件", "12", "cumulative"), ("近三年共收到申请12件", "12", "cumulative"),
        ("近三年,收到申请分别为5件、12件", "12", "other"), ("2019年,我局收到申请5件,答复12件", "12", "previous_year"),
        ("上半年,收到申请5件,全年共收到12件", "12", "year"), ("2019年,收到申请5件,2020年,收到12件", "12", "year"),
        ("截至12月底,收到申请12件", "12", "year"), ("上年结转5件,新收申请12件", "12", "year"), ("较之上年,申请多了12件", "12", "year"),
    ],
)  # fmt: skip
def test_the_time_at_the_head_governs_until_the_next(text: str, numeral: str, scope: str) -> None:
    start = text.rindex(numeral)
    assert scope_of(text, start, start + len(numeral), "applications.received", "件", 2020) == scope


@pytest.mark.parametrize(
    ("text", "numeral", "scope"),
    [
        ("收到申请22起,比2019年(31起)下降29%", "22", "year"), ("收到申请22起,比2019年(31起)下降29%", "31", "previous_year"),
        ("收到申请22起，较2019年的31起少9起", "31", "previous_year"), ("比去年同期的31件减少9件", "31", "previous_year"),
        ("比去年同期的31件减少9件", "9", "other"), ("申请由上年的31件减少到22件", "31", "previous_year"),
        ("申请由上年的31件减少到22件", "22", "year"), ("申请由2019年31件增至38件", "38", "year"),
        ("较2018年的40件更少", "40", "other"), ("比上年增加31件", "31", "other"),
    ],
)  # fmt: skip
def test_the_compared_year_has_its_own_figure(text: str, numeral: str, scope: str) -> None:
    start = text.rindex(numeral)
    assert scope_of(text, start, start + len(numeral), "applications.received", "件", 2020) == scope


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("其中2019年信息公开年报3条", "year"), ("公开上年度部门决算3条", "year"), ("2019年“三公”经费决算3条", "year"),
        ("2019年法治政府建设工作报告3条", "year"), ("2019年公开信息3条", "previous_year"), ("上年公布决算3条", "previous_year"),
        ("2019年度报告期内公开3条", "previous_year"),
    ],
)  # fmt: skip
def test_the_year_of_a_document_is_not_the_year_of_its_publication(text: str, scope: str) -> None:
    start = text.index("3条")
    assert scope_of(text, start, start + 1, "disclosure.category", "条", 2020) == scope


def zeros(tagger: Tagger, text: str) -> list[tuple[str, str]]:
    cues = find_cues(text)
    (named,) = tagger.read([Marked(text, [], cues)])
    pairs = all_zeros(text, cues, named.zeros)
    return [(text[cue.start : cue.end], label.statistic or "") for cue, labels in pairs for label in labels]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020年,我局未收到依申请公开。", [("未收到", "applications.received")]),
        ("没有发生行政复议、行政诉讼案件。", [("没有发生", "reconsideration.total"), ("没有发生", "litigation.total")]),
        ("未发生行政复议。", [("未发生", "reconsideration.total")]),
        ("行政复议、行政诉讼均未发生。", [("未发生", "reconsideration.total"), ("未发生", "litigation.total")]),
        ("全年未收取任何费用。", [("未收取", "information_fees.amount")]),
        ("无行政事业性收费。", [("无", "fees.amount")]),
        ("全年未制发规范性文件。", [("未制发", "normative_documents.issued")]),
        ("2.申请办理情况\n无。", [("无", "applications.processed")]),
        ("三、行政复议:无;", [("无", "reconsideration.total")]),
        ("本年无结转下年度的申请。", [("无", "applications.carried_forward")]),
    ],
)
def test_worded_zero(tagger: Tagger, text: str, expected: list[tuple[str, str]]) -> None:
    assert zeros(tagger, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "坚持以公开为常态、不公开为例外。", "至今未发生泄密事件。", "行政复议1件,尚未审结。", "本机关无法提供3件。", "未经复议直接起诉2件。",
        "申请人无正当理由逾期不补正。", "六、其他需要报告的事项\n无。", "不存在减免情况。", "无超期办件。", "全年无安全事故。",
    ],
)  # fmt: skip
def test_what_is_negated_but_no_zero_of_ours(tagger: Tagger, text: str) -> None:
    assert zeros(tagger, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "未收到有关依申请公开手续的咨询。", "全年未产生与诉讼有关的费用支出。", "未发生与诉讼(行政复议、行政申诉)有关的费用支出。",
        "未收到行政许可申请。", "未收到涉及第三方的申请。", "未收到法人提出的申请。", "未接到上级转办的申请。",
        "未接到关于申请流程的电话咨询。", "与诉讼有关的费用支出情况\n无。", "用于行政复议的支出没有发生。",
    ],
)  # fmt: skip
def test_the_head_noun_says_what_there_was_none_of(tagger: Tagger, text: str) -> None:
    assert zeros(tagger, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("没有发生行政复议、行政诉讼和投诉举报。", ["reconsideration.total", "litigation.total"]),
        ("未发生因信息公开引起的复议诉讼投诉。", ["reconsideration.total", "litigation.total"]),
        ("未收到公民、法人提出的申请。", ["applications.received"]), ("未收到涉及政府信息公开的申请。", ["applications.received"]),
        ("无上年度转来的申请。", ["applications.carried_in"]), ("没有收取与申请有关的费用。", ["information_fees.amount"]),
    ],
)  # fmt: skip
def test_zeros_beside_other_nouns_stay(tagger: Tagger, text: str, expected: list[str]) -> None:
    assert [statistic for _, statistic in zeros(tagger, text)] == expected


def test_the_ten_thousand_after_more_than_is_in_the_value() -> None:
    tagger: Any = CumulativeTagger()
    document, _cells = read_document(Source("历年点击100余万次，转发100万余次。", "utf-8"))
    _, figures = read_figures(document, tagger)
    assert [(f.quantity and f.quantity.value, f.unit, f.qualifier) for f in figures] == [(10**6, "次", "over")] * 2


class CumulativeTagger:
    """Calls every count the cumulative sum, as the tagger does with 累计 and 共计."""

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        return [
            Named([Label("disclosure.cumulative" if "count" in c.kinds else None, 0.9) for c in n.candidates], [])
            for n in narratives
        ]


@pytest.mark.parametrize(
    ("text", "statistic", "scope"),
    [
        ("全年共公开各类信息412条。", "disclosure.total", "year"), ("2020年,累计公开信息412条。", "disclosure.total", "year"),
        ("其他信息共计412条。", "disclosure.total", "year"), ("历年累计公开信息412条。", "disclosure.cumulative", "cumulative"),
        ("到2020年底,累计公开信息412条。", "disclosure.cumulative", "cumulative"),
        ("开栏至今共挂出412条。", "disclosure.cumulative", "cumulative"),
        ("累计公开412条,其中本年一部分。", "disclosure.cumulative", "cumulative"),
        ("我局2015年共公开信息412条。", "disclosure.total", "year"), ("二〇一五年共公开信息412条。", "disclosure.total", "year"),
        ("近五年共公开信息412条。", "disclosure.cumulative", "cumulative"),
        ("公开信息412条(建站以来)。", "disclosure.cumulative", "cumulative"),
    ],
)  # fmt: skip
def test_a_sum_is_cumulative_by_its_words_only(text: str, statistic: str, scope: str) -> None:
    tagger: Any = CumulativeTagger()
    document, _cells = read_document(Source(text, "utf-8"))
    _, (figure,) = read_figures(document, tagger)
    assert (figure.statistic, figure.scope) == (statistic, scope)


@given(st.text(alphabet="收到申请,。;\n0123件(", max_size=1500))
def test_windows_cover_the_text_once(text: str) -> None:
    parts = list(windows(text))
    assert "".join(text[w.core : w.end] for w in parts) == text
    assert all(w.core - w.start <= CONTEXT for w in parts)
    digits = max((len(run) for run in "".join(c if c.isdigit() else " " for c in text).split()), default=0)
    assert all(w.end - w.core <= WINDOW + digits for w in parts)


@given(st.text(max_size=300))
def test_sentences_join_to_the_text(text: str) -> None:
    assert "".join(text[s.start : s.end] for s in sentences(text)) == text


@given(st.text(alphabet="收到申请,。\n012件", max_size=400), st.sets(st.integers(0, 399)))
def test_condensed_text_keeps_places_and_headings(text: str, places: set[int]) -> None:
    held = sorted(place for place in places if place < len(text))
    short, moved = condensed(text, held)
    assert [short[place] for place in moved] == [text[place] for place in held]
    kept = [s for s in sentences(text) if s.end - s.start < SHORT or any(s.start <= place < s.end for place in held)]
    assert short == "".join(text[s.start : s.end] for s in kept)


def test_talk_is_not_read_and_moves_nothing(tagger: Tagger) -> None:
    talk = "我局高度重视政务公开工作,把公开贯穿于决策、执行、管理、服务和结果的全过程,不断提升工作水平。"
    told = "一、总体情况\n全年收到政府信息公开申请12件。\n(二)平台建设\n门户网站发布信息345条;未发生行政复议。"
    read: list[Marked] = []

    class Watching:
        def read(self, narratives: Sequence[Marked]) -> list[Named]:
            read.extend(narratives)
            return tagger.read(narratives)

    watching: Any = Watching()
    plain, mixed = (read_document(Source(words, "utf-8"))[0] for words in (told, told.replace("\n", f"\n{talk}")))
    expected, found = (read_figures(document, watching)[1] for document in (plain, mixed))
    assert [(f.statistic, f.text, f.confidence) for f in found] == [
        (f.statistic, f.text, f.confidence) for f in expected
    ]
    assert all(mixed.text[f.span.start : f.span.end] == f.text for f in found)
    assert read[1].text == read[0].text
