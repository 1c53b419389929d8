"""`gouji train`: fit a token classifier on annotated passages with the Hugging Face Trainer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from models.numerals import simplified
from models.ontology import Ontology, load_ontology
from models.schema.gold import AnnotatedPassage, read_annotated
from models.tagger.network import ZERO_HEAD
from models.tagger.tagger import Tagger, add_zero_head
from models.tagger.tokenizer import MAX_TOKENS, build_tokenizer
from training.calibrate import calibrate
from training.card import card
from training.dataset import IGNORED, NO_CUE, examples, variants
from training.metrics import score_tagger
from training.settings import TrainingSettings
from training.splits import PARTS, Split, share_of, split_as, split_by_family

ZERO_SHARE = 0.2
"""Weight of the worded zeros in the loss."""


class CandidateTrainer(Trainer):
    """Trainer with a weighted loss, scored by the F1 of named statistics on held-out families."""

    def __init__(self, *, development: Sequence[AnnotatedPassage], ontology: Ontology, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.development = development
        self.ontology = ontology

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002 - the weights average the loss
    ) -> Any:
        """Mean cross entropy over tokens, weighted; logits are (batch, tokens, labels)."""
        weights, labels, zeros = inputs.pop("weights"), inputs.pop("labels"), inputs.pop("zeros")
        outputs = model(**inputs, output_hidden_states=True)
        losses = nn.functional.cross_entropy(
            outputs.logits.float().transpose(1, 2), labels, reduction="none", ignore_index=IGNORED
        )
        loss = (losses * weights).sum() / weights.sum().clamp(min=1.0)
        loss = loss + ZERO_SHARE * self._zero_loss(model, outputs.hidden_states[-1], zeros)
        return (loss, outputs) if return_outputs else loss

    def _zero_loss(self, model: nn.Module, hidden: torch.Tensor, zeros: torch.Tensor) -> torch.Tensor:
        """Binary cross entropy of every statistic, summed, mean over cues.

        Args:
            model: with the layer for zeros.
            hidden: (batch, tokens, width).
            zeros: (batch, tokens) of int64, see `training.dataset.examples`.
        """
        cues = zeros != NO_CUE
        bits = torch.arange(len(self.ontology.statistics), device=zeros.device)
        targets = (zeros[cues].unsqueeze(-1) >> bits) & 1
        logits = getattr(model, ZERO_HEAD)(hidden[cues]).float()
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets.float(), reduction="sum")
        return losses / cues.sum().clamp(min=1)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Scores of the development passages, logged and returned under `eval_` names."""
        tagger = Tagger(self.model, self.processing_class, self.ontology, str(self.args.device))
        scores = score_tagger(tagger, self.development)
        tagger.model.train()
        metrics = {
            "eval_named_f1": scores.named.f1 or 0.0,
            "eval_named_precision": scores.named.precision or 0.0,
            "eval_named_recall": scores.named.recall or 0.0,
            "eval_all_f1": scores.everything.f1 or 0.0,
            "eval_zeros_f1": scores.zeros.f1 or 0.0,
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def train(settings: TrainingSettings) -> Path:
    """Fit, calibrate, and write a run folder: weights, tokenizer, settings, split and scores.

    A run that was killed resumes from its last checkpoint.

    Returns:
        The run folder; it is a checkpoint that `--model` takes.

    Raises:
        ConfigError: a corpus file is wrong, or the split that is kept.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    set_seed(settings.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    ontology = load_ontology()
    passages = list(read_annotated(settings.corpus))
    if settings.split is not None:
        split = split_as(passages, settings.split)
    else:
        split = split_by_family(passages, held_out=settings.held_out, seed=settings.seed)
    split = replace(split, train=share_of(split.train, settings.share))
    fitted = split.train
    tokenizer = _tokenizer(settings, fitted)
    model = _model(settings, tokenizer, ontology)
    data = examples(variants(fitted, settings.copies, settings.seed), tokenizer, ontology, settings.outside_weight)
    trainer = CandidateTrainer(
        development=split.development,
        ontology=ontology,
        model=model,
        args=_arguments(settings, len(data)),
        train_dataset=data,
        eval_dataset=data.select([0]),
        data_collator=_Collator(tokenizer),
        processing_class=tokenizer,
        callbacks=[EarlyStoppingCallback(settings.patience)],
    )
    trainer.train(resume_from_checkpoint=_checkpoint(settings.output))
    _save(trainer, settings, split, passages)
    return settings.output


class _Collator:
    """Pads a batch; labels with IGNORED, weights with 0."""

    def __init__(self, tokenizer: Any) -> None:
        self.pad = tokenizer.pad_token_id

    def __call__(self, rows: list[dict[str, list[float]]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in rows)
        fill = {"input_ids": self.pad, "attention_mask": 0, "labels": IGNORED, "weights": 0.0, "zeros": NO_CUE}
        return {
            key: torch.tensor([row[key] + [value] * (width - len(row[key])) for row in rows])
            for key, value in fill.items()
        }


def _tokenizer(settings: TrainingSettings, passages: Sequence[AnnotatedPassage]) -> Any:
    if settings.encoder.checkpoint:
        return AutoTokenizer.from_pretrained(settings.encoder.checkpoint)
    return build_tokenizer(simplified(p.text) for p in passages)


def _model(settings: TrainingSettings, tokenizer: Any, ontology: Ontology) -> nn.Module:
    labels = {
        "id2label": dict(enumerate(ontology.bio)),
        "label2id": {name: i for i, name in enumerate(ontology.bio)},
        "num_labels": len(ontology.bio),
    }
    if settings.encoder.checkpoint:
        model = AutoModelForTokenClassification.from_pretrained(
            settings.encoder.checkpoint, **labels, ignore_mismatched_sizes=True
        )
    else:
        config = AutoConfig.for_model(
            settings.encoder.model_type,
            vocab_size=len(tokenizer),
            pad_token_id=tokenizer.pad_token_id,
            max_position_embeddings=MAX_TOKENS,
            **labels,
            **settings.encoder.config,
        )
        model = AutoModelForTokenClassification.from_config(config)  # type: ignore[no-untyped-call]
    add_zero_head(model, ontology)
    return model  # type: ignore[no-any-return]


def _arguments(settings: TrainingSettings, n_examples: int) -> TrainingArguments:
    steps = max(1, int(n_examples * settings.epochs / settings.batch_size))
    every = max(1, steps // settings.evaluations)
    gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(settings.output / "checkpoints"),
        max_steps=steps,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=int(steps * settings.warmup_share),
        weight_decay=settings.weight_decay,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        logging_steps=max(1, every // 10),
        load_best_model_at_end=True,
        metric_for_best_model="eval_named_f1",
        seed=settings.seed,
        bf16=gpu or settings.bf16,
        use_cpu=not gpu,
        report_to=["tensorboard"],
        remove_unused_columns=False,
        train_sampling_strategy="group_by_length",
        dataloader_num_workers=0,
    )


def _checkpoint(output: Path) -> str | None:
    folder = output / "checkpoints"
    return get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call, no-any-return]


def _save(
    trainer: CandidateTrainer, settings: TrainingSettings, split: Split, passages: Sequence[AnnotatedPassage]
) -> None:
    settings.output.mkdir(parents=True, exist_ok=True)
    device = str(trainer.args.device)
    temperature = calibrate(trainer.model, trainer.processing_class, trainer.ontology, split.development, device)
    trainer.save_model(str(settings.output))
    (settings.output / "training_args.bin").unlink(missing_ok=True)  # a pickle; run.json says the same
    tagger = Tagger(trainer.model, trainer.processing_class, trainer.ontology, device)
    record = {
        "settings": {
            **settings.model_dump(mode="json", exclude={"output", "split"}),
            "corpus": [path.name for path in settings.corpus],
        },
        "temperature": temperature,
        "parameters": sum(p.numel() for p in tagger.model.parameters()),
        "labels_digest": trainer.ontology.digest,
        "corpus_digest": hashlib.sha256("".join(p.id + p.text for p in passages).encode()).hexdigest()[:16],
        "passages": {name: len(getattr(split, name)) for name in PARTS},
        "left_out": len(split.left_out),
        "families": {name: sorted({p.family for p in getattr(split, name)}) for name in PARTS},
        "scores": {
            name: score_tagger(tagger, part).as_dict()
            for name, part in (("development", split.development), ("test", split.test))
        },
    }
    (settings.output / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
    text = card(record, n_labels=len(trainer.ontology.labels))
    (settings.output / "README.md").write_text(text, "utf-8")
