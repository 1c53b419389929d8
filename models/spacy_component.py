"""The tagger as a spaCy component: `nlp = spacy.blank("zh"); nlp.add_pipe("gouji")`.

The text of a Doc is taken as running narrative (no tables, no chrome of a site). `doc.spans["gouji"]` holds
the figures, their label the statistic or the bare kind, so that displaCy (`style="span"`, `spans_key`) and
spaCy's `Scorer.score_spans` work on them. Each span's `_` has `value` (Decimal; ISO text for dates),
`unit`, `qualifier`, `scope`, `zero` (a worded zero) and `confidence`.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, Span

from models.narrative.read import read_figures
from models.schema.document import Document, Source
from models.tagger.tagger import DEFAULT, Tagger

ATTRIBUTES = ("value", "unit", "qualifier", "scope", "zero", "confidence")


class FigureReader:
    """Sets `doc.spans["gouji"]`."""

    def __init__(self, tagger: Tagger, year: int | None) -> None:
        self.tagger = tagger
        self.year = year

    def __call__(self, doc: Doc) -> Doc:
        """Read one Doc; a figure whose ends are no token boundaries takes the tokens around it."""
        document = Document(Source(doc.text, "utf-8"), None, self.year, "", None, (), (), (), ())
        spans = []
        for figure in read_figures(document, self.tagger)[1]:
            span = doc.char_span(*figure.span, label=figure.statistic, alignment_mode="expand")
            if span is None:
                continue
            value = figure.date if figure.quantity is None else figure.quantity.value
            told = (value, figure.unit, figure.qualifier, figure.scope, figure.zero, figure.confidence)
            for name, attribute in zip(ATTRIBUTES, told, strict=True):
                span._.set(name, attribute)
            spans.append(span)
        doc.spans["gouji"] = spans
        return doc


@Language.factory("gouji", assigns=["doc.spans"], default_config={"model": "", "device": "auto", "year": None})
def make(nlp: Language, name: str, model: str, device: str, year: int | None) -> FigureReader:  # noqa: ARG001 - spaCy's form
    """Make the component.

    Args:
        nlp: the pipeline.
        name: of the component in it.
        model: checkpoint folder; the shipped one where empty.
        device: auto, cpu or cuda.
        year: of the report; dates without a year take it, and last year's figures are told by it.
    """
    for attribute in ATTRIBUTES:
        if not Span.has_extension(attribute):
            Span.set_extension(attribute, default=None)
    return FigureReader(Tagger.load(model or DEFAULT, device), year)
