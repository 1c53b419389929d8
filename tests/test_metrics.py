"""Scores: cases against plain set arithmetic, intervals, calibration, and the evaluation report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gouji import app
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated, to_json
from training.metrics import Case, Counts, Scores, compare, count, is_named

LABELS = st.sampled_from(["applications.received", "disclosure.total", "count", "date"])
PLACES = st.integers(0, 5).map(lambda i: (10 * i, 10 * i + 2))
ENTRIES = st.sets(st.tuples(PLACES, LABELS), max_size=8)


@given(ENTRIES, ENTRIES, st.sets(PLACES, max_size=2))
def test_counts_of_cases_are_those_of_sets(
    gold: set[tuple[tuple[int, int], str]],
    found: set[tuple[tuple[int, int], str]],
    doubtful: set[tuple[int, int]],
) -> None:
    cases = list(
        compare(
            [(*place, label, place in doubtful) for place, label in gold],
            [(*place, label, 0.5) for place, label in found],
        )
    )
    left_out = {place for place, _ in gold if place in doubtful}
    true = {entry for entry in gold if entry[0] not in left_out}
    given_ = {entry for entry in found if entry[0] not in left_out}
    assert count(cases) == Counts(len(true & given_), len(given_ - true), len(true - given_))
    true, given_ = ({e for e in part if is_named(e[1])} for part in (true, given_))
    assert count(cases, is_named) == Counts(len(true & given_), len(given_ - true), len(true - given_))


def passage(agency: str) -> AnnotatedPassage:
    return AnnotatedPassage(
        agency, agency, 2021, "bureau", "江西", agency, "收到5件", (GoldFigure(2, 3, "5", "count"),)
    )


def scores(right: dict[str, tuple[int, int]]) -> Scores:
    """So many right and wrong figures of each agency."""
    cases = []
    for agency, (n_right, n_wrong) in right.items():
        where = passage(agency)
        cases += [Case(i, i + 1, "visits.total", "visits.total", 0.9, passage=where) for i in range(n_right)]
        cases += [Case(i, i + 1, "visits.total", "staff.total", 0.9, passage=where) for i in range(n_wrong)]
    return Scores(cases)


def test_the_interval_holds_the_f1_and_narrows_with_agencies() -> None:
    few = scores({f"{i}": (8 + i % 3, 2) for i in range(4)})
    many = scores({f"{i}": (8 + i % 3, 2) for i in range(60)})
    for one in (few, many):
        low, high = one.interval() or (0, 0)
        assert low <= (one.named.f1 or 0) <= high
    (a, b), (c, d) = few.interval() or (0, 0), many.interval() or (0, 0)
    assert d - c < b - a
    assert few.interval() == few.interval()
    assert scores({"one": (5, 5)}).interval() is None


def test_calibration_error_is_the_distance_of_confidence_and_share_right() -> None:
    assert scores({"a": (9, 1)}).calibration_error() == pytest.approx(0.0)
    assert scores({"a": (5, 5)}).calibration_error() == pytest.approx(0.4)
    assert Scores().calibration_error() is None


def test_groups_and_confusions() -> None:
    both = scores({"甲": (3, 1), "乙": (1, 0)})
    assert {k: (c.hit, c.extra, c.missed) for k, c in both.per(lambda p: p.agency).items()} == {
        "乙": (1, 0, 0),
        "甲": (3, 1, 1),
    }
    assert both.confusions == {("visits.total", "staff.total"): 1}


def test_evaluate_writes_a_report_that_adds_up(root: Path, tmp_path: Path) -> None:
    families = json.loads((root / "models/weights/tagger/run.json").read_text("utf-8"))["families"]
    corpus = list(read_annotated(sorted((root / "training/corpus").glob("*.jsonl"))))
    parts = ([p for p in corpus if p.family in families[name]] for name in ("test", "train"))
    chosen = [p for part, n in zip(parts, (20, 3), strict=True) for p in part[:n]]
    hostile = AnnotatedPassage(
        "x",
        "<script>alert(1)</script>局",
        2021,
        "bureau",
        "江西",
        "x",
        "<b>收到5件</b>",
        (GoldFigure(5, 6, "5", "date"),),
    )
    data = tmp_path / "data.jsonl"
    data.write_text("".join(to_json(p) + "\n" for p in [*chosen, hostile]), "utf-8")
    model = str(root / "models/weights/tagger")
    arguments = ["evaluate", "--data", str(data), "--out", str(tmp_path / "out"), "--beside", model]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out" / "scores.json").read_text("utf-8"))
    assert (record["passages"], record["left_out"]) == (21, 3)
    systems = record["systems"]
    assert list(systems) == ["model", "other model", "span rules", "patterns"]
    assert systems["model"] == systems["other model"]
    named = systems["model"]["named"]
    for group in record["groups"].values():
        assert sum(c["hit"] for c in group.values()) == named["hit"]
        assert sum(c["missed"] for c in group.values()) == named["missed"]
    assert systems["model"]["named"]["f1"] > systems["span rules"]["named"]["f1"] > 0
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;" in page
