"""Records of a web archive (WARC): which of them are reports, and their bytes.

warcio reads the headers and undoes chunks. Packed archives are unpacked here, because a cut one must be told from
a whole one, and every size is bounded here: a header line, the headers of a record, and what a body unpacks to.
"""

from __future__ import annotations

import gzip
import io
import logging
import posixpath
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

from models.readers.budgets import budgets
from models.schema.errors import DocumentError

logging.getLogger("warcio").setLevel(logging.ERROR)  # it prints addresses as they are, escape sequences too
MAX_HEADERS = budgets().warc_headers
PIECE = 2**16
"""Bytes that are read at once of what is passed over."""
TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "application/msword": ".docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
"""Suffix by media type. Servers give .docx the type of the old format, whose reader says so where it is true."""
UNTYPED = {
    "",
    "application/octet-stream",
    "application/x-download",
    "application/force-download",
    "binary/octet-stream",
}
"""Media types that say nothing: the address tells."""


class Response(NamedTuple):
    """A page or file that a server gave.

    Attributes:
        url: where it was.
        fetched_at: the archive's date of it, as written (ISO 8601); empty where it says none.
        suffix: tells the reader.
        data: its bytes, or why they cannot be had.
    """

    url: str
    fetched_at: str
    suffix: str
    data: bytes | DocumentError


class Other(NamedTuple):
    """A record that is no report: `why` is its kind, its status or its media type."""

    url: str
    why: str


def records(raw: BinaryIO, *, packed: bool, limit: Callable[[str], int], passed: int = 0) -> Iterator[Response | Other]:
    """Every record in order.

    Args:
        raw: the archive.
        packed: whether it is gzipped, a member a record or all in one.
        limit: by suffix, the bytes that a body may have.
        passed: how many records are passed over, without a look into them; an `Other` stands for each.

    Raises:
        ValueError: the archive is damaged, no WARC, or cut; the message names the byte of the unpacked archive
            at which the record begins that cannot be read.
    """
    stream = _Stream(gzip.GzipFile(fileobj=raw) if packed else raw)
    loader = ArcWarcRecordLoader()
    start = given = 0
    try:
        while first := stream.first_line():
            start = stream.place - len(first)
            record = loader.parse_record_stream(stream, first, "warc", no_record_parse=True)
            given += 1
            looked_into = record.rec_type == "response" and given > passed
            block = _block(record, budgets().size_with_fonts + MAX_HEADERS if looked_into else 0)
            yield (
                _response(record.rec_headers, block, limit)
                if looked_into
                else Other(
                    record.rec_headers.get_header("WARC-Target-URI") or "",
                    f"record of type {str(record.rec_type)[:40]}",
                )
            )
    except (ArchiveLoadFailed, ValueError, OSError, EOFError, zlib.error) as error:
        words = " ".join(str(error).split())[:200] or "it ends within its headers"
        raise ValueError(f"the record at byte {start} of the unpacked archive cannot be read: {words}") from error


class _Stream:
    """What warcio reads from. It asks for headers by lines and for nothing else, so lines are what is bounded."""

    def __init__(self, raw: BinaryIO | gzip.GzipFile) -> None:
        self._raw = raw
        self._left = MAX_HEADERS
        self.place = 0

    def first_line(self) -> bytes:
        """The first line of the next record; empty at the end."""
        line = b"\n"
        while line in (b"\r\n", b"\n"):
            self._left = MAX_HEADERS
            line = self.readline()
        return line

    def readline(self, length: int = MAX_HEADERS) -> bytes:
        """A line of a header.

        Raises:
            ValueError: the headers of the record are too long.
        """
        line = self._raw.readline(min(length, self._left) + 1)
        self.place += len(line)
        self._left -= len(line)
        if self._left < 0:
            raise ValueError(f"its headers have more than {MAX_HEADERS} bytes")
        return line

    def read(self, length: int) -> bytes:
        """Bytes of a record."""
        data = self._raw.read(length)
        self.place += len(data)
        return data

    def tell(self) -> int:
        """Where it is, in the unpacked archive."""
        return self.place


def _block(record: Any, most: int) -> bytes:
    """What a record holds, up to some bytes; the archive stands at its end then."""
    if record.length is None:
        raise ValueError("it does not say its length")
    pieces: list[bytes] = []
    while piece := record.raw_stream.read(PIECE):
        if most > 0:
            pieces.append(piece)
            most -= len(piece)
    if record.raw_stream.limit > 0:
        raise EOFError("the archive ends within it")
    return b"".join(pieces)


def _response(about: StatusAndHeaders, block: bytes, limit: Callable[[str], int]) -> Response | Other:
    url = about.get_header("WARC-Target-URI") or ""
    head = io.BytesIO(block[:MAX_HEADERS])
    try:
        headers = StatusAndHeadersParser([], verify=False).parse(head)
    except EOFError:
        return Other(url, "empty response")
    status = headers.get_statuscode() or ""
    if status != "200":
        return Other(url, f"status {status[:20]}")
    media = (headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    suffix = _suffix(media, url)
    if suffix is None:
        return Other(url, media[:100] or "no media type")
    try:
        if head.tell() == MAX_HEADERS:
            raise DocumentError("read", f"its headers have more than {MAX_HEADERS} bytes")
        if cut := about.get_header("WARC-Truncated"):
            raise DocumentError("read", f"the crawler kept only the beginning (WARC-Truncated: {cut[:40]})")
        data: bytes | DocumentError = _body(headers, block[head.tell() :], limit(suffix))
    except DocumentError as error:
        data = error
    return Response(url, about.get_header("WARC-Date") or "", suffix, data)


def _suffix(media: str, url: str) -> str | None:
    """The suffix for a media type; for one that says nothing, that of the address, if it is of a known type."""
    if media not in UNTYPED:
        return TYPES.get(media)
    try:
        ending = posixpath.splitext(urlsplit(url).path)[1].lower()
    except ValueError:
        return None
    return ending if ending in (*TYPES.values(), ".htm") else None


def _body(headers: StatusAndHeaders, data: bytes, limit: int) -> bytes:
    """The body without chunks and unpacked.

    Raises:
        DocumentError: it is too long, damaged, or packed in a way that is not known.
    """
    if (headers.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        data = ChunkedDataReader(io.BytesIO(data)).read()
    encoding = (headers.get_header("Content-Encoding") or "").strip().lower()
    if encoding not in ("", "identity"):
        data = _unpacked(data, encoding, limit)
    if len(data) > limit:
        raise DocumentError("read", f"more than {limit} bytes, which is the limit")
    return data


def _unpacked(data: bytes, encoding: str, limit: int) -> bytes:
    """Up to one byte more than the limit. Many archives unpack bodies, and keep the header that says otherwise."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise DocumentError("read", f"the body is packed as {encoding[:40]!r}, which is not known")
    if not data.startswith((b"\x1f\x8b", b"\x78")):
        return data
    unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise DocumentError("read", f"the body is damaged where it is packed: {error}"[:300]) from error
    if not unpacker.eof and len(unpacked) <= limit:
        raise DocumentError("read", "the body ends before it is unpacked")
    return unpacked
