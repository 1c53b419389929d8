"""PDF: the text layer in reading order, tables from ruling lines or from the places of words.

A scan is named as such and never read as an empty report. The title that a PDF carries in its properties is
left aside: it is mostly that of the file which was written over.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pdfminer.pdfdocument import PDFEncryptionError

from models.readers.budgets import budgets
from models.readers.pdf_furniture import remove_furniture
from models.readers.pdf_page import UNREADABLE, Page, pages_of
from models.readers.pdf_tables import (
    Item,
    PageTable,
    Picture,
    appended,
    continued,
    items_of,
    share_of_page,
)
from models.readers.type_lines import TypeLine, goes_on, joined, usual_pitch
from models.readers.writer import Writer
from models.schema.document import Grid, GridCell, Source, Span
from models.schema.errors import DocumentError

SUFFIXES = (".pdf",)
HEADER = b"%PDF-"
MAX_UNPACKED = budgets().stream
"""Largest packed stream of a PDF, in bytes when unpacked. The content of a page has some hundred thousand."""
MAX_UNPACKED_IMAGE = budgets().picture
"""Likewise of a picture, which is never unpacked here."""
NARROWEST = 0.75
"""Share of the page's width to which lines reach at least, where none is long."""
SCAN = 0.5
"""Share of a page that pictures cover at least where it is a scan."""
FEW_GLYPHS = 20
"""Characters that a scan may carry: a page number, the name of the scanner."""
MOSTLY = 0.5
"""Share of unreadable characters from which a text layer is none."""


def read(data: bytes) -> Source:
    """Text and tables of the text layer; `warnings` name the pages without one.

    Raises:
        DocumentError: no PDF, encrypted, broken, larger than a report, a scan, or without readable text.
    """
    at = data[:1024].find(HEADER)
    if at < 0:
        raise DocumentError("decode", "no PDF: the file does not begin with %PDF-")
    _check_streams(data)
    with _silent():
        pages = _pages(data[at:])
    if not pages:
        raise DocumentError("parse", "the PDF has no pages, or its page tree is lost")
    if all(page.broken for page in pages):
        raise DocumentError("parse", "the PDF is broken: no page of it can be read")
    scans = [page.number for page in pages if _scanned(page)]
    _check_text(pages, scans)
    blocks = _blocks([_without_overlay(page, scans) for page in pages])
    text, grids, pictures = _written(blocks)
    if not text.strip():
        raise DocumentError("parse", "the PDF shows no text")
    return Source(text, "pdf", grids=grids, warnings=tuple(_warnings(data, pages, scans)), pictures=pictures)


# ---------------------------------------------------------------- opening


