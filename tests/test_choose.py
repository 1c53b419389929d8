"""Which tasks are offered first, and which never."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from annotation._label_studio import to_task
from annotation.answers import Suggestions
from annotation.choose import WEIGHTS, choose, label_counts, value
from annotation.cli import app
from annotation.held_out import HeldOut, read_held_out
from annotation.signals import signals_of
from models.schema.document import Span
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, to_json
from models.tagger.tagger import Tagger
from tests.oracle import Oracle, read_marked

PLAIN = {"doubts": 0.0, "disputes": 0, "contradictions": 0, "report_contradictions": 0}
run = CliRunner().invoke


def task(name: str, text: str = "", agency: str = "", labels: tuple[str, ...] = (), **signals: Any) -> dict[str, Any]:
    words = text or f"关于{name}的一句话。"
    figures = tuple(GoldFigure(0, 1, words[0], label, zero=True) for label in labels)
    whole = AnnotatedPassage(name, agency or f"{name}局", 2021, "", "", name, words, ())
    return to_task(whole, {"report_id": name, **PLAIN, **signals}, Suggestions(figures, 0.5, "m"))


def names(tasks: list[dict[str, Any]]) -> list[str]:
    return [t["meta"]["id"] for t in tasks]


tasks_ = st.lists(
    st.builds(
        task,
        st.integers(0, 10**6).map(lambda n: f"r-{n}"),
        st.sampled_from(["", "甲收到5件。", "甲收到6件。乙没有。"]),
        st.sampled_from(["", "甲局", "乙局"]),
        doubts=st.floats(0, 9),
        disputes=st.integers(0, 9),
        contradictions=st.integers(0, 2),
    ),
    unique_by=lambda t: t["meta"]["id"],
    max_size=12,
)


@given(tasks=tasks_, budget=st.integers(1, 14), data=st.data())
@settings(deadline=None)
def test_the_choice_asks_not_for_the_order_of_the_tasks(tasks: Any, budget: int, data: st.DataObject) -> None:
    found = choose(tasks, budget, {})
    assert len(found) == min(budget, len(tasks))
    assert names(choose(data.draw(st.permutations(tasks)), budget, {})) == names(found)
    assert all(0 <= value(t, {}) <= 1 for t in tasks)


@given(tasks=tasks_, budget=st.integers(1, 12))
@settings(deadline=None)
def test_a_smaller_budget_takes_the_first_of_a_larger_one(tasks: Any, budget: int) -> None:
    assert names(choose(tasks, budget, {})) == names(choose(tasks, 12, {}))[:budget]


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"doubts": 2.0}, {"doubts": 0.2}),
        ({"disputes": 2}, {"disputes": 1}),
        ({"contradictions": 1, "report_contradictions": 1}, {"report_contradictions": 1}),
        ({"report_contradictions": 1}, {}),
        ({"labels": ("litigation.total",)}, {"labels": ("date",)}),
    ],
)
def test_every_signal_raises_the_value(more: dict[str, Any], less: dict[str, Any]) -> None:
    counts = {"date": 500, "litigation.total": 3}
    assert names(choose([task("a", **less), task("b", **more)], 1, counts)) == ["b"]


def test_weights_are_shares() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_the_same_words_and_the_same_agency_are_worth_less() -> None:
    same = [task(f"a{i}", f"收到申请{i}5件，已答复。", doubts=1.0) for i in range(3)]
    other = task("b", "没有发生行政诉讼。", doubts=0.6)
    assert names(choose([*same, other], 2, {})) == ["a0", "b"]
    agency = [task(f"c{i}", agency="甲市水务局", doubts=1.0 - i / 100) for i in range(3)]
    assert names(choose([*agency, task("d", doubts=0.7)], 2, {})) == ["c0", "d"]


def test_many_tasks_keep_the_best() -> None:
    made = (task(f"r-{n:05}", doubts=(n * 7919 % 1000) / 250) for n in range(1000))
    assert {t["meta"]["doubts"] for t in choose(made, 3, {})} == {999 / 250, 998 / 250, 997 / 250}


def test_signals_say_where_the_contradictions_are() -> None:
    text = "收到信息公开申请⟦12|applications.received⟧件，其中⟦5|applications.natural_person⟧件、⟦9|applications.legal_person⟧件。\n"
    extraction, findings = read_marked(text + "主动公开⟦86|messages.total⟧条。")
    assert "contradicts" in {f.verdict for f in findings}
    found = signals_of(extraction)
    first = found.of_window(Span(0, 21), Span(0, 21))
    second = found.of_window(Span(21, 60), Span(21, 60))
    assert (first["contradictions"], second["contradictions"], second["report_contradictions"]) == (1, 0, 1)
    assert first["doubts"] == pytest.approx(0.03)


@pytest.mark.parametrize(("label", "disputes"), [("applications.received", 0), ("messages.total", 1), ("count", 0)])
def test_signals_say_where_the_tagger_and_the_rules_differ(label: str, disputes: int) -> None:
    extraction, _ = read_marked(f"全年收到政府信息公开申请⟦5|{label}⟧件。")
    assert signals_of(extraction).of_window(Span(0, 20), Span(0, 20))["disputes"] == disputes


# ---- agencies that are held out


@pytest.mark.parametrize(
    ("agency", "held"),
    [
        ("清平市水务局", True),
        ("江西省清平市水务局", True),
        ("清平市 水務局", True),
        ("岚江区政府办", True),
        ("岚江区人民政府办公室(以下简称区政府办)", True),
        ("", True),
        ("清平市林业局", False),
        ("岚江区人民政府", False),
    ],
)
def test_held_out_agencies_by_any_form_of_their_name(agency: str, held: bool, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("清平市水务局\n\n岚江区人民政府办公室\n", "utf-8")
    assert read_held_out(tmp_path / "names.txt", []).holds(agency) is held


def passage(agency: str, family: str) -> AnnotatedPassage:
    return AnnotatedPassage(family, agency, 2021, "bureau", "江西", family, "5件", (GoldFigure(0, 1, "5", "count"),))


def test_held_out_families_of_a_run_are_looked_up_in_the_corpus(tmp_path: Path) -> None:
    run_json = tmp_path / "run.json"
    run_json.write_text(json.dumps({"families": {"train": ["a"], "development": ["b"], "test": ["c"]}}))
    corpus = [passage("甲市水务局", "a"), passage("乙市水务局", "b"), passage("丙市水务局", "c")]
    assert read_held_out(run_json, corpus) == HeldOut(frozenset({"乙市水务局", "丙市水务局"}))
    with pytest.raises(ConfigError, match="1 held-out families are not in --corpus, such as c"):
        read_held_out(run_json, corpus[:2])
    (tmp_path / "gold.jsonl").write_text(to_json(corpus[0]), "utf-8")
    assert read_held_out(tmp_path / "gold.jsonl", []).holds("甲市水务局")


@pytest.mark.parametrize(
    ("name", "content"), [("run.json", "{}"), ("run.json", "[]"), ("run.json", "x"), ("a.txt", "\n")]
)
def test_a_file_that_names_nobody_is_refused(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ConfigError, match="--held-out"):
        read_held_out(tmp_path / name, [])


def test_push_offers_the_best_and_never_what_is_held_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "一、总体情况\n收到政府信息公开申请⟦5|applications.received⟧件。\n五、存在的主要问题\n制度还不健全，下一年继续改进，努力提高信息公开工作的质量和水平，让群众更满意，并加强培训。\n"
    oracle = Oracle(f"清平市水务局⟦2021年|date⟧政府信息公开工作年度报告\n{body}")
    monkeypatch.setattr(Tagger, "load", lambda *_: oracle)
    (tmp_path / "a.txt").write_text(oracle.text, "utf-8")
    dated = replace(passage("甲市水务局", "a"), figures=(GoldFigure(0, 1, "5", "date"),))
    (tmp_path / "corpus.jsonl").write_text(to_json(dated), "utf-8")
    (tmp_path / "held.txt").write_text("清平市水务局\n", "utf-8")
    out = tmp_path / "tasks.json"
    command = ["push", str(tmp_path / "a.txt"), "--to-file", str(out), "--corpus", str(tmp_path / "corpus.jsonl")]
    assert run(app, [*command, "--budget", "1"]).exit_code == 0
    (sent,) = json.loads(out.read_text("utf-8"))
    assert "申请5件" in sent["data"]["text"]
    result = run(app, [*command, "--held-out", str(tmp_path / "held.txt")])
    assert result.exit_code == 1
    assert "3 tasks of agencies that are held out, or unknown, are not offered" in result.stderr


def test_label_counts() -> None:
    assert label_counts([passage("甲", "a"), passage("乙", "b")]) == Counter({"count": 2})
