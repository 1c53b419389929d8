# ruff: noqa: A005
"""The review pages: an index, and a page a report on which every finding leads to its places.

What is shown was crawled, so it is hostile: all of it is cleaned and escaped, and a page does not grow with
its report. Words and layout stand in `inference/templates`; what is shown, and the anchors, are chosen here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from inference.files import write_whole
from inference.panel import Panel
from inference.rows import SCHEMAS, Row, Rows, by_report, shown_number
from inference.totals import Totals
from models.forms import Form, Table, load_forms, table_rows
from models.forms import Row as FormRow
from models.ontology import KINDS, load_ontology

VERDICTS = ("contradicts", "explained", "undecided", "agrees")
WHOLE_TEXT = 120_000  # longer texts are shown around their figures only, this many characters in all
CONTEXT = 120
TABLE_GAP = 400  # cells of a table further apart do not stand in one stretch of its source text
MAX_MARKS = 3000
MAX_FINDINGS = 250  # of each verdict, on one page
MAX_EVIDENCE = 40
_CLEAN = {
    **dict.fromkeys([*range(0x7F, 0xA0), 0x61C, 0x180E, *range(0x200C, 0x2010), *range(0x202A, 0x202F)], "\ufffd"),
    **dict.fromkeys([*range(0x2061, 0x2070), *range(0xFFF9, 0x10000), *range(0xD800, 0xE000)], "\ufffd"),
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    **dict.fromkeys([0x0D, 0xAD, 0x200B, 0x2060, 0xFEFF], ""),
    **dict.fromkeys([0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n"),
}
_CELL = re.compile(r"((?:\d{4}:)?[a-z_]+(?:\.[a-z_]+)+)")
_SIGNS = re.compile(r"[\W_]+")

Stretch = tuple[int, int]
"""Half-open places of characters."""
Years = dict[int, tuple[str, frozenset[str]]]
"""Page and cell ids of the reports of one agency."""


@dataclass(slots=True)
class Mark:
    """A marked stretch: overlapping figures, or evidence that is no figure and no cell.

    `findings` are numbers of shown findings that rest on it; `flaw` is "main" where a contradiction
    speaks of it, "part" where one rests on it.
    """

    start: int
    end: int
    figures: list[Row] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)
    flaw: str = ""

    @property
    def id(self) -> str:
        """Its anchor."""
        return f"f{self.start}"


@dataclass(slots=True)
class Page:
    """What one report page is made of.

    Attributes:
        cells: by id, those of the form.
        cells_at: ids by place; several where a row's label is the only place.
        findings: the shown ones, contradictions first; a finding's index is its number.
        anchors: ids that the shown text holds.
        flawed: for cells in contradictions the number of the first.
    """

    report: Row
    text: str
    form: Form | None
    figures: list[Row]
    cells: dict[str, Row]
    cells_at: dict[Stretch, list[str]]
    findings: list[Row]
    years: Years
    marks: list[Mark] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    flawed: dict[str, int] = field(default_factory=dict)


def write_pages(rows: Rows, out: Path, panel: Panel) -> None:
    """Write `pages/<report_id>.html` for each report of a batch; the panel knows the agency's other years."""
    environment = _environment()
    (out / "pages").mkdir(parents=True, exist_ok=True)
    figures, cells, findings = (by_report(table) for table in (rows.figures, rows.cells, rows.findings))
    sources: defaultdict[str, list[str]] = defaultdict(list)
    for report in rows.reports:
        sources[report["report_id"]].append(report["source"])
    template = environment.get_template("report.html")
    for key, report in {r["report_id"]: r for r in reversed(rows.reports)}.items():
        years = {
            year: (page_name(other), frozenset(load_forms()[form].cells) if form else frozenset())
            for year, (other, form) in panel.years(report["agency"]).items()
        }
        page = _page(report, figures[key], cells[key], findings[key], years)
        unlisted = len(findings[key]) - len(page.findings)
        view = {"sources": sources[key], "unlisted": unlisted, **_view(page)}
        write_whole(out / "pages" / page_name(key), template.render(view))


def write_index(totals: Totals, out: Path) -> None:
    """Write `index.html`, the way to all pages."""
    view = {
        "reports": totals.listed(),
        "failures": totals.failures,
        "totals": {name: totals.rows[name] for name in SCHEMAS},
        "statuses": totals.statuses,
        "verdicts": totals.verdicts,
    }
    write_whole(out / "index.html", _environment().get_template("index.html").render(**view))


