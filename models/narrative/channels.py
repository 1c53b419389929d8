"""The one channel that a sentence names for what was published: then the figure is that channel's (rulings 6 and 17).

通过区政府网站政府信息公开专栏,及时发布…,主动公开文件89条: between the channel and its number may stand a list of
contents longer than a tagger follows. Where two channels are named, or more may be meant, nothing is said.
"""

from __future__ import annotations

import re

CHANNELS = {
    "disclosure.website": re.compile(
        r"网站|门户|官网|政务网|外网|政府网|信息公开(?:专栏|平台|系统|目录|网)|公开目录|频道|子站|网页"
    ),
    "disclosure.wechat": re.compile(r"微信|公众[号平]"),
    "disclosure.weibo": re.compile(r"微博"),
    "disclosure.media": re.compile(
        r"抖音|头条|视频号|快手|学习强国|客户端|APP|报纸|报刊|[日晚公]报|电视|广播|电台|媒体|(?:公开|宣传|公示|公告)栏(?!目)"
        r"|电子屏|显示屏|LED|大屏|触摸屏|查询机|展板|橱窗|宣传册|明白[卡纸]|资料"
    ),
}
"""Words of each channel."""
NAMED = frozenset({"disclosure.total", *CHANNELS})
"""What a tagger may have called the figure."""
BY = re.compile(r"通过|依托|利用|借助|经由?|运用|(?<![存现正])在|于|以")
SEVERAL = re.compile(
    r"等(?:多种|各[类种]|多个|[^，,。、]{0,8}(?:渠道|平台|形式|方式|载体|途径))|多种|各类(?:渠道|平台|媒)|线上线下|[两三四五]种"
    r"|(?:渠道|平台|形式|方式|载体)[等，,]?[共总]"
    r"|[和与及、](?:(?:其他)?(?:政务)?新媒体|微博|报)"
)
"""More channels than are named."""
LIST = re.compile(r"、[^，,。]{0,12}(?:等|和|及|与)")
"""Several of one kind before the verb: 通过政府网站、信息公开平台等. After it, it is a list of contents."""
PUBLISHED = re.compile(r"公开|发布|推送|刊发|刊登|上传|更新|登载|报道|播发|编发|刊载|转发|公布|推出|发出")
ANOTHER = re.compile(r"\d\s*[万亿]?[余多]?\s*[条篇件则份]|\d(?=\D{0,2}(?:通过|利用|依托|在))")
"""The end of a figure before, whose channel is its own."""
SENTENCE_END = re.compile(r"[。；;！!\n]")
REACH = 200
"""How far before a figure, in characters, its channel may stand."""


def channel_of(text: str, start: int) -> str | None:
    """The statistic of the only channel that the sentence names before a figure, None where there is no such one."""
    before = SENTENCE_END.split(text[max(0, start - REACH) : start])[-1]
    before = before[max((m.end() for m in ANOTHER.finditer(before)), default=0) :]
    by = BY.search(before)
    clause = max(map(before.rfind, "，,")) + 1
    before = before[min(by.start() if by else clause, clause) :]
    found = {name: match for name, words in CHANNELS.items() if (match := words.search(before))}
    if "disclosure.media" in found and found["disclosure.media"][0] == "媒体" and re.search("[新融]媒体", before):
        del found["disclosure.media"]
    if len(found) != 1 or SEVERAL.search(before):
        return None
    name, match = found.popitem()
    verb = PUBLISHED.search(before, match.end())
    return name if verb and not LIST.search(before, match.start(), verb.start()) else None
