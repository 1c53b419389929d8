"""Which reader takes which file: every module here with `SUFFIXES` and `read(data)` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

import models.readers as package
from models.schema.document import Source
from models.schema.errors import DocumentError

Reader = Callable[[bytes], Source]


@cache
def readers() -> dict[str, Reader]:
    """Readers by file suffix, lower case with its dot.

    Raises:
        ValueError: two readers claim one suffix.
    """
    found: dict[str, Reader] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for suffix in getattr(module, "SUFFIXES", ()):
            if found.setdefault(suffix, module.read) is not module.read:
                raise ValueError(f"two readers take {suffix}")
    return dict(sorted(found.items()))


def read_bytes(data: bytes, suffix: str) -> Source:
    """Decode one input.

    Raises:
        DocumentError: the format is not known, or the bytes are not of it.
    """
    reader = readers().get(suffix.lower())
    if reader is None:
        raise DocumentError("read", f"no reader for {suffix or 'a file without suffix'}; known: {', '.join(readers())}")
    return reader(data)
