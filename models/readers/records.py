"""Records of crawl shards: JSON lines, plain or packed, and Parquet."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from models.readers.zst import ZstdFile
from models.schema.errors import DocumentError


def json_records(path: Path, suffix: str, limit: int) -> Iterator[Any]:
    """What each line of a file holds; an error in the place of a line that is too long or no JSON.

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
        while line := lines.readline(limit + 1):
            if len(line) > limit:
                while line and not line.endswith(b"\n"):
                    line = lines.readline(limit)
                yield DocumentError("read", f"a line of more than {limit} bytes")
            elif line.strip():
                yield _json(line)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return DocumentError("read", f"no JSON: {error}")


def parquet_records(path: Path, columns: Collection[str]) -> Iterator[dict[str, Any]]:
    """The rows of a file, with those of the columns that are there.

    Raises:
        OSError, ArrowException: the file is damaged or cut.
    """
    with path.open("rb") as raw, pq.ParquetFile(raw) as file:
        wanted = [name for name in columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=64, columns=wanted, use_threads=False):
            yield from batch.to_pylist()
