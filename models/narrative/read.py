"""The figures of a document's narrative."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from models.narrative.candidates import Candidate, scan
from models.narrative.cues import find_cues
from models.narrative.dates import parse_date
from models.narrative.names import settled
from models.narrative.qualify import qualifier_of, scale_of, scope_of, unit_of
from models.narrative.text import Narrative, condensed, narrative_of, sentences
from models.narrative.zeros import all_zeros
from models.numerals import parse_numeral, simplified
from models.ontology import load_ontology
from models.schema.document import Document, Span
from models.schema.figure import Figure
from models.schema.quantity import exact, qualified
from models.tagger.tagger import Label, Marked, Tagger


def read_figures(document: Document, tagger: Tagger) -> tuple[Narrative, list[Figure]]:
    """The narrative of a document, and its figures in order."""
    return read_many([document], tagger)[0]


def read_many(documents: Sequence[Document], tagger: Tagger) -> list[tuple[Narrative, list[Figure]]]:
    """Narratives and figures of many documents; the tagger reads them together."""
    narratives = [narrative_of(d) for d in documents]
    read = [replace(n, text=simplified(n.text)) for n in narratives]
    asked = [Marked(n.text, scan(n.text), find_cues(n.text)) for n in read]
    answers = tagger.read([without_talk(a) for a in asked])
    found = []
    for document, narrative, (_, candidates, cues), named in zip(documents, read, asked, answers, strict=True):
        figures = _figures(document, narrative, candidates, named.labels)
        figures += _zeros(document, narrative, cues, named.zeros)
        found.append(sorted(figures, key=lambda f: (f.span, f.statistic)))
    return list(zip(narratives, found, strict=True))


def without_talk(whole: Marked) -> Marked:
    """A narrative as the tagger is asked about it: without the sentences that hold no candidate and no cue."""
    spans = [*(Span(c.start, c.end) for c in whole.candidates), *whole.cues]
    places = sorted({place for span in spans for place in (span.start, span.end - 1)})
    text, moved = condensed(whole.text, places)
    at = dict(zip(places, moved, strict=True))
    return Marked(
        text,
        [replace(c, start=at[c.start], end=at[c.end - 1] + 1) for c in whole.candidates],
        [Span(at[c.start], at[c.end - 1] + 1) for c in whole.cues],
    )


def _figures(
    document: Document, narrative: Narrative, candidates: Sequence[Candidate], labels: Sequence[Label]
) -> list[Figure]:
    ontology = load_ontology()
    spans = list(sentences(narrative.text))
    figures = []
    for candidate, label in zip(candidates, labels, strict=True):
        if label.statistic is None:
            continue
        kind = ontology.kind(label.statistic)
        figure = _figure(document, narrative, candidate, label, kind, spans)
        if figure is not None:
            figures.append(figure)
    return figures


def _figure(
    document: Document,
    narrative: Narrative,
    candidate: Candidate,
    label: Label,
    kind: str,
    spans: Sequence[Span],
) -> Figure | None:
    statistic = label.statistic or kind
    text, start, end = narrative.text, candidate.start, candidate.end
    printed = text[start:end]
    date = parse_date(printed, document.year) if kind == "date" else None
    value = None if kind == "date" else parse_numeral(printed)
    if kind != "date" and value is None:
        return None
    if value is not None and kind == "count":
        value *= scale_of(text, end)
    unit = None if kind == "date" else unit_of(text, end, kind)
    statistic = settled(statistic, text, start, end, unit)
    qualifier = "exact" if kind == "date" else qualifier_of(text, start, end)
    span = narrative.source_span(start, end)
    return Figure(
        section=document.section_at(span.start),
        span=span,
        place=Span(start, end),
        text=document.text[span.start : span.end],
        kind=kind,
        statistic=statistic,
        quantity=None if value is None else qualified(value, qualifier),
        date=date,
        unit=unit,
        qualifier=qualifier,
        scope=scope_of(text, start, end, statistic, unit, document.year),
        zero=False,
        confidence=label.confidence,
        sentence=narrative.source_span(*_holding(spans, start)),
    )


def _zeros(
    document: Document, narrative: Narrative, cues: Sequence[Span], learned: Sequence[Sequence[Label]]
) -> list[Figure]:
    ontology = load_ontology()
    spans = list(sentences(narrative.text))
    figures = []
    for place, labels in all_zeros(narrative.text, cues, learned):
        span = narrative.source_span(*place)
        named = [(label.statistic or "", label.confidence) for label in labels]
        figures += [
            Figure(
                section=document.section_at(span.start),
                span=span,
                place=place,
                text=document.text[span.start : span.end],
                kind=ontology.kind(statistic),
                statistic=statistic,
                quantity=exact(Decimal(0)),
                date=None,
                unit=None,
                qualifier="exact",
                scope=scope_of(narrative.text, *place, statistic, None, document.year),
                zero=True,
                confidence=confidence,
                sentence=narrative.source_span(*_holding(spans, place.start)),
            )
            for statistic, confidence in named
        ]
    return figures


def _holding(spans: Sequence[Span], position: int) -> Span:
    """The sentence around a position; sentences cover the text in order."""
    return spans[bisect_right(spans, position, key=lambda s: s.start) - 1]
