"""Two years in a row of one agency, consistent or with one contradiction between them.

The report's own numbers say what the year before must have handed on: its 结转下年 per column, and the
stock of documents in force. The other numbers of both years are independent of each other, but in steady years,
where four of ten cells are the same and the text tells what rightly comes again. A copied text is last year's, all of
it or its first passage, beside the tables of this year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Literal

from models.forms import load_forms
from tests.planted.narrative import Report, tell
from tests.planted.planting import plant

YearKind = Literal["none", "steady", "carry", "stock", "growth", "last year's figure", "copied text", "copied passage"]
YEAR_KINDS: tuple[YearKind, ...] = (
    "carry", "stock", "growth", "last year's figure", "copied text", "copied passage",
)  # fmt: skip
CONSISTENT: tuple[YearKind, ...] = ("none", "steady")
COMES_AGAIN = (
    "编发简报⟦52|disclosure.media⟧期。现有工作人员⟦23|staff.total⟧人,栏目⟦37|count⟧个,历年累计公开⟦1843|disclosure.cumulative⟧条。"
    "举办培训⟦2|training.sessions⟧次,参加⟦200|count⟧人次,办理建议⟦17|proposals.total⟧件。"
)
"""What rightly stands so in both years; 17 by chance."""
STOCKS = ("disclosure.normative_documents", "disclosure.regulations")
CARRIED_IN, CARRIED_FORWARD = "applications.carried_in.", "applications.carried_forward."
RECEIVED = "applications.received.total"


@dataclass(frozen=True, slots=True)
class Years:
    """Reports of 2022 and 2023 (of 2019 and 2020 in the older form), and what is planted in the second.

    Attributes:
        check: whose finding must contradict; "" where nothing does.
    """

    last: Report
    report: Report
    check: str


def tell_years(form_id: str, seed: int, kind: YearKind = "none") -> Years | None:
    """Two years of an agency; None where the numbers leave no room for the kind."""
    rng = Random(f"{form_id} {seed} {kind} years")
    own, handed_on = _stocks(form_id, plant(form_id, "lines", seed=seed, profile="busy", remarks=False).numbers, rng)
    true = plant(form_id, "lines", seed=seed, profile="busy", remarks=False, given=own).numbers
    handed_on |= _carried(true)
    if kind == "steady":
        handed_on = {c: n for c, n in true.items() if rng.random() < 0.4} | handed_on
    if kind in ("carry", "stock"):
        wrong_cells = [c for c in handed_on if c.startswith(CARRIED_FORWARD) == (kind == "carry")]
        if not wrong_cells:
            return None
        handed_on[rng.choice(wrong_cells)] += rng.randint(1, 9)
    before = seed + 1_000_000
    last = tell(form_id, before, given=handed_on)
    report = tell(form_id, seed, given=own)
    assert last is not None and report is not None
    was = plant(form_id, "lines", seed=before, profile="busy", remarks=False, given=handed_on).numbers
    checks = {"carry": "panel.carry", "stock": "panel.stock"}
    if kind == "steady":
        last, report = (replace(r, marked=f"{r.marked}\n{COMES_AGAIN}") for r in (last, report))
    if kind in ("copied text", "copied passage"):
        return Years(last, _copied(last, report, whole=kind == "copied text"), "panel.copied")
    if kind == "last year's figure":
        stale = _stale(report, true, was, rng)
        return None if stale is None else Years(last, stale, "narrative.cell")
    if not true[RECEIVED] or true[RECEIVED] == was[RECEIVED]:
        return Years(last, report, checks.get(kind, "")) if kind != "growth" else None
    wrong = rng.randint(1, 9) if kind == "growth" else 0
    report = replace(report, marked=f"{report.marked}\n{_change(true[RECEIVED], was[RECEIVED], wrong)}")
    return Years(last, report, "narrative.growth" if wrong else checks.get(kind, ""))


def _carried(true: dict[str, Decimal]) -> dict[str, Decimal]:
    """What last year must have carried forward."""
    return {
        c.replace(CARRIED_IN, CARRIED_FORWARD): n
        for c, n in true.items()
        if c.startswith(CARRIED_IN) and not c.endswith(".total")
    }


def _stocks(form_id: str, numbers: dict[str, Decimal], rng: Random) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Documents in force at the end of the year, and a year before."""
    own, before = {}, {}
    for stock in STOCKS:
        if f"{stock}.repealed" in load_forms()[form_id].cells:
            repealed = numbers[f"{stock}.repealed"]
            before[f"{stock}.in_force"] = repealed + rng.randint(0, 50)
            own[f"{stock}.in_force"] = before[f"{stock}.in_force"] + numbers[f"{stock}.issued"] - repealed
    return own, before


def _change(now: Decimal, before: Decimal, wrong: int) -> str:
    word = "增加" if now > before else "减少"
    return f"全年新收申请⟦{now}|applications.received⟧件,比上年{word}⟦{abs(now - before) + wrong}|count⟧件。"


def _copied(last: Report, report: Report, *, whole: bool) -> Report:
    """This year's tables below last year's text, or below this year's whose first passage is last year's."""
    if whole:
        return replace(report, marked=last.marked)
    first, rest = last.marked.partition("\n")[0], report.marked.partition("\n")[2]
    return replace(report, marked=f"{first}\n{rest}")


def _stale(report: Report, true: dict[str, Decimal], was: dict[str, Decimal], rng: Random) -> Report | None:
    """One decision count of the narrative stays as it was last year."""
    places = []
    for label in ("permits", "penalties", "coercive_measures"):
        cell = f"disclosure.{label}.decisions"
        now, before = true.get(cell), was.get(cell)
        mark = f"⟦{now}|{label}.decisions⟧"
        if now and before and now != before and mark in report.marked:
            places.append((mark, f"⟦{before}|{label}.decisions⟧"))
    return None if not places else replace(report, marked=report.marked.replace(*rng.choice(places)))
