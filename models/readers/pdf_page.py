"""What the pages of a PDF show: glyphs, ruling lines and pictures, upright and within the page.

Read with pdfminer.six and a device of our own, which counts what is painted, so that forms nested in forms
end. Coordinates are points from the top left corner; a page whose text stands sideways is turned first.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar, LTContainer, LTCurve, LTImage
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.utils import Matrix, apply_matrix_rect

from models.readers.budgets import budgets
from models.schema.errors import DocumentError

MAX_PAGES = budgets().pages
"""Reports have some ten to forty pages."""
MAX_PAINTED = budgets().painted
"""Glyphs, paths and forms painted on a page; a dense page has some three thousand."""
MAX_GLYPHS = budgets().characters
"""Glyphs of the whole file."""
MAX_RULES = budgets().rules
"""Ruling lines of a page; a page with more is a drawing, and they are left out."""
MAX_SIDE = 20_000.0
"""Longest side of a page, in points; the format allows 14 400."""
USUAL_SIZE = (595.0, 842.0)
"""Width and height of A4, in points."""
THIN = 3.0
"""Points below which a painted shape is a line."""
UNREADABLE = "\ufffd"
"""Stands for a glyph whose font does not tell its character."""
_CID = re.compile(r"\(cid:\d+\)")
_RADICALS = str.maketrans(
    "⺀⺁⺄⺆⺇⺈⺊⺌⺍⺕⺗⺘⺙⺛⺝⺟⺠⺡⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺶⺷⺸⺹⺺⺻⺼⺽⺾⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
    "冫厂乙冂几刀卜小小彐心手攴旡月母民水火爪爪丬牛犬王疋目示礻竹糸纟罓罒罒羊羊羊老肀聿月臼艹艹虎衤西西见角角讠贝足车辶辶辶阝钅長镸长门阜阝雨青韦页风飞食食饣马骨鬼鱼鸟卤麦黄齐齿龙龟",
)


class Box(NamedTuple):
    """A rectangle in points from the top left corner of the page."""

    x0: float
    top: float
    x1: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom


class Glyph(NamedTuple):
    """A character (a ligature: several) with its extent, baseline and font size."""

    text: str
    x0: float
    x1: float
    base: float
    size: float

    @property
    def middle(self) -> tuple[float, float]:
        """A point within the character: its horizontal centre, a third of its size above the baseline."""
        return (self.x0 + self.x1) / 2, self.base - self.size / 3


@dataclass(slots=True)
class Page:
    """One page, upright.

    Attributes:
        number: from 1.
        unreadable: glyphs whose characters the font does not tell.
        rules: horizontal and vertical lines, as thin boxes.
        broken: its content could not be read.
    """

    number: int
    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    unreadable: int = 0
    broken: bool = False


def pages_of(data: bytes) -> Iterator[Page]:
    """The pages in order.

    Raises:
        DocumentError: more pages or glyphs than a report has.
        Exception: whatever pdfminer raises where the file is broken outside its pages.
    """
    document = PDFDocument(PDFParser(io.BytesIO(data)))
    manager = PDFResourceManager()
    glyphs = 0
    for number, page in enumerate(PDFPage.create_pages(document), 1):
        if number > MAX_PAGES:
            raise DocumentError("parse", f"more than {MAX_PAGES} pages")
        found = _read_page(manager, page, number)
        glyphs += len(found.glyphs)
        if glyphs > MAX_GLYPHS:
            raise DocumentError("parse", f"more than {MAX_GLYPHS} characters")
        yield found


def _read_page(manager: PDFResourceManager, source: PDFPage, number: int) -> Page:
    """A page whose content is broken is empty and says so; the others are read all the same."""
    device = _Device(manager)
    try:
        PDFPageInterpreter(manager, device).process_page(source)
        return _page(device, source, number)
    except (DocumentError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - pdfminer raises anything on broken bytes; the page's warning says that it did
        return Page(number, *USUAL_SIZE, broken=True)


class _Device(PDFPageAggregator):
    """Collects what a page paints, up to `MAX_PAINTED`."""

    def __init__(self, manager: PDFResourceManager) -> None:
        super().__init__(manager, laparams=None)
        self.painted = 0
        self.upright: Matrix = (1, 0, 0, 1, 0, 0)

    def begin_page(self, page: PDFPage, ctm: Matrix) -> None:
        self.upright = ctm
        super().begin_page(page, ctm)

    def render_char(self, *args: Any, **kwargs: Any) -> float:
        self._count()
        return super().render_char(*args, **kwargs)

    def paint_path(self, *args: Any, **kwargs: Any) -> None:
        self._count()
        super().paint_path(*args, **kwargs)

    def begin_figure(self, *args: Any, **kwargs: Any) -> None:
        self._count()
        super().begin_figure(*args, **kwargs)

    def _count(self) -> None:
        self.painted += 1
        if self.painted > MAX_PAINTED:
            raise DocumentError("parse", f"a page paints more than {MAX_PAINTED} shapes and characters")


def _page(device: _Device, source: PDFPage, number: int) -> Page:
    layout = device.get_result()
    crop = apply_matrix_rect(device.upright, source.cropbox)
    items = list(_items(layout))
    characters = [i for i in items if isinstance(i, LTChar)]
    turns = Counter(t for c in characters if (t := _turn(c)) is not None)
    turn = turns.most_common(1)[0][0] if turns else 0
    sideways = turn in (90, 270)
    width, height = (layout.height, layout.width) if sideways else (layout.width, layout.height)
    if not (0 < width < MAX_SIDE and 0 < height < MAX_SIDE):
        raise DocumentError("parse", f"page {number} has no size: {width} by {height} points")
    place = _placing(turn, layout.width, layout.height)
    page = Page(number, width, height)
    edges = _box(place, crop)
    for item in items:
        if isinstance(item, LTChar):
            _add_glyph(page, item, turn, place)
        elif isinstance(item, LTImage):
            page.pictures.append(_box(place, item.bbox))
        elif isinstance(item, LTCurve):
            page.rules += (_box(place, (*a, *b)) for a, b in _rules(item))
    page.glyphs = _once([g for g in page.glyphs if edges.holds(*g.middle)])
    page.unreadable = sum(g.text == UNREADABLE for g in page.glyphs)
    page.rules = [r for r in page.rules if _overlap(r, edges)] if len(page.rules) <= MAX_RULES else []
    page.pictures = [p for p in page.pictures if _overlap(p, edges)]
    return page


def _items(container: LTContainer[Any]) -> Iterator[Any]:
    """What is painted, out of its forms; form in form is bounded by `MAX_PAINTED`."""
    stack: list[Any] = [iter(container)]
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
        elif isinstance(item, LTContainer):
            stack.append(iter(item))
        else:
            yield item


def _turn(character: LTChar) -> int | None:
    """Degrees by which the text stands turned to the left: 0, 90, 180, 270; None aslant (a watermark)."""
    a, b = character.matrix[:2]
    if min(abs(a), abs(b)) > 0.1 * max(abs(a), abs(b)):
        return None
    if abs(a) >= abs(b):
        return 0 if a >= 0 else 180
    return 90 if b > 0 else 270


def _placing(turn: int, width: float, height: float) -> Callable[[float, float], tuple[float, float]]:
    """From the page's own coordinates (upwards) to those of a reader (downwards), with the text upright."""
    return {
        0: lambda x, y: (x, height - y),
        90: lambda x, y: (y, x),
        180: lambda x, y: (width - x, y),
        270: lambda x, y: (height - y, width - x),
    }[turn]  # fmt: skip


