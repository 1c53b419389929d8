"""Which tasks are worth an annotator's time: the most valuable first, and not the same thing twice.

The value of a window is a weighted sum of five signals in [0, 1] (`WEIGHTS`). Tasks are taken one by one; before
each, the value of the others falls with what has been taken already: by `SAME_AGENCY` for each task of the same
agency, and by up to `SAME_WORDS` for sentences that differ from those taken in their numbers and names only.
The weights are judgement, not measured. The same tasks in any order give the same choice.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from annotation._exports import Task
from annotation.label_config import STATISTIC, TEXT
from models.narrative.text import sentences
from models.numerals import fold, simplified
from models.schema.gold import AnnotatedPassage
from models.structure.agency import agency_key

WEIGHTS = {
    "doubt": 0.4,  # the tagger says itself that it may be wrong
    "contradiction": 0.25,  # a figure here contradicts a table or another figure
    "dispute": 0.2,  # the rules name other statistics than the tagger
    "rarity": 0.1,  # the corpus has few figures of a label that is suggested here
    "any": 0.05,  # so that variety orders what has no other merit
}
ELSEWHERE = 0.3
"""Contradiction in the report, but not in this window, beside 1 for one in the window."""
SAME_AGENCY, SAME_WORDS = 0.8, 0.7
POOL = 20
"""Tasks that are kept in memory for each one of the budget; those of the least value go."""
_NUMBERS = re.compile(r"[0-9][0-9,.]*|[〇零一二三四五六七八九十百千万亿两]+")


@dataclass(frozen=True, slots=True)
class _Offer:
    """A task with its value before anything is taken."""

    task: Task
    value: float
    agency: str
    words: frozenset[str]

    @property
    def id(self) -> str:
        return str(self.task["meta"]["id"])


def choose(tasks: Iterable[Task], budget: int, counts: Mapping[str, int]) -> list[Task]:
    """The `budget` tasks of the greatest value, in the order in which they are worth doing.

    Args:
        tasks: with the signals of `annotation/signals.py` in their `meta`; consumed one by one.
        budget: how many to take, at least 1.
        counts: figures of each label in the corpus; empty where there is none, and no label is rare.
    """
    return [offer.task for offer in _taken(_pool(tasks, budget * POOL, counts), budget)]


def label_counts(corpus: Iterable[AnnotatedPassage]) -> Counter[str]:
    """Figures of each label."""
    return Counter(figure.statistic for passage in corpus for figure in passage.figures)


def value(task: Task, counts: Mapping[str, int]) -> float:
    """The weighted sum, in [0, 1]."""
    meta = task["meta"]
    contradiction = 1.0 if meta["contradictions"] else ELSEWHERE if meta["report_contradictions"] else 0.0
    signals = {
        "doubt": 1 - 0.5 ** meta["doubts"],
        "contradiction": contradiction,
        "dispute": 1 - 0.5 ** meta["disputes"],
        "rarity": max((_rarity(label, counts) for label in _labels(task)), default=0.0),
        "any": 1.0,
    }
    return float(sum(WEIGHTS[name] * signal for name, signal in signals.items()))


def _rarity(label: str, counts: Mapping[str, int]) -> float:
    """1 for a label that the corpus lacks, 0 for its most frequent one, by the logarithm between."""
    most = max(counts.values(), default=0)
    return 1 - math.log1p(counts.get(label, 0)) / math.log1p(most) if most else 0.0


def _labels(task: Task) -> set[str]:
    regions = (r for p in task.get("predictions", ()) for r in p["result"] if r["from_name"] == STATISTIC)
    return {label for region in regions for label in region["value"]["labels"]}


def _pool(tasks: Iterable[Task], limit: int, counts: Mapping[str, int]) -> list[_Offer]:
    pool: list[_Offer] = []
    for task in tasks:
        meta, text = task["meta"], task["data"][TEXT]
        agency = agency_key(meta["agency"]) or meta["report_id"]
        pool.append(_Offer(task, value(task, counts), agency, frozenset(_skeletons(text, meta["agency"]))))
        if len(pool) >= 2 * limit:
            pool = heapq.nsmallest(limit, pool, key=_rank)
    return heapq.nsmallest(limit, pool, key=_rank)


def _rank(offer: _Offer) -> tuple[float, str]:
    return -offer.value, offer.id


def _skeletons(text: str, agency: str) -> Iterator[str]:
    """Sentences without what differs between reports of one template."""
    for start, end in sentences(text):
        sentence = fold(simplified(text[start:end]))
        sentence = sentence.replace(fold(simplified(agency)), "") if agency else sentence
        yield _NUMBERS.sub("#", re.sub(r"\s+", "", sentence))


def _taken(pool: list[_Offer], budget: int) -> Iterator[_Offer]:
    """Take the best again and again; what is taken only lowers the others, so an old bound can be trusted."""
    agencies: Counter[str] = Counter()
    seen: set[str] = set()
    heap = [(*_rank(offer), number) for number, offer in enumerate(pool)]
    heapq.heapify(heap)
    taken = 0
    while heap and taken < budget:
        bound, identifier, number = heapq.heappop(heap)
        offer = pool[number]
        known = len(offer.words & seen) / len(offer.words) if offer.words else 0.0
        now = offer.value * SAME_AGENCY ** agencies[offer.agency] * (1 - SAME_WORDS * known)
        if now < -bound:
            heapq.heappush(heap, (-now, identifier, number))
            continue
        agencies[offer.agency] += 1
        seen |= offer.words
        taken += 1
        yield offer
