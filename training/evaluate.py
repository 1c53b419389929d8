"""`gouji evaluate`: how well a tagger names figures, beside the rules, as JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader

from models.narrative.candidates import scan
from models.narrative.zeros import find_zeros
from models.numerals import simplified
from models.ontology import load_ontology
from models.rules import label_by_rules
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, read_annotated
from models.tagger.tagger import Tagger
from training.metrics import Counts, Labeller, score_labels

CONTEXT = 20
MAX_ERRORS = 500


def evaluate(model: Path, data: Sequence[Path], out: Path) -> Path:
    """Score a tagger and the rule baseline on annotated passages that it has not seen.

    Passages of families that the model's `run.json` names as trained on, or as chosen by, are left out
    and counted.

    Returns:
        The page; `scores.json` lies beside it.

    Raises:
        ConfigError: a file of passages is wrong, or none is left.
    """
    tagger = Tagger.load(model)
    everything = list(read_annotated(data))
    seen = _seen_families(model)
    passages = [p for p in everything if p.family not in seen]
    if not passages:
        raise ConfigError(f"{model}: all {len(everything)} passages are of families that the model was fitted with")
    systems = {"model": score_labels(tagger.label, passages), "rules": score_labels(label_by_rules, passages)}
    zeros = score_zeros(passages)
    out.mkdir(parents=True, exist_ok=True)
    record = {
        "passages": len(passages),
        "left_out": len(everything) - len(passages),
        "agencies": len({p.agency for p in passages}),
        **{name: scores.as_dict() for name, scores in systems.items()},
        "worded_zeros": zeros.as_dict(),
    }
    (out / "scores.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
    page = Environment(loader=PackageLoader("training"), autoescape=True).get_template("evaluation.html")
    html = page.render(
        record=record,
        names={s.id: s.name for s in load_ontology().statistics},
        confusions=systems["model"].confusions.most_common(40),
        errors=list(_errors(tagger.label, passages))[:MAX_ERRORS],
    )
    (out / "index.html").write_text(html, "utf-8")
    return out / "index.html"


def _seen_families(model: Path) -> set[str]:
    record = model / "run.json"
    if not record.is_file():
        return set()
    families = json.loads(record.read_text("utf-8")).get("families", {})
    return {*families.get("train", []), *families.get("development", [])}


def score_zeros(passages: Sequence[AnnotatedPassage]) -> Counts:
    """Worded zeros found by rule; cue and statistic must both be right, doubtful ones are left out."""
    counts = Counts()
    for passage in passages:
        doubtful = {f.start for f in passage.figures if f.zero and f.doubtful}
        gold = {(f.start, f.end, f.statistic) for f in passage.figures if f.zero and not f.doubtful}
        given = {(s.start, s.end, name) for s, names in find_zeros(simplified(passage.text)) for name in names}
        counts.add({g for g in gold if g[0] not in doubtful}, {g for g in given if g[0] not in doubtful})
    return counts


def _errors(
    labeller: Labeller, passages: Sequence[AnnotatedPassage]
) -> Iterator[tuple[AnnotatedPassage, GoldFigure, str, str, str]]:
    """Each wrong or missed figure with what stands around it."""
    for passage in passages:
        text = simplified(passage.text)
        candidates = scan(text)
        given = {
            (c.start, c.end): label.statistic or "O"
            for c, label in zip(candidates, labeller(text, candidates), strict=True)
        }
        for figure in passage.figures:
            found = given.get((figure.start, figure.end), "O")
            if not figure.zero and not figure.doubtful and found != figure.statistic:
                before = passage.text[max(0, figure.start - CONTEXT) : figure.start]
                after = passage.text[figure.end : figure.end + CONTEXT]
                yield passage, figure, found, before, after
