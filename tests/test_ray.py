"""The Ray engine: the tables of the local one, and nothing lost with a worker that dies."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from inference.engines import local
from inference.engines import ray as ray_engine
from inference.rows import Rows
from inference.sinks.parquet import read_tables
from models.readers.inputs import Input, iterate_inputs
from models.tagger.tagger import DEFAULT
from tests.engines import command, kill_worker


@pytest.fixture(scope="module")
def crawl(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, each several times with another line before it, so that no two are the same bytes."""
    folder = tmp_path_factory.mktemp("crawl")
    for path in sorted((root / "examples/reports").glob("*.txt"))[:4]:
        for n in range(6):
            (folder / f"{path.stem}-{n}.txt").write_text(
                f"第{n}份\n{path.read_bytes().decode('gb18030' if '2025' in path.name else 'utf-8')}", "utf-8"
            )
    (folder / "empty.txt").write_bytes(b"")
    return folder


def test_ray_gives_the_tables_of_the_local_engine_though_a_worker_is_killed(
    crawl: Path, tmp_path: Path, root: Path
) -> None:
    subprocess.run(command(crawl, tmp_path / "local"), cwd=root, check=True, capture_output=True)
    started = command(crawl, tmp_path / "ray", "--engine", "ray", "--workers", "2")
    with subprocess.Popen(started, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        kill_worker(process, tmp_path / "ray", 0)
        assert process.communicate(timeout=240)[0] == b""
        assert process.returncode == 0
    assert read_tables(tmp_path / "ray") == read_tables(tmp_path / "local")
    one, other = (json.loads((tmp_path / name / "run.json").read_text("utf-8")) for name in ("local", "ray"))
    assert one["stages"]["narrative"]["inputs"] > 0
    for stage, numbers in one["stages"].items():
        assert other["stages"][stage]["inputs"] == numbers["inputs"]


def test_an_input_that_kills_its_worker_is_a_failure_and_no_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray takes the class along, so a worker of the test's own dies where the text says so."""
    import ray

    items = list(iterate_inputs([str(path) for path in sorted((root / "examples/reports").glob("*.txt"))[:3]]))
    deadly = Input("deadly.txt", ".txt", "政府信息公开".encode())

    class Mortal(ray_engine.Worker):
        def work(self, batch: list[Input]) -> Rows:
            if any(item.source == "deadly.txt" for item in batch):
                os._exit(1)
            return super().work(batch)

    monkeypatch.setattr(ray_engine, "Worker", Mortal)
    batches = [[items[0], deadly], [items[1]], [items[2]]]
    found = list(ray_engine.run(iter(batches), model=str(DEFAULT), device="cpu", workers=1))
    assert not ray.is_initialized()
    expected = list(local.run(iter([[items[0]], [items[1]], [items[2]]]), model=str(DEFAULT), device="cpu", workers=1))
    assert [rows.reports for rows in found] == [rows.reports for rows in expected]
    assert [(row["source"], row["stage"]) for rows in found for row in rows.failures] == [("deadly.txt", "worker")]
