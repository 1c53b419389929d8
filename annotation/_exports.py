"""What every export of Label Studio has in common: tasks, finished annotations and who made them, refused tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from models.schema.errors import ConfigError

Task = dict[str, Any]
"""A task as JSON, in the form that the import takes."""
NamedTask = tuple[str, Any]
"""What errors call a task, and its JSON."""
REFUSED_SHOWN = 20
"""Refused tasks that an error names; it counts the others."""


class Annotation(BaseModel):
    """One person's work on a task, drafts not counted."""

    id: int | str = 0
    result: list[Any] | None = None
    was_cancelled: bool = False
    ground_truth: bool = False
    completed_by: Any = None
    updated_at: str | None = None
    parent_prediction: Any = None
    prediction: Any = None

    @property
    def names(self) -> set[str]:
        """Every name by which the annotator may be meant."""
        who = self.completed_by
        if isinstance(who, dict):
            return {str(who[key]) for key in ("id", "email") if who.get(key)} or {"?"}
        return {str(who)}

    @property
    def annotator(self) -> str:
        """The mail address, or the id where the export gives no address."""
        return max(self.names, key=lambda name: ("@" in name, name))

    @property
    def order(self) -> str:
        """Grows with the number of the annotation, so that the newest can be told without a date."""
        return str(self.id).zfill(12)


class ExportedTask(BaseModel):
    """What people did with a task."""

    annotations: list[Annotation] = []
    drafts: list[Any] | None = None


class RefusedError(Exception):
    """Why an annotation cannot be taken; becomes a `ConfigError` that names the task."""


def parse_tasks(data: bytes, *, where: str) -> Any:
    """The JSON of an export file.

    Raises:
        ConfigError: it is no JSON.
    """
    try:
        return TypeAdapter(list[Any]).validate_json(data)
    except ValidationError as error:
        raise ConfigError(f"{where}: no list of tasks in JSON: {error.errors()[0]['msg']}") from error


def named(data: Iterable[Any], address: str = "") -> Iterator[NamedTask]:
    """Every task with its name: `task 12 (ID, ADDRESS)`, as far as it is known.

    Args:
        data: the tasks as JSON, consumed one by one.
        address: where a browser shows a task, without its number at the end.
    """
    return ((_name(raw, address), raw) for raw in data)


class Refused:
    """Collects the tasks that cannot be taken, so that one error names all.

    Args:
        where: names the export in the error.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._tasks: list[str] = []

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Read one task inside: `RefusedError` and pydantic's `ValidationError` are noted, and end there."""
        try:
            yield
        except ValidationError as error:
            first = error.errors()[0]
            self._tasks.append(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        except RefusedError as error:
            self._tasks.append(f"{name}: {error}")

    def raise_any(self) -> None:
        """Call when all are read.

        Raises:
            ConfigError: naming the tasks that were refused, and why.
        """
        if self._tasks:
            rest = len(self._tasks) - REFUSED_SHOWN
            more = f"; {rest} more tasks" if rest > 0 else ""
            raise ConfigError(f"{self._where}: " + "; ".join(self._tasks[:REFUSED_SHOWN]) + more)


def _name(raw: Any, address: str) -> str:
    if not isinstance(raw, dict):
        return "task ?"
    number, meta = raw.get("id", "?"), raw.get("meta")
    known = [meta["id"]] if isinstance(meta, dict) and isinstance(meta.get("id"), str) else []
    known += [f"{address}{number}"] if address else []
    return f"task {number} ({', '.join(known)})" if known else f"task {number}"


def finished(task: ExportedTask, annotator: str, skipped: Counter[str]) -> list[Annotation]:
    """The annotations that were submitted, of everyone or of one annotator; what is none is counted."""
    skipped["drafts"] += len(task.drafts or [])
    skipped["cancelled"] += sum(a.was_cancelled for a in task.annotations)
    submitted = [a for a in task.annotations if not a.was_cancelled]
    mine = [a for a in submitted if not annotator or annotator in a.names]
    skipped["of other annotators"] += len(submitted) - len(mine)
    return mine
