"""Annotated passages as examples of a token classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from datasets import Dataset

from models.narrative.candidates import scan
from models.narrative.cues import cue_at, find_cues
from models.narrative.text import windows
from models.numerals import simplified
from models.ontology import Ontology
from models.schema.gold import AnnotatedPassage
from training.augment import augment, join

IGNORED = -100
NO_CUE = -1


def variants(passages: Sequence[AnnotatedPassage], copies: int, seed: int) -> Iterator[AnnotatedPassage]:
    """Each passage as it stands, then `copies` augmented ones, some joined with another."""
    random = Random(seed)
    yield from passages
    for _ in range(copies):
        for passage in random.sample(list(passages), len(passages)):
            changed = augment(passage, random)
            if random.random() < 0.3:
                changed = join(changed, augment(random.choice(passages), random))
            yield changed


def examples(
    passages: Iterator[AnnotatedPassage], tokenizer: Any, ontology: Ontology, outside_weight: float
) -> Dataset:
    """One example a window: token ids, BIO labels, the weight of each token in the loss, and worded zeros.

    The first characters of figures and of candidates that are none weigh 1, all others
    `outside_weight`; special tokens and the context of a window nothing. `zeros` is NO_CUE except at
    the first characters of cues: there bit i says that the statistic i of the ontology is zeroed.
    """
    rows = [row for passage in passages for row in _rows(passage, tokenizer, ontology, outside_weight)]
    return Dataset.from_list(rows)


def _rows(
    passage: AnnotatedPassage, tokenizer: Any, ontology: Ontology, outside_weight: float
) -> Iterator[dict[str, list[float]]]:
    label_ids = {name: i for i, name in enumerate(ontology.bio)}
    text = simplified(passage.text)
    labels = [label_ids["O"]] * len(text)
    weights = [outside_weight] * len(text)
    for candidate in scan(text):
        weights[candidate.start] = 1.0
    for figure in passage.figures:
        if figure.zero:
            continue
        labels[figure.start] = label_ids[f"B-{figure.statistic}"]
        labels[figure.start + 1 : figure.end] = [label_ids[f"I-{figure.statistic}"]] * (figure.end - figure.start - 1)
        weights[figure.start] = 0.5 if figure.doubtful else 1.0
        weights[figure.start + 1 : figure.end] = [0.2] * (figure.end - figure.start - 1)
    zeros = _zeros(passage, text, {s.id: 1 << i for i, s in enumerate(ontology.statistics)})
    for window in windows(text):
        encoded = tokenizer(text[window.start : window.end], return_offsets_mapping=True, truncation=True)
        places = [window.start + start if end > start else None for start, end in encoded["offset_mapping"]]
        yield {
            "input_ids": encoded["input_ids"],
            "attention_mask": encoded["attention_mask"],
            "labels": [IGNORED if p is None else labels[p] for p in places],
            "weights": [0.0 if p is None or p < window.core else weights[p] for p in places],
            "zeros": [NO_CUE if p is None or p < window.core else zeros.get(p, NO_CUE) for p in places],
        }


def _zeros(passage: AnnotatedPassage, text: str, bits: dict[str, int]) -> dict[int, int]:
    """For the first character of each cue, the statistics that it zeroes as bits."""
    cues = find_cues(text)
    found = {cue.start: 0 for cue in cues}
    for figure in passage.figures:
        if figure.zero:
            start = cue_at(cues, figure.start, figure.end).start
            found[start] = found.get(start, 0) | bits.get(figure.statistic, 0)
    return found
