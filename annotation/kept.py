"""What annotators submitted to `serve`, as it stands in Label Studio now: changed and deleted as it is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from annotation._files import replaced
from models.schema.errors import ConfigError
from models.schema.gold import from_json

_Deleted = tuple[str, int]
"""Whether an annotation or a task was deleted, and its number."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """One annotation.

    Attributes:
        annotation: its number on the server.
        task: that of its task.
        updated: when it was last changed (ISO), empty where the event does not say.
        passage: id of its passage; empty where it was cancelled.
        line: the annotated passage as JSON; kept written, because every event writes all again.
        trained: a training has had it.
    """

    annotation: int
    task: int
    updated: str
    passage: str = ""
    line: str = ""
    trained: bool = False


class Kept:
    """Annotations by their numbers, of one Label Studio.

    Two files: `NAME.annotations.jsonl` holds all, so that one that is deleted gives place to the one before it, and
    what was cancelled or deleted, because events may come late, or twice; the other, made from it, has the newest
    annotation of each passage, for training.

    Args:
        path: of the passages (JSONL).

    Raises:
        ConfigError: the files are wrong, or the passages were not made from annotations.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = path.with_suffix(".annotations.jsonl")
        self._annotations: dict[int, Submitted] = {}
        self._deleted: set[_Deleted] = set()
        if self._all.exists():
            with self._all.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    one = _read(line, f"{self._all}:{number}")
                    if isinstance(one, Submitted):
                        self._annotations[one.annotation] = one
                    else:
                        self._deleted.add(one)
        elif path.exists():
            raise ConfigError(f"{path}: not kept by `serve`, which would replace it: name another --gold")

    def passages(self) -> dict[str, str]:
        """The newest annotation of each passage as JSON, by the id."""
        return {passage: one.line for passage, one in self._newest().items()}

    def new(self) -> set[Submitted]:
        """The newest annotations of passages, as far as no training has had them."""
        return {one for one in self._newest().values() if not one.trained}

    def put(self, submitted: Iterable[Submitted]) -> None:
        """Add annotations, or replace older ones; what was deleted does not come back."""
        changed = dict(self._annotations)
        for one in submitted:
            there = changed.get(one.annotation)
            is_late = there is not None and bool(one.updated) and one.updated < there.updated
            if not is_late and not self._is_deleted(one):
                changed[one.annotation] = one
        self._write(changed)

    def remove(self, annotations: Collection[int], tasks: Collection[int]) -> None:
        """Remove annotations by their numbers, and those of tasks."""
        self._deleted |= {("annotation", number) for number in annotations} | {("task", number) for number in tasks}
        self._write({number: one for number, one in self._annotations.items() if not self._is_deleted(one)})

    def mark_trained(self, submitted: Collection[Submitted]) -> None:
        """Remember that a training had these; what has changed since is new."""
        now = self._annotations
        self._write({n: replace(one, trained=one.trained or one in submitted) for n, one in now.items()})

    def _newest(self) -> dict[str, Submitted]:
        ordered = sorted(self._annotations.values(), key=lambda one: (one.updated, one.annotation))
        return {one.passage: one for one in ordered if one.passage}

    def _is_deleted(self, one: Submitted) -> bool:
        return not self._deleted.isdisjoint((("annotation", one.annotation), ("task", one.task)))

    def _write(self, annotations: dict[int, Submitted]) -> None:
        with replaced(self._all) as file:
            file.writelines(_written(one) for one in annotations.values())
            file.writelines(json.dumps({"deleted": kind, "id": n}) + "\n" for kind, n in sorted(self._deleted))
        self._annotations = annotations
        with replaced(self.path) as file:
            file.writelines(line + "\n" for line in self.passages().values())


def _written(one: Submitted) -> str:
    fields = {"annotation": one.annotation, "task": one.task, "updated": one.updated, "trained": one.trained}
    head = json.dumps(fields, ensure_ascii=False)
    return f'{head.removesuffix("}")}, "passage": {one.line or "null"}}}\n'


def _read(line: str, where: str) -> Submitted | _Deleted:
    try:
        record = json.loads(line)
        if "deleted" in record:
            return str(record["deleted"]), int(record["id"])
        one = Submitted(
            int(record["annotation"]),
            int(record["task"]),
            str(record["updated"]),
            trained=bool(record.get("trained")),
        )
        passage = json.dumps(record["passage"], ensure_ascii=False)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{where}: no annotation that `serve` kept: {type(error).__name__}") from error
    return one if passage == "null" else replace(one, passage=from_json(passage, where=where).id, line=passage)
