"""Settings of a training run, read from YAML; unknown keys are an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.schema.errors import ConfigError


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Encoder(_Settings):
    """What is trained.

    Attributes:
        checkpoint: folder or hub name of any BERT to start from; empty means from scratch.
        model_type: architecture of `transformers`, where from scratch.
        config: its configuration, beyond vocabulary and labels.
    """

    checkpoint: str = ""
    model_type: str = "deberta-v2"
    config: dict[str, Any] = {}


class TrainingSettings(_Settings):
    """One run of `gouji train`.

    Attributes:
        corpus: files of annotated passages, or patterns; relative to the settings file, if not absolute.
        output: folder of the run, relative to the working directory.
        held_out: share of the families kept for development, and again for testing, in (0, 0.4].
        split: `run.json` of an earlier run whose split is kept instead; relative like the corpus.
        copies: augmented variants of each passage.
        outside_weight: weight in the loss of characters that begin no candidate.
        evaluations: how often during the run the development score is taken.
        bf16: multiply in bf16 on the CPU too, twice as fast where it has AMX; a GPU always does.
    """

    corpus: tuple[Path, ...]
    output: Path
    seed: int = 1
    held_out: float = Field(default=0.12, gt=0, le=0.4)
    split: Path | None = None
    encoder: Encoder
    copies: int = Field(default=20, ge=1)
    epochs: float = Field(default=1.0, gt=0)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup_share: float = Field(default=0.06, ge=0, lt=1)
    weight_decay: float = Field(default=0.02, ge=0)
    outside_weight: float = Field(default=0.05, ge=0, le=1)
    evaluations: int = Field(default=8, ge=1)
    patience: int = Field(default=4, ge=1)
    bf16: bool = False
    threads: int | None = Field(default=None, ge=1)


def read_settings(path: Path) -> TrainingSettings:
    """Settings of a YAML file, its corpus patterns resolved to files.

    Raises:
        ConfigError: the file is missing or wrong, or a pattern finds no file.
    """
    try:
        settings = TrainingSettings.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise ConfigError(f"{path}: {where}{first['msg']}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    files: list[Path] = []
    for pattern in settings.corpus:
        whole = path.parent / pattern
        found = sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))
        if not found:
            raise ConfigError(f"{path}: corpus: no file matches {pattern}")
        files += found
    split = path.parent / settings.split if settings.split else None
    return settings.model_copy(update={"corpus": tuple(files), "split": split})
