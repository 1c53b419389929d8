"""The invented report around the tables, with figures that are none of theirs."""

from __future__ import annotations

from collections.abc import Sequence

TITLE = "某某市自然资源局{year}年政府信息公开工作年度报告"
BEFORE = [
    "本报告依据《中华人民共和国政府信息公开条例》(国务院令第711号)编制,统计期限为{year}年1月1日至12月31日。",
    "一、总体情况",
    "(一)主动公开。全年通过门户网站公开信息1280条,制发行政规范性文件3件,行政许可决定41件。",
    "(二)依申请公开。全年收到政府信息公开申请15件,予以公开10件,部分公开2件,不予公开1件,无法提供2件。",
    "(三)监督保障。全年未发生行政复议、行政诉讼。",
    "二、主动公开政府信息情况",
]
BETWEEN = {
    "applications": ["三、收到和处理政府信息公开申请情况"],
    "remedies": ["四、政府信息公开行政复议、行政诉讼情况"],
}
REMARK = ["本年度无行政事业性收费,上述数据不含下属单位;其中2件申请因内容不明确要求补正,均已按期办结。"]
AFTER = [
    "五、存在的主要问题及改进情况",
    "(一)存在的问题。一是公开内容不够全面;二是业务水平有待提高,全年仅培训2次。",
    "1.加强学习。组织培训4次,参训120人次。",
    "六、其他需要报告的事项",
    "无。",
    "某某市自然资源局",
    "{next}年1月20日",
]


def prose_of(year: int, tables: list[str], *, remarks: bool) -> list[list[str]]:
    """Paragraphs before, between and after the tables."""

    def dated(lines: Sequence[str]) -> list[str]:
        return [line.format(year=year, next=year + 1) for line in lines]

    prose = [dated([TITLE, *BEFORE])]
    prose += [[*(REMARK if remarks else []), *BETWEEN[t]] for t in tables[1:]]
    return [*prose, dated(AFTER)]
