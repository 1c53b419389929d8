"""Two baselines beside the trained tagger in evaluation reports, so that the model has to earn its place.

Rules: spaCy spans of the statistics' own words; a figure takes the nearest before it. Patterns: a few
regular expressions, as scripts that check these reports use them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import spacy
from spacy.language import Language

from models.narrative.candidates import Candidate
from models.ontology import load_ontology
from models.tagger.tagger import Label

REACH = 24
"""How many characters before a figure its word may stand."""


@cache
def span_rules() -> Language:
    """A blank Chinese pipeline, characters as tokens, with the statistics' words as span rules."""
    nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("span_ruler", config={"spans_key": "gouji"})
    patterns = [
        {"label": s.id, "pattern": word}
        for s in load_ontology().statistics
        for word in {*s.nouns, s.name.removesuffix("数")}
    ]
    ruler.add_patterns(patterns)  # type: ignore[attr-defined]
    return nlp


def label_by_rules(text: str, candidates: Sequence[Candidate]) -> list[Label]:
    """A label for each candidate; the bare kind where no word is near."""
    ontology = load_ontology()
    doc = span_rules()(text)
    spans = sorted((s.end_char, s.end_char - s.start_char, s.label_) for s in doc.spans["gouji"])
    labels = []
    for candidate in candidates:
        name = candidate.kinds[0]
        if name in ("count", "amount"):
            near = [
                label
                for end, _, label in spans
                if candidate.start - REACH <= end <= candidate.start
                and ontology.kind(label) == name
                and not set(text[end : candidate.start]) & set("。；;\n")
            ]
            name = near[-1] if near else name
        labels.append(Label(name, 0.5))
    return labels


PATTERNS = (
    ("disclosure.total", r"主动公开(?:政府)?(?:信息|文件)?(?:共|总数)?[:：]?\s*(\d+)"),
    ("applications.received", r"(?:收到|受理|新收)[^，,。；;\d]{0,20}申请[^，,。；;\d]{0,6}(\d+)\s*[件条宗]"),
    ("applications.processed", r"(?:答复|办结)[^，,。；;\d]{0,8}(\d+)\s*[件条宗]"),
    ("applications.carried_forward", r"结转下年[^，,。；;\d]{0,8}(\d+)\s*[件条宗]"),
    ("reconsideration.total", r"行政复议[^，,。；;\d]{0,8}(\d+)\s*[件起宗]"),
    ("litigation.total", r"行政诉讼[^，,。；;\d]{0,8}(\d+)\s*[件起宗]"),
    ("normative_documents.issued", r"规范性文件[^，,。；;\d]{0,4}(\d+)\s*[件个份]"),
)


def label_by_patterns(text: str, candidates: Sequence[Candidate]) -> list[Label]:
    """The statistic of the first pattern whose number a candidate is; else its bare kind."""
    named: dict[int, str] = {}
    for statistic, pattern in PATTERNS:
        for match in re.finditer(pattern, text):
            named.setdefault(match.start(1), statistic)
    return [Label(named.get(c.start, c.kinds[0]), 0.5) for c in candidates]
