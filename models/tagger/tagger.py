"""The tagger: names what each candidate of a narrative counts, and what each cue of a worded zero zeroes.

Any Hugging Face token classifier whose labels are the BIO labels of the ontology serves. A
candidate takes the best label of its first character, among the labels of its kinds and O, so
that its boundaries are the scanner's; plain `transformers` on the same folder gives the same labels.

One cue can zero several statistics, which one BIO label cannot say: the checkpoint holds a second
linear layer over the same hidden states, a probability for every statistic, asked at the first
character of a cue. A checkpoint without it (any other token classifier) names no worded zeros.

A window's answer never depends on what is read with it: not on its batch (see `network.py`), and so not on
whether it is computed or remembered.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer
from transformers.utils import logging

from models.narrative.candidates import Candidate
from models.narrative.text import Window, windows
from models.ontology import Ontology, load_ontology
from models.schema.document import Span
from models.schema.errors import ConfigError
from models.tagger.network import ZERO_HEAD, Network

DEFAULT = Path(__file__).resolve().parent.parent / "weights" / "tagger"
ZERO_THRESHOLD = 0.5
"""Probability from which a cue zeroes a statistic."""
REMEMBERED = 8192
"""Windows whose answers a tagger keeps, those asked for last; some 2 KB each."""


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
        self.model = model
        self._network = Network(model, tokenizer, device)
        self._ontology = ontology
        self._statistics = [s.id for s in ontology.statistics]
        self._labels: dict[int, str] = {int(i): name for i, name in model.config.id2label.items()}
        self._allowed: dict[tuple[str, ...], torch.Tensor] = {}
        self._remembered: dict[_Question, Named] = {}

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
        jobs = [job for index, narrative in enumerate(narratives) for job in _jobs(index, narrative)]
        answers = self._answers(list(dict.fromkeys(job.question for job in jobs)))
        results = [Named([Label(None, 0.0)] * len(n.candidates), [()] * len(n.cues)) for n in narratives]
        for job in jobs:
            answer, named = answers[job.question], results[job.which]
            named.labels[job.candidates.start : job.candidates.stop] = answer.labels
            named.zeros[job.cues.start : job.cues.stop] = answer.zeros
        return results

    def _answers(self, questions: Sequence[_Question]) -> dict[_Question, Named]:
        """Answers to different questions; those asked for last are remembered."""
        known = {question: self._remembered.pop(question) for question in questions if question in self._remembered}
        new = [question for question in questions if question not in known]
        made = [Named([Label(None, 0.0)] * len(q.candidates), [()] * len(q.cues)) for q in new]
        offsets = [[*(offset for offset, _ in q.candidates), *q.cues] for q in new]
        for places, logits, zeros in self._network.ask([q.text for q in new], offsets):
            at = [(row, which, i, len(new[which].candidates)) for row, (which, i) in enumerate(places)]
            candidates = [(row, which, i) for row, which, i, n in at if i < n]
            kinds = [new[which].candidates[i][1] for _, which, i in candidates]
            labels = self._decode(logits[[row for row, _, _ in candidates]], kinds)
            for (_, which, i), label in zip(candidates, labels, strict=True):
                made[which].labels[i] = label
            if zeros is not None:
                for row, which, i, n in at:
                    if i >= n:
                        made[which].zeros[i - n] = self._zeroed(zeros[row])
        known.update(zip(new, made, strict=True))
        self._remembered.update(known)
        for question in list(self._remembered)[: max(0, len(self._remembered) - REMEMBERED)]:
            del self._remembered[question]
        return known

    def _decode(self, logits: torch.Tensor, kinds: Sequence[tuple[str, ...]]) -> list[Label]:
        """The best labels of candidates of these kinds; logits: (candidates, labels)."""
        if not kinds:
            return []
        allowed = torch.stack([self._allowed_labels(k) for k in kinds])
        probabilities = torch.softmax(logits.double().masked_fill(~allowed, -torch.inf), dim=1)
        best = probabilities.argmax(dim=1)
        confidences = probabilities.gather(1, best[:, None])[:, 0]
        names = [self._labels[i] for i in best.tolist()]
        return [
            Label(None if name == "O" else name[2:], round(confidence, 4))
            for name, confidence in zip(names, confidences.tolist(), strict=True)
        ]

    def _allowed_labels(self, kinds: tuple[str, ...]) -> torch.Tensor:
        """Which labels a candidate of these kinds may have: O and the beginnings of its kinds."""
        if kinds not in self._allowed:
            self._allowed[kinds] = torch.tensor(
                [
                    name == "O" or (name[:2] == "B-" and self._ontology.kind(name[2:]) in kinds)
                    for _, name in sorted(self._labels.items())
                ]
            )
        return self._allowed[kinds]

    def _zeroed(self, logits: torch.Tensor) -> tuple[Label, ...]:
        """logits: (statistics,) of a cue's first character."""
        probabilities = torch.sigmoid(logits.double()).tolist()
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


class _Question(NamedTuple):
    """A window as the tagger is asked about it: the text, candidates (offset and kinds), offsets of cues."""

    text: str
    candidates: tuple[tuple[int, tuple[str, ...]], ...]
    cues: tuple[int, ...]


class _Job(NamedTuple):
    """A question of one of several narratives, with the indices of the candidates and cues that it is about."""

    which: int
    question: _Question
    candidates: range
    cues: range


def _jobs(which: int, narrative: Marked) -> Iterator[_Job]:
    """The windows of a narrative that hold a candidate or a cue in their core."""
    starts, cue_starts = [c.start for c in narrative.candidates], [c.start for c in narrative.cues]
    for window in windows(narrative.text):
        candidates, cues = _within(starts, window), _within(cue_starts, window)
        if candidates or cues:
            asked = [narrative.candidates[i] for i in candidates]
            question = _Question(
                narrative.text[window.start : window.end],
                tuple((c.start - window.start, tuple(c.kinds)) for c in asked),
                tuple(cue_starts[i] - window.start for i in cues),
            )
            yield _Job(which, question, candidates, cues)


def _within(starts: Sequence[int], window: Window) -> range:
    return range(bisect_left(starts, window.core), bisect_left(starts, window.end))
