"""A text that is last year's copied, with last year's numbers left in it or with new ones: panel.copied.

A year hands on 64 bits for each sentence with numbers: half tell its words apart, half its figures. The wording
alone says little, for these reports are written by pattern; that whole sentences come again with the same numbers
says that they were left standing. Numbers that come again by themselves do not count: small and round ones, those of
the calendar (12 issues a year), documents in force, staff, totals of all years, and what this year's table confirms.

Where the tables have not changed either, the two may be one report under two years: that is said, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from zlib import crc32

from models.numerals import fold
from models.ontology import KINDS, load_ontology
from models.reconciling.panel import Annual, Remembered, Sentence, Telling, panel_check
from models.reconciling.words import number
from models.schema.finding import Evidence, Finding, Verdict
from models.schema.table import Cell

LEAST = 3
"""So many different numbers make a copy; one or two may come again by chance."""
DIGITS = 8
"""They have so many digits together: numbers of two digits come again more easily."""
SHOWN = 8
"""Numbers that a finding names."""
CALENDAR = {12, 24, 36, 48, 52, 365, 366}
STANDING = {
    "normative_documents.in_force", "regulations.in_force", "staff.total", "disclosure.cumulative",
}  # fmt: skip
"""Statistics that may rightly be the same in the next year."""


def tells(statistic: str, value: Decimal) -> bool:
    """Whether a number of this statistic would hardly be the same in the next year by chance."""
    return statistic not in KINDS and statistic not in STANDING and _is_rare(value)


def sentence(words: str, numbers: Sequence[str], telling: tuple[Telling, ...] = ()) -> Sentence:
    """A sentence as the panel compares it.

    Args:
        words: as printed; digits, punctuation and spaces do not count.
        numbers: its figures as printed, dates left out.
        telling: those of them that `tells`.
    """
    plain = re.sub(r"\d+", "0", re.sub(r"[\W_]+", "", fold(words)))
    wording = crc32(plain.encode("utf-8", "surrogatepass"))
    figures = crc32("|".join(map(fold, numbers)).encode("utf-8", "surrogatepass"))
    return Sentence(wording, wording << 32 | figures, telling)


@panel_check("panel.copied")
def check_copied(report: Annual, last: Remembered) -> Iterator[Finding]:
    """Sentences of last year's wording: with its numbers although the tables changed, or with new ones."""
    left, renewed = _compared(report, last)
    if _are_left(left, renewed) and _has_changed(report, last):
        yield _finding(last, "contradicts", _unconfirmed(left))
    elif len(_texts(renewed)) >= LEAST:
        yield _finding(last, "agrees", renewed)


def same_report(report: Annual, last: Remembered) -> Finding | None:
    """Says that the two may be one report under two years; None where they are two."""
    equal, compared = _equal_cells(report, last)
    rare = [c for c in equal if not c.id.endswith(".in_force") and c.value is not None and _is_rare(c.value)]
    numbers = [Telling(c.id, c.span, number(c.value), c.value, True) for c in rare if c.span and c.value]
    if len(_texts(numbers)) >= LEAST and 10 * len(equal) >= 9 * compared:
        return _finding(last, "undecided", numbers)
    left, renewed = _compared(report, last)
    if _are_left(left, renewed) and not _has_changed(report, last):
        return _finding(last, "undecided", _unconfirmed(left))
    return None


def _is_rare(value: Decimal) -> bool:
    """Two digits and more, neither round nor of the calendar."""
    return value >= 10 and value not in CALENDAR and len(value.normalize().as_tuple().digits) > 1


def _compared(report: Annual, last: Remembered) -> tuple[list[Telling], list[Telling]]:
    """Numbers in sentences that last year's report has just so, and in those that it has with other numbers."""
    wordings = {mark >> 32 for mark in last.sentences}
    left: list[Telling] = []
    renewed: list[Telling] = []
    for told in report.sentences:
        if told.wording in wordings:
            (left if told.mark in last.sentences else renewed).extend(told.telling)
    return left, renewed


def _are_left(left: Sequence[Telling], renewed: Sequence[Telling]) -> bool:
    """Whether enough numbers were left standing, and no fewer than were renewed; what a table confirms aside."""
    texts = _texts(_unconfirmed(left))
    digits = sum(c.isdigit() for text in texts for c in text)
    return len(texts) >= LEAST and digits >= DIGITS and len(texts) >= len(_texts(_unconfirmed(renewed)))


def _unconfirmed(numbers: Sequence[Telling]) -> list[Telling]:
    return [n for n in numbers if not n.confirmed]


def _texts(numbers: Sequence[Telling]) -> list[str]:
    """The different numbers: 24 in all and 24 on the website is one."""
    return list(dict.fromkeys(n.text for n in numbers))


def _equal_cells(report: Annual, last: Remembered) -> tuple[list[Cell], int]:
    """Cells with last year's number, and how many can be compared; zeros in both years tell nothing."""
    pairs = [(c, last.values[c.id]) for c in report.cells.values() if c.value is not None and c.id in last.values]
    pairs = [(cell, before) for cell, before in pairs if cell.value or before]
    return [cell for cell, before in pairs if cell.value == before], len(pairs)


def _has_changed(report: Annual, last: Remembered) -> bool:
    """Whether most numbers of the tables are others than last year's; a corrected copy differs in a few."""
    equal, compared = _equal_cells(report, last)
    return 2 * len(equal) < compared


def _finding(last: Remembered, verdict: Verdict, numbers: Sequence[Telling]) -> Finding:
    first, texts = numbers[0], _texts(numbers)
    narrative = first.statistic in load_ontology().by_id
    listed = "、".join(texts[:SHOWN]) + ("等" if len(texts) > SHOWN else "")
    reading, message = {
        "contradicts": (
            "整句照抄而表格已经变化,其中的数字应是没有更新",
            f"正文有整句与{last.year}年报告完全相同,其中{len(texts)}个数字({listed})都没有变,"
            "而表格已经变化,可能是上一年的文字没有更新",
        ),
        "agrees": (
            "措辞相同,数字不同",
            f"正文有整句沿用{last.year}年报告的措辞,其中{len(texts)}个数字已经更新",
        ),
        "undecided": (
            "两份报告的数字相同,不能当作两年核对",
            f"有{len(texts)}个数字({listed})与{last.year}年报告相同,表格也看不出变化,可能是同一份报告或整篇照抄,没有核对两年的数字",
        ),
    }[verdict]
    return Finding(
        check="panel.copied",
        verdict=verdict,
        statistic=first.statistic if narrative else None,
        span=first.span if narrative else None,
        stated=first.value,
        expression=f"{last.year}:{first.statistic}",
        computed=None if verdict == "agrees" else first.value,
        reading=reading,
        message=message,
        severity="info" if verdict == "agrees" else "warning",
        evidence=tuple(Evidence(n.span, n.text) for n in numbers[:SHOWN]),
    )