def remove_pages(out: Path, keep: Set[str]) -> None:
    """Remove what earlier runs wrote: the index, and the pages of all but some reports."""
    (out / "index.html").unlink(missing_ok=True)
    for path in (out / "pages").glob("*.html"):
        if path.name not in keep and re.fullmatch(r"[0-9a-f]{16}\.html", path.name):
            path.unlink()
    with suppress(OSError):  # not there, or not empty
        (out / "pages").rmdir()


def page_name(report_id: str) -> str:
    """File name of a report's page."""
    return re.sub(r"[^0-9A-Za-z_-]", "_", report_id)[:100] + ".html"


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.loader = FileSystemLoader(Path(__file__).resolve().parents[1] / "templates")
    environment.finalize = _clean
    environment.filters.update(number=shown_number, cut=_cut, tight=lambda t: re.sub(r"[^\S\n]*\n\s*\n", "\n\n", t))
    environment.globals.update(KINDS=KINDS, STATISTICS=load_ontology().by_id, page_name=page_name)
    environment.globals.update(rows_of=_rows_of, rowspan=_rowspan, title_of=_title)
    return environment


def _clean(value: Any) -> Any:
    """What is printed, without characters that hide, reorder or break text; control characters are made visible."""
    return value.translate(_CLEAN) if isinstance(value, str) and not isinstance(value, Markup) else value


def _cut(text: object, size: int) -> str:
    words = str(text or "")
    return words if len(words) <= size else f"{words[:size]}…(共 {len(words)} 字)"


def _rows_of(table: Table) -> list[list[FormRow]]:
    """Rows of values of each block."""
    return [list(table_rows(table.model_copy(update={"blocks": (block,)}))) for block in table.blocks]


def _title(form: Form, table: Table) -> str:
    """The section that a table fills; of several tables in one section, what the table itself begins with."""
    if sum(other.section == table.section for other in form.tables) == 1:
        section = next(s for s in form.sections if s.id == table.section)
        return f"表{'一二三四五六七八九'[int(section.id) - 1]} {section.titles[0]}"
    block = table.blocks[0]
    return block.captions[0] if block.captions else block.rows[0].labels[0]


def _rowspan(rows: Sequence[FormRow], at: int, level: int) -> int:
    """Height of a group label; 0 where a row before prints it."""
    same = [i for i, row in enumerate(rows) if row.groups[: level + 1] == rows[at].groups[: level + 1]]
    return len(same) if same[0] == at else 0


def _page(report: Row, figures: list[Row], cells: list[Row], findings: list[Row], years: Years) -> Page:
    """Choose what is shown, and mark it in the text and in the tables."""
    shown: list[Row] = []
    for verdict in VERDICTS:
        group = [f for f in findings if f["verdict"] == verdict]
        shown += sorted(group, key=lambda f: f["severity"] != "error")[:MAX_FINDINGS]
    form = load_forms().get(report["form"] or "")
    known = {c["cell"]: c for c in cells if form and c["cell"] in form.columns_by_cell}
    at: defaultdict[Stretch, list[str]] = defaultdict(list)
    for name, cell in known.items():
        if cell["start"] is not None:
            at[cell["start"], cell["end"]].append(name)
    page = Page(report, report["text"] or "", form, figures, known, at, shown, years)
    page.marks = _marks(page)
    for number, finding in enumerate(shown):
        if finding["verdict"] == "contradicts":
            places = [_evidence_cell(page, finding, e) for e in _evidence(finding)]
            terms = [i for i in _CELL.findall(finding["expression"] or "") if i in known and known[i]["value"]]
            for name in filter(None, [*places, *terms]):
                page.flawed.setdefault(name, number)
    return page


def _evidence(finding: Row) -> list[Row]:
    """The places that a finding rests on, the figure that it speaks of among them."""
    evidence = list((finding["evidence"] or ())[:MAX_EVIDENCE])
    own = (finding["start"], finding["end"])
    if own[0] is not None and own not in [(e["start"], e["end"]) for e in evidence]:
        evidence.insert(0, {"start": own[0], "end": own[1], "label": "正文此处"})
    return evidence


def _evidence_cell(page: Page, finding: Row, evidence: Row) -> str | None:
    """The cell that has the place of the evidence; of several the one that label or expression names."""
    found = page.cells_at.get((evidence["start"], evidence["end"]), [])
    if len(found) < 2 or page.form is None:
        return found[0] if found else None
    label, labels = str(evidence["label"] or ""), page.form.labels_by_cell
    named = _CELL.findall(finding["expression"] or "")
    return min(found, key=lambda i: (not label.startswith(f"{labels[i]}:"), i not in named))


