"""Wholes and parts within the narrative: narrative.parts and narrative.percentage.

A whole is followed by 其中, 包括, 含 … and its parts, or closes their list (…,共20个). Most lists
close, but a list of highlights, an open one (等) or one item counted in several channels need not:
only among applications, where every part has to be counted, is a list that does not close a
contradiction. Work on one statement grows with the square of its figures, so that statements
of more than `MAX_FIGURES` are not checked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise

from models.ontology import load_ontology
from models.reconciling.identity import balance_in_words
from models.reconciling.precision import SURE, is_share
from models.reconciling.registry import check
from models.reconciling.words import number
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.finding import Evidence, Finding, Severity, Verdict
from models.schema.quantity import printed_step

STATEMENT_END = re.compile(r"[。！？!?\n]")
CUE = re.compile(
    r"其中|包括|包含|涵盖|分别[为是有]|按[^，。]{2,10}分|[(（]\s*含|^[件条项篇次个][^，,。；;]{0,8}中[，,]|^[^，,。；;]{0,4}[:：]"
)
BRACKET = re.compile(r"^[^，,。；;、)）]{0,6}[(（]")
OPEN_LIST = re.compile(r"等(?:方面|内容|信息|类|领域|[^级一二三四待])|涵盖|主要")
SHARE = re.compile(r"占(?:比|总[^，。；]{0,10}|全[^，。；]{0,10}|[^，。；\d]{0,12})?[为达约是]?\s*$")
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
MAX_REACH = 24
"""Longest stretch, in characters, between a whole and its cue."""
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
MAX_FIGURES = 200
"""More figures in one statement are no list that anyone wrote."""
MIN_CLOSING_PARTS = 3
"""A list without a cue, closed by its total, needs this many parts not to be a chance."""


@dataclass(frozen=True, slots=True)
class Group:
    """A whole and its parts.

    Attributes:
        closed: the list promises to be complete.
    """

    whole: Figure
    parts: tuple[Figure, ...]
    closed: bool


@check("narrative.parts")
def check_parts(extraction: Extraction) -> Iterator[Finding]:
    """Sums in each statement of the narrative, and the balance of the applications."""
    for statement in _statements(extraction):
        counts = _counts(statement)
        groups = list(_groups(extraction.narrative, counts))
        for group in groups:
            yield _sum_finding(group)
        yield from _closing_totals(counts, groups)
    yield from balance_in_words(extraction)


def _counts(statement: Sequence[Figure]) -> list[Figure]:
    if len(statement) > MAX_FIGURES:
        return []
    return [f for f in statement if f.kind in ("count", "amount") and not f.zero and f.quantity]


def _statements(extraction: Extraction) -> Iterator[list[Figure]]:
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


def _groups(text: str, counts: Sequence[Figure]) -> Iterator[Group]:
    """A whole before a cue, and what follows it as far as it can belong to the whole."""
    for index, before in enumerate(counts[:-1]):
        between = text[before.place.end : counts[index + 1].place.start]
        cue = CUE.search(between)
        if (cue is None or cue.start() > MAX_REACH) and not (BRACKET.match(between) and len(between) < MAX_REACH):
            continue
        rest = counts[index + 1 :]
        whole = _whole(counts[: index + 1], rest[0])
        parts = _members(text, whole, rest, bracketed=_opens_bracket(between))
        if parts:
            whole = _fitting(whole, counts[: index + 1], parts)
            last = parts[-1].place.end
            listing = text[whole.place.end : last] + text[last : last + 12].split("，", maxsplit=1)[0]
            yield Group(whole, tuple(parts), closed=not OPEN_LIST.search(listing))


def _whole(before: Sequence[Figure], first: Figure) -> Figure:
    """The figure before the cue; an earlier whole where that one is itself a part of another list."""
    nearest = before[-1]
    if nearest.statistic in WHOLES or "." not in nearest.statistic or _role(first) in ("", _role(nearest)):
        return nearest
    family = first.statistic.split(".")[0] + "."
    earlier = (f for f in reversed(before) if f.statistic in WHOLES and f.statistic.startswith(family))
    return next(earlier, nearest)


def _fitting(whole: Figure, before: Sequence[Figure], parts: Sequence[Figure]) -> Figure:
    """Of several wholes of one statistic (a total and its two routes) the one that the parts make."""
    total = sum((_value(p) for p in parts), Decimal(0))
    same = (f for f in before if f.statistic == whole.statistic and f.statistic in WHOLES)
    return next((f for f in same if _value(f) == total), whole)


def _opens_bracket(between: str) -> bool:
    return between.count("(") + between.count("（") > between.count(")") + between.count("）")


def _members(text: str, whole: Figure, rest: Sequence[Figure], *, bracketed: bool) -> list[Figure]:
    """Following figures of the whole's unit; those inside brackets belong to their own item."""
    members: list[Figure] = []
    depth = 1 if bracketed else 0
    inner = depth
    position = rest[0].place.start
    for figure in rest:
        between = text[position : figure.place.start]
        depth += between.count("(") + between.count("（") - between.count(")") - between.count("）")
        position = figure.place.end
        if bracketed and depth < inner:
            break
        if members and (not bracketed and re.search(r"另有|此外|另外|同比|同时", between)):
            break
        if depth > inner or figure.scope not in (whole.scope, "year"):
            continue
        if (figure.quantity is not None and figure.unit in (whole.unit, None)) or whole.unit is None:
            members.append(figure)
    return members


