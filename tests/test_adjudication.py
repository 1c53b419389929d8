"""Several people's annotations: nothing is lost on the way, and every rule chooses what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from annotation._label_studio import read_export, to_results, to_task
from annotation.adjudicate import RULES, Pulled, adjudicate, check_rule
from annotation.answers import Suggestions
from annotation.bias import bias, fates
from annotation.cli import app
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated
from tests.test_annotation import LABELS, TEXT, annotated, passage

FIVE = GoldFigure(6, 7, "5", "applications.received")
NONE = GoldFigure(9, 12, "未发生", "reconsideration.total", zero=True)
SUIT = replace(NONE, statistic="litigation.total")
Figures = Sequence[GoldFigure]


def task(whole: AnnotatedPassage, *people: Figures, shown: Suggestions | None = None) -> dict[str, Any]:
    """A task of an export that every person finished, one after the other."""
    made = json.loads(json.dumps(to_task(whole, None, shown)))
    for prediction in made.get("predictions", ()):
        prediction["id"] = 7
    annotations = [
        {
            "id": 100 + number,
            "completed_by": {"id": number, "email": f"p{number}@example.org"},
            "updated_at": f"2024-01-0{number}T00:00:00Z",
            "result": json.loads(json.dumps(to_results(whole.text, figures))),
            "parent_prediction": 7 if shown else None,
        }
        for number, figures in enumerate(people, 1)
    ]
    return {"id": 12, **made, "annotations": annotations, "drafts": []}


def pulled(*tasks: dict[str, Any], rule: str = "newest") -> Pulled:
    return adjudicate(read_export(list(tasks), where="test", labels=LABELS), rule)


@given(whole=annotated(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_annotation_of_every_person_comes_back(whole: AnnotatedPassage, data: st.DataObject) -> None:
    subsets = st.lists(st.sampled_from(whole.figures), unique=True) if whole.figures else st.just([])
    people = [tuple(f for f in whole.figures if f in chosen) for chosen in data.draw(st.lists(subsets, max_size=4))]
    (back,) = read_export([task(whole, *people)], where="test", labels=LABELS).tasks
    assert [a.figures for a in back.answers] == people
    assert [a.annotator for a in back.answers] == [f"p{n}@example.org" for n in range(1, len(people) + 1)]
    assert back.passage == replace(whole, figures=())


@given(whole=annotated(), people=st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_equal_annotations_are_the_annotation_by_every_rule(whole: AnnotatedPassage, people: int) -> None:
    export = task(whole, *[whole.figures] * people)
    for rule in (*RULES, "p1@example.org"):
        assert pulled(export, rule=rule).passages == [whole]


@given(whole=annotated(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_majority_outvotes_two_of_five_in_any_order(whole: AnnotatedPassage, data: st.DataObject) -> None:
    subsets = st.lists(st.sampled_from(whole.figures), unique=True) if whole.figures else st.just([])
    two = [tuple(f for f in whole.figures if f in data.draw(subsets)) for _ in range(2)]
    people = data.draw(st.permutations([whole.figures, whole.figures, whole.figures, *two]))
    assert pulled(task(whole, *people), rule="majority").passages == [whole]


def test_majority_counts_figures() -> None:
    people = [(FIVE, NONE, SUIT), (replace(FIVE, statistic="count"), NONE), (FIVE, NONE)]
    (found,) = pulled(task(passage(), *people), rule="majority").passages
    assert found.figures == (FIVE, NONE)


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([(FIVE,), ()], "half of 2 annotators marked '5' at 6 as applications.received"),
        ([(FIVE,), (replace(FIVE, statistic="count"),), (replace(FIVE, statistic="messages.total"),)], "but not alike"),
        ([(FIVE,), (replace(FIVE, scope="partial"),)], "no majority for the scope of '5'"),
    ],
)
def test_what_has_no_majority_is_left_out_and_listed(people: list[Figures], reason: str) -> None:
    found = pulled(task(passage(), *people), rule="majority")
    assert found.passages == []
    assert found.skipped["undecided"] == 1
    assert found.open[0].startswith("task 12 (r-000): ")
    assert reason in found.open[0]


def test_strict_leaves_out_any_difference() -> None:
    same = replace(passage(), id="r-001")
    found = pulled(
        task(passage(), (FIVE,), (replace(FIVE, doubtful=True),)), task(same, (NONE,), (NONE,)), rule="strict"
    )
    assert found.passages == [replace(same, figures=(NONE,))]
    assert "p1@example.org and p2@example.org differ at '5' at 6" in found.open[0]


def test_named_adjudicator_decides_and_elsewhere_people_must_agree() -> None:
    tasks = [task(replace(passage(), id=f"r-{i}"), *people) for i, people in enumerate(
        ([(FIVE,), (), (NONE,)], [(FIVE,), (FIVE,)], [(FIVE,), ()])
    )]  # fmt: skip
    for name in ("p3@example.org", "3"):
        found = pulled(*tasks, rule=name)
        assert [p.figures for p in found.passages] == [(NONE,), (FIVE,)]
        assert len(found.open) == 1
    with pytest.raises(ConfigError, match="nobody of that name"):
        check_rule("majorty", {"3", "p3@example.org"})


def test_ground_truth_settles_a_passage() -> None:
    export = task(passage(), (FIVE,), (NONE,), ())
    export["annotations"][1]["ground_truth"] = True
    assert [pulled(export, rule=rule).passages[0].figures for rule in RULES] == [(NONE,)] * 3
    assert pulled(export, rule="p1@example.org").passages[0].figures == (FIVE,)


def test_of_one_person_the_newest_counts() -> None:
    export = task(passage(), (FIVE,), (NONE,), (FIVE,))
    export["annotations"][1]["completed_by"] = export["annotations"][0]["completed_by"]
    assert pulled(export, rule="majority").open
    export["annotations"][0]["updated_at"] = "2024-02-01T00:00:00Z"
    found = pulled(export, rule="majority")
    assert found.passages[0].figures == (FIVE,)
    assert found.skipped["superseded"] == 1


def test_a_passage_of_two_projects_counts_once() -> None:
    one, other = task(passage(), (FIVE,)), {**task(passage(), (), (FIVE,)), "id": 13}
    other["annotations"] = other["annotations"][1:]
    assert pulled(one, other, rule="strict").passages == [passage(TEXT, FIVE)]
    with pytest.raises(ConfigError, match=r"task 12 \(r-000\) and task 12 \(r-000\) have two different texts"):
        pulled(one, task(passage(TEXT + "。")))


def test_pull_writes_who_did_what_and_lists_what_is_open(tmp_path: Path) -> None:
    shown = Suggestions((FIVE, NONE), 0.6, "tagger-1", (0.97, 0.6))
    agreed = task(passage(), (FIVE, SUIT), (FIVE, SUIT), shown=shown)
    differing = task(replace(passage(), id="r-001"), (FIVE,), ())
    (tmp_path / "export.json").write_text(json.dumps([agreed, differing]), "utf-8")
    out = tmp_path / "gold.jsonl"
    command = ["pull", "--from-file", str(tmp_path / "export.json"), "--out", str(out), "--adjudicate", "strict"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert "undecided task 12 (r-001): p1@example.org and p2@example.org differ" in result.stderr
    assert "1 passages; skipped: 1 undecided" in result.stderr
    assert [p.figures for p in read_annotated([out])] == [(FIVE, SUIT)]
    (entry,) = json.loads((tmp_path / "gold.provenance.json").read_text("utf-8"))
    assert (entry["id"], entry["rule"], len(entry["annotations"])) == ("r-000", "strict", 2)
    assert [s["fate"] for s in entry["annotations"][0]["suggestions"]] == ["accepted", "changed"]


# ---- what became of suggestions


def test_fates_of_suggestions() -> None:
    shown = Suggestions((FIVE, NONE, GoldFigure(0, 1, "全", "count")), 0.3, "m", (0.99, 0.9, 0.3))
    date = GoldFigure(14, 15, "政", "date", "other")
    judged = fates(shown, (replace(FIVE, doubtful=True), SUIT, date))
    assert [(j.figure.text, j.fate, j.confidence) for j in judged] == [
        ("5", "accepted", 0.99),
        ("未发生", "changed", 0.9),
        ("全", "removed", 0.3),
        ("政", "added", None),
    ]


@given(shown=annotated(), answered=annotated())
@settings(max_examples=200, deadline=None)
def test_every_suggestion_has_one_fate(shown: AnnotatedPassage, answered: AnnotatedPassage) -> None:
    judged = fates(Suggestions(shown.figures, 0.5, "m"), answered.figures)
    assert [j.figure for j in judged if j.fate != "added"] == list(shown.figures)
    accepted = sum(j.fate == "accepted" for j in judged)
    assert accepted + sum(j.fate == "added" for j in judged) <= len(answered.figures)


def test_bias_is_counted_by_the_confidence_of_the_region() -> None:
    shown = Suggestions((FIVE, NONE), 0.6, "tagger-1", (1.0, 0.6))
    (back,) = read_export([task(passage(), (FIVE,), shown=shown)], where="test", labels=LABELS).tasks
    found = bias(back.answers, "all")
    assert found is not None
    counts = {b.low: (b.accepted, b.changed, b.removed) for b in found.bands if b.suggested}
    assert counts == {0.5: (0, 0, 1), 0.99: (1, 0, 0)}
    assert (found.passages, found.added, found.total.suggested) == (1, 0, 2)


def test_without_predictions_there_is_no_bias() -> None:
    (back,) = read_export([task(passage(), (FIVE,))], where="test", labels=LABELS).tasks
    assert bias(back.answers, "all") is None


def test_how_far_a_cue_reaches_is_no_disagreement() -> None:
    """未 and 未发生 are one worded zero; what counts then is the scanner's extent."""
    short = replace(NONE, end=NONE.start + 1, text="未")
    for rule in ("strict", "majority"):
        (made,) = pulled(task(passage(), (FIVE, NONE), (FIVE, short)), rule=rule).passages
        assert set(made.figures) == {FIVE, NONE}
    (newest,) = pulled(task(passage(), (FIVE, NONE), (FIVE, short))).passages
    assert short in newest.figures


def test_a_suggestion_that_no_annotation_names_was_shown_to_nobody() -> None:
    export = task(passage(), (FIVE,), shown=Suggestions((FIVE,), 0.6, "tagger-2"))
    export["annotations"][0]["parent_prediction"] = None
    (back,) = read_export([export], where="test", labels=LABELS).tasks
    assert back.answers[0].suggestions is None
