"""What `gouji annotate push` does: tasks of reports, or of the contradictions of a run, to a server or a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from annotation._files import replaced
from annotation._progress import show_progress
from annotation._server import Labelling, Pushed, Server
from annotation.choose import choose, label_counts
from annotation.held_out import read_held_out
from annotation.label_config import instructions, label_config
from annotation.review import PROJECT as REVIEWS
from annotation.review import review_config, review_instructions, review_tasks
from annotation.run_findings import contradictions
from annotation.tasks import Read, model_version, tasks_of
from models.ontology import load_ontology
from models.schema.gold import read_annotated
from models.tagger.tagger import Tagger

if TYPE_CHECKING:
    from annotation._exports import Task


@dataclass(frozen=True)
class Offer:
    """Which tasks are offered to annotators.

    Attributes:
        inputs: files, folders, globs, or shards of reports.
        checkpoint: folder of the model whose suggestions go with the tasks.
        device: auto, cpu or cuda.
        budget: only so many tasks that nobody has annotated, the best first.
        held_out: agencies that are never offered: run.json, passages, or names by line.
        corpus: annotated passages that there are; they tell what is rare, and are not offered again.
        utf16: the server counts UTF-16 units.
    """

    inputs: Sequence[str]
    checkpoint: Path
    device: str = "auto"
    budget: int | None = None
    held_out: Path | None = None
    corpus: Path | None = None
    utf16: bool = False


def push_reports(offer: Offer, to_file: Path | None, project: str) -> bool:
    """Import the tasks of reports that are not there yet; whether there was any to offer.

    Args:
        offer: which.
        to_file: a file to write instead, all tasks in it; else the server of the environment.
        project: its title on the server.
    """
    known = list(read_annotated([offer.corpus])) if offer.corpus else []
    held = read_held_out(offer.held_out, known) if offer.held_out else None
    server = Server.from_environment() if to_file is None else None
    read, pushed = Read(), Pushed()
    tagger, version = Tagger.load(offer.checkpoint, offer.device), model_version(offer.checkpoint)
    made = tasks_of(offer.inputs, tagger, version, read, utf16=offer.utf16, signals=bool(offer.budget))
    done = {passage.id for passage in known}
    if offer.budget and server is not None:
        done |= server.annotated(project)
    offered = (task for task in (made if held is None else held.without(made)) if task["meta"]["id"] not in done)
    with show_progress() as show:
        tasks = iter(choose(offered, offer.budget, label_counts(known))) if offer.budget else offered
        first = list(islice(tasks, 1))
        if to_file is not None:
            pushed.new = _write_tasks(to_file, [*first, *tasks])
        elif server is not None and first:
            ontology = load_ontology()
            labelling = Labelling(project, label_config(ontology), instructions(ontology))
            pushed = server.push(
                labelling, chain(first, tasks), lambda now: show(f"{read.reports} reports: {now.words()}")
            )
    for source, reason in read.failures:
        sys.stderr.write(f"failed {source!r}: {reason}\n")
    if held is not None:
        sys.stderr.write(f"{held.held_back} tasks of agencies that are held out, or unknown, are not offered\n")
    reports = f"{read.tasks} tasks of {read.reports} reports, {len(read.failures)} inputs failed"
    sys.stderr.write(f"{reports}; {pushed.words()}\n")
    return bool(first)


def push_reviews(run: Path, to_file: Path | None, project: str) -> bool:
    """Import the contradictions of a run that are not there yet; whether it has any."""
    server = Server.from_environment() if to_file is None else None
    tasks = list(review_tasks(contradictions(run)))
    pushed = Pushed()
    if to_file is not None:
        pushed.new = _write_tasks(to_file, tasks)
    elif server is not None and tasks:
        labelling = Labelling(project or REVIEWS, review_config(), review_instructions(), "Sequential sampling")
        with show_progress() as show:
            pushed = server.push(labelling, tasks, lambda now: show(now.words()))
    sys.stderr.write(f"{len(tasks)} contradictions; {pushed.words()}\n")
    return bool(tasks)


def _write_tasks(path: Path, tasks: list[Task]) -> int:
    """A file to import; gives how many tasks it has."""
    with replaced(path) as file:
        file.write(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    return len(tasks)
