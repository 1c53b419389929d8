"""Agencies that are held out for evaluation: their reports must never be annotated for training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation._exports import Task
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, read_annotated
from models.structure.agency import agency_key, may_be_one_of

HELD_OUT = ("development", "test")
"""Parts of the split in a run.json that training has not seen."""


@dataclass
class HeldOut:
    """Names of agencies, each as its key; `held_back` counts the tasks that were left out."""

    keys: frozenset[str]
    held_back: int = 0

    def without(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """The tasks of other agencies."""
        for task in tasks:
            if self.holds(task["meta"]["agency"]):
                self.held_back += 1
            else:
                yield task

    def holds(self, agency: str) -> bool:
        """Whether a report of this agency must not be offered; to leave out one too many costs little."""
        return may_be_one_of(agency, self.keys)


def read_held_out(path: Path, corpus: Sequence[AnnotatedPassage]) -> HeldOut:
    """Held-out agencies of a file.

    Args:
        path: `run.json` of a training run, which names families; annotated passages (.jsonl), or a text file
            with a name in each line.
        corpus: what that run was fitted on, where the families' agencies are looked up.

    Raises:
        ConfigError: the file cannot be read or names nobody, or a family of the run is not in the corpus.
    """
    try:
        if path.suffix == ".json":
            names = _agencies_of_run(path, corpus)
        elif path.suffix == ".jsonl":
            names = {passage.agency for passage in read_annotated([path])}
        else:
            names = set(path.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--held-out {path}: cannot be read: {type(error).__name__}") from error
    keys = frozenset(filter(None, map(agency_key, names)))
    if not keys:
        raise ConfigError(f"--held-out {path}: names no agency")
    return HeldOut(keys)


def _agencies_of_run(path: Path, corpus: Sequence[AnnotatedPassage]) -> set[str]:
    try:
        families = json.loads(path.read_text("utf-8"))["families"]
        held = {str(family) for part in HELD_OUT for family in families[part]}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"--held-out {path}: no run.json of gouji train: families are missing") from error
    found = [passage for passage in corpus if passage.family in held]
    if missing := sorted(held - {passage.family for passage in found}):
        raise ConfigError(
            f"--held-out {path}: {len(missing)} held-out families are not in --corpus, such as {missing[0]}: "
            "name the passages that the run was fitted on"
        )
    return {passage.agency for passage in found}
