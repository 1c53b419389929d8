"""`gouji annotate pull`: what is written, in which memory, and what stays when it fails."""

from __future__ import annotations

import io
import json
import os
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotation._exports import named
from annotation.cli import app
from annotation.pull import Written, write_passages
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated
from tests.test_adjudication import FIVE, NONE, task
from tests.test_annotation import TEXT, passage


def pull(export: list[Any], folder: Path, *options: str) -> Any:
    (folder / "export.json").write_text(json.dumps(export), "utf-8")
    command = ["pull", "--from-file", str(folder / "export.json"), "--out", str(folder / "gold.jsonl"), *options]
    return CliRunner().invoke(app, command)


def written(*tasks: dict[str, Any], rule: str = "newest") -> tuple[list[dict[str, Any]], list[Any], Written]:
    passages, provenance = io.StringIO(), io.StringIO()
    found = write_passages(named(tasks), passages, provenance, where="test", rule=rule)
    return [json.loads(line) for line in passages.getvalue().splitlines()], json.loads(provenance.getvalue()), found


def numbered(number: int, text: str = TEXT) -> AnnotatedPassage:
    return replace(passage(text), id=f"r-{number:03}")


@pytest.mark.parametrize(("rule", "figures"), [("newest", ["未发生"]), ("majority", ["5"]), ("strict", None)])
def test_a_passage_of_several_projects_counts_once_with_the_annotations_of_all(rule: str, figures: Any) -> None:
    """Three people, two in one project and the one who was last in another; other passages keep their order."""
    both = task(passage(), (FIVE,), (FIVE,), (NONE,))
    one, other = {**both, "annotations": both["annotations"][:2]}, {**both, "annotations": both["annotations"][2:]}
    tasks = [task(numbered(1), ()), one, task(numbered(2), ()), other]
    lines, provenance, found = written(*tasks, rule=rule)
    expected = ["r-001", "r-000", "r-002"] if figures else ["r-001", "r-002"]
    assert [line["id"] for line in lines] == [entry["id"] for entry in provenance] == expected
    assert found.passages == len(expected)
    assert [f["text"] for line in lines for f in line["figures"]] == (figures or [])
    assert len(found.open) == (figures is None)


def test_of_one_person_in_two_projects_the_newest_counts() -> None:
    one, other = task(passage(), (FIVE,)), task(passage(), ())
    one["annotations"][0]["updated_at"] = "2024-03-01T00:00:00Z"
    for tasks in ((one, other), (other, one)):
        lines, _, found = written(*tasks, rule="strict")
        assert [len(line["figures"]) for line in lines] == [1]
        assert found.skipped["superseded"] == 1


def test_two_texts_of_one_passage_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"task 12 \(r-000\) and task 12 \(r-000\) have two different texts"):
        written(task(passage(), ()), task(passage(TEXT + "。"), ()))


def test_an_adjudicator_who_did_nothing_is_refused_in_the_end(tmp_path: Path) -> None:
    result = pull([task(passage(), (FIVE,))], tmp_path, "--adjudicate", "majorty")
    assert "nobody of that name" in str(result.exception)
    assert not (tmp_path / "gold.jsonl").exists()
    assert pull([task(passage(), (FIVE,))], tmp_path, "--adjudicate", "p1@example.org").exit_code == 0


def test_what_fails_half_way_leaves_the_old_files(tmp_path: Path) -> None:
    assert pull([task(numbered(1), (FIVE,))], tmp_path).exit_code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.glob("gold*")}
    assert sorted(before) == ["gold.jsonl", "gold.provenance.json"]
    wrong = task(numbered(3), (replace(FIVE, text="6"),))
    for export in ([task(numbered(2), ()), wrong], [task(numbered(2), ()), 3], []):
        assert pull(export, tmp_path).exit_code == 1
        assert {path.name: path.read_bytes() for path in tmp_path.glob("gold*")} == before
    assert pull([task(numbered(2), ())], tmp_path).exit_code == 0
    assert [p.id for p in read_annotated([tmp_path / "gold.jsonl"])] == ["r-002"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file stands where a folder would be, and a folder where the file would be."""
    (tmp_path / "file").write_text("", "utf-8")
    (tmp_path / "folder").mkdir()
    export = tmp_path / "export.json"
    export.write_text(json.dumps([task(passage(), (FIVE,))]), "utf-8")
    for out in (tmp_path / "file" / "gold.jsonl", tmp_path / "folder"):
        result = CliRunner().invoke(app, ["pull", "--from-file", str(export), "--out", str(out)])
        assert isinstance(result.exception, ConfigError)
        assert re.fullmatch(f"{out}: cannot be written: [A-Za-z ]+", str(result.exception))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.json", "file", "folder"]


def test_every_refused_task_is_named(tmp_path: Path) -> None:
    zero = GoldFigure(6, 7, "5", "applications.received", zero=True)
    export = [{**task(numbered(n), (zero,)), "id": 20 + n} for n in range(2)]
    error = str(pull(export, tmp_path).exception)
    assert "task 20 (r-000): '5' at 6-7 has digits, but is ticked as 文字零" in error
    assert "; task 21 (r-001): " in error


def test_passages_do_not_stay_in_memory() -> None:
    text = "全年收到申请5件。" * 1000

    def tasks(number: int) -> Iterator[dict[str, Any]]:
        return (task(numbered(n, f"{n}{text}"), ()) for n in range(number))

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        tracemalloc.start()
        try:
            found = write_passages(named(tasks(300)), nowhere, nowhere, where="test")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found.passages == 300
    assert peak < 100 * len(text)
