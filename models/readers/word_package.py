"""The parts of a Word file (.docx) that hold text, unpacked within bounds and parsed without entities."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import Any

from lxml import etree

from models.readers.budgets import budgets
from models.schema.errors import DocumentError

MAX_PART = budgets().part
"""Largest part when unpacked, in bytes. The text of a report has one or two million with its markup."""
MAX_PARTS = budgets().parts
"""Parts of a file; one with pictures has some dozens."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCUMENT = "word/document.xml"
_Element = Any


def parts_of(data: bytes) -> tuple[_Element, _Element | None, _Element | None]:
    """The document, its numbering and its styles; the last two may be absent or broken.

    Raises:
        DocumentError: no Word file of this format, broken, or larger than a report.
    """
    _check_kind(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {info.filename: info for info in archive.infolist()}
            if len(names) > MAX_PARTS:
                raise DocumentError("decode", f"a Word file of more than {MAX_PARTS} parts")
            main = _main_part(archive, names)
            folder = posixpath.dirname(main)
            document = _parsed(_unpacked(archive, names[main]))
            return document, *(_optional(archive, names, f"{folder}/{name}.xml") for name in ("numbering", "styles"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise DocumentError("decode", f"the Word file is broken: {error}"[:300]) from error
    except RuntimeError as error:
        raise DocumentError("decode", "the Word file is encrypted and needs a password") from error


def _check_kind(data: bytes) -> None:
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise DocumentError("decode", "the Word file is encrypted and needs a password")
        raise DocumentError("decode", "the old Word format (.doc), not .docx: save it as .docx")
    if data.lstrip().startswith(b"{\\rtf"):
        raise DocumentError("decode", "Rich Text (.rtf), not .docx: save it as .docx")
    if not data.startswith(b"PK"):
        raise DocumentError("decode", "no Word file: it does not begin as a zip archive does")


def _main_part(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo]) -> str:
    """The part that the package calls its document, or the usual one."""
    relations = _optional(archive, names, "_rels/.rels")
    for relation in relations if relations is not None else ():
        target = str(relation.get("Target", "")).lstrip("/")
        if str(relation.get("Type", "")).endswith("/officeDocument") and target in names:
            if not target.endswith(".xml") or not target.startswith("word"):
                break
            return target
    if _DOCUMENT not in names:
        raise DocumentError("decode", "a zip archive, but no Word file: it has no word/document.xml")
    return _DOCUMENT


def _optional(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], name: str) -> _Element | None:
    """A part that only helps; what is wrong with it costs nothing else."""
    if name not in names:
        return None
    try:
        return _parsed(_unpacked(archive, names[name]))
    except (DocumentError, zipfile.BadZipFile, zlib.error, EOFError):
        return None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a part; neither the size that the archive declares nor the real one may pass the bound."""
    if info.file_size > MAX_PART:
        raise DocumentError("decode", f"a part of the Word file unpacks to {info.file_size} bytes; {MAX_PART} allowed")
    with archive.open(info) as part:
        data = part.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        raise DocumentError("decode", f"a part of the Word file unpacks to more than {MAX_PART} bytes")
    return data


def _parsed(data: bytes) -> _Element:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DocumentError("parse", "the Word file declares entities, which no Word file does")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError("parse", f"the Word file is broken: {error}"[:300]) from error