def _sum_finding(group: Group) -> Finding:
    whole = _value(group.whole)
    values = [_value(p) for p in group.parts]
    sums = list(accumulate(values))
    prefix = next((n for n in range(len(values), 1, -1) if sums[n - 1] == whole), None)
    parts = group.parts[:prefix]
    total = sums[len(parts) - 1]
    verdict: Verdict
    if prefix is not None:
        verdict, reading = "agrees", "各分项之和等于总数"
    elif not group.closed or (total < whole and not _exact(group)):
        verdict, reading = "undecided", "所列分项不一定穷尽"
    elif _approximate(group):
        verdict, reading = "undecided", "有约数,不能精确核对"
    elif total > whole and max(values) <= whole and not _exact(group):
        verdict, reading = "explained", "同一信息可经几种渠道公开,分项可以重复"
    elif _exact(group) and len(parts) > 1:
        verdict, reading = "contradicts", "各分项之和应等于总数"
    else:
        verdict, reading = "undecided", "所列分项不一定属于这个总数"
    return _finding("narrative.parts", verdict, group.whole, parts, total, reading)


def _exact(group: Group) -> bool:
    """Whether the parts have to make the whole: every application and every case is counted once."""
    family = group.whole.statistic.split(".")[0] + "."
    roles = {_role(p) for p in group.parts}
    return (
        group.whole.statistic in WHOLES
        and len(roles) == 1
        and "" not in roles
        and all(p.statistic.startswith(family) and p.confidence >= SURE for p in (group.whole, *group.parts))
    )


def _role(figure: Figure) -> str:
    """Parts of one list divide the whole one way: by channel, by applicant, or by outcome."""
    return ROLES.get(figure.statistic, "")


def _approximate(group: Group) -> bool:
    return any(f.qualifier != "exact" for f in (group.whole, *group.parts))


def _closing_totals(counts: Sequence[Figure], groups: Sequence[Group]) -> Iterator[Finding]:
    """…17个、…1个、…1个、…1个,…20个: a total after its parts; only said where the sum holds."""
    known = {id(g.whole) for g in groups}
    for index, whole in enumerate(counts):
        if id(whole) in known or index < MIN_CLOSING_PARTS:
            continue
        total = Decimal(0)
        for first in range(index - 1, -1, -1):
            part, size = counts[first], index - first
            if (part.unit, part.scope) != (whole.unit, whole.scope):
                break
            total += _value(part)
            if size >= MIN_CLOSING_PARTS and total == _value(whole) > size:
                parts = counts[first:index]
                yield _finding("narrative.parts", "agrees", whole, parts, total, "各分项之和等于后面的总数")
                break


