"""Plain text and Markdown as crawlers leave them."""

from __future__ import annotations

from models.readers.decode import decode
from models.schema.document import Source

SUFFIXES = (".txt", ".md")


def read(data: bytes) -> Source:
    """The decoded text, unchanged.

    Raises:
        DocumentError: the bytes are no text.
    """
    text, encoding, warnings = decode(data)
    return Source(text=text, encoding=encoding, warnings=warnings)
