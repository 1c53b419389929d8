"""The five real reports against their gold: what must not fall."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.tagger.tagger import Tagger
from training.score_reports import ReportScores, score_reports

pytestmark = pytest.mark.real

FORM_WORDS = re.compile(
    r"第一项加第二项|主动公开政府信息情况|区分处理|行政机关不再处理|信息公开条例|不再处理其政府信息|国务院办公厅|政府信息公开工作年度报告|行政复议|另行制作|逾期不补正|确认或重新出具"
)


@pytest.fixture(scope="module")
def scores(shared: Path, tagger: Tagger) -> ReportScores:
    return score_reports(shared / "reports", shared / "gold", tagger)


def test_cells_are_right_or_open_never_wrong(scores: ReportScores) -> None:
    cells = scores.as_dict()["cells"]
    assert cells["wrong"] == []
    assert cells["right"] / cells["determinable"] >= 0.99


def test_figures(scores: ReportScores) -> None:
    assert (scores.figures.everything.f1 or 0) >= 0.95
    assert (scores.figures.named.f1 or 0) >= 0.88
    assert (scores.zeros.f1 or 0) >= 0.9


def test_values_units_and_scopes_of_matched_figures(scores: ReportScores) -> None:
    assert scores.values_right / (scores.values_right + len(scores.values_wrong)) >= 0.98


def test_links_are_found_without_false_alarm(scores: ReportScores) -> None:
    links = scores.as_dict()["links"]
    assert links["agreed"] / links["agree_in_gold"] >= 0.8
    assert scores.false_alarms == []


def test_nothing_of_the_real_reports_stands_in_the_repository(shared: Path, root: Path) -> None:
    real: set[str] = set()
    for path in (shared / "reports").glob("*.txt"):
        text = re.sub(r"\s+", "", path.read_text("utf-8"))
        real |= {text[i : i + 24] for i in range(len(text) - 23)}
    real = {run for run in real if len(re.findall(r"[\u4e00-\u9fff]", run)) >= 20}
    for path in (*root.glob("training/corpus/*.jsonl"), *root.glob("examples/reports/*"), *root.glob("tests/*.py")):
        text = re.sub(r"\s+", "", path.read_bytes().decode("utf-8", errors="ignore"))
        for i in range(len(text) - 23):
            if text[i : i + 24] in real:
                assert FORM_WORDS.search(text[max(0, i - 30) : i + 54]), (path.name, text[i : i + 24])
