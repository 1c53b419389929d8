"""Unit, qualifier and scope of a figure, from the words around it."""

from __future__ import annotations

import re

from models.narrative.candidates import MEASURES
from models.numerals import fold
from models.schema.figure import Scope
from models.schema.quantity import Qualifier

_UNITS = "|".join(re.escape(m) for m in sorted({*MEASURES, "户次", "篇(次)"}, key=len, reverse=True))
COUNT_UNIT = re.compile(
    rf"\s{{0,3}}(?:[余多]\s{{0,3}}[万亿]?|来)?\s{{0,3}}(?!部分|本[乡镇局年机单级市县区部院委厅报街校])({_UNITS})"
)
SCALE = re.compile(r"\s{0,3}[余多]\s{0,3}([万亿])(?!\s{0,3}(?:元|美元|欧元|人民币))")
MONEY_UNIT = re.compile(r"\s{0,3}(?:余|多)?\s{0,3}([百千]?[万亿]{0,2}\s{0,3}(?:元|美元|欧元|人民币))")
PERCENT_UNIT = re.compile(r"\s*(%|％|‰|个百分点)")

UNIT_REACH = 16
"""Longest unit, in characters, with the spaces before it."""
REACH = 80
"""How far before a figure, in characters, the words may stand that say what it speaks of."""

