"""From exported tasks to annotated passages, one after the other: what is pulled never stands in memory together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any, TextIO

from annotation._exports import NamedTask, Refused
from annotation._label_studio import read_task
from annotation.adjudicate import adjudicate, check_rule
from annotation.answers import Export
from models.ontology import load_ontology
from models.schema.gold import to_json


@dataclass
class Written:
    """How many passages were written; what the rule left open, in words; what gave no passage, by the reason."""

    passages: int = 0
    open: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def write_passages(
    tasks: Iterable[NamedTask],
    passages: TextIO,
    provenance: TextIO,
    *,
    where: str,
    rule: str = "newest",
    annotator: str = "",
    utf16: bool = False,
) -> Written:
    """Choose among the annotations of each passage and write it, in the order in which its first task comes.

    A passage of several tasks, in one project or in several, counts once, with the annotations of all.

    Args:
        tasks: of all projects, with their names; consumed one by one, and kept in an unnamed file meanwhile.
        passages: takes a line for each passage.
        provenance: takes a JSON list, an entry for each passage.
        where: names the export in errors.
        rule: see `annotation/adjudicate.py`.
        annotator: only what this one did; id or mail address.
        utf16: the server counts offsets as old ones do.

    Raises:
        ConfigError: naming tasks that are refused, and why; or nobody of the rule's name annotated anything.
    """
    written, refused, people = Written(), Refused(where), set[str]()
    labels = load_ontology().labels
    for group in _by_passage(tasks):
        export = Export(skipped=written.skipped)
        for name, raw in group:
            with refused.noting(name):
                export.tasks.append(read_task(name, raw, labels, annotator, export.skipped, utf16=utf16))
        people |= {name for task in export.tasks for answer in task.answers for name in answer.names}
        found = adjudicate(export, rule)
        written.skipped = found.skipped
        written.open += found.open
        for passage, entry in zip(found.passages, found.provenance, strict=True):
            passages.write(to_json(passage) + "\n")
            provenance.write(",\n" if written.passages else "[\n")
            provenance.write(json.dumps(entry, ensure_ascii=False))
            written.passages += 1
    provenance.write("\n]\n" if written.passages else "[]\n")
    refused.raise_any()
    check_rule(rule, people)
    return written


def _by_passage(tasks: Iterable[NamedTask]) -> Iterator[list[NamedTask]]:
    """The tasks of each passage together; of what lies in the file, only the places are kept in memory."""
    places: dict[str, list[int]] = {}
    with TemporaryFile() as file:
        for name, raw in tasks:
            places.setdefault(_passage(raw), []).append(file.tell())
            file.write(json.dumps([name, raw]).encode() + b"\n")
        for here in places.values():
            yield [_line(file, place) for place in here]


def _passage(raw: Any) -> str:
    """The id of a task's passage, as far as it has one; reading the task tells what is wrong with it."""
    meta = raw.get("meta") if isinstance(raw, dict) else None
    return str(meta.get("id")) if isinstance(meta, dict) else ""


def _line(file: Any, place: int) -> NamedTask:
    file.seek(place)
    name, raw = json.loads(file.readline())
    return name, raw
