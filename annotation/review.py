"""The second kind of task: a person judges a contradiction that a run found. Its configuration, tasks and answers."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, TypeAdapter

from annotation._exports import Annotation, ExportedTask, NamedTask, Refused, RefusedError, Task, finished
from annotation.label_config import COLUMNS, GROUP_TITLE, TEXT_COLUMN, TITLE
from annotation.run_findings import Contradiction, Place

PROJECT = "gouji-review"
MESSAGE, CHECK, SENTENCE, PLACES = "message", "check", "sentence", "places"
"""Keys of a task's data beside the title."""
ANSWER, NOTE = "answer", "note"
"""Names of the controls."""
ANSWERS = {
    "report_wrong": ("报告有误", "两处读得都对，也该相等：报告自己前后不一"),
    "figure_misread": ("正文读数有误", "正文的数字、统计项或口径读错了"),
    "table_misread": ("表格读取有误", "表格里的数字读错了，或放错了行列"),
    "not_comparable": ("两者不可比", "两处都读对了，但说的不是同一件事"),
}
"""What can be answered, by the id that is stored: the words for it, and when it is right."""
PANEL = "flex: 0 0 36%; position: sticky; top: 0"
"""What is asked stays in sight beside long places."""
NO_SENTENCE = "（正文里没有这个数字，只核对表格。）"
NO_PLACE = Place("出处", "（没有别的出处。）")
STYLE = """
.lsf-richtext__container, .lsf-paragraphs { font-size: 15px; line-height: 1.9; white-space: pre-wrap; }
.lsf-paragraphs :is([class^=wrapper_header], [class^=time], [class^=selectAll]) { display: none; }
.lsf-text-area p { display: none; }
"""
"""Without what a dialogue has, as which the places are shown (speakers, times), and the counter of notes."""


class _Meta(BaseModel):
    """What a line of reviews repeats of its finding; has the same names."""

    id: str
    report_id: str
    check: str
    statistic: str | None
    expression: str
    start: int | None
    end: int | None
    stated: float | None
    computed: float | None


class _Task(ExportedTask):
    meta: _Meta


class _Value(BaseModel):
    choices: list[str] = []
    text: list[str] | str = []


class _Result(BaseModel):
    from_name: str = ""
    type: str
    value: _Value


_RESULTS = TypeAdapter(list[_Result])


@dataclass
class Reviews:
    """The lines of answered findings; `skipped` counts what is no answer, by the reason."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def review_config() -> str:
    """The configuration as XML: the finding, its sentence and its places, and beside them what is asked."""
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = STYLE
    ET.SubElement(view, "Header", value=f"${TITLE}", size="6")
    ET.SubElement(view, "Header", value=f"${MESSAGE}", size="4")
    ET.SubElement(view, "Header", value=f"${CHECK}", size="6")
    columns = ET.SubElement(view, "View", style=COLUMNS)
    text = ET.SubElement(columns, "View", style=TEXT_COLUMN)
    ET.SubElement(text, "Header", value="正文", size="6", style=GROUP_TITLE)
    ET.SubElement(text, "Text", name=SENTENCE, value=f"${SENTENCE}")
    ET.SubElement(text, "Header", value="出处", size="6", style=GROUP_TITLE)
    ET.SubElement(
        text, "Paragraphs", name=PLACES, value=f"${PLACES}", layout="dialogue", nameKey="label", textKey="text"
    )
    panel = ET.SubElement(columns, "View", style=PANEL)
    ET.SubElement(panel, "Header", value="错在哪里？", size="5")
    choices = ET.SubElement(
        panel, "Choices", name=ANSWER, toName=SENTENCE, choice="single", required="true", requiredMessage="请选一项"
    )
    for number, (alias, (words, hint)) in enumerate(ANSWERS.items(), 1):
        ET.SubElement(choices, "Choice", value=words, alias=alias, hint=hint, hotkey=str(number))
    ET.SubElement(
        panel, "TextArea", name=NOTE, toName=SENTENCE, placeholder="备注（可不填）", rows="2", maxSubmissions="1"
    )
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def review_instructions() -> str:
    """What each answer means, as HTML, for the instructions pane."""
    environment = Environment(loader=PackageLoader("annotation"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("review.html").render(answers=ANSWERS.values())


def review_tasks(found: Iterable[Contradiction]) -> Iterator[Task]:
    """A task for every contradiction, each once."""
    seen: set[str] = set()
    for one in found:
        task = to_review(one)
        if task["meta"]["id"] not in seen:
            seen.add(task["meta"]["id"])
            yield task


def to_review(one: Contradiction) -> Task:
    """A task to import. Its id is made of report, check, expression and place, so that it is the same in every run."""
    report, finding = one.report, one.finding
    own = {name: finding[name] for name in _Meta.model_fields if name != "id"}
    key = json.dumps([finding[name] for name in ("check", "expression", "start", "end")])
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    year = f"{report['year']}年" if report["year"] else "年份不明"
    data = {
        TITLE: f"{report['agency'] or '机关不明'} {year} {report['url'] or ''}".strip(),
        MESSAGE: finding["message"],
        CHECK: f"{finding['check']}：{finding['reading']}",
        SENTENCE: one.sentence or NO_SENTENCE,
        PLACES: [{"label": place.label, "text": place.text} for place in one.places or (NO_PLACE,)],
    }
    return {"data": data, "meta": {"id": f"{report['report_id']}-{finding['check']}-{digest}", **own}}


def read_reviews(tasks: Iterable[NamedTask], *, where: str, annotator: str = "") -> Reviews:
    """The answers of an export (JSON): of every finding the newest of each annotator.

    Args:
        tasks: with their names, consumed one by one.
        where: names the export in errors.
        annotator: only what this one did; id or mail address.

    Raises:
        ConfigError: naming tasks that are refused, and why.
    """
    reviews, refused = Reviews(), Refused(where)
    newest: dict[tuple[str, str], tuple[tuple[str, str], dict[str, Any]]] = {}
    for name, raw in tasks:
        with refused.noting(name):
            task = _Task.model_validate(raw)
            submitted = finished(task, annotator, reviews.skipped)
            reviews.skipped["tasks without an annotation"] += not submitted
            for one in submitted:
                key, age = (task.meta.id, one.annotator), (one.updated_at or "", one.order)
                line = {**task.meta.model_dump(exclude={"id"}), **_answer(one)}
                line |= {"annotator": one.annotator, "updated": one.updated_at or ""}
                reviews.skipped["superseded"] += key in newest
                if key not in newest or age > newest[key][0]:
                    newest[key] = (age, line)
    refused.raise_any()
    reviews.lines = [line for _, line in newest.values()]
    return reviews


def _answer(annotation: Annotation) -> dict[str, str]:
    chosen: list[str] = []
    notes: list[str] = []
    for result in _RESULTS.validate_python(annotation.result or []):
        if result.from_name == ANSWER:
            chosen += result.value.choices
        elif result.from_name == NOTE:
            notes += [result.value.text] if isinstance(result.value.text, str) else result.value.text
        else:
            raise RefusedError(f"a result of an unknown kind: {result.type} of {result.from_name or 'no control'}")
    if unknown := [name for name in chosen if name not in ANSWERS]:
        raise RefusedError(f"the unknown answer {unknown[0]!r}")
    if len(chosen) != 1:
        raise RefusedError(f"{len(chosen)} answers of {annotation.annotator} instead of one")
    return {"answer": chosen[0], "note": "\n".join(notes)}
