"""Findings as tasks to judge, and what people answered: through files, as the commands do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from annotation._exports import named
from annotation.cli import app
from annotation.review import ANSWER, ANSWERS, NOTE, PLACES, SENTENCE, read_reviews, review_config, review_instructions
from annotation.run_findings import AROUND, CLOSE, OPEN, marked, window_around
from inference.process import process
from inference.rows import Rows
from inference.sinks.parquet import read_tables, write_tables
from models.readers.inputs import iterate_inputs
from models.schema.document import Span
from models.schema.errors import ConfigError
from models.tagger.tagger import Tagger

REPORTS = ("lanjiang-shizhengfu-2023.txt", "tangxi-ziranziyuanju-2019.txt")
LINE = ("report_id", "check", "statistic", "expression", "start", "end", "stated", "computed")
run = CliRunner().invoke
Tasks = list[dict[str, Any]]


@pytest.fixture(scope="module")
def finished(tagger: Tagger, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over two reports: a figure against a cell, parts, a share, and two sums of a table."""
    folder = tmp_path_factory.mktemp("run")
    items = iterate_inputs([str(root / "examples" / "reports" / name) for name in REPORTS])
    write_tables(process(list(items), tagger), folder)
    return folder


@pytest.fixture
def tables(finished: Path) -> Rows:
    return read_tables(finished)


@pytest.fixture
def tasks(finished: Path, tmp_path: Path) -> Tasks:
    return pushed(finished, tmp_path)


def pushed(folder: Path, out: Path) -> Tasks:
    result = run(app, ["push", "--review", str(folder), "--to-file", str(out / "tasks.json")])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return list(json.loads((out / "tasks.json").read_text("utf-8")))


def contradicting(rows: Rows) -> list[dict[str, Any]]:
    return [row for row in rows.findings if row["verdict"] == "contradicts"]


def chosen(answer: str, note: str = "") -> list[dict[str, Any]]:
    """Results as the editor stores them."""
    results = [{"from_name": ANSWER, "to_name": SENTENCE, "type": "choices", "value": {"choices": [answer]}}]
    if note:
        results.append({"from_name": NOTE, "to_name": SENTENCE, "type": "textarea", "value": {"text": [note]}})
    return results


