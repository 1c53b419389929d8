"""Unit, qualifier and scope of a figure, from the words around it."""

from __future__ import annotations

import re

from models.narrative.candidates import MEASURES
from models.numerals import fold
from models.schema.figure import Scope
from models.schema.quantity import Qualifier

_UNITS = "|".join(re.escape(m) for m in sorted({*MEASURES, "户次", "篇(次)"}, key=len, reverse=True))
COUNT_UNIT = re.compile(rf"\s{{0,3}}(?:余|多|来)?\s{{0,3}}({_UNITS})")
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
AVERAGE = re.compile(r"(?:日均|月均|年均|平均|均次|每[年月周日季天]?(?:度)?)[^，,。；;]{0,8}$")
DURATION = {"个工作日", "工作日", "天", "小时", "分钟", "年", "日", "秒"}
PARTS = re.compile(r"\s*个?(?:部分|方面|章节|板块|环节|步骤)")
CUMULATIVE = re.compile(
    r"历年|自[^，,。；;]{1,18}(?:以来|起)[^，,。；;]{0,8}(?:累计|共)|开通以来|建站以来|施行以来|实施以来|成立以来|运行以来|至今|截[至止]目前[^，,。；;]{0,6}累计|多年来|建库以来"
)
TIME = re.compile("[年月季间来今计共]")
"""Every wording of a time holds one of these."""
PREVIOUS = re.compile(r"上一?年度?|去年|往年")
PARTIAL = re.compile(
    r"截[至止](?:[^，,。；;]{0,6}年)?\s*(?:[1-9]|10|11)\s*月|上半年|下半年|[一二三四]季度|前[一二三]季度|1\s*[-—至]\s*(?:[2-9]|1[01])\s*月|期间"
)


def unit_of(text: str, end: int, kind: str) -> str | None:
    """The unit printed after a numeral that ends at `end`, None where there is none."""
    pattern = {"amount": MONEY_UNIT, "percent": PERCENT_UNIT}.get(kind, COUNT_UNIT)
    match = pattern.match(fold(text[end : end + UNIT_REACH]))
    return re.sub(r"\s+", "", match[1]) if match else None


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
    before = text[max(0, start - REACH) : start]
    before = before[max(map(before.rfind, "。；;\n")) + 1 :]
    clause = max(map(before.rfind, "，,、（(")) + 1
    near, around = before[clause:], before[max(0, clause - 30) :]
    beside = near[-16:]
    if CHANGE.search(beside) and (unit in ("%", "个百分点") or COMPARED.search(before[-40:])):
        return "other"
    if unit in DURATION or AVERAGE.search(beside) or PARTS.match(text, end):
        return "other"
    if not TIME.search(around):
        return "year"
    if CUMULATIVE.search(near) or CUMULATIVE.search(around):
        return "cumulative"
    if statistic not in ("applications.carried_in", "applications.carried_forward"):
        named = re.findall(r"(?:19|20)\d\d(?=\s*年)", near)
        last = year is not None and bool(named) and int(named[-1]) == year - 1
        if (last or PREVIOUS.search(near)) and not re.search(r"结转|转入|比|较", near):
            return "previous_year"
    return "partial" if PARTIAL.search(near) else "year"
