"""What one input may cost: the settings of `configs/budgets.yaml`, which says what each is for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError

from configs import ROOT
from models.schema.errors import ConfigError


class Budgets(BaseModel):
    """Bounds by their keys in the file; sizes in bytes, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: PositiveInt
    size_with_fonts: PositiveInt
    seconds: PositiveFloat
    memory: PositiveInt
    warc_headers: PositiveInt
    spans: PositiveInt
    table_cells: PositiveInt
    pages: PositiveInt
    painted: PositiveInt
    characters: PositiveInt
    rules: PositiveInt
    stream: PositiveInt
    picture: PositiveInt
    part: PositiveInt
    parts: PositiveInt


@cache
def budgets(path: Path = ROOT / "budgets.yaml") -> Budgets:
    """The budgets of a file.

    Raises:
        ConfigError: the file does not parse, or a key is missing, unknown or not positive.
    """
    try:
        return Budgets.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error
