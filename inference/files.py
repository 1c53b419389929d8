"""Files that a run writes: whole or not at all, by one run at a time, and named where the system refuses them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.schema.errors import ConfigError

LOCK = ".lock"
"""The file in a folder that the run locks which writes there."""


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Make the folder of a run, and keep other runs out of it until this one ends, in whatever way.

    Raises:
        ConfigError: nothing can be written there, or another run works there.
    """
    path = out / LOCK
    while True:
        try:
            out.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        except OSError as error:
            raise ConfigError(f"--out {out}: cannot be written: {error.strerror}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigError(f"--out {out}: another run works in it; wait for it, or name another") from error
            if not _is_open_at(file.fileno(), path):
                continue  # a run that ended meanwhile has removed it
            try:
                yield
            finally:
                path.unlink()
            return


def _is_open_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def write_whole(path: Path, text: str) -> None:
    """Write a text under a temporary name and rename it; what is no Unicode becomes question marks."""
    temporary = path.with_name(f".{path.name}.tmp")
    with naming(path):
        temporary.write_text(text, "utf-8", errors="replace")
        temporary.replace(path)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Failures of the system that do not say which file they are of say this one."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
