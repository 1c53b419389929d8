"""Seeded variety on top of the annotated passages: other numbers, words, places and crawl damage.

Each passage is cut into pieces, a figure or plain text; pieces change, offsets follow. Damage
follows the measured kinds of crawled reports: lost characters beside digits, odd spaces and breaks,
half-width punctuation, characters never seen.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from models.schema.gold import AnnotatedPassage, GoldFigure

SYNONYMS = (
    ("收到", "受理", "接到", "接收", "新收", "收到"),
    ("微信公众号", "政务微信", "官方微信", "微信公众平台", "微信"),
    ("门户网站", "政府网站", "官方网站", "官网", "政府门户网站", "网站"),
    ("我局", "本局", "我委", "我办", "我单位", "本机关", "我中心", "我院"),
    ("我镇", "我乡", "我街道", "镇政府", "街道办", "本镇"),
    ("我市", "我县", "我区", "全市", "全县", "全区", "我省"),
    ("全年", "本年度", "年内", "一年来", "今年", "本年"),
    ("发布", "公开", "公布", "刊发", "推送"),
    ("网上", "网络", "线上", "互联网"),
    ("信函", "邮寄", "信件", "来信"),
    ("当面", "现场", "窗口"),
    ("共", "累计", "合计", "总计", ""),
    ("答复", "办结", "办理完毕"),
    ("政府信息公开申请", "依申请公开", "信息公开申请", "依申请公开件", "公开申请"),
    ("政策解读", "解读材料", "政策解读材料", "解读信息"),
    ("人大代表建议", "人大建议", "代表建议"),
    ("部分公开", "区分处理", "部分公开"),
    ("上年结转", "上年度结转", "去年结转", "上一年结转", "结转自上年"),
    ("结转下年", "结转下年度", "结转至下一年", "转下年办理", "转结下年度"),
    ("接待咨询", "受理咨询", "答复咨询"),
    ("兼职人员", "兼职工作人员", "兼职"),
    ("专职人员", "专职工作人员", "专职"),
    ("处理决定", "决定"),
    ("现行有效", "继续有效", "有效"),
    ("新闻发布会", "新闻通气会", "发布会", "媒体通气会"),
    ("行政复议", "复议"),
    ("行政诉讼", "诉讼"),
    ("政协提案", "政协委员提案", "委员提案"),
    ("举办", "组织", "开展", "召开"),
    ("，其中", "，其中：", "。其中", "，包括", "(其中"),
)
_WORD_GROUP = {word: group for group in SYNONYMS for word in group if word}
_WORDS = re.compile("|".join(map(re.escape, sorted(_WORD_GROUP, key=len, reverse=True))))
TAIWAN = {
    "信息": "资讯", "文件": "档案", "门户网站": "入口网站", "网络": "网路", "视频": "影片", "数据": "资料",
    "粉丝": "冬粉", "短信": "简讯", "程序": "程式", "优化": "最佳化", "群众": "民众", "咨询": "谘询",
}  # fmt: skip
"""Words that a conversion for Taiwan puts in place of others, in simplified characters."""
UNITS = ("条", "件", "篇", "项", "次", "份")
_TAIWAN = re.compile("|".join(TAIWAN))
PLACE = "安平永和新华宁阳清河东西南北江海山州城泉林溪川湖丰泰兴龙凤云石金银长德昌信义仁文武光明景临桐柏榆枫松"
HALF = str.maketrans("，：；（）", ",:;()")
FULL = str.maketrans(",:;()", "，：；（）")
UNSEEN = "\ufffd"


def augment(passage: AnnotatedPassage, random: Random) -> AnnotatedPassage:
    """One variant of a passage."""
    pieces = _pieces(passage)
    place, shift = _new_place(passage, random), random.choice((0, 0, -3, -2, -1, 1, 2, 3))
    style = random.random()
    taiwan = random.random() < 0.04
    changed: list[Piece] = []
    for text, figures in pieces:
        if not figures:
            text = place(text)
            text = _reword(text, random)
            if taiwan:
                text = _TAIWAN.sub(lambda m: TAIWAN[m[0]], text)
            text = text.translate(HALF if style < 0.25 else FULL if style > 0.85 else {})
        elif not figures[0].zero:
            text = _renumber(text, figures[0].statistic, shift, random)
        changed.append((text, figures))
    if random.random() < 0.2:
        changed = _damage(changed, random)
    return _assemble(passage, [(t if fs else _unseen(t, random), fs) for t, fs in changed])


def join(first: AnnotatedPassage, second: AnnotatedPassage) -> AnnotatedPassage:
    """Two passages as one, a line break between them."""
    offset = len(first.text) + 1
    moved = tuple(replace(f, start=f.start + offset, end=f.end + offset) for f in second.figures)
    return replace(first, text=f"{first.text}\n{second.text}", figures=(*first.figures, *moved))


Piece = tuple[str, tuple[GoldFigure, ...]]
"""A stretch of text with the figure that it is, or the worded zeros of one cue; plain text has none."""


def _pieces(passage: AnnotatedPassage) -> list[Piece]:
    places: dict[tuple[int, int], list[GoldFigure]] = {}
    for figure in sorted(passage.figures, key=lambda f: f.start):
        places.setdefault((figure.start, figure.end), []).append(figure)
    pieces: list[Piece] = []
    done = 0
    for (start, end), figures in places.items():
        if start >= done:
            pieces += [(passage.text[done:start], ()), (passage.text[start:end], tuple(figures))]
            done = end
    return [*pieces, (passage.text[done:], ())]


def _assemble(passage: AnnotatedPassage, pieces: list[Piece]) -> AnnotatedPassage:
    text = ""
    found: list[GoldFigure] = []
    for piece, figures in pieces:
        if piece:
            start, end = len(text), len(text) + len(piece)
            found += [replace(figure, start=start, end=end, text=piece) for figure in figures]
        text += piece
    return replace(passage, text=text, figures=tuple(found))


def _new_place(passage: AnnotatedPassage, random: Random):  # type: ignore[no-untyped-def]
    match = re.match(r"[\u4e00-\u9fff]{2,4}?(?=[省市县区镇乡街])", passage.agency)
    old = match[0] if match else passage.agency[:2]
    new = "".join(random.choice(PLACE) for _ in range(random.choice((1, 2, 2, 2, 3))))
    return lambda text: text.replace(old, new) if random.random() < 0.9 else text


def _reword(text: str, random: Random) -> str:
    def other(match: re.Match[str]) -> str:
        return random.choice(_WORD_GROUP[match[0]]) if random.random() < 0.25 else match[0]

    text = _WORDS.sub(other, text)
    if text[:1] in UNITS and random.random() < 0.15:
        text = random.choice(UNITS) + text[1:]
    return text


def _renumber(text: str, statistic: str, shift: int, random: Random) -> str:
    if statistic == "date":
        return re.sub(r"(?<!\d)20[012]\d(?=\D|$)", lambda m: str(int(m[0]) + shift), text)
    if not text.isdigit() or random.random() < 0.3:
        return text
    length = max(1, min(6, len(text) + random.choice((-1, 0, 0, 0, 1))))
    if length == 1 and random.random() < 0.08:
        return "0"
    return str(random.randint(10 ** (length - 1), 10**length - 1))


def _damage(pieces: list[Piece], random: Random) -> list[Piece]:
    damaged = list(pieces)
    for i, (text, figures) in enumerate(pieces):
        after_figure = i > 0 and bool(pieces[i - 1][1])
        if figures:
            if figures[0].statistic == "date" and random.random() < 0.3:
                damaged[i] = (text.replace(random.choice("年年月日"), "", 1), figures)
            continue
        roll = random.random()
        if after_figure and text and roll < 0.12:
            text = text[1:]
        elif after_figure and text and roll < 0.24:
            text = f" {text}"
        elif text and roll < 0.36:
            text = f"{text} "
        elif len(text) > 6 and roll < 0.48:
            cut = random.randrange(1, len(text))
            text = f"{text[:cut]}\n{text[cut:]}"
        elif len(text) > 3 and roll < 0.55:
            text = text[:-1]
        damaged[i] = (text, figures)
    return damaged


def _unseen(text: str, random: Random) -> str:
    return "".join(UNSEEN if "\u4e00" <= c <= "\u9fff" and random.random() < 0.02 else c for c in text)
