"""Bytes to text: UTF-8 with or without BOM, GB18030 (GBK, GB2312), UTF-16.

The encoding is detected by charset-normalizer, confined to what these reports use.
"""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from models.schema.errors import DocumentError

ENCODINGS = ["utf_8", "gb18030", "utf_16_le", "utf_16_be"]
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 200_000


def decode(data: bytes, *, declared: str | None = None) -> tuple[str, str]:
    """Text and the encoding used.

    Args:
        data: the whole input.
        declared: what the format itself says (HTML `meta charset`); tried before detection.

    Raises:
        DocumentError: empty, binary, or in no known encoding.
    """
    if not data.strip():
        raise DocumentError("decode", "the file is empty")
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _strict(data, name), name
    for name in ("utf-8", *([declared] if declared in ("gb18030", "gbk", "gb2312") else [])):
        try:
            return _checked(data.decode("gb18030" if name != "utf-8" else name), name), name
        except UnicodeDecodeError:
            continue
    best = from_bytes(data[: _SAMPLE - _SAMPLE % 2], cp_isolation=ENCODINGS, threshold=0.5).best()
    if best is None:
        raise DocumentError("decode", "neither UTF-8, GB18030 nor UTF-16: no text in a known encoding")
    return _checked(data.decode(best.encoding, errors="replace"), best.encoding), best.encoding


def _strict(data: bytes, name: str) -> str:
    try:
        return _checked(data.decode(name), name)
    except UnicodeDecodeError as error:
        raise DocumentError("decode", f"byte order mark of {name}, but {error}") from error


def _checked(text: str, name: str) -> str:
    odd = sum((c < " " and c not in "\t\n\r\f\v") or c == "\ufffd" for c in text[:_SAMPLE])
    if odd > max(8, len(text[:_SAMPLE]) // 100):
        raise DocumentError("decode", f"binary content, no text ({odd} control characters as {name})")
    return text
