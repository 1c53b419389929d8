"""The scanner: every stretch of narrative that may be a figure, with high recall.

What counts it, and whether it counts anything, is for the tagger to say. Only what is no
figure beyond doubt (document numbers, telephones, list numbers, titles in 《》) is left out here.
Patterns bound their spaces and start where a run starts, so that no text takes more than linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.numerals import fold

DATE = re.compile(
    r"""
      (?<!\d)(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日?(?!\d)   # 2020年1月1日, or 日 lost
    | (?<!\d)(?:19|20)\d\d\d{1,2}\s*月\s*\d{1,2}\s*日                  # 202012月31日: 年 lost
    | (?<!\d)(?:19|20)\d\d\s*年\s*\d{3,4}日                            # 2020年1231日: 月 lost
    | (?<!\d)(?:19|20)\d\d\s*年\s*\d{2}日                              # 2018年11日: 月 lost of two digits
    | (?<!\d)(?:19|20)\d\d(?:0?[1-9]|1[0-2])\s*月(?!\d)                # 20078月: 年 lost
    | (?<!\d)(?:19|20)\d\d\d{2,4}日                                    # 20201231日: both lost
    | (?<!\d)(?:19|20)\d\d\s*年\s*\d{1,2}\s*月(?!\d)
    | (?<!\d)(?:19|20)\d\d\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}(?!\d)
    | (?<!\d)(?:19|20)\d\d\s*年
    | [二一][〇零○一九]{1,2}[〇零○一二三四五六七八九]{1,2}年
      (?:[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}日)?)?
    | (?<!\d)\d{1,2}\s*月\s*\d{1,2}\s*日
    | (?<!\d)(?:0?[1-9]|1[0-2])\s*月(?!份?之)
    | (?<!\d)[1-9]\d{2,3}日                                            # 925日: 月 lost
    | (?<=\n)[ \t]{0,40}(?:19|20)\d{5,6}(?=[ \t]{0,40}(?:\n|$))         # 2021210: a signature
    | (?<![\d.])(?:19|20)\d\d(?![\d.%,，年余多万亿]|\s*[个件条篇次项人元份期名户封起场宗家部类])
    """,
    re.VERBOSE,
)
MEASURES = """
    平方米 平方公里 公顷 公里 条次 条(次) 件次 篇次 人次 户次 场次 批次 车次 个工作日 工作日 条 件 篇 项
    次 期 个 名 人 份 封 起 宗 户 批 种 类 家 栋 册 则 部 场 处 所 台 辆 亩 吨 米 张 幅 块 座 套 本 例
    村 镇 位 组 支 轮 天 日 月 年 小时 分钟 分 秒 岁 届 万次 亿次 对 章 款 页 字 卷 盒 架 间 棵 株 头 只
    桩 笔 单 盏 句 遍 趟 节 课 门 线 端 微 员 群 号 站 点
