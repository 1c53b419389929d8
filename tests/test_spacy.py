"""The spaCy component: spans, labels and values on a Doc, by name in any Chinese pipeline."""

from __future__ import annotations

from decimal import Decimal

import pytest
import spacy
from spacy import displacy
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.training import Example

TEXT = "2021年,我局主动公开政府信息326条。全年共收到政府信息公开申请7件,办结7件;未发生行政复议、行政诉讼。"


@pytest.fixture(scope="module")
def nlp() -> Language:
    pipeline = spacy.blank("zh")
    pipeline.add_pipe("gouji", config={"device": "cpu", "year": 2021})
    return pipeline


def test_figures_are_spans_with_their_values(nlp: Language) -> None:
    doc = nlp(TEXT)
    found = {(span.text, span.label_): span._ for span in doc.spans["gouji"]}
    assert found["326", "disclosure.total"].value == Decimal(326)
    assert found["326", "disclosure.total"].unit == "条"
    assert found["7", "applications.received"].scope == "year"
    assert found["2021年", "date"].value == "2021"
    assert found["未发生", "litigation.total"].zero and found["未发生", "reconsideration.total"].value == 0
    assert all(0 <= figure.confidence <= 1 for figure in found.values())


def test_displacy_and_the_scorer_work_on_them(nlp: Language) -> None:
    doc = nlp(TEXT)
    html = displacy.render(doc, style="span", options={"spans_key": "gouji"}, jupyter=False)
    assert "applications.received" in html
    scores = Scorer.score_spans(
        [Example(doc, doc)], "spans_gouji", getter=lambda d, _: d.spans["gouji"], allow_overlap=True
    )
    assert scores["spans_gouji_f"] == 1.0


def test_an_empty_doc_has_no_figures(nlp: Language) -> None:
    assert len(nlp("").spans["gouji"]) == 0
