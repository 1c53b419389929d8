"""Which passages train and which are held out: whole families, so whole agencies too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.model_selection import GroupShuffleSplit

from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage
from models.structure.agency import agency_key, may_be_one_of

PARTS = ("train", "development", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """Passages by use; no family and no agency stands in two of them.

    Attributes:
        left_out: of no use, because their agency may be one that is held out.
    """

    train: tuple[AnnotatedPassage, ...]
    development: tuple[AnnotatedPassage, ...]
    test: tuple[AnnotatedPassage, ...]
    left_out: tuple[AnnotatedPassage, ...] = ()


def split_by_family(passages: Sequence[AnnotatedPassage], *, held_out: float, seed: int) -> Split:
    """Keep about `held_out` of the groups for development and as many for testing.

    A group is a family with all families that share an agency with it.

    Raises:
        ConfigError: there are fewer than three groups.
    """
    groups = _groups(passages)
    if len(set(groups)) < 3:
        raise ConfigError("the corpus needs at least three families of passages to split")
    rest, test = _cut(list(range(len(passages))), groups, held_out, seed)
    train, development = _cut(rest, groups, held_out / (1 - held_out), seed)
    parts = (tuple(passages[i] for i in indices) for indices in (train, development, test))
    return Split(*parts)


def split_as(passages: Sequence[AnnotatedPassage], run: Path) -> Split:
    """Keep the split of an earlier run, so that what it held out never trains, and its scores can be compared.

    A family of that run stays in its part. What the run does not know trains, or is left out where its agency may
    be one that is held out.

    Args:
        passages: those that the run was fitted on, and others.
        run: its `run.json`.

    Raises:
        ConfigError: it is none, or passages that it held out are missing, so that their agencies are not known.
    """
    parts = _parts(run)
    held_families = {family for family, part in parts.items() if part != "train"}
    held_out = [passage for passage in passages if passage.family in held_families]
    if missing := sorted(held_families - {passage.family for passage in held_out}):
        raise ConfigError(
            f"{run}: {len(missing)} held-out families are not in the corpus, such as {missing[0]}: "
            "name the passages that the run was fitted on"
        )
    agencies = {agency_key(passage.agency) for passage in held_out}
    uses: dict[str, list[AnnotatedPassage]] = {part: [] for part in (*PARTS, "left_out")}
    for passage in passages:
        part = parts.get(passage.family, "train")
        known = passage.family in parts
        clashes = agency_key(passage.agency) in agencies if known else may_be_one_of(passage.agency, agencies)
        uses["left_out" if part == "train" and clashes else part].append(passage)
    return Split(**{use: tuple(found) for use, found in uses.items()})


def _parts(run: Path) -> dict[str, str]:
    """The part of every family."""
    try:
        families = json.loads(run.read_text("utf-8"))["families"]
        parts = {str(family): part for part in PARTS for family in families[part]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{run}: no run.json of gouji train: {type(error).__name__}") from error
    if set(parts.values()) != set(PARTS):
        raise ConfigError(f"{run}: a part of the split has no family")
    return parts


def _cut(indices: list[int], groups: list[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)  # type: ignore[no-untyped-call]
    kept, cut = next(splitter.split(indices, groups=[groups[i] for i in indices]))
    return [indices[i] for i in kept], [indices[i] for i in cut]


def _groups(passages: Sequence[AnnotatedPassage]) -> list[str]:
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    spellings: dict[str, str] = {}
    for passage in passages:
        agency = spellings.setdefault(agency_key(passage.agency), passage.agency)
        a, b = find(f"family:{passage.family}"), find(f"agency:{agency}")
        leader[max(a, b)] = min(a, b)
    return [find(f"family:{passage.family}") for passage in passages]
