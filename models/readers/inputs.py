"""From what the user names (files, folders, globs, crawl shards) to single inputs.

A shard holds one report a record, with `text` or `html` and optionally `url`, `agency`, `year`, `fetched_at`; a web
archive (WARC) holds whatever a crawler met. What cannot be read is given as a failure, and what is no report
by its kind as skipped, so that everything is accounted for.
"""

from __future__ import annotations

import glob
import hashlib
import json
import logging
import os
import stat
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard

from models.readers import warc
from models.readers.budgets import budgets
from models.readers.records import json_records, parquet_records
from models.schema.errors import ConfigError, DocumentError

log = logging.getLogger("gouji")
MAX_BYTES = budgets().size
"""Largest input that is read."""
MAX_BYTES_WITH_FONTS = budgets().size_with_fonts
"""Likewise of formats that carry fonts and pictures."""
FIELDS = ("text", "html", "url", "agency", "year", "fetched_at")
"""What is read of a record; other columns of a crawl may be large, or broken."""
SHARD_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet", ".warc", ".warc.gz")
OUTPUTS = (
    "run.json",
    "index.html",
    "pages",
    *(f"{table}.parquet" for table in ("reports", "figures", "cells", "findings", "failures")),
)
"""What a run leaves in its folder; no input, unless it is named itself."""
OF_A_RUN = ("run.json", "reports.parquet")
"""Side by side in a folder they say that a run wrote into it."""


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
        url: likewise.
        fetched_at: likewise, as written.
    """

    source: str
    suffix: str
    data: bytes | None
    failure: DocumentError | None = None
    agency: str | None = None
    year: int | None = None
    url: str | None = None
    fetched_at: str | None = None

    def __post_init__(self) -> None:
        for name in ("source", "suffix", "agency", "url", "fetched_at"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, value.encode("utf-8", "backslashreplace").decode())

    @property
    def report_id(self) -> str:
        """First 16 hex digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.data or b"").hexdigest()[:16]

    @property
    def key(self) -> str:
        """Changes with everything that rows tell of an input; two records of one source have two."""
        told = (self.source, self.url, self.suffix, self.report_id, self.agency, self.year, str(self.failure))
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Skipped:
    """What stands among inputs and is no report by its kind: a picture in a web archive, a redirection.

    Attributes:
        source: where it is.
        why: its kind, of which there are few.
    """

    source: str
    why: str


def iterate_inputs(names: Sequence[str]) -> Iterator[Input]:
    """Every input that the names stand for, in a fixed order; all names are looked up before the first is read.

    Raises:
        ConfigError: a name stands for nothing.
    """
    paths = find_paths(names)
    return (item for path in paths for item in inputs_of(path) if isinstance(item, Input))


def find_paths(names: Sequence[str], *, without: Collection[Path] = ()) -> list[Path]:
    """The files that names stand for, in a fixed order.

    Args:
        names: files, folders (recursive), globs, or shards.
        without: resolved files and folders that are left out, unless a name is just that file.

    Raises:
        ConfigError: a name stands for nothing.
    """
    return [path for name in names for path in _paths(name, frozenset(without))]


def is_shard(path: Path) -> bool:
    """Whether a file holds records, by its name."""
    return path.name.lower().endswith(SHARD_SUFFIXES)


def _paths(name: str, without: frozenset[Path]) -> list[Path]:
    """Links that lead nowhere are files here (`lexists`): reading them fails, and that is said."""
    matches = [name] if os.path.lexists(name) else sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - absolute
    if not matches:
        raise ConfigError(f"{name}: no such file or folder, and no file matches it")
    found: list[Path] = []
    runs: dict[Path, bool] = {}
    for path in map(Path, matches):
        if path != Path(name) and any(
            p.name in OUTPUTS and _is_of_a_run(p.parent, runs) for p in (path, *path.parents)
        ):
            continue
        found += _files_under(path, runs) if path.is_dir() else [path]
    return [p for p in found if p == Path(name) or not without or without.isdisjoint(_upwards(p))]


def _is_of_a_run(folder: Path, known: dict[Path, bool]) -> bool:
    """Whether a run wrote into the folder; said once of each."""
    if folder not in known:
        known[folder] = all((folder / name).is_file() for name in OF_A_RUN)
        if known[folder]:
            log.warning("left out what a run wrote into %r", str(folder))
    return known[folder]