def _box(place: Callable[[float, float], tuple[float, float]], bbox: tuple[float, float, float, float]) -> Box:
    (xa, ya), (xb, yb) = place(*bbox[:2]), place(*bbox[2:])
    return Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))


def _overlap(one: Box, other: Box) -> bool:
    return all(map(math.isfinite, one)) and (
        one.x0 <= other.x1 and other.x0 <= one.x1 and one.top <= other.bottom and other.top <= one.bottom
    )  # fmt: skip


def _add_glyph(page: Page, item: LTChar, turn: int, place: Callable[[float, float], tuple[float, float]]) -> None:
    own = _turn(item)
    if own is None:
        return
    box = _box(place, item.bbox)
    size = box.bottom - box.top if own == turn else min(box.bottom - box.top, box.x1 - box.x0)
    base = place(*item.matrix[4:])[1] if own == turn else box.bottom
    if size <= 0 or not math.isfinite(size + base + box.x0 + box.x1):
        return
    text = _characters(item.get_text())
    if text:
        page.glyphs.append(Glyph(text, box.x0, box.x1, base, size))


def _characters(text: str) -> str:
    """The characters of a glyph as they are typed: radicals and compatibility forms become plain characters."""
    if _CID.fullmatch(text):
        return UNREADABLE
    if text.isascii():
        return "".join(c if c >= " " else " " for c in text)
    return "".join(map(_plain, text.translate(_RADICALS)))


def _plain(character: str) -> str:
    if "\u2e80" <= character <= "\u2fdf" or "\uf900" <= character <= "\ufb06" or character >= "\U0002f800":
        return unicodedata.normalize("NFKC", character)
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character


def _rules(item: LTCurve) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Lines that a path draws: thin shapes, and the upright sides of what is stroked. A filled area draws none."""
    x0, y0, x1, y1 = item.bbox
    if x1 - x0 < THIN or y1 - y0 < THIN:
        if max(x1 - x0, y1 - y0) >= THIN:
            yield (x0, y0), (x1, y1)
        return
    if not item.stroke:
        return
    for (xa, ya), (xb, yb) in zip(item.pts, item.pts[1:], strict=False):
        if (abs(xa - xb) < 1) != (abs(ya - yb) < 1):
            yield (min(xa, xb), min(ya, yb)), (max(xa, xb), max(ya, yb))


def _once(glyphs: list[Glyph]) -> list[Glyph]:
    """Without the second printing that makes a character look bold: the same one at nearly the same place."""
    kept: list[Glyph] = []
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    for glyph in glyphs:
        x, y = int(glyph.x0 // 4), int(glyph.base // 4)
        near = (other for dx in (-1, 0, 1) for dy in (-1, 0, 1) for other in seen.get((glyph.text, x + dx, y + dy), ()))
        reach = min(0.2 * glyph.size, 4)
        if any(abs(o.x0 - glyph.x0) < reach and abs(o.base - glyph.base) < reach for o in near):
            continue
        seen.setdefault((glyph.text, x, y), []).append(glyph)
        kept.append(glyph)
    return kept
