"""Narratives, in markup, that say what the tables of a planted form say; and contradictions planted in them.

The tables come from `plant`; the figures of the narrative are taken from the same numbers, so that a report
without a planted contradiction is consistent, in every wording: plain figures, figures that include what was
carried in, lists of outcomes, routes of litigation told together, shares, amounts in 元 or 万元, worded zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Literal

from models.forms import load_forms
from tests.planted.planting import plant
from tests.planted.values import Profile

Kind = Literal["none", "figure", "worded zero", "list", "share", "unit", "row", "column", "balance", "remedies"]
KINDS: tuple[Kind, ...] = ("figure", "worded zero", "list", "share", "unit", "row", "column", "balance", "remedies")
TABLE_CHECKS = {
    "row": "table.row_sum",
    "column": "table.column_sum",
    "balance": "table.balance",
    "remedies": "table.remedies_sum",
}
OUTCOMES = {
    "granted": "予以公开",
    "partly_granted": "部分公开",
    "denied": "不予公开",
    "unavailable": "无法提供",
    "not_processed": "不予处理",
    "other": "其他处理",
}
Role = Literal["plain", "list", "share", "amount", "zero", "kept"]
"""What may be planted in a figure: nothing where it is kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """A figure or the cue of a worded zero in a sentence; `labels` are statistics or a bare kind."""

    text: str
    labels: str
    role: Role = "plain"

    @property
    def mark(self) -> str:
        """In markup."""
        return f"⟦{self.text}|{'0 ' if self.role == 'zero' else ''}{self.labels}⟧"


Sentence = list["str | Told"]


@dataclass(frozen=True, slots=True)
class Report:
    """A report and what is planted in it.

    Attributes:
        marked: the narrative, in markup.
        tables: printed, one cell a line.
        place: where the contradiction stands in the narrative without marks; -1 if not there.
        cell: of the table that contradicts; "" if none.
    """

    marked: str
    tables: str
    place: int
    cell: str


def tell(
    form_id: str,
    seed: int,
    kind: Kind = "none",
    profile: Profile = "busy",
    given: Mapping[str, Decimal] | None = None,
) -> Report | None:
    """A report with one contradiction of a kind; None where its numbers leave no room for it.

    Args:
        form_id: "2019" or "2021".
        seed: everything random follows from it.
        kind: what is planted.
        profile: how many cells are not zero.
        given: numbers of cells that are no sums, in place of random ones.
    """
    rng = Random(f"{form_id} {seed} {kind}")
    true = plant(form_id, "lines", seed=seed, profile=profile, remarks=False, given=given)
    sentences = list(_Teller(true.numbers, rng).sentences())
    printed, place, cell = true, -1, ""
    if kind in TABLE_CHECKS:
        equation = rng.choice([e for e in load_forms()[form_id].equations if e.check == TABLE_CHECKS[kind]])
        cell = equation.total[0]
        wrong = {cell: true.numbers[cell] + rng.randint(1, 30)}
        printed = plant(form_id, "lines", seed=seed, profile=profile, remarks=False, given=given, errors=wrong)
    elif kind != "none":
        chosen = _planted(sentences, kind, rng)
        if chosen is None:
            return None
        place = sum(len(_plain(s)) + 1 for s in sentences[: chosen[0]])
        place += len(_plain(sentences[chosen[0]][: chosen[1]]))
    marked = "\n".join("".join(p if isinstance(p, str) else p.mark for p in s) for s in sentences)
    return Report(marked, printed.text[printed.text.index("二、主动公开政府信息情况") :], place, cell)


def _plain(sentence: Sentence) -> str:
    return "".join(p if isinstance(p, str) else p.text for p in sentence)


def _planted(sentences: list[Sentence], kind: Kind, rng: Random) -> tuple[int, int] | None:
    """Change one figure of the sentences; sentence and piece that were changed."""
    role: Role = {"figure": "plain", "worded zero": "plain", "list": "list", "share": "share", "unit": "amount"}[kind]  # type: ignore[assignment]
    places = [
        (i, k)
        for i, sentence in enumerate(sentences)
        for k, piece in enumerate(sentence)
        if isinstance(piece, Told) and piece.role == role and (kind != "worded zero" or (piece.text != "0" and k == 1))
    ]
    if not places:
        return None
    i, k = rng.choice(places)
    figure = sentences[i][k]
    assert isinstance(figure, Told)
    if kind == "worded zero":
        sentences[i] = [sentences[i][0], Told(rng.choice(["无", "没有"]), figure.labels, "zero"), "此类情况。"]
        return i, 1
    if kind == "unit":
        after = sentences[i][k + 1]
        assert isinstance(after, str)
        sentences[i][k + 1] = after.replace("万元", "元", 1) if after.startswith("万元") else "万" + after
        return i, k
    sentences[i][k] = replace(figure, text=_other(figure.text, rng))
    return i, k


