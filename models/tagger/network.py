"""Texts through the network: token ids, batches, and the logits at the places that are asked about.

Batches hold at most `TOKENS` tokens. An encoder that `packed.py` serves reads them without padding. Any other
architecture is left to `transformers`: on a CPU windows of equal length go together, so that no padding is
computed and no window's answer depends on its neighbours; on a GPU they are padded to the longest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch

from models.tagger.packed import PackedEncoder, serves

ZERO_HEAD = "zero_head"
"""Name of the second layer among the weights; statistics in the order of the ontology."""
TOKENS, GPU_TOKENS = 2048, 16384
"""Tokens of a batch: on a CPU what its caches hold (`tests/bench_tagger.py` measures it); on a GPU not measured."""


class Asked(NamedTuple):
    """What the network says at places of texts.

    Attributes:
        places: (text, index of the place) of each row; a place beyond the longest input has none.
        logits: (rows, labels), on the CPU.
        zeros: (rows, statistics) of the second layer, on the CPU; None where the checkpoint has none.
    """

    places: list[tuple[int, int]]
    logits: torch.Tensor
    zeros: torch.Tensor | None


class _Text(NamedTuple):
    """Token ids of a text, with the token of each place that has one."""

    which: int
    ids: list[int]
    places: list[tuple[int, int]]


class Network:
    """A token classifier, and how it is fed."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        self.model = model.to(device).eval()
        self.tokenizer = tokenizer
        self.device = torch.device(device)
        self._head = getattr(model, ZERO_HEAD, None)
        self._packed = PackedEncoder(model) if serves(model.config) else None

    def ask(self, texts: Sequence[str], offsets: Sequence[Sequence[int]]) -> Iterator[Asked]:
        """What the network says at character offsets of texts, batch by batch, the shortest texts first."""
        if not texts:
            return
        encoded = self.tokenizer(list(texts), truncation=True, return_token_type_ids=False, return_attention_mask=False)
        read = []
        for which, (ids, asked) in enumerate(zip(encoded["input_ids"], offsets, strict=True)):
            tokens = [(i, encoded.char_to_token(which, offset)) for i, offset in enumerate(asked)]
            if places := [(i, token) for i, token in tokens if token is not None]:
                read.append(_Text(which, ids, places))
        read.sort(key=lambda text: len(text.ids))
        cpu = self.device.type == "cpu"
        for batch in _batches(read, TOKENS if cpu else GPU_TOKENS, alike=cpu and self._packed is None):
            with torch.inference_mode():
                logits, zeros = self._read_plain(batch) if self._packed is None else self._read(self._packed, batch)
            places = [(text.which, i) for text in batch for i, _ in text.places]
            n = len(places)
            yield Asked(places, logits[:n].float().cpu(), None if zeros is None else zeros[:n].float().cpu())

    def _read(self, encoder: PackedEncoder, batch: Sequence[_Text]) -> tuple[torch.Tensor, torch.Tensor | None]:
        hidden = encoder([text.ids for text in batch], [[token for _, token in text.places] for text in batch])
        return self.model.classifier(hidden), None if self._head is None else self._head(hidden)

    def _read_plain(self, batch: Sequence[_Text]) -> tuple[torch.Tensor, torch.Tensor | None]:
        encoded = self.tokenizer.pad({"input_ids": [text.ids for text in batch]}, return_tensors="pt")
        outputs = self.model(**encoded.to(self.device), output_hidden_states=self._head is not None)
        rows = torch.tensor([row for row, text in enumerate(batch) for _ in text.places], device=self.device)
        tokens = torch.tensor([token for text in batch for _, token in text.places], device=self.device)
        zeros = None if self._head is None else self._head(outputs.hidden_states[-1][rows, tokens])
        return outputs.logits[rows, tokens], zeros


def _batches(texts: Sequence[_Text], budget: int, *, alike: bool) -> Iterator[list[_Text]]:
    """Texts in order of length, cut into batches of at most `budget` tokens with padding; `alike`: of one length."""
    batch: list[_Text] = []
    for text in texts:
        full = (len(batch) + 1) * len(text.ids) > budget
        if batch and (full or (alike and len(text.ids) != len(batch[0].ids))):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch
