"""Projects of a Label Studio server: tasks and suggestions to it, annotations from it, a page at a time."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import typer

from annotation._exports import Task
from models.schema.errors import ConfigError

TASKS_PER_REQUEST = 100
CHARACTERS_PER_REQUEST = 200_000
"""Of what is shown; a request of suggestions has some twenty bytes a character."""
SECONDS_PER_REQUEST = 300
INDEX = "id,meta,total_annotations,draft_exists,predictions"
ANNOTATED = "id,meta,total_annotations"


@dataclass(frozen=True, slots=True)
class Labelling:
    """A project's title, its configuration (XML) and instructions (HTML), and in which order it gives tasks."""

    title: str
    config: str
    instructions: str
    sampling: str = "Uncertainty sampling"


@dataclass
class Pushed:
    """Numbers of tasks: imported, given newer suggestions, left as they are, and left because the text differs."""

    new: int = 0
    updated: int = 0
    there: int = 0
    differing: int = 0

    def words(self) -> str:
        """For people; what there is none of is left out."""
        names = ("new", "with new suggestions", "as they were", "with another text on the server, left as they are")
        counts = (self.new, self.updated, self.there, self.differing)
        return ", ".join(f"{n} {name}" for n, name in zip(counts, names, strict=True) if n) or "nothing new"


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the server has under an id: task, place in the report, model versions of its suggestions."""

    task: int
    place: tuple[Any, Any]
    versions: frozenset[str]


class Server:
    """A Label Studio server; what goes wrong there is told without the token."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url.rstrip("/"), token

    @classmethod
    def from_environment(cls) -> Server:
        """The server that LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY name; at a terminal they are asked for.

        Raises:
            ConfigError: one of them is missing or cannot be what it should.
        """
        values = []
        for name, form in (("LABEL_STUDIO_URL", r"https?://[^/\s]\S*"), ("LABEL_STUDIO_API_KEY", r"[!-~]+")):
            values.append(os.environ.get(name, "").strip() or _asked(name))
            if not values[-1]:
                raise ConfigError(f"{name} is not set: name the server and its token, or use a file instead")
            if not re.fullmatch(form, values[-1]):
                raise ConfigError(f"{name} must look like {form}, and does not")
        try:
            urlsplit(values[0])
        except ValueError:
            raise ConfigError("LABEL_STUDIO_URL is no address of a server") from None
        return cls(*values)

    def push(self, labelling: Labelling, tasks: Iterable[Task], told: Callable[[Pushed], None]) -> Pushed:
        """Bring a project up to date: tasks that it lacks by their `meta.id`, and suggestions of a new model version.

        The project is the one of that title, or is made. Suggestions of other versions stay beside the new ones,
        which are those that annotators see. What an interrupted push left is completed; nothing becomes double.

        Args:
            labelling: what the project shall show.
            tasks: consumed a request at a time.
            told: called after each request.
        """
        pushed, version = Pushed(), ""
        with self._client() as client:
            project = _prepared(client, labelling)
            stored = _index(client, project)
            newest = max((s.task for s in stored.values()), default=0)
            for batch in _batches(tasks):
                version = _import(client, project, batch, stored, pushed) or version
                told(pushed)
            _remove_doubles(client, project, newest, version)
            if version:
                client.projects.update(project, model_version=version)
        return pushed

    def pull(self, title: str) -> Iterator[Task]:
        """The tasks of a project with their annotations, as an export has them, and the mail address of who made them.

        Raises:
            ConfigError: there is no project of that title, or tasks were removed meanwhile.
        """
        with self._client() as client:
            project = self._project(client, title)
            people = {user.id: user.email for user in client.users.list()}
            for page in _pages(client, project):
                yield from (_with_people(task, people) for task in page)

    def annotated(self, title: str) -> set[str]:
        """The ids of the passages that somebody annotated in a project; none where there is no such project."""
        with self._client() as client:
            project = _titled(client, title)
            rows = _ours(client, project.id, ANNOTATED) if project is not None else ()
            return {row["meta"]["id"] for row in rows if row["total_annotations"]}

    def task_address(self, title: str) -> str:
        """The address of a project's tasks in a browser, without the number of the task at its end.

        Raises:
            ConfigError: there is no project of that title.
        """
        with self._client() as client:
            project = self._project(client, title)
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}/projects/{project}/data?task="

    def _project(self, client: Any, title: str) -> int:
        project = _titled(client, title)
        if project is None:
            raise ConfigError(f"no project {title!r} on the Label Studio server")
        return int(project.id)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        import httpx
        from label_studio_sdk import LabelStudio
        from label_studio_sdk.core.api_error import ApiError

        host = urlsplit(self._url).hostname
        try:
            yield LabelStudio(base_url=self._url, api_key=self._token, timeout=SECONDS_PER_REQUEST)  # type: ignore[no-untyped-call]
        except ApiError as error:
            raise ConfigError(f"Label Studio at {host} answered {error.status_code}{self._reason(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConfigError(f"Label Studio at {host} does not answer: {type(error).__name__}") from None
        except ValueError as error:
            raise ConfigError(f"what answers at {host} is no Label Studio: {type(error).__name__}") from None

    def _reason(self, error: Any) -> str:
        if error.status_code in (401, 403):
            return (
                ": is LABEL_STUDIO_API_KEY right? Personal access tokens work, legacy ones where the server allows them"
            )
        if error.status_code == 400 and isinstance(error.body, dict):
            told = str(error.body.get("validation_errors") or error.body.get("detail"))
            return ": " + " ".join(told.replace(self._token, "…").split())[:300]
        return ""


def _asked(name: str) -> str:
    if not sys.stdin.isatty():
        return ""
    return str(typer.prompt(name, hide_input=name.endswith("KEY"), err=True)).strip()


def _titled(client: Any, title: str) -> Any:
    return next((project for project in client.projects.list() if project.title == title), None)


def _prepared(client: Any, labelling: Labelling) -> int:
    """The project with this configuration and these instructions."""
    shown = {"label_config": labelling.config, "expert_instruction": labelling.instructions}
    project = _titled(client, labelling.title)
    if project is None:
        project = client.projects.create(
            title=labelling.title, show_instruction=True, sampling=labelling.sampling, **shown
        )
    elif any(getattr(project, name) != value for name, value in shown.items()):
        client.projects.update(project.id, **shown)
    return int(project.id)


def _with_people(task: Task, people: Mapping[int, str]) -> Task:
    for annotation in task["annotations"]:
        if "result" not in annotation:
            raise ConfigError(f"task {task['id']}: the server gives annotations without their regions")
        who = annotation.get("completed_by")
        if who in people:
            annotation["completed_by"] = {"id": who, "email": people[who]}
    return task


def _pages(client: Any, project: int, fields: str | None = None) -> Iterator[list[Task]]:
    """All tasks by ascending id. New ones may come meanwhile; where one is removed the pages shift."""
    number = seen = 0
    total: int | None = None
    while total is None or seen < total:
        number += 1
        page = client.tasks.list(
            project=project, fields="all", include=fields, page=number, page_size=TASKS_PER_REQUEST
        )  # fmt: skip
        rows = [task.model_dump(mode="json") for task in page.items]
        before, total = total, page.response.total
        if (before is not None and total < before) or (not rows and seen < total):
            raise ConfigError("tasks were removed from the project meanwhile: run the command again")
        seen += len(rows)
        yield rows


def _index(client: Any, project: int) -> dict[str, _Stored]:
    """What the project has, by `meta.id`; the first where tasks are double. Tasks of others are passed over."""
    stored: dict[str, _Stored] = {}
    for row in _ours(client, project):
        meta = row["meta"]
        versions = frozenset(p["model_version"] for p in row["predictions"])
        stored.setdefault(meta["id"], _Stored(row["id"], (meta.get("start"), meta.get("end")), versions))
    return stored


def _ours(client: Any, project: int, fields: str = INDEX) -> Iterator[Task]:
    for page in _pages(client, project, fields):
        yield from (row for row in page if (row.get("meta") or {}).get("id"))


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    batch: list[Task] = []
    characters = 0
    for task in tasks:
        batch.append(task)
        characters += len(json.dumps(task["data"], ensure_ascii=False))
        if len(batch) == TASKS_PER_REQUEST or characters >= CHARACTERS_PER_REQUEST:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _import(client: Any, project: int, batch: list[Task], stored: dict[str, _Stored], pushed: Pushed) -> str:
    """Send what the server lacks of a batch; gives the model version of its suggestions."""
    new, suggestions, version = [], [], ""
    for task in batch:
        meta, predictions = task["meta"], task.get("predictions", [])
        version = predictions[0]["model_version"] if predictions else version
        there = stored.get(meta["id"])
        if there is None:
            new.append(task)
        elif there.place != (meta.get("start"), meta.get("end")):
            pushed.differing += 1
        elif lacking := [p for p in predictions if p["model_version"] not in there.versions]:
            suggestions += [{"task": there.task, **prediction} for prediction in lacking]
        else:
            pushed.there += 1
    if new:
        client.projects.import_tasks(id=project, request=new)
    if suggestions:
        client.projects.import_predictions(id=project, request=suggestions)
    pushed.new += len(new)
    pushed.updated += len(suggestions)
    return version


def _remove_doubles(client: Any, project: int, newest: int, version: str) -> None:
    """Undo what two pushes did at once: the server may still work on the request of one that was killed.

    Only tasks of this push (above `newest`) that nobody has touched are removed, and second suggestions of
    this version.
    """
    seen: set[str] = set()
    tasks: list[int] = []
    suggestions: list[int] = []
    for row in _ours(client, project):
        name, untouched = row["meta"]["id"], not row["total_annotations"] and not row["draft_exists"]
        if name in seen and row["id"] > newest and untouched:
            tasks.append(row["id"])
        else:
            suggestions += sorted(p["id"] for p in row["predictions"] if p["model_version"] == version)[1:]
        seen.add(name)
    for task in tasks:
        client.tasks.delete(str(task))
    for suggestion in suggestions:
        client.predictions.delete(suggestion)
