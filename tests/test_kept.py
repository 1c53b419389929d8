"""Events that come late, twice or in another order, and a service that is started again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotation.backend import Backend
from annotation.kept import Kept
from annotation.suggest import Suggester
from models.schema.errors import ConfigError
from tests.test_serve import FIVE, ORACLE, ask, changes, deleted, event, kept, retraining, serving, until

OLD, NEW = "2026-01-01T00:00:00.000001Z", "2026-01-02T00:00:00.000001Z"


@pytest.fixture
def where(root: Path, tmp_path: Path) -> dict[str, Any]:
    """Of a service that is started for each call of `changes`."""
    return {"root": root, "suggester": Suggester(ORACLE, "oracle"), "folder": tmp_path}  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [{}, {"was_cancelled": True}], ids=["changed", "cancelled"])
def test_a_late_event_replaces_nothing_newer(late: dict[str, Any], where: dict[str, Any], tmp_path: Path) -> None:
    older = event(1, (), updated_at=OLD, **late)
    changes(event(1, updated_at=NEW), older, **where)
    assert kept(tmp_path) == {"r-001": (FIVE,)}
    changes(older, **where)
    assert kept(tmp_path) == {"r-001": (FIVE,)}


def test_what_was_cancelled_comes_back_only_with_a_newer_event(where: dict[str, Any], tmp_path: Path) -> None:
    changes(event(1, was_cancelled=True, updated_at=NEW), **where)
    assert changes(event(1, updated_at=OLD), **where) == [0]
    assert kept(tmp_path) == {}
    assert changes(event(1, updated_at="2026-01-03T00:00:00Z"), **where) == [1]
    assert kept(tmp_path) == {"r-001": (FIVE,)}


@pytest.mark.parametrize("gone", [deleted(annotations=[1]), deleted(tasks=[1])], ids=["annotation", "task"])
def test_what_was_deleted_stays_deleted(gone: dict[str, Any], where: dict[str, Any], tmp_path: Path) -> None:
    late = event(1, updated_at=NEW)
    assert changes(late, event(2), gone, late, **where) == [1, 2, 1, 1]
    assert changes(late, event(1), **where) == [1, 1]
    assert kept(tmp_path) == {"r-002": (FIVE,)}


def test_a_deletion_may_come_before_what_it_deletes(where: dict[str, Any], tmp_path: Path) -> None:
    assert changes(deleted(annotations=[1]), deleted(tasks=[2]), event(1), event(2), event(3), **where)[-1] == 1
    assert list(kept(tmp_path)) == ["r-003"]


def test_lines_that_are_neither_kept_nor_deleted_are_refused(tmp_path: Path) -> None:
    for line in ("3", '{"deleted": "task"}', '{"deleted": "task", "id": "x"}'):
        (tmp_path / "gold.annotations.jsonl").write_text(line, "utf-8")
        with pytest.raises(ConfigError, match=r"gold\.annotations\.jsonl:1: "):
            Kept(tmp_path / "gold.jsonl")


def test_the_count_goes_on_after_a_restart(where: dict[str, Any]) -> None:
    assert changes(event(1), event(2), **where) == [1, 2]
    assert changes(event(3), event(2, ()), **where) == [3, 3]


def test_what_a_training_had_is_not_counted_again_after_a_restart(where: dict[str, Any], tmp_path: Path) -> None:
    """It ends with an error, because its corpus is not there; the next one starts with what came since."""
    retrainer = retraining(where["root"], tmp_path, 2, corpus=["nowhere/*.jsonl"])
    with serving(Backend(where["suggester"], retrainer)) as server:
        assert [ask(server, "/webhook", event(n))[1]["new"] for n in (1, 2)] == [1, 2]
        until(lambda: not Kept(tmp_path / "gold.jsonl").new())
        assert ask(server, "/webhook", event(3))[1]["new"] == 1
    assert changes(event(4), event(1, ()), **where) == [2, 3]


def test_what_a_stopped_training_had_counts_again(where: dict[str, Any], tmp_path: Path) -> None:
    retrainer = retraining(where["root"], tmp_path, 1)
    with serving(Backend(where["suggester"], retrainer)) as server:
        ask(server, "/webhook", event(1))
        retrainer.stop()
    assert [path.name for path in tmp_path.glob("run-*.yaml")] == ["run-1.yaml"]
    assert changes(event(2), **where) == [2]
