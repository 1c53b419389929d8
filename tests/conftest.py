"""What several tests share: the shipped tagger, a Label Studio, and where the real reports lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.tagger.tagger import Tagger
from tests.studio import Studio, started

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


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """An empty folder for reports."""
    folder = tmp_path / "crawl"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def environment(root: Path) -> Path:
    path = root / ".venv-label-studio" / "bin"
    if not (path / "label-studio").exists():
        pytest.skip("no .venv-label-studio: `make test` builds it")
    return path


@pytest.fixture(scope="session")
def studio(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with started(environment / "label-studio", tmp_path_factory.mktemp("label-studio")) as server:
        yield server


@pytest.fixture(scope="session")
def second(studio: Studio) -> str:
    """The personal access token of a second annotator."""
    return studio.sign_up("second@localhost.example", "a long password")
