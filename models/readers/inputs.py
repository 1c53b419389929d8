"""From what the user names (files, folders, globs, crawl shards) to single inputs.

A shard holds one report a record, with `text` or `html` and optionally `url`, `agency`, `year`.
Whatever cannot be read is given as a failure, so that every input is accounted for.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from models.schema.errors import ConfigError, DocumentError

MAX_BYTES = 32 * 2**20
"""Largest input that is read; a report has some ten thousand characters."""
SHARD_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


@dataclass(frozen=True, slots=True)
class Input:
    """One input, not yet decoded.

    Attributes:
        source: path, for a record of a shard with `#` and its number from 1, or its url.
        suffix: tells the reader.
        data: the bytes; None where `failure` says why there are none.
        agency: what a record of a shard says.
        year: likewise.
    """

    source: str
    suffix: str
    data: bytes | None
    failure: DocumentError | None = None
    agency: str | None = None
    year: int | None = None

    @property
    def report_id(self) -> str:
        """First 16 hex digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.data or b"").hexdigest()[:16]


def iterate_inputs(names: Sequence[str]) -> Iterator[Input]:
    """Every input that the names stand for, in a fixed order.

    Raises:
        ConfigError: a name stands for nothing.
    """
    for name in names:
        for path in _paths(name):
            yield from _inputs_of(path)


def _paths(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        yield from (p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts))
    elif path.exists():
        yield path
    else:
        found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - names may be absolute
        if not found:
            raise ConfigError(f"{name}: no such file or folder, and no file matches it")
        for match in found:
            yield from _paths(match)


def _inputs_of(path: Path) -> Iterator[Input]:
    for suffix in SHARD_SUFFIXES:
        if path.name.lower().endswith(suffix):
            yield from _records_of(path, suffix)
            return
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DocumentError("read", f"{size} bytes; the limit is {MAX_BYTES}")
        yield Input(str(path), path.suffix, path.read_bytes())
    except OSError as error:
        yield Input(str(path), path.suffix, None, DocumentError("read", error.strerror or str(error)))
    except DocumentError as error:
        yield Input(str(path), path.suffix, None, error)


def _records_of(path: Path, suffix: str) -> Iterator[Input]:
    number = 0
    try:
        records = _parquet_records(path) if suffix == ".parquet" else _json_records(path, suffix)
        for number, record in enumerate(records, 1):
            yield _record_input(f"{path}#{number}", record)
    except (OSError, EOFError, zstandard.ZstdError, pa.ArrowException) as error:
        failure = DocumentError("read", f"shard broken after record {number}: {error}")
        yield Input(str(path), suffix, None, failure)


def _json_records(path: Path, suffix: str) -> Iterator[Any]:
    openers: dict[str, Callable[[BinaryIO], Any]] = {
        ".jsonl": lambda raw: raw,
        ".jsonl.gz": lambda raw: gzip.GzipFile(fileobj=raw),
        ".jsonl.zst": lambda raw: zstandard.ZstdDecompressor().stream_reader(raw),
    }
    with path.open("rb") as raw:
        lines = io.BufferedReader(openers[suffix](raw)) if suffix != ".jsonl" else raw
        while line := lines.readline(MAX_BYTES + 1):
            if len(line) > MAX_BYTES:
                while line and not line.endswith(b"\n"):
                    line = lines.readline(MAX_BYTES)
                yield DocumentError("read", f"a line of more than {MAX_BYTES} bytes")
            elif line.strip():
                yield _json(line)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return DocumentError("read", f"no JSON: {error}")


def _parquet_records(path: Path) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=64):
            yield from batch.to_pylist()


def _record_input(source: str, record: Any) -> Input:
    if isinstance(record, DocumentError):
        return Input(source, "", None, record)
    if not isinstance(record, dict):
        return Input(
            source, "", None, DocumentError("read", f"a record must be an object, got {type(record).__name__}")
        )
    suffix, words = (".txt", record.get("text")) if record.get("text") else (".html", record.get("html"))
    if not isinstance(words, str) or not words:
        return Input(source, "", None, DocumentError("read", "the record has neither text nor html"))
    data = words.encode("utf-8", errors="replace")
    if len(data) > MAX_BYTES:
        return Input(source, suffix, None, DocumentError("read", f"{len(data)} bytes; the limit is {MAX_BYTES}"))
    year = str(record.get("year") or "")
    url, agency = record.get("url"), record.get("agency")
    return Input(
        source=str(url) if url else source,
        suffix=suffix,
        data=data,
        agency=str(agency) if agency else None,
        year=int(year) if year.isdigit() and len(year) == 4 else None,
    )
