"""What is no part of the report: chrome of the site and spam of hackers.

It is only marked, never cut from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from models.lines import PINYIN, Line
from models.schema.document import Noise, Span

_FIGURE = r"[\d一二两三四五六七八九十百千][\d,.万亿]*\s{0,3}[余多]?\s{0,3}[件条篇项次个名人份家户场处起宗批种类]"
CHROME = re.compile(
    rf"""^(?:
      (?:上|下)一[篇条页]\s*[:：]?.{{0,80}} | 附件\s*[:：].{{0,60}}\.(?:docx?|xlsx?|pdf|zip|wps)[^。]*
    | (?!.*。|.*(?<![\d.,:：])(?<![:：]\s){_FIGURE})(?:
        (?:信息)?来源\s*[:：].* | 发布(?:时间|日期|机构|单位)\s*[:：].* | (?:成文|生成|公开)日期\s*[:：].*
      | (?:发文机关|索\s*引\s*号|文\s*号|有\s*效\s*性|主题分类|信息类别|公开方式|公开责任部门)(?:[\s:：].{{0,60}})?
      | (?:作者|编辑|责任编辑|审核|初审|终审|撰稿|供稿)\s*[:：].{{0,30}}
      | (?:浏览|点击|访问|阅读|累计)次数\s*[:：]?.{{0,30}} | .{{0,20}}字体\s*[:：].* | 字号\s*[:：]?.{{0,20}}
      | \[?\s*(?:大|中|小)(?:\s+(?:大|中|小))*\s*\]?
      | (?:(?:打印|关闭|收藏|返回|分享到?|复制链接|我要纠错)(?:本页|窗口|页面|列表|顶部|首页)?[\s|｜/]*)+
        (?:[:：微].{{0,12}})?
      | 附件下载.{{0,4}} | 附件.{{0,60}}\.(?:docx?|xlsx?|pdf|zip|wps).*
      | 扫一扫.{{0,30}} | .{{0,20}}(?:二维码|手机版|无障碍|长者版|长者模式|繁體|繁体).{{0,20}}
      | (?:您?(?:的)?(?:当前|现在)?(?:的)?位置|您现在所在).{{0,80}} | 首页(?:[\s>》»/|｜·-].{{0,60}})?
      | .{{0,40}}(?:版权所有|ICP备|公网安备|网站标识码|网站地图).*
      | .{{0,40}}(?:技术支持(?:单位|电话)?|主办单位|承办单位)\s*[:：].*
      | 相关(?:文章|链接|文件|信息|解读)\s*[:：]?.{{0,10}}
      | 图片 | 政策解读 | 视频 | 登录 | 注册 | 搜索 | 更多.{{0,2}}
      | -\s*\d{{1,3}}\s*- | —\s*\d{{1,3}}\s*— | 第\s*\d{{1,3}}\s*页(?:\s*共\s*\d{{1,3}}\s*页)? | P\s*\.?\s*\d{{1,3}}
    ))$""",
    re.VERBOSE | re.IGNORECASE,
)
"""Lines of the site; what holds a full stop or a count is narrative, except links to other pages."""
SPAM_CORE = re.compile(
    r"(?P<sure>体育投注|娱乐城|娱乐官网|时时彩|六合彩|百家乐|老虎机|真人视讯|真人荷官|葡京|威尼斯人|太阳城集团|皇冠体育|开元棋牌"
    r"|官方授权牌照|注册送|送彩金|首存|av在线|成人视频|裸聊|约炮|\bbet\d*\b)"
    r"|体育平台|体育官网|体育娱乐|博彩|赌场|赌博|娱乐平台|棋牌|彩票(?:平台|官网|网)|亚博|投注|外围|下注|返水"
    r"|手机版下载|官方版下载|app下载|最新版下载|私服|代开发票",
    re.IGNORECASE,
)
"""Brands and wares of betting sites; beside the sure ones, words that an honest report can use."""
_BESIDE = re.compile(r"[A-Za-z【】\[\]]")
_COUNT = re.compile(rf"{_FIGURE}|\d{{1,8}}\s{{0,3}}[年月日万亿]")
_BRAND = re.compile(r"[0-9A-Za-z_@|·\-—–.:：/【】\[\]()（）™®★☆◆♚~～!！&+]")
_BRACKETED = re.compile(r"[【\[][^】\]\n]{0,16}[】\]]")
_MAX_REACH = 24


def find_noise(text: str, lines: list[Line], body_start: int, spam: Sequence[Span] | None = None) -> tuple[Noise, ...]:
    """Chrome lines, everything before `body_start` (the title), and spam (found if not given); without overlap."""
    noise = [Noise("spam", span) for span in (find_spam(text) if spam is None else spam)]
    noise += [Noise("spam", Span(*match.span())) for match in PINYIN.finditer(text)]
    for line in lines:
        before_title = line.start < body_start
        if before_title or (line.end - line.start <= 120 and CHROME.match(line.text)):
            noise.append(Noise("chrome", Span(line.start, line.end)))
    return tuple(_without_overlap(noise))


def find_spam(text: str) -> list[Span]:
    """Brand phrases of betting and similar sites, with everything that belongs to the phrase.

    A hit of the lexicon grows over brand characters and bracketed words on both sides, and over
    what all hits of the same words have around them, for hackers insert one phrase many times. It
    takes no count and no date that follows. A word of the lexicon that an honest report can use is
    spam only with another one, Latin letters or brackets in its phrase.
    """
    hits: dict[str, list[Span]] = {}
    for match in SPAM_CORE.finditer(text):
        hits.setdefault(match[0], []).append(Span(match.start(), match.end()))
    grown: list[Span] = []
    for spans in hits.values():
        left = _shared(text, [s.start - 1 for s in spans], -1) if len(spans) > 1 else 0
        right = _shared(text, [s.end for s in spans], 1) if len(spans) > 1 else 0
        grown.extend(_before_count(text, s, _grow(text, Span(s.start - left, s.end + right))) for s in spans)
    return [span for span in _merge(grown) if _is_spam(text[span.start : span.end])]


def _is_spam(phrase: str) -> bool:
    hits = list(SPAM_CORE.finditer(phrase))
    return len(hits) > 1 or any(hit["sure"] for hit in hits) or bool(_BESIDE.search(phrase))


def _before_count(text: str, hit: Span, grown: Span) -> Span:
    """What has grown from a hit, up to the first count or date after the hit."""
    if grown.end == hit.end:
        return grown
    count = _COUNT.search(text, hit.end, grown.end + _MAX_REACH)
    return Span(grown.start, min(grown.end, count.start())) if count else grown


def _shared(text: str, positions: list[int], step: int) -> int:
    reach = 0
    while reach < _MAX_REACH:
        at = [p + step * reach for p in positions]
        if min(at) < 0 or max(at) >= len(text):
            break
        characters = {text[p] for p in at}
        if len(characters) > 1 or characters & set("\n。,，;；、"):
            break
        reach += 1
    return reach


def _grow(text: str, span: Span) -> Span:
    start, end = span
    while start > 0 and span.start - start < _MAX_REACH and _BRAND.match(text[start - 1]):
        start -= 1
    while end < len(text) and end - span.end < _MAX_REACH and _BRAND.match(text[end]):
        if text[end] in "【[" and (close := _BRACKETED.match(text, end)):
            end = close.end()
        else:
            end += 1
    return Span(start, end)


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _without_overlap(noise: list[Noise]) -> Iterator[Noise]:
    done = 0
    for item in sorted(noise, key=lambda n: (n.span.start, -n.span.end)):
        if item.span.end > done:
            yield Noise(item.kind, Span(max(done, item.span.start), item.span.end))
            done = item.span.end
