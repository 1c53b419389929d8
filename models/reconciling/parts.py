"""Sums within the narrative: narrative.parts.

Most lists close, but a list of highlights, an open one (等) or one item counted in several channels need not:
only among applications, where every part has to be counted, is a list that does not close a contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from models.ontology import load_ontology
from models.reconciling.cells import is_confirmed
from models.reconciling.identity import CARRIED_IN, RECEIVED, balance_in_words
from models.reconciling.lists import (
    WHOLES,
    Group,
    counts_of,
    fitting,
    groups_of,
    role_of,
    statements,
    statistic_of,
    total_of,
    value_of,
)
from models.reconciling.precision import SURE
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.document import Span
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Verdict

TOTAL = re.compile(r"[共合总等计]|加起来|全部")
"""Words that make a member of a list the total of others."""
MIN_CLOSING_PARTS = 3
"""A list without a cue, closed by its total, needs this many parts not to be a chance."""


@check("narrative.parts")
def check_parts(extraction: Extraction) -> Iterator[Finding]:
    """Sums in each statement of the narrative, and the balance of the applications."""
    for statement in statements(extraction):
        counts = counts_of(statement)
        groups = list(groups_of(extraction.narrative, counts))
        carried_in = next((f for f in counts if f.statistic == CARRIED_IN), None)
        nested: dict[Span, tuple[Span, ...]] = {}
        for group in reversed(groups):
            summed = _summed(group, nested)
            made = (f.place for f in fitting(group.whole, summed))
            nested[group.whole.place] = (*nested.get(group.whole.place, ()), *made)
            yield _sum_finding(extraction, replace(group, parts=summed), carried_in)
        yield from _closing_totals(extraction.narrative, counts, groups)
    yield from balance_in_words(extraction)


def _summed(group: Group, nested: Mapping[Span, Sequence[Span]]) -> tuple[Figure, ...]:
    """Which parts make the whole: all but parts of parts, all, or the former with what has another unit.

    Args:
        group: a whole with everything that follows it.
        nested: places of the parts of wholes further on that are sure to be theirs, because they make them.
    """
    inner: set[Span] = set()
    for part in group.parts:
        if part.place not in inner:
            inner.update(nested.get(part.place, ()))
    own = tuple(p for p in group.parts if p.place not in inner) or group.parts
    for parts in (own, group.parts):
        if found := fitting(group.whole, parts):
            return found
    strays = (s for s in group.strays if s.place not in inner)
    mixed = sorted((*own, *strays), key=lambda f: f.place)
    found = fitting(group.whole, mixed) if group.strays and len(own) > 1 else ()
    return found if len(found) >= MIN_CLOSING_PARTS else own


def _sum_finding(extraction: Extraction, group: Group, carried_in: Figure | None) -> Finding:
    whole, parts, total = value_of(group.whole), group.parts, total_of(group.parts)
    verdict: Verdict
    if total == whole and len(parts) > 1:
        verdict, reading = "agrees", "各分项之和等于总数"
    elif not group.closed or (total < whole and (group.cut or not _exact(group))):
        verdict, reading = "undecided", "所列分项不一定穷尽"
    elif _approximate(group):
        verdict, reading = "undecided", "有约数,不能精确核对"
    elif _of_one_role(group) and not _exact(group):
        verdict, reading = "undecided", "总数或分项的含义不够确定"
    elif total > whole and max(map(value_of, parts)) <= whole and not _exact(group):
        verdict, reading = "explained", "同一信息可经几种渠道公开,分项可以重复"
    elif carried_in is not None and group.whole.statistic == RECEIVED and total == whole + value_of(carried_in):
        verdict, reading = "explained", "各分项包括上年结转"
    elif total < whole and all(is_confirmed(extraction, figure) for figure in (group.whole, *parts)):
        verdict, reading = "explained", "总数和所列各项都与统计表一致,其余各项见统计表"
    elif _exact(group) and len(parts) > 1:
        verdict, reading = "contradicts", "各分项之和应等于总数"
    else:
        verdict, reading = "undecided", "所列分项不一定属于这个总数"
    return _finding("narrative.parts", verdict, group.whole, parts, total, reading)


def _exact(group: Group) -> bool:
    """Whether the parts have to make the whole: every application and every case is counted once."""
    return _of_one_role(group) and all(f.confidence >= SURE for f in (group.whole, *group.parts))


def _of_one_role(group: Group) -> bool:
    family = group.whole.statistic.split(".")[0] + "."
    roles = {role_of(p) for p in group.parts}
    return (
        group.whole.statistic in WHOLES
        and len(roles) == 1
        and "" not in roles
        and all(p.statistic.startswith(family) for p in group.parts)
    )


def _approximate(group: Group) -> bool:
    return any(f.qualifier != "exact" for f in (group.whole, *group.parts))


def _closing_totals(text: str, counts: Sequence[Figure], groups: Sequence[Group]) -> Iterator[Finding]:
    """…17个、…1个、…1个、…1个,…20个: a total after its parts; only said where the sum holds."""
    lists = [{part.place for part in group.parts} for group in groups]
    for index, whole in enumerate(counts):
        if index < MIN_CLOSING_PARTS:
            continue
        total = Decimal(0)
        for first in range(index - 1, -1, -1):
            part, size = counts[first], index - first
            if (part.unit, part.scope) != (whole.unit, whole.scope):
                break
            total += value_of(part)
            if size >= MIN_CLOSING_PARTS and total == value_of(whole) > size:
                parts = counts[first:index]
                member = any(listed.issuperset(f.place for f in (whole, *parts)) for listed in lists)
                if member and not TOTAL.search(text, parts[-1].place.end, whole.place.start):
                    break
                yield _finding("narrative.parts", "agrees", whole, parts, total, "各分项之和等于后面的总数")
                break


def _finding(
    check_name: str, verdict: Verdict, whole: Figure, parts: Sequence[Figure], total: Decimal, reading: str
) -> Finding:
    expression = " + ".join(number(value_of(p)) for p in parts)
    stated = value_of(whole)
    word = {
        "agrees": "一致",
        "contradicts": f"不一致,相差{number(abs(stated - total))}",
        "explained": f"不同:{reading}",
        "undecided": f"不能核对:{reading}",
    }[verdict]
    subject = _name(whole)
    return Finding(
        check_name,
        verdict,
        statistic_of(whole),
        whole.span,
        stated,
        expression,
        total,
        reading,
        f"{subject}{whole.text}{whole.unit or ''},分项{expression} = {number(total)},{word}",
        "error" if verdict == "contradicts" else "info",
        (Evidence(whole.span, f"总数:{whole.text}"), *(Evidence(p.span, f"分项:{p.text}") for p in parts)),
    )


def _name(figure: Figure) -> str:
    entry = load_ontology().by_id.get(figure.statistic)
    return entry.name if entry else "正文总数"
