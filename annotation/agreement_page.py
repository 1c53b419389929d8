"""The page of an agreement: scores, every disagreement in its context, and what became of suggestions.

What is shown comes from outside, so all of it is escaped and characters that hide or reorder text are replaced.
Words and layout stand in `annotation/templates/agreement.html`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from annotation.agreement import LabelAgreement, Pair
from annotation.answers import Export
from annotation.bias import Bias, bias
from annotation.disagreements import Disagreement, disagreements
from annotation.label_config import SCOPE_NAMES, label_names
from models.ontology import Ontology
from models.schema.gold import GoldFigure

MAX_SHOWN = 1000
"""Disagreements of a pair that are listed; the others are counted."""


def agreement_page(pairs: Sequence[Pair], export: Export, ontology: Ontology) -> str:
    """The page as HTML.

    Args:
        pairs: of annotators or of files.
        export: that they were read from; empty where they come from files, which hold no suggestions.
        ontology: whose names are shown.
    """
    names = label_names(ontology)
    view = {"pairs": [_view(pair, names) for pair in pairs], "biases": _biases(export), "max_shown": MAX_SHOWN}
    return _environment().get_template("agreement.html").render(view)


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.loader = FileSystemLoader(Path(__file__).resolve().parent / "templates")
    environment.finalize = _clean
    return environment


def _clean(value: Any) -> Any:
    """What is printed, without control characters and such that hide or reorder text."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in "\n\t" else c for c in value
    )


def _view(pair: Pair, names: dict[str, str]) -> dict[str, Any]:
    found = disagreements(pair)
    groups: dict[tuple[bool, str, str], list[Disagreement]] = {}
    for one in found:
        scope = one.kind == "scope"
        words = [_scopes(f) if scope else _labels(f, names) for f in (one.first, one.second)]
        groups.setdefault((scope, words[0], words[1]), []).append(one)
    ordered = sorted(groups.items(), key=lambda g: (g[0][0], -len(g[1]), g[0]))
    shown, left = [], MAX_SHOWN
    for (_, first, second), members in ordered:
        if left > 0:
            cards = [_card(one, names) for one in members[:left]]
            shown.append({"first": first, "second": second, "size": len(members), "cards": cards})
        left -= len(members)
    *rows, total = pair.rows
    return {
        "names": pair.names,
        "passages": len(pair.first),
        "total": total,
        "rows": [_row(row, names) for row in sorted(rows, key=lambda r: (r.f1, -r.first - r.second))],
        "kinds": Counter(one.kind for one in found),
        "found": len(found),
        "groups": shown,
    }


def _row(row: LabelAgreement, names: dict[str, str]) -> dict[str, Any]:
    alone = {"first_only": row.first - row.both, "second_only": row.second - row.both}
    return {"name": names[row.label], "label": row.label, "row": row, **alone}


def _card(one: Disagreement, names: dict[str, str]) -> dict[str, Any]:
    return {"one": one, "sides": [_side(figures, names) for figures in (one.first, one.second)]}


def _side(figures: Sequence[GoldFigure], names: dict[str, str]) -> list[dict[str, str]]:
    """What one annotator marked at a place: words, label, scope and doubts."""
    return [
        {
            "text": f.text,
            "name": names.get(f.statistic, f.statistic),
            "scope": SCOPE_NAMES.get(f.scope, f.scope),
            "marks": "、".join(
                word for word, on in (("文字零", f.zero), ("存疑", f.doubtful), ("残缺", f.damaged)) if on
            ),
        }
        for f in figures
    ]


def _labels(figures: Sequence[GoldFigure], names: dict[str, str]) -> str:
    return "、".join(sorted({names.get(f.statistic, f.statistic) for f in figures})) or "未标"


def _scopes(figures: Sequence[GoldFigure]) -> str:
    return "口径：" + "、".join(sorted({SCOPE_NAMES.get(f.scope, f.scope) for f in figures}))


def _biases(export: Export) -> list[Bias]:
    """Of every annotator, then of all where there are several."""
    answers = [answer for task in export.tasks for answer in task.answers]
    people = sorted({answer.annotator for answer in answers})
    found = [bias([a for a in answers if a.annotator == name], name) for name in people]
    found += [bias(answers, "全体")] if len(people) > 1 else []
    return [one for one in found if one is not None]
