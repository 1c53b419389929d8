"""新收 + 上年结转 = 办结 + 结转下年, told in words, where no table tells the same.

The four numbers of the applications always balance, in tables as in words, so that a narrative without its
table can be checked all the same. With the table each figure is checked against its own cell.

What applicants withdrew is 办结 in the form; a text that counts it apart (办结7件,申请人撤回2件,结转1件) is explained.
"""

from __future__ import annotations

import re
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
OTHER = "applications.other"
WITHDRAWN = re.compile(r"撤[回销消件]")
CLAUSE = re.compile(r"[，,。；;：:、（）()\n]")
ANOTHER = re.compile(r"复议|诉讼|起诉|上诉")
"""What else may be withdrawn, in the sentence."""
WITHIN = re.compile(r"其中|包括|含|分别")
APART = re.compile(r"[。！？!?；;\n]|另|此外")
"""After these words 其中 no longer holds."""
REACH = 30
"""Characters around a figure within which its clause is looked for."""


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
    withdrawn = _withdrawn(extraction, figures[PROCESSED]) if verdict in ("contradicts", "undecided") else None
    if withdrawn is not None and (words := _apart(values, _value(withdrawn))):
        verdict, reading = "explained", words
        figures[OTHER] = withdrawn
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


def _withdrawn(extraction: Extraction, processed: Figure) -> Figure | None:
    """What applicants withdrew this year, where the text tells it with one exact number and not as part of 办结."""
    text = extraction.narrative
    found = [f for f in extraction.figures if f.statistic in (OTHER, "count") and f.quantity and not f.zero]
    found = [f for f in found if f.scope == "year" and f.qualifier == "exact" and _speaks_of_it(text, f)]
    if len({_value(f) for f in found}) != 1 or any(named_body(extraction, f) for f in found):
        return None
    parts = (APART.split(text[processed.place.end : f.place.start])[-1] for f in found)
    return None if any(WITHIN.search(part) for part in parts) else found[0]


def _speaks_of_it(text: str, figure: Figure) -> bool:
    """Whether the figure's own clause says that applications were withdrawn."""
    before = CLAUSE.split(text[max(0, figure.place.start - REACH) : figure.place.start])[-1]
    clause = before + CLAUSE.split(text[figure.place.end : figure.place.end + REACH])[0]
    return bool(WITHDRAWN.search(clause)) and not ANOTHER.search(clause)


def _apart(values: dict[str, Decimal], withdrawn: Decimal) -> str:
    """The words for the balance with what was withdrawn beside 办结; "" where it does not hold."""
    out = values[PROCESSED] + withdrawn + values[CARRIED_FORWARD]
    if values[RECEIVED] + values[CARRIED_IN] == out:
        return f"办结数未计撤回{number(withdrawn)}件:收到 + 上年结转 = 办结 + 撤回 + 结转下年"
    if values[RECEIVED] == out:
        return f"办结数未计撤回{number(withdrawn)}件,收到数已包括上年结转"
    return ""


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
