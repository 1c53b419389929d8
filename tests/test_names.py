"""What a figure counts by the words around it, where a tagger has named it otherwise."""

from __future__ import annotations

import pytest

from models.narrative.names import settled

WEBSITE, WECHAT, WEIBO, MEDIA = (f"disclosure.{name}" for name in ("website", "wechat", "weibo", "media"))


def name_of(marked: str, statistic: str = "disclosure.total", unit: str | None = "条") -> str:
    """The name of the figure in brackets."""
    before, _, rest = marked.partition("【")
    numeral, _, after = rest.partition("】")
    return settled(statistic, before + numeral + after, len(before), len(before) + len(numeral), unit)


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("通过县政府网站“政务公开”专栏,及时发布机构职能、惠农补贴、农田水利等内容,主动公开文件【37】件。", WEBSITE),
        ("我镇依托县信息公开平台,全年主动公开各类政府信息【128】条", WEBSITE),
        ("公开信息200条。其中,在澧阳水利微信公众号推送【46】条", WECHAT),
        ("网站公开信息118条,“鹿坪发布”公众号发布工作动态【63】条", WECHAT),
        ("在新媒体微信公众号“鹿坪水利”上,更新36次,共计发布【88】条。", WECHAT),
        ("利用官方微博发布防汛信息【52】条", WEIBO),
        ("利用村务公开栏、宣传栏张贴公布低保名单【19】份", MEDIA),
        ("官网发布信息300条,抖音号刊发短视频【12】条", MEDIA),
    ],
)
def test_the_only_channel_named_is_the_figures(text: str, channel: str) -> None:
    assert name_of(text) == channel
    assert name_of(text, channel) == channel


@pytest.mark.parametrize(
    "text",
    [
        "通过网站、微信公众号等渠道主动公开政府信息【128】条",
        "通过政府网站等多种形式公开信息【90】条",
        "全市以网站、新媒体两种途径公开信息【640】条",
        "网站改版已经完成。全年主动公开信息【75】条",
        "主动公开政府信息【75】条,其中网站60条、微信15条",
        "加强门户网站建设,【31】个单位配有专人",
        "网站公开60条,微信公开15条,合计公开【75】条",
    ],
)
def test_otherwise_the_name_stays(text: str) -> None:
    assert name_of(text) == "disclosure.total"


@pytest.mark.parametrize("statistic", ["disclosure.category", "count", "interpretations.total", "visits.total"])
def test_only_totals_and_channels_take_the_name_of_a_channel(statistic: str) -> None:
    assert name_of("通过县政府网站主动公开文件【37】件", statistic) == statistic


@pytest.mark.parametrize(
    ("text", "statistic", "expected"),
    [
        ("全年累计公开政府信息【217】条", "disclosure.cumulative", "disclosure.total"),
        ("自开通以来累计公开政府信息【2170】条", "disclosure.cumulative", "disclosure.cumulative"),
        ("全区公开信息【118】条,历年累计2340条", "disclosure.cumulative", "disclosure.total"),
    ],
)
def test_cumulative_by_its_words(text: str, statistic: str, expected: str) -> None:
    assert name_of(text, statistic) == expected


def test_items_of_a_list_of_powers_are_counts() -> None:
    text = "保留行政权力841项。其中,行政许可【24】项"
    assert name_of(text, "permits.decisions", "项") == "count"
    assert name_of("作出行政许可决定【24】件", "permits.decisions", "件") == "permits.decisions"
