"""A run or a report as text for the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.rows import Row, Rows, shown_number
from inference.totals import MAX_SHOWN, Totals
from models.forms import Form, load_forms, plain_label, table_rows
from models.ontology import load_ontology

VERDICTS = {"contradicts": "矛盾", "explained": "可解释", "undecided": "无法核对", "agrees": "一致"}
MARKS = {"printed": "", "inferred": "*", "ambiguous": "?", "blank": "空", "missing": "缺"}
CONTEXT = 10
"""Characters shown on both sides of a figure."""
PIPED_WIDTH = 140


def summary(totals: Totals, out: Path) -> str:
    """The closing lines of a run: contradictions by report, counts, and where to look."""
    lines = []
    for source, finding in totals.contradictions:
        lines.append(f"矛盾 {clean(Path(source).name)} [{finding['check']}] {clean(finding['message'])}")
    if totals.verdicts["contradicts"] > len(totals.contradictions):
        more = totals.verdicts["contradicts"] - len(totals.contradictions)
        lines.append(f"… 另有 {more} 处矛盾,见 findings.parquet")
    lines += [f"失败 {clean(row['source'])}: {clean(row['message'])}" for row in totals.failures[:MAX_SHOWN]]
    counts = ",".join(f"{words} {totals.verdicts[verdict]}" for verdict, words in VERDICTS.items())
    rows = totals.rows
    lines.append(f"核对 {rows['findings']} 项:{counts}")
    lines.append(totals.stages.line())
    lines.append(f"读入 {totals.read} 份" + (f",此前已读 {totals.found} 份" if totals.found else ""))
    page = out / "index.html"
    lines.append(f"结果 {out}" + (f",页面 {page}" if page.exists() else ""))
    lines.append(
        f"报告 {rows['reports']} 份,数字 {rows['figures']} 个,单元格 {rows['cells']} 个,失败 {rows['failures']} 份"
    )
    return "\n".join(lines) + "\n"


def print_report(rows: Rows) -> None:
    """Figures, tables and findings of the first report, or why there is none."""
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    for row in rows.failures:
        console.print(Text(f"{clean(row['source'])}: {clean(row['message'])}"))
    for report in rows.reports[:1]:
        head = [report["agency"] or "机关不明", report["year"] or "年份不明", f"{report['form'] or '无'}格式"]
        console.print(Text(" · ".join(clean(str(h)) for h in head), style="bold"))
        for warning in report["warnings"]:
            console.print(Text(f"注意:{warning}", style="yellow"))
        console.print(_figures(rows.figures, report["text"]))
        if report["form"]:
            for table in _tables(load_forms()[report["form"]], rows.cells):
                console.print(table)
        console.print(_findings(rows.findings))


def clean(text: str) -> str:
    """Text without control characters, which terminals would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _figures(figures: list[Row], text: str) -> Table:
    ontology = load_ontology()
    table = Table(title="正文数字", title_justify="left")
    for name in ("部分", "位置", "上下文", "含义", "值", "口径", "把握"):
        table.add_column(name, overflow="fold")
    for f in figures:
        if f["kind"] == "date":
            continue
        entry = ontology.by_id.get(f["statistic"])
        start, end = f["start"], f["end"]
        words = Text(clean(text[max(0, start - CONTEXT) : start]))
        words.append(clean(f["text"]), style="bold reverse")
        words.append(clean(text[end : end + CONTEXT]))
        value = "" if f["value"] is None else f"{shown_number(f['value'])}{f['unit'] or ''}"
        name = entry.name if entry else f["statistic"]
        table.add_row(f["section"], str(start), words, name, Text(value), f["scope"], f"{f['confidence']:.2f}")
    return table


def _tables(form: Form, cells: list[Row]) -> list[Table]:
    by_id = {c["cell"]: c for c in cells}
    tables = []
    for spec in form.tables:
        table = Table(title=f"表 {spec.id}(*推算 ?位置不明 空 缺)", title_justify="left")
        rows = list(table_rows(spec))
        width = max(len(r.columns) for r in rows)
        table.add_column("")
        for i in range(width):
            same = {plain_label(r.columns[i].labels[0]) for r in rows if i < len(r.columns)}
            table.add_column(same.pop() if len(same) == 1 else "数值", overflow="fold")
        for row in rows:
            values = [_cell(by_id.get(row.cell(spec.id, c))) for c in row.columns]
            table.add_row(plain_label(row.labels[0]), *values)
        tables.append(table)
    return tables


def _cell(cell: Row | None) -> str:
    if cell is None:
        return ""
    value = "" if cell["value"] is None else shown_number(cell["value"])
    return f"{value}{MARKS[cell['status']]}"


def _findings(findings: list[Row]) -> Table:
    table = Table(title="核对", title_justify="left")
    for name in ("结论", "检查", "说明"):
        table.add_column(name, overflow="fold")
    order = {v: i for i, v in enumerate(VERDICTS)}
    styles = {"contradicts": "bold red", "explained": "yellow"}
    for f in sorted(findings, key=lambda f: order[f["verdict"]]):
        if f["verdict"] == "agrees" and f["check"].startswith("table."):
            continue
        table.add_row(VERDICTS[f["verdict"]], f["check"], Text(clean(f["message"]), style=styles.get(f["verdict"], "")))
    return table
