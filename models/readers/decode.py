"""Bytes to text: UTF-8 with or without BOM, GB18030 (GBK, GB2312), UTF-16.

What made this hard: a crawl cuts files and breaks bytes, so no encoding may be ruled out by one byte; short
GBK resembles UTF-16, and damaged UTF-8 is often valid GB18030. NULs tell UTF-16 from both (every report has
digits or line ends), and among what has them charset-normalizer detects the byte order, which no count of
NULs shows: 开 (U+5F00) has its NUL where the other order has those of ASCII.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

from charset_normalizer import from_bytes

from models.schema.errors import DocumentError

ENCODINGS = ["utf_8", "gb18030", "utf_16_le", "utf_16_be"]
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 200_000


class Decoded(NamedTuple):
    """Text, the encoding it was in, and what was broken, in Chinese."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Decode a whole input; up to one percent of broken characters become U+FFFD, with a warning.

    Raises:
        DocumentError: empty, binary, or in no known encoding.
    """
    if not data.strip():
        raise DocumentError("decode", "the file is empty")
    encoding = _encoding(data)
    try:
        return Decoded(_checked(data.decode(encoding), encoding), encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
    broken = text.count("\ufffd")
    if broken > max(3, len(text) // 100):
        raise DocumentError("decode", f"neither UTF-8, GB18030 nor UTF-16: {broken} broken characters as {encoding}")
    return Decoded(_checked(text, encoding), encoding, (f"有{broken}处编码损坏(按{encoding}读取),以�代替",))


def _encoding(data: bytes) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    if b"\0" in data:
        best = from_bytes(data[: min(_SAMPLE, len(data) // 2 * 2)], cp_isolation=ENCODINGS, threshold=0.5).best()
        if best is not None:
            return best.encoding
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        broken = text.count("\ufffd")
        return "utf-8" if sum(c > "\x7f" for c in text) > 5 * broken else "gb18030"
    return "utf-8"


def _checked(text: str, name: str) -> str:
    odd = sum((c < " " and c not in "\t\n\r\f\v") or c == "\ufffd" for c in text[:_SAMPLE])
    if odd > max(8, len(text[:_SAMPLE]) // 100):
        raise DocumentError("decode", f"binary content, no text ({odd} control characters as {name})")
    return text