def annotation(result: list[dict[str, Any]], who: Any = 7, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": number, "completed_by": who, "was_cancelled": False, "result": result, **changes}


def exported(tasks: Tasks, *annotations: dict[str, Any]) -> Tasks:
    return [{"id": n, **task, "annotations": list(annotations), "drafts": []} for n, task in enumerate(tasks, 1)]


# ---- tasks


def test_every_contradiction_is_one_task_with_its_numbers(tasks: Tasks, tables: Rows) -> None:
    found = contradicting(tables)
    assert {row["check"] for row in found} == {
        "narrative.cell", "narrative.parts", "narrative.percentage", "table.balance",
    }  # fmt: skip
    assert [{name: task["meta"][name] for name in LINE} for task in tasks] == [
        {name: row[name] for name in LINE} for row in found
    ]
    assert [task["data"]["message"] for task in tasks] == [row["message"] for row in found]
    assert len({task["meta"]["id"] for task in tasks}) == len(tasks)


def test_the_figure_stands_marked_in_its_sentence(tasks: Tasks, tables: Rows) -> None:
    texts = {row["report_id"]: row["text"] for row in tables.reports}
    for task in tasks:
        meta, sentence = task["meta"], task["data"][SENTENCE]
        if meta["start"] is None:
            assert OPEN not in sentence
            continue
        text = texts[meta["report_id"]]
        assert sentence.count(OPEN) == 1
        assert OPEN + text[meta["start"] : meta["end"]] + CLOSE in sentence
        plain = sentence.replace(OPEN, "").replace(CLOSE, "")
        assert plain in text
        assert plain[-1] in "。;；"


def test_evidence_stands_in_the_row_of_its_cell(tasks: Tasks) -> None:
    (cell,) = [task for task in tasks if task["meta"]["check"] == "narrative.cell"]
    (place,) = cell["data"][PLACES]
    assert place["label"] == "本年新收政府信息公开申请数量 · 总计:412"
    rows = place["text"].splitlines()
    assert "一、本年新收政府信息公开申请数量 | 331 | 48 | 3 | 2 | 19 | 9 | ⟦412⟧" in rows
    assert rows[rows.index("一、本年新收政府信息公开申请数量 | 331 | 48 | 3 | 2 | 19 | 9 | ⟦412⟧") + 1].startswith(
        "二、"
    )


def test_evidence_that_stands_together_is_shown_once(tasks: Tasks) -> None:
    (parts,) = [task for task in tasks if task["meta"]["check"] == "narrative.parts"]
    (place,) = parts["data"][PLACES]
    assert place["label"] == "分项:268;分项:103;分项:35;分项:2"
    assert "网络平台提交⟦268⟧件,信函⟦103⟧件,当面提交⟦35⟧件,传真⟦2⟧件" in place["text"]


def test_a_second_run_gives_the_same_ids(finished: Path, tasks: Tasks, tables: Rows, tmp_path: Path) -> None:
    doubled = Rows()
    doubled.extend(tables)
    doubled.extend(tables)
    write_tables(doubled, tmp_path / "again")
    assert [t["meta"]["id"] for t in pushed(tmp_path / "again", tmp_path)] == [t["meta"]["id"] for t in tasks]


def test_a_run_without_contradictions_is_status_1(tables: Rows, tmp_path: Path) -> None:
    tables.findings = [row for row in tables.findings if row["verdict"] != "contradicts"]
    write_tables(tables, tmp_path)
    result = run(app, ["push", "--review", str(tmp_path), "--to-file", str(tmp_path / "tasks.json")])
    assert result.exit_code == 1
    assert "0 contradictions" in result.stderr


@pytest.mark.parametrize("damage", ["missing", "garbage", "columns", "no text"])
def test_a_folder_that_is_no_finished_run(damage: str, tables: Rows, tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    if damage == "missing":
        (tmp_path / "findings.parquet").unlink()
    elif damage == "garbage":
        (tmp_path / "reports.parquet").write_bytes(b"PAR1 and no more")
    elif damage == "columns":
        pq.write_table(pa.table({"verdict": ["contradicts"]}), tmp_path / "findings.parquet")
    else:
        table = pq.read_table(tmp_path / "reports.parquet")
        pq.write_table(table.drop_columns("text"), tmp_path / "reports.parquet")
    result = run(app, ["push", "--review", str(tmp_path), "--to-file", str(tmp_path / "tasks.json")])
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith(str(tmp_path))
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "tasks.json").exists()


@pytest.mark.parametrize("arguments", [[], ["report.txt", "--review", "."]])
def test_push_takes_either_inputs_or_a_run(arguments: list[str]) -> None:
    result = run(app, ["push", *arguments])
    assert result.exit_code == 2
    assert "--review RUN_DIR" in result.stderr


@st.composite
def places(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(st.text("数5 \t\n。", min_size=1, max_size=400))
    ends = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(ends, ends), min_size=1, max_size=4))
    return text, [Span(min(pair), max(pair)) for pair in pairs]


@given(places())
def test_marks_add_nothing_else_and_stand_around_places(drawn: tuple[str, list[Span]]) -> None:
    text, spans = drawn
    words = marked(text, Span(0, len(text)), spans)
    assert words.replace(OPEN, "").replace(CLOSE, "") == text
    inside = [piece.partition(CLOSE)[0] for piece in words.split(OPEN)[1:]]
    assert set(inside) <= {text[start:end] for start, end in spans}
    assert bool(inside) == any(start < end for start, end in spans)


@given(places())
def test_context_holds_its_place_and_is_bounded(drawn: tuple[str, list[Span]]) -> None:
    text, (place, *_) = drawn
    window = window_around(text, place)
    assert 0 <= place.start - window.start <= AROUND
    assert 0 <= window.end - place.end <= AROUND
    assert window.end <= len(text)


# ---- configuration


def test_configuration_is_one_that_label_studio_reads() -> None:
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(review_config())
    assert list(interface.get_control(ANSWER).labels) == list(ANSWERS)
    assert ET.fromstring(review_config()).find(f".//Choices[@name='{ANSWER}']").attrib["required"] == "true"  # type: ignore[union-attr]  # noqa: S314
    assert run(app, ["config", "--review"]).stdout.strip() == review_config()
    assert all(words in review_instructions() for words, _ in ANSWERS.values())