def _other(text: str, rng: Random) -> str:
    """Another number of about the same size, with as many decimals."""
    value, decimals = Decimal(text), len(text.partition(".")[2])
    change = Decimal(rng.randint(3, max(9, int(value * 10**decimals) // 4))).scaleb(-decimals)
    return str(value + change if value < change or rng.random() < 0.5 else value - change)


class _Teller:
    """Sentences over the numbers of a form."""

    def __init__(self, numbers: Mapping[str, Decimal], rng: Random) -> None:
        self.numbers = numbers
        self.rng = rng

    def sentences(self) -> Iterator[Sentence]:
        """Every section's sentences, each closed by a full stop."""
        yield from self._disclosure()
        yield from self._applications()
        yield from self._remedies()

    def _sum(self, pattern: str) -> int:
        head, star, tail = pattern.partition("*")
        fitting = (
            n for c, n in self.numbers.items() if c == pattern or (star and c.startswith(head) and c.endswith(tail))
        )
        return int(sum(fitting))

    def _disclosure(self) -> Iterator[Sentence]:
        parts = [self.rng.randint(11, 900) for _ in range(3)]
        whole = sum(parts)
        sentence: Sentence = ["(一)主动公开。全年公开信息", Told(str(whole), "disclosure.total", "kept"), "条,其中"]
        for part, (label, words) in zip(parts, _CHANNELS, strict=True):
            share = Told(f"{100 * part / whole:.1f}", "percent", "share")
            sentence += [words, Told(str(part), label, "kept"), "条,占", share, "%;"]
        yield [*sentence[:-1], "%。"]
        for cell, label, words, unit in _DECISIONS:
            if cell in self.numbers:
                yield from self._said(int(self.numbers[cell]), label, words, unit)
        if (fee := self.numbers.get("disclosure.fees.amount")) and fee > 0:
            wan = self.rng.random() < 0.5
            amount = Told(str(fee.normalize() if wan else fee * 10_000 // 1), "fees.amount", "amount")
            yield ["行政事业性收费", amount, "万元。" if wan else "元。"]

    def _said(self, n: int, labels: str, words: str, unit: str) -> Iterator[Sentence]:
        if n:
            yield [f"{words}", Told(str(n), labels), f"{unit}。"]
        elif self.rng.random() < 0.5:
            yield [Told("未发生", labels, "zero"), f"{words}。"]

    def _applications(self) -> Iterator[Sentence]:
        received, carried = self._sum("applications.received.total"), self._sum("applications.carried_in.total")
        pending = self._sum("applications.carried_forward.total")
        if not received:
            yield ["(二)依申请公开。我局", Told("未收到", "applications.received", "zero"), "申请。"]
        elif self.rng.random() < 0.3 and carried:
            both = Told(str(received + carried), "applications.received", "kept")
            yield ["共受理申请", both, "件(含上年结转", Told(str(carried), "applications.carried_in"), "件)。"]
        else:
            yield ["(二)依申请公开。收到申请", Told(str(received), "applications.received"), "件。"]
            if carried:
                yield ["上年结转申请", Told(str(carried), "applications.carried_in"), "件。"]
        outcomes = {k: self._sum(f"applications.{k}.total") or self._sum(f"applications.{k}.*.total") for k in OUTCOMES}
        if done := sum(outcomes.values()):
            sentence: Sentence = [
                "办结申请",
                Told(str(done), "applications.processed", "list"),
                "件,其中" if done % 2 else "件。其中,",
            ]
            for name, n in outcomes.items():
                if n:
                    sentence += [OUTCOMES[name], Told(str(n), f"applications.{name}", "list"), "件,"]
            yield [*sentence[:-1], "件。"]
        yield from self._said(pending, "applications.carried_forward", "结转下年度办理的申请", "件")

    def _remedies(self) -> Iterator[Sentence]:
        reviews = self._sum("remedies.reconsideration.total")
        suits = self._sum("remedies.litigation_direct.total") + self._sum(
            "remedies.litigation_after_reconsideration.total"
        )
        if not reviews and not suits:
            yield ["全年", Told("未发生", "reconsideration.total litigation.total", "zero"), "行政复议、行政诉讼。"]
            return
        yield from self._said(reviews, "reconsideration.total", "因政府信息公开被申请行政复议", "件")
        yield from self._said(suits, "litigation.total", "因政府信息公开被提起行政诉讼", "件")
        yield from self._said(self._sum("remedies.reconsideration.upheld"), "reconsideration.upheld", "复议维持", "件")
        pending = self._sum("remedies.reconsideration.pending")
        yield from self._said(pending, "reconsideration.pending", "复议尚未审结", "件")


_CHANNELS = (("disclosure.website", "网站"), ("disclosure.wechat", "微信"), ("disclosure.media", "其他媒体"))
_DECISIONS = (
    ("disclosure.normative_documents.issued", "normative_documents.issued", "制发行政规范性文件", "件"),
    ("disclosure.normative_documents.repealed", "normative_documents.repealed", "废止行政规范性文件", "件"),
    ("disclosure.normative_documents.in_force", "normative_documents.in_force", "现行有效行政规范性文件", "件"),
    ("disclosure.permits.decisions", "permits.decisions", "行政许可处理决定", "件"),
    ("disclosure.penalties.decisions", "penalties.decisions", "行政处罚处理决定", "件"),
    ("disclosure.coercive_measures.decisions", "coercive_measures.decisions", "行政强制处理决定", "件"),
)
