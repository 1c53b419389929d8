"""The file of budgets: complete, and a mistake in it is named before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs import ROOT
from models.readers.budgets import budgets
from models.schema.errors import ConfigError

FILE = (ROOT / "budgets.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("pages:", "page:"),
        FILE.replace("pages: 200", "pages: 0"),
        FILE + "more: 1\n",
        "",
        "pages: [",
        "- 1",
    ],
)
def test_a_mistake_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "budgets.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"budgets\.yaml"):
        budgets(tmp_path / "budgets.yaml")
