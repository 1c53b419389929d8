"""What Label Studio asks of an ML backend, and the answers; `annotation/serve.py` brings both over HTTP.

The protocol is that of label-studio-ml-backend: setup, versions, predict (with the region that an annotator has
just drawn, where asked live), and events of annotations, from a webhook or from the button that starts training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from annotation._label_studio import read_export, to_results
from annotation.adjudicate import adjudicate
from annotation.kept import Submitted
from annotation.label_config import TEXT
from annotation.retrain import Retrainer
from annotation.suggest import Asked, Suggester
from models.ontology import load_ontology
from models.schema.document import Span
from models.schema.errors import ConfigError
from models.schema.gold import to_json

MAX_TASKS, MAX_CHARACTERS = 250, 500_000
"""Of one request to predict; Label Studio asks for 100 tasks at a time."""
MAX_TEXT = 20_000
"""Characters of an annotated task; `push` makes them far shorter."""
WAIT = 60.0
"""Seconds that a request waits for the tagger while others use it."""
CHANGED = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")
DELETED = ("ANNOTATIONS_DELETED", "TASKS_DELETED")
"""Events of Label Studio; of what was deleted they give the numbers alone."""


class RequestError(Exception):
    """A request that cannot be answered, with the status of HTTP that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Task(BaseModel):
    data: dict[str, Any]
    meta: dict[str, Any] | None = None


class _Place(BaseModel):
    start: int
    end: int


class _Region(BaseModel):
    value: _Place


class _Context(BaseModel):
    result: list[Any] = []


class _Params(BaseModel):
    context: _Context | None = None


class _Predict(BaseModel):
    tasks: list[_Task]
    params: _Params | None = None


class _Numbered(BaseModel):
    id: int


class _Annotation(_Numbered):
    updated_at: str | None = None


class _Annotated(_Numbered):
    annotations: list[_Annotation]


_NUMBERED = TypeAdapter(list[_Numbered])
_ANNOTATED = TypeAdapter(list[_Annotated])


class Backend:
    """Answers requests; without a retrainer it counts nothing and trains nothing."""

    def __init__(self, suggester: Suggester, retrainer: Retrainer | None) -> None:
        self._suggester, self._retrainer = suggester, retrainer

    def health(self, _: Any = None) -> dict[str, Any]:
        """That it is up, and with which version."""
        return {"status": "UP", "model_class": "gouji", "model_version": self._suggester.model_version}

    def setup(self, _: Any = None) -> dict[str, Any]:
        """The version that answers; Label Studio asks before it asks for suggestions."""
        return {"model_version": self._suggester.model_version}

    def versions(self, _: Any = None) -> dict[str, Any]:
        """The same as a list."""
        return {"versions": [self._suggester.model_version]}

    def predict(self, body: Any) -> dict[str, Any]:
        """A prediction for each task, in order.

        Raises:
            RequestError: it is no such request, or too large, or others keep the tagger busy.
        """
        try:
            asked = _asked(_Predict.model_validate(body))
        except ValidationError as error:
            first = error.errors()[0]
            raise RequestError(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        try:
            found = self._suggester.suggest(asked, WAIT)
        except TimeoutError as error:
            raise RequestError(503, "the tagger is busy, ask again later") from error
        results = [
            {
                "model_version": suggestions.model_version,
                "score": suggestions.score,
                "result": to_results(one.text, suggestions.figures, suggestions.confidences),
            }
            for one, suggestions in zip(asked, found, strict=True)
        ]
        return {"results": results}

    def event(self, body: Any) -> dict[str, Any]:
        """Keep the annotations of an event, or forget them; START_TRAINING, or a list of annotated tasks, trains.

        Raises:
            RequestError: an annotation cannot be taken.
        """
        if not isinstance(body, Mapping):
            raise RequestError(400, "an event is an object")
        if self._retrainer is None:
            return {"status": "ignored"}
        action = body.get("action")
        if action in CHANGED:
            return {"status": "ok", "new": self._retrainer.add(_submitted(_tasks(body)))}
        if action in DELETED:
            gone = {kind: _numbers(body.get(kind, [])) for kind in ("annotations", "tasks")}
            return {"status": "ok", "new": self._retrainer.remove(**gone)}
        if "annotations" in body and action is None:
            self._retrainer.add(_submitted(body["annotations"]))
        elif action != "START_TRAINING":
            return {"status": "ignored"}
        return {"status": "ok", "training": self._retrainer.start()}


def _asked(request: _Predict) -> list[Asked]:
    texts = [task.data.get(TEXT) for task in request.tasks]
    if not all(isinstance(text, str) for text in texts):
        raise RequestError(400, f"a task has no text under data.{TEXT}")
    if len(texts) > MAX_TASKS or sum(map(len, map(str, texts))) > MAX_CHARACTERS:
        raise RequestError(413, f"more than {MAX_TASKS} tasks or {MAX_CHARACTERS} characters: ask for fewer at a time")
    context = request.params.context if request.params else None
    places = _places(context.result if context else ())
    years = [(task.meta or {}).get("year") for task in request.tasks]
    return [
        Asked(str(text), year if isinstance(year, int) and year else None, places)
        for text, year in zip(texts, years, strict=True)
    ]


def _places(result: Sequence[Any]) -> tuple[Span, ...]:
    """Where the regions of a selection stand; what is no region of a text is passed over."""
    places = []
    for one in result:
        try:
            value = _Region.model_validate(one).value
        except ValidationError:
            continue
        places.append(Span(value.start, value.end))
    return tuple(places)


def _tasks(body: Mapping[str, Any]) -> list[Any]:
    """The annotated tasks of an event: task and annotation stand beside each other, or a list of each."""
    tasks, annotations = body.get("task"), body.get("annotation")
    tasks, annotations = (one if isinstance(one, list) else [one] for one in (tasks, annotations))
    if len(tasks) != len(annotations) or not all(isinstance(one, Mapping) for one in (*tasks, *annotations)):
        raise RequestError(400, "the event holds no task with its annotation: let the webhook send its payload")
    return [{**task, "annotations": [annotation]} for task, annotation in zip(tasks, annotations, strict=True)]


def _numbers(deleted: Any) -> set[int]:
    try:
        return {one.id for one in _NUMBERED.validate_python(deleted)}
    except ValidationError as error:
        raise RequestError(400, "what was deleted is a list of objects with an id") from error


def _submitted(tasks: Any) -> list[Submitted]:
    """Every annotation of tasks; one that was cancelled has no passage."""
    try:
        numbers = _ANNOTATED.validate_python(tasks)
    except ValidationError as error:
        raise RequestError(400, "annotations are a list of tasks, all with their ids") from error
    return [
        Submitted(annotation.id, task.id, annotation.updated_at or "", *_passage({**raw, "annotations": [one]}))
        for task, raw in zip(numbers, tasks, strict=True)
        for annotation, one in zip(task.annotations, raw["annotations"], strict=True)
    ]


def _passage(task: Mapping[str, Any]) -> tuple[str, str]:
    """Id and JSON of what the only annotation of a task says; empty where it was cancelled."""
    try:
        passages = adjudicate(read_export([task], where="event", labels=load_ontology().labels)).passages
        lines = [to_json(passage) for passage in passages]
        "".join(lines).encode()
    except (ConfigError, UnicodeEncodeError) as error:
        raise RequestError(422, str(error)) from error
    if any(len(passage.text) > MAX_TEXT for passage in passages):
        raise RequestError(422, f"more than {MAX_TEXT} characters in a task")
    return (passages[0].id, lines[0]) if passages else ("", "")
