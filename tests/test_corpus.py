"""The linter of the annotated passages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from annotation.markup import parse_markup
from models.extract import extract_many
from models.narrative.candidates import scan
from models.narrative.cues import cue_at, find_cues
from models.narrative.dates import parse_date
from models.numerals import fold, parse_numeral, simplified
from models.ontology import load_ontology
from models.reading import read_document
from models.schema.document import Source
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, from_json, read_annotated, to_json
from tests.oracle import Answers

LEVELS = {"ministry", "province", "city", "county", "township", "bureau", "zone", "vertical"}
SHINGLE = 22
"""Characters of a run that two families must not share more than a little of."""


@pytest.fixture(scope="module")
def corpus(root: Path) -> list[AnnotatedPassage]:
    return list(read_annotated(sorted((root / "training" / "corpus").glob("*.jsonl"))))


@pytest.fixture(scope="module")
def unseen(root: Path) -> list[AnnotatedPassage]:
    """Passages that the shipped tagger was not trained on."""
    return list(read_annotated([root / "training" / "unseen"]))


def test_size_and_variety(corpus: list[AnnotatedPassage]) -> None:
    figures = Counter(f.statistic for p in corpus for f in p.figures)
    assert len(corpus) >= 1_500
    assert len({p.agency for p in corpus}) >= 300
    assert figures.total() >= 10_000
    assert min(figures[s.id] for s in load_ontology().statistics) >= 80
    assert figures["count"] + figures["amount"] + figures["percent"] >= 2_500
    assert {p.year for p in corpus} >= set(range(2008, 2026))
    assert {p.level for p in corpus} <= LEVELS
    assert len({p.region for p in corpus}) >= 25
    assert set(figures) >= set(load_ontology().labels)
    assert sum(f.zero for p in corpus for f in p.figures) >= 1_200
    assert len({p.id for p in corpus}) == len(corpus)


def test_passages_kept_for_later_share_nothing_with_the_corpus(
    corpus: list[AnnotatedPassage], unseen: list[AnnotatedPassage]
) -> None:
    for attribute in ("id", "agency", "family"):
        assert {getattr(p, attribute) for p in unseen}.isdisjoint(getattr(p, attribute) for p in corpus)


def test_spans_hold_what_they_say(corpus: list[AnnotatedPassage], unseen: list[AnnotatedPassage]) -> None:
    kind = load_ontology().kind
    for passage in (*corpus, *unseen):
        places = set()
        for figure in passage.figures:
            where = (passage.id, figure.text, figure.statistic)
            assert passage.text[figure.start : figure.end] == figure.text, where
            if figure.zero:
                assert not any(c.isdigit() and c.isascii() for c in figure.text), where
                continue
            assert (figure.start, figure.end) not in places, where
            places.add((figure.start, figure.end))
            if kind(figure.statistic) == "date":
                assert figure.damaged or figure.doubtful or parse_date(figure.text, passage.year), where
            else:
                assert parse_numeral(figure.text.replace("\n", "")) is not None, where


def test_the_scanner_offers_nearly_every_figure(corpus: list[AnnotatedPassage]) -> None:
    missed = total = 0
    for passage in corpus:
        offered = {(c.start, c.end) for c in scan(passage.text)}
        spans = {(f.start, f.end) for f in passage.figures if not f.zero}
        total += len(spans)
        missed += len(spans - offered)
    assert missed / total <= 0.01


def test_families_do_not_share_their_sentences(corpus: list[AnnotatedPassage]) -> None:
    families: dict[str, set[str]] = defaultdict(set)
    for passage in corpus:
        for i in range(0, max(0, len(passage.text) - SHINGLE), 1):
            families[passage.text[i : i + SHINGLE]].add(passage.family)
    shared = sum(len(f) > 1 for f in families.values())
    assert shared / len(families) <= 0.02


def test_cues_offer_nearly_every_worded_zero(corpus: list[AnnotatedPassage]) -> None:
    missed = total = 0
    for passage in corpus:
        cues = find_cues(simplified(passage.text))
        zeros = {(f.start, f.end) for f in passage.figures if f.zero}
        total += len(zeros)
        missed += sum(cue_at(cues, *zero) not in cues for zero in zeros)
    assert missed / total <= 0.03


def test_sums_and_shares_that_a_text_asserts_hold(corpus: list[AnnotatedPassage]) -> None:
    """Read with the annotated labels, the checks inside the narrative find hardly anything wrong."""
    verdicts: Counter[str] = Counter()
    for passage in corpus:
        document = read_document(Source(passage.text, "utf-8"))
        ((_, findings),) = extract_many([document], Answers(passage))  # type: ignore[arg-type]
        verdicts.update(f.verdict for f in findings if f.check in ("narrative.parts", "narrative.percentage"))
    assert verdicts["agrees"] >= 1_000
    assert verdicts["contradicts"] <= 0.01 * verdicts["agrees"]


def test_no_passage_repeats_a_real_report(corpus: list[AnnotatedPassage], shared: Path) -> None:
    """Beyond titles of laws, headings of the form and slogans."""
    real = set().union(*(_runs(p.read_text("utf-8", "replace")) for p in sorted((shared / "reports").glob("*.txt"))))
    runs = [_runs(passage.text) for passage in corpus]
    assert sum(len(r & real) for r in runs) <= 0.001 * sum(map(len, runs))


def _runs(text: str) -> set[str]:
    compact = re.sub(r"\s+", "", fold(text))
    return {compact[i : i + SHINGLE - 2] for i in range(len(compact) - SHINGLE + 3)}


def test_json_round_trip(corpus: list[AnnotatedPassage]) -> None:
    for passage in corpus[:50]:
        assert from_json(to_json(passage), where="here") == passage


HEADER = "@@ agency=清平市水务局 | year=2019 | level=bureau | region=江西 | family=a\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("收到5件", "digits outside"), ("收到⟦5|applications.recieved⟧件", "unknown label"), ("收到⟦5|applications.received件", "broken mark"),
        ("收到⟦5|applications.received@lastyear⟧件", "unknown scope"), ("⟦无|reconsideration.total litigation.total⟧", "several labels"), ("", "empty"),
    ],
)  # fmt: skip
def test_markup_errors_name_file_and_line(body: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        parse_markup(f"{HEADER}⟦1|count⟧\n{HEADER}{body}", name="file", labels=load_ontology().labels)
    assert str(error.value).startswith("file:3")


def test_changed_text_is_refused() -> None:
    (passage,) = parse_markup(HEADER + "收到⟦5|applications.received⟧件", name="file", labels=load_ontology().labels)
    with pytest.raises(ConfigError, match=r"here: passage file-000: figure '5'"):
        from_json(to_json(passage).replace("收到5件", "共收到5件"), where="here")
