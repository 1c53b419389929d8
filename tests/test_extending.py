"""What a newcomer adds, in a copy of the package: a check is one function in one file, a reading one line of YAML."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import json
from tests.oracle import read_marked
from tests.planted.filled import tables
cells = {"applications__received__natural_person": 4, "applications__received__enterprise": 1,
         "applications__received__total": 5}
_, findings = read_marked("全年收到申请⟦4|applications.received⟧件。", tables(**cells))
print(json.dumps([[f.check, f.verdict, f.reading] for f in findings]))
"""
CHECK = '''"""Figures that are suspiciously small."""

from models.reconciling.registry import check
from models.schema.finding import Finding


@check("narrative.small")
def check_small(extraction):
    """Every figure below five."""
    for f in extraction.figures:
        if f.quantity is not None and f.quantity.value < 5:
            yield Finding(check="narrative.small", verdict="undecided", statistic=f.statistic, span=f.span,
                          stated=f.quantity.value, expression="", computed=None, reading="很小", message="很小",
                          severity="info", evidence=())
'''
LINE = "    - {expression: applications.received.natural_person, words: 表三新收的自然人}\n"


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    for name in ("models", "configs"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    return tmp_path


def findings(root: Path, package: Path) -> list[list[str]]:
    """What the reconciler of the copy says: check, verdict, reading."""
    path = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{root}", "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, "-c", READ], cwd=package, env=path, capture_output=True, check=True)
    return [list(row) for row in json.loads(done.stdout)]


def test_a_reading_is_one_line(root: Path, package: Path) -> None:
    def of_cells() -> list[list[str]]:
        return [row for row in findings(root, package) if row[0] == "narrative.cell"]

    ((_, verdict, _),) = of_cells()
    assert verdict == "contradicts"
    path = package / "configs" / "statistics" / "1-reconcilable.yaml"
    before, entry, after = path.read_text("utf-8").partition("- id: applications.received\n")
    head, readings, rest = after.partition("  readings:\n")
    first, newline, others = rest.partition("\n")
    path.write_text(before + entry + head + readings + first + newline + LINE + others, "utf-8")
    ((_, verdict, reading),) = of_cells()
    assert (verdict, "表三新收的自然人" in reading) == ("explained", True)


def test_a_check_is_one_function_in_one_file(root: Path, package: Path) -> None:
    assert not [row for row in findings(root, package) if row[0] == "narrative.small"]
    (package / "models" / "reconciling" / "small.py").write_text(CHECK, "utf-8")
    assert [row for row in findings(root, package) if row[0] == "narrative.small"] == [
        ["narrative.small", "undecided", "很小"]
    ]
