"""Which reader takes which file: every module here with `SUFFIXES` and `read(data)` is one.

The suffix of a crawled file is often wrong (a page saved as `.docx`), so what the bytes begin with counts for more.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from functools import cache

import models.readers as package
from models.schema.document import Source
from models.schema.errors import DocumentError

Reader = Callable[[bytes], Source]
HEAD = 1024
"""Bytes in which a format shows itself; a PDF may have others before it."""
BEFORE = b" \t\r\n\xef\xbb\xbf\xff\xfe"
"""Blanks and byte order marks."""
PAGE = re.compile(
    rb"(?:<\?xml[^>]*>|<!--(?:(?!-->).)*-->|\s)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
FRAGMENT = re.compile(rb"<(?:title|meta|div|p|table|span|script|style|section|article|center|h[1-6])\b", re.IGNORECASE)
"""How a part of a page begins; Markdown may begin so too."""


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


def kind_of(data: bytes, suffix: str) -> str:
    """The suffix, lower case, of what the bytes are; their own where they do not tell.

    A part of a page tells less than its head: only under a suffix that is known is it taken for one.
    """
    suffix = suffix.lower()
    head = data[:HEAD].replace(b"\0", b"").lstrip(BEFORE)
    if head.startswith(b"%PDF-"):
        return ".pdf"
    if head.startswith(b"PK\3\4") and b"word/" in data:
        return ".docx"
    if PAGE.match(head) or (suffix in readers() and suffix != ".md" and FRAGMENT.match(head)):
        return ".html"
    return suffix


def is_readable(data: bytes, suffix: str) -> bool:
    """Whether a reader takes bytes of this kind at all."""
    kind = kind_of(data, suffix)
    if kind == ".pdf":
        return b"%PDF-" in data[:HEAD]
    return data.startswith(b"PK") if kind == ".docx" else kind in readers()


def read_bytes(data: bytes, suffix: str) -> Source:
    """Decode one input by what it is.

    Raises:
        DocumentError: the format is not known, or the bytes are not of it.
    """
    reader = readers().get(kind_of(data, suffix))
    if reader is None:
        raise DocumentError("read", f"no reader for {suffix or 'a file without suffix'}; known: {', '.join(readers())}")
    return reader(data)
