"""Label Studio's wire format, both ways.

Offsets: the editor counts characters (code points) as Python does; releases of 2021 and before
counted JavaScript's UTF-16 units, where a character outside the BMP is two. `utf16=True` is for
those. Every region carries its text, so offsets of the other counting are refused, not misread.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import AliasPath, BaseModel, Field, TypeAdapter, ValidationError

from annotation._exports import Annotation, ExportedTask, Refused, RefusedError, Task, finished, named
from annotation.answers import Answer, Answered, Export, Suggestions
from annotation.label_config import MARK_NAMES, MARKS, SCOPE, SCOPE_NAMES, STATISTIC, TEXT, TITLE
from models.schema.gold import AnnotatedPassage, GoldFigure, default_scope


class _Value(BaseModel):
    start: int
    end: int
    text: str
    labels: list[str] = []
    choices: list[str] = []


class _Result(BaseModel):
    id: str = ""
    from_name: str = ""
    type: str
    value: _Value | None = None
    score: float | None = None


class _Prediction(BaseModel):
    """A suggestion as the server gives it back; one that is an id alone says nothing."""

    id: int | str | None = None
    result: list[Any]
    score: float | None = None
    model_version: str | None = None


class _Meta(BaseModel):
    """What a passage needs beside text and figures; has the same names."""

    id: str
    agency: str
    year: int
    level: str
    region: str
    family: str


class _Task(ExportedTask):
    text: str = Field(validation_alias=AliasPath("data", TEXT))
    meta: _Meta
    predictions: list[Any] | None = None


_RESULTS = TypeAdapter(list[_Result])


@dataclass
class _Region:
    """The results that share an id: one place with its labels, its scope and its marks.

    Attributes:
        score: of a suggestion; None in an annotation.
    """

    start: int
    end: int
    text: str
    labels: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    score: float | None = None


def to_task(
    passage: AnnotatedPassage,
    origin: Mapping[str, Any] | None = None,
    suggestions: Suggestions | None = None,
    *,
    utf16: bool = False,
) -> Task:
    """A task to import; the figures of the passage itself are not sent.

    Args:
        passage: its text, and the rest of it as `meta`.
        origin: more for `meta`: report_id, section, place in the source.
        suggestions: become a prediction that annotators correct.
        utf16: count offsets as old servers do.
    """
    own = {name: getattr(passage, name) for name in _Meta.model_fields}
    year = f"{passage.year}年" if passage.year else "年份不明"
    title = f"{passage.agency or '机关不明'} {year} {_section((origin or {}).get('section', ''))}".strip()
    task: Task = {"data": {TEXT: passage.text, TITLE: title}, "meta": {**(origin or {}), **own}}
    if suggestions is not None:
        result = to_results(passage.text, suggestions.figures, suggestions.confidences, utf16=utf16)
        task["predictions"] = [
            {"model_version": suggestions.model_version, "score": suggestions.score, "result": result}
        ]
    return task


def _section(number: str) -> str:
    return f"第{number}部分" if number.isdigit() else ""


def to_results(
    text: str, figures: Sequence[GoldFigure], confidences: Sequence[float] = (), *, utf16: bool = False
) -> list[dict[str, Any]]:
    """Regions of figures; zeros at one place that differ in the statistic only share a region.

    Args:
        text: that the figures stand in.
        figures: in any order.
        confidences: one for each figure, or none; a region has the lowest of its figures'.
        utf16: count offsets as old servers do.
    """
    regions: dict[tuple[Any, ...], list[str]] = {}
    scores: dict[tuple[Any, ...], float] = {}
    for number, figure in enumerate(figures):
        marks = tuple(mark for mark in MARK_NAMES if getattr(figure, mark))
        key = (figure.start, figure.end, figure.text, figure.scope, marks)
        regions.setdefault(key, []).append(figure.statistic)
        if confidences:
            scores[key] = min(confidences[number], scores.get(key, 1.0))
    results = []
    for number, (key, labels) in enumerate(regions.items()):
        start, end, words, scope, marks = key
        count = to_utf16 if utf16 else _characters
        place = {"start": count(text, start), "end": count(text, end), "text": words}
        common: dict[str, Any] = {"id": f"r{number}", "to_name": TEXT}
        common |= {"score": scores[key]} if confidences else {}
        choices = {"type": "choices", **common}
        results.append({"from_name": STATISTIC, "type": "labels", **common, "value": {**place, "labels": labels}})
        results.append({"from_name": SCOPE, **choices, "value": {**place, "choices": [scope]}})
        if marks:
            results.append({"from_name": MARKS, **choices, "value": {**place, "choices": list(marks)}})
    return results


def to_utf16(text: str, position: int) -> int:
    """The number of UTF-16 units before a position in characters."""
    return position + sum(c > "\uffff" for c in text[:position])


def from_utf16(text: str, units: int) -> int:
    """The position in characters after so many UTF-16 units.

    Raises:
        ValueError: it is inside a character, or outside the text.
    """
    position = passed = 0
    while passed < units and position < len(text):
        passed += 2 if text[position] > "\uffff" else 1
        position += 1
    if passed != units:
        raise ValueError(f"no character of the text starts at UTF-16 unit {units}")
    return position


def _characters(text: str, position: int) -> int:
    """The offset of current servers.

    Raises:
        ValueError: it is outside the text.
    """
    if not 0 <= position <= len(text):
        raise ValueError(f"offset {position} is outside the text of {len(text)} characters")
    return position


def read_export(
    data: Iterable[Any], *, where: str, labels: Sequence[str], annotator: str = "", utf16: bool = False
) -> Export:
    """The finished annotations of an export (JSON), all of them; `annotation/adjudicate.py` chooses.

    Args:
        data: the tasks.
        where: names the export in errors.
        labels: those that the ontology knows, in its order.
        annotator: only what this one did; id or mail address.
        utf16: the server counts offsets as old ones do.

    Raises:
        ConfigError: naming tasks that are refused, and why.
    """
    export, refused = Export(), Refused(where)
    for name, raw in named(data):
        with refused.noting(name):
            export.tasks.append(read_task(name, raw, labels, annotator, export.skipped, utf16=utf16))
    refused.raise_any()
    return export


def read_task(
    name: str, raw: Any, labels: Sequence[str], annotator: str, skipped: Counter[str], *, utf16: bool
) -> Answered:
    """The finished annotations of one task; what is none is counted in `skipped`.

    Raises:
        RefusedError: an annotation cannot be taken; pydantic's `ValidationError` where this is no task of ours.
    """
    task = _Task.model_validate(raw)
    answers = []
    for one in finished(task, annotator, skipped):
        figures = _figures(one.result, task.text, labels, utf16=utf16)
        answers.append(_answer(one, figures, _shown(one, task, labels, utf16=utf16)))
    return Answered(name, AnnotatedPassage(**dict(task.meta), text=task.text, figures=()), tuple(answers))


def _answer(annotation: Annotation, figures: tuple[GoldFigure, ...], shown: Suggestions | None) -> Answer:
    return Answer(
        annotator=annotation.annotator,
        names=frozenset(annotation.names),
        updated=annotation.updated_at or "",
        order=annotation.order,
        ground_truth=annotation.ground_truth,
        figures=figures,
        suggestions=shown,
    )


def _shown(annotation: Annotation, task: _Task, labels: Sequence[str], *, utf16: bool) -> Suggestions | None:
    """The prediction that an annotation started from, where the export says which and holds it whole."""
    whole = [p for p in (*(task.predictions or ()), annotation.prediction) if isinstance(p, dict) and p.get("result")]
    own = [p for p in whole if p is annotation.prediction or p.get("id") == annotation.parent_prediction is not None]
    if not own:
        return None
    last = _Prediction.model_validate(own[-1])
    try:
        regions = _regions(_RESULTS.validate_python(last.result))
        figures = _figures(last.result, task.text, labels, utf16=utf16)
    except (RefusedError, ValidationError):
        return None
    scores = {_place(r, task.text, utf16=utf16): r.score for r in regions if r.score is not None}
    score = last.score or 0.0
    confidences = tuple(scores.get((f.start, f.end), score) for f in figures) if scores else ()
    return Suggestions(figures, score, last.model_version or "", confidences)


def _figures(result: list[Any] | None, text: str, labels: Sequence[str], *, utf16: bool) -> tuple[GoldFigure, ...]:
    places: dict[tuple[int, int], list[GoldFigure]] = {}
    for region in _regions(_RESULTS.validate_python(result or [])):
        start, end = _place(region, text, utf16=utf16)
        places.setdefault((start, end), []).extend(_figures_of(region, start, end, text, labels))
    figures: list[GoldFigure] = []
    done, last = 0, ""
    for (start, end), here in sorted(places.items()):
        words = text[start:end]
        if start < done:
            raise RefusedError(f"{words!r} at {start}-{end} overlaps {last!r} before it")
        if doubled := [s for s, n in Counter(f.statistic for f in here).items() if n > 1]:
            raise RefusedError(f"{words!r} at {start}-{end} is labelled {doubled[0]} twice")
        if len(here) > 1 and not all(f.zero for f in here):
            raise RefusedError(f"{words!r} at {start}-{end} has several labels, but is no worded zero")
        figures += sorted(here, key=lambda f: labels.index(f.statistic))
        done, last = end, words
    return tuple(figures)


def _regions(results: Sequence[_Result]) -> list[_Region]:
    regions: dict[str, _Region] = {}
    for result in results:
        value = result.value
        if value is None or result.from_name not in (STATISTIC, SCOPE, MARKS):
            raise RefusedError(f"a result of an unknown kind: {result.type} of {result.from_name or 'no control'}")
        region = regions.setdefault(result.id, _Region(value.start, value.end, value.text, score=result.score))
        if (region.start, region.end) != (value.start, value.end):
            raise RefusedError(f"region {result.id} has two places")
        region.labels += value.labels
        (region.scopes if result.from_name == SCOPE else region.marks).extend(value.choices)
    return list(regions.values())


def _place(region: _Region, text: str, *, utf16: bool) -> tuple[int, int]:
    """Where a region stands in characters; its own text must be there."""
    if region.end <= region.start:
        raise RefusedError(f"an empty region at {region.start}-{region.end}")
    here = _found(region, text, utf16=utf16)
    if here is not None:
        return here
    message = f"{region.text!r} does not stand at {region.start}-{region.end}"
    if _found(region, text, utf16=not utf16) is not None:
        counted, remedy = ("characters", "without") if utf16 else ("UTF-16 units", "with")
        message += f", but does when counted in {counted}: pull {remedy} --utf16"
    raise RefusedError(message)


def _found(region: _Region, text: str, *, utf16: bool) -> tuple[int, int] | None:
    count = from_utf16 if utf16 else _characters
    try:
        start, end = count(text, region.start), count(text, region.end)
    except ValueError:
        return None
    return (start, end) if _plain(text[start:end]) == _plain(region.text) else None


def _plain(words: str) -> str:
    """Without white space: the editor writes a line break as a backslash and n, and joins spaces."""
    return re.sub(r"\s|\\n", "", words)


def _figures_of(region: _Region, start: int, end: int, text: str, labels: Collection[str]) -> Iterator[GoldFigure]:
    words = text[start:end]
    if not region.labels:
        raise RefusedError(f"{words!r} at {start}-{end} has no label")
    known = ((region.labels, labels), (region.scopes, SCOPE_NAMES), (region.marks, MARK_NAMES))
    if unknown := [name for names, among in known for name in names if name not in among]:
        raise RefusedError(f"{words!r} at {start}-{end} has the unknown label or choice {unknown[0]!r}")
    if len(region.scopes) > 1:
        raise RefusedError(f"{words!r} at {start}-{end} has several scopes")
    marks = dict.fromkeys(region.marks, True)
    if marks.get("zero") and any(character.isdecimal() for character in words):
        raise RefusedError(f"{words!r} at {start}-{end} has digits, but is ticked as {MARK_NAMES['zero']}")
    for label in region.labels:
        scope = region.scopes[0] if region.scopes else default_scope(label)
        yield GoldFigure(start, end, words, label, scope=scope, **marks)
