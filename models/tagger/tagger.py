"""The tagger: names what each candidate of a narrative counts, and what each cue of a worded zero zeroes.

Any Hugging Face token classifier whose labels are the BIO labels of the ontology serves. A
candidate takes the best label of its first character, among the labels of its kinds and O, so
that its boundaries are the scanner's; plain `transformers` on the same folder gives the same labels.

One cue can zero several statistics, which one BIO label cannot say: the checkpoint holds a second
linear layer over the same hidden states, a probability for every statistic, asked at the first
character of a cue. A checkpoint without it (any other token classifier) names no worded zeros.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer, BatchEncoding
from transformers.utils import logging

from models.narrative.candidates import Candidate
from models.narrative.text import Window, windows
from models.ontology import Ontology, load_ontology
from models.schema.document import Span
from models.schema.errors import ConfigError

DEFAULT = Path(__file__).resolve().parent.parent / "weights" / "tagger"
TOKENS_PER_BATCH = 4096
ZERO_HEAD = "zero_head"
"""Name of the second layer among the weights; statistics in the order of the ontology."""
ZERO_THRESHOLD = 0.5
"""Probability from which a cue zeroes a statistic."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a candidate counts; `statistic` is None where it is no figure.

    Attributes:
        confidence: probability of the label among those of the candidate's kinds, in [0, 1].
    """

    statistic: str | None
    confidence: float


class Marked(NamedTuple):
    """A narrative, in simplified characters, with what the tagger is asked about, in order of the text."""

    text: str
    candidates: Sequence[Candidate]
    cues: Sequence[Span] = ()


class Named(NamedTuple):
    """The label of each candidate, and of each cue the statistics that it zeroes."""

    labels: list[Label]
    zeros: list[tuple[Label, ...]]


def checkpoint_digest(folder: Path) -> str:
    """Changes with the weights of a checkpoint: 16 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Tagger:
    """A loaded checkpoint."""

    def __init__(self, model: Any, tokenizer: Any, ontology: Ontology, device: str) -> None:
        self.model = model.to(device).eval()
        self.tokenizer = tokenizer
        self.device = device
        labels: dict[int, str] = {int(i): name for i, name in model.config.id2label.items()}
        self._statistics = [s.id for s in ontology.statistics]
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
        verbosity = logging.get_verbosity()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the layer for zeros is no part of the architecture
        model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        logging.set_verbosity(verbosity)  # type: ignore[no-untyped-call]
        found, expected = set(model.config.id2label.values()), set(ontology.bio)
        if found != expected:
            raise ConfigError(
                f"{folder}: labels differ from configs/statistics: "
                f"missing {sorted(expected - found)[:5]}, unknown {sorted(found - expected)[:5]}"
            )
        add_zero_head(model, ontology, folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(model, tokenizer, ontology, resolve_device(device))

    def label(self, text: str, candidates: Sequence[Candidate]) -> list[Label]:
        """Label the candidates of one narrative, in their order."""
        return self.read([Marked(text, candidates)])[0].labels

    def read(self, narratives: Sequence[Marked]) -> list[Named]:
        """Name the candidates and cues of many narratives; windows with neither are not read."""
        jobs: list[_Job] = []
        for index, narrative in enumerate(narratives):
            candidates = [c.start for c in narrative.candidates]
            cues = [c.start for c in narrative.cues]
            for window in windows(narrative.text):
                job = _Job(index, window, _within(candidates, window), _within(cues, window))
                if job.candidates or job.cues:
                    jobs.append(job)
        results = [Named([Label(None, 0.0)] * len(n.candidates), [()] * len(n.cues)) for n in narratives]
        jobs.sort(key=lambda job: job.window.end - job.window.start)
        for batch in _batches(jobs):
            texts = [narratives[job.which].text[job.window.start : job.window.end] for job in batch]
            logits, zeros, encoded = self._logits(texts)
            for row, job in enumerate(batch):
                narrative, named = narratives[job.which], results[job.which]
                for i in job.candidates:
                    candidate = narrative.candidates[i]
                    token = encoded.char_to_token(row, candidate.start - job.window.start)
                    if token is not None:
                        named.labels[i] = self._decode(logits[row, token], candidate)
                for i in job.cues:
                    token = encoded.char_to_token(row, narrative.cues[i].start - job.window.start)
                    if token is not None and zeros is not None:
                        named.zeros[i] = self._zeroed(zeros[row, token])
        return results

    def _logits(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor | None, BatchEncoding]:
        """Logits (batch, tokens, labels), those of zeros (batch, tokens, statistics), and where characters are."""
        encoded = self.tokenizer(texts, return_tensors="pt", padding=True, truncation=True, return_token_type_ids=False)
        head = getattr(self.model, ZERO_HEAD, None)
        with torch.inference_mode():
            outputs = self.model(**encoded.to(self.device), output_hidden_states=head is not None)
            zeros = None if head is None else head(outputs.hidden_states[-1]).float().cpu()
            return outputs.logits.float().cpu(), zeros, encoded

    def _decode(self, logits: torch.Tensor, candidate: Candidate) -> Label:
        """logits: (labels,) of the candidate's first character."""
        options = [option for kind in candidate.kinds for option in self._allowed[kind]]
        indices = [self._outside, *(i for _, i in options)]
        probabilities = torch.softmax(logits[indices], dim=0)
        best = int(probabilities.argmax())
        name = None if best == 0 else options[best - 1][0]
        return Label(name, round(float(probabilities[best]), 4))

    def _zeroed(self, logits: torch.Tensor) -> tuple[Label, ...]:
        """logits: (statistics,) of a cue's first character."""
        probabilities = torch.sigmoid(logits).tolist()
        pairs = zip(self._statistics, probabilities, strict=True)
        return tuple(Label(name, round(p, 4)) for name, p in pairs if p >= ZERO_THRESHOLD)


def add_zero_head(model: Any, ontology: Ontology, folder: Path | None = None) -> None:
    """Give a token classifier the layer for worded zeros: a new one, or that of a folder if it has one."""
    head = torch.nn.Linear(model.config.hidden_size, len(ontology.statistics))
    if folder is not None:
        path = folder / "model.safetensors"
        weights = load_file(path) if path.is_file() else {}
        if f"{ZERO_HEAD}.weight" not in weights:
            return
        head.load_state_dict({key: weights[f"{ZERO_HEAD}.{key}"] for key in ("weight", "bias")})
    model.add_module(ZERO_HEAD, head)


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


class _Job(NamedTuple):
    """A window of one of several narratives, with the indices of the candidates and cues in its core."""

    which: int
    window: Window
    candidates: range
    cues: range


def _within(starts: Sequence[int], window: Window) -> range:
    return range(bisect_left(starts, window.core), bisect_left(starts, window.end))


def _batches(jobs: list[_Job]) -> list[list[_Job]]:
    batches: list[list[_Job]] = []
    for job in jobs:
        if batches and (len(batches[-1]) + 1) * (job.window.end - job.window.start + 2) <= TOKENS_PER_BATCH:
            batches[-1].append(job)
        else:
            batches.append([job])
    return batches