""".split()
"""Measure words that may follow a count."""
NUMERAL = re.compile(
    r"(?<![A-Za-z\d.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?:\s*[万亿](?!元|美元|余元|多元))?"
    r"|(?<![A-Za-z\d])\d+(?:\.\d+)?(?:\s*[百千]?[万亿千](?!\s{0,3}[余多]?\s{0,3}(?:元|美元|欧元|人民币)|(?<=千)[米克瓦伏卡赫字]))?"
)
_AFTER_CHINESE = "|".join(sorted((m for m in MEASURES if m not in set("分点端线门节年月日微")), key=len, reverse=True))
CHINESE_NUMERAL = re.compile(
    r"(?<![第一二两三四五六七八九十百千万零〇个之])(?<!\d余)[一二两三四五六七八九十百千万]{1,6}(?:零[一二三四五六七八九])?"
    rf"(?=余?多?\s*(?:{_AFTER_CHINESE}|大类|大项|大板块|部分))"
)
YEAR = re.compile(rf"20[0-3]\d(?=[\u4e00-\u9fff])(?!{_AFTER_CHINESE}|[列顶枚艘架幢尾羽户次])")
"""Four digits without 年 before a word: a year of these reports (2020公开), whose 年 the crawl lost."""
MONEY = re.compile(r"\s{0,3}[余多]?\s{0,3}((?:[百千]?[万亿])?\s{0,3}(?:元|美元|欧元|人民币))")
PERCENT = re.compile(r"\s*(?:%|％|‰|个百分点)")

RATE = re.compile(r"率[均为达至约超\s:]*$")

EXCLUDED = re.compile(
    r"""
      《[^《》\n]{0,120}》                                             # titles of documents
    | [〔\[【]\s*(?:19|20)\d\d\s*[〕\]】]?\s*第?\s*\d{0,4}\s*号?             # 〔2019〕60号, also broken
    | [(（]\s{0,3}(?:19|20)\d\d\s{0,3}[)）]\s{0,3}第?\s{0,3}\d{1,4}\s{0,3}号
    | (?<=[令告发函字文])\s{0,3}第?\s{0,3}\d{1,5}\s{0,3}号
    | 第\s*[\d一二三四五六七八九十百]+\s*(?:[条款项章号届期批次版名位页季代轮至、—-]|个?五年|大道)
      \s*(?:第\s*[(（]?[\d一二三四五六七八九十]+[)）]?\s*[项款])?
    | (?<!\d)(?:0\d{2,3}\s*[-—–－]+\s*)\d{7,8}(?:\s*[-—转]\s*\d{1,4})?     # telephones
    | (?:电\s*话|传\s*真|邮\s*编|邮政编码|电话号码|联系方式|热线电话|咨询电话|监督电话|QQ群?|微信号)
      \s{0,3}[:：为]?\s{0,3}(?!\d+\s*(?:人次|次|件|条|人|个|份))
      [\d—–－\- 、/()（）]{5,60}
    | (?<![A-Za-z._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+            # mail
    | (?:https?://|www\.)[A-Za-z0-9._~:/?\#@!$&'*+,;=%-]+
    | (?<![\d.])\d{1,2}\s*[:：]\s*\d{2}(?:\s*[:：]\s*\d{2})?(?!\d)        # clock times
    | (?<!\d)12[13]\d\d(?!\d|\s*[余多]?(?:条|件|次|人|个|篇|份|户|元|万))
      (?=[^\d，。；、]{0,8}(?:热线|平台|便民|服务|投诉|举报|专线|[”"’]))
    | (?<=\d)1234[05](?=[”"’]?[^\d\n]{0,6}(?:热线|平台|便民|服务|政务))   # a count fused with a hotline before it
    | (?:(?<=热线)|(?<=平台)|(?<=便民)|(?<=拨打)|(?<=[“"‘]))1234[05](?=\d{1,5}[件条个])  # … and after it
    | (?m:^[ \t　]*\d(?=[\u4e00-\u9fff]{5}))(?!(?:个|条|件|篇|次|项|份|名|人|家|户|期|场|月|年|日|宗|起|封|则|位|处))
    | (?<=[“"‘])\d{3,5}(?=[”"’])
    | “[^“”\n\d]{0,8}\d+\s*[+＋x×]\s*(?:\d+|N|X)[^“”\n]{0,12}”
    | (?<![\d.])\d{1,2}\s*[+＋]\s*(?:\d{1,2}|N|X)(?![\d])(?=[^件条]{1,6}(?:模式|机制|体系|工作|行动|工程))
    | (?m:^[ \t　]*[(（]?\d{1,2}[)）.、．](?!\d))                          # list numbers
    | (?<=[。；;：:，,、\s])[(（]\d{1,2}[)）]
    | (?<=[。；;：:\n])\d{1,2}[.．、](?=\s*[^\d\s])
    | (?<=[。；;：:][ 　])\d{1,2}[.．、](?=\s*[^\d\s])
    | 计\s*1\s*条
    | (?m:(?<=\n)|^)[ \t　]{0,8}[图表]\s?\d{1,2}(?=[ \t　:：])            # captions
    | (?<![A-Za-z\d.])\d{1,12}(?=\.(?:cn|com|net|org|gov)(?![a-z]))       # domains
    | (?<![A-Za-z])[A-Za-z]{1,64}[-—]?\d+(?:\.\d+)?[A-Za-z]*
    | (?<![\d.])\d+(?:[A-Z]|[a-z](?![a-z]))
    | (?<!\d)\d{1,6}\s{0,3}号(?=楼|院|街|路|室|门|大|线|公|文|[,，)）])
    | (?:大街|大道|街|路|巷|道)\s*\d+(?:-\d+)?\s*号
    | (?<!\d)\d{1,6}\s{0,3}(?:室|楼|幢|号楼|单元)
    """,
    re.VERBOSE,
)
NEVER_CHINESE = re.compile(
    r"一(?:步|个|是|次(?:性|[答办告通过])|项|体|些|方面|种|件事|张网|站|把手|户一|户|级|线|条龙|年来|年|并|批|点|类|名|部分|端|微|支|人|家|日|米|期工|对|站式)"
    r"|两微|两(?:个|手|端|者|办)|三(?:公|审|农|重|包|定|级)|[一二三四五六七八九十](?:届|中全会|十大|大以来|五规划)"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch [start, end) that may be a figure of one of `kinds`."""

    start: int
    end: int
    kinds: tuple[str, ...]


def scan(text: str) -> list[Candidate]:
    """Candidates in order, none overlapping another."""
    folded = fold(text)
    blocked = bytearray(len(folded))
    for match in EXCLUDED.finditer(folded):
        blocked[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    found: list[Candidate] = []
    for match in DATE.finditer(folded):
        start, end = _trim(folded, match.start(), match.end())
        bare = end - start == 4 and folded[start:end].isdigit() and not YEAR.match(folded, start)
        _add(found, blocked, Candidate(start, end, ("date", "count") if bare else ("date",)))
    for match in NUMERAL.finditer(folded):
        start, end = _trim(folded, match.start(), match.end())
        _add(found, blocked, Candidate(start, end, _kinds(folded, start, end)))
    for match in CHINESE_NUMERAL.finditer(folded):
        if not NEVER_CHINESE.match(folded, match.start()):
            _add(found, blocked, Candidate(match.start(), match.end(), ("count",)))
    return sorted(found, key=lambda c: c.start)


def _kinds(folded: str, start: int, end: int) -> tuple[str, ...]:
    if PERCENT.match(folded, end):
        return ("percent",)
    if RATE.search(folded, max(0, start - 6), start):
        return ("percent", "count")
    if MONEY.match(folded, end):
        return ("amount",)
    return ("count", "amount")


def _trim(folded: str, start: int, end: int) -> tuple[int, int]:
    while start < end and folded[start].isspace():
        start += 1
    while end > start and folded[end - 1].isspace():
        end -= 1
    return start, end


def _add(found: list[Candidate], blocked: bytearray, candidate: Candidate) -> None:
    """Add what of the candidate is free: all of it, or the rest of a run fused with a hotline."""
    start, end = candidate.start, candidate.end
    if candidate.kinds != ("date",):
        while start < end and blocked[start]:
            start += 1
        while end > start and blocked[end - 1]:
            end -= 1
    if start == end or any(blocked[start:end]):
        return
    blocked[start:end] = b"\1" * (end - start)
    found.append(Candidate(start, end, candidate.kinds))