# ---- answers


def test_answers_come_back_one_line_each(tasks: Tasks, tables: Rows, tmp_path: Path) -> None:
    first = annotation(
        chosen("report_wrong"), {"id": 7, "email": "a@example.org"}, 1, updated_at="2026-01-01T00:00:00Z"
    )
    second = annotation(chosen("table_misread", "看错一行\n“甲”"), 8, 2)
    skipped = annotation([], 9, 3, was_cancelled=True)
    old = annotation(chosen("not_comparable"), 8, 1)
    done = [
        *exported(tasks[:-1], first, second, skipped, old),
        {**tasks[-1], "id": 99, "annotations": [], "drafts": [{}]},
    ]
    (tmp_path / "export.json").write_text(json.dumps(done), "utf-8")
    out = tmp_path / "reviews.jsonl"
    command = ["pull", "--review", "--from-file", str(tmp_path / "export.json"), "--out", str(out)]
    result = run(app, command)
    assert result.exit_code == 0, result.output + repr(result.exception)
    number = len(tasks) - 1
    counted = f"{number} cancelled, {number} superseded, 1 drafts, 1 tasks without an annotation"
    assert result.stderr.splitlines()[-1].startswith(f"{2 * number} answers; skipped: ")
    assert sorted(counted.split(", ")) == sorted(result.stderr.strip().rpartition("skipped: ")[2].split(", "))
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    given_first = {
        "answer": "report_wrong",
        "note": "",
        "annotator": "a@example.org",
        "updated": "2026-01-01T00:00:00Z",
    }
    given_second = {"answer": "table_misread", "note": "看错一行\n“甲”", "annotator": "8", "updated": ""}
    expected = [
        {**{name: row[name] for name in LINE}, **given}
        for row in contradicting(tables)[:-1]
        for given in (given_first, given_second)
    ]
    assert lines == expected
    assert list(lines[0]) == [*LINE, "answer", "note", "annotator", "updated"]

    assert run(app, [*command, "--annotator", "8"]).exit_code == 0
    assert len(out.read_text("utf-8").splitlines()) == number


WRONG = chosen("report_wrong")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ([], "0 answers of 7 instead of one"),
        ([*WRONG, *WRONG], "2 answers of 7 instead of one"),
        (chosen("nonsense"), "the unknown answer 'nonsense'"),
        ([{**WRONG[0], "from_name": "scope"}], "a result of an unknown kind: choices of scope"),
        ([{"type": "choices", "from_name": ANSWER}], "value: Field required"),
        ([3], "valid dictionary"),
    ],
)
def test_answers_that_are_refused(result: list[Any], reason: str, tasks: Tasks) -> None:
    (task, *_) = exported(tasks[:1], annotation(result))
    with pytest.raises(ConfigError) as error:
        read_reviews(named([task]), where="export.json")
    assert str(error.value).startswith(f"export.json: task 1 ({task['meta']['id']}): ")
    assert reason in str(error.value)


@pytest.mark.parametrize("meta", [None, {}, {"id": "r-000", "agency": "清平市水务局"}])
def test_tasks_of_another_project_are_refused(meta: Any) -> None:
    with pytest.raises(ConfigError, match=r"^x: task 5.*: meta"):
        read_reviews(named([{"id": 5, "meta": meta, "annotations": []}]), where="x")


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(list(ANSWERS)), st.text(max_size=9)), max_size=6))
def test_of_every_annotator_the_newest_answer_counts(given_answers: list[tuple[int, str, str]]) -> None:
    meta = {**dict.fromkeys(LINE), "id": "a", "report_id": "r", "check": "c", "expression": "e"}
    annotations = [annotation(chosen(a, note), who, n) for n, (who, a, note) in enumerate(given_answers)]
    reviews = read_reviews(named([{"id": 1, "meta": meta, "annotations": annotations[::-1]}]), where="x")
    newest = {str(who): (answer, note) for who, answer, note in given_answers}
    assert {line["annotator"]: (line["answer"], line["note"]) for line in reviews.lines} == newest
    assert reviews.skipped["superseded"] == len(given_answers) - len(newest)
