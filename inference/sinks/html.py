"""The review pages: an index, and a page a report on which every finding leads to its places.

Everything that is shown was crawled, so it is hostile: each printed expression is cleaned of control
characters and escaped, nothing becomes script, and a page's size does not follow the size of its report.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from inference.rows import Row, Rows
from models.forms import Block, Form, Table, load_forms, table_rows
from models.forms import Row as FormRow
from models.ontology import KINDS, load_ontology

VERDICTS = {"contradicts": "矛盾", "explained": "可解释", "undecided": "无法核对", "agrees": "一致"}
STATUSES = {"printed": "照印", "inferred": "推算", "ambiguous": "位置不明", "blank": "空白", "missing": "缺失"}
SCOPES = {
    "year": "本年",
    "cumulative": "历年累计",
    "previous_year": "上一年度",
    "partial": "部分时段",
    "other": "其他范围",
}
QUALIFIERS = {"exact": "确数", "about": "约数", "over": "多于", "under": "不足", "at_least": "至少"}
KIND_NAMES = dict(zip(KINDS, ("数量", "金额", "日期", "百分比"), strict=True))
CHECKS = {
    "table.balance": "表格:收办结转平衡",
    "table.column_sum": "表格:各项结果合计",
    "table.row_sum": "表格:各类申请人合计",
    "table.remedies_sum": "表格:复议诉讼合计",
    "narrative.cell": "正文与表格",
    "narrative.parts": "正文:整体与分项",
    "narrative.percentage": "正文:占比",
    "narrative.growth": "正文:增减",
    "panel.carry": "跨年:结转衔接",
    "panel.stock": "跨年:现行有效衔接",
    "disclosure.plausible": "金额单位",
}

WHOLE_TEXT = 120_000
"""Longer texts are shown around their figures only, this many characters in all."""
CONTEXT = 120
MAX_MARKS = 3000
MAX_FINDINGS = 250
"""Of each verdict, on one page."""
MAX_EVIDENCE = 40
MAX_LISTED = 5000
TABLE_GAP = 400
"""Cells of one table further apart than this do not stand in one stretch of its source text."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_CELL = re.compile(r"((?:\d{4}:)?[a-z_]+(?:\.[a-z_]+)+)")
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Mark:
    """A stretch of the text that is marked: overlapping figures, or a place of evidence without any.

    Attributes:
        findings: numbers of the shown findings that rest on it.
        flaw: "main" where a contradiction speaks of it, "part" where one rests on it.
    """

    start: int
    end: int
    figures: list[Row] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)
    flaw: str = ""

    @property
    def id(self) -> str:
        """Anchor on the page."""
        return f"f{self.start}"


class Piece(NamedTuple):
    """Plain text, a mark in the text, or (without either) an anchor."""

    text: str
    mark: Mark | None = None
    anchor: str = ""


@dataclass(slots=True)
class Page:
    """What one report page is made of.

    Attributes:
        cells: by cell id.
        pages: page and cell ids of every report of the same agency, by year.
        findings: the shown ones, contradictions first; their place is their number.
        anchors: ids that the text of the page holds.
    """

    report: Row
    form: Form | None
    figures: list[Row]
    cells: dict[str, Row]
    pages: dict[int, tuple[str, set[str]]]
    findings: list[Row]
    marks: list[Mark] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    flawed: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The decoded text of the report."""
        return str(self.report["text"] or "")


def write_pages(rows: Rows, out: Path) -> None:
    """Write `index.html` and `pages/<report_id>.html` below a folder."""
    environment = _environment()
    (out / "pages").mkdir(parents=True, exist_ok=True)
    figures, cells, findings = (_by_report(t) for t in (rows.figures, rows.cells, rows.findings))
    sources: defaultdict[str, list[str]] = defaultdict(list)
    years: defaultdict[str, dict[int, tuple[str, set[str]]]] = defaultdict(dict)
    for report in rows.reports:
        sources[report["report_id"]].append(report["source"])
        if report["agency"] and report["year"]:
            ids = {c["cell"] for c in cells[report["report_id"]]}
            years[report["agency"]][report["year"]] = (page_name(report["report_id"]), ids)
    template = environment.get_template("report.html")
    for report in {r["report_id"]: r for r in rows.reports}.values():
        key = report["report_id"]
        page = _page(report, figures[key], cells[key], findings[key], years.get(report["agency"] or "", {}))
        _write(out / "pages" / page_name(key), template.render(sources=sources[key], **_view(page)))
    _write(out / "index.html", environment.get_template("index.html").render(**_index(rows)))


def page_name(report_id: str) -> str:
    """File name of a report's page."""
    return re.sub(r"[^0-9A-Za-z_-]", "_", report_id) + ".html"


