"""The output tables as Parquet, each written under a temporary name and renamed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from inference.rows import SCHEMAS, Rows


def write_tables(rows: Rows, folder: Path) -> None:
    """Write every table of the contract into a folder, zstd-compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in SCHEMAS.items():
        temporary = folder / f".{name}.parquet.tmp"
        pq.write_table(pa.Table.from_pylist(getattr(rows, name), schema=schema), temporary, compression="zstd")
        temporary.replace(folder / f"{name}.parquet")


def read_tables(folder: Path) -> Rows:
    """Read the tables of a folder back as rows."""
    return Rows(
        **{
            name: pq.read_table(folder / f"{name}.parquet", schema=schema).to_pylist()
            for name, schema in SCHEMAS.items()
        }
    )
