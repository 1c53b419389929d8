"""The tagger: names what each candidate of a narrative counts.

Any Hugging Face token classifier whose labels are the BIO labels of the ontology serves. A
candidate takes the best label of its first character, among the labels of its kinds and O, so
that its boundaries are the scanner's; plain `transformers` on the same folder gives the same labels.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, BatchEncoding
from transformers.utils import logging

from models.narrative.candidates import Candidate
from models.narrative.text import Window, windows
from models.ontology import Ontology, load_ontology
from models.schema.errors import ConfigError

DEFAULT = Path(__file__).resolve().parent.parent / "weights" / "tagger"
TOKENS_PER_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Label:
    """What a candidate counts; `statistic` is None where it is no figure.

    Attributes:
        confidence: probability of the label among those of the candidate's kinds, in [0, 1].
    """

    statistic: str | None
    confidence: float


class Tagger:
    """A loaded checkpoint."""

    def __init__(self, model: Any, tokenizer: Any, ontology: Ontology, device: str) -> None:
        self.model = model.to(device).eval()
        self.tokenizer = tokenizer
        self.device = device
        labels: dict[int, str] = {int(i): name for i, name in model.config.id2label.items()}
        self._outside = next(i for i, name in labels.items() if name == "O")
        self._begin = {name[2:]: i for i, name in labels.items() if name.startswith("B-")}
        self._allowed = {
            kind: [(name, i) for name, i in self._begin.items() if ontology.kind(name) == kind]
            for kind in {ontology.kind(name) for name in self._begin}
        }

    @classmethod
    def load(cls, path: Path | str = DEFAULT, device: str = "auto") -> Tagger:
        """Load a checkpoint folder.

        Raises:
            ConfigError: no checkpoint there, or its labels are not those of the ontology.
        """
        folder = Path(path)
        if not (folder / "config.json").is_file():
            raise ConfigError(f"{folder}: no checkpoint (config.json is missing)")
        ontology = load_ontology()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        found, expected = set(model.config.id2label.values()), set(ontology.bio)
        if found != expected:
            raise ConfigError(
                f"{folder}: labels differ from configs/statistics: "
                f"missing {sorted(expected - found)[:5]}, unknown {sorted(found - expected)[:5]}"
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(model, tokenizer, ontology, resolve_device(device))

    def label(self, text: str, candidates: Sequence[Candidate]) -> list[Label]:
        """Label the candidates of one narrative, in their order."""
        return self.label_many([(text, candidates)])[0]

    def label_many(self, narratives: Sequence[tuple[str, Sequence[Candidate]]]) -> list[list[Label]]:
        """Label the candidates, in order of the text, of many narratives; windows without a candidate are not read."""
        jobs: list[tuple[int, str, Window, list[int]]] = []
        for index, (text, candidates) in enumerate(narratives):
            starts = [c.start for c in candidates]
            for window in windows(text):
                inside = list(range(bisect_left(starts, window.core), bisect_left(starts, window.end)))
                if inside:
                    jobs.append((index, text[window.start : window.end], window, inside))
        results: list[list[Label]] = [[Label(None, 0.0)] * len(c) for _, c in narratives]
        jobs.sort(key=lambda job: len(job[1]))
        for batch in _batches(jobs):
            logits, encoded = self._logits([job[1] for job in batch])
            for row, (index, _, window, inside) in enumerate(batch):
                for i in inside:
                    candidate = narratives[index][1][i]
                    token = encoded.char_to_token(row, candidate.start - window.start)
                    if token is not None:
                        results[index][i] = self._decode(logits[row, token], candidate)
        return results

    def _logits(self, texts: list[str]) -> tuple[torch.Tensor, BatchEncoding]:
        """Logits (batch, tokens, labels) in float32, and the encoding that places characters."""
        encoded = self.tokenizer(texts, return_tensors="pt", padding=True, truncation=True, return_token_type_ids=False)
        with torch.inference_mode():
            return self.model(**encoded.to(self.device)).logits.float().cpu(), encoded

    def _decode(self, logits: torch.Tensor, candidate: Candidate) -> Label:
        """logits: (labels,) of the candidate's first character."""
        options = [option for kind in candidate.kinds for option in self._allowed[kind]]
        indices = [self._outside, *(i for _, i in options)]
        probabilities = torch.softmax(logits[indices], dim=0)
        best = int(probabilities.argmax())
        name = None if best == 0 else options[best - 1][0]
        return Label(name, round(float(probabilities[best]), 4))


def resolve_device(device: str) -> str:
    """`auto` is the GPU where there is one.

    Raises:
        ConfigError: no such device, or `cuda` asked for and not there.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"--device {device}: unknown; known: auto, cpu, cuda")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: no GPU is visible to torch; use --device cpu or auto")
    return device


def _batches(jobs: list[tuple[int, str, Window, list[int]]]) -> list[list[tuple[int, str, Window, list[int]]]]:
    batches: list[list[tuple[int, str, Window, list[int]]]] = []
    for job in jobs:
        if batches and (len(batches[-1]) + 1) * (len(job[1]) + 2) <= TOKENS_PER_BATCH:
            batches[-1].append(job)
        else:
            batches.append([job])
    return batches
