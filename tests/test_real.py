"""The five real reports against their gold: what must not fall."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.forms import load_forms, table_rows
from models.numerals import fold
from models.tagger.tagger import Tagger
from training.score_reports import ReportScores, score_reports

pytestmark = pytest.mark.real

LAWS = re.compile(r"信息公开条例|国务院办公厅|政府信息公开工作年度报告|统计期限|行政复议、行政诉讼情况")
"""Names of laws and notices, and the preface that all reports share."""


@pytest.fixture(scope="module")
def scores(shared: Path, tagger: Tagger) -> ReportScores:
    return score_reports(shared / "reports", shared / "gold", tagger)


def test_cells_are_right_or_open_never_wrong(scores: ReportScores) -> None:
    cells = scores.as_dict()["cells"]
    assert cells["wrong"] == []
    assert cells["right"] / cells["determinable"] >= 0.99


def test_figures(scores: ReportScores) -> None:
    assert (scores.figures.everything.f1 or 0) >= 0.95
    assert (scores.figures.named.f1 or 0) >= 0.90
    assert (scores.zeros.f1 or 0) >= 0.9


def test_values_units_and_scopes_of_matched_figures(scores: ReportScores) -> None:
    assert scores.values_right / (scores.values_right + len(scores.values_wrong)) >= 0.98


def test_links_are_found_without_false_alarm(scores: ReportScores) -> None:
    links = scores.as_dict()["links"]
    assert links["agreed"] / links["agree_in_gold"] >= 0.95
    assert scores.false_alarms == []


def form_labels() -> list[str]:
    """Words of the official forms, which every report prints."""
    found = {title for form in load_forms().values() for section in form.sections for title in section.titles}
    for form in load_forms().values():
        for table in form.tables:
            found |= {*table.headers, *(c for b in table.blocks for c in b.captions)}
            found |= {label for row in table_rows(table) for group in (row.labels, *row.groups) for label in group}
            found |= {label for row in table_rows(table) for column in row.columns for label in column.labels}
    return sorted({compact(w) for w in found if len(w) >= 4}, key=len, reverse=True)


def compact(text: str) -> str:
    return re.sub(r"\s+", "", fold(text))


def test_nothing_of_the_real_reports_stands_in_the_repository(shared: Path, root: Path) -> None:
    real: set[str] = set()
    for path in (shared / "reports").glob("*.txt"):
        text = compact(path.read_text("utf-8"))
        for label in form_labels():
            text = text.replace(label, "\n")
        real |= {text[i : i + 24] for i in range(len(text) - 23)}
    real = {run for run in real if "\n" not in run and len(re.findall(r"[\u4e00-\u9fff]", run)) >= 20}
    for path in (*root.glob("training/corpus/*.jsonl"), *root.glob("examples/reports/*"), *root.glob("tests/*.py")):
        text = compact(path.read_bytes().decode("utf-8", errors="ignore"))
        for i in range(len(text) - 23):
            if text[i : i + 24] in real:
                assert LAWS.search(text[max(0, i - 30) : i + 54]), (path.name, text[i : i + 24])
