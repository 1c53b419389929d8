"""The head of a noun phrase: what there was none of, in 未收到依申请公开的咨询 the questions, not the applications."""

from __future__ import annotations

import re

OTHER_HEAD = re.compile(
    r"(?:咨询|支出|应诉费|律师费|诉讼费|(?:复议|诉讼|应诉)[^、和及与或收]{0,6}费用?|投诉|举报|电话|来电|来信|信访|工单)"
    r"(?:等|的|事项|情况|情形|现象|事件|记录|[件单。.)）])*$"
)
"""The noun that a phrase ends with, where it is none of the statistics: 依申请公开的咨询, 与诉讼有关的费用支出."""
OTHER_APPLICATION = re.compile(
    r"(?:许可|处罚|确认|强制|复议|仲裁|救助|补贴|审批|登记|赔偿|调解)(?:事项|类)?的?申请"
    r"|(?:涉及|关于)(?:(?!信息|公开|的)[^，、]){1,16}的[^，、]{0,10}申请"
    r"|^(?:由|来自)?(?:法人|自然人|企业|上级)(?:或其他组织)?(?:提出|提交|递交)?的?[^，、和或及]{0,10}申请"
    r"|(?:转办|交办|转送|移送|移来|转来|遗留)的?[^，、]{0,10}申请"
)
"""Applications for something else, or some of them only: none of these says that no application came."""


def own(words: str) -> str:
    """`words` without the last phrase where its head is no statistic: the head says what there was none of.

    A phrase with 的 takes its attribute with it, and nouns joined within the attribute too.
    """
    head = OTHER_HEAD.search(words)
    if head is None:
        return words
    rest = words[: head.start()]
    member = max(map(rest.rfind, "、和及或")) + 1
    if re.search(r"(?:复议|诉讼|申请)$", rest) and re.match(r"投诉|举报|信访", head[0]):
        return rest
    joined = "的" in rest[member:] and not re.match(r"因|由|对|就|与|针对|关于|涉及", rest[member:])
    return "" if joined else rest[:member].rstrip("、和及或")


def of_other(words: str) -> bool:
    """Whether `words` speak of ours only to say what else there was none of."""
    return bool(
        re.search(r"复议|诉讼|申请", words[len(own(words)) :])
        or (OTHER_APPLICATION.search(words) and not re.search(r"移来|转来|遗留|上一?年", words))
    )
