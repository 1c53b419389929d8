"""The process that reads shards: what its death costs, and how it finds its place again."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inference import reading
from inference.child import Child
from models.readers import inputs, records
from models.readers.inputs import Input, Skipped, inputs_of

MEMORY = 40 * 2**20
FAT = '{"x": [' + "{}," * 1_300_000 + "0]}"
"""A line within the limit whose objects need more memory than that."""


def shard(path: Path, count: int, fat: Collection[int] = ()) -> Path:
    """Records with their numbers from 1; those that are fat end a reader with little memory."""
    if path.suffix == ".warc":
        bodies = [b"x" * 30 * 2**20 if n in fat else b"%d" % n for n in range(1, count + 1)]
        path.write_bytes(b"".join(map(_response, bodies)))
    else:
        lines = [FAT if n in fat else json.dumps({"text": str(n)}) for n in range(1, count + 1)]
        data = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
    return path


def _response(body: bytes) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body
    return b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n" % (len(block), block)


def read(path: Path, child: Child[Any, Any]) -> list[Input]:
    """The records of a shard."""
    try:
        return [item for item in reading.records_guarded(path, child) if isinstance(item, Input)]
    finally:
        child.stop()


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.warc"])
def test_a_record_that_ends_its_reader_costs_itself_alone(tmp_path: Path, name: str) -> None:
    path = shard(tmp_path / name, 130, {3, 4, 120, 130})
    found = read(path, Child(reading.record_of, memory=MEMORY, attempts=1))
    assert [item.data for item in found] == [None if n in {3, 4, 120, 130} else b"%d" % n for n in range(1, 131)]
    failed = [item for item in found if item.failure]
    assert [item.source for item in failed] == [f"{path}#{n}" for n in (3, 4, 120, 130)]
    assert {str(item.failure) for item in failed} == {"reading it needs more than 40 MiB of memory"}


def test_a_shard_with_many_such_records_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FATAL", 2)
    path = shard(tmp_path / "a.jsonl", 9, {2, 5, 7})
    found = read(path, Child(reading.record_of, memory=MEMORY, attempts=1))
    assert [item.source.removeprefix(str(path)) for item in found] == ["#1", "#2", "#3", "#4", "#5", ""]
    assert str(found[-1].failure) == (
        "shard broken after record 5: 2 of its records ended their reader, "
        "the last because reading it needs more than 40 MiB of memory; no more is read"
    )


def record_slowly(place: tuple[Path, int]) -> Any:
    """`record_of` where every record that is passed over takes its time."""
    inputs.json_records = _slowly  # type: ignore[assignment,attr-defined]
    return reading.record_of(place)


def _slowly(*arguments: Any) -> Iterator[Any]:
    for record in records.json_records(*arguments):
        time.sleep(0 if record else 0.005)
        yield record


def test_to_find_the_place_again_is_not_within_the_time_of_a_record(tmp_path: Path) -> None:
    """A reader that the system kills once, far into a shard: to pass over all before takes longer than a record may."""
    child: Child[Any, Any] = Child(record_slowly, seconds=1.5, attempts=1)
    found = []
    for item in reading.records_guarded(shard(tmp_path / "a.jsonl", 500), child):
        found.append(item)
        if len(found) == 490:
            os.kill(child._process.pid, signal.SIGKILL)
    child.stop()
    assert [item.data for item in found if isinstance(item, Input)] == [b"%d" % n for n in range(1, 501)]


def test_a_shard_that_became_shorter_is_broken(tmp_path: Path) -> None:
    child: Child[Any, Any] = Child(reading.record_of, attempts=1)
    path = shard(tmp_path / "a.jsonl", 9)
    found: list[Input | Skipped] = []
    for item in reading.records_guarded(path, child):
        found.append(item)
        if len(found) == 5:
            shard(path, 3)
            os.kill(child._process.pid, signal.SIGKILL)
    child.stop()
    assert len(found) == 6
    assert isinstance(found[5], Input)
    assert "broken after record 5: it became shorter while it was read" in str(found[5].failure)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet", "a.warc"])
@pytest.mark.parametrize("passed", [0, 1, 70, 99, 100, 120])
def test_something_stands_for_each_record_that_is_passed_over(tmp_path: Path, name: str, passed: int) -> None:
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.table({"text": [str(n) for n in range(1, 101)]}), path, row_group_size=30)
    else:
        shard(path, 100)
    assert list(inputs_of(path, passed))[passed:] == list(inputs_of(path))[passed:]
    assert len(list(inputs_of(path, passed))) == 100
