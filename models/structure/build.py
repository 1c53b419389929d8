"""From a decoded source to a document: whose, which year, sections, noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.forms import load_forms
from models.lines import Line, lines_of
from models.schema.document import Document, Section, Source, Span
from models.structure.identity import identify
from models.structure.noise import find_noise, find_spam
from models.structure.sections import find_sections

NUMERALS = "一二三四五六七八九"


def build_document(
    source: Source,
    *,
    form: str | None,
    tables: Sequence[Span],
    absent: Sequence[str] = (),
    agency: str | None = None,
    year: int | None = None,
) -> Document:
    """Structure of a source.

    Args:
        source: the decoded input.
        form: id of the form that its tables use, None without tables.
        tables: where its tables stand.
        absent: sections of the form whose table is not in the text.
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
        warnings=(
            *source.warnings,
            *_warnings(identity.year, form, sections),
            *_table_warnings(source, form, sections, absent),
        ),
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
    if form is not None and year is not None and load_forms()[form].first_year > year:
        warnings.append(f"表格用的是{form}年格式,早于它的报告年份{year}")
    if len(sections) < 3:
        warnings.append("没有找到各部分标题")
    return warnings


def _table_warnings(
    source: Source, form: str | None, sections: Sequence[Section], absent: Sequence[str]
) -> Iterator[str]:
    """Which tables are not in the text, and whether a picture stands where they should."""
    if form is None:
        pictures = len(source.pictures)
        what = f"页面中有{pictures}幅图片,表格可能是图片" if pictures else "可能是图片、附件或缺失"
        yield f"没有找到法定表格({what})"
        return
    for section in dict.fromkeys(absent):
        spans = [s.span for s in sections if s.id == section]
        picture = any(s.start <= p <= s.end for s in spans for p in source.pictures)
        what = "该部分有图片,表格可能是图片" if picture else "可能是图片、附件或缺失"
        yield f"没有找到第{NUMERALS[int(section) - 1]}部分的表格({what})"
