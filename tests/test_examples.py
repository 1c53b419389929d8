"""The shipped examples: every planted contradiction is found, and nothing else is called one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.panel import Panel
from inference.process import process
from inference.rows import Rows
from models.readers.inputs import iterate_inputs
from models.tagger.tagger import Tagger


@pytest.fixture(scope="module")
def rows(root: Path, tagger: Tagger) -> Rows:
    rows = process(list(iterate_inputs([str(root / "examples" / "reports")])), tagger)
    panel = Panel()
    panel.add(rows)
    panel.check(rows)
    return rows


def test_every_example_is_a_report_of_known_agency_year_and_form(rows: Rows) -> None:
    assert rows.failures == []
    assert len(rows.reports) == 12
    for report in rows.reports:
        year = int(Path(report["source"]).stem[-4:])
        assert report["agency"] and "投注" not in report["agency"]
        assert report["year"] == year
        assert report["form"] == ("2014" if year < 2019 else "2019" if year < 2021 else "2021")


def test_planted_contradictions_are_found_and_no_others(rows: Rows, root: Path) -> None:
    files = {r["report_id"]: Path(r["source"]).name for r in rows.reports}
    found = {
        (files[f["report_id"]], f["check"], f["stated"], round(f["computed"], 1))
        for f in rows.findings
        if f["verdict"] == "contradicts"
    }
    planted = json.loads((root / "examples" / "planted.json").read_text("utf-8"))
    assert {(p["file"], p["check"], p["stated"], p["computed"]) for p in planted} == found


def test_tables_of_the_examples_hold_but_for_what_is_planted(rows: Rows) -> None:
    wrong = [f for f in rows.findings if f["check"].startswith("table.") and f["verdict"] == "contradicts"]
    assert {f["check"] for f in wrong} == {"table.balance"}
    assert len(wrong) == 2


def test_two_years_of_one_agency_are_held_against_each_other(rows: Rows) -> None:
    (report,) = (r["report_id"] for r in rows.reports if r["source"].endswith("wanglan-zhujianju-2025.txt"))
    between = {
        (f["check"], f["expression"].split(" ")[0], f["verdict"])
        for f in rows.findings
        if f["report_id"] == report and "2024" in f["expression"] and f["expression"].endswith(("total", "repealed"))
    }
    assert between >= {
        ("panel.carry", "2024:applications.carried_forward.total", "contradicts"),
        ("panel.stock", "2024:disclosure.normative_documents.in_force", "agrees"),
    }
    (growth,) = (f for f in rows.findings if f["report_id"] == report and f["check"] == "narrative.growth")
    assert (growth["verdict"], growth["computed"]) == ("agrees", 6)


def test_every_place_points_at_what_it_says(rows: Rows) -> None:
    texts = {r["report_id"]: r["text"] for r in rows.reports}
    for figure in rows.figures:
        assert texts[figure["report_id"]][figure["start"] : figure["end"]] == figure["text"]
    for finding in rows.findings:
        for evidence in finding["evidence"]:
            assert 0 <= evidence["start"] <= evidence["end"] <= len(texts[finding["report_id"]])


def test_one_by_one_equals_all_at_once(rows: Rows, root: Path, tagger: Tagger) -> None:
    items = list(iterate_inputs([str(root / "examples" / "reports")]))
    alone = Rows()
    for item in items[:4]:
        alone.extend(process([item], tagger))
    ids = {r["report_id"] for r in alone.reports}
    key = lambda f: (f["report_id"], f["start"], f["statistic"])  # noqa: E731
    together = sorted((f for f in rows.figures if f["report_id"] in ids), key=key)
    for a, b in zip(sorted(alone.figures, key=key), together, strict=True):
        assert abs(a.pop("confidence") - (b := dict(b)).pop("confidence")) < 1e-3
        assert a == b
