"""Identity, sections, noise: what stands around the tables; and that no text makes any of it slow."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.extract import extract_many
from models.lines import bare, lines_of
from models.narrative.candidates import Candidate, scan
from models.narrative.cues import find_cues
from models.narrative.qualify import qualifier_of, scope_of, unit_of
from models.narrative.text import narrative_of, windows
from models.narrative.zeros import find_zeros
from models.reading import read_document
from models.schema.document import Document, Source
from models.structure.build import build_document
from models.structure.identity import identify
from models.structure.noise import find_noise, find_spam
from models.structure.sections import find_sections
from models.tables.tokens import pieces_of
from models.tagger.tagger import Label, Marked, Named

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TITLE = "清溪县财政局2021年政府信息公开工作年度报告"
BODY = "2021年,本局主动公开政府信息135条,比上年多12条。"
HEADINGS = ["总体情况", "主动公开政府信息情况", "收到和处理政府信息公开申请情况",
            "政府信息公开行政复议、行政诉讼情况", "存在的主要问题及改进情况", "其他需要报告的事项"]  # fmt: skip


def build(text: str, *, page_title: str = "", agency: str | None = None, year: int | None = None) -> Document:
    return build_document(Source(text, "utf-8", page_title), form=None, tables=(), agency=agency, year=year)


def report(headings: list[str], *, title: str = TITLE) -> str:
    return title + "\n" + "".join(f"{h}\n第{i}段的文字在此,公开{i}条。\n" for i, h in enumerate(headings, 1))


def noise_of(document: Document, kind: str) -> list[str]:
    return [document.text[n.span.start : n.span.end] for n in document.noise if n.kind == kind]


def section_ids(text: str) -> list[str]:
    return [s.id for s in build(text).sections]


# Identity

TITLES = [
    (TITLE, "清溪县财政局"),
    ("2021年度清溪县财政局政府信息公开工作年度报告", "清溪县财政局"),
    ("清溪县财政局二〇二一年政府信息公开工作年度报告", "清溪县财政局"),
    ("清溪县财政局二○二一年政府信息公开工作年度报告", "清溪县财政局"),
    ("清溪县财政局\n2021年政府信息公开工作年度报告", "清溪县财政局"),
    ("清溪县财政局２０２１年政府信息公开工作年度报告", "清溪县财政局"),
    ("清溪县财政局2021年信息公开年报", "清溪县财政局"),
    ("首页 > 政府信息公开年报 > " + TITLE, "清溪县财政局"),
    ("清溪县财政局2021年\n政府信息公开工作年度报告", "清溪县财政局"),
    ("# " + TITLE, "清溪县财政局"),
    ("**" + TITLE + "**", "清溪县财政局"),
    ("关于2021年度政府信息公开工作年度报告\n联系清溪县财政局办公室(地址:北街)", "清溪县财政局"),
    ("清溪县人民政府办公室(2021年度)政府信息公开工作年度报告", "清溪县人民政府办公室"),
]


@pytest.mark.parametrize(("words", "agency"), TITLES)
def test_agency_and_year_of_a_title(words: str, agency: str) -> None:
    document = build(f"{words}\n一、总体情况\n比2020年、2019年、2020年、2020年都多。\n")
    assert (document.agency, document.year) == (agency, 2021)


@pytest.mark.parametrize(
    "words",
    [
        "清溪县财政局政府信息公开工作年度报告(2021年)",
        "清溪县财政局政府信息公开年报(2021)",
        "清溪县财政局政府信息公开2021年度报告",
        "清溪县财政局 2021 年 政府信息公开工作 年度报告",
        "清溪县财政局关于2021年度政府信息公开工作情况的报告",
    ],
)
def test_other_orders_of_a_title(words: str) -> None:
    document = build(f"{words}\n一、总体情况\n比2020年、2019年、2020年、2020年都多。\n")
    assert document.agency == "清溪县财政局"
    assert document.year == 2021
    assert document.title


def test_links_to_other_years_are_not_the_title() -> None:
    links = "".join(f"{y}年政府信息公开工作年度报告\n" for y in (2018, 2019, 2020))
    document = build(f"{links}{TITLE}\n统计期限自2021年1月1日起。\n{BODY}")
    assert (document.agency, document.year) == ("清溪县财政局", 2021)


def test_the_title_far_down_after_chrome() -> None:
    document = build("首页\n新闻\n服务\n" * 15 + f"{TITLE}\n{BODY}")
    assert (document.agency, document.year) == ("清溪县财政局", 2021)


def test_the_title_of_the_page_serves_where_the_text_has_none() -> None:
    document = build(f"一、总体情况\n{BODY}", page_title=TITLE + "-清溪县人民政府")
    assert (document.agency, document.year) == ("清溪县财政局", 2021)


@pytest.mark.parametrize(
    "words",
    [
        "根据《中华人民共和国政府信息公开条例》(以下简称《条例》)规定,现公布青禾市水务局2022年政府信息公开工作年度报告。",
        "按照《关于年度报告格式的通知》（国办公开办函〔2021〕30号）要求，特编制《青禾市水务局2022年政府信息公开工作年度报告》，全文如下。",
        "根據有關規定，由青禾市水務局編制的2022年度政府信息公開工作年度報告。",
        "现向社会公布青禾市水务局2022年政府信息公开工作年度报告。",
    ],
)
def test_a_sentence_about_the_report_names_agency_and_year(words: str) -> None:
    document = build(f"{words}\n一、总体情况\n2022年,我局公开信息3条。\n")
    assert (document.agency, document.year) == ("青禾市水务局", 2022)


def test_a_sentence_about_the_report_is_no_title() -> None:
    words = "根据《中华人民共和国政府信息公开条例》要求,编制2021年政府信息公开工作年度报告。"
    document = build(f"{words}\n青禾市水务局2022年政府信息公开工作年度报告\n一、总体情况\n")
    assert (document.agency, document.year) == ("青禾市水务局", 2022)


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        (
            "首页 > 政务公开 > 年报 > 街道办事处政府信息公开工作年度报告\n云岭街道2022年政府信息公开工作年度报告",
            "云岭街道",
        ),
        ("发布机构:云岭县农业农村局", "云岭县农业农村局"),
        ("2022年,云岭县农业农村局认真贯彻条例,公开信息3条。", "云岭县农业农村局"),
        ("如有疑问,请与云岭县交通运输局政府信息公开领导小组联系(地址:云岭县大路1号)。", "云岭县交通运输局"),
        ("2022年,我局认真贯彻条例,公开信息3条。", None),
    ],
)
def test_other_places_that_name_the_agency(line: str, agency: str | None) -> None:
    assert build(f"{line}\n一、总体情况\n政府信息公开工作稳步推进。\n").agency == agency


def test_the_signature_names_the_agency() -> None:
    document = build(f"政府信息公开工作年度报告\n{BODY}\n2021年工作如下。\n清溪县财政局\n2022年1月20日")
    assert (document.agency, document.year) == ("清溪县财政局", 2021)


def test_the_record_serves_only_where_the_text_does_not_tell() -> None:
    told = build(f"{TITLE}\n{BODY}", agency="别处", year=1999)
    assert (told.agency, told.year) == ("清溪县财政局", 2021)
    untold = build("公开信息若干条。", agency="青禾镇人民政府", year=2020)
    assert (untold.agency, untold.year) == ("青禾镇人民政府", 2020)


def test_the_period_counts_more_than_frequent_years() -> None:
    document = build("数据统计期限为2021年1月1日至12月31日。" + "2020年公开。" * 9)
    assert document.year == 2021


def test_the_year_is_the_same_in_every_process() -> None:
    code = "from models.structure.identity import identify; print(identify('2021年公开。2022年1月20日', [], '').year)"
    run = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(6)
    ]
    assert set(run) == {"2021\n"}


def test_years_in_titles_of_documents_do_not_count() -> None:
    assert build("《2019年要点》《2019年清单》《2019年计划》\n2021年公开信息。").year == 2021


@pytest.mark.parametrize("text", ["", "\n\n", "无", "|", "2021", "1" * 50, "年" * 50, "(2021年)信息公开年报"])
def test_poor_texts_have_a_structure(text: str) -> None:
    document = build(text)
    assert document.sections[0].id == "intro"
    assert document.text == text


# Sections


@pytest.mark.parametrize(
    "numbers",
    [
        ["一、", "二、", "三、", "四、", "五、", "六、"],
        ["", "", "", "", "", ""],
        ["一、", "一、", "一、", "一、", "一、", "一、"],
        ["一、", "三、", "二、", "五、", "四、", "六、"],
        ["一、", "", "三、", "", "五、", ""],
        ["第一部分 ", "第二部分 ", "第三部分 ", "第四部分 ", "第五部分 ", "第六部分 "],
        ["一.", "二.", "三.", "四.", "五.", "六."],
        ["一 ", "二 ", "三 ", "四 ", "五 ", "六 "],
        ["1、", "2、", "3、", "4、", "5、", "6、"],
        ["## 一、", "## 二、", "## 三、", "## 四、", "## 五、", "## 六、"],
        ["\u3000\u3000一、", "\u3000\u3000二、", "\xa0三、", "四、", "五、", "六、"],
    ],
    ids=["right", "none", "same", "swapped", "some", "parts", "dots", "spaces", "digits", "markdown", "indented"],
)  # fmt: skip
def test_titles_decide_not_numbers(numbers: list[str]) -> None:
    text = report([n + h for n, h in zip(numbers, HEADINGS, strict=True)])
    assert section_ids(text) == ["intro", "1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("left_out", range(6))
def test_a_missing_section_moves_no_other(left_out: int) -> None:
    headings = [f"{'一二三四五六'[i]}、{h}" for i, h in enumerate(HEADINGS) if i != left_out]
    assert section_ids(report(headings)) == ["intro", *(str(i + 1) for i in range(6) if i != left_out)]


def test_sub_headings_with_the_same_words_stay_in_section_one() -> None:
    inner = [f"({n}){h}" for n, h in zip("一二三四", HEADINGS[1:5], strict=True)]
    text = report(["一、总体情况", *inner, *(f"{n}、{h}" for n, h in zip("二三四五六", HEADINGS[1:], strict=True))])
    sections = build(text).sections
    assert [s.id for s in sections] == ["intro", "1", "2", "3", "4", "5", "6"]
    assert sections[2].span.start == text.index("二、主动")


def test_headings_glued_to_their_text() -> None:
    glue = "本段文字紧接标题之后没有换行,说明情况很多很长,仍应当识别出来,直到这里才结束,共公开信息3条。"
    text = TITLE + "\n" + "".join(f"{n}、{h}{glue}\n" for n, h in zip("一二三四五六", HEADINGS, strict=True))
    assert section_ids(text) == ["intro", "1", "2", "3", "4", "5", "6"]


def test_a_table_of_contents_before_the_sections() -> None:
    numbered = [f"{n}、{h}" for n, h in zip("一二三四五六", HEADINGS, strict=True)]
    text = TITLE + "\n目录\n" + "\n".join(numbered) + "\n" + report(numbered, title="")
    assert section_ids(text) == ["intro", "1", "2", "3", "4", "5", "6"]


def test_full_width_titles() -> None:
    text = report([f"{n}.{h}" for n, h in zip("一二三四五六", HEADINGS, strict=True)]).replace("2021", "２０２１")
    assert section_ids(text) == ["intro", "1", "2", "3", "4", "5", "6"]


@given(
    st.lists(
        st.sampled_from([*HEADINGS, "一、", "二、", "(一)", "\n", "\n", "公开3条。", TITLE, "亚博app", "　"]),
        max_size=60,
    )
)
@settings(deadline=None)
def test_sections_cover_the_text_in_order(words: list[str]) -> None:
    text = "".join(words)
    document = build(text)
    assert document.text == text
    assert document.sections[0].span.start == 0
    assert document.sections[-1].span.end == len(text)
    assert all(a.span.end == b.span.start for a, b in zip(document.sections, document.sections[1:], strict=False))
    assert len({s.id for s in document.sections}) == len(document.sections)
    assert all(a.span.end <= b.span.start for a, b in zip(document.noise, document.noise[1:], strict=False))
    assert all(0 <= n.span.start < n.span.end <= len(text) for n in document.noise)
    narrative = narrative_of(document)
    assert all(text[p] == c or c == "\n" for c, p in zip(narrative.text, narrative.positions, strict=True))


# Noise

SPAM = ["bet365体育投注官网", "【亚博app下载】", "开元棋牌最新版下载", "威尼斯人赌场", "澳门百家乐www.x.com"]


@pytest.mark.parametrize("phrase", SPAM)
def test_spam_is_marked_and_never_cut(phrase: str) -> None:
    text = f"{TITLE}{phrase}\n一、总体情况\n本局{phrase}公开信息135条,收到{phrase}申请12件。\n"
    document = build(text)
    assert document.text == text
    assert len(noise_of(document, "spam")) == 3
    running = narrative_of(document).text
    assert "公开信息135条" in running
    assert "收到申请12件" in running
    assert document.agency == "清溪县财政局"


@pytest.mark.parametrize("phrase", SPAM[2:4])
def test_a_figure_right_after_spam_stays(phrase: str) -> None:
    assert "12件" in narrative_of(build(f"{TITLE}\n一、总体情况\n全年收到申请{phrase}12件。")).text


def test_spam_in_the_title_is_no_agency() -> None:
    document = build(f"亚博app下载清溪县财政局2021年政府信息公开工作年度报告\n{BODY}")
    assert document.agency == "清溪县财政局"


@pytest.mark.parametrize("words", ["建成公共体育平台5个。", "整治校园外围12处。", "举办南岭亚博3场。"])
def test_figures_beside_harmless_words_stay(words: str) -> None:
    figure = re.findall(r"\d+", words)[0]
    running = narrative_of(build(f"{TITLE}\n一、总体情况\n{words}")).text
    assert figure in running.partition("总体情况")[2]


CHROME = [
    "来源:清溪县财政局", "信息来源: 本站 发布日期:2022-01-20 浏览次数:1906", "发布时间:2022-01-20 10:22", "浏览次数:1906",
    "【字体:大 中 小】", "大 中 小", "打印本页", "关闭窗口", "分享到", "您现在的位置:首页 > 公开 > 年报", "首页 新闻 服务",
    "版权所有:清溪县财政局", "网站标识码:5100000000", "上一篇:通知", "下一条:没有了", "- 3 -", "— 12 —", "第3页 共9页", "更多>>",
    "附件:年报.docx", "责任编辑:王某", "索引号:000000/2022-00001", "扫一扫在手机打开当前页",
]  # fmt: skip


@pytest.mark.parametrize("line", CHROME)
def test_chrome_lines_are_no_narrative(line: str) -> None:
    text = f"{TITLE}\n{line}\n一、总体情况\n{BODY}\n{line}\n"
    document = build(text)
    assert document.text == text
    running = narrative_of(document).text
    assert line not in running
    assert BODY in running


@pytest.mark.parametrize(
    "line",
    [
        "全年收到申请12件,及时转交承办单位办理,均按期答复。",
        "各技术支持单位共12家。",
        "公开方式不断丰富,全年发布信息120条。",
        "有效性审查文件12件。",
        "关闭政务新媒体账号3个。",
        "首页开设专栏5个,发布信息120条。",
        "网站新增无障碍浏览功能3项。",
        "手机版网站发布信息88条。",
        "返回补正申请3件。",
        "分享转发信息35条。",
    ],
)
def test_narrative_that_begins_like_chrome_stays(line: str) -> None:
    assert line in narrative_of(build(f"{TITLE}\n一、总体情况\n{line}\n{BODY}\n")).text


# Time: a hostile line of tens of thousands of characters must not stop a run. Sizes are such that an
# algorithm of linear time needs a fraction of the limit, and one of quadratic time several times it.

LIMIT = 8.0
"""Seconds of processor time, which other work on the machine does not lengthen much."""


class TooSlowError(Exception):
    """Work took longer than `LIMIT`."""


@contextmanager
def deadline(seconds: float = LIMIT) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.2)  # again, for what is raised in a callback of gc is lost
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class CountTagger:
    """Labels every candidate as the first of its kinds, without a model."""

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        return [Named([Label(c.kinds[0], 0.9) for c in n.candidates], [()] * len(n.cues)) for n in narratives]


def _scopes(text: str) -> None:
    for candidate in _every(text, 8):
        scope_of(text, candidate.start, candidate.end, "count", None, 2021)


def _units(text: str) -> None:
    for candidate in _every(text, 8):
        unit_of(text, candidate.end, "count")
        qualifier_of(text, candidate.start, candidate.end)


def _every(text: str, step: int) -> list[Candidate]:
    return [Candidate(i, i + 1, ("count",)) for i in range(0, len(text), step)]


def _extract(text: str) -> None:
    tagger: Any = CountTagger()
    extract_many([read_document(Source(text, "utf-8"))], tagger)


WORK: dict[str, Callable[[str], object]] = {
    "spam": find_spam,
    "noise": lambda t: find_noise(t, list(lines_of(t)), 0),
    "identify": lambda t: identify(t, list(lines_of(t)), t[:300]),
    "sections": lambda t: find_sections(t, list(lines_of(t)), None),
    "build": build,
    "pieces": lambda t: pieces_of(t, ()),
    "scan": scan,
    "cues": find_cues,
    "zero rules": lambda t: list(find_zeros(t)),
    "windows": lambda t: list(windows(t)),
    "units": _units,
    "scopes": _scopes,
    "extract": _extract,
}
N = 30_000
SLOW = [
    *(("scan", t) for t in ("1", "a", "-", "a1", "令 ", "1 ", "电话\\t")), ("units", "1,"), ("scopes", "公开"),
    ("identify", "《"), ("build", "投注，"), ("sections", "总体情况"),
]  # fmt: skip
HOSTILE = {
    "一": "一" * N, "(": "(" * N, "1,": "1," * 4 * N, "第1": "第1" * N, "。无": "。无" * (N // 4), "1": "1" * 3 * N, "a": "a" * 3 * N,
    "-": "-" * 3 * N, "a1": "a1" * 2 * N, "令 ": "令" + " " * 2 * N + "x", "电话\\t": "电话" + "\t" * 2 * N + "x", "公开": "公开" * 8 * N,
    "《": "《" * 4 * N, "【": "【" * N, "投注，": "投注，" * N, "总体情况": "一、总体情况\n" * N, "“1+": "“1+" * N, "空": "\u2003" * N,
    "1 ": "1" + " " * 5000 + "x",
}  # fmt: skip
PAIRS = [
    *SLOW,
    *(("scan", w) for w in ("一", "(", "第1", "。无", "《", "“1+", "空", "【")),
    *((w, t) for w in ("cues", "zero rules", "windows") for t in ("一", "(", "。无", "《", "空", "1")),
    *((w, t) for w in ("noise", "spam") for t in ("一", "【", "(", "空", "-")),
    *(("pieces", t) for t in ("一", "(", "1,", "-", "空")),
    *(("identify", t) for t in ("一", "(", "1,", "空")),
    *(("sections", t) for t in ("一", "(", "空")),
]  # fmt: skip


@pytest.mark.parametrize(("work", "words"), PAIRS)
def test_long_hostile_lines_take_linear_time(work: str, words: str) -> None:
    with deadline():
        WORK[work](HOSTILE[words])


def test_a_statement_with_many_figures_is_reconciled_in_time() -> None:
    with deadline(6):
        _extract("公开1条," * 500)


def test_a_statement_with_many_wholes_is_reconciled_in_time() -> None:
    with deadline(6):
        _extract("收到申请1件,其中2件," * 300)


def test_many_figures_in_many_sentences_are_read_in_time() -> None:
    with deadline(6):
        _extract("公开1条。" * 6000)


def test_hostile_text_is_only_marked() -> None:
    text = "投注，" * 500 + "【" * 500 + "一、总体情况\n" * 100
    with deadline(10):
        assert build(text).text == text


def test_the_sound_of_characters_in_brackets_is_no_part_of_the_report() -> None:
    text = "某某县水利局2021年政府信息公开工作年度报告\n全年收到政府信息公开申请(qǐng)7件，答复（fù）7件(含上年1件)。\n"
    document = build(text)
    narrative = narrative_of(document)
    assert "公开申请7件，答复7件(含上年1件)" in narrative.text
    place = narrative.text.index("7件，")
    assert text[narrative.source_span(place, place + 1).start] == "7"
    assert bare("一、本年新收政府信息公开申(shēn)请数量") == "本年新收政府信息公开申请数量"
