"""Records of crawl shards: JSON lines, plain or packed, and Parquet."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from models.readers.zst import ZstdFile
from models.schema.errors import DocumentError

TOGETHER = 64
"""Rows of a Parquet file that are read at once."""
DAMAGE = (OSError, ValueError, MemoryError, pa.ArrowException)


def json_records(path: Path, suffix: str, limit: int, passed: int) -> Iterator[Any]:
    """What each line of a file holds; an error in the place of a line that is too long or no JSON.

    Args:
        path: the file.
        suffix: tells how it is packed.
        limit: bytes that a line may have.
        passed: how many records are passed over, without a look into them; None stands for each.

    Raises:
        OSError, EOFError, zlib.error, ZstdError: the file is damaged or cut.
    """
    openers: dict[str, Callable[[BinaryIO], Any]] = {
        ".jsonl": lambda raw: raw,
        ".jsonl.gz": lambda raw: gzip.GzipFile(fileobj=raw),
        ".jsonl.zst": ZstdFile,
    }
    with path.open("rb") as raw:
        lines = io.BufferedReader(openers[suffix](raw)) if suffix != ".jsonl" else raw
        given = 0
        while line := lines.readline(limit + 1):
            if len(line) > limit:
                given += 1
                while line and not line.endswith(b"\n"):
                    line = lines.readline(limit)
                yield DocumentError("read", f"a line of more than {limit} bytes")
            elif line.strip():
                given += 1
                yield _json(line) if given > passed else None


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return DocumentError("read", f"no JSON: {error}")


def parquet_records(path: Path, columns: Collection[str]) -> Iterator[tuple[int, Any]]:
    """The rows of a file with their numbers from 1, with those of the columns that are there.

    A row with a value that cannot be read is an error in its place. So are the rows from a damaged page to the end of
    their group, one error for all of them: nothing tells where the next page begins.

    Raises:
        OSError, ArrowException: the file is damaged or cut so that its groups of rows cannot be found.
    """
    with path.open("rb") as raw, pq.ParquetFile(raw) as file:
        wanted = [name for name in columns if name in file.schema_arrow.names]
        first = 1
        for group in range(file.num_row_groups):
            yield from enumerate(_group(file, group, wanted, first), first)
            first += file.metadata.row_group(group).num_rows


def _group(file: pq.ParquetFile, group: int, columns: Sequence[str], first: int) -> Iterator[Any]:
    """The rows of a group; where some cannot be read together, one by one."""
    given = 0
    try:
        for row in _rows(file, group, columns, TOGETHER):
            given += 1
            yield row
    except DAMAGE:
        try:
            for row in islice(_rows(file, group, columns, 1), given, None):
                given += 1
                yield row
        except DAMAGE as error:
            last = first + file.metadata.row_group(group).num_rows - 1
            yield DocumentError("read", f"rows {first + given} to {last} cannot be read: {_one_line(error)}")


def _rows(file: pq.ParquetFile, group: int, columns: Sequence[str], together: int) -> Iterator[Any]:
    for batch in file.iter_batches(together, row_groups=[group], columns=columns, use_threads=False):
        try:
            rows: Iterable[Any] = batch.to_pylist()
        except Exception:  # noqa: BLE001 - a value may be broken in a way of its own
            rows = (_row(batch, number) for number in range(batch.num_rows))
        yield from rows


def _row(batch: pa.RecordBatch, number: int) -> Any:
    row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row[name] = column[number].as_py()
        except Exception as error:  # noqa: BLE001 - likewise
            return DocumentError("read", f"its {name} cannot be read: {_one_line(error)}")
    return row


def _one_line(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())[:200]
