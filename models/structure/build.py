"""From a decoded source to a document: whose, which year, sections, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.forms import load_forms
from models.lines import Line, lines_of
from models.schema.document import Document, Section, Source, Span
from models.structure.identity import identify
from models.structure.noise import find_noise, find_spam
from models.structure.sections import find_sections


def build_document(
    source: Source,
    *,
    form: str | None,
    tables: Sequence[Span],
    agency: str | None = None,
    year: int | None = None,
) -> Document:
    """Structure of a source.

    Args:
        source: the decoded input.
        form: id of the form that its tables use, None without tables.
        tables: where its tables stand.
        agency: as a crawl record says, used where the text does not tell.
        year: likewise.
    """
    text = source.text
    everything = list(lines_of(text))
    tabular, spam = _mask(text, tables), find_spam(text)
    lines = [line for line in everything if not tabular[line.start]]
    spoilt = _mask(text, spam)
    identity = identify(text, [_without(line, spoilt) for line in lines], source.title)
    sections = find_sections(text, everything, load_forms()[form] if form else None)
    noise = find_noise(text, lines, identity.title_span.start if identity.title_span else 0, spam)
    document_year = identity.year or year
    return Document(
        source=source,
        agency=identity.agency or agency,
        year=document_year,
        title=identity.title or source.title,
        form=form,
        sections=sections,
        tables=tuple(tables),
        noise=noise,
        warnings=(*source.warnings, *_warnings(identity.year, form, sections)),
    )


def _mask(text: str, spans: Sequence[Span]) -> bytearray:
    """1 for every character inside one of the spans."""
    mask = bytearray(len(text))
    for start, end in spans:
        mask[start:end] = b"\1" * (end - start)
    return mask


def _without(line: Line, spam: bytearray) -> Line:
    """The line with the words of spam taken out; its place stays."""
    if spam.find(1, line.start, line.end) < 0:
        return line
    return replace(line, text="".join(c for i, c in enumerate(line.text, line.start) if not spam[i]))


def _warnings(year: int | None, form: str | None, sections: Sequence[Section]) -> list[str]:
    warnings = []
    if year is None:
        warnings.append("没有找到报告年份")
    if form is None:
        warnings.append("没有找到法定表格(可能是图片、附件或缺失)")
    elif year is not None and load_forms()[form].first_year > year:
        warnings.append(f"表格用的是{form}年格式,早于它的报告年份{year}")
    if len(sections) < 3:
        warnings.append("没有找到各部分标题")
    return warnings