BEFORE: tuple[tuple[re.Pattern[str], Qualifier], ...] = (
    (re.compile(r"(?:不少于|至少|不低于|最少)[有为达]?\s*$"), "at_least"),
    (re.compile(r"(?:不足|不到|近|将近|接近|少于|低于)\s*$"), "under"),
    (re.compile(r"(?:超过?|逾|突破|多于|高于|大于)[了至达]?\s*$"), "over"),
    (re.compile(r"(?:约|大约|约占|约为|大概|左右)[占为有]?\s*$"), "about"),
)
AFTER: tuple[tuple[re.Pattern[str], Qualifier], ...] = (
    (re.compile(r"\s*(?:余|多)"), "over"),
    (re.compile(rf"\s{{0,3}}(?:{_UNITS}|%|％|[万亿]?元)?\s{{0,3}}(?:次|人)?以上"), "at_least"),
    (re.compile(rf"\s{{0,3}}(?:{_UNITS}|%|％|[万亿]?元)?\s{{0,3}}左右"), "about"),
    (re.compile(rf"\s{{0,3}}(?:{_UNITS}|[万亿]?元)?\s{{0,3}}(?:余|多)(?![项种类样次元媒渠])"), "over"),
)
CHANGE = re.compile(
    r"(?:增长|增加|上升|下降|减少|提升|提高|回落|增幅|降幅|下滑|净增|增|减|升|降)(?:幅度?)?[了约达近为至]*\s*$"
)
COMPARED = re.compile(r"同比|环比|较上|较去|较\d{4}|比上|比去|相比|与上|比\d{4}|较前|比前")
COMPARED_FIGURE = re.compile(
    r"(?:比|较|与|由|从)(?:(?P<year>(?:19|20)\d\d)\s*年?|去年|上一?年度?|(?P<earlier>前年))度?(?:同期)?(?:的|为)?\s*[(（]?\s*$"
)
"""What stands before the other year's figure: 比2019年(31件), 较去年同期的31件, 由上年的31件."""
RESULT = re.compile(r"(?:增加|增长|上升|提高|减少|下降|降低|增|升|减|降)(?:到|至|为)\s*$")
"""What stands before this year's figure of a comparison: 由上年的31件增加到38件."""
AVERAGE = re.compile(r"(?:日均|月均|年均|平均|均次|每[年月周日季天]?(?:度)?)[^，,。；;]{0,8}$")
DURATION = {"个工作日", "工作日", "天", "小时", "分钟", "年", "日", "秒"}
PARTS = re.compile(r"\s*个?(?:部分|方面|章节|板块|环节|步骤)")
CUMULATIVE = re.compile(
    r"历年|自[^，,。；;]{1,18}(?:以来|起)[^，,。；;]{0,8}(?:累计|共)|开通以来|建站以来|施行以来|实施以来|成立以来|运行以来|至今|截[至止]目前[^，,。；;]{0,6}累计|多年来|建库以来"
)
TIME = re.compile("[年月季间来今计共]")
"""Every wording of a time holds one of these."""
PREVIOUS = re.compile(r"上一?年度?|去年|往年")
OF_DOCUMENT = re.compile(
    r"(?:(?:19|20)\d\d\s*年?度?|上一?年度?|去年)的?"
    r"(?:政府|政务|部门|单位|机关|财政|本级|[省市区县乡镇局“”]|街道|信息|公开|工作|法治|建设|三公|经费|年度|年终){0,12}"
    r"(?:年报|预算|决算|预决算|报告(?!期)|总结)"
)
"""The year of a document, not of its publication: 公开2019年部门决算3条."""
CALENDAR = re.compile(
    r"截[至止](?:[^，,。；;]{0,6}年)?\s*(?:[1-9]|10|11)\s*月|(?<!上)[上下]半年(?!起)|第?[一二三四]季度|前[一二三]季度"
    r"|(?<!\d)(?:1[0-2]|[1-9])\s*月?份?\s*[-—~～至到]\s*(?:[2-9]|1[01])\s*月"
)
"""Parts of the year."""
PARTIAL = re.compile(rf"{CALENDAR.pattern}|(?<!31日)期间")
SEVERAL = re.compile(
    r"近[两三四五六七八九十2-9]年|[两三四五六七八九十]年来"
    r"|十[一二三四五]五”?(?:规划)?(?:期间|时期|以来)"
)
EACH = re.compile(r"分别|逐年|依次|[各每]年")
TIMES = re.compile(
    rf"(?P<several>{SEVERAL.pattern})|(?:(?:19|20)\d\d\s*年)?(?P<part>{CALENDAR.pattern})"
    rf"|(?P<former>(?P<year>(?:19|20)\d\d)\s*年度?|{PREVIOUS.pattern})|全年|年度|年内|本年|今年|当年|年底|年末|期间"
)
HEAD = re.compile(r"(?:.*[:：)）]|\s*\d{1,2}[.．、])?[^，,、:：\d比较与由从对按]{0,8}", re.DOTALL)
"""What may stand in a statement before the time that governs it."""
STATEMENT = 200
"""How far before a figure, in characters, the statement may begin whose time governs it."""
SINCE = re.compile(
    r"历年|历岁|以来|至今|往年|现存|年半?来|累计数|截[至止]|[至到]20\d\d|从20\d\d|自(?:从|《|建|开|20\d\d)"
    r"|20\d\d\s*年?[\d月日\s]{0,8}起|开[通栏馆号设网办区]|建[站网库]|施行|上线|成立|组建"
    r"|(?:[到至]|年)底|年末|目前"
    r"|(?<![〇零○一二三四五六七八九\d])(?:[两二三四五六七八九十几]|\d{1,2})年(?:相加|总和|加总|累计|共|间|下来|并)"
)
"""Words that make a sum one of several years."""
NEW = re.compile(
    r"其中[^，,。；;]{0,6}(?:本年|今年|当年|新增|20\d\d)|本年度?(?:新增|公开)|(?:历年|以来)(?!\D*\d)|起算?[)）]"
    r"|^[^，,]{0,4}[，,]\s*(?:本年|今年|当年)"
)
"""The same after the sum, or the year's own part of it."""


def is_cumulative(text: str, start: int, end: int) -> bool:
    """Whether words near a sum of what was published say that it is of more than the year (ruling 12).

    累计 alone says it only after another count: 公开205条，累计530条.
    """
    before = text[max(0, start - STATEMENT) : start]
    before = before[max(map(before.rfind, "。\n")) + 1 :]
    after = re.split("[。；;\n]", text[end : end + 40], maxsplit=1)[0]
    summed = re.search(r"累计|累积|总|合", before[-16:]) and re.search(r"\d\s*[条件篇则份][^。]*$", before)
    return bool(SINCE.search(before) or NEW.search(after) or summed)