def _files_under(folder: Path, runs: dict[Path, bool]) -> list[Path]:
    """All that is no folder, but nothing hidden; and folders that cannot be opened or are links, which fail then."""
    found: list[Path] = []

    def unreadable(error: OSError) -> None:
        found.append(Path(error.filename))

    for here, folders, files in os.walk(folder, onerror=unreadable):
        written = OUTPUTS if _is_of_a_run(Path(here), runs) else ()
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        found += [Path(here) / name for name in (*files, *links) if not name.startswith(".") and name not in written]
        folders[:] = [name for name in folders if not name.startswith(".") and name not in written]
    return sorted(found)


def _upwards(path: Path) -> tuple[Path, ...]:
    whole = path.parent.resolve() / path.name
    return (whole, *whole.parents)


def inputs_of(path: Path, passed: int = 0) -> Iterator[Input | Skipped]:
    """The inputs of a file; a shard has any number, another file is one.

    Args:
        path: the file.
        passed: how many records of a shard are passed over, with no look into them where its format allows that;
            something stands for each.
    """
    for suffix in SHARD_SUFFIXES:
        if path.name.lower().endswith(suffix):
            yield from _records_of(path, suffix, passed)
            return
    try:
        yield Input(str(path), path.suffix, _read_file(path, limit_of(path.suffix)))
    except OSError as error:
        yield Input(str(path), path.suffix, None, DocumentError("read", error.strerror or str(error)))
    except DocumentError as error:
        yield Input(str(path), path.suffix, None, error)


def limit_of(suffix: str) -> int:
    """Bytes that an input of a kind may have."""
    return MAX_BYTES_WITH_FONTS if suffix.lower() in (".pdf", ".docx") else MAX_BYTES


def _read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file; a pipe or a device would never end, and a link may lead out of what was named."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise DocumentError("read", "a folder that cannot be read, or a link to one: name the folder itself")
    if not stat.S_ISREG(about.st_mode):
        raise DocumentError("read", "no regular file but a pipe, a socket or a device")
    if about.st_size > limit:
        raise DocumentError("read", f"{about.st_size} bytes; the limit is {limit}")
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise DocumentError("read", f"more than {limit} bytes, which is the limit")
    return data


def _records_of(path: Path, suffix: str, passed: int) -> Iterator[Input | Skipped]:
    number = 0
    try:
        if not path.is_file():
            raise OSError("no regular file")
        if suffix.startswith(".warc"):
            found = _warc_inputs(path, packed=suffix.endswith(".gz"), passed=passed)
        else:
            records = (
                parquet_records(path, FIELDS)
                if suffix == ".parquet"
                else enumerate(json_records(path, suffix, MAX_BYTES, passed), 1)
            )
            found = (_record_input(f"{path}#{i}", record) for i, record in records)
        for item in found:
            yield item
            number += 1
    except (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError, pa.ArrowException) as error:
        failure = DocumentError("read", f"shard broken after record {number}: {error}")
        yield Input(str(path), suffix, None, failure)


def _warc_inputs(path: Path, *, packed: bool, passed: int) -> Iterator[Input | Skipped]:
    with path.open("rb") as raw:
        for number, record in enumerate(warc.records(raw, packed=packed, limit=limit_of, passed=passed), 1):
            source = record.url or f"{path}#{number}"
            if isinstance(record, warc.Other):
                yield Skipped(source, record.why)
            else:
                data, failure = (None, record.data) if isinstance(record.data, DocumentError) else (record.data, None)
                url, fetched_at = record.url or None, record.fetched_at or None
                yield Input(source, record.suffix, data, failure, url=url, fetched_at=fetched_at)


def _record_input(source: str, record: Any) -> Input:
    if isinstance(record, DocumentError):
        return Input(source, "", None, record)
    if not isinstance(record, dict):
        return Input(
            source, "", None, DocumentError("read", f"a record must be an object, got {type(record).__name__}")
        )
    text, html = _words(record.get("text")), _words(record.get("html"))
    suffix, words = (".txt", text) if text else (".html", html)
    if words is None:
        return Input(source, "", None, DocumentError("read", "the record has neither text nor html"))
    data = words.encode("utf-8", errors="replace")
    if len(data) > MAX_BYTES:
        return Input(source, suffix, None, DocumentError("read", f"{len(data)} bytes; the limit is {MAX_BYTES}"))
    url = _words(record.get("url"))
    return Input(
        source=url or source,
        suffix=suffix,
        data=data,
        agency=_words(record.get("agency")),
        year=_year(record.get("year")),
        url=url,
        fetched_at=_words(record.get("fetched_at")),
    )


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and value and not value.isspace() else None


def _year(value: Any) -> int | None:
    """Four digits, as a word or a number; pandas writes 2021.0 where other records have no year."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = str(value) if isinstance(value, int | str) else ""
    return int(words) if len(words) == 4 and words.isascii() and words.isdigit() else None
