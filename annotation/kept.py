"""What annotators submitted to `serve`, as it stands in Label Studio now: changed and deleted as it is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from annotation._files import replaced
from models.schema.errors import ConfigError
from models.schema.gold import from_json


@dataclass(frozen=True, slots=True)
class Submitted:
    """One annotation.

    Attributes:
        annotation: its number on the server.
        task: that of its task.
        updated: when it was last changed (ISO), empty where the event does not say.
        passage: id of its passage; empty where it was cancelled.
        line: the annotated passage as JSON; kept written, because every event writes all again.
    """

    annotation: int
    task: int
    updated: str
    passage: str = ""
    line: str = ""


class Kept:
    """Annotations by their numbers, of one Label Studio.

    Two files: `NAME.annotations.jsonl` holds all, so that one that is deleted gives place to the one before it;
    the other, made from it, has the newest annotation of each passage, for training.

    Args:
        path: of the passages (JSONL).

    Raises:
        ConfigError: the files are wrong, or the passages were not made from annotations.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = path.with_suffix(".annotations.jsonl")
        self._annotations: dict[int, Submitted] = {}
        if self._all.exists():
            with self._all.open(encoding="utf-8") as lines:
                read = [_read(line, f"{self._all}:{number}") for number, line in enumerate(lines, 1)]
            self._annotations = {one.annotation: one for one in read}
        elif path.exists():
            raise ConfigError(f"{path}: not kept by `serve`, which would replace it: name another --gold")

    def passages(self) -> dict[str, str]:
        """The newest annotation of each passage as JSON, by the id."""
        ordered = sorted(self._annotations.values(), key=lambda one: (one.updated, one.annotation))
        return {one.passage: one.line for one in ordered}

    def put(self, submitted: Iterable[Submitted]) -> None:
        """Add annotations, or replace them; those that were cancelled go."""
        changed = self._annotations | {one.annotation: one for one in submitted}
        self._write({number: one for number, one in changed.items() if one.passage})

    def remove(self, annotations: Collection[int], tasks: Collection[int]) -> None:
        """Remove annotations by their numbers, and those of tasks."""
        kept = {n: a for n, a in self._annotations.items() if n not in annotations and a.task not in tasks}
        self._write(kept)

    def _write(self, annotations: dict[int, Submitted]) -> None:
        with replaced(self._all) as file:
            file.writelines(_written(one) for one in annotations.values())
        self._annotations = annotations
        with replaced(self.path) as file:
            file.writelines(line + "\n" for line in self.passages().values())


def _written(one: Submitted) -> str:
    head = json.dumps({"annotation": one.annotation, "task": one.task, "updated": one.updated}, ensure_ascii=False)
    return f'{head.removesuffix("}")}, "passage": {one.line}}}\n'


def _read(line: str, where: str) -> Submitted:
    try:
        record = json.loads(line)
        number, task, updated = int(record["annotation"]), int(record["task"]), str(record["updated"])
        passage = json.dumps(record["passage"], ensure_ascii=False)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{where}: no annotation that `serve` kept: {type(error).__name__}") from error
    return Submitted(number, task, updated, from_json(passage, where=where).id, passage)
