"""Files that are whole or not there: written under another name, and renamed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from models.schema.errors import ConfigError


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """A file to write that takes the place of `path` in the end; after an error or a kill the old one stands.

    Raises:
        ConfigError: it cannot be made there.
    """
    unfinished = path.with_name(f"{path.name}.part")
    if path.is_dir():
        raise ConfigError(f"{path}: cannot be written: a folder stands there")
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = unfinished.open("w", encoding="utf-8")
    try:
        with file:
            yield file
        with _told(path):
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
