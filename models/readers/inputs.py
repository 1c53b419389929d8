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
import os
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from models.schema.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES = 4 * 2**20
"""Largest input that is read. A report has some ten thousand characters, and what is no report is read as
thoroughly as one: twenty megabytes on a line took minutes and gigabytes."""
MAX_BYTES_WITH_FONTS = 32 * 2**20
"""Likewise of formats that carry fonts and pictures; their readers bound what they unpack."""
FIELDS = ("text", "html", "url", "agency", "year")
"""What is read of a record; other columns of a crawl may be large, or broken."""
SHARD_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


@dataclass(frozen=True, slots=True)
class Input:
    """One input, not yet decoded.

    Attributes:
        source: path, for a record of a shard with `#` and its number from 1, or its url. File names that
            are no UTF-8 (GBK archives) and JSON bring lone surrogates, which no table can hold: they are escaped.
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

    def __post_init__(self) -> None:
        for name in ("source", "suffix", "agency"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, value.encode("utf-8", "backslashreplace").decode())

    @property
    def report_id(self) -> str:
        """First 16 hex digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.data or b"").hexdigest()[:16]


def iterate_inputs(names: Sequence[str], *, without: Collection[Path] = ()) -> Iterator[Input]:
    """Every input that the names stand for, in a fixed order; all names are looked up before the first is read.

    Args:
        names: files, folders (recursive), globs, or shards.
        without: resolved files and folders that are left out, unless a name is just that file.

    Raises:
        ConfigError: a name stands for nothing.
    """
    paths = [path for name in names for path in _paths(name, frozenset(without))]
    return (item for path in paths for item in _inputs_of(path))


def _paths(name: str, without: frozenset[Path]) -> list[Path]:
    """Links that lead nowhere are files here (`lexists`): reading them fails, and that is said."""
    matches = [name] if os.path.lexists(name) else sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - absolute
    if not matches:
        raise ConfigError(f"{name}: no such file or folder, and no file matches it")
    found: list[Path] = []
    for path in map(Path, matches):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() or (p.is_symlink() and not p.exists()))
            found += [p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts)]
        else:
            found.append(path)
    return [p for p in found if p == Path(name) or not without or without.isdisjoint(_upwards(p))]


def _upwards(path: Path) -> tuple[Path, ...]:
    whole = path.parent.resolve() / path.name
    return (whole, *whole.parents)


def _inputs_of(path: Path) -> Iterator[Input]:
    for suffix in SHARD_SUFFIXES:
        if path.name.lower().endswith(suffix):
            yield from _records_of(path, suffix)
            return
    try:
        size = path.stat().st_size
        limit = MAX_BYTES_WITH_FONTS if path.suffix.lower() in (".pdf", ".docx") else MAX_BYTES
        if size > limit:
            raise DocumentError("read", f"{size} bytes; the limit is {limit}")
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
    except (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError, pa.ArrowException) as error:
        failure = DocumentError("read", f"shard broken after record {number}: {error}")
        yield Input(str(path), suffix, None, failure)


def _json_records(path: Path, suffix: str) -> Iterator[Any]:
    openers: dict[str, Callable[[BinaryIO], Any]] = {
        ".jsonl": lambda raw: raw,
        ".jsonl.gz": lambda raw: gzip.GzipFile(fileobj=raw),
        ".jsonl.zst": _ZstdFile,
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


class _ZstdFile(io.RawIOBase):
    """Unpacks frames of zstd. The library's own reader takes a frame that was cut short for the end of the file."""

    PIECE = 1024
    """Packed bytes at a time; they can unpack to some thirty thousand times as much."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._unpacked:
            packed = (self._frame.unused_data if self._frame.eof else b"") or self._raw.read(self.PIECE)
            if not packed and self._frame.eof:
                return 0
            if not packed:
                raise EOFError("the file ends within a zstd frame")
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._unpacked = memoryview(self._frame.decompress(packed))
        taken = self._unpacked[: len(view)]
        self._unpacked = self._unpacked[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


def _parquet_records(path: Path) -> Iterator[Any]:
    with path.open("rb") as raw, pq.ParquetFile(raw) as file:
        columns = [name for name in FIELDS if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=64, columns=columns):
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
    url, agency = record.get("url"), record.get("agency")
    return Input(
        source=url if isinstance(url, str) and url else source,
        suffix=suffix,
        data=data,
        agency=agency if isinstance(agency, str) and agency else None,
        year=_year(record.get("year")),
    )


def _year(value: Any) -> int | None:
    """Four digits, as a word or a number; pandas writes 2021.0 where other records have no year."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = str(value) if isinstance(value, int | str) else ""
    return int(words) if len(words) == 4 and words.isascii() and words.isdigit() else None
