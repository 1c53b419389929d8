"""The shipped checkpoint: plain transformers reads it and says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, BertConfig, pipeline

from models.narrative.candidates import Candidate, scan
from models.narrative.cues import find_cues
from models.narrative.text import windows
from models.ontology import load_ontology
from models.readers.plain import read
from models.schema.errors import ConfigError
from models.tagger.tagger import DEFAULT, Marked, Named, Tagger, resolve_device

PASSAGE = (
    "2021年,我局主动公开政府信息326条,其中机构职能类12条、政策文件类41条。通过微信公众号发布信息208条,"
    "发布政策解读9篇。全年共收到政府信息公开申请7件,其中网上申请5件、信函申请2件,答复6件,结转下年度1件。"
    "举办培训2期,培训130人次。投入资金48.3万元。"
)


def test_checkpoint_is_small_and_complete() -> None:
    assert sum(p.stat().st_size for p in DEFAULT.iterdir()) <= 16 * 2**20
    names = {p.name for p in DEFAULT.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md", "run.json"} <= names
    assert not [n for n in names if n.endswith((".bin", ".pt", ".pkl"))]


@pytest.fixture(scope="module")
def lines(root: Path) -> list[str]:
    texts = [PASSAGE]
    for path in sorted((root / "examples" / "reports").glob("*.txt")):
        texts += [line for line in read(path.read_bytes()).text.split("\n") if 40 < len(line) < 200]
    return texts


def test_plain_transformers_gives_the_same_labels(tagger: Tagger, lines: list[str]) -> None:
    """Loaded without gouji: among the labels that a candidate's kind allows, the best is the same."""
    ontology = load_ontology()
    model = AutoModelForTokenClassification.from_pretrained(DEFAULT)
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    names = model.config.id2label
    assert set(names.values()) == set(ontology.bio)
    compared = 0
    for text in lines:
        candidates = scan(text)
        encoded = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            logits = model(**encoded).logits[0]
        for candidate, label in zip(candidates, tagger.label(text, candidates), strict=True):
            best = _best(logits[encoded.char_to_token(candidate.start)], candidate, names)
            assert best.removeprefix("B-") == (label.statistic or "O")
            compared += 1
    assert compared > 500


def test_the_pipeline_without_any_restriction_nearly_always_agrees(tagger: Tagger, lines: list[str]) -> None:
    model = AutoModelForTokenClassification.from_pretrained(DEFAULT)
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    plain = pipeline("token-classification", model=model, tokenizer=tokenizer, ignore_labels=[], device="cpu")
    compared = same = 0
    for text in lines:
        candidates = scan(text)
        by_start = {token["start"]: token["entity"] for token in plain(text)}
        for candidate, label in zip(candidates, tagger.label(text, candidates), strict=True):
            compared += 1
            same += by_start[candidate.start].removeprefix("B-") == (label.statistic or "O")
    assert same / compared >= 0.98


@pytest.fixture(scope="module")
def jobs(lines: list[str]) -> list[Marked]:
    """Texts of one to several windows, of many lengths."""
    texts = [PASSAGE[:n] for n in range(20, len(PASSAGE), 17)] + ["\n".join(lines[i : i + 12]) for i in range(0, 60, 7)]
    return [Marked(t, scan(t), find_cues(t)) for t in texts]


def test_what_is_read_together_changes_nothing(tagger: Tagger, jobs: list[Marked]) -> None:
    """Labels and confidences, to the last digit: each text alone, all together, in another order."""
    alone = [_new(tagger).read([job])[0] for job in jobs]
    assert _new(tagger).read(jobs) == alone
    assert _new(tagger).read(jobs[::-1]) == alone[::-1]
    assert sum(len(named.labels) for named in alone) > 200
    assert any(zeros for named in alone for zeros in named.zeros)


def test_remembered_windows_give_the_same(tagger: Tagger, jobs: list[Marked], monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = _new(tagger)
    first = fresh.read(jobs)
    monkeypatch.setattr(fresh._network, "_packed", lambda *_: pytest.fail("the encoder was called"))
    assert fresh.read(jobs) == first


def test_few_windows_are_remembered(tagger: Tagger, jobs: list[Marked], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.tagger.tagger.REMEMBERED", 3)
    fresh = _new(tagger)
    assert fresh.read(jobs) == _new(tagger).read(jobs)
    assert len(fresh._remembered) == 3
    last = list(fresh._remembered)
    fresh.read([Marked(PASSAGE[:20], scan(PASSAGE[:20]))])
    assert list(fresh._remembered)[:2] == last[1:]


def test_any_other_architecture_says_what_it_says_alone(tagger: Tagger, jobs: list[Marked]) -> None:
    """A BERT, which `transformers` computes: its labels are those of the best logits of each window by itself."""
    config = tagger.model.config
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    labels = {"id2label": config.id2label, "label2id": config.label2id}
    bert = BertConfig(vocab_size=config.vocab_size, **size, **labels, initializer_range=0.3)
    model = AutoModelForTokenClassification.from_config(bert).eval()
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    job = jobs[5]
    named = Tagger(model, tokenizer, load_ontology(), "cpu").read([*jobs, job])
    assert named[-1] == Tagger(model, tokenizer, load_ontology(), "cpu").read([job])[0] == named[5]
    encoded = tokenizer(job.text, return_tensors="pt", return_token_type_ids=False)
    with torch.inference_mode():
        logits = model(**encoded).logits[0]
    assert len(list(windows(job.text))) == 1
    for candidate, label in zip(job.candidates, named[5].labels, strict=True):
        best = _best(logits[encoded.char_to_token(candidate.start)], candidate, config.id2label)
        assert best.removeprefix("B-") == (label.statistic or "O")


def _new(tagger: Tagger) -> Tagger:
    """The same weights, nothing remembered."""
    return Tagger(tagger.model, AutoTokenizer.from_pretrained(DEFAULT), load_ontology(), "cpu")


def _best(logits: torch.Tensor, candidate: Candidate, names: dict[int, str]) -> str:
    """The best label of those that the candidate's kinds allow."""
    kind = load_ontology().kind
    allowed = [i for i, n in names.items() if n == "O" or (n[0] == "B" and kind(n[2:]) in candidate.kinds)]
    return names[max(allowed, key=lambda i: float(logits[i]))]


def test_a_text_without_candidates_is_never_read(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger.model, "forward", lambda **_: pytest.fail("the model was called"))
    monkeypatch.setattr(tagger._network, "_packed", lambda *_: pytest.fail("the encoder was called"))
    assert tagger.read([Marked("我局认真开展工作。" * 50, [])]) == [Named([], [])]


def test_wrong_checkpoints_are_one_clear_error(tmp_path: Path, tagger: Tagger) -> None:
    with pytest.raises(ConfigError, match="no checkpoint"):
        Tagger.load(tmp_path)
    config = tagger.model.config.to_dict()
    other = type(tagger.model.config)(
        **{**config, "id2label": {0: "O", 1: "B-other"}, "label2id": {"O": 0, "B-other": 1}}
    )
    AutoModelForTokenClassification.from_config(other).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="labels differ"):
        Tagger.load(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_asked_for_and_not_there() -> None:
    with pytest.raises(ConfigError, match="no GPU"):
        resolve_device("cuda")