def _pages(data: bytes) -> list[Page]:
    try:
        return list(pages_of(data))
    except (DocumentError, MemoryError):
        raise
    except PDFEncryptionError as error:
        raise DocumentError("decode", "the PDF is encrypted and needs a password") from error
    except Exception as error:
        raise DocumentError("parse", f"the PDF is broken: {type(error).__name__} {error}"[:300]) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Keep pdfminer quiet: it logs a warning for each flaw of a file; what matters is said in `Source.warnings`."""
    logger = logging.getLogger("pdfminer")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_streams(data: bytes) -> None:
    """Unpack every packed stream as far as its bound, before pdfminer unpacks it without one."""
    for match in re.finditer(rb"stream\r?\n", data):
        if data[max(0, match.start() - 3) : match.start()] == b"end":
            continue
        limit = MAX_UNPACKED_IMAGE if b"/Image" in data[max(0, match.start() - 600) : match.start()] else MAX_UNPACKED
        _check_packed(memoryview(data)[match.end() :], limit)


def _check_packed(packed: memoryview, limit: int) -> None:
    """A stream packed twice counts with what comes out in the end."""
    for _ in range(3):
        if bytes(packed[:1]) not in (b"\x78", b"\x58", b"\x48", b"\x68"):
            return
        unpacker = zlib.decompressobj()
        parts: list[bytes] = []
        size = 0
        try:
            while not unpacker.eof and packed:
                parts.append(unpacker.decompress(packed[: 2**16], 2**20))
                packed = memoryview(unpacker.unconsumed_tail) if unpacker.unconsumed_tail else packed[2**16 :]
                size += len(parts[-1])
                if size > limit:
                    raise DocumentError("decode", f"a stream of the PDF unpacks to more than {limit} bytes")
        except zlib.error:
            return
        packed = memoryview(b"".join(parts))


# ---------------------------------------------------------------- what cannot be read


def _scanned(page: Page) -> bool:
    return len(page.glyphs) < FEW_GLYPHS and sum(share_of_page(box, page) for box in page.pictures) > SCAN


def _without_overlay(page: Page, scans: Sequence[int]) -> Page:
    """The few characters on a scan are a page number or the name of a program."""
    if page.number in scans:
        page.glyphs, page.rules = [], []
    return page


def _check_text(pages: Sequence[Page], scans: Sequence[int]) -> None:
    glyphs = sum(len(page.glyphs) for page in pages if page.number not in scans)
    if not glyphs and scans:
        raise DocumentError("parse", f"the PDF is a scan ({len(scans)} pages without a text layer): it needs OCR")
    if not glyphs:
        raise DocumentError("parse", "the PDF shows no text")
    if sum(page.unreadable for page in pages) > MOSTLY * glyphs:
        raise DocumentError("parse", "the fonts of the PDF do not tell their characters: it needs OCR")


def _warnings(data: bytes, pages: Sequence[Page], scans: Sequence[int]) -> Iterator[str]:
    if scans:
        yield f"第{'、'.join(map(str, scans))}页是扫描图像,没有文字层"
    broken = [page.number for page in pages if page.broken]
    if broken:
        yield f"第{'、'.join(map(str, broken))}页已损坏,没有读取"
    for page in pages:
        if page.unreadable:
            yield f"第{page.number}页有{page.unreadable}个字的字体没有编码表,无法识别,以{UNREADABLE}代替"
    if b"%%EOF" not in data[-2048:]:
        yield "文件末尾不完整,后面的内容可能缺失"


# ---------------------------------------------------------------- from pages to blocks

Block = str | PageTable | Picture


def _blocks(pages: Sequence[Page]) -> list[Block]:
    """Paragraphs, tables and pictures of all pages, joined where only the page parts them."""
    blocks: list[Block] = []
    remove_furniture(pages)
    contents: list[list[Item]] = []
    for page in pages:
        contents.append(items_of(page, contents[-1][-1] if contents and contents[-1] else None))
    margins = _margins(pages, contents)
    last: Item | None = None
    for page, items in zip(pages, contents, strict=True):
        left, right = margins[round(page.width)]
        pitch = usual_pitch([i for i in items if isinstance(i, TypeLine)])
        for number, item in enumerate(items):
            if isinstance(item, TypeLine):
                turned = number == 0 and isinstance(last, TypeLine)
                if isinstance(last, TypeLine) and goes_on(last, item, left, right, 0 if turned else pitch):
                    blocks[-1] = joined(str(blocks[-1]), item.text)
                else:
                    blocks.append(item.text)
            elif (
                isinstance(item, PageTable)
                and isinstance(last, PageTable)
                and number == 0
                and (both := continued(last, item))
            ):
                item = appended(*both)
                blocks[-1] = item
            else:
                blocks.append(item)
            last = item
    return blocks


def _margins(pages: Sequence[Page], contents: Sequence[Sequence[Item]]) -> dict[int, tuple[float, float]]:
    """Where lines begin and end, on pages of one width."""
    found: dict[int, tuple[float, float]] = {}
    for page, items in zip(pages, contents, strict=True):
        left, right = found.get(round(page.width), (page.width, NARROWEST * page.width))
        lines = [i for i in items if isinstance(i, TypeLine) and len(i.glyphs) > 9]
        for line in lines:
            left, right = min(left, line.x0), max(right, line.x1)
        found[round(page.width)] = left, right
    return found


# ---------------------------------------------------------------- from blocks to text


def _written(blocks: Sequence[Block]) -> tuple[str, tuple[Grid, ...], tuple[int, ...]]:
    writer = Writer()
    grids: list[Grid] = []
    pictures: list[int] = []
    for block in blocks:
        if isinstance(block, str):
            writer.text(block)
            writer.line()
        elif isinstance(block, Picture):
            pictures.append(writer.length)
        else:
            grids.append(_grid(writer, block))
    return writer.whole, tuple(grids), tuple(pictures)


def _grid(writer: Writer, table: PageTable) -> Grid:
    begin = writer.length
    cells: list[GridCell] = []
    for cell in sorted(table.cells, key=lambda c: (c.row, c.column)):
        start = writer.length
        writer.lines(cell.text)
        end = writer.length
        writer.line()
        cells.append(GridCell(cell.row, cell.column, cell.rowspan, cell.colspan, Span(start, end)))
    return Grid(Span(begin, writer.length), tuple(cells))
