"""The annotation stage: configuration, wire format both ways, tasks, agreement and commands."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from annotation._label_studio import from_utf16, read_export, to_task, to_utf16
from annotation._server import Server
from annotation.adjudicate import adjudicate
from annotation.agreement import TOTAL, compare, compare_files
from annotation.answers import Suggestions
from annotation.cli import app
from annotation.label_config import (
    MARK_NAMES,
    MARKS,
    SCOPE,
    SCOPE_NAMES,
    STATISTIC,
    instructions,
    label_config,
    label_names,
)
from annotation.tasks import LIMIT, model_version, windows
from models.narrative.text import narrative_of
from models.ontology import load_ontology
from models.reading import read_document
from models.schema.document import Source
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated, to_json
from models.tagger.tagger import Tagger
from tests.oracle import Oracle

LABELS = load_ontology().labels
TEXT = "全年收到申请5件,未发生行政复议、行政诉讼。"
REPORT = (
    "清平市水务局⟦2021年|date⟧政府信息公开工作年度报告\n一、总体情况\n⟦2021年|date⟧,本局主动公开政府信息⟦86|disclosure.total⟧条。\n"
    "收到政府信息公开申请⟦5|applications.received⟧件。\n二、主动公开政府信息情况\n见表。\n"
    "五、存在的主要问题及改进情况\n全年⟦未发生|0 reconsideration.total⟧行政复议。\n"
)
run = CliRunner().invoke


def passage(text: str = TEXT, *figures: GoldFigure) -> AnnotatedPassage:
    return AnnotatedPassage("r-000", "清平市水务局", 2021, "bureau", "江西", "a1", text, figures)


def export(whole: AnnotatedPassage, *, utf16: bool = False, **changes: Any) -> dict[str, Any]:
    """What a server gives back where the annotator accepted every suggestion."""
    task = json.loads(json.dumps(to_task(whole, None, Suggestions(whole.figures, 0.5, "test"), utf16=utf16)))
    (prediction,) = task.pop("predictions")
    annotation = {"id": 3, "completed_by": 7, "was_cancelled": False, "result": prediction["result"], **changes}
    return {"id": 12, **task, "annotations": [annotation], "drafts": []}


def back(*tasks: Any, **options: Any) -> list[AnnotatedPassage]:
    return adjudicate(read_export(list(tasks), where="test", labels=LABELS, **options)).passages


def region(start: int, end: int, *labels: str, text: str | None = None, number: str = "a") -> dict[str, Any]:
    value = {"start": start, "end": end, "text": TEXT[start:end] if text is None else text, "labels": list(labels)}
    return {"id": number, "from_name": STATISTIC, "to_name": "text", "type": "labels", "value": value}


@st.composite
def annotated(draw: st.DrawFn) -> AnnotatedPassage:
    """Any passage whose figures do not overlap; zeros may share a place."""
    letters = st.text("收到5１千𠮷😀\u0301 \n,&<\"'>", min_size=1, max_size=5)
    text, figures = "", []
    for words in draw(st.lists(letters, max_size=8)):
        place = (len(text), len(text) + len(words), words)
        text += words
        no_digits = not any(character.isdecimal() for character in words)
        several = no_digits and draw(st.booleans())
        chosen = draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=3 if several else 1))
        for label in sorted(chosen, key=LABELS.index):
            doubtful, damaged = draw(st.booleans()), draw(st.booleans())
            scope = draw(st.sampled_from(list(SCOPE_NAMES)))
            zero = several or (no_digits and draw(st.booleans()))
            figures.append(GoldFigure(*place, label, scope, zero=zero, doubtful=doubtful, damaged=damaged))
        text += draw(st.sampled_from(["", "件", "𠮷"]))
    return replace(passage(text), figures=tuple(figures))


# ---- configuration


def test_configuration_holds_every_label_once() -> None:
    root = ET.fromstring(label_config(load_ontology()))  # noqa: S314 - our own
    labels = [label.attrib["alias"] for label in root.iter("Label")]
    assert sorted(labels) == sorted(LABELS)
    names = [label.attrib["value"] for label in root.iter("Label")]
    assert names == [label_names(load_ontology())[label] for label in labels]
    assert max(Counter(names).values()) == 1


def test_configuration_groups_labels_by_colour() -> None:
    root = ET.fromstring(label_config(load_ontology()))  # noqa: S314
    groups = root.findall(".//Labels/View")
    assert [len({label.attrib["background"] for label in group.iter("Label")}) for group in groups] == [1] * len(groups)
    assert len({label.attrib["background"] for label in root.iter("Label")}) == len(groups)


def test_hotkeys_are_given_once() -> None:
    root = ET.fromstring(label_config(load_ontology()))  # noqa: S314
    keys = [label.attrib["hotkey"] for label in root.iter("Label") if "hotkey" in label.attrib]
    assert max(Counter(keys).values()) == 1
    assert len(keys) > 20


def test_instructions_define_every_statistic_and_escape() -> None:
    ontology = load_ontology()
    odd = ontology.statistics[0].model_copy(update={"definition": "<script>"})
    text = instructions(replace(ontology, statistics=(odd, *ontology.statistics[1:])))
    assert all(statistic.name in text for statistic in ontology.statistics)
    assert "<script>" not in text


def test_instructions_name_labels_and_choices_as_the_screen_does() -> None:
    """What stands in quotation marks behind 标 is a label, behind 口径 a scope, behind 勾 a mark."""
    guideline = instructions(load_ontology()).partition("<h3>统计项的定义</h3>")[0]
    named = {kind: set(re.findall(rf"{kind}(?:一律|是)?“([^”\d]+)”", guideline)) for kind in ("标", "口径", "勾")}
    assert named["标"] <= set(label_names(load_ontology()).values())
    assert named["口径"] <= set(SCOPE_NAMES.values())
    assert all(any(name in mark for mark in MARK_NAMES.values()) for name in named["勾"])
    assert all(named.values())


def test_configuration_escapes_and_reaches_the_server_as_it_is() -> None:
    ontology = load_ontology()
    odd = ontology.statistics[0].model_copy(update={"name": "<\"&'>", "definition": "a < b & c"})
    root = ET.fromstring(label_config(replace(ontology, statistics=(odd, *ontology.statistics[1:]))))  # noqa: S314
    assert "<\"&'>" in [label.attrib["value"] for label in root.iter("Label")]


def test_configuration_is_one_that_label_studio_reads() -> None:
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(label_config(load_ontology()))
    assert set(interface.get_control(STATISTIC).labels) == set(LABELS)
    assert list(interface.get_control(SCOPE).labels) == list(SCOPE_NAMES)
    assert list(interface.get_control(MARKS).labels) == list(MARK_NAMES)
    figures = (GoldFigure(6, 7, "5", "applications.received", doubtful=True),)
    task = to_task(passage(), None, Suggestions(figures, 0.5, "test"))
    assert interface.validate_prediction(task["predictions"][0], return_errors=True) == []


def test_marks_are_attributes_of_figures() -> None:
    assert set(MARK_NAMES) <= {f.name for f in fields(GoldFigure)}


# ---- wire format


@given(whole=annotated(), utf16=st.booleans())
@settings(max_examples=300, deadline=None)
def test_round_trip_loses_nothing(whole: AnnotatedPassage, utf16: bool) -> None:
    assert back(export(whole, utf16=utf16), utf16=utf16) == [whole]


@given(st.text("5𠮷😀件"))
def test_utf16_offsets_are_those_of_javascript(text: str) -> None:
    for position in range(len(text) + 1):
        units = len(text[:position].encode("utf-16-le")) // 2
        assert to_utf16(text, position) == units
        assert from_utf16(text, units) == position


@pytest.mark.parametrize("units", [1, 4, 9, -1])
def test_utf16_offsets_inside_a_character_or_outside_the_text_are_refused(units: int) -> None:
    with pytest.raises(ValueError, match="UTF-16"):
        from_utf16("𠮷5𠮷件", units)


def test_offsets_counted_the_other_way_are_refused_with_the_remedy() -> None:
    whole = passage("😀收到5件", GoldFigure(3, 4, "5", "applications.received"))
    with pytest.raises(ConfigError, match=r"task 12 .*UTF-16 units: pull with --utf16"):
        back(export(whole, utf16=True))
    with pytest.raises(ConfigError, match=r"characters: pull without --utf16"):
        back(export(whole), utf16=True)


def test_line_breaks_come_back_as_the_editor_writes_them() -> None:
    task = export(passage("2021\n年", GoldFigure(0, 6, "2021\n年", "date", "other")))
    for result in task["annotations"][0]["result"]:
        result["value"]["text"] = "2021\\n年"
    assert back(task)[0].figures[0].text == "2021\n年"


@pytest.mark.parametrize(("label", "scope"), [("date", "other"), ("applications.received", "year")])
def test_scope_that_was_not_chosen(label: str, scope: str) -> None:
    assert back(export(passage(), result=[region(6, 7, label)]))[0].figures == (GoldFigure(6, 7, "5", label, scope),)


MARK = {"id": "a", "from_name": MARKS, "type": "choices", "value": {"start": 6, "end": 7, "text": "5"}}
CHOICE = {"id": "a", "from_name": SCOPE, "type": "choices", "value": {"start": 6, "end": 7, "text": "5"}}


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ([region(6, 6, "count")], "empty region at 6-6"),
        ([region(7, 6, "count", text="5")], "empty region"),
        ([region(6, 7)], "'5' at 6-7 has no label"),
        ([region(6, 7, "count", text="6")], "'6' does not stand at 6-7"),
        ([region(6, 99, "count", text="5")], "does not stand at 6-99"),
        ([region(6, 7, "nonsense")], "unknown label or choice 'nonsense'"),
        ([region(6, 7, "count"), region(5, 7, "count", number="b")], "overlaps"),
        ([region(6, 8, "count"), region(6, 7, "count", number="b")], "overlaps"),
        ([region(6, 7, "count"), region(6, 7, "count", number="b")], "labelled count twice"),
        ([region(6, 7, "count", "date")], "several labels, but is no worded zero"),
        (
            [region(6, 7, "count"), {**MARK, "value": {**MARK["value"], "choices": ["zero"]}}],
            "'5' at 6-7 has digits, but is",
        ),
        ([region(6, 7, "count"), {**CHOICE, "value": {**CHOICE["value"], "choices": ["sometimes"]}}], "'sometimes'"),
        ([region(6, 7, "count"), {**CHOICE, "value": {**CHOICE["value"], "end": 8}}], "region a has two places"),
        ([{"id": "x", "type": "relation", "from_id": "a", "to_id": "b"}], "unknown kind: relation"),
        ([{"id": "x"}], "type: Field required"),
    ],
)
def test_regions_that_are_refused(result: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(ConfigError, match=r"task 12 \(r-000\)") as error:
        back(export(passage(), result=result))
    assert reason in str(error.value)


def test_every_refused_task_is_named() -> None:
    bad = export(passage(), result=[region(6, 7)])
    with pytest.raises(ConfigError, match=r"task 12 .*; task 13 "):
        back(bad, export(passage()), {**bad, "id": 13})


@pytest.mark.parametrize("task", [{"id": 5, "data": {"text": "5"}}, {"id": 5, "data": {}, "meta": None}, 3])
def test_foreign_tasks_are_refused(task: Any) -> None:
    with pytest.raises(ConfigError, match=r"test: task [5?]"):
        back(task)


def test_cancelled_and_drafts_are_counted_and_skipped() -> None:
    figure = GoldFigure(6, 7, "5", "applications.received")
    cancelled = export(replace(passage(), id="r-002"), was_cancelled=True, result=[{"id": "broken"}])
    draft = {**export(replace(passage(), id="r-001")), "annotations": [], "drafts": [{"result": []}]}
    old = export(passage(TEXT, figure), updated_at="2024-01-01T00:00:00Z")
    new = export(passage(), updated_at="2024-02-01T00:00:00Z", completed_by={"id": 8, "email": "b@example.org"})
    both = {**old, "annotations": [*new["annotations"], *old["annotations"]]}
    pulled = adjudicate(read_export([cancelled, draft, both], where="test", labels=LABELS))
    assert pulled.passages == [passage()]
    skipped = {"cancelled": 1, "drafts": 1, "superseded": 1, "tasks without an annotation": 2}
    assert +pulled.skipped == Counter(skipped)
    assert back(both, annotator="7") == [passage(TEXT, figure)]
    assert back(both, annotator="b@example.org") == [passage()]


# ---- tasks


def test_windows_are_whole_paragraphs_of_one_section() -> None:
    line, long = "水务信息公开工作正常开展。" * 30, "水" * 700 + "。" + "务" * 700 + "。"
    text = f"清平市水务局2021年政府信息公开工作年度报告\n一、总体情况\n{line}\n{line}\n{line}\n{line}\n{long}\n二、主动公开政府信息情况\n{line}\n"
    document, _ = read_document(Source(text=text, encoding="utf-8"))
    narrative = narrative_of(document)
    found = list(windows(document, narrative))
    assert [w.section for w in found] == ["intro", "1", "1", "1", "2"]
    assert all(w.span.end - w.span.start <= LIMIT for w in found)
    joined = "".join(narrative.text[w.span.start : w.span.end] for w in found)
    assert joined.replace("\n", "") == narrative.text.replace("\n", "")
    assert all(narrative.text[w.span.end : w.span.end + 1] in ("\n", "", "务") for w in found)


# ---- commands


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Oracle:
    """A tagger that knows `REPORT`, in the place of every checkpoint."""
    answers = Oracle(REPORT)
    monkeypatch.setattr(Tagger, "load", lambda *_: answers)
    return answers


def test_push_and_pull_through_files(oracle: Oracle, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(oracle.text, "utf-8")
    (tmp_path / "again.txt").write_text(oracle.text, "utf-8")
    (tmp_path / "note.xyz").write_text("no report", "utf-8")
    tasks, gold = tmp_path / "out" / "tasks.json", tmp_path / "gold.jsonl"
    checkpoint = tmp_path / "some-tagger"
    checkpoint.mkdir()
    pushed = run(app, ["push", str(tmp_path), "--to-file", str(tasks), "--model", str(checkpoint)])
    assert pushed.exit_code == 0
    assert "3 tasks of 1 reports, 1 inputs failed; 3 new" in pushed.stderr
    sent = json.loads(tasks.read_text("utf-8"))
    assert [t["meta"]["section"] for t in sent] == ["intro", "1", "5"]
    for task in sent:
        assert oracle.text[task["meta"]["start"] : task["meta"]["end"]] == task["data"]["text"]
    versions = {(p["model_version"], p["score"]) for t in sent for p in t.get("predictions", [])}
    version = model_version(checkpoint)
    assert version.startswith("some-tagger-")
    assert versions == {(version, 0.99), (version, 0.95)}
    (checkpoint / "model.safetensors").write_bytes(b"trained again")
    assert model_version(checkpoint) != version

    done = [{"id": i, **t, "annotations": t.pop("predictions", []), "drafts": []} for i, t in enumerate(sent)]
    (tmp_path / "export.json").write_text(json.dumps(done), "utf-8")
    pulled = run(app, ["pull", "--from-file", str(tmp_path / "export.json"), "--out", str(gold)])
    assert pulled.exit_code == 0
    assert "3 passages; skipped: nothing" in pulled.stderr
    figures = [(f.text, f.statistic, f.zero) for p in read_annotated([gold]) for f in p.figures]
    assert ("86", "disclosure.total", False) in figures
    assert ("未发生", "reconsideration.total", True) in figures
    assert {p.agency for p in read_annotated([gold])} == {"清平市水务局"}


def test_push_without_a_report_is_status_1(oracle: Oracle, tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("x", "utf-8")
    assert run(app, ["push", str(tmp_path / "a.xyz"), "--to-file", str(tmp_path / "tasks.json")]).exit_code == 1


@pytest.mark.parametrize("content", ["{}", "no json", "\ud800"])
def test_pull_of_a_file_that_is_no_export(content: str, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    result = run(app, ["pull", "--from-file", str(tmp_path / "export.json"), "--out", str(tmp_path / "gold.jsonl")])
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "gold.jsonl").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "LABEL_STUDIO_URL is not set"),
        ({"LABEL_STUDIO_URL": "http://localhost"}, "LABEL_STUDIO_API_KEY is not set"),
        ({"LABEL_STUDIO_URL": "localhost", "LABEL_STUDIO_API_KEY": "secret"}, "LABEL_STUDIO_URL must look like"),
        (
            {"LABEL_STUDIO_URL": "http://localhost", "LABEL_STUDIO_API_KEY": "sec\nret"},
            "LABEL_STUDIO_API_KEY must look like",
        ),
        (
            {"LABEL_STUDIO_URL": "http://me:secret@[bad", "LABEL_STUDIO_API_KEY": "secret"},
            "LABEL_STUDIO_URL is no address",
        ),
    ],
)
@pytest.mark.parametrize("command", [["push", "."], ["pull", "--out", "gold.jsonl"]])
def test_server_that_is_not_set(
    command: list[str], variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    result = run(app, command, env=variables)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)
    assert "sec" not in str(result.exception)
    assert "\n" not in str(result.exception)


def test_errors_of_the_server_hide_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    for error in (ApiError(status_code=401, body="Token secret"), httpx.ConnectError("Token secret")):

        def fail(error: Exception = error, **_: Any) -> None:
            raise error

        monkeypatch.setattr("label_studio_sdk.LabelStudio", fail)
        with pytest.raises(ConfigError) as caught:
            list(Server("http://user:secret@localhost", "secret").pull("gouji"))
        assert "localhost" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_config_prints_the_configuration() -> None:
    assert run(app, ["config"]).stdout.strip() == label_config(load_ontology())


def test_compile_gives_what_the_markup_says(tmp_path: Path) -> None:
    header = "@@ agency=甲 | year=2021 | level=bureau | region=江西 | family=a\n"
    (tmp_path / "a.txt").write_text(f"{header}收到⟦5|applications.received⟧件", "utf-8")
    assert run(app, ["compile", str(tmp_path / "a.txt"), "--out", str(tmp_path / "a.jsonl")]).exit_code == 0
    (found,) = read_annotated([tmp_path / "a.jsonl"])
    assert found.figures == (GoldFigure(2, 3, "5", "applications.received"),)


# ---- agreement


FIVE = GoldFigure(6, 7, "5", "applications.received")
ZERO = GoldFigure(9, 12, "未发生", "reconsideration.total", zero=True)


def test_agreement_counts_places_with_their_label() -> None:
    first = [passage(TEXT, FIVE, ZERO, replace(ZERO, statistic="litigation.total"))]
    second = [passage(TEXT, replace(FIVE, statistic="count"), ZERO)]
    rows = {row.label: row for row in compare(first, second, LABELS)}
    assert (rows["reconsideration.total"].f1, rows["reconsideration.total"].kappa) == (1.0, 1.0)
    assert (rows["applications.received"].f1, rows["count"].f1, rows["litigation.total"].f1) == (0, 0, 0)
    assert (rows[TOTAL].first, rows[TOTAL].second, rows[TOTAL].both) == (3, 2, 1)
    assert rows[TOTAL].f1 == pytest.approx(0.4)


def test_agreement_is_undefined_where_chance_agrees_on_all() -> None:
    (row, total) = compare([passage(TEXT, FIVE)], [passage(TEXT, FIVE)], LABELS)
    assert (row.f1, row.kappa, total.kappa) == (1.0, None, None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (replace(passage(), id="other"), "1 passages are not in .*, such as other"),
        (passage(TEXT + "。"), "two different texts"),
        (passage(), "nothing is labelled"),
    ],
)
def test_agreement_of_different_files_is_refused(changed: AnnotatedPassage, message: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_text(to_json(passage()), "utf-8")
    second.write_text(to_json(changed), "utf-8")
    with pytest.raises(ConfigError, match=message):
        compare_files(first, second, LABELS)


def test_agreement_command_prints_a_table(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(to_json(passage(TEXT, FIVE, ZERO)), "utf-8")
    result = run(app, ["agreement", str(file), str(file)])
    assert result.exit_code == 0
    assert "applications.received" in result.stdout
    assert "1.000" in result.stdout
