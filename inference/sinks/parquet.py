"""The output tables as Parquet, each written under a temporary name and renamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from inference.files import naming
from inference.rows import SCHEMAS, Rows

BUFFERED = 20_000
"""Rows of a table that are written together."""
BUFFERED_REPORTS = 500
"""The same of reports, which hold the texts."""


class TableWriters:
    """Open tables of one folder; rows are added batch by batch and appear when all are closed."""

    def __init__(self, writers: Mapping[str, pq.ParquetWriter], schemas: Mapping[str, pa.Schema]) -> None:
        self._writers, self._schemas = writers, schemas
        self._waiting = Rows()

    def write(self, rows: Rows) -> None:
        """Add the rows of a batch."""
        self._waiting.extend(rows)
        for name in SCHEMAS:
            limit = BUFFERED_REPORTS if name == "reports" else BUFFERED
            if len(getattr(self._waiting, name)) >= limit:
                self._flush(name)

    def flush(self) -> None:
        """Write what is waiting."""
        for name in SCHEMAS:
            self._flush(name)

    def _flush(self, name: str) -> None:
        waiting = getattr(self._waiting, name)
        self._writers[name].write_table(pa.Table.from_pylist(waiting, schema=self._schemas[name]))
        waiting.clear()


@contextmanager
def open_tables(folder: Path, schemas: Mapping[str, pa.Schema] = SCHEMAS) -> Iterator[TableWriters]:
    """Every table in a folder, zstd-compressed; they replace older ones when all went well."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = {name: folder / f".{name}.parquet.tmp" for name in SCHEMAS}
    with naming(folder), ExitStack() as stack:
        writers = {
            name: stack.enter_context(pq.ParquetWriter(temporary[name], schema, compression="zstd"))
            for name, schema in schemas.items()
        }
        tables = TableWriters(writers, schemas)
        yield tables
        tables.flush()
    for name, path in temporary.items():
        path.replace(folder / f"{name}.parquet")


def write_tables(rows: Rows, folder: Path, schemas: Mapping[str, pa.Schema] = SCHEMAS) -> None:
    """Write every table into a folder, all at once."""
    with open_tables(folder, schemas) as tables:
        tables.write(rows)


def read_tables(folder: Path, schemas: Mapping[str, pa.Schema] = SCHEMAS) -> Rows:
    """Read the tables of a folder back as rows."""
    with naming(folder):
        return Rows(**{name: table.to_pylist() for name, table in _tables(folder, schemas).items()})


def why_unreadable(folder: Path, schemas: Mapping[str, pa.Schema] = SCHEMAS) -> str:
    """What the system or the format has against reading the tables of a folder; empty where nothing."""
    try:
        for table in _tables(folder, schemas).values():
            table.validate(full=True)
    except (OSError, pa.ArrowException) as error:
        return str(error) or type(error).__name__
    return ""


def read_column(folder: Path, table: str, column: str) -> list[str]:
    """The words of one column."""
    words: list[str] = pq.read_table(folder / f"{table}.parquet", columns=[column]).column(0).to_pylist()
    return words


def _tables(folder: Path, schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    return {name: pq.read_table(folder / f"{name}.parquet", schema=schema) for name, schema in schemas.items()}
