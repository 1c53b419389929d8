"""A tiny run of `gouji train` from settings to a checkpoint, and its splits."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
import yaml
from transformers import AutoTokenizer, BertConfig, BertModel
from typer.testing import CliRunner

from gouji import app
from models.narrative.candidates import scan
from models.narrative.cues import find_cues
from models.ontology import load_ontology
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, read_annotated
from models.structure.agency import agency_key
from models.tagger.tagger import DEFAULT, Marked, Tagger
from models.tagger.tokenizer import build_tokenizer
from training.augment import augment
from training.calibrate import calibrate
from training.metrics import score_tagger
from training.settings import read_settings
from training.splits import PARTS, split_as, split_by_family

TINY = {
    "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48, "conv_kernel_size": 3,
    "relative_attention": False, "position_biased_input": True, "type_vocab_size": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def passages(root: Path) -> list[AnnotatedPassage]:
    return list(read_annotated(sorted((root / "training" / "corpus").glob("*.jsonl"))))


def settings_file(root: Path, folder: Path, **changes: object) -> Path:
    settings = {
        "corpus": ["corpus/*.jsonl"], "output": str(folder / "run"),
        "copies": 1, "evaluations": 1, "held_out": 0.2, "epochs": 0.2, "batch_size": 8,
        "encoder": {"model_type": "deberta-v2", "config": TINY}, **changes,
    }  # fmt: skip
    (folder / "corpus").mkdir(exist_ok=True)
    lines = (root / "training/corpus/plain.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "corpus" / "plain.jsonl").write_text("".join(lines[::4]), "utf-8")
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(settings), "utf-8")
    return path


def split_file(folder: Path) -> Path:
    """The split of the corpus of `settings_file`, as the `run.json` of a training has it."""
    split = split_by_family(list(read_annotated([folder / "corpus"])), held_out=0.2, seed=1)
    families = {part: sorted({p.family for p in getattr(split, part)}) for part in PARTS}
    (folder / "run.json").write_text(json.dumps({"families": families}), "utf-8")
    return folder / "run.json"


def test_no_family_and_no_agency_on_two_sides(passages: list[AnnotatedPassage]) -> None:
    split = split_by_family(passages, held_out=0.1, seed=3)
    parts = (split.train, split.development, split.test)
    assert sum(map(len, parts)) == len(passages)
    for attribute in ("family", "agency"):
        sets = [{getattr(p, attribute) for p in part} for part in parts]
        assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    assert split == split_by_family(passages, held_out=0.1, seed=3)


def test_an_agency_that_is_spelled_in_two_ways_stands_on_one_side(passages: list[AnnotatedPassage]) -> None:
    spelled = [
        replace(p, id=f"{p.id}-{way}", family=f"{p.family}-{way}", agency=f"{p.agency[:3]}{way}{p.agency[3:]}")
        for p in passages[:300]
        for way in ("", " ")
    ]
    split = split_by_family(spelled, held_out=0.2, seed=1)
    keys = [{agency_key(p.agency) for p in getattr(split, part)} for part in PARTS]
    assert not (keys[0] & keys[1] or keys[0] & keys[2] or keys[1] & keys[2])
    assert all(keys)


def other(passage: AnnotatedPassage, **changes: str) -> AnnotatedPassage:
    return replace(passage, id="other", **{"agency": "清平市某某局", "family": "other", **changes})


def test_a_split_is_kept_whatever_comes_to_the_corpus(passages: list[AnnotatedPassage], root: Path) -> None:
    """The shipped one: what it holds out stays held out, and nobody of a held-out agency trains."""
    shipped = root / "models" / "weights" / "tagger" / "run.json"
    record = json.loads(shipped.read_text("utf-8"))
    old = split_as(passages, shipped)
    assert {part: len(getattr(old, part)) for part in PARTS} == record["passages"]
    assert old.left_out == ()
    held = [p for p in passages if p.family not in record["families"]["train"]]
    trained = next(p for p in passages if p.family in record["families"]["train"])
    fresh = [other(p) for p in held[:1]]
    hidden = [other(p, agency=f"{prefix}{p.agency}") for p in held for prefix in ("", "江西省")]
    hidden += [other(trained, agency=""), other(trained, agency=held[0].agency, family=trained.family)]
    again = [other(p, agency=p.agency, family=p.family) for p in held]
    split = split_as([*hidden, *again, *passages, *fresh], shipped)
    assert set(split.train) == {*old.train, *fresh}
    assert set(split.left_out) == set(hidden)
    assert {*split.development, *split.test} == {*old.development, *old.test, *again}


def test_one_agencys_passages_come_to_one_use(passages: list[AnnotatedPassage], root: Path) -> None:
    shipped = root / "models" / "weights" / "tagger" / "run.json"
    new = [other(p, agency=p.agency, family=f"new-{n % 7}") for n, p in enumerate(passages)]
    split = split_as([*passages, *new], shipped)
    uses = [{agency_key(p.agency) for p in getattr(split, part)} for part in PARTS]
    assert not (uses[0] & uses[1] or uses[0] & uses[2] or uses[1] & uses[2])


def test_a_split_needs_what_it_holds_out(passages: list[AnnotatedPassage], root: Path, tmp_path: Path) -> None:
    shipped = root / "models" / "weights" / "tagger" / "run.json"
    with pytest.raises(ConfigError, match=r"60 held-out families are not in the corpus, such as .*fitted on"):
        split_as([other(passages[0])], shipped)
    for content in ("", "[]", '{"families": {"train": ["a"], "development": ["b"], "test": []}}'):
        (tmp_path / "run.json").write_text(content, "utf-8")
        with pytest.raises(ConfigError, match=r"run\.json: "):
            split_as(passages, tmp_path / "run.json")
    with pytest.raises(ConfigError, match=r"no run\.json"):
        split_as(passages, tmp_path / "none.json")


def test_variants_keep_spans_and_labels(passages: list[AnnotatedPassage]) -> None:
    random = Random(5)
    for passage in passages[::7]:
        changed = augment(passage, random)
        assert all(changed.text[f.start : f.end] == f.text for f in changed.figures)
        assert {f.statistic for f in changed.figures} <= {f.statistic for f in passage.figures}
    assert augment(passages[0], Random(1)) == augment(passages[0], Random(1))


def test_train_through_the_command_gives_a_checkpoint_twice_the_same(root: Path, tmp_path: Path) -> None:
    scores = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        result = CliRunner().invoke(app, ["train", "--config", str(settings_file(root, folder))])
        assert result.exit_code == 0, result.output
        Tagger.load(folder / "run", "cpu")
        record = json.loads((folder / "run" / "run.json").read_text("utf-8"))
        scores.append(record["scores"])
        assert record["families"]["development"] and record["families"]["test"]
    assert scores[0] == scores[1]


def test_any_bert_checkpoint_can_be_trained_in_its_place(
    root: Path, tmp_path: Path, passages: list[AnnotatedPassage]
) -> None:
    hub = tmp_path / "tiny-bert"
    tokenizer = build_tokenizer(p.text for p in passages[:300])
    tokenizer.save_pretrained(hub)
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
        )
    ).save_pretrained(hub)
    path = settings_file(root, tmp_path, encoder={"checkpoint": str(hub)})
    result = CliRunner().invoke(app, ["train", "--config", str(path)])
    assert result.exit_code == 0, result.output
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["model_type"] == "bert"
    text = "全年收到政府信息公开申请5件。"
    (named,) = Tagger.load(tmp_path / "run", "cpu").read([Marked(text, scan(text), find_cues(text))])
    assert len(named.labels) == 1


def test_calibration_softens_a_tagger_that_is_too_sure_and_changes_no_label(tagger: Tagger, root: Path) -> None:
    unseen = list(read_annotated([root / "training" / "unseen" / "field.jsonl"]))[:30]
    model, ontology = copy.deepcopy(tagger.model), load_ontology()
    with torch.no_grad():
        for parameter in model.classifier.parameters():
            parameter.mul_(1.5)
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    before = score_tagger(Tagger(model, tokenizer, ontology, "cpu"), unseen)
    assert calibrate(model, tokenizer, ontology, unseen, "cpu") > 1
    after = score_tagger(Tagger(model, tokenizer, ontology, "cpu"), unseen)
    assert after.everything == before.everything
    assert (after.calibration_error() or 0) < (before.calibration_error() or 0)


@pytest.mark.parametrize("change", [{"epohcs": 3}, {"copies": 0}, {"corpus": ["nowhere/*.jsonl"]}])
def test_wrong_settings_are_one_clear_error(root: Path, tmp_path: Path, change: dict[str, object]) -> None:
    path = settings_file(root, tmp_path)
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(ConfigError, match=r"settings\.yaml"):
        read_settings(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"3", "Input should be a valid dictionary"),
        (b"corpus: 3\noutput: a\nencoder: {}", "corpus: "),
        (b"corpus: [a]\noutput: a\nencoder: {config: 3}", "encoder: config: "),
        (b"a: b: c", "mapping values are not allowed here"),
        (b"\xff", "'utf-8' codec can't decode byte"),
    ],
)
def test_a_file_that_holds_no_settings_is_one_line(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_settings(path)
    assert str(error.value).startswith(f"{path}: {told}")
    assert "\n" not in str(error.value)
    assert "pydantic" not in str(error.value)


def test_corpus_files_may_be_named_absolutely(root: Path, tmp_path: Path) -> None:
    path = settings_file(root, tmp_path, corpus=[str(tmp_path / "corpus" / "*.jsonl")])
    assert read_settings(path).corpus == (tmp_path / "corpus" / "plain.jsonl",)
