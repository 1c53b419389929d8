"""What several tests share: the shipped tagger, and where the real reports lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from models.tagger.tagger import Tagger

torch.set_num_threads(1)  # as in `gouji run`

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("GOUJI_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "reports").is_dir():
        pytest.skip(f"the real reports are not at {SHARED} (set GOUJI_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    return Tagger.load(device="cpu")
