"""Unpacks frames of zstd. The library's own reader takes a frame that was cut short for the end of the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ZstdFile(io.RawIOBase):
    """The unpacked bytes of a file.

    Raises, when read:
        EOFError: the file ends within a frame.
        ZstdError: it is damaged, or no zstd.
    """

    PIECE = 1024
    """Packed bytes at a time; they can unpack to some thirty thousand times as much."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        """It can."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer; 0 at the end."""
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
