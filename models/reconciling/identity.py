"""新收 + 上年结转 = 办结 + 结转下年, told in words, where no table tells the same.

The four numbers of the applications always balance, in tables as in words, so that a narrative without its
table can be checked all the same. With the table each figure is checked against its own cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.reconciling.bodies import named_body
from models.reconciling.precision import SURE
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Verdict

RECEIVED, CARRIED_IN, PROCESSED, CARRIED_FORWARD = FOUR = (
    "applications.received",
    "applications.carried_in",
    "applications.processed",
    "applications.carried_forward",
)
EXPRESSION = f"{RECEIVED} + {CARRIED_IN} - {CARRIED_FORWARD}"


def balance_in_words(extraction: Extraction) -> Iterator[Finding]:
    """One finding where received, processed and a carry are each told once, and the table is not there."""
    if any(name.startswith(f"{RECEIVED}.") and cell.value is not None for name, cell in extraction.cell.items()):
        return
    told = {name: _told_once(extraction, name) for name in FOUR}
    figures = {name: figure for name, figure in told.items() if figure is not None}
    if not {RECEIVED, PROCESSED} <= figures.keys() or not {CARRIED_IN, CARRIED_FORWARD} & figures.keys():
        return
    values = {name: _value(figures.get(name)) for name in FOUR}
    verdict, reading = _verdict(values, complete=len(figures) == len(FOUR))
    computed = values[RECEIVED] + values[CARRIED_IN] - values[CARRIED_FORWARD]
    received, carried_in, _, carried_forward = (number(values[name]) for name in FOUR)
    sums = f"收到{received}加上年结转{carried_in}减结转下年{carried_forward}"
    relation = "不等于" if verdict != "agrees" else "等于"
    yield Finding(
        check="narrative.parts",
        verdict=verdict,
        statistic=PROCESSED,
        span=figures[PROCESSED].span,
        stated=values[PROCESSED],
        expression=EXPRESSION,
        computed=computed,
        reading=reading,
        message=f"正文{sums},{relation}办结{number(values[PROCESSED])}:{reading}",
        severity="error" if verdict == "contradicts" else "info",
        evidence=tuple(Evidence(f.span, f"{name}:{f.text}") for name, f in figures.items()),
    )


def _told_once(extraction: Extraction, statistic: str) -> Figure | None:
    """The figure of this year, where all that tell it say the same, exactly and surely."""
    found = [f for f in extraction.figures if f.statistic == statistic and f.scope == "year" and f.quantity]
    sure = all(f.confidence >= SURE and f.qualifier == "exact" and not named_body(extraction, f) for f in found)
    return found[0] if found and sure and len({_value(f) for f in found}) == 1 else None


def _value(figure: Figure | None) -> Decimal:
    return figure.quantity.value if figure is not None and figure.quantity is not None else Decimal(0)


def _verdict(values: dict[str, Decimal], *, complete: bool) -> tuple[Verdict, str]:
    out = values[PROCESSED] + values[CARRIED_FORWARD]
    if values[RECEIVED] + values[CARRIED_IN] == out:
        return "agrees", "收到 + 上年结转 = 办结 + 结转下年"
    if values[RECEIVED] == out:
        return "explained", "收到数已包括上年结转"
    if complete:
        return "contradicts", "收到 + 上年结转 应等于 办结 + 结转下年"
    return "undecided", "没有说全收到、上年结转、办结、结转下年四项"
