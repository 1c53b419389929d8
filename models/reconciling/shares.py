"""Shares of a whole that the narrative prints: narrative.percentage."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from models.narrative.text import STATEMENT_END
from models.reconciling.lists import (
    MAX_REACH,
    Group,
    counts_of,
    groups_of,
    role_of,
    statements,
    statistic_of,
    value_of,
)
from models.reconciling.precision import is_share
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Severity, Verdict
from models.schema.quantity import printed_step

SHARE = re.compile(r"占(?:比|总[^，。；]{0,10}|全[^，。；]{0,10}|[^，。；\d]{0,12})?[为达约是]?\s*$")
SHARE_REACH = 600
"""How far before a share its whole may stand, in characters."""
SHARE_RUN = 160
"""Shares closer than this to the one before belong to one list."""
MAX_BASES = 20
"""Figures before a share that it may be a share of."""
MIN_FITTING = 3
"""So many shares of one whole make sure that the one more in their list is of it, too."""
MAX_SUMMED = 4
"""So many parts may have one share."""


@check("narrative.percentage")
def check_shares(extraction: Extraction) -> Iterator[Finding]:
    """Each printed share of a count; shares that follow each other are of one whole."""
    figures = sorted(extraction.figures, key=lambda f: f.place)
    groups: dict[Figure, list[Group]] = defaultdict(list)
    sizes: set[int] = set()
    for statement in statements(extraction):
        for group in groups_of(extraction.narrative, counts_of(statement)):
            sizes.add(len(group.parts))
            for part in group.parts:
                groups[part].append(group)
    for run in _share_runs(extraction):
        base, fits = _base(figures, run, groups)
        if fits < len(run) and _of_their_sum(run):
            base = None
        alone = fits == len(run) - 1 >= MIN_FITTING
        for share, part in run:
            of_base = any(g.whole == base for g in groups.get(part, ()))
            finding = _share_finding(share, part, base, certain=fits > 1 or of_base)
            if finding.verdict == "contradicts" and (
                other := _other_share(figures, share, part, base if alone else None)
            ):
                finding = _percent("explained", share, *other, "占另一总数的比例,或几项合计的比例")
            yield finding
        if len(run) in sizes:
            yield from _whole_share([share for share, _ in run])


def _share_runs(extraction: Extraction) -> Iterator[list[tuple[Figure, Figure]]]:
    """Runs of (share, part): a percentage after 占, and the count directly before it."""
    figures = sorted((f for f in extraction.figures if f.kind != "date" and not f.zero), key=lambda f: f.place)
    run: list[tuple[Figure, Figure]] = []
    for part, share in pairwise(figures):
        between = extraction.narrative[part.place.end : share.place.start]
        if share.kind != "percent" or part.kind == "percent" or share.scope == "other":
            continue
        if len(between) > MAX_REACH or not SHARE.search(between) or STATEMENT_END.search(between):
            continue
        if run and (share.place.start - run[-1][0].place.end > SHARE_RUN or role_of(part) != role_of(run[-1][1])):
            yield run
            run = []
        run.append((share, part))
    if run:
        yield run


def _base(
    figures: Sequence[Figure], run: Sequence[tuple[Figure, Figure]], groups: Mapping[Figure, Sequence[Group]]
) -> tuple[Figure | None, int]:
    """The whole that most shares of a run fit, and how many do; the whole of their list comes first."""
    parts = [part for _, part in run]
    wholes = [g.whole for part in parts for g in groups.get(part, ())]
    end = parts[-1].place.start
    first, last = (bisect_left(figures, at, key=lambda f: f.place.start) for at in (end - SHARE_REACH + 1, end))
    before = [
        f
        for f in reversed(figures[first:last])
        if f.kind == parts[0].kind and not f.zero and f not in parts and not role_of(f)
    ]
    candidates = list(dict.fromkeys([*wholes, *before]))
    fits = [sum(is_share(share, value_of(part), value_of(c)) for share, part in run) for c in candidates]
    if not candidates:
        return None, 0
    best = max(range(len(candidates)), key=lambda i: (fits[i], candidates[i] in wholes, -i))
    return (candidates[best], fits[best]) if fits[best] or wholes else (None, 0)


def _of_their_sum(run: Sequence[tuple[Figure, Figure]]) -> bool:
    """Whether the shares are of the sum of their parts: of what was decided, say, not of what came in."""
    total = sum((value_of(part) for _, part in run), Decimal(0))
    return len(run) > 1 and all(is_share(share, value_of(part), total) for share, part in run)


def _share_finding(share: Figure, part: Figure, base: Figure | None, *, certain: bool) -> Finding:
    if base is None:
        return _percent("undecided", share, part, None, "没有找到总数")
    if is_share(share, value_of(part), value_of(base)):
        return _percent("agrees", share, part, base, "占总数的比例")
    if certain and 0 < value_of(part) <= value_of(base):
        return _percent("contradicts", share, part, base, "占总数的比例")
    return _percent("undecided", share, part, None, "没有找到总数")


def _other_share(
    figures: Sequence[Figure], share: Figure, part: Figure, base: Figure | None
) -> tuple[Sequence[Figure], Figure] | None:
    """What a share that does not fit its list may be of: one of the parts, or their sum, over a figure before it.

    Of the nearest figures only: a share printed to a tenth fits one of `MAX_BASES` by chance in two of a
    hundred cases, one of whole percents far more often, which is why these are not explained so.

    Args:
        figures: of the report, in order.
        share: the percentage.
        part: the count before it.
        base: where all other shares of the list are of it: then this one is of a sum of parts, or wrong.
    """
    if printed_step(share.text) >= 1:
        return None
    last = bisect_left(figures, share.place.start, key=lambda f: f.place.start)
    near = [f for f in figures[max(0, last - MAX_BASES) : last] if f.kind == part.kind and not f.zero]
    sizes = range(1, min(MAX_SUMMED, len(near)) + 1)
    sums = [near[-size:] for size in sizes]
    for parts in sums[1:] if base else [*sums, *([near[-back]] for back in sizes)]:
        total = sum((value_of(p) for p in parts), Decimal(0))
        for whole in [base] if base else reversed(near):
            if whole not in parts and 0 < total <= value_of(whole) and is_share(share, total, value_of(whole)):
                return parts, whole
    return None


def _percent(
    verdict: Verdict, share: Figure, parts: Figure | Sequence[Figure], whole: Figure | None, reading: str
) -> Finding:
    parts = [parts] if isinstance(parts, Figure) else list(parts)
    part, total = parts[-1], sum((value_of(p) for p in parts), Decimal(0))
    computed = None
    summed = " + ".join(number(value_of(p)) for p in parts)
    dividend = f"({summed})" if len(parts) > 1 else summed
    expression = f"100 * {dividend} / ?"
    if whole is not None:
        computed = round(100 * total / value_of(whole), 4)
        expression = f"100 * {dividend} / {number(value_of(whole))}"
    base = number(value_of(whole)) if whole is not None else ""
    share_of = f"{summed}占{base}"
    word = {
        "agrees": f"与{share_of}的比例一致",
        "explained": f"与{share_of}的比例一致",
        "contradicts": f"但{share_of}应为{number(round(computed or Decimal(0), 2))}%",
        "undecided": "没有找到它的总数,无法核对",
    }[verdict]
    severity: Severity = "warning" if verdict == "contradicts" else "info"
    evidence = [Evidence(share.span, f"比例:{share.text}%"), *(Evidence(p.span, f"部分:{p.text}") for p in parts)]
    if whole is not None:
        evidence.append(Evidence(whole.span, f"总数:{whole.text}"))
    return Finding(
        "narrative.percentage",
        verdict,
        statistic_of(part),
        share.span,
        value_of(share),
        expression,
        computed,
        reading,
        f"正文占比{share.text}%,{word}",
        severity,
        tuple(evidence),
    )


def _whole_share(shares: Sequence[Figure]) -> Iterator[Finding]:
    """Shares of a list that closes make 100 %, within half a printed step each."""
    total = sum((value_of(s) for s in shares), Decimal(0))
    play = sum((printed_step(s.text) for s in shares), Decimal(0)) / 2
    if abs(total - 100) <= play:
        yield Finding(
            "narrative.percentage",
            "agrees",
            None,
            shares[-1].span,
            Decimal(100),
            " + ".join(number(value_of(s)) for s in shares),
            total,
            "各项占比合计应为100%",
            f"各项占比合计{number(total)}%,与100%一致",
            "info",
            tuple(Evidence(s.span, f"占比:{s.text}%") for s in shares),
        )
