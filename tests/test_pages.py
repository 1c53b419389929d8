"""The review pages: hostile text stays text, every link leads somewhere, and pages stay small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from inference.panel import Panel
from inference.rows import Row, Rows
from inference.sinks.html import MAX_FINDINGS, write_index, write_pages
from inference.totals import Totals
from models.forms import load_forms

ATTACK = "<script>alert(1)</script>\"' onmouseover=x <img src=x onerror=y>"
TEXT = (
    "甲县2021年年度报告\n全年收到申请10件,没有收费和复议。\n三、收到和处理政府信息公开申请情况\n"
    "一、本年新收政府信息公开申请数量\n4\n3\n0\n0\n0\n1\n8\n二、上年结转政府信息公开申请数量\n以上。"
)


def report(report_id: str = "aa00", **changes: Any) -> Row:
    row = {
        "report_id": report_id, "source": "a.txt", "agency": "甲县", "year": 2021, "title": "甲县2021年年度报告",
        "form": "2021", "text": TEXT, "n_figures": 1, "n_cells": 1, "n_contradictions": 0, "warnings": [],
    }  # fmt: skip
    return {**row, **changes}


def figure(start: int, end: int, statistic: str = "applications.received", **changes: Any) -> Row:
    row = {
        "report_id": "aa00", "section": "1", "start": start, "end": end, "text": TEXT[start:end], "kind": "count",
        "statistic": statistic, "value": 10.0, "low": 10.0, "high": 10.0, "date": None, "unit": "件",
        "qualifier": "exact", "scope": "year", "zero": False, "confidence": 0.9, "sentence": "",
    }  # fmt: skip
    return {**row, **changes}


def cell(name: str, start: int | None, end: int | None, value: float | None, status: str = "printed") -> Row:
    return {
        "report_id": "aa00", "form": "2021", "cell": name, "value": value, "unit": None, "status": status,
        "confidence": 1.0, "start": start, "end": end,
    }  # fmt: skip


def finding(verdict: str, start: int | None, end: int | None, *evidence: tuple[int, int], **changes: Any) -> Row:
    row = {
        "report_id": "aa00", "check": "narrative.cell", "verdict": verdict, "statistic": "applications.received",
        "start": start, "end": end, "stated": 10.0, "expression": "applications.received.total", "computed": 8.0,
        "reading": "表三", "message": "正文10件,表三8件", "severity": "error" if verdict == "contradicts" else "info",
        "evidence": [{"start": s, "end": e, "label": f"在{s}"} for s, e in evidence],
    }  # fmt: skip
    return {**row, **changes}


def span(words: str, text: str = TEXT) -> tuple[int, int]:
    start = text.index(words)
    return start, start + len(words)


def row_cells() -> list[Row]:
    """The row 本年新收 as printed, its other cells missing, and one row whose only place is its label."""
    at = span("数量\n4\n3")[0] + 3
    columns = ("natural_person", "enterprise", "research", "nonprofit", "legal_service", "other_org", "total")
    printed = {f"applications.received.{c}": (at + 2 * i, float(TEXT[at + 2 * i])) for i, c in enumerate(columns)}
    label = span("二、上年结转政府信息公开申请数量")
    rows = []
    for name in load_forms()["2021"].cells:
        if name in printed:
            rows.append(cell(name, printed[name][0], printed[name][0] + 1, printed[name][1]))
        elif name.startswith("applications.carried_in."):
            rows.append(cell(name, *label, None, "ambiguous"))
        else:
            rows.append(cell(name, None, None, None, "missing"))
    return rows


def write(rows: Rows, out: Path) -> None:
    """Pages and index as a run writes them."""
    panel, totals = Panel(), Totals()
    panel.add(rows)
    totals.add(rows)
    write_pages(rows, out, panel)
    write_index(totals, out)


def page_of(out: Path, rows: Rows, report_id: str = "aa00") -> HTMLParser:
    write(rows, out)
    return HTMLParser((out / "pages" / f"{report_id}.html").read_text("utf-8"))


def ids(page: HTMLParser) -> list[str]:
    return [node.attributes["id"] or "" for node in page.css("[id]")]


def one(page: HTMLParser, selector: str) -> Node:
    nodes = page.css(selector)
    assert len(nodes) == 1, selector
    return nodes[0]


def links_resolve(page: HTMLParser) -> bool:
    known = ids(page)
    assert len(known) == len(set(known))
    targets = [(node.attributes["href"] or "")[1:] for node in page.css("a[href^='#']")]
    return bool(targets) and set(targets) <= set(known)


@pytest.mark.parametrize("hidden", ["", "\x00\x1b[31m", "\u202e", "\ud800"])
def test_hostile_words_stay_words(tmp_path: Path, hidden: str) -> None:
    words = ATTACK + hidden
    spoken = dict.fromkeys(("check", "statistic", "message", "expression", "reading"), words)
    rows = Rows(
        reports=[report(agency=words, title=words, text=words + TEXT, source="javascript:" + words, warnings=[words])],
        figures=[figure(0, 3, words, unit=words, text=words, qualifier=words, scope=words)],
        findings=[finding("contradicts", 0, 3, **spoken)],
        failures=[{"source": words, "stage": words, "error": words, "message": words}],
    )  # fmt: skip
    page = page_of(tmp_path, rows)
    for parsed in (page, HTMLParser((tmp_path / "index.html").read_text("utf-8"))):
        assert not parsed.css("script, img, iframe, object, form, [onmouseover], [onerror], [style], link")
        assert not [a for a in parsed.css("a") if not (a.attributes["href"] or "#").startswith(("#", "pages/", "../"))]
        assert "<script>alert(1)</script>" in parsed.body.text()
        assert not set(parsed.html) & set("\x00\x1b\u202e\ud800")


def test_control_characters_become_visible(tmp_path: Path) -> None:
    page = page_of(tmp_path, Rows(reports=[report(text="甲\x1b乙\u202e丙\u200b丁\r\n戊\x85己")]))
    assert one(page, ".prose").text() == "甲␛乙\ufffd丙丁\n戊\n己"


def test_marks_stand_at_their_offsets(tmp_path: Path) -> None:
    start, end = span("10")
    page = page_of(tmp_path, Rows(reports=[report(form=None)], figures=[figure(start, end)]))
    mark = one(page, ".prose mark")
    assert mark.text() == "10"
    assert page.css_first(".prose").text().startswith(TEXT[:end])
    title = mark.attributes["title"] or ""
    assert "10 件" in title
    assert "本年" in title
    assert "0.90" in title


def test_one_mark_for_figures_of_one_place(tmp_path: Path) -> None:
    start, end = span("没有")
    zeros = [figure(start, end, s, zero=True, value=0.0) for s in ("reconsideration.total", "information_fees.amount")]
    overlapping = figure(start + 1, end + 2, "applications.granted")
    page = page_of(tmp_path, Rows(reports=[report(form=None)], figures=[*zeros, overlapping]))
    mark = one(page, ".prose mark")
    assert mark.text() == TEXT[start : end + 2]
    assert len((mark.attributes["title"] or "").splitlines()) == 3
    assert page.css_first(".prose").text() == TEXT


def test_findings_lead_to_marks_cells_and_places(tmp_path: Path) -> None:
    ten, total = span("10"), span("8\n二")
    place, label = span("以上"), span("二、上年结转政府信息公开申请数量")
    rows = Rows(
        reports=[report(n_contradictions=1)],
        figures=[figure(*ten)],
        cells=row_cells(),
        findings=[
            finding("agrees", None, None, span("年度报告")),
            finding("contradicts", *ten, (total[0], total[0] + 1), place),
            finding("undecided", *ten, label, expression="applications.carried_in.total"),
            finding("explained", 10**6, 10**6 + 1, (-3, 5)),
        ],
    )  # fmt: skip
    page = page_of(tmp_path, rows)
    assert links_resolve(page)
    first, explained, undecided, _ = page.css("article.card")
    assert "contradicts" in (first.attributes["class"] or "")
    hrefs = [a.attributes["href"] for a in first.css(".links a")]
    assert hrefs == [f"#f{ten[0]}", "#c-applications.received.total", f"#f{place[0]}"]
    assert not explained.css(".links a")
    assert undecided.css(".links a")[1].attributes["href"] == "#c-applications.carried_in.total"
    mark = one(page, f"#f{ten[0]}")
    assert "main" in (mark.attributes["class"] or "")
    assert "part" in (one(page, f"#f{place[0]}").attributes["class"] or "")
    assert mark.next is not None
    assert {a.attributes["href"] for a in mark.next.css("a")} == {"#k0", "#k2"}


def test_tables_have_the_layout_of_the_form(tmp_path: Path) -> None:
    total = span("8\n二")[0]
    rows = Rows(
        reports=[report()], cells=row_cells(), findings=[finding("contradicts", None, None, (total, total + 1))]
    )
    page = page_of(tmp_path, rows)
    assert len(page.css("table.form")) == 3
    known = [i for i in ids(page) if i.startswith("c-")]
    assert sorted(known) == sorted(f"c-{c}" for c in load_forms()["2021"].cells)
    flawed = [n for n in page.css("table.form td") if "flaw" in (n.attributes["class"] or "")]
    assert [n.attributes["id"] for n in flawed] == ["c-applications.received.total"]
    assert flawed[0].css_first("a.value").text() == "8"
    assert "s-ambiguous" in (page.css("[id='c-applications.carried_in.total']")[0].attributes["class"] or "")
    for table in page.css("table.form"):
        assert len({_width(rows) for rows in _columns(table)}) == 1
    fold = one(page, "details.fold").text()
    assert "一、本年新收" in fold
    assert "全年收到申请" not in fold


def _columns(table: Node) -> list[list[int]]:
    """How many cells cover each row, spans of rows above included."""
    height = len(table.css("tr"))
    cover: list[list[int]] = [[] for _ in range(height)]
    for at, line in enumerate(table.css("tr")):
        for node in line.css("th, td"):
            for row in range(at, at + int(node.attributes.get("rowspan") or 1)):
                cover[row].append(int(node.attributes.get("colspan") or 1))
    return cover


def _width(cells: list[int]) -> int:
    return sum(cells)


def test_other_years_are_linked(tmp_path: Path) -> None:
    cells = row_cells()
    older = [{**c, "report_id": "bb11"} for c in cells]
    panel = finding(
        "contradicts", None, None, check="panel.carry", expression="2020:applications.carried_forward.total"
    )
    rows = Rows(reports=[report(), report("bb11", year=2020)], cells=[*cells, *older], findings=[panel])
    page = page_of(tmp_path, rows)
    term = one(page, ".terms a")
    name, _, anchor = (term.attributes["href"] or "").partition("#")
    assert anchor in ids(HTMLParser((tmp_path / "pages" / name).read_text("utf-8")))
    assert term.text().startswith("2020年")


def test_a_report_without_tables(tmp_path: Path) -> None:
    page = page_of(tmp_path, Rows(reports=[report(form=None, agency=None, year=None, title=None, text="")]))
    assert not page.css("table.form")
    assert "没有找到统计表" in page.body.text()
    assert "机关不明" in page.css_first("h1").text()
    page = page_of(tmp_path, Rows(reports=[report(form="2014")], cells=[cell("x.y.z", 0, 1, 1.0)]))
    assert not page.css("table.form")


def test_a_huge_text_gives_a_small_page(tmp_path: Path) -> None:
    text = ("某" * 500 + "公开10条。") * 6000
    places = [i for i in range(len(text)) if text.startswith("10", i)]
    last = places[-1]
    many = [finding("agrees", p, p + 2, (p, p + 2), message="对" * 5000) for p in places]
    rows = Rows(
        reports=[report(text=text, n_contradictions=1, title="题" * 10**6, warnings=["警" * 10**5] * 100)],
        figures=[figure(p, p + 2, text="10") for p in places],
        findings=[*many, finding("contradicts", last, last + 2)],
    )
    page = page_of(tmp_path, rows)
    assert len(text) > 3_000_000
    assert (tmp_path / "pages" / "aa00.html").stat().st_size < 4_000_000
    assert links_resolve(page)
    assert "略去" in one(page, ".prose").text()
    assert "没有显示" in one(page, "#narrative").text()
    assert "main" in (one(page, f"#f{last}").attributes["class"] or "")
    assert len(page.css("article.agrees")) == MAX_FINDINGS


def test_one_line_without_figures_is_cut(tmp_path: Path) -> None:
    page = page_of(tmp_path, Rows(reports=[report(text="无" * 3_000_000, form=None)]))
    assert len(one(page, ".prose").text()) < 1000
    assert (tmp_path / "pages" / "aa00.html").stat().st_size < 100_000


def test_the_index_puts_contradictions_first_and_names_failures(tmp_path: Path) -> None:
    rows = Rows(
        reports=[
            report("a1", agency="甲"),
            report("a2", agency="乙", warnings=["编码可疑"]),
            report("a3", agency="丙", n_contradictions=2),
            report("a3", agency="丙", n_contradictions=2, source="copy.txt"),
            report("a4", agency=None, n_contradictions=7),
        ],
        failures=[{"source": "bad.pdf", "stage": "decode", "error": "DocumentError", "message": "没有文字"}],
    )
    write(rows, tmp_path)
    index = HTMLParser((tmp_path / "index.html").read_text("utf-8"))
    links = [a.attributes["href"] or "" for a in index.css("tr.report a")]
    assert links == [f"pages/{i}.html" for i in ("a4", "a3", "a3", "a2", "a1")]
    assert all((tmp_path / link).is_file() for link in links)
    failure = one(index, "tr.failure").text()
    assert all(word in failure for word in ("bad.pdf", "decode", "DocumentError", "没有文字"))
    assert "编码可疑" in index.body.text()
    copies = HTMLParser((tmp_path / "pages" / "a3.html").read_text("utf-8"))
    assert "copy.txt" in copies.body.text()


def test_nothing_is_loaded_and_nothing_is_left_behind(tmp_path: Path) -> None:
    page = page_of(tmp_path, Rows(reports=[report(source="https://example.invalid/a?b=1&c=<d>")]))
    assert one(page, "dl.facts a").attributes["href"] == "https://example.invalid/a?b=1&c=<d>"
    assert not page.css("[src], link, script")
    assert "default-src 'none'" in (one(page, "meta[http-equiv]").attributes["content"] or "")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["aa00.html", "index.html"]


def test_no_reports_at_all(tmp_path: Path) -> None:
    write(Rows(), tmp_path)
    assert "没有读成的报告" in (tmp_path / "index.html").read_text("utf-8")
