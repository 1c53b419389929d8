"""Why a figure may differ from its cell and contradict nothing: part of narrative.cell.

Each reason is read from the words around the figure, or from the figures beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from models.narrative.powers import DECISIONS
from models.narrative.text import SENTENCE_END, STATEMENT_END, statement_before
from models.reconciling.bodies import named_body
from models.reconciling.lists import counts_of, groups_of, statements
from models.reconciling.precision import is_share
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure

NEAR = 150
"""Figures of one statistic within so many characters speak of one thing."""
SHARE_REACH = 24
"""A percentage within so many characters after a figure is its share."""
POSTS = ("条", "篇", "条次", "篇次")
"""Units of what is published."""
PUBLISHED = re.compile(r"信息[^，,。；;、\d]{0,4}$")
PUBLISHED_AFTER = re.compile(r"[条件份个篇]?(?:行政)?(?:许可|处罚|强制)[^，,。；;、]{0,6}信息")
TAKEN = re.compile(r"(?:作出|做出|办理|办结|实施)[^，,。；;、]*$")
"""Words that make a figure one of decisions, wherever it stands."""
REMEDIES = ("reconsideration", "litigation")
REVIEW_ORGAN = re.compile(r"司法[局厅]|法制办|法制局|复议(?:局|办|委员会)")
"""Agencies whose business reviews and lawsuits are."""
TOPIC_BEFORE = re.compile(r"内容[^，,。；;]{0,4}涉及[^。；;]*$")
TOPIC_AFTER = re.compile(r"[^，,。；;、]{0,2}(?:、[^，,。；;、]{1,12}){0,6}的(?:内容|信息|事项|问题|材料|文书|申请)")
HEADING = 40
"""The title of a section stands in its first characters."""


def wholes_of(extraction: Extraction) -> dict[Figure, list[Figure]]:
    """The wholes that each part of a list has."""
    found: dict[Figure, list[Figure]] = {}
    for statement in statements(extraction):
        for group in groups_of(extraction.narrative, counts_of(statement)):
            for part in group.parts:
                found.setdefault(part, []).append(group.whole)
    return found


def reason_to_differ(
    extraction: Extraction, figure: Figure, value: Decimal, wholes: Mapping[Figure, Sequence[Figure]]
) -> str:
    """Words that explain why a figure is not its cell's value; "" where nothing does."""
    return (
        _as_part(extraction, figure, value)
        or _as_post(extraction, figure, wholes)
        or _as_topic(extraction, figure)
        or _as_caseload(extraction, figure)
        or _of_another_body(extraction, figure)
    )


def _as_part(extraction: Extraction, figure: Figure, whole: Decimal) -> str:
    """One of several near each other that make, or hold, the cell's number."""
    if figure.zero or figure.quantity is None:
        return ""
    near = [f for f in _near(extraction, figure) if f.statistic == figure.statistic]
    in_sentence = [f.quantity.value for f in near if f.quantity and f.sentence == figure.sentence]
    if len(in_sentence) > 1 and sum(in_sentence) == whole:
        return f"同一句中{len(in_sentence)}个分项合计{number(whole)},与表格一致"
    if figure.statistic == "applications.received" and sum(_received_apart(extraction, figure)) == whole:
        return f"同一句中几种申请方式的分项合计{number(whole)},与表格一致"
    shares = (
        f for f in extraction.figures if f.kind == "percent" and 0 < f.place.start - figure.place.end < SHARE_REACH
    )
    if any(is_share(share, figure.quantity.value, whole) for share in shares):
        return f"后面的占比说明这是{number(whole)}中的一部分"
    if any(f.quantity and f.quantity.value == whole for f in near):
        return f"附近另有{number(whole)}与表格一致,这一个是其中一项或另有所指"
    return ""


def _near(extraction: Extraction, figure: Figure) -> Iterator[Figure]:
    for other in extraction.figures:
        near = abs(other.place.start - figure.place.start) < NEAR
        if near and other.scope == "year" and other.quantity is not None and not other.zero:
            yield other


def _received_apart(extraction: Extraction, figure: Figure) -> list[Decimal]:
    """What came in by several ways, one of them without its name: 转办的申请5件,网上收到10件,邮寄收到7件."""
    ways = ("applications.received", "applications.channel")
    return [
        f.quantity.value
        for f in _near(extraction, figure)
        if f.statistic in ways and f.quantity and f.sentence == figure.sentence
    ]


def _as_post(extraction: Extraction, figure: Figure, wholes: Mapping[Figure, Sequence[Figure]]) -> str:
    """What was published about decisions is counted as information, not as decisions."""
    if figure.statistic not in DECISIONS or figure.zero:
        return ""
    text, place = extraction.narrative, figure.place
    decided = TAKEN.search(text, max(0, place.start - 16), place.start)
    if (
        figure.unit in POSTS
        or (not decided and any(w.statistic.startswith("disclosure.") for w in wholes.get(figure, ())))
        or PUBLISHED.search(text, max(0, place.start - 8), place.start)
        or PUBLISHED_AFTER.match(text, place.end)
    ):
        return "是公开的信息条数,不是处理决定数"
    return ""


def _as_topic(extraction: Extraction, figure: Figure) -> str:
    """What applications ask about: 申请内容涉及行政复议3件, 涉及行政复议3件的内容."""
    if not figure.statistic.startswith(REMEDIES) or figure.zero:
        return ""
    before = SENTENCE_END.split(statement_before(extraction.narrative, figure.place.start))[-1]
    about = "涉及" in before and TOPIC_AFTER.match(extraction.narrative, figure.place.end)
    return "是申请内容涉及的事项,不是对本机关的复议、诉讼" if about or TOPIC_BEFORE.search(before) else ""


def _as_caseload(extraction: Extraction, figure: Figure) -> str:
    """What an organ of review decides on others is no review of its own disclosure."""
    document = extraction.document
    if not figure.statistic.startswith(REMEDIES) or figure.zero or not REVIEW_ORGAN.search(document.agency or ""):
        return ""
    text = extraction.narrative
    end = STATEMENT_END.search(text, figure.place.end)
    words = statement_before(text, figure.place.start) + text[figure.place.end : end.start() if end else None]
    section = next((s.span.start for s in document.sections if s.id == figure.section), 0)
    if re.search("信息公开|公开信息|公开申请", words + document.text[section : section + HEADING]):
        return ""
    return "是复议机关办理的案件数,不限于政府信息公开引起的案件"


def _of_another_body(extraction: Extraction, figure: Figure) -> str:
    body = named_body(extraction, figure)
    return f"口径是“{body}”,与表格的统计范围可能不同" if body else ""