@check("narrative.percentage")
def check_shares(extraction: Extraction) -> Iterator[Finding]:
    """Each printed share of a count; shares that follow each other are of one whole."""
    figures = sorted(extraction.figures, key=lambda f: f.place)
    groups: dict[Figure, list[Group]] = defaultdict(list)
    sizes: set[int] = set()
    for statement in _statements(extraction):
        for group in _groups(extraction.narrative, _counts(statement)):
            sizes.add(len(group.parts))
            for part in group.parts:
                groups[part].append(group)
    for run in _share_runs(extraction):
        base, fits = _base(figures, run, groups)
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
        if run and (share.place.start - run[-1][0].place.end > SHARE_RUN or _role(part) != _role(run[-1][1])):
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
        if f.kind == parts[0].kind and not f.zero and f not in parts and not _role(f)
    ]
    candidates = list(dict.fromkeys([*wholes, *before]))
    fits = [sum(is_share(share, _value(part), _value(c)) for share, part in run) for c in candidates]
    if not candidates:
        return None, 0
    best = max(range(len(candidates)), key=lambda i: (fits[i], candidates[i] in wholes, -i))
    return (candidates[best], fits[best]) if fits[best] or wholes else (None, 0)


def _share_finding(share: Figure, part: Figure, base: Figure | None, *, certain: bool) -> Finding:
    if base is None:
        return _percent("undecided", share, part, None, "没有找到总数")
    if is_share(share, _value(part), _value(base)):
        return _percent("agrees", share, part, base, "占总数的比例")
    if certain and 0 < _value(part) <= _value(base):
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
        total = sum((_value(p) for p in parts), Decimal(0))
        for whole in [base] if base else reversed(near):
            if whole not in parts and 0 < total <= _value(whole) and is_share(share, total, _value(whole)):
                return parts, whole
    return None


def _percent(
    verdict: Verdict, share: Figure, parts: Figure | Sequence[Figure], whole: Figure | None, reading: str
) -> Finding:
    parts = [parts] if isinstance(parts, Figure) else list(parts)
    part, total = parts[-1], sum((_value(p) for p in parts), Decimal(0))
    computed = None
    summed = " + ".join(number(_value(p)) for p in parts)
    dividend = f"({summed})" if len(parts) > 1 else summed
    expression = f"100 * {dividend} / ?"
    if whole is not None:
        computed = round(100 * total / _value(whole), 4)
        expression = f"100 * {dividend} / {number(_value(whole))}"
    base = number(_value(whole)) if whole is not None else ""
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
        _statistic(part),
        share.span,
        _value(share),
        expression,
        computed,
        reading,
        f"正文占比{share.text}%,{word}",
        severity,
        tuple(evidence),
    )


def _whole_share(shares: Sequence[Figure]) -> Iterator[Finding]:
    """Shares of a list that closes make 100 %, within half a printed step each."""
    total = sum((_value(s) for s in shares), Decimal(0))
    play = sum((printed_step(s.text) for s in shares), Decimal(0)) / 2
    if abs(total - 100) <= play:
        yield Finding(
            "narrative.percentage",
            "agrees",
            None,
            shares[-1].span,
            Decimal(100),
            " + ".join(number(_value(s)) for s in shares),
            total,
            "各项占比合计应为100%",
            f"各项占比合计{number(total)}%,与100%一致",
            "info",
            tuple(Evidence(s.span, f"占比:{s.text}%") for s in shares),
        )


def _finding(
    check_name: str, verdict: Verdict, whole: Figure, parts: Sequence[Figure], total: Decimal, reading: str
) -> Finding:
    expression = " + ".join(number(_value(p)) for p in parts)
    stated = _value(whole)
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
        _statistic(whole),
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


def _statistic(figure: Figure) -> str | None:
    return figure.statistic if figure.statistic in load_ontology().by_id else None


def _value(figure: Figure) -> Decimal:
    return figure.quantity.value if figure.quantity else Decimal(0)
