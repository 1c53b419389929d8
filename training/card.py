"""The model card of a run: how it was made and what it scores, from its `run.json`."""

from __future__ import annotations

from typing import Any

CARD = """---
language: zh
library_name: transformers
pipeline_tag: token-classification
license: apache-2.0
---

# gouji tagger

Names the figures of Chinese government-information-disclosure reports (政府信息公开工作年度报告): {n_labels}
labels in BIO over characters, a statistic of `configs/statistics` or the bare kind (count, amount, date, percent).

- **Made from** {n_passages} annotated passages of invented agencies, written for this repository
  (`training/corpus`, digest `{corpus_digest}`): {train} to train on, {development} to choose the best step by,
  {test} to test on. Families of passages, and with them agencies, stand on one side only. Each passage was
  varied {copies} times (`training/augment.py`). No text of real reports was used.
- **Shape**: {shape}; from scratch, {parameters:.1f} M parameters, seed {seed}.
- **Use**: `AutoModelForTokenClassification.from_pretrained(FOLDER)`, `AutoTokenizer`, or
  `pipeline("token-classification")`. gouji asks it only at candidates, at their first character, among the labels
  of the candidate's kind. The weights `zero_head` are a second layer over the last hidden states, a probability for
  each statistic, asked at cues of worded zeros. Inputs are windows of at most 256 characters.
- **Confidences** are those of logits divided by {temperature:g}, which is part of the weights of the label layer
  (temperature scaling on the development families, `training/calibrate.py`).
- **Labels** are those with digest `{labels_digest}`; gouji refuses a checkpoint whose labels differ from its own.

| held-out families | number | precision | recall | F1 |
| --- | --- | --- | --- | --- |
{rows}

A figure is right when its span and its label both are; entries marked doubtful are left out. Not in these scores:
values, units and scopes, which rules read. Real reports are phrased in more ways than any corpus of
this size shows; scores on real reports stand in the README of the repository.
"""


def card(record: dict[str, Any], *, n_labels: int) -> str:
    """Markdown of the card.

    Args:
        record: content of `run.json`.
        n_labels: labels without B-, I- and O.
    """
    encoder = record["settings"]["encoder"]
    shape = encoder["checkpoint"] or ", ".join(
        [encoder["model_type"], *(f"{key} {value}" for key, value in encoder["config"].items())]
    )
    rows = [
        f"| {part}, {words} | {counts['hit'] + counts['missed']} "
        f"| {_percent(counts['precision'])} | {_percent(counts['recall'])} | {_percent(counts['f1'])} |"
        for part, scores in record["scores"].items()
        for words, counts in (
            ("named statistics", scores["named"]),
            ("all figures", scores["all"]),
            ("worded zeros", scores["worded_zeros"]),
        )
    ]
    return CARD.format(
        n_labels=n_labels,
        n_passages=sum(record["passages"].values()),
        corpus_digest=record["corpus_digest"],
        labels_digest=record["labels_digest"],
        copies=record["settings"]["copies"],
        seed=record["settings"]["seed"],
        temperature=record["temperature"],
        shape=shape,
        parameters=record["parameters"] / 1e6,
        rows="\n".join(rows),
        **record["passages"],
    )


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.1f}"
