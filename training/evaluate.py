"""`gouji evaluate`: how well a tagger names figures, beside rules and another model, as JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader

from models.narrative.zeros import find_zeros
from models.ontology import load_ontology
from models.rules import label_by_patterns, label_by_rules
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, read_annotated
from models.tagger.tagger import Tagger
from training.metrics import Case, Counts, Scores, score_rules, score_tagger

CONTEXT = 28
MAX_ERRORS = 1_000
WORST = 20
"""Agencies that the page lists."""
GROUPS: dict[str, Callable[[AnnotatedPassage], object]] = {
    "year": lambda p: p.year,
    "level": lambda p: p.level,
    "agency": lambda p: p.agency,
}


def evaluate(model: Path, data: Sequence[Path], out: Path, beside: Path | None = None) -> Path:
    """Score a tagger on annotated passages that it has not seen, beside the baselines.

    Passages of families that a model's `run.json` names as trained on, or as chosen by, are left out
    and counted; of both models' where there are two.

    Args:
        model: checkpoint folder.
        data: files of annotated passages.
        out: folder of the report.
        beside: another checkpoint, such as the one in use.

    Returns:
        The page; `scores.json` lies beside it.

    Raises:
        ConfigError: a file of passages is wrong, or none is left.
    """
    everything = list(read_annotated(data))
    seen = _seen_families(model) | (_seen_families(beside) if beside else set())
    passages = [p for p in everything if p.family not in seen]
    if not passages:
        raise ConfigError(f"{model}: all {len(everything)} passages are of families that the model was fitted with")
    systems = {"model": score_tagger(Tagger.load(model), passages)}
    if beside:
        systems["other model"] = score_tagger(Tagger.load(beside), passages)
    systems["span rules"] = score_rules(label_by_rules, find_zeros, passages)
    systems["patterns"] = score_rules(label_by_patterns, lambda _: (), passages)
    scores = systems["model"]
    groups = {name: {str(k): c.as_dict() for k, c in scores.per(key).items()} for name, key in GROUPS.items()}
    record = {
        "passages": len(passages),
        "left_out": len(everything) - len(passages),
        "agencies": len({p.agency for p in passages}),
        "systems": {name: s.as_dict() for name, s in systems.items()},
        "groups": groups,
        "reliability": scores.reliability(),
        "confusions": [[gold, found, n] for (gold, found), n in scores.confusions.most_common()],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "scores.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (out / "index.html").write_text(_page(record, scores), "utf-8")
    return out / "index.html"


def _page(record: dict[str, Any], scores: Scores) -> str:
    environment = Environment(loader=PackageLoader("training"), autoescape=True)
    environment.filters["percent"] = lambda x: "—" if x is None else f"{100 * x:.1f}"
    worst = sorted(scores.per(GROUPS["agency"]).items(), key=lambda item: -_n_wrong(item[1]))[:WORST]
    errors = list(_errors(scores.cases))
    return environment.get_template("evaluation.html").render(
        record=record,
        names={s.id: s.name for s in load_ontology().statistics},
        worst=[(agency, counts.as_dict()) for agency, counts in worst if _n_wrong(counts)],
        errors=errors[:MAX_ERRORS],
        n_errors=len(errors),
    )


def _n_wrong(counts: Counts) -> int:
    return counts.extra + counts.missed


def _seen_families(model: Path) -> set[str]:
    record = model / "run.json"
    if not record.is_file():
        return set()
    families = json.loads(record.read_text("utf-8")).get("families", {})
    return {*families.get("train", []), *families.get("development", [])}


class Mistake(NamedTuple):
    """A wrong case with what stands around it."""

    passage: AnnotatedPassage
    before: str
    figure: str
    after: str
    gold: str
    found: str
    confidence: float


def _errors(cases: Sequence[Case]) -> Iterator[Mistake]:
    for case in cases:
        if case.gold != case.found and case.passage is not None:
            text = case.passage.text
            yield Mistake(
                case.passage,
                text[max(0, case.start - CONTEXT) : case.start],
                text[case.start : case.end],
                text[case.end : case.end + CONTEXT],
                case.gold or "—",
                case.found or "—",
                case.confidence,
            )
