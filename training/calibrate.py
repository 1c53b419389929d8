"""Temperature scaling (Guo et al. 2017, On Calibration of Modern Neural Networks): confidences that are as often right.

The temperature is put into the weights of the label layer, so that whoever loads the checkpoint has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from models.ontology import Ontology
from models.schema.gold import AnnotatedPassage
from models.tagger.tagger import Tagger
from training.metrics import score_tagger

TEMPERATURES = tuple(1 + i / 10 for i in range(16))


def calibrate(
    model: Any, tokenizer: Any, ontology: Ontology, passages: Sequence[AnnotatedPassage], device: str
) -> float:
    """Divide the logits by the temperature, of `TEMPERATURES`, with the least calibration error on passages.

    The labels stay as they are; a model whose label layer is not called `classifier` stays as it is altogether.

    Returns:
        The temperature; 1 changes nothing.
    """
    layer = getattr(model, "classifier", None)
    if not isinstance(layer, torch.nn.Linear) or not passages:
        return 1.0
    weights = [(p, p.detach().clone()) for p in layer.parameters()]

    def error(temperature: float) -> float:
        _divide(weights, temperature)
        return score_tagger(Tagger(model, tokenizer, ontology, device), passages).calibration_error() or 0.0

    best = min(TEMPERATURES, key=error)
    _divide(weights, best)
    return best


def _divide(weights: Sequence[tuple[torch.nn.Parameter, torch.Tensor]], temperature: float) -> None:
    with torch.no_grad():
        for parameter, fitted in weights:
            parameter.copy_(fitted / temperature)