def _marks(page: Page) -> list[Mark]:
    """Figures, and evidence that is neither figure nor cell, in the order of the text, without overlap."""
    places = [(n, (e["start"], e["end"])) for n, f in enumerate(page.findings) for e in _evidence(f)]
    places = [(n, p) for n, p in places if p not in page.cells_at and _inside(p, page.text)]
    used = {p for _, p in places}
    figures = [f for f in page.figures if _inside((f["start"], f["end"]), page.text)]
    figures.sort(key=lambda f: ((f["start"], f["end"]) not in used, f["statistic"] in KINDS))
    marks = _merged((f["start"], f["end"], f) for f in figures[:MAX_MARKS])
    others = _merged((*p, None) for p in used if not _touching(marks, p))
    marks = sorted([*marks, *others], key=lambda m: m.start)
    for number, place in places:
        finding = page.findings[number]
        mark = _touching(marks, place)[0]
        if number not in mark.findings:
            mark.findings.append(number)
        if finding["verdict"] == "contradicts" and mark.flaw != "main":
            mark.flaw = "main" if place[0] == finding["start"] else "part"
    return marks


def _merged(places: Iterable[tuple[int, int, Row | None]]) -> list[Mark]:
    marks: list[Mark] = []
    for start, end, figure in sorted(places, key=lambda p: p[:2]):
        if not marks or (start >= marks[-1].end and start > marks[-1].start):
            marks.append(Mark(start, end))
        marks[-1].end = max(marks[-1].end, end)
        marks[-1].figures += [figure] if figure else []
    return marks


def _touching(marks: Sequence[Mark], place: Stretch) -> list[Mark]:
    """Marks that overlap a place or start where it starts."""
    found = []
    for mark in marks[bisect_left(marks, place[0], key=lambda m: m.end) :]:
        if mark.start >= max(place[1], place[0] + 1):
            break
        if mark.end > place[0] or mark.start == place[0]:
            found.append(mark)
    return found


def _inside(place: Stretch, text: str) -> bool:
    return place[0] is not None and place[1] is not None and 0 <= place[0] <= place[1] <= len(text)


def _view(page: Page) -> dict[str, Any]:
    """What the template needs; the text first, for links go only to anchors that it holds."""
    blocks = list(_blocks(page))
    findings = [_finding(page, number, row) for number, row in enumerate(page.findings)]
    marks = [m for m in page.marks if m.id in page.anchors]
    return {
        "page": page,
        "blocks": blocks,
        "marks": marks,
        "findings": {v: [f for f in findings if f["row"]["verdict"] == v] for v in VERDICTS},
        "limit": MAX_FINDINGS,
        "left_out": len(page.figures) - sum(len(m.figures) for m in marks),
    }


def _finding(page: Page, number: int, row: Row) -> dict[str, Any]:
    """A finding with its links, each to an anchor that the page has."""
    links = []
    for item in _evidence(row):
        cell, href = _evidence_cell(page, row, item), ""
        if cell:
            href = f"#c-{cell}"
        elif _inside((item["start"], item["end"]), page.text):
            anchors = [m.id for m in _touching(page.marks, (item["start"], item["end"])) if m.id in page.anchors]
            href = f"#{anchors[0]}" if anchors else ""
        links.append({"href": href, "text": item["label"] or "此处"})
    own, quote, figures = (row["start"], row["end"]), None, []
    if _inside(own, page.text):
        before, found, after = (page.text[a:b] for a, b in pairwise((max(0, own[0] - 60), *own, own[1] + 60)))
        quote = (before.rpartition("\n")[2], found[:60], after.partition("\n")[0])
        figures = [f for m in _touching(page.marks, own) for f in m.figures if own == (f["start"], f["end"])]
    unit = next((f["unit"] for f in figures if f["unit"]), "")
    terms = [] if row["verdict"] == "agrees" else list(_terms(page, str(row["expression"] or "")[:4000]))
    more = max(0, len(row["evidence"] or ()) - MAX_EVIDENCE)
    return {"id": f"k{number}", "row": row, "links": links, "more": more, "quote": quote, "unit": unit, "terms": terms}


def _terms(page: Page, expression: str) -> Iterator[dict[str, str]]:
    """The expression, with its cells under their names and linked, those of other years too."""
    labels = page.form.labels_by_cell if page.form else {}
    for part in filter(None, _CELL.split(expression)):
        year, _, name = part.rpartition(":") if _CELL.fullmatch(part) else ("", "", part)
        other, ids = page.years.get(int(year or 0), ("", page.cells.keys()))
        entry = load_ontology().by_id.get(name)
        words = labels.get(name) or (entry.name if entry else name)
        href = f"{other}#c-{name}" if name in ids and (other or not year) else ""
        yield {"text": f"{year}年 {words}" if year else words, "title": part, "href": href}


def _blocks(page: Page) -> Iterator[dict[str, Any]]:
    """The text in order: stretches as they are, folded sources of tables, and notes of what is left out."""
    at = 0
    spots = sorted({start for start, end in page.cells_at if _inside((start, end), page.text)})
    folds = _folds(page)
    for start, end in [*_windows(page, spots), (len(page.text), len(page.text))]:
        if start > at:
            yield {"kind": "gap", "size": start - at}
        cuts = sorted({start, end, *(p for fold in folds for p in fold if start < p < end)})
        for left, right in pairwise(cuts):
            kind = "fold" if any(f[0] <= left and right <= f[1] for f in folds) else "text"
            yield {"kind": kind, "size": right - left, "pieces": list(_pieces(page, spots, left, right))}
        at = end


def _pieces(page: Page, spots: Sequence[int], start: int, end: int) -> Iterator[tuple[str, Mark | None, str]]:
    at = start
    stops: list[tuple[int, Mark | None]] = [(s, None) for s in spots if start <= s < end]
    stops += [(m.start, m) for m in page.marks if start <= m.start < end]
    for place, mark in sorted(stops, key=lambda s: (s[0], s[1] is not None)):
        if place > at:
            yield page.text[at:place], None, ""
        anchor = mark.id if mark else f"t{place}"
        page.anchors.add(anchor)
        stop = min(mark.end, end) if mark else place
        yield page.text[place:stop][: 2 * CONTEXT], mark, anchor
        at = max(at, stop)
    if end > at:
        yield page.text[at:end], None, ""


def _windows(page: Page, spots: Sequence[int]) -> list[Stretch]:
    """Ranges of the text that are shown: all of it, or what stands around marks and cells."""
    if len(page.text) <= WHOLE_TEXT:
        return [(0, len(page.text))]
    marks = sorted(page.marks, key=lambda m: (not m.flaw, not m.findings))
    places = [(0, 0), *((m.start, min(m.end, m.start + CONTEXT)) for m in marks), *((s, s) for s in spots)]
    chunks: set[int] = set()
    for start, end in places:
        if len(chunks) < WHOLE_TEXT // CONTEXT:
            chunks.update(range(max(0, start // CONTEXT - 1), end // CONTEXT + 2))
    starts = sorted(c * CONTEXT for c in chunks if c - 1 not in chunks)
    ends = sorted(min((c + 1) * CONTEXT, len(page.text)) for c in chunks if c + 1 not in chunks)
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _folds(page: Page) -> list[Stretch]:
    """Stretches of the text that hold a table; the narrative in between, if any, stays out."""
    found: list[list[int]] = []
    figures = [m for m in page.marks if m.figures]
    sections = {table.id: table.section for table in page.form.tables} if page.form else {}
    before = None
    for (start, end), ids in sorted((p, ids) for p, ids in page.cells_at.items() if _inside(p, page.text)):
        section, gap = sections.get(ids[0].partition(".")[0]), (found[-1][1] if found else 0, start)
        if section == before and start - gap[0] <= TABLE_GAP and not _touching(figures, gap):
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
        before = section
    folds: list[Stretch] = []
    for start, end in found:
        first = max(folds[-1][1] if folds else 0, start - 4 * TABLE_GAP)
        if end - start > 20:
            folds.append((_header_start(page, first, start), end))
    return folds


def _header_start(page: Page, first: int, start: int) -> int:
    """Where the header before a table starts, not before `first`: lines of words of the form only."""
    tables = page.form.tables if page.form else ()
    words = {_SIGNS.sub("", w) for t in tables for w in (*t.headers, *t.units)} | {""}
    for block in (b for t in tables for b in t.blocks):
        labels = [c.labels for c in block.columns] + [r.labels for r in block.rows]
        words |= {_SIGNS.sub("", w) for group in (block.captions, *labels) for w in group}
    at = start
    for line in reversed(page.text[first:start].splitlines(keepends=True)):
        if any(_SIGNS.sub("", word) not in words for word in line.split()):
            break
        at -= len(line)
    return at
