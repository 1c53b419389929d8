"""Stated changes: narrative.growth (比上年增加2件, 同比增长20%, 较2019年下降).

A change stands after its figure. It is checked against the other year's figure where the text has it, or
against a second change of the same figure (增加2件,增长20%: both cannot be of different bases). Else the
finding stays undecided and names the other year's report, which `panel.py` asks where the run has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from models.ontology import KINDS, load_ontology
from models.reconciling.precision import LARGEST, SURE
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Verdict
from models.schema.quantity import Quantity, exact, printed_step

UP, DOWN = "增加|增长|增幅|上升|提高|提升|多|增", "减少|下降|降低|降幅|少|减|降"
CHANGE = re.compile(
    r"^(?P<unit>[^，,。；;:：()（）\d]{0,4})[，,、(（]?(?:其中)?(?:同比|环比|与|比|较|相比)?"
    r"(?:上一?年度?|去年|前一年|往年|同期|(?:19|20)\d\d年度?)?(?:同期|全年|的)?(?:相比|比)?[，,]?"
    rf"(?:总量|数量|总数|申请量|发布量|公开量)?(?:(?P<up>{UP})|(?P<down>{DOWN}))(?:幅度?)?(?:了|为|达|约|近)?$"
)
"""What stands between a figure and its change; a unit may come first."""
SECOND = re.compile(rf"^[^，,。；;\d]{{0,3}}[，,、(（]?(?:同比|即)?(?:{UP}|{DOWN})?(?:幅度?)?(?:了|为|达|约)?$")
"""What stands between a change in number and the same in percent."""
COMPARED = re.compile(r"[比较与][^，,。；;比较增减升降多少]{0,14}$")
"""A figure after these words is the other year's: 4410条,比2017年的3986条增加424条."""
REACH = 60
"""Characters around a figure within which the other year's figure is looked for."""


class Change(NamedTuple):
    """A figure of this year and what the text says of its change.

    Attributes:
        sign: 1 for more, -1 for less.
        base: the other year's figure, where the text has it.
    """

    figure: Figure
    stated: Figure
    sign: int
    base: Figure | None


@check("narrative.growth")
def check_growth(extraction: Extraction) -> Iterator[Finding]:
    """Each change that is stated after a figure of a statistic."""
    figures = sorted((f for f in extraction.figures if f.kind != "date"), key=lambda f: f.place)
    for change, again in _changes(extraction.narrative, figures):
        if change.base is not None and change.base.quantity is not None:
            yield _against(extraction, change, change.base.quantity, change.base)
        elif again is not None:
            yield _against_itself(extraction, change, again)
        else:
            yield _open(extraction, change)


def _changes(text: str, figures: Sequence[Figure]) -> Iterator[tuple[Change, Change | None]]:
    """Changes in order; with a change in number the percentage that follows it."""
    for index in range(len(figures) - 1):
        change = _change(text, figures, index)
        if change is None:
            continue
        again = None
        if change.stated.kind != "percent" and index + 2 < len(figures):
            percent = figures[index + 2]
            between = text[change.stated.place.end : percent.place.start]
            if percent.kind == "percent" and SECOND.match(between):
                again = change._replace(stated=percent)
        yield change, again


def _change(text: str, figures: Sequence[Figure], index: int) -> Change | None:
    """The change that the figure after the one at `index` states."""
    figure, stated = figures[index], figures[index + 1]
    match = CHANGE.match(text[figure.place.end : stated.place.start])
    if match is None or stated.quantity is None or stated.zero:
        return None
    base = None
    if COMPARED.search(text[max(0, figure.place.start - 20) : figure.place.start]):
        figure, base = figures[index - 1], figure
        if not index or figure.place.start < base.place.start - REACH or base.unit != figure.unit:
            return None
    if figure.statistic in KINDS or figure.scope != "year" or figure.zero or figure.quantity is None:
        return None
    if stated.kind != "percent" and (stated.kind != figure.kind or stated.unit not in (figure.unit, None)):
        return None
    if stated.statistic not in (*KINDS, figure.statistic):
        return None
    return Change(figure, stated, 1 if match["up"] else -1, base or _base(figures, figure))


def _base(figures: Sequence[Figure], figure: Figure) -> Figure | None:
    """The other year's figure of the same statistic, where the text near a figure has just one."""
    near = [
        f
        for f in figures
        if f.scope == "previous_year"
        and f.statistic == figure.statistic
        and f.quantity is not None
        and abs(f.place.start - figure.place.start) <= REACH
    ]
    return near[0] if len(near) == 1 else None