def clean(text: str) -> str:
    """Text without characters that hide, reorder or break it; control characters become visible."""
    return _HIDDEN.sub(lambda found: _visible(found[0]), text)


def _visible(sign: str) -> str:
    if sign in "\x0b\x0c\x85\u2028\u2029":
        return "\n"
    if sign == "\r" or sign in "\xad\u200b\u2060\ufeff":
        return ""
    return chr(0x2400 + ord(sign)) if sign < " " else "\ufffd"


def _environment() -> Environment:
    folder = Path(__file__).resolve().parents[1] / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=lambda v: clean(v) if isinstance(v, str) and not isinstance(v, Markup) else v,
    )
    environment.filters.update(number=_number, cut=_cut, tight=_tight)
    environment.globals.update(
        VERDICTS=VERDICTS, STATUSES=STATUSES, page_name=page_name, GROUPS=_groups(), group=_group, label=_label
    )
    return environment


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, "utf-8", errors="replace")
    temporary.replace(path)


def _by_report(table: Iterable[Row]) -> defaultdict[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in table:
        grouped[row["report_id"]].append(row)
    return grouped


def _index(rows: Rows) -> dict[str, Any]:
    reports = sorted(
        rows.reports,
        key=lambda r: (-r["n_contradictions"], -len(r["warnings"] or ()), r["agency"] or "\uffff", r["year"] or 0),
    )
    return {
        "reports": reports[:MAX_LISTED],
        "failures": rows.failures[:MAX_LISTED],
        "totals": {name: len(getattr(rows, name)) for name in ("reports", "figures", "cells", "findings", "failures")},
        "statuses": Counter(c["status"] for c in rows.cells),
        "verdicts": Counter(f["verdict"] for f in rows.findings),
    }


def _page(
    report: Row, figures: list[Row], cells: list[Row], findings: list[Row], pages: dict[int, tuple[str, set[str]]]
) -> Page:
    """Choose what is shown and mark it in the text."""
    shown: list[Row] = []
    severities = ("error", "warning", "info")
    for verdict in VERDICTS:
        group = [f for f in findings if f["verdict"] == verdict]
        group.sort(key=lambda f: severities.index(f["severity"]) if f["severity"] in severities else 0)
        shown += group[:MAX_FINDINGS]
    page = Page(report, load_forms().get(report["form"] or ""), figures, {c["cell"]: c for c in cells}, pages, shown)
    page.marks = _marks(page)
    for number, finding in enumerate(shown):
        for cell in _cells_of(page, finding) if finding["verdict"] == "contradicts" else ():
            page.flawed.setdefault(cell, number)
    return page


def _marks(page: Page) -> list[Mark]:
    """Figures and places of evidence in the order of the text, without overlap."""
    length = len(page.text)
    cells = {(c["start"], c["end"]) for c in page.cells.values()}
    places = [(n, p) for n, f in enumerate(page.findings) for p in _places(f) if _inside(p, length)]
    named = [f for f in page.figures if _inside((f["start"], f["end"]), length)]
    used = {p for _, p in places}
    named.sort(key=lambda f: ((f["start"], f["end"]) not in used, f["statistic"] in KINDS))
    marks = _merged((f["start"], f["end"], f) for f in named[:MAX_MARKS])
    extra = _merged((*p, None) for _, p in places if p not in cells and not _touching(marks, p))
    marks = sorted([*marks, *extra], key=lambda m: m.start)
    for number, place in places:
        finding = page.findings[number]
        for mark in _touching(marks, place)[:1] if place not in cells else ():
            if number not in mark.findings:
                mark.findings.append(number)
            if finding["verdict"] == "contradicts" and mark.flaw != "main":
                mark.flaw = "main" if place == (finding["start"], finding["end"]) else "part"
    return marks


def _merged(places: Iterable[tuple[int, int, Row | None]]) -> list[Mark]:
    marks: list[Mark] = []
    for start, end, figure in sorted(places, key=lambda p: (p[0], p[1])):
        if not marks or (start >= marks[-1].end and start > marks[-1].start):
            marks.append(Mark(start, end))
        marks[-1].end = max(marks[-1].end, end)
        marks[-1].figures += [figure] if figure else []
    return marks


def _touching(marks: Sequence[Mark], place: tuple[int, int]) -> list[Mark]:
    """Marks that overlap a place, or stand where it starts."""
    first = bisect_left(marks, place[0], key=lambda m: m.end)
    found = []
    for mark in marks[first:]:
        if mark.start >= max(place[1], place[0] + 1):
            break
        if mark.end > place[0] or mark.start == place[0]:
            found.append(mark)
    return found


def _places(finding: Row) -> list[tuple[int, int]]:
    own = [] if finding["start"] is None else [(finding["start"], finding["end"])]
    return own + [(e["start"], e["end"]) for e in (finding["evidence"] or ())[:MAX_EVIDENCE]]


def _inside(place: tuple[int | None, int | None], length: int) -> bool:
    return place[0] is not None and place[1] is not None and 0 <= place[0] <= place[1] <= length


def _cells_of(page: Page, finding: Row) -> Iterator[str]:
    """Cells that a finding rests on: its evidence, and what its expression names and is not zero."""
    for evidence in (finding["evidence"] or ())[:MAX_EVIDENCE]:
        cell = _evidence_cell(page, finding, evidence)
        if cell:
            yield cell
    for name in _CELL.findall(finding["expression"] or ""):
        if name in page.cells and page.cells[name]["value"]:
            yield name


def _evidence_cell(page: Page, finding: Row, evidence: Row) -> str | None:
    """The cell whose span the evidence equals; its label and the expression tell cells of one span apart."""
    place = (evidence["start"], evidence["end"])
    found = [i for i, c in page.cells.items() if (c["start"], c["end"]) == place]
    labels = page.form.labels_by_cell if page.form else {}
    words = str(evidence["label"] or "")
    named = set(_CELL.findall(finding["expression"] or "")) if len(found) > 1 else set()
    found.sort(key=lambda i: (i not in named, not words.startswith(labels.get(i, "\n") + ":")))
    return found[0] if found else None


def _view(page: Page) -> dict[str, Any]:
    blocks = list(_blocks(page))
    findings = [_finding(page, number, f) for number, f in enumerate(page.findings)]
    counts: Counter[str] = Counter(f["verdict"] for f in page.findings)
    return {
        "report": page.report,
        "form": page.form,
        "years": sorted((y, name) for y, (name, _) in page.pages.items() if y != page.report["year"])[:30],
        "blocks": blocks,
        "marks": [m for m in page.marks if m.id in page.anchors],
        "findings": {v: [f for f in findings if f["row"]["verdict"] == v] for v in VERDICTS},
        "counts": counts,
        "tables": [_table(page, t) for t in page.form.tables] if page.form and page.cells else [],
        "left_out": len(page.figures) - sum(len(m.figures) for m in page.marks if m.id in page.anchors),
    }


def _finding(page: Page, number: int, row: Row) -> Row:
    """A finding with its links, each to an anchor that the page has."""
    links = []
    evidence = list((row["evidence"] or ())[:MAX_EVIDENCE])
    own = (row["start"], row["end"])
    if row["start"] is not None and own not in [(e["start"], e["end"]) for e in evidence]:
        evidence.insert(0, {"start": own[0], "end": own[1], "label": "正文此处"})
    for item in evidence:
        cell = _evidence_cell(page, row, item)
        if cell and page.form and cell in page.form.columns_by_cell:
            href = f"#c-{cell}"
        else:
            marks = _touching(page.marks, (item["start"], item["end"])) if item["start"] is not None else []
            href = f"#{marks[0].id}" if marks and marks[0].id in page.anchors else ""
        links.append({"href": href, "text": item["label"] or "此处"})
    quote = _quote(page.text, *own) if _inside(own, len(page.text)) else None
    unit = next((f["unit"] for f in page.figures if own == (f["start"], f["end"]) and f["unit"]), "")
    return {
        "id": f"k{number}",
        "row": row,
        "check": CHECKS.get(row["check"], row["check"]),
        "links": links,
        "more": max(0, len(row["evidence"] or ()) - MAX_EVIDENCE),
        "quote": quote,
        "unit": unit,
        "expression": list(_expression(page, str(row["expression"] or "")[:4000])),
    }


def _quote(text: str, start: int, end: int) -> tuple[str, str, str]:
    """The line around a place, at most 60 characters on either side."""
    before = text[max(0, start - 60) : start].rpartition("\n")[2]
    return before, text[start : min(end, start + 60)], text[end : end + 60].partition("\n")[0]


def _expression(page: Page, words: str) -> Iterator[Row]:
    """The expression with every cell id as a link under its name."""
    labels = page.form.labels_by_cell if page.form else {}
    for part in _CELL.split(words):
        year, _, name = part.rpartition(":")
        other, ids = page.pages.get(int(year), ("", set())) if _CELL.fullmatch(part) and year else ("", set())
        if name in ids:
            yield {"text": f"{year}年 {labels.get(name, name)}", "title": part, "href": f"{other}#c-{name}"}
        elif part in labels and part in page.cells:
            yield {"text": labels[part], "title": part, "href": f"#c-{part}"}
        elif part:
            entry = load_ontology().by_id.get(part)
            yield {"text": entry.name if entry else part, "title": part, "href": ""}


def _blocks(page: Page) -> Iterator[Row]:
    """The text in order: plain stretches, folded table sources, and notes of what is left out."""
    at = 0
    folds = _folds(page)
    spots = sorted({c["start"] for c in page.cells.values() if _inside((c["start"], c["end"]), len(page.text))})
    for start, end in [*_windows(page, spots), (len(page.text), len(page.text))]:
        if start > at:
            yield {"kind": "gap", "size": start - at}
        cuts = sorted({start, end, *(p for fold in folds for p in fold if start < p < end)})
        for left, right in zip(cuts, cuts[1:]):
            kind = "fold" if any(f[0] <= left and right <= f[1] for f in folds) else "text"
            yield {"kind": kind, "size": right - left, "pieces": list(_pieces(page, spots, left, right))}
        at = end


def _pieces(page: Page, spots: Sequence[int], start: int, end: int) -> Iterator[Piece]:
    text, at = page.text, start
    marks = page.marks[bisect_left(page.marks, start, key=lambda m: m.start) :]
    stops: list[tuple[int, int, Mark | None]] = [(s, 0, None) for s in spots if start <= s < end]
    for mark in marks:
        if mark.start >= end:
            break
        stops.append((mark.start, 1, mark))
    for place, _, stop in sorted(stops, key=lambda s: s[:2]):
        if place > at:
            yield Piece(text[at:place])
        if stop is None:
            anchor = f"t{place}"
            yield Piece("", anchor=anchor)
        else:
            anchor = stop.id
            yield Piece(text[place : stop.end][:CONTEXT], mark=stop)
        page.anchors.add(anchor)
        at = max(at, place if stop is None else stop.end)
    if end > at:
        yield Piece(text[at:end])


def _windows(page: Page, spots: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of the text that are shown: all of it, or what stands around marks and cells."""
    length = len(page.text)
    if length <= WHOLE_TEXT:
        return [(0, length)]
    first = sorted(page.marks, key=lambda m: (m.flaw == "", not m.findings))
    budget = WHOLE_TEXT
    chosen = [(0, 2 * CONTEXT)]
    for start, end in [*((m.start, m.end) for m in first), *((s, s) for s in spots)]:
        window = (max(0, start - CONTEXT), min(length, max(end, start) + CONTEXT))
        budget -= 2 * CONTEXT
        if budget < 0:
            break
        chosen.append(window if end - start <= CONTEXT else (window[0], start))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(chosen):
        if merged and start <= merged[-1][1] + 20:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
