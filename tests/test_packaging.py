"""The generic names of our folders belong to us alone in this environment, and work stays out of imports."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

import inference.engines
from inference.run import VERSION, engines
from models.forms import load_forms
from models.ontology import KINDS, load_ontology
from models.readers.registry import readers

NAMES = ("models", "training", "annotation", "inference", "configs", "gouji")


def test_no_other_distribution_owns_our_names() -> None:
    owners = packages_distributions()
    assert {name: set(owners.get(name, ["gouji"])) for name in NAMES} == {name: {"gouji"} for name in NAMES}


def test_registered_readers_and_engines() -> None:
    assert list(readers()) == [".docx", ".htm", ".html", ".md", ".pdf", ".txt"]
    assert engines() == ("local", "ray")
    assert inference.engines.__doc__


def test_forms_and_statistics_have_the_ids_of_the_contract() -> None:
    forms = load_forms()
    assert {name: len(form.cells) for name, form in forms.items()} == {"2014": 58, "2019": 198, "2021": 200}
    ontology = load_ontology()
    assert len(ontology.statistics) == 51
    assert len(ontology.bio) == 1 + 2 * (51 + len(KINDS))


def test_version_is_said_once(root: Path) -> None:
    assert f'version = "{VERSION}"' in (root / "pyproject.toml").read_text("utf-8")
    assert f"## [{VERSION}]" in (root / "CHANGELOG.md").read_text("utf-8")


def test_help_needs_no_torch(root: Path) -> None:
    code = "import sys, gouji; sys.exit('torch' in sys.modules or 'label_studio_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_precommit_and_ci_run_the_same_check(root: Path) -> None:
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text("utf-8"))
    assert hooks["repos"][0]["hooks"][0]["entry"] == "make check"
    assert "make check" in (root / ".ci" / "run").read_text("utf-8")
