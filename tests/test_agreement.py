"""Agreement of annotators: pairs of an export, disagreements in their context, and the page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from typer.testing import CliRunner

from annotation._label_studio import read_export
from annotation.agreement import TOTAL, Pair, compare, compare_people
from annotation.agreement_page import agreement_page
from annotation.answers import Export, Suggestions
from annotation.cli import app
from annotation.disagreements import disagreements
from models.ontology import load_ontology
from models.schema.errors import ConfigError
from models.schema.gold import GoldFigure, to_json
from tests.test_adjudication import FIVE, NONE, SUIT, Figures, task
from tests.test_annotation import LABELS, TEXT, passage


def pair(first: Figures, second: Figures, text: str = TEXT) -> Pair:
    one, other = (passage(text, *figures) for figures in (first, second))
    return Pair(("a", "b"), (one,), (other,), tuple(compare([one], [other], LABELS)))


def test_a_worded_zero_agrees_wherever_its_cue_ends() -> None:
    shorter = replace(NONE, end=10, text="未")
    (row, total) = pair((NONE,), (shorter,)).rows
    assert (row.label, row.both, total.f1) == ("reconsideration.total", 1, 1.0)
    assert disagreements(pair((NONE,), (shorter,))) == []


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ((FIVE,), (replace(FIVE, statistic="count"),), "label"),
        ((FIVE,), (replace(FIVE, start=5, text="请5"),), "bounds"),
        ((NONE, SUIT), (NONE,), "label"),
        ((FIVE,), (), "first_only"),
        ((), (FIVE,), "second_only"),
        ((FIVE,), (replace(FIVE, scope="partial"),), "scope"),
    ],
)
def test_every_kind_of_disagreement(first: Figures, second: Figures, kind: str) -> None:
    date = GoldFigure(14, 15, "政", "date", "other")
    (found,) = disagreements(pair((*first, date), (*second, date)))
    assert found.kind == kind
    assert found.before + found.words + found.after == TEXT


def test_context_is_the_sentence_and_long_ones_are_cut() -> None:
    text = f"前一句。{'甲' * 200}5{'乙' * 200}。后一句。"
    place = text.index("5")
    (found,) = disagreements(pair((GoldFigure(place, place + 1, "5", "count"),), (), text))
    assert (found.before, found.words, found.after) == ("…" + "甲" * 90, "5", "乙" * 90 + "…")


def test_every_pair_of_annotators_on_what_both_finished() -> None:
    tasks = [task(passage(), (FIVE, NONE), (FIVE,), (FIVE,)), task(replace(passage(), id="r-001"), (FIVE,), (NONE,))]
    pairs = compare_people(read_export(tasks, where="test", labels=LABELS), LABELS)
    found = {(p.names[0][:2], p.names[1][:2]): (len(p.first), p.rows[-1].both) for p in pairs}
    assert found == {("p1", "p2"): (2, 1), ("p1", "p3"): (1, 1), ("p2", "p3"): (1, 1)}
    assert all(p.rows[-1].label == TOTAL for p in pairs)


def test_an_export_of_one_annotator_is_refused() -> None:
    with pytest.raises(ConfigError, match="finished by two annotators"):
        compare_people(read_export([task(passage(), (FIVE,))], where="test", labels=LABELS), LABELS)


def test_page_shows_disagreements_and_what_became_of_suggestions(tmp_path: Path) -> None:
    shown = Suggestions((FIVE, NONE), 0.6, "tagger-1", (0.97, 0.6))
    export = tmp_path / "export.json"
    export.write_text(json.dumps([task(passage(), (FIVE, NONE), (replace(FIVE, statistic="count"),), shown=shown)]))
    result = CliRunner().invoke(app, ["agreement", str(export), "--html", str(tmp_path / "page.html")])
    assert result.exit_code == 0
    assert "p1@example.org,乙 p2@example.org:1 passages" in result.stdout
    page = html.fromstring((tmp_path / "page.html").read_bytes())
    assert [m.text for m in page.iter("mark")] == ["5", "未发生"]
    assert page.xpath("//details/summary/span[@class='n']/text()") == ["1 处", "1 处"]
    rows = [[cell.text_content() for cell in row.iter("td")] for row in page.xpath("//section[@id='bias']//tbody/tr")]
    assert rows[0] == ["0.50 至 0.80", "1", "1", "0", "0", "100%"]
    assert rows[-1] == ["合计", "4", "2", "1", "1", "50%"]


def test_page_escapes_what_is_shown() -> None:
    evil = "<script>alert(1)</script>\u202e5件"
    place = evil.index("5")
    other = replace(pair((GoldFigure(place, place + 1, "5", "count"),), (), evil), names=("<b>a", "b"))
    text = agreement_page([other], Export(), load_ontology())
    assert "<script" not in text
    assert "<b>a" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text


def test_a_folder_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(to_json(passage(TEXT, FIVE)), "utf-8")
    for name in (tmp_path, tmp_path / "a.jsonl"):
        result = CliRunner().invoke(app, ["agreement", str(name)])
        assert isinstance(result.exception, ConfigError)
        assert "\n" not in str(result.exception)
