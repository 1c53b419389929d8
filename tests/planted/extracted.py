"""Layouts as extraction from PDF and careless copying leave them: glued, on one line, by columns."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.planted.sheets import Item, Line, Sheet, items
from tests.planted.writing import Layout, Writer


def _joined(writer: Writer, cells: list[Item], separator: str) -> None:
    shown = [item for item in cells if item.text]
    for k, item in enumerate(shown):
        writer.put(separator if k else "")
        writer.item(item)
    writer.put("\n" if shown else "")


def _glued(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
    """规章000: a row a line, nothing between its cells."""
    for line in sheet.lines:
        _joined(writer, line.items(), "")


def _one_line(separator: str, *, keep_empty: bool = False) -> Layout:
    """The whole table on one line."""

    def write(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
        for k, item in enumerate(item for item in items(sheet) if item.text or (keep_empty and item.cell)):
            writer.put(separator if k else "")
            writer.item(item)
        writer.put("\n" if sheet.lines else "")

    return write


def _stacked(size: int) -> Layout:
    """自 商 科 社 / 然 业 研 会 / 人 企 机 公: the headers of columns side by side, some characters a line."""

    def write(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
        for line in sheet.lines:
            if not line.header or len(line.values) < 2:
                _joined(writer, line.items(), " ")
                continue
            _joined(writer, [item for _, item in line.labels], " ")
            for at in range(0, max(len(item.text) for item in line.values), size):
                parts = [Item(item.text[at : at + size]) for item in line.values]
                _joined(writer, parts, " ")

    return write


def _broken(line: Line, rng: Random) -> tuple[list[Item], list[Item]]:
    """Labels before the values and after them; one long label in three is broken."""
    labels = [item for _, item in line.labels]
    if not labels or labels[-1].role != "label" or len(labels[-1].text) < 8 or rng.random() > 0.34:
        return labels, []
    text = labels[-1].text
    at = rng.randint(5, len(text) - 3)
    return [*labels[:-1], Item(text[:at], role="label")], [Item(text[at:], role="label")]


def _lines_around(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
    """A cell a line; a long label stands half before its values and half after them."""
    for line in sheet.lines:
        before, after = _broken(line, rng)
        for item in [*before, *line.values, *after]:
            writer.item(item, lead if item.cell else "")
            writer.put("\n")


def _spaces_around(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
    """A row a line, long labels in the line before the values and in the one after them."""
    for line in sheet.lines:
        before, after = _broken(line, rng)
        if after and rng.random() < 0.5:
            _joined(writer, before, " ")
            _joined(writer, line.values, " ")
        else:
            _joined(writer, [*before, *line.values], " ")
        _joined(writer, after, " ")


def _columns_first(writer: Writer, sheet: Sheet, rng: Random, lead: str) -> None:
    """A cell a line; all labels, then each column with its header and its values."""
    cells = _remedies_by_column(sheet) if sheet.id == "remedies" else _by_column(sheet)
    for item in cells:
        writer.item(item, lead if item.cell else "")
        writer.put("\n")


def _by_column(sheet: Sheet) -> Iterator[Item]:
    for headers, data in _blocks(sheet):
        for line in [*headers, *data]:
            yield from (item for _, item in line.labels)
        names = _column_names(headers)
        for k in range(max((len(line.values) for line in data), default=0)):
            yield from names[k] if k < len(names) else []
            yield from (line.values[k] for line in data if k < len(line.values))


def _blocks(sheet: Sheet) -> Iterator[tuple[list[Line], list[Line]]]:
    """Lines of the header and lines of values, block by block."""
    headers: list[Line] = []
    data: list[Line] = []
    for line in sheet.lines:
        if line.header and data:
            yield headers, data
            headers, data = [], []
        (headers if line.header else data).append(line)
    yield headers, data


def _column_names(headers: list[Line]) -> list[list[Item]]:
    """What stands above each column; the first line of several spans the columns."""
    if len(headers) < 3:
        return [[item] for line in headers for item in line.values]
    (above,), (first, group, last), inner = (line.values for line in headers)
    return [[above, first], [group, inner[0]], *([item] for item in inner[1:]), [last]]


def _remedies_by_column(sheet: Sheet) -> Iterator[Item]:
    """Each outcome with its value below it; the sheet stands in the form's order."""
    if not sheet.lines:
        return
    upper, lower, _, line = (line.values for line in sheet.lines)
    outcomes, lawsuits = lower[:5], lower[5:]
    for group, above in enumerate([[upper[0]], [upper[1], lawsuits[0]], [lawsuits[1]]]):
        yield from above
        for outcome, value in zip(outcomes, line[5 * group : 5 * group + 5], strict=False):
            yield from (outcome, value)


EXTRACTED: dict[str, Layout] = {
    "headers interleaved": _stacked(1),
    "headers two by two": _stacked(2),
    "lines, labels around": _lines_around,
    "spaces, labels around": _spaces_around,
    "glued": _glued,
    "one line": _one_line(" "),
    "one line, glued": _one_line(""),
    "one line, tabs": _one_line("\t", keep_empty=True),
    "columns first": _columns_first,
}