def is_change(current: Quantity, stated: Quantity, step: Decimal, sign: int, *, percent: bool, base: Quantity) -> bool:
    """Whether a figure can have changed so from a base.

    Args:
        current: this year's figure.
        stated: the change as printed, without sign.
        step: place value of its last printed digit; half of it, or all where digits were cut, is allowed.
        sign: 1 for more, -1 for less.
        percent: whether the change is a percentage of the base.
        base: the other year's figure.
    """
    low, high = current.low - base.high, current.high - base.low
    if sign < 0:
        low, high = -high, -low
    if percent:
        if base.low <= 0:
            return False
        low, high = 100 * low / base.high, 100 * high / base.low
        if abs(low) > LARGEST:
            return False
        return stated.low - step < high and low < stated.high + step
    return low <= stated.high and stated.low <= high


def _agrees(change: Change, base: Quantity) -> bool:
    figure, stated = change.figure.quantity, change.stated.quantity
    assert figure is not None and stated is not None  # noqa: S101, PT018 - `_change` took no others
    step = printed_step(change.stated.text) if change.stated.qualifier == "exact" else Decimal(1)
    return is_change(figure, stated, step, change.sign, percent=change.stated.kind == "percent", base=base)


def _against(extraction: Extraction, change: Change, base: Quantity, place: Figure | None) -> Finding:
    figure = change.figure.quantity
    assert figure is not None  # noqa: S101 - `_change` took no others
    percent = change.stated.kind == "percent"
    computed = figure.value - base.value
    if percent:
        computed = round(100 * computed / base.value, 4) if base.value else Decimal(0)
    verdict: Verdict = "agrees" if _agrees(change, base) else "contradicts"
    if verdict == "contradicts" and (change.figure.confidence < SURE or not _alone(extraction, change)):
        verdict = "undecided"
    term = f"{number(figure.value)} - {number(base.value)}"
    expression = f"100 * ({term}) / {number(base.value)}" if percent else term
    evidence = [] if place is None else [Evidence(place.span, f"上年:{place.text}")]
    return _finding(change, verdict, expression, computed, "与上一年度数字相比", evidence)


def _against_itself(extraction: Extraction, change: Change, again: Change) -> Finding:
    """增加2件,增长20%: the number gives the base, the percentage must fit it."""
    figure, stated = change.figure.quantity, change.stated.quantity
    assert figure is not None and stated is not None  # noqa: S101, PT018 - `_change` took no others
    value = figure.value - change.sign * stated.value
    if value <= 0:
        return _open(extraction, change)
    finding = _against(extraction, again, exact(value), None)
    return finding if finding.verdict != "undecided" else _open(extraction, change)


def _alone(extraction: Extraction, change: Change) -> bool:
    """Whether the sentence has no other figure of this year that the change may be of."""
    others = (
        f
        for f in extraction.figures
        if f.sentence == change.figure.sentence
        and f.place.start < change.stated.place.start
        and f is not change.figure
        and f.scope == "year"
        and f.kind == change.figure.kind
    )
    return next(others, None) is None


def _open(extraction: Extraction, change: Change) -> Finding:
    """What only the other year's report can tell."""
    year = extraction.document.year
    name = change.figure.statistic
    last = f"{year - 1}:{name}" if year else "上年"
    percent = change.stated.kind == "percent"
    expression = f"100 * ({name} - {last}) / {last}" if percent else f"{name} - {last}"
    return _finding(change, "undecided", expression, None, "本文没有上一年度的数字", ())


def _finding(
    change: Change,
    verdict: Verdict,
    expression: str,
    computed: Decimal | None,
    reading: str,
    evidence: Sequence[Evidence],
) -> Finding:
    figure, stated = change.figure, change.stated
    assert stated.quantity is not None  # noqa: S101 - `_change` took no others
    return Finding(
        check="narrative.growth",
        verdict=verdict,
        statistic=figure.statistic,
        span=stated.span,
        stated=change.sign * stated.quantity.value,
        expression=expression,
        computed=computed,
        reading=reading,
        message=growth_message(figure.statistic, figure.text, change.sign, stated.text, verdict, computed),
        severity="warning" if verdict == "contradicts" else "info",
        evidence=(Evidence(figure.span, f"本年:{figure.text}"), *evidence),
    )


def growth_message(
    statistic: str, figure: str, sign: int, stated: str, verdict: str, computed: Decimal | float | None
) -> str:
    """One sentence for a person; also for a change that another report decides."""
    says = f"正文{load_ontology().by_id[statistic].name}{figure},比上年{'增加' if sign > 0 else '减少'}{stated}"
    if computed is None:
        return f"{says}:没有上一年度的数字,无法核对"
    by = number(round(Decimal(str(computed)), 2))
    return f"{says}," + {"agrees": "与两年数字一致", "contradicts": f"但两年数字之差为{by}"}.get(verdict, "无法核对")
