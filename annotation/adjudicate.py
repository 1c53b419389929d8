"""One annotation of each passage out of several people's; where the rule cannot say, the passage is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.agreement import placed
from annotation.answers import Answer, Answered, Export
from annotation.bias import fates
from models.ontology import load_ontology
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure

RULES = ("newest", "majority", "strict")
"""Any other rule is the name of an adjudicator: mail address or id."""
Vote = tuple[int, int, str, bool]
"""What annotators vote on: start, end, statistic, and whether it is a worded zero."""


@dataclass
class Pulled:
    """What a rule made of an export.

    Attributes:
        provenance: of each passage, in the same order: task, rule, and who annotated it when.
        open: passages that the rule leaves out, each in words for a person.
        skipped: what gave no passage, by the reason.
    """

    passages: list[AnnotatedPassage] = field(default_factory=list)
    provenance: list[dict[str, Any]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def adjudicate(export: Export, rule: str = "newest") -> Pulled:
    """Choose among the annotations of each passage.

    A passage that stands in several tasks (of several projects) counts once, with the annotations of all.
    Of one annotator only the newest counts. An annotation that the server calls the ground truth settles a
    passage, whatever the rule; only a named adjudicator comes before it.

    Args:
        export: its tasks, with every finished annotation.
        rule: `newest`; `majority`, see `vote`; `strict`: what all annotators gave alike; or the name of an
            adjudicator, whose annotation counts where there is one, and elsewhere what all gave alike.

    Raises:
        ConfigError: one passage has two texts.
    """
    pulled = Pulled(skipped=Counter(export.skipped))
    for task in _by_passage(export.tasks):
        answers = _latest(task.answers)
        pulled.skipped["superseded"] += len(task.answers) - len(answers)
        if not answers:
            pulled.skipped["tasks without an annotation"] += 1
            continue
        if rule != "newest" and len(answers) > 1:
            answers = [_at_cues(answer, task.passage) for answer in answers]
        chosen = _chosen(answers, rule)
        if isinstance(chosen, str):
            pulled.open.append(f"{task.task}: {chosen}")
            pulled.skipped["undecided"] += 1
            continue
        figures, used = chosen
        pulled.skipped["superseded"] += len(answers) - len(used) if rule == "newest" else 0
        pulled.passages.append(replace(task.passage, figures=figures))
        pulled.provenance.append(_provenance(task, rule, used, figures))
    return pulled


def check_rule(rule: str, people: Collection[str]) -> None:
    """Call when all passages are adjudicated.

    Args:
        rule: of `adjudicate`.
        people: every name of everyone who finished a task.

    Raises:
        ConfigError: it is no rule, and nobody's name.
    """
    if rule not in RULES and rule not in people:
        raise ConfigError(f"--adjudicate {rule}: nobody of that name finished a task; known rules: {', '.join(RULES)}")


def vote(answers: Sequence[Answer]) -> tuple[GoldFigure, ...] | str:
    """The figures that more than half of the annotators marked, or why it cannot be said.

    It cannot where exactly half marked a figure, and where more than half marked something at a place but
    no label there has more than half. Scope goes by the majority of those who marked the figure; doubt and
    damage are kept where at least half of them ticked it.
    """
    votes: dict[Vote, list[GoldFigure]] = {}
    for answer in answers:
        for figure in answer.figures:
            votes.setdefault(_vote(figure), []).append(figure)
    won = {key for key, given in votes.items() if 2 * len(given) > len(answers)}
    if tied := [given[0] for given in votes.values() if 2 * len(given) == len(answers)]:
        return f"half of {len(answers)} annotators marked {_words(min(tied, key=_vote))}"
    for key, given in sorted(votes.items()):
        here = [a for a in answers if any(f.start < key[1] and key[0] < f.end for f in a.figures)]
        settled = any(start < key[1] and key[0] < end for start, end, *_ in won)
        if 2 * len(here) > len(answers) and not settled:
            return f"{len(here)} of {len(answers)} annotators marked {given[0].text!r} at {key[0]}, but not alike"
    figures: list[GoldFigure] = []
    for key in sorted(won):
        merged = _merged(votes[key])
        if merged is None:
            return f"no majority for the scope of {_words(votes[key][0])}"
        figures.append(merged)
    return tuple(sorted(figures, key=lambda f: (f.start, load_ontology().labels.index(f.statistic))))


def _chosen(answers: Sequence[Answer], rule: str) -> tuple[tuple[GoldFigure, ...], list[Answer]] | str:
    """The figures with the annotations that they rest on, or why there are none."""
    preferred = [a for a in answers if rule in a.names] if rule not in RULES else []
    preferred = preferred or [a for a in answers if a.ground_truth]
    if preferred or rule == "newest":
        newest = max(preferred or answers, key=_age)
        return newest.figures, [newest]
    if rule == "majority":
        voted = vote(answers)
        return voted if isinstance(voted, str) else (voted, list(answers))
    differing = next((a for a in answers if set(a.figures) != set(answers[0].figures)), None)
    if differing is None:
        return answers[0].figures, list(answers)
    odd = min(set(answers[0].figures) ^ set(differing.figures), key=_vote)
    return f"{answers[0].annotator} and {differing.annotator} differ at {_words(odd)}"


def _at_cues(answer: Answer, passage: AnnotatedPassage) -> Answer:
    """Worded zeros at their cues: how far those reach is no disagreement."""
    return replace(answer, figures=tuple(placed(replace(passage, figures=answer.figures))))


def _merged(given: Sequence[GoldFigure]) -> GoldFigure | None:
    """One figure of those that only differ in scope and marks; None without a majority for the scope."""
    scope, count = Counter(f.scope for f in given).most_common(1)[0]
    if 2 * count <= len(given):
        return None
    doubtful = 2 * sum(f.doubtful for f in given) >= len(given)
    damaged = 2 * sum(f.damaged for f in given) >= len(given)
    return replace(given[0], scope=scope, doubtful=doubtful, damaged=damaged)


def _by_passage(tasks: Sequence[Answered]) -> list[Answered]:
    """Tasks of the same passage as one."""
    found: dict[str, Answered] = {}
    for task in tasks:
        first = found.setdefault(task.passage.id, task)
        if first.passage.text != task.passage.text:
            raise ConfigError(f"{first.task} and {task.task} have two different texts of one passage")
        if first is not task:
            found[task.passage.id] = replace(first, answers=(*first.answers, *task.answers))
    return list(found.values())


def _latest(answers: Sequence[Answer]) -> list[Answer]:
    """The newest of each annotator; a ground truth of his stays beside it."""
    kept: dict[tuple[str, bool], Answer] = {}
    for answer in sorted(answers, key=_age):
        kept[answer.annotator, answer.ground_truth] = answer
    return list(kept.values())


def _age(answer: Answer) -> tuple[str, str]:
    return answer.updated, answer.order


def _vote(figure: GoldFigure) -> Vote:
    return figure.start, figure.end, figure.statistic, figure.zero


def _words(figure: GoldFigure) -> str:
    return f"{figure.text!r} at {figure.start} as {figure.statistic}"


def _provenance(task: Answered, rule: str, used: Sequence[Answer], figures: Sequence[GoldFigure]) -> dict[str, Any]:
    who = []
    for answer in used:
        entry: dict[str, Any] = {"annotator": answer.annotator, "updated": answer.updated}
        if answer.suggestions is not None:
            entry["model_version"] = answer.suggestions.model_version
            entry["suggestions"] = [
                {
                    "start": fate.figure.start,
                    "end": fate.figure.end,
                    "statistic": fate.figure.statistic,
                    "fate": fate.fate,
                }
                for fate in fates(answer.suggestions, answer.figures)
            ]
        who.append(entry)
    return {"id": task.passage.id, "task": task.task, "rule": rule, "figures": len(figures), "annotations": who}
