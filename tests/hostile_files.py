"""Files of hostile make, byte by byte: PDF from its objects, Word from its parts, bombs."""

from __future__ import annotations

import io
import zipfile
import zlib

REPORT = (
    "青禾镇人民政府2021年政府信息公开工作年度报告\n一、总体情况\n2021年公开政府信息105条。未收到政府信息公开申请。\n"
    "二、主动公开政府信息情况\n见附表。\n"
)
"""What is read where the bytes around it are odd; the agency is invented."""
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def page(body: str, head: str = "", text: str = REPORT) -> bytes:
    """A page with a report in it."""
    lines = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return f"<!DOCTYPE html><html><head>{head}</head><body>{lines}{body}</body></html>".encode("utf-8", "surrogatepass")


def stream(data: bytes, keys: str = "", *, packed: bool = False) -> bytes:
    """A stream object of a PDF."""
    data, keys = (zlib.compress(data, 9), keys + "/Filter/FlateDecode") if packed else (data, keys)
    return f"<<{keys}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"


def pdf(*objects: bytes | str, trailer: str = "", xref: bytes | None = None) -> bytes:
    """A PDF of numbered objects; the first is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + (item.encode() if isinstance(item, str) else item) + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    start = len(out)
    end = f"trailer<</Size {len(places) + 1}/Root 1 0 R{trailer.format(start=start)}>>\n".encode()
    return out + (table + end if xref is None else xref) + f"startxref\n{start}\n%%EOF\n".encode()


CATALOGUE = "<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = "<</Type/Pages/Kids[3 0 R]/Count 1>>"


def one_page(
    content: bytes, *more: bytes | str, keys: str = "", box: str = "0 0 595 842", packed: bool = False
) -> bytes:
    """A PDF of a page; further objects are numbered from 5."""
    leaf = f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R{keys}>>"
    return pdf(CATALOGUE, ONE_PAGE, leaf, stream(content, packed=packed), *more)


def packed_objects(keys: str, entries: bytes) -> bytes:
    """A PDF whose only table of places is a stream that it holds; `entries` are of the kind 1, 4, 1."""
    whole = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    inner = stream(b"2 0 <</Type/Pages/Kids[]/Count 0>>", f"/Type/ObjStm/N 1/First 4{keys}")
    fifth = len(whole)
    whole += b"5 0 obj\n" + inner + b"\nendobj\n"
    table = b"\0\0\0\0\0" + b"\xff" + b"\1" + (9).to_bytes(4, "big") + b"\0" + entries
    table += b"\1" + fifth.to_bytes(4, "big") + b"\0"
    size = len(table) // 6
    start = len(whole)
    whole += b"9 0 obj\n" + stream(table, f"/Type/XRef/Size {size}/W[1 4 1]/Root 1 0 R") + b"\nendobj\n"
    return whole + f"startxref\n{start}\n%%EOF\n".encode()


def archive(parts: dict[str, bytes | str]) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return buffer.getvalue()


def docx(body: str = "", before: str = "", text: str = REPORT, **parts: bytes | str) -> bytes:
    """A Word file with a report in it; `before` stands before its root."""
    lines = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    document = f'{before}<w:document xmlns:w="{WORD}"><w:body>{lines}{body}</w:body></w:document>'
    return archive({"word/document.xml": document, **{name.replace("__", "/"): data for name, data in parts.items()}})


def nested_zip(depth: int) -> bytes:
    """An archive in an archive, and so on, ten of each."""
    data = b"\0" * 10**6
    for _ in range(depth):
        data = archive({f"{i}.zip": data for i in range(10)})
    return data
