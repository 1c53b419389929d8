"""The statistics of `configs/statistics` and the labels derived from them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from configs import ROOT
from models.schema.errors import ConfigError

KINDS = ("count", "amount", "date", "percent")
"""What a figure is, whatever it counts; also the labels of figures that are no statistic."""


class Reading(BaseModel):
    """One expression over cells that a statistic can mean, with its words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expression: str
    words: str


class Statistic(BaseModel):
    """One statistic of the narrative; the keys are explained in `1-reconcilable.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    kind: Literal["count", "amount"]
    units: tuple[str, ...]
    group: str
    definition: str
    nouns: tuple[str, ...]
    readings: tuple[Reading, ...]
    hotkey: str = ""


@dataclass(frozen=True)
class Ontology:
    """All statistics in the order of their files."""

    statistics: tuple[Statistic, ...]

    @cached_property
    def by_id(self) -> dict[str, Statistic]:
        """Statistics by id."""
        return {s.id: s for s in self.statistics}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Statistic ids, then the bare kinds."""
        return (*self.by_id, *KINDS)

    @cached_property
    def bio(self) -> tuple[str, ...]:
        """O, then B- and I- of each label: the classes of the tagger."""
        return ("O", *(f"{prefix}-{label}" for label in self.labels for prefix in "BI"))

    @cached_property
    def digest(self) -> str:
        """Changes when the labels change; a checkpoint stores the one it was trained with."""
        return hashlib.sha256(json.dumps(self.bio).encode()).hexdigest()[:16]

    def kind(self, label: str) -> str:
        """The kind of a label: itself for a bare kind."""
        return label if label in KINDS else self.by_id[label].kind


@cache
def load_ontology(folder: Path = ROOT / "statistics") -> Ontology:
    """Read every YAML file of the folder.

    Raises:
        ConfigError: a file does not parse, has unknown keys, or an id occurs twice.
    """
    statistics: list[Statistic] = []
    reader = TypeAdapter(list[Statistic])
    for path in sorted(folder.glob("*.yaml")):
        try:
            data: Any = yaml.safe_load(path.read_text("utf-8"))
            statistics.extend(reader.validate_python(data))
        except (yaml.YAMLError, ValidationError) as error:
            raise ConfigError(f"{path}: {error}") from error
    ids = [s.id for s in statistics]
    if doubled := sorted({i for i in ids if ids.count(i) > 1}):
        raise ConfigError(f"{folder}: statistic ids occur twice: {', '.join(doubled)}")
    return Ontology(tuple(statistics))
