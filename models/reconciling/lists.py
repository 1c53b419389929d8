"""Wholes and their parts within the narrative: what `parts.py` sums and `shares.py` divides.

A whole is followed by 其中, 包括, 含 … and its parts. Work on one statement grows with the square of its figures,
so that statements of more than `MAX_FIGURES` are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from models.narrative.text import STATEMENT_END, STOP
from models.ontology import load_ontology
from models.schema.extraction import Extraction
from models.schema.figure import Figure

CUT = re.compile(r"[^，,、；;：:。！？!?]{0,4}\n")
"""The end of a line in which a list stops without a mark; it may go on."""
CUE = re.compile(
    r"其中|包括|包含|涵盖|具体[为是如有]|分别[为是有]|按[^，。]{2,10}分|[(（]\s*含|^[件条项篇次个][^，,。；;]{0,8}中[，,]|^[^，,。；;]{0,4}[:：]"
)
BRACKET = re.compile(r"^[^，,。；;、)）\]］]{0,6}[(（\[［]")
APART = re.compile(r"另有|此外|另外|同比|同时")
"""Words after which something else is listed."""
OPEN_LIST = re.compile(r"等(?:方面|内容|信息|类|领域|[^级一二三四待])|涵盖|主要")
WHOLES = ("applications.received", "applications.processed", "reconsideration.total", "litigation.total")
"""What has parts that must all be counted."""
ROLES = {
    "applications.channel": "channel",
    **dict.fromkeys(("applications.natural_person", "applications.legal_person"), "applicant"),
    **{
        f"applications.{name}": "outcome"
        for name in ("granted", "partly_granted", "denied", "unavailable", "not_processed", "other")
    },
    **{
        f"{family}.{name}": "outcome"
        for family in ("reconsideration", "litigation")
        for name in ("upheld", "corrected", "other", "pending")
    },
}
"""How a part divides its whole."""
PUBLISHED = {"条", "件", "篇", "份", "项", "个", "则", "部", "期"}
"""Units of what is published: one list may use several."""
MAX_REACH = 24
"""Longest stretch, in characters, between a whole and its cue."""
MAX_WHOLES = 8
"""So many figures come into question as the whole of one list."""
MAX_FIGURES = 200
"""More figures in one statement are no list that anyone wrote."""


@dataclass(frozen=True, slots=True)
class Group:
    """A whole and its parts.

    Attributes:
        parts: what follows in the whole's unit.
        strays: what stands among the parts in another unit of things published.
        closed: the list promises to be complete.
        cut: a line ends where the list does, so that more of it may follow.
    """

    whole: Figure
    parts: tuple[Figure, ...]
    strays: tuple[Figure, ...]
    closed: bool
    cut: bool


def counts_of(statement: Sequence[Figure]) -> list[Figure]:
    """What can be whole or part; none in a statement that no one wrote."""
    if len(statement) > MAX_FIGURES:
        return []
    return [f for f in statement if f.kind in ("count", "amount") and not f.zero and f.quantity]


def statements(extraction: Extraction) -> Iterator[list[Figure]]:
    """Figures between full stops, without dates."""
    current: list[Figure] = []
    end = -1
    for figure in sorted(extraction.figures, key=lambda f: f.place):
        if figure.kind == "date":
            continue
        if figure.place.start >= end:
            if current:
                yield current
            match = STATEMENT_END.search(extraction.narrative, figure.place.end)
            current, end = [], match.start() if match else len(extraction.narrative)
        current.append(figure)
    if current:
        yield current


def groups_of(text: str, counts: Sequence[Figure]) -> Iterator[Group]:
    """A whole before a cue, and what follows it as far as it can belong to the whole."""
    for index, before in enumerate(counts[:-1]):
        between = text[before.place.end : counts[index + 1].place.start]
        cue = CUE.search(between)
        if (cue is None or cue.start() > MAX_REACH) and not (BRACKET.match(between) and len(between) < MAX_REACH):
            continue
        rest = counts[index + 1 :]
        items = list(_items(text, rest, bracketed=_depth(between) > 0))
        listed = [
            (whole, *members)
            for whole in _wholes(counts[: index + 1], rest[0], stopped=STOP.search(between) is not None)
            if (members := _members(whole, items))[0]
        ]
        if listed:
            near = (listed[0][0], before)
            whole, parts, strays = next((one for one in listed if _makes(*one[:2], near)), listed[0])
            last = parts[-1].place.end
            listing = text[whole.place.end : last] + text[last : last + 12].split("，", maxsplit=1)[0]
            cut = CUT.match(text, last) is not None
            yield Group(whole, tuple(parts), tuple(strays), closed=not OPEN_LIST.search(listing), cut=cut)


def _wholes(before: Sequence[Figure], first: Figure, *, stopped: bool) -> list[Figure]:
    """Figures whose parts may follow, the likeliest first.

    Args:
        before: figures of the statement before its cue.
        first: the first part.
        stopped: whether a full stop stands before the cue: then it may speak of any figure before.
    """
    likeliest = _whole(before, first)
    family = likeliest.statistic.split(".")[0] + "."
    of_all = role_of(first) in ("channel", "applicant")
    others = [
        f
        for f in reversed(before)
        if (f.statistic == likeliest.statistic and f.statistic in WHOLES)
        or (of_all and f.statistic in WHOLES and f.statistic.startswith(family))
    ]
    near = before[: -MAX_WHOLES - 1 : -1] if stopped else before[-1:]
    candidates = {f.place: f for f in (likeliest, *others[:MAX_WHOLES], *near)}
    return list(candidates.values())[:MAX_WHOLES]


def _makes(whole: Figure, parts: Sequence[Figure], near: Sequence[Figure]) -> bool:
    """Whether parts make a whole; of `near`, which they may well belong to, the first of them suffice."""
    return total_of(parts) == value_of(whole) or (whole in near and bool(fitting(whole, parts)))


def _whole(before: Sequence[Figure], first: Figure) -> Figure:
    """The figure before the cue; an earlier whole where that one is itself a part of another list."""
    nearest = before[-1]
    if nearest.statistic in WHOLES or "." not in nearest.statistic or role_of(first) in ("", role_of(nearest)):
        return nearest
    family = first.statistic.split(".")[0] + "."
    earlier = (f for f in reversed(before) if f.statistic in WHOLES and f.statistic.startswith(family))
    return next(earlier, nearest)


def _depth(between: str) -> int:
    """How many brackets open in a stretch, less those that close."""
    return sum(map(between.count, "(（[［")) - sum(map(between.count, ")）]］"))


def _items(text: str, rest: Sequence[Figure], *, bracketed: bool) -> Iterator[tuple[Figure, bool, bool]]:
    """Figures after a cue, to the end of its bracket; is the list over before each, and is it in a bracket deeper."""
    depth = inner = 1 if bracketed else 0
    position = rest[0].place.start
    for figure in rest:
        between = text[position : figure.place.start]
        depth += _depth(between)
        position = figure.place.end
        if bracketed and depth < inner:
            return
        over = bool(STOP.search(between) or (not bracketed and APART.search(between)))
        yield figure, over, depth > inner


def _members(whole: Figure, items: Sequence[tuple[Figure, bool, bool]]) -> tuple[list[Figure], list[Figure]]:
    """Figures of the whole's unit, and of others; those inside brackets belong to their own item."""
    members: list[Figure] = []
    strays: list[Figure] = []
    for figure, over, deeper in items:
        if members and over:
            break
        if deeper or figure.scope not in (whole.scope, "year"):
            continue
        if (figure.quantity is not None and figure.unit in (whole.unit, None)) or whole.unit is None:
            members.append(figure)
        elif {figure.unit, whole.unit} <= PUBLISHED:
            strays.append(figure)
    return members, strays


def role_of(figure: Figure) -> str:
    """Parts of one list divide the whole one way: by channel, by applicant, or by outcome."""
    return ROLES.get(figure.statistic, "")


def statistic_of(figure: Figure) -> str | None:
    """Its statistic, None for a bare kind."""
    return figure.statistic if figure.statistic in load_ontology().by_id else None


def fitting(whole: Figure, parts: Sequence[Figure]) -> tuple[Figure, ...]:
    """The longest run of first parts that makes the whole; what follows may belong to something else."""
    sums = list(accumulate(value_of(p) for p in parts))
    size = next((n for n in range(len(parts), 1, -1) if sums[n - 1] == value_of(whole)), 0)
    return tuple(parts[:size])


def total_of(figures: Iterable[Figure]) -> Decimal:
    """The sum of their values."""
    return sum((value_of(f) for f in figures), Decimal(0))


def value_of(figure: Figure) -> Decimal:
    """Its value in its unit, 0 for a date."""
    return figure.quantity.value if figure.quantity else Decimal(0)