def unit_of(text: str, end: int, kind: str) -> str | None:
    """The unit printed after a numeral that ends at `end`, None where there is none."""
    pattern = {"amount": MONEY_UNIT, "percent": PERCENT_UNIT}.get(kind, COUNT_UNIT)
    match = pattern.match(fold(text[end : end + UNIT_REACH]))
    return re.sub(r"\s+", "", match[1]) if match else None


def scale_of(text: str, end: int) -> int:
    """What a count is in, where 余 or 多 parts it from its 万 or 亿: 100余万次 is over 1,000,000."""
    match = SCALE.match(text, end)
    return 1 if match is None else {"万": 10**4, "亿": 10**8}[match[1]]


def qualifier_of(text: str, start: int, end: int) -> Qualifier:
    """What the words beside a numeral say about its exactness."""
    for pattern, qualifier in BEFORE:
        if pattern.search(text, max(0, start - 6), start):
            return qualifier
    for pattern, qualifier in AFTER:
        if pattern.match(text, end):
            return qualifier
    return "exact"


def scope_of(text: str, start: int, end: int, statistic: str, unit: str | None, year: int | None) -> Scope:
    """What time and whom a figure speaks of; rulings 2, 12, 15 and 22 of the guideline."""
    if statistic == "date":
        return "other"
    if statistic == "disclosure.cumulative":
        return "cumulative"
    statement = text[max(0, start - STATEMENT) : start]
    statement = statement[max(map(statement.rfind, "。；;\n")) + 1 :]
    before = statement[-REACH:]
    clause = max(map(before.rfind, "，,、（(")) + 1
    near, around = before[clause:], before[max(0, clause - 30) :]
    beside = near[-16:]
    if unit in DURATION or AVERAGE.search(beside) or PARTS.match(text, end):
        return "other"
    if compared := COMPARED_FIGURE.search(before[-20:]):
        former = compared["year"] is None or year is None or int(compared["year"]) == year - 1
        return "previous_year" if former and not compared["earlier"] else "other"
    share = unit in ("%", "个百分点")
    if RESULT.search(beside) and not share:
        return "year"
    if CHANGE.search(beside) and (share or COMPARED.search(before[-40:])):
        return "other"
    return _time_of(statement, near, around, statistic, year)


def _time_of(statement: str, near: str, around: str, statistic: str, year: int | None) -> Scope:
    """The scope by the words of time in the clause of a figure, or at the head of its statement."""
    if not TIME.search(statement):
        return "year"
    if CUMULATIVE.search(near) or CUMULATIVE.search(around):
        return "cumulative"
    carried = statistic in ("applications.carried_in", "applications.carried_forward")
    scope = _beside(near, year) or _governed(statement, year)
    return "year" if carried and scope == "previous_year" else scope


def _beside(near: str, year: int | None) -> Scope | None:
    """The scope that the words directly before a figure give it, None where they name no time."""
    near = OF_DOCUMENT.sub("", near)
    named = re.findall(r"(?:19|20)\d\d(?=\s*年)", near)
    last = year is not None and bool(named) and int(named[-1]) == year - 1
    if (last or PREVIOUS.search(near)) and not re.search(r"结转|转入|比|较", near):
        return "previous_year"
    if SEVERAL.search(near):
        return _of_several(near)
    if PARTIAL.search(near):
        return "partial"
    return "year" if TIMES.search(near) else None


def _governed(statement: str, year: int | None) -> Scope:
    """The scope that the time at the head of a statement gives to what follows, up to the next time.

    A former year governs only what a comma parts from it; for 上年结转3件，新收5件 speaks of two years.
    """
    times = list(TIMES.finditer(statement))
    if len(times) != 1 or not HEAD.fullmatch(statement, 0, times[0].start()):
        return "year"
    time = times[0]
    if time["several"]:
        return _of_several(statement)
    if time["part"]:
        return "partial"
    named = time["year"]
    former = time["former"] and statement[time.end() : time.end() + 1] in ("，", ",")
    return "previous_year" if former and (named is None or (year is not None and int(named) == year - 1)) else "year"


def _of_several(words: str) -> Scope:
    """Of several years: one year's figure of a row, or their sum."""
    return "other" if EACH.search(words) else "cumulative"
